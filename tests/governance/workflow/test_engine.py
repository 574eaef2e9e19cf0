"""Requests decided end to end: every route of every mode, and what each refusal says."""

from datetime import timedelta

import pytest

from governance.compiler.snapshot import RemitKey
from governance.errors import Denied, Invalid, NotAllowed
from governance.vocabulary import Mode, RiskLevel
from governance.workflow.engine import advance, available, open_request
from governance.workflow.events import (
    AcceptChange,
    Action,
    Approve,
    ClearObjection,
    Decided,
    Event,
    GrantException,
    NeedsReassessment,
    Object,
    ObjectionCleared,
    Publish,
    Reassess,
    RecordReview,
    Reject,
    Reopened,
    RequestChanges,
    Retire,
    ReviewOutcome,
    RevokeMandate,
    StageEntered,
    StartReview,
    Tick,
    Undecidable,
    Void,
    Voided,
    VoteCast,
    Withdraw,
    WithdrawDocument,
)
from governance.workflow.route import Route
from governance.workflow.routing import change_route, exception_route, import_route, reassess_route
from governance.workflow.state import SYSTEM, Decision, RequestState, ReviewStatus, Status
from governance.workflow.waiting import Progress, describe, waiting_for
from tests.governance.workflow.organisation import (
    CARL,
    CENTRE,
    CORA,
    EUROPE,
    EVE,
    FINANCE,
    FRED,
    GREG,
    GROUP,
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

TEN_DAYS, FIVE_DAYS = timedelta(days=10), timedelta(days=5)


def exception(org: Org, *, asker: int = ROSA, risk: RiskLevel = RiskLevel.LOW) -> Route:
    return exception_route(
        org.world,
        document_remit=RemitKey(CENTRE, K),
        asking_unit=RETAIL,
        asker_person=person(asker),
        risk=risk,
    )


def kinds_of(effects: tuple[object, ...]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


class TestEveryRouteToItsEnd:
    @pytest.mark.parametrize(
        ("mode", "voters"),
        [(Mode.UNIT, [RITA]), (Mode.CENTRE, [CORA]), (Mode.JOINT, [RITA, CORA]), (Mode.DELEGATED, [RITA])],
    )
    @pytest.mark.parametrize(("kind", "effect"), [("publication", Publish("publication")), ("retirement", Retire())])
    def test_a_publication_is_approved_stage_by_stage(
        self, mode: Mode, voters: list[int], kind: str, effect: object
    ) -> None:
        org = Org.under(mode)
        state = opened(org.publication(kind=kind))
        for voter in voters[:-1]:
            outcome = approve(org, state, voter)
            assert kinds_of(outcome.effects) == ["VoteCast", "StageEntered"]
            state = outcome.state
            assert state.status is Status.OPEN
        outcome = approve(org, state, voters[-1])
        assert outcome.state.status is Status.APPROVED
        assert effect in outcome.effects
        assert (outcome.state.stage, outcome.state.closed_at) == ("", NOW)
        assert [vote.user for vote in outcome.state.votes] == voters

    def test_a_council_publishes_after_its_last_call_by_its_vote(self) -> None:
        org = Org.under(Mode.COUNCIL)
        state = opened(org.publication())
        with pytest.raises(NotAllowed, match="before its last call ends"):
            approve(org, state, EVE, NOW + TEN_DAYS - timedelta(seconds=1))
        after = NOW + TEN_DAYS
        outcome = act(org, state, Tick(), SYSTEM, after)
        assert kinds_of(outcome.effects) == ["StageEntered"]
        assert outcome.state.stage == "council"
        first = approve(org, outcome.state, EVE, after)
        assert first.state.status is Status.OPEN, "two of six seats are a third"
        second = approve(org, first.state, FRED, after)
        assert second.state.status is Status.APPROVED
        assert Publish("publication") in second.effects

    def test_a_last_call_that_is_over_is_ended_before_the_next_event(self) -> None:
        org = Org.under(Mode.COUNCIL)
        outcome = approve(org, opened(org.publication()), EVE, NOW + TEN_DAYS)
        assert kinds_of(outcome.effects) == ["StageEntered", "VoteCast"]
        assert outcome.state.stage_entered_at == NOW + TEN_DAYS

    @pytest.mark.parametrize(
        ("mode", "risk", "voter"),
        [
            (Mode.UNIT, RiskLevel.HIGH, RITA),
            (Mode.CENTRE, RiskLevel.LOW, CORA),
            (Mode.JOINT, RiskLevel.LOW, CORA),
            (Mode.DELEGATED, RiskLevel.MEDIUM, RITA),
            (Mode.DELEGATED, RiskLevel.HIGH, CORA),
        ],
    )
    def test_an_exception_is_granted_by_one_decision(self, mode: Mode, risk: RiskLevel, voter: int) -> None:
        org = Org.under(mode)
        outcome = approve(org, opened(exception(org, risk=risk)), voter)
        assert outcome.state.status is Status.APPROVED
        assert kinds_of(outcome.effects) == ["VoteCast", "Decided", "GrantException"]

    def test_the_lead_records_an_exception_that_he_or_she_asked_for_where_the_standard_is_advice(self) -> None:
        org = Org.under(Mode.UNIT)
        outcome = approve(org, opened(exception(org, asker=RITA), RITA), RITA)
        assert outcome.state.status is Status.APPROVED

    @pytest.mark.parametrize(
        ("mode", "voter"),
        [(Mode.UNIT, RITA), (Mode.DELEGATED, RITA), (Mode.JOINT, RITA), (Mode.CENTRE, CORA), (Mode.COUNCIL, CORA)],
    )
    def test_a_request_for_a_change_is_answered_once(self, mode: Mode, voter: int) -> None:
        org = Org.under(mode)
        route = change_route(org.world, document_remit=RemitKey(RETAIL, K), asker_person=person(FRED))
        outcome = approve(org, opened(route, FRED), voter)
        assert outcome.effects[-1] == AcceptChange()

    def test_a_batch_is_approved_on_the_remits_route(self) -> None:
        org = Org.under(Mode.JOINT)
        state = opened(import_route(org.world, RemitKey(RETAIL, K), importer_person=person(ROSA)))
        state = approve(org, state, RITA).state
        assert approve(org, state, CORA).effects[-1] == Publish("import")

    def test_reserves_decide_and_the_vote_says_so(self) -> None:
        org = Org.under(Mode.JOINT).without_leads(RETAIL, CENTRE)
        state = approve(org, opened(org.publication()), EVE).state
        outcome = approve(org, state, GREG)
        assert outcome.state.status is Status.APPROVED
        assert [vote.relation for vote in outcome.state.votes] == ["reserve", "reserve"]
        assert "falls to the lead of Europe" in outcome.state.votes[0].rule


class TestEndsOtherThanApproval:
    @pytest.mark.parametrize(
        ("event", "status"),
        [(RequestChanges(HASH, "Say by when."), Status.CHANGES_REQUESTED), (Reject(HASH, "No."), Status.REJECTED)],
    )
    @pytest.mark.parametrize("at_stage", [0, 1])
    def test_one_decider_may_send_it_back_or_reject_it_at_any_stage(
        self, event: Event, status: Status, at_stage: int
    ) -> None:
        org = Org.under(Mode.JOINT)
        state = opened(org.publication())
        voters = [RITA, CORA]
        for voter in voters[:at_stage]:
            state = approve(org, state, voter).state
        outcome = act(org, state, event, actor(voters[at_stage]))
        assert outcome.state.status is status
        assert not any(isinstance(effect, Publish) for effect in outcome.effects)

    @pytest.mark.parametrize("event", [RequestChanges(HASH, " \n"), Reject(HASH, "")])
    def test_a_refusal_without_a_word_is_refused(self, event: Event) -> None:
        org = Org.under(Mode.UNIT)
        with pytest.raises(Invalid) as refused:
            act(org, opened(org.publication()), event, actor(RITA))
        assert set(refused.value.fields) == {"comment"}

    def test_only_the_submitter_withdraws_from_any_account(self) -> None:
        org = Org.under(Mode.UNIT).with_second_account(ROSA)
        state = opened(org.publication())
        with pytest.raises(Denied, match="Only Rosa Thorne"):
            act(org, state, Withdraw(), actor(RITA))
        with pytest.raises(Denied):
            act(org, state, Withdraw(), actor(ROSA, on_behalf_of=RITA))
        outcome = act(org, state, Withdraw("Too early."), actor(ROSA + 100))
        assert outcome.state.status is Status.WITHDRAWN
        assert not waiting_for(outcome.state, NOW)

    def test_an_edit_voids_every_approval(self) -> None:
        org = Org.under(Mode.JOINT)
        state = approve(org, opened(org.publication()), RITA).state
        outcome = act(org, state, Void("The text was edited.", revision="b" * 64), SYSTEM)
        assert outcome.state.status is Status.VOIDED
        assert outcome.effects[0] == Voided("The text was edited.")
        with pytest.raises(NotAllowed, match="void"):
            approve(org, outcome.state, CORA)
        with pytest.raises(NotAllowed, match="has not changed"):
            act(org, state, Void("", revision=HASH), SYSTEM)

    @pytest.mark.parametrize("status", [status for status in Status if status.is_terminal])
    def test_what_has_ended_stays_ended(self, status: Status) -> None:
        org = Org.under(Mode.JOINT)
        ends: dict[Status, Event] = {
            Status.CHANGES_REQUESTED: RequestChanges(HASH, "Why?"),
            Status.REJECTED: Reject(HASH, "No."),
            Status.WITHDRAWN: Withdraw(),
            Status.VOIDED: Void("Edited.", "b"),
        }
        state = opened(org.publication())
        if status is Status.APPROVED:
            state = approve(org, approve(org, state, RITA).state, CORA).state
        else:
            who = actor(ROSA) if status is Status.WITHDRAWN else actor(RITA)
            state = act(org, state, ends[status], who).state
        assert state.status is status
        for event in (Approve(HASH), *ends.values(), Object("No."), ClearObjection(1), Reassess(state.route)):
            for user in (RITA, CORA, ROSA):
                with pytest.raises(NotAllowed):
                    act(org, state, event, actor(user))
        assert act(org, state, Tick(), SYSTEM).state == state
        assert not any(option.allowed for option in available(state, actor(ROSA), NOW))


class TestWhoMayNot:
    def test_whoever_wrote_edited_or_submitted_does_not_decide_whatever_the_route_says(self) -> None:
        org = Org.under(Mode.UNIT).with_lead(RUDI, RETAIL)
        route = org.publication(excluded=[])
        state = opened(route, RITA)
        assert RITA in {user for seat in route.seats() for user in seat.holders}
        with pytest.raises(Denied, match="You wrote, edited or submitted this"):
            approve(org, state, RITA)
        assert waiting_for(state, NOW) == {RUDI}

    def test_nor_through_a_second_account(self) -> None:
        org = Org.under(Mode.UNIT).with_second_account(RITA).with_lead(RITA + 100, RETAIL).with_lead(RUDI, RETAIL)
        state = opened(org.publication(excluded=[]), RITA)
        with pytest.raises(Denied, match="You wrote"):
            approve(org, state, RITA + 100)

    def test_nobody_decides_at_two_stages(self) -> None:
        org = Org.under(Mode.JOINT).with_lead(CORA, RETAIL).with_lead(CARL, CENTRE)
        state = approve(org, opened(org.publication()), CORA).state
        with pytest.raises(Denied, match="already decided"):
            approve(org, state, CORA)
        assert waiting_for(state, NOW) == {CARL}

    def test_whoever_the_later_stage_needs_is_refused_the_earlier_one_when_people_have_gone_since(self) -> None:
        org = Org.under(Mode.JOINT).with_lead(CORA, RETAIL).with_lead(CARL, CENTRE)
        state = opened(org.publication())
        gone = org.without_person(CARL)
        with pytest.raises(Denied, match="You are needed at the later stage “Decision by Digital Office”"):
            approve(gone, state, CORA)
        assert waiting_for(state, NOW, gone.check) == {RITA}

    def test_a_stranger_is_told_whom_it_waits_for(self) -> None:
        org = Org.under(Mode.JOINT)
        with pytest.raises(Denied, match="It waits for: Lead of Retail") as refused:
            approve(org, opened(org.publication()), FRED)
        assert "is in mode joint" in refused.value.reasons[0]

    def test_a_lead_named_at_submission_who_is_none_any_more_does_not_decide(self) -> None:
        org = Org.under(Mode.UNIT).with_lead(RUDI, RETAIL)
        state = opened(org.publication())
        left = org.without_leads(RETAIL).with_lead(RUDI, RETAIL)
        with pytest.raises(Denied, match="no longer holds"):
            approve(left, state, RITA)

    def test_a_lead_named_since_submission_does_not_decide_either(self) -> None:
        org = Org.under(Mode.UNIT)
        state = opened(org.publication())
        with pytest.raises(Denied, match="You do not decide here"):
            approve(org.with_lead(RUDI, RETAIL), state, RUDI)

    def test_a_decision_on_another_revision_is_refused(self) -> None:
        org = Org.under(Mode.UNIT)
        for event in (Approve("b"), RequestChanges("b", "x"), Reject("b", "x")):
            with pytest.raises(NotAllowed, match="changed after you opened it"):
                act(org, opened(org.publication()), event, actor(RITA))

    def test_a_second_lead_is_told_that_the_first_has_cast_the_vote(self) -> None:
        org = Org.under(Mode.COUNCIL).with_lead(RUDI, RETAIL)
        after = NOW + TEN_DAYS
        state = approve(org, opened(org.publication()), RITA, after).state
        with pytest.raises(NotAllowed, match="Rita Vale has already cast the vote of “Seat of Retail”"):
            approve(org, state, RUDI, after)
        with pytest.raises(Denied, match="already decided"):
            approve(org, state, RITA, after)

    def test_a_seat_that_is_not_ones_own_is_refused(self) -> None:
        org = Org.under(Mode.COUNCIL)
        after = NOW + TEN_DAYS
        with pytest.raises(Denied, match="You may not vote at that seat"):
            approve(org, opened(org.publication()), RITA, after, seat=f"chair-{CENTRE}")

    def test_options_and_acts_agree(self) -> None:
        org = Org.under(Mode.JOINT)
        state = opened(org.publication())
        for user in (RITA, CORA, ROSA, FRED):
            options = {option.action: option for option in available(state, actor(user), NOW, org.check)}
            assert options[Action.APPROVE].allowed is (user == RITA)
            assert options[Action.WITHDRAW].allowed is (user == ROSA)
            assert all(option.reason for option in options.values())


class TestWhatAVoteRecords:
    def test_everything_that_evidence_needs(self) -> None:
        org = Org.under(Mode.JOINT)
        outcome = approve(org, opened(org.publication()), RITA, comment=" Fine. ")
        vote = outcome.state.votes[0]
        assert outcome.effects[0] == VoteCast(vote)
        assert (vote.name, vote.user, set(vote.persons)) == ("Rita Vale", RITA, {person(RITA)})
        assert vote.meaning == "I approve this revision for publication."
        assert (vote.decision, vote.revision, vote.at) == (Decision.APPROVE, HASH, NOW)
        assert (vote.stage, vote.seat, vote.relation) == ("unit", f"unit-{RETAIL}", "unit.lead")
        assert "is in mode joint: the lead of Retail decides first" in vote.rule
        assert vote.comment == "Fine."


class TestReview:
    def published(self, org: Org, voter: int = RITA) -> RequestState:
        return approve(org, opened(org.publication()), voter).state

    def test_nothing_waits_for_it(self) -> None:
        org = Org.under(Mode.DELEGATED)
        outcome = approve(org, opened(org.publication()), RITA)
        assert kinds_of(outcome.effects) == ["VoteCast", "Decided", "Publish", "StartReview"]
        assert outcome.state.status is Status.APPROVED
        assert outcome.state.review is ReviewStatus.OPEN
        assert waiting_for(outcome.state, NOW) == {CORA}

    @pytest.mark.parametrize(
        ("word", "effects"),
        [
            (ReviewOutcome.ACCEPT, []),
            (ReviewOutcome.WITHDRAW, [WithdrawDocument()]),
            (ReviewOutcome.REVOKE, [RevokeMandate(70 + RETAIL)]),
            (ReviewOutcome.WITHDRAW_AND_REVOKE, [WithdrawDocument(), RevokeMandate(70 + RETAIL)]),
        ],
    )
    def test_the_centre_accepts_withdraws_or_revokes(self, word: ReviewOutcome, effects: list[object]) -> None:
        org = Org.under(Mode.DELEGATED)
        state = self.published(org)
        outcome = act(org, state, RecordReview(word, HASH, "Because."), actor(CORA))
        assert list(outcome.effects[1:]) == effects
        assert outcome.state.review is word.status
        assert outcome.state.review_record is not None
        assert outcome.state.review_record.name == "Cora Pike"
        with pytest.raises(NotAllowed, match="already been recorded by Cora Pike"):
            act(org, outcome.state, RecordReview(word, HASH, "Again."), actor(CORA))

    def test_a_review_that_takes_something_back_says_why(self) -> None:
        org = Org.under(Mode.DELEGATED)
        with pytest.raises(Invalid):
            act(org, self.published(org), RecordReview(ReviewOutcome.WITHDRAW, HASH), actor(CORA))

    def test_there_is_none_before_publication_or_in_another_mode(self) -> None:
        org = Org.under(Mode.DELEGATED)
        with pytest.raises(NotAllowed):
            act(org, opened(org.publication()), RecordReview(ReviewOutcome.ACCEPT, HASH), actor(CORA))
        org = Org.under(Mode.UNIT)
        with pytest.raises(NotAllowed):
            act(org, self.published(org), RecordReview(ReviewOutcome.ACCEPT, HASH), actor(CORA))

    def test_whoever_approved_does_not_review_and_the_reserve_does(self) -> None:
        org = Org.under(Mode.DELEGATED).without_leads(RETAIL).with_lead(CORA, RETAIL)
        outcome = approve(org, opened(org.publication()), CORA)
        start = next(effect for effect in outcome.effects if isinstance(effect, StartReview))
        assert start.waits_for == {GREG}
        with pytest.raises(Denied, match="already decided"):
            act(org, outcome.state, RecordReview(ReviewOutcome.ACCEPT, HASH), actor(CORA))
        done = act(org, outcome.state, RecordReview(ReviewOutcome.ACCEPT, HASH), actor(GREG))
        assert done.state.review is ReviewStatus.ACCEPTED

    def test_a_review_whose_people_have_gone_is_looked_up_anew(self) -> None:
        org = Org.under(Mode.DELEGATED)
        state = self.published(org)
        changed = org.without_leads(CENTRE, GROUP, EUROPE).with_lead(CARL, CENTRE)
        ticked = advance(state, Tick(), SYSTEM, NOW, changed.check)
        assert ticked.effects == (NeedsReassessment("review"),)
        state = act(changed, state, Tick(), SYSTEM).state
        assert waiting_for(state, NOW, changed.check) == {CARL}
        assert state.status is Status.APPROVED


class TestObjections:
    def test_seats_and_chair_may_object_to_a_publication_and_others_not(self) -> None:
        org = Org.under(Mode.COUNCIL)
        state = opened(org.publication())
        state = act(org, state, Object("Too costly."), actor(FRED)).state
        state = act(org, state, Object("Too early."), actor(CORA)).state
        assert [objection.number for objection in state.open_objections] == [1, 2]
        with pytest.raises(Denied):
            act(org, state, Object("Me too."), actor(SAM))
        with pytest.raises(NotAllowed, match="already objected"):
            act(org, state, Object("Again."), actor(FRED))
        with pytest.raises(Invalid):
            act(org, state, Object(" "), actor(EVE))

    def test_an_objection_is_cleared_by_whoever_raised_it(self) -> None:
        org = Org.under(Mode.COUNCIL)
        state = act(org, opened(org.publication()), Object("Too costly."), actor(FRED)).state
        with pytest.raises(Denied, match="Only Fred Birch"):
            act(org, state, ClearObjection(1), actor(CORA))
        with pytest.raises(NotAllowed):
            act(org, state, ClearObjection(2), actor(FRED))
        outcome = act(org, state, ClearObjection(1), actor(FRED))
        assert not outcome.state.open_objections
        with pytest.raises(NotAllowed, match="already been cleared"):
            act(org, outcome.state, ClearObjection(1), actor(FRED))

    @pytest.mark.parametrize("event", [Approve(HASH), Reject(HASH, "No.")])
    def test_or_by_the_councils_vote(self, event: Event) -> None:
        org = Org.under(Mode.COUNCIL)
        state = act(org, opened(org.publication()), Object("Too costly."), actor(FRED)).state
        after = NOW + TEN_DAYS
        state = act(org, state, event, actor(EVE), after).state
        outcome = act(org, state, event, actor(GREG), after)
        assert ObjectionCleared(1, by_vote=True) in outcome.effects
        assert not outcome.state.open_objections

    def test_objecting_is_no_decision_and_its_raiser_votes(self) -> None:
        org = Org.under(Mode.COUNCIL)
        state = act(org, opened(org.publication()), Object("Too costly."), actor(FRED)).state
        assert approve(org, state, FRED, NOW + TEN_DAYS).state.votes[0].user == FRED

    def test_nobody_objects_after_the_last_call(self) -> None:
        org = Org.under(Mode.COUNCIL)
        with pytest.raises(NotAllowed, match="none is running"):
            act(org, opened(org.publication()), Object("Late."), actor(FRED), NOW + TEN_DAYS)

    def test_an_exception_is_in_effect_when_nobody_objected_within_five_days(self) -> None:
        org = Org.under(Mode.COUNCIL)
        state = approve(org, opened(exception(org)), CORA).state
        assert state.status is Status.OPEN
        early = act(org, state, Tick(), SYSTEM, NOW + FIVE_DAYS - timedelta(seconds=1))
        assert early.effects == ()
        outcome = act(org, state, Tick(), SYSTEM, NOW + FIVE_DAYS)
        assert outcome.effects == (Decided(Status.APPROVED), GrantException())
        assert outcome.state.closed_at == NOW + FIVE_DAYS

    def test_a_cleared_objection_does_not_bring_it_to_the_vote(self) -> None:
        org = Org.under(Mode.COUNCIL)
        state = approve(org, opened(exception(org)), CORA).state
        state = act(org, state, Object("No."), actor(FRED)).state
        state = act(org, state, ClearObjection(1), actor(FRED)).state
        assert act(org, state, Tick(), SYSTEM, NOW + FIVE_DAYS).state.status is Status.APPROVED

    def test_an_exception_that_a_seat_objects_to_is_decided_by_the_vote_without_its_granter(self) -> None:
        org = Org.under(Mode.COUNCIL)
        state = approve(org, opened(exception(org)), CORA).state
        with pytest.raises(Denied):
            act(org, state, Object("I changed my mind."), actor(CORA))
        state = act(org, state, Object("No."), actor(FRED)).state
        after = NOW + FIVE_DAYS
        state = act(org, state, Tick(), SYSTEM, after).state
        assert state.stage == "council"
        assert CORA not in waiting_for(state, after)
        state = act(org, state, Reject(HASH, "No."), actor(FRED), after).state
        outcome = approve(org, state, EVE, after)
        assert outcome.state.status is Status.REJECTED, "a tie rejects where the chair may not vote"

    def test_the_chair_who_rejects_an_exception_ends_it(self) -> None:
        org = Org.under(Mode.COUNCIL)
        outcome = act(org, opened(exception(org)), Reject(HASH, "No."), actor(CORA))
        assert outcome.state.status is Status.REJECTED

    def test_an_objection_that_no_council_can_vote_on_falls_to_the_reserve(self) -> None:
        org = Org.under(Mode.COUNCIL, leads=[(GREG, GROUP), (CORA, CENTRE), (RITA, RETAIL)])
        state = approve(org, opened(exception(org)), CORA).state
        state = act(org, state, Object("No."), actor(RITA)).state
        after = NOW + FIVE_DAYS
        state = act(org, state, Tick(), SYSTEM, after).state
        assert state.status is Status.OPEN
        assert waiting_for(state, after, org.check) == {GREG, RITA}, "two seats are two people"


class TestWhenPeopleChange:
    def test_a_stage_with_nobody_left_falls_to_the_reserve(self) -> None:
        org = Org.under(Mode.JOINT)
        state = approve(org, opened(org.publication()), RITA).state
        gone = org.without_person(CORA)
        ticked = advance(state, Tick(), SYSTEM, NOW, gone.check)
        assert ticked.effects == (NeedsReassessment("centre"),)
        assert ticked.state.status is Status.UNDECIDABLE
        outcome = act(gone, state, Tick(), SYSTEM)
        assert outcome.state.status is Status.OPEN
        assert waiting_for(outcome.state, NOW, gone.check) == {GREG}
        assert approve(gone, outcome.state, GREG).state.status is Status.APPROVED

    def test_whoever_decided_before_is_not_the_reserve(self) -> None:
        org = Org.under(Mode.JOINT).without_leads(RETAIL, EUROPE)
        state = approve(org, opened(org.publication()), GREG).state
        outcome = act(org.without_person(CORA), state, Tick(), SYSTEM)
        assert outcome.state.status is Status.UNDECIDABLE
        assert any(isinstance(effect, Undecidable) for effect in outcome.effects)

    def test_an_undecidable_submission_is_kept_reported_and_opens_again(self) -> None:
        org = Org.under(Mode.JOINT, leads=[(CORA, CENTRE)])
        outcome = open_request(org.publication(), subject_hash=HASH, submitter=actor(ROSA), at=NOW)
        assert outcome.state.status is Status.UNDECIDABLE
        assert outcome.effects == (Undecidable(outcome.state.route.undecidable),)
        assert not waiting_for(outcome.state, NOW)
        with pytest.raises(NotAllowed, match="cannot be decided now"):
            approve(org, outcome.state, CORA)
        again = act(org, outcome.state, Tick(), SYSTEM)
        assert again.state.status is Status.UNDECIDABLE
        named = org.with_lead(RITA, RETAIL)
        opened_again = act(named, again.state, Tick(), SYSTEM)
        assert Reopened() in opened_again.effects
        state = approve(named, opened_again.state, RITA).state
        assert approve(named, state, CORA).state.status is Status.APPROVED

    def test_administrators_are_told_once(self) -> None:
        org = Org.under(Mode.UNIT)
        outcome = act(org.without_leads(RETAIL, EUROPE, GROUP, CENTRE), opened(org.publication()), Tick(), SYSTEM)
        assert sum(isinstance(effect, Undecidable) for effect in outcome.effects) == 1
        again = act(org.without_leads(RETAIL, EUROPE, GROUP, CENTRE), outcome.state, Tick(), SYSTEM)
        assert not any(isinstance(effect, Undecidable) for effect in again.effects)
        assert again.state == outcome.state

    def test_an_undecidable_submission_can_be_withdrawn(self) -> None:
        org = Org.under(Mode.UNIT, leads=())
        state = act(org, opened(org.publication()), Withdraw(), actor(ROSA)).state
        assert state.status is Status.WITHDRAWN

    def test_a_request_without_any_model_opens_when_there_is_one(self) -> None:
        org = Org.under(Mode.UNIT)
        state = opened(org.but(assignments=()).publication())
        assert (state.status, state.stage) == (Status.UNDECIDABLE, "")
        state = act(org, state, Tick(), SYSTEM).state
        assert (state.status, waiting(state)) == (Status.OPEN, {RITA})

    def test_an_ended_mandate_gives_no_authority_and_the_route_goes_on_as_joint(self) -> None:
        org = Org.under(Mode.DELEGATED)
        state = opened(org.publication())
        ended = org.without_mandates()
        with pytest.raises(Denied):
            approve(ended, state, RITA)
        state = act(ended, state, Tick(), SYSTEM).state
        assert ([stage.key for stage in state.route.stages], state.route.mode) == (["unit", "centre"], "joint")
        state = approve(ended, state, RITA).state
        assert state.status is Status.OPEN
        assert approve(ended, state, CORA).state.status is Status.APPROVED

    def test_an_exception_within_an_ended_mandate_goes_to_the_centre(self) -> None:
        org = Org.under(Mode.DELEGATED)
        state = opened(exception(org))
        ended = org.without_mandates()
        state = act(ended, state, Tick(), SYSTEM).state
        assert (state.stage, waiting(state)) == ("centre", {CORA})

    def test_a_running_request_keeps_its_mode_when_the_model_changes(self) -> None:
        state = opened(Org.under(Mode.JOINT).publication())
        centralised = Org.under(Mode.CENTRE)
        route = reassess_route(centralised.world, state)
        assert (route.mode, [stage.key for stage in route.stages]) == ("joint", ["unit", "centre"])
        state = approve(centralised, state, RITA).state
        assert approve(centralised, state, CORA).state.status is Status.APPROVED

    def test_a_last_call_begins_anew_when_a_council_can_decide_again(self) -> None:
        org = Org.under(Mode.COUNCIL, leads=[(CORA, CENTRE)])
        state = opened(org.publication())
        assert state.status is Status.UNDECIDABLE
        later = NOW + timedelta(days=30)
        state = act(Org.under(Mode.COUNCIL), state, Tick(), SYSTEM, later).state
        assert (state.stage, state.stage_entered_at) == ("last_call", later)

    def test_a_council_that_loses_its_people_mid_vote_falls_to_the_reserve_without_its_voters(self) -> None:
        leads = [(RITA, RETAIL), (FRED, FINANCE), (CORA, CENTRE), (GREG, GROUP)]
        org = Org.under(Mode.COUNCIL, leads=leads)
        after = NOW + TEN_DAYS
        state = approve(org, opened(org.publication()), GREG, after).state
        left = org.without_leads(RETAIL, FINANCE, CENTRE)
        outcome = act(left, state, Tick(), SYSTEM, after)
        assert outcome.state.status is Status.UNDECIDABLE, "the only reserve has voted"
        with_eve = left.with_lead(EVE, EUROPE)
        outcome = act(with_eve, state, Tick(), SYSTEM, after)
        assert outcome.state.status is Status.OPEN
        assert waiting_for(outcome.state, after, with_eve.check) == {EVE}

    def test_a_tie_rejects_once_the_chair_is_gone(self) -> None:
        org = Org.under(Mode.COUNCIL)
        after = NOW + TEN_DAYS
        state = approve(org, opened(org.publication()), EVE, after).state
        state = act(org, state, Reject(HASH, "No."), actor(FRED), after).state
        assert state.status is Status.OPEN, "the tie waits for the chair"
        gone = org.without_leads(CENTRE)
        route = reassess_route(gone.world, state)
        outcome = advance(state, Reassess(route), SYSTEM, after, gone.check)
        assert outcome.state.status is Status.REJECTED


class TestThePage:
    def test_each_stage_is_done_now_or_next_with_who_and_since_when(self) -> None:
        org = Org.under(Mode.JOINT)
        later = NOW + timedelta(hours=3)
        state = approve(org, opened(org.publication()), RITA, later).state
        unit, centre = describe(state, later)
        assert (unit.progress, centre.progress) == (Progress.DONE, Progress.NOW)
        assert [vote.name for vote in unit.votes] == ["Rita Vale"]
        assert (centre.since, set(centre.waits_for)) == (later, {CORA})
        assert unit.waits_for == frozenset()

    def test_a_last_call_shows_until_when(self) -> None:
        state = opened(Org.under(Mode.COUNCIL).publication())
        last_call, council = describe(state, NOW)
        assert last_call.until == NOW + TEN_DAYS
        assert (last_call.progress, council.progress) == (Progress.NOW, Progress.NEXT)

    def test_what_was_never_reached_is_skipped(self) -> None:
        org = Org.under(Mode.COUNCIL)
        state = approve(org, opened(exception(org)), CORA).state
        state = act(org, state, Tick(), SYSTEM, NOW + FIVE_DAYS).state
        assert [view.progress for view in describe(state, NOW)] == [Progress.DONE, Progress.DONE, Progress.SKIPPED]

    def test_a_review_is_shown_as_going_on_after_publication(self) -> None:
        org = Org.under(Mode.DELEGATED)
        state = approve(org, opened(org.publication()), RITA).state
        unit, review = describe(state, NOW)
        assert (unit.progress, review.progress, set(review.waits_for)) == (Progress.DONE, Progress.NOW, {CORA})

    def test_entering_a_stage_says_whom_it_waits_for(self) -> None:
        org = Org.under(Mode.JOINT).with_lead(CARL, CENTRE)
        outcome = open_request(org.publication(), subject_hash=HASH, submitter=actor(ROSA), at=NOW)
        assert isinstance(outcome.effects[0], StageEntered)
        assert outcome.effects[0].waits_for == {RITA}
        entered = approve(org, outcome.state, RITA).effects[-1]
        assert isinstance(entered, StageEntered)
        assert entered.waits_for == {CORA, CARL}

    def test_a_council_shows_its_count(self) -> None:
        org = Org.under(Mode.COUNCIL)
        after = NOW + TEN_DAYS
        state = approve(org, opened(org.publication()), CORA, after).state
        count = describe(state, after)[1].tally
        assert count is not None
        assert (count.approvals, count.seats_voted, count.people_voted, count.quorum_seats) == (1, 0, 1, 2)
        assert {FINANCE, RETAIL} <= {seat.unit for seat in describe(state, after)[1].seats}


def test_a_last_call_that_was_held_is_done_whatever_the_vote_after_it_says() -> None:
    org = Org.under(Mode.COUNCIL)
    state = act(org, opened(org.publication()), Tick(), SYSTEM, NOW + TEN_DAYS).state
    for voter in (EVE, FRED, CORA):
        if state.stage:
            state = act(org, state, Reject(HASH, "No."), actor(voter), NOW + TEN_DAYS).state
    assert state.status is Status.REJECTED
    assert [view.progress for view in describe(state, NOW + TEN_DAYS)] == [Progress.DONE, Progress.DONE]
    withdrawn = act(org, opened(org.publication()), Withdraw(), actor(ROSA)).state
    assert [view.progress for view in describe(withdrawn, NOW)] == [Progress.SKIPPED, Progress.SKIPPED]
