"""The council's vote counted: every size, every order of the same votes, ties with and without a chair."""

from datetime import timedelta
from itertools import permutations

import pytest

from governance.compiler.snapshot import RemitKey
from governance.errors import Denied, NotAllowed
from governance.vocabulary import Mode
from governance.workflow.engine import advance
from governance.workflow.events import Approve, Decided, Event, Reject, RequestChanges, Tick
from governance.workflow.routing import publication_route
from governance.workflow.state import SYSTEM, RequestState, Status
from tests.governance.workflow.organisation import (
    CARL,
    CENTRE,
    CORA,
    EVE,
    FINANCE,
    FRED,
    GREG,
    HASH,
    LENA,
    NOW,
    RETAIL,
    RITA,
    K,
    Org,
    act,
    actor,
    approve,
    opened,
    person,
)
from tests.governance.workflow.test_routing import council_of

AFTER = NOW + timedelta(days=10)
FOR: Event = Approve(HASH)
AGAINST: Event = Reject(HASH, "No.")
CHANGES: Event = RequestChanges(HASH, "Not yet.")


def voting(org: Org, *, unit: int = RETAIL) -> RequestState:
    persons = frozenset({person(111)})
    state = opened(publication_route(org.world, RemitKey(unit, K), excluded=persons), 111)
    return act(org, state, Tick(), SYSTEM, AFTER).state


def cast(org: Org, state: RequestState, *votes: tuple[int, Event]) -> RequestState:
    for user, event in votes:
        state = act(org, state, event, actor(user), AFTER).state
    return state


@pytest.mark.parametrize("size", range(1, 21))
def test_a_council_of_each_size_decides_with_its_quorum_and_not_before(size: int) -> None:
    org = council_of(size)
    state = voting(org, unit=200)
    seats_needed = max((size + 2) // 3, 2) if size > 1 else 1
    voters = [300 + number for number in range(seats_needed)]
    if size == 1:
        voters.append(CORA)
    for voter in voters[:-1]:
        state = approve(org, state, voter, AFTER).state
        assert state.status is Status.OPEN
    assert approve(org, state, voters[-1], AFTER).state.status is Status.APPROVED


@pytest.mark.parametrize("size", range(4, 21))
def test_the_chair_is_one_of_the_people_and_fills_no_seat(size: int) -> None:
    org = council_of(size)
    third = (size + 2) // 3
    state = approve(org, voting(org, unit=200), CORA, AFTER).state
    for number in range(third - 1):
        state = approve(org, state, 300 + number, AFTER).state
        assert state.status is Status.OPEN
    assert approve(org, state, 300 + third, AFTER).state.status is Status.APPROVED


@pytest.mark.parametrize(
    ("votes", "status"),
    [
        ([(EVE, FOR), (FRED, FOR)], Status.APPROVED),
        ([(EVE, AGAINST), (FRED, AGAINST)], Status.REJECTED),
        ([(EVE, CHANGES), (FRED, CHANGES)], Status.CHANGES_REQUESTED),
        ([(EVE, CHANGES), (FRED, AGAINST)], Status.REJECTED),
        ([(EVE, FOR), (FRED, AGAINST), (CORA, FOR)], Status.APPROVED),
        ([(EVE, FOR), (FRED, AGAINST), (CORA, CHANGES)], Status.REJECTED),
        ([(EVE, FOR), (FRED, CHANGES), (CORA, CHANGES)], Status.CHANGES_REQUESTED),
        ([(EVE, FOR), (FRED, AGAINST), (LENA, AGAINST)], Status.REJECTED),
    ],
)
def test_the_majority_of_the_votes_cast_decides(votes: list[tuple[int, Event]], status: Status) -> None:
    org = Org.under(Mode.COUNCIL)
    state = cast(org, voting(org), *votes[:-1])
    assert state.status is Status.OPEN
    assert cast(org, state, votes[-1]).status is status


def test_a_tie_goes_to_the_chair_who_has_voted() -> None:
    org = council_of(7)
    votes = [(CORA, FOR), (300, FOR), (301, AGAINST), (302, AGAINST)]
    assert cast(org, voting(org, unit=200), *votes).status is Status.APPROVED
    votes[0] = (CORA, CHANGES)
    votes[1:3] = [(300, FOR), (301, FOR)]
    assert cast(org, voting(org, unit=200), *votes).status is Status.CHANGES_REQUESTED


def test_a_tie_waits_for_the_chair_who_may_vote() -> None:
    org = Org.under(Mode.COUNCIL)
    state = cast(org, voting(org), (EVE, FOR), (FRED, AGAINST))
    assert state.status is Status.OPEN
    assert cast(org, state, (CORA, AGAINST)).status is Status.REJECTED
    assert cast(org, state, (LENA, FOR)).status is Status.APPROVED


@pytest.mark.parametrize("chair", ["absent", "author"])
def test_a_tie_rejects_where_the_chair_may_not_vote(chair: str) -> None:
    org = Org.under(Mode.COUNCIL)
    if chair == "absent":
        org = org.without_leads(CENTRE)
    state = act(org, opened(org.publication(excluded=[CORA] if chair == "author" else [111])), Tick(), SYSTEM, AFTER)
    votes = [(EVE, FOR), (FRED, AGAINST)]
    outcome = advance(cast(org, state.state, votes[0]), AGAINST, actor(FRED), AFTER, org.check)
    assert outcome.state.status is Status.REJECTED
    decided = outcome.effects[-1]
    assert isinstance(decided, Decided)
    assert decided.tally is not None
    assert (decided.tally.approvals, decided.tally.against) == (1, 1)


def test_the_order_of_the_votes_that_reach_the_quorum_does_not_matter() -> None:
    org = council_of(7)
    votes = [(300, FOR), (301, AGAINST), (302, FOR)]
    for order in permutations(votes):
        assert cast(org, voting(org, unit=200), *order).status is Status.APPROVED


def test_four_for_a_quorum_of_two_decide_once() -> None:
    org = Org.under(Mode.COUNCIL)
    state = cast(org, voting(org), (EVE, FOR), (FRED, FOR))
    for late in (LENA, GREG):
        with pytest.raises(NotAllowed, match="has been approved"):
            approve(org, state, late, AFTER)


def test_several_leads_of_the_centre_have_one_vote_as_chair() -> None:
    org = Org.under(Mode.COUNCIL).with_lead(CARL, CENTRE)
    state = cast(org, voting(org), (CARL, FOR))
    with pytest.raises(NotAllowed, match="Carl Rowe has already cast the vote of “Chair: the lead of Digital Office”"):
        approve(org, state, CORA, AFTER)


def test_whoever_leads_two_units_has_one_vote() -> None:
    org = Org.under(Mode.COUNCIL).without_leads(FINANCE).with_lead(RITA, FINANCE)
    state = cast(org, voting(org), (RITA, FOR))
    assert len(state.votes) == 1
    with pytest.raises(Denied, match="already decided"):
        approve(org, state, RITA, AFTER)


def test_the_chair_who_holds_a_seat_votes_at_either_and_only_once() -> None:
    org = Org.under(Mode.COUNCIL).with_lead(CORA, FINANCE)
    state = voting(org)
    assert approve(org, state, CORA, AFTER).state.votes[0].seat == f"seat-{FINANCE}"
    as_chair = approve(org, state, CORA, AFTER, seat=f"chair-{CENTRE}").state
    assert as_chair.votes[0].seat == f"chair-{CENTRE}"
    with pytest.raises(Denied, match="already decided"):
        approve(org, as_chair, CORA, AFTER)


def test_nobody_votes_where_the_quorum_could_then_no_longer_be_reached() -> None:
    leads = [(CORA, CENTRE), (CORA, RETAIL), (RITA, RETAIL)]
    org = Org.under(Mode.COUNCIL, leads=leads)
    state = voting(org)
    with pytest.raises(Denied, match="You may not vote at that seat"):
        approve(org, state, CORA, AFTER, seat=f"seat-{RETAIL}")
    voted = approve(org, state, CORA, AFTER).state
    assert voted.votes[0].seat == f"chair-{CENTRE}"
    assert approve(org, voted, RITA, AFTER).state.status is Status.APPROVED
