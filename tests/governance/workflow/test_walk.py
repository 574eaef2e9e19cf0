"""Random walks: any organisation, any events, any change of people between them; what must never happen never does."""

from dataclasses import replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from governance.compiler.snapshot import Membership, RemitKey
from governance.errors import RemitError
from governance.vocabulary import Mode, RiskLevel, Role
from governance.workflow.engine import available, open_request
from governance.workflow.events import (
    Action,
    Approve,
    ClearObjection,
    Event,
    Object,
    RecordReview,
    Reject,
    RequestChanges,
    ReviewOutcome,
    Tick,
    Void,
    Withdraw,
)
from governance.workflow.freezing import from_json, to_json
from governance.workflow.route import DECIDING_KINDS, Route
from governance.workflow.routing import change_route, exception_route, publication_route
from governance.workflow.state import SYSTEM, Decision, RequestState, ReviewStatus, Status
from governance.workflow.waiting import Progress, describe, waiting_for
from tests.governance.workflow.organisation import (
    CENTRE,
    HASH,
    NOW,
    PEOPLE,
    RETAIL,
    UNITS,
    K,
    Org,
    act,
    actor,
    person,
)

USERS = st.sampled_from(sorted(PEOPLE))
PLACES = st.sampled_from([unit.id for unit in UNITS])
LEADS = st.lists(st.tuples(USERS, PLACES), max_size=12, unique=True)
KINDS = st.sampled_from(["publication", "retirement", "import", "exception", "change"])
EVENTS = st.sampled_from(
    [
        Approve(HASH),
        Approve(HASH),
        Approve(HASH),
        Approve("another"),
        Reject(HASH, "No."),
        Reject(HASH, ""),
        RequestChanges(HASH, "Shorter."),
        Object("Too soon."),
        ClearObjection(1),
        ClearObjection(2),
        Withdraw(),
        RecordReview(ReviewOutcome.ACCEPT, HASH),
        RecordReview(ReviewOutcome.WITHDRAW, HASH, "Wrong."),
    ]
)


class Walk(RuleBasedStateMachine):
    """One request from its submission on, while people come and go."""

    org: Org
    state: RequestState
    now: datetime

    @initialize(mode=st.sampled_from(Mode), leads=LEADS, submitter=USERS, editor=USERS, kind=KINDS, unit=PLACES)
    def submit(
        self, mode: Mode, leads: list[tuple[int, int]], submitter: int, editor: int, kind: str, unit: int
    ) -> None:
        self.now = NOW
        self.refusals: list[str] = []
        self.org = Org.under(mode, leads=leads)
        route = self.route(kind, unit, submitter, editor)
        assert from_json(to_json(route)) == route
        outcome = open_request(route, subject_hash=HASH, submitter=actor(submitter), at=NOW, check=self.org.check)
        self.state = outcome.state
        self.before = self.state

    def route(self, kind: str, unit: int, submitter: int, editor: int) -> Route:
        world, remit = self.org.world, RemitKey(unit, K)
        if kind == "exception":
            return exception_route(
                world,
                document_remit=RemitKey(CENTRE, K) if editor % 2 else remit,
                asking_unit=RETAIL,
                asker_person=person(submitter),
                risk=list(RiskLevel)[editor % 3],
            )
        if kind == "change":
            return change_route(world, document_remit=remit, asker_person=person(submitter))
        return publication_route(world, remit, excluded=frozenset({person(submitter), person(editor)}), kind=kind)

    def take(self, event: Event, user: int | None, on_behalf_of: int | None = None) -> None:
        """The event, where it is not refused; a refusal is a sentence and changes nothing."""
        who = SYSTEM if user is None else actor(user, on_behalf_of=on_behalf_of)
        try:
            self.state = act(self.org, self.state, event, who, self.now).state
        except RemitError as refusal:
            self.refusals.append(refusal.message)

    @rule(event=EVENTS, user=USERS)
    def somebody_acts(self, event: Event, user: int) -> None:
        self.take(event, user)

    @rule(event=EVENTS, user=USERS, delegator=USERS)
    def a_substitute_acts(self, event: Event, user: int, delegator: int) -> None:
        self.take(event, user, delegator)

    @precondition(lambda self: bool(waiting_for(self.state, self.now, self.org.check)))
    @rule(event=EVENTS, data=st.data())
    def somebody_whom_it_waits_for_acts(self, event: Event, data: st.DataObject) -> None:
        people = waiting_for(self.state, self.now, self.org.check)
        self.take(event, data.draw(st.sampled_from(sorted(people))))

    @rule(delegator=USERS, substitute=USERS)
    def somebody_names_a_substitute(self, delegator: int, substitute: int) -> None:
        if self.state.route.unit is not None:
            self.org = self.org.with_delegation(delegator, substitute, RemitKey(self.state.route.unit, K))

    @rule(days=st.sampled_from([1, 5, 10]))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.take(Tick(), None)

    @rule(user=USERS, unit=PLACES)
    def a_lead_is_named(self, user: int, unit: int) -> None:
        self.org = self.org.with_lead(user, unit)
        self.take(Tick(), None)

    @rule(unit=PLACES)
    def the_leads_of_a_unit_go(self, unit: int) -> None:
        self.org = self.org.without_leads(unit)
        self.take(Tick(), None)

    @rule(user=USERS)
    def somebody_leaves(self, user: int) -> None:
        self.org = self.org.without_person(user)
        self.take(Tick(), None)

    @rule()
    def the_mandates_end(self) -> None:
        self.org = self.org.without_mandates()
        self.take(Tick(), None)

    @rule()
    def it_is_edited(self) -> None:
        if len(self.state.votes) == 1:
            self.take(Void("Edited.", "another"), None)

    @invariant()
    def nobody_has_decided_twice_or_on_their_own(self) -> None:
        persons = [one for vote in self.state.votes for one in sorted(vote.persons)]
        record = self.state.review_record
        persons += sorted(record.persons) if record else []
        assert len(persons) == len(set(persons))
        assert not set(persons) & self.state.excluded
        submitter = self.state.submitter.person
        assert submitter not in persons or self.state.route.kind == "exception"
        assert all(vote.revision == HASH and vote.rule and vote.relation for vote in self.state.votes)

    @invariant()
    def every_refusal_is_a_sentence(self) -> None:
        assert all(said.strip() == said and said.endswith(".") for said in self.refusals), self.refusals[-1]

    @invariant()
    def what_has_ended_stays_as_it_was(self) -> None:
        before, self.before = self.before, self.state
        if before.status.is_terminal:
            assert self.state.status is before.status
            assert self.state.votes == before.votes
        assert self.state.votes[: len(before.votes)] == before.votes, "a vote is never changed"

    @invariant()
    def an_open_request_waits_for_somebody_who_can_act_and_nobody_else_can(self) -> None:
        waits = waiting_for(self.state, self.now, self.org.check)
        can = {user for user in PEOPLE if self.may(user)}
        assert waits == can
        if self.state.status is Status.OPEN and self.state.last_call_ends() is None:
            assert waits
        if self.state.status is Status.UNDECIDABLE:
            assert not waits
            assert self.state.reason

    def may(self, user: int) -> bool:
        """Whether the options allow what the request waits for now."""
        options = available(self.state, actor(user), self.now, self.org.check)
        wanted = {Action.APPROVE, Action.RECORD_REVIEW} | ({Action.OBJECT} if not self.objected(user) else set())
        allowed = any(option.allowed and option.action in wanted for option in options)
        return allowed or (self.objected(user) and user in waiting_for(self.state, self.now, self.org.check))

    def objected(self, user: int) -> bool:
        return any(person(user) in objection.persons for objection in self.state.open_objections)

    @invariant()
    def an_approval_has_a_majority_at_every_stage(self) -> None:
        if self.state.status is not Status.APPROVED:
            return
        for view in describe(self.state, self.now):
            if view.kind in DECIDING_KINDS and view.progress is Progress.DONE:
                assert any(vote.decision is Decision.APPROVE for vote in view.votes)

    @invariant()
    def the_page_shows_one_stage_now(self) -> None:
        views = describe(self.state, self.now, self.org.check)
        now = [view for view in views if view.progress is Progress.NOW]
        live = self.state.review is ReviewStatus.OPEN or not self.state.status.is_terminal
        assert len(now) == (1 if live and views else 0)

    def teardown(self) -> None:
        """Whatever was done to it, a request that is open can be brought to its end by those it waits for."""
        if not hasattr(self, "state"):
            return
        for _ in range(40):
            if self.state.status is not Status.OPEN:
                return
            people = waiting_for(self.state, self.now, self.org.check)
            if self.state.last_call_ends() is not None:
                self.now += timedelta(days=10)
                self.state = act(self.org, self.state, Tick(), SYSTEM, self.now).state
            else:
                self.state = act(self.org, self.state, Approve(HASH), actor(min(people)), self.now).state
        raise AssertionError("Forty steps did not bring it to its end.")


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=150, stateful_step_count=20, deadline=None)


def test_a_lead_of_many_units_is_walked_too() -> None:
    """The walk's organisation may give one person every seat; then nobody is left for the second stage."""
    rows = tuple(Membership(unit.id, 104, unit.id, Role.LEAD) for unit in UNITS)
    org = Org.under(Mode.JOINT)
    org = Org(replace(org.snapshot, memberships=rows))
    assert org.publication().undecidable
