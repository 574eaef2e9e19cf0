"""Substitutes: what is lent, whose decision it counts as, and what it never gets round."""

from dataclasses import replace
from datetime import timedelta

import pytest

from governance.compiler.snapshot import RemitKey
from governance.errors import Denied
from governance.vocabulary import Capability, Mode, RiskLevel, Role
from governance.workflow.events import Approve, Object, RecordReview, ReviewOutcome, Tick
from governance.workflow.routing import exception_route, lends, substitutes
from governance.workflow.state import SYSTEM, ReviewStatus, Status
from tests.governance.workflow.organisation import (
    CENTRE,
    CORA,
    EVE,
    FINANCE,
    FRED,
    GREG,
    HASH,
    NOW,
    RETAIL,
    RITA,
    ROSA,
    RUDI,
    SAM,
    K,
    Org,
    act,
    actor,
    approve,
    opened,
    person,
    waiting,
)

HERE = RemitKey(RETAIL, K)
FOR = Approve(HASH)


def test_a_substitute_decides_and_it_counts_as_both_persons() -> None:
    org = Org.under(Mode.UNIT).with_delegation(RITA, RUDI, HERE)
    outcome = act(org, opened(org.publication()), FOR, actor(RUDI, on_behalf_of=RITA))
    vote = outcome.state.votes[0]
    assert outcome.state.status is Status.APPROVED
    assert (vote.user, vote.on_behalf_of, vote.name) == (RUDI, RITA, "Rudi Moss")
    assert vote.persons == {person(RUDI), person(RITA)}


def test_the_delegator_may_still_decide() -> None:
    org = Org.under(Mode.UNIT).with_delegation(RITA, RUDI, HERE)
    assert approve(org, opened(org.publication()), RITA).state.status is Status.APPROVED


def test_a_substitute_acts_only_in_the_remits_named_only_for_the_delegator_and_only_while_it_lasts() -> None:
    org = Org.under(Mode.UNIT)
    state = opened(org.publication())
    for elsewhere in (RemitKey(FINANCE, K), RemitKey(RETAIL, Capability.CHANGE)):
        with pytest.raises(Denied, match="No delegation in force"):
            act(org.with_delegation(RITA, RUDI, elsewhere), state, FOR, actor(RUDI, on_behalf_of=RITA))
    with pytest.raises(Denied, match="No delegation in force"):
        act(org, state, FOR, actor(RUDI, on_behalf_of=RITA))
    with pytest.raises(Denied, match="does not decide on this request"):
        act(org.with_delegation(FRED, RUDI, HERE), state, FOR, actor(RUDI, on_behalf_of=FRED))
    with pytest.raises(Denied, match="You do not decide here"):
        act(org.with_delegation(RITA, RUDI, HERE), state, FOR, actor(RUDI))


def test_it_cannot_be_passed_on() -> None:
    org = Org.under(Mode.UNIT).with_delegation(RITA, RUDI, HERE).with_delegation(RUDI, SAM, HERE)
    state = opened(org.publication())
    for claimed in (RUDI, RITA):
        with pytest.raises(Denied):
            act(org, state, FOR, actor(SAM, on_behalf_of=claimed))
    assert substitutes(org.world, state.route, frozenset({RITA})) == {RUDI}


def test_neither_the_author_nor_the_authors_substitute_decides() -> None:
    org = Org.under(Mode.UNIT).with_lead(RUDI, RETAIL)
    org = org.with_delegation(RITA, ROSA, HERE).with_delegation(RUDI, SAM, HERE)
    with pytest.raises(Denied, match="You wrote, edited or submitted this"):
        act(org, opened(org.publication(excluded=[])), FOR, actor(ROSA, on_behalf_of=RITA))
    state = opened(org.publication(excluded=[]), RUDI)
    with pytest.raises(Denied, match="The person you stand in for wrote"):
        act(org, state, FOR, actor(SAM, on_behalf_of=RUDI))


def test_a_substitute_does_not_carry_one_person_through_two_stages() -> None:
    org = Org.under(Mode.JOINT).with_lead(RUDI, CENTRE).with_delegation(RITA, RUDI, HERE)
    state = act(org, opened(org.publication()), FOR, actor(RUDI, on_behalf_of=RITA)).state
    with pytest.raises(Denied, match="already decided"):
        approve(org, state, RUDI)
    lent_twice = org.with_delegation(CORA, RITA, HERE)
    with pytest.raises(Denied, match="already decided"):
        act(lent_twice, state, FOR, actor(RITA, on_behalf_of=CORA))
    assert approve(org, state, CORA).state.status is Status.APPROVED


def test_nobody_stands_in_at_a_second_stage_for_whoever_has_decided() -> None:
    org = Org.under(Mode.JOINT).with_lead(RITA, CENTRE).with_delegation(RITA, RUDI, HERE)
    state = approve(org, opened(org.publication()), RITA).state
    with pytest.raises(Denied, match="The person you stand in for has already decided"):
        act(org, state, FOR, actor(RUDI, on_behalf_of=RITA))
    assert waiting(state) == {CORA}


def test_whom_the_later_stage_needs_does_not_stand_in_at_the_earlier_one() -> None:
    org = Org.under(Mode.JOINT).with_delegation(RITA, CORA, HERE)
    with pytest.raises(Denied, match="You are needed at the later stage"):
        act(org, opened(org.publication()), FOR, actor(CORA, on_behalf_of=RITA))


def test_delegator_and_substitute_have_one_vote_in_a_council() -> None:
    after = NOW + timedelta(days=10)
    org = Org.under(Mode.COUNCIL).with_delegation(EVE, FRED, HERE)
    state = act(org, opened(org.publication()), FOR, actor(FRED, on_behalf_of=EVE), after).state
    assert state.status is Status.OPEN
    for user in (FRED, EVE):
        with pytest.raises(Denied, match="already decided"):
            approve(org, state, user, after)
    assert approve(org, state, GREG, after).state.status is Status.APPROVED


def test_a_substitute_objects_and_reviews_and_grants_exceptions() -> None:
    council = Org.under(Mode.COUNCIL).with_delegation(EVE, RUDI, HERE)
    state = act(council, opened(council.publication()), Object("No."), actor(RUDI, on_behalf_of=EVE)).state
    assert state.objections[0].persons == {person(RUDI), person(EVE)}
    delegated = Org.under(Mode.DELEGATED).with_delegation(CORA, RUDI, HERE)
    state = approve(delegated, opened(delegated.publication()), RITA).state
    review = RecordReview(ReviewOutcome.ACCEPT, HASH)
    assert act(delegated, state, review, actor(RUDI, on_behalf_of=CORA)).state.review is ReviewStatus.ACCEPTED
    with pytest.raises(Denied, match="already decided"):
        act(delegated.with_delegation(CORA, RITA, HERE), state, review, actor(RITA, on_behalf_of=CORA))
    joint = Org.under(Mode.JOINT).with_delegation(CORA, RUDI, HERE)
    route = exception_route(
        joint.world,
        document_remit=RemitKey(CENTRE, K),
        asking_unit=RETAIL,
        asker_person=person(ROSA),
        risk=RiskLevel.LOW,
    )
    granted = act(joint, opened(route), FOR, actor(RUDI, on_behalf_of=CORA))
    assert granted.state.status is Status.APPROVED


def test_the_reserves_right_is_lent_too() -> None:
    org = Org.under(Mode.UNIT).without_leads(RETAIL).with_delegation(EVE, RUDI, HERE)
    outcome = act(org, opened(org.publication()), FOR, actor(RUDI, on_behalf_of=EVE))
    assert outcome.state.votes[0].relation == "reserve"


@pytest.mark.parametrize("who", ["guest", "auditor", "inactive"])
def test_a_substitute_is_active_no_guest_and_no_auditor(who: str) -> None:
    org = Org.under(Mode.UNIT).with_delegation(RITA, RUDI, HERE)
    state = opened(org.publication())
    barred = {
        "guest": org.with_guest(RUDI, FINANCE, Role.READER),
        "auditor": org.but(auditors=frozenset({RUDI})),
        "inactive": org.without_person(RUDI),
    }[who]
    with pytest.raises(Denied, match="No delegation in force"):
        act(barred, state, FOR, actor(RUDI, on_behalf_of=RITA))
    assert substitutes(barred.world, state.route, frozenset({RITA})) == frozenset()


def test_what_a_delegator_no_longer_holds_is_no_longer_lent() -> None:
    org = Org.under(Mode.UNIT).with_delegation(RITA, RUDI, HERE)
    state = opened(org.publication())
    with pytest.raises(Denied, match="no longer holds"):
        act(org.without_leads(RETAIL), state, FOR, actor(RUDI, on_behalf_of=RITA))


def test_a_substitute_never_makes_a_route_decidable() -> None:
    org = Org.under(Mode.UNIT, leads=[]).with_delegation(RITA, RUDI, HERE)
    state = act(org, opened(org.publication()), Tick(), SYSTEM).state
    assert state.status is Status.UNDECIDABLE
    assert waiting(state) == set()


def test_nobody_lends_to_oneself_and_a_guest_of_no_account_keeps_nobody_from_standing_in() -> None:
    remit = RemitKey(RETAIL, K)
    org = Org.under(Mode.JOINT).with_delegation(RITA, SAM, remit).with_delegation(RITA, RITA, remit)
    org = org.with_guest(9999, RETAIL, Role.READER)
    route = org.publication()
    assert lends(org.world, route, RITA, SAM)
    assert not lends(org.world, route, RITA, RITA)
    assert not lends(org.world, replace(route, unit=None), RITA, SAM)
