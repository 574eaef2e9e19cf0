"""Every route of every mode, decided to its end through the actions, on real rows with real documents."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from governance.actions.requests import advance_due, clear_objection, object_to, record_review
from governance.errors import Denied, Invalid, NotAllowed
from governance.models import Decision, Mandate, Objection
from governance.operating_models.loader import load_builtin
from governance.vocabulary import Capability, Mode, RiskLevel, Role
from knowledge.actions.retirement import propose_retirement
from knowledge.models import Document
from tests.governance.actions.story import CENTRE_KIND, after_last_call, under, walk

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE
BY_MODE = {
    Mode.UNIT: ["Finn"],
    Mode.CENTRE: ["Cora"],
    Mode.JOINT: ["Finn", "Cora"],
    Mode.DELEGATED: ["Finn"],
    # Four seats are filled, so two must vote; the second reaches the quorum.
    Mode.COUNCIL: ["Hana", "Finn"],
}
"""Who decides on a document of Finance, in order."""


def distinct() -> dict[tuple[str, Mode], Capability]:
    """Each mode of each model once, with the capability in which it stands."""
    found: dict[tuple[str, Mode], Capability] = {}
    for model in load_builtin():
        for capability, mode in model.modes.items():
            found.setdefault((model.key, mode), capability)
    return found


def each_mode(*, with_centre: bool = False, once: bool = False) -> Any:
    """The test is for each mode of each model (``once``: in the first model that has it), with a capability in it."""
    rows, seen = [], set()
    for (model, mode), capability in distinct().items():
        if (once and mode in seen) or (with_centre and model not in CENTRE_KIND):
            continue
        seen.add(mode)
        rows.append(pytest.param(model, mode, capability, id=f"{model}-{mode.value}"))
    return pytest.mark.parametrize(("_told_once", "mode", "capability"), rows, indirect=["_told_once"])


class TestPublicationUnderEveryModel:
    @each_mode()
    def test_a_units_document_is_decided_by_its_mode_and_then_in_force(self, story, mode, capability):
        author = "Carl" if mode is Mode.CENTRE else "Fay"
        request = story.submitted(author, "FIN", capability)
        assert request.mode == mode.value
        request = walk(story, request, BY_MODE[mode])
        assert request.status == "approved"
        document = Document.objects.get(public_id=request.subject_id)
        assert document.in_force.public_id == request.subject_version
        events = story.events(request)
        assert events[0] == "approval.submitted"
        assert events.count("approval.approved") == len(BY_MODE[mode])
        assert events.count("approval.granted") == 1
        assert "approval.rejected" not in events
        story.check(request, deep=True)
        last = Decision.objects.filter(request=request).latest("pk")
        mandate = Mandate.objects.filter(remit=story.remit("FIN", capability)).first()
        assert last.mandate == (mandate if mode is Mode.DELEGATED else None)
        assert last.mode == mode.value
        assert last.model_version == story.remit("FIN", capability).model_version
        assert last.quorum == ("2 of 4 seats, 2 people" if mode is Mode.COUNCIL else "one vote")

    @under(*CENTRE_KIND)
    def test_a_centres_own_document_is_decided_by_its_lead_or_by_the_council(self, story):
        mode = Mode.COUNCIL if story.model == "evolved" else Mode.CENTRE
        request = story.submitted("Carl", "CEN", K)
        assert request.mode == mode.value
        request = walk(story, request, ["Cora"] if mode is Mode.CENTRE else ["Hana", "Ivan"])
        assert request.status == "approved"
        story.check(request, deep=True)

    @each_mode(once=True)
    def test_a_rejection_ends_it_and_is_told_once(self, story, mode, capability):
        request = story.submitted("Carl" if mode is Mode.CENTRE else "Fay", "FIN", capability)
        if mode is Mode.COUNCIL:
            with after_last_call(request):
                advance_due()
                request = story.decides("Hana", request, "reject")
                assert request.status == "open", "one vote of two decides nothing, and stands"
                story.check(request)
        request = story.decides(BY_MODE[mode][-1] if mode is not Mode.JOINT else "Finn", request, "reject")
        assert request.status == "rejected"
        assert story.events(request)[-1] == "approval.rejected"
        assert story.events(request).count("approval.rejected") == (2 if mode is Mode.COUNCIL else 1)
        document = Document.objects.get(public_id=request.subject_id)
        assert document.in_force is None
        assert document.draft is not None, "the draft stays with its authors"
        story.check(request, deep=True)

    @under("centre_of_excellence")
    def test_sent_back_by_the_second_stage_it_can_be_submitted_anew(self, story):
        request = story.decides("Finn", story.submitted("Fay", "FIN", K))
        request = story.decides("Cora", request, "request_changes", "The scope is too wide.")
        assert request.status == "changes_requested"
        assert story.events(request)[-1] == "approval.changes_requested"
        document = Document.objects.get(public_id=request.subject_id)
        again = story.submits("Fay", document)
        assert again.pk != request.pk
        assert walk(story, again, ["Finn", "Cleo"]).status == "approved", "who decided then may decide now"
        story.check(request, deep=True)


class TestDelegated:
    @under("devolved")
    def test_the_review_accepts_and_nothing_waited_for_it(self, story):
        request = story.decides("Finn", story.submitted("Fay", "FIN", K))
        assert request.review_open
        assert story.waits_for(request) == {"Cora", "Cleo"}
        request = record_review(actor=story["Cleo"], request=request, outcome="accept")
        assert not request.review_open
        assert Document.objects.get(public_id=request.subject_id).in_force is not None
        assert story.events(request)[-1] == "approval.reviewed"
        assert Decision.objects.get(user=story["Cleo"]).verdict == "review_accepted"
        story.check(request, deep=True)
        with pytest.raises(NotAllowed):
            record_review(actor=story["Cora"], request=request, outcome="accept")

    @under("devolved")
    def test_the_review_withdraws_the_document_and_the_mandate_stays(self, story):
        request = story.decides("Finn", story.submitted("Fay", "FIN", K))
        with pytest.raises(Invalid):
            record_review(actor=story["Cora"], request=request, outcome="withdraw")
        request = record_review(actor=story["Cora"], request=request, outcome="withdraw", comment="It is wrong.")
        document = Document.objects.get(public_id=request.subject_id)
        assert document.in_force is None
        assert document.is_retired
        assert Mandate.objects.valid_at().filter(remit=story.remit("FIN", K)).exists()
        story.check(request, deep=True)

    @under("devolved")
    def test_the_review_revokes_the_mandate_and_what_runs_goes_on_as_joint(self, story):
        request = story.decides("Finn", story.submitted("Fay", "FIN", K))
        running = story.submitted("Fay", "FIN", K)
        decided = story.decides("Finn", story.submitted("Fay", "FIN", K))
        assert (running.mode, story.waits_for(running)) == ("delegated", {"Finn"})
        request = record_review(actor=story["Cora"], request=request, outcome="revoke", comment="Too many mistakes.")
        assert not request.review_open
        assert story.waits_for(request) == set()
        assert not Mandate.objects.valid_at().filter(remit=story.remit("FIN", K)).exists()
        assert story.remit("FIN", K).effective_mode == "joint"
        assert Document.objects.get(public_id=request.subject_id).in_force is not None
        story.check(request, deep=True)
        story.check(decided)
        assert story.waits_for(decided) == {"Cora", "Cleo"}, "another review goes on"
        running.refresh_from_db()
        assert running.mode == "joint"
        assert walk(story, running, ["Finn", "Cora"]).status == "approved", "unit, then centre"
        assert "approval.reassessed" in story.events(running)
        last = Decision.objects.filter(request=running).latest("pk")
        assert (last.mode, last.mandate) == ("joint", None)
        fresh = story.submitted("Fay", "FIN", K)
        assert fresh.mode == "joint"

    @under("devolved")
    def test_both_in_one_word(self, story):
        request = story.decides("Finn", story.submitted("Fay", "FIN", K))
        request = record_review(
            actor=story["Cora"], request=request, outcome="withdraw_and_revoke", comment="Not like this."
        )
        assert Decision.objects.get(user=story["Cora"]).verdict == "review_withdrawn_and_revoked"
        assert Document.objects.get(public_id=request.subject_id).in_force is None
        assert not Mandate.objects.valid_at().filter(remit=story.remit("FIN", K)).exists()
        story.check(request, deep=True)

    @under("devolved")
    def test_without_a_mandate_it_is_joint(self, story):
        story.ends_mandate("FIN", K)
        request = story.submitted("Fay", "FIN", K)
        assert request.mode == "joint"
        assert walk(story, request, ["Finn", "Cora"]).status == "approved"
        assert not request.review_open
        story.check(request, deep=True)

    @under("devolved")
    def test_an_empty_review_falls_to_the_reserve_of_a_centre_stage(self, story):
        request = story.submitted("Fay", "FIN", K)
        story.leaves("Cora", "CEN")
        story.leaves("Cleo", "CEN")
        request = story.decides("Finn", request)
        assert story.waits_for(request) == {"Olga"}
        record_review(actor=story["Olga"], request=request, outcome="accept")
        story.check(request, deep=True)

    @under("devolved")
    def test_who_decided_does_not_review(self, story):
        story.people(Both=["FIN", "CEN"])
        request = story.decides("Both", story.submitted("Fay", "FIN", K))
        assert story.waits_for(request) == {"Cora", "Cleo"}
        with pytest.raises(Denied):
            record_review(actor=story["Both"], request=request, outcome="accept")


class TestCouncil:
    @under("evolved")
    def test_an_objection_is_cleared_by_whoever_raised_it(self, story):
        request = story.submitted("Fay", "FIN", K)
        assert story.waits_for(request) == {"Olga", "Finn", "Hana", "Ivan", "Cora", "Cleo"}
        request = object_to(actor=story["Hana"], request=request, comment="Not in our country.")
        assert Objection.objects.get(request=request).seat == "Seat of Unit HR"
        story.check(request)
        with pytest.raises(NotAllowed):
            object_to(actor=story["Hana"], request=request, comment="Again.")
        with pytest.raises(Denied):
            clear_objection(actor=story["Ivan"], request=request, number=1)
        request = clear_objection(actor=story["Hana"], request=request, number=1)
        assert Objection.objects.get(request=request).cleared_by == story["Hana"]
        assert story.events(request)[-2:] == ["approval.objected", "approval.objection_cleared"]
        assert walk(story, request, ["Ivan", "Olga"]).status == "approved"
        story.check(request, deep=True)

    @under("evolved")
    def test_an_objection_is_cleared_by_the_vote_and_by_nobody_in_particular(self, story):
        request = story.submitted("Fay", "FIN", K)
        object_to(actor=story["Cora"], request=request, comment="The chair objects.")
        request = walk(story, request, ["Ivan", "Olga"])
        objection = Objection.objects.get(request=request)
        assert objection.cleared_at is not None
        assert objection.cleared_by is None, "Olga cast the last vote, but the council cleared it"
        story.check(request, deep=True)

    @under("evolved")
    def test_before_the_last_call_ends_nobody_decides_and_after_it_nobody_objects(self, story):
        request = story.submitted("Fay", "FIN", K)
        with pytest.raises(NotAllowed, match="last call"):
            story.decides("Hana", request)
        assert advance_due() == 0
        with after_last_call(request):
            with pytest.raises(NotAllowed):
                object_to(actor=story["Hana"], request=request, comment="Too late.")
            request = story.decides("Hana", request)
            assert request.stage == "council", "the first vote ends the last call where no job did"
            story.check(request, deep=True)

    @under("evolved")
    def test_a_vote_against_may_reach_the_quorum_of_what_is_approved(self, story):
        request = story.submitted("Fay", "FIN", K)
        with after_last_call(request):
            advance_due()
            for name in ("Cora",):
                request = story.decides(name, request)
                story.check(request)
            request = story.decides("Hana", request)
            assert request.status == "open", "the chair is one of two people, but of two seats none"
            request = story.decides("Ivan", request, "reject", "Not for IT.")
        assert request.status == "approved", "two to one"
        assert story.events(request).count("approval.rejected") == 1
        assert story.events(request)[-1] == "approval.granted"
        story.check(request, deep=True)

    @under("evolved")
    def test_a_vote_for_may_reach_the_quorum_of_what_is_rejected(self, story):
        request = story.submitted("Fay", "FIN", K)
        with after_last_call(request):
            advance_due()
            story.decides("Cora", request, "reject", "The chair says no.")
            story.decides("Hana", request, "reject", "Nor we.")
            request = story.decides("Ivan", request, comment="I like it.")
        assert request.status == "rejected"
        stream = story.events(request)
        assert (stream.count("approval.rejected"), stream.count("approval.approved")) == (3, 1)
        final = story.said(request, "approval.rejected")[-1]
        assert (final["after"]["final"], final["reason"]) == (True, "Nor we."), "what decided is a vote against"
        story.check(request, deep=True)

    @under("evolved")
    def test_a_tie_goes_to_the_chair(self, story):
        request = story.submitted("Fay", "FIN", K)
        with after_last_call(request):
            advance_due()
            story.decides("Hana", request)
            request = story.decides("Ivan", request, "request_changes", "A little shorter.")
            assert request.status == "open", "one to one"
            assert {"Cora", "Cleo", "Olga", "Finn"} == story.waits_for(request)
            request = story.decides("Cora", request)
        assert request.status == "approved"
        story.check(request, deep=True)

    @under("evolved")
    def test_a_tie_rejects_where_the_chair_may_not_vote(self, story):
        story.leaves("Cleo", "CEN")
        request = story.submitted("Cora", "CEN", K)
        with after_last_call(request):
            advance_due()
            story.decides("Hana", request)
            request = story.decides("Ivan", request, "request_changes", "A little shorter.")
        assert request.status == "rejected"
        story.check(request, deep=True)

    @under("evolved")
    def test_a_chair_has_one_vote_whoever_casts_it(self, story):
        request = story.submitted("Fay", "FIN", K)
        with after_last_call(request):
            advance_due()
            story.decides("Cora", request)
            with pytest.raises(NotAllowed, match="one vote"):
                story.decides("Cleo", request)


class TestReserves:
    @under("centre_of_excellence")
    def test_a_unit_stage_falls_to_the_nearest_lead_above_and_the_decision_says_so(self, story):
        request = story.submitted("Finn", "FIN", K)
        assert story.waits_for(request) == {"Olga"}
        assert walk(story, request, ["Olga", "Cora"]).status == "approved"
        first = Decision.objects.get(user=story["Olga"])
        assert (first.relation, first.membership.unit.code) == ("reserve", "ORG")
        story.check(request, deep=True)

    @under("decentralized")
    def test_a_lead_by_reach_decides_as_a_lead_and_the_record_names_that_membership(self, story):
        story.people(Rhea=[("ORG", Role.READER), ("FIN", Role.LEAD, True)])
        story.people(Pia=("PAY", Role.AUTHOR))
        request = story.submitted("Pia", "PAY", Capability.STRATEGY)
        assert story.waits_for(request) == {"Rhea"}, "Finn leads Finance, without reach"
        request = story.decides("Rhea", request)
        decision = Decision.objects.get(request=request)
        assert (decision.relation, decision.membership.unit.code) == ("unit.lead", "FIN")
        story.check(request, deep=True)

    @under("decentralized")
    def test_of_two_memberships_the_record_names_the_one_that_gave_the_seat(self, story):
        story.leaves("Finn", "FIN")
        story.people(Finn=["ORG", "FIN"])
        request = story.decides("Finn", story.submitted("Fay", "FIN", K))
        assert Decision.objects.get(request=request).membership.unit.code == "FIN"


class TestChangeRequests:
    @pytest.mark.parametrize(
        ("_told_once", "owner", "answers", "verdict"),
        [
            ("decentralized", "FIN", "Finn", "approve"),
            ("centralized", "FIN", "Cora", "reject"),
            ("centre_of_excellence", "FIN", "Finn", "request_changes"),
            ("devolved", "FIN", "Finn", "approve"),
            ("evolved", "FIN", "Cora", "approve"),
            ("centre_of_excellence", "CEN", "Cora", "reject"),
        ],
        indirect=["_told_once"],
    )
    def test_one_decision_of_those_who_own_it_answers(self, story, owner, answers, verdict):
        mode = Mode(story.remit(owner).effective_mode)
        author = "Carl" if mode is Mode.CENTRE else "Fay"
        made = story.submitted(author, owner)
        deciders = ["Cora"] if owner == "CEN" else BY_MODE[mode]
        made = walk(story, made, deciders)
        document = Document.objects.get(public_id=made.subject_id)
        request = story.asks_change("Fred", "FIN", document)
        story.check(request)
        assert answers in story.waits_for(request)
        request = story.decides(answers, request, verdict)
        expected = {"approve": "approved", "reject": "rejected", "request_changes": "changes_requested"}
        assert request.status == expected[verdict]
        said = {"approve": "accepted", "reject": "rejected", "request_changes": "changes_requested"}
        assert story.events(request)[0] == "change_request.raised"
        assert story.events(request)[-1] == f"change_request.{said[verdict]}"
        story.check(request, deep=True)

    @under("decentralized")
    def test_whoever_asks_does_not_answer(self, story):
        document = story.published("FIN", K, "Fay", "Finn")
        request = story.asks_change("Finn", "FIN", document)
        assert story.waits_for(request) == {"Olga"}
        with pytest.raises(Denied):
            story.decides("Finn", request)


class TestExceptions:
    @each_mode(with_centre=True)
    @pytest.mark.parametrize("risk", [RiskLevel.LOW, RiskLevel.HIGH])
    def test_from_the_centres_standard_the_asking_units_mode_decides(self, story, mode, capability, risk):
        first = story.submitted("Carl", "CEN", capability)
        by = ["Hana", "Ivan"] if first.mode == "council" else ["Cora"]
        document = Document.objects.get(public_id=walk(story, first, by).subject_id)
        request = story.asks_exception("Fred", "FIN", document, risk=risk)
        assert request.mode == mode.value
        mandate = Mandate.objects.valid_at().filter(remit=story.remit("FIN", capability)).first()
        within = mandate is not None and risk.rank <= RiskLevel(mandate.risk_limit).rank
        decider = "Finn" if mode is Mode.UNIT or within else "Cora"
        story.check(request)
        request = story.decides(decider, request)
        if mode is Mode.COUNCIL:
            assert request.status == "open", "seats may object within five days"
            assert request.not_before - request.stage_since == timedelta(days=5)
            with after_last_call(request):
                assert advance_due() == 1
            request.refresh_from_db()
        assert request.status == "approved"
        request.exception.refresh_from_db()
        assert request.exception.number == "E-1"
        assert Decision.objects.filter(request=request).latest("pk").mandate == (mandate if within else None)
        assert story.events(request)[0] == "exception_request.raised"
        assert story.events(request).count("exception_request.granted") == 1
        story.check(request, deep=True)

    @under("evolved")
    def test_an_exception_that_a_seat_objects_to_is_decided_by_the_councils_vote(self, story):
        first = walk(story, story.submitted("Carl", "CEN", K), ["Hana", "Ivan"])
        request = story.asks_exception("Fred", "FIN", Document.objects.get(public_id=first.subject_id))
        request = story.decides("Cora", request)
        object_to(actor=story["Hana"], request=request, comment="Then we want it too.")
        with after_last_call(request):
            advance_due()
            request.refresh_from_db()
            assert request.stage == "council"
            with pytest.raises(Denied):
                story.decides("Cora", request)
            story.decides("Hana", request, "reject", "No.")
            request = story.decides("Ivan", request, "reject", "No.")
        assert request.status == "rejected"
        assert request.exception.number == ""
        story.check(request, deep=True)

    @under("centre_of_excellence")
    def test_in_mode_unit_the_standard_is_advice_and_the_lead_records_the_one_that_he_asked_for(self, story):
        document = story.published("CEN", Capability.STRATEGY, "Carl", "Cora")
        request = story.asks_exception("Finn", "FIN", document, risk=RiskLevel.HIGH)
        assert story.waits_for(request) == {"Finn"}
        assert story.decides("Finn", request).status == "approved"
        story.check(request, deep=True)

    @under("decentralized")
    def test_elsewhere_whoever_asks_does_not_decide_and_the_reserve_does(self, story):
        document = story.published("FIN", K, "Fay", "Finn")
        request = story.asks_exception("Finn", "FIN", document)
        assert story.waits_for(request) == {"Olga"}
        with pytest.raises(Denied, match="asked for this exception"):
            story.decides("Finn", request)
        story.check(request, deep=True)

    @under("centre_of_excellence")
    def test_a_centre_that_asks_is_answered_by_the_mode_of_the_documents_remit(self, story):
        document = story.published("CEN", K, "Carl", "Cora")
        request = story.asks_exception("Carl", "CEN", document)
        assert request.mode == "centre"
        assert story.decides("Cleo", request).status == "approved"
        story.check(request, deep=True)

    @under("devolved")
    def test_at_the_mandates_limit_the_unit_grants_and_above_it_the_centre(self, story):
        story.under("devolved", centre="CEN", of="FIN", risk_limit=RiskLevel.MEDIUM)
        document = story.published("CEN", K, "Carl", "Cora")
        at = story.asks_exception("Fred", "FIN", document, risk=RiskLevel.MEDIUM)
        above = story.asks_exception("Fred", "FIN", document, risk=RiskLevel.HIGH)
        assert story.waits_for(at) == {"Finn"}
        assert story.waits_for(above) == {"Cora", "Cleo"}
        with pytest.raises(Denied):
            story.decides("Finn", above)
        assert story.decides("Finn", at).status == "approved"
        assert story.decides("Cora", above).status == "approved"
        assert Decision.objects.get(request=above).mandate is None, "it did not stand on the mandate"
        story.check(at, deep=True)
        story.check(above)


class TestRetirement:
    @under("centre_of_excellence")
    def test_a_retirement_is_decided_on_the_remits_route(self, story):
        document = story.published("FIN", K, "Fay", "Finn", "Cora")
        request = propose_retirement(actor=story["Cora"], document=document, reason="Nobody needs it.")
        assert story.waits_for(request) == {"Finn"}, "Cora proposed it, and Cleo comes after"
        assert walk(story, request, ["Finn", "Cleo"]).status == "approved"
        document.refresh_from_db()
        assert document.is_retired
        story.check(request, deep=True)


@under("decentralized")
def test_time_is_what_the_row_says(story):
    with time_machine.travel(timezone.now() + timedelta(hours=3), tick=False):
        request = story.submitted("Fay", "FIN", K)
        assert request.opened_at == request.stage_since == timezone.now()
