"""A decision taken back: by whoever gave it, for half a minute, before anybody is told, and never what took effect."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from governance import ledger
from governance.actions import requests as actions
from governance.actions.undoing import HOLD, undo_decision
from governance.errors import Denied, NotAllowed
from governance.models import Decision, Delivery, Objection, Request
from governance.vocabulary import Capability
from knowledge.actions.drafts import discard_draft, save_draft
from knowledge.actions.retirement import propose_retirement
from knowledge.models import Document
from tests.governance.actions.story import Story, after_last_call, under

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(timezone.now(), tick=False) as time:
        yield time


def undo(story: Story, name: str, request: Request) -> Request:
    return undo_decision(actor=story[name], request=request)


def told(request: Request) -> list[tuple[str, str]]:
    """The request's own entries that somebody hears, with how their deliveries stand."""
    stream = ledger.stream("request", request.public_id).name
    rows = Delivery.objects.filter(entry__stream__name=stream, handler="accounts.tell")
    return list(rows.order_by("entry__sequence").values_list("entry__event", "state"))


@under("centre_of_excellence")
class TestOnTheWay:
    def test_the_request_stands_where_it_stood_and_nobody_was_told(self, story):
        request = story.submitted("Fay", "FIN")
        before = story.check(request)
        ledger.deliver_due()
        story.decides("Finn", request)
        assert story.waits_for(request) == {"Cora", "Cleo"}
        assert ledger.deliver_due().done == 0, "held"

        moved = undo(story, "Finn", request)
        assert story.check(request, deep=True) == before
        assert story.waits_for(moved) == {"Finn"}
        assert moved.undo is None
        assert Decision.objects.get(request=request).undone_at is not None
        assert story.events(request)[-1] == "approval.taken_back"
        (said,) = story.said(request, "approval.taken_back")
        assert said["before"]["stage"] != said["after"]["stage"] == before.stage
        ledger.deliver_due(now=ledger.database_now() + HOLD)
        assert told(request) == [
            ("approval.submitted", "done"),
            ("approval.stage_entered", "done"),
            ("approval.approved", "cancelled"),
            ("approval.stage_entered", "cancelled"),
            ("approval.taken_back", "done"),
        ]

    def test_it_can_be_decided_again_and_published(self, story):
        request = story.submitted("Fay", "FIN")
        for _ in range(2):
            story.decides("Finn", request, "reject")
            undo(story, "Finn", request)
        story.decides("Finn", request)
        story.decides("Cora", request)
        state = story.check(request, deep=True)
        assert state.status.value == "approved"
        assert [row.undone_at is None for row in Decision.objects.filter(request=request)] == [False, False, True, True]
        assert Document.objects.get(public_id=request.subject_id).in_force is not None

    @pytest.mark.parametrize("verdict", ["reject", "request_changes"])
    def test_what_was_sent_back_or_rejected_waits_again(self, story, verdict):
        request = story.submitted("Fay", "FIN")
        before = story.check(request)
        assert story.decides("Finn", request, verdict).decided_at is not None
        assert undo(story, "Finn", request).status == "open"
        assert story.check(request, deep=True) == before

    def test_only_by_whoever_decided_under_whichever_account(self, story):
        request = story.submitted("Fay", "FIN")
        story.decides("Finn", request)
        for other in ("Cora", "Fay", "Ada"):
            with pytest.raises(Denied, match="no decision on"):
                undo(story, other, request)
        gone = story.person("Finn2", same_as="Finn")
        gone.is_active = False
        with pytest.raises(Denied, match="not active"):
            undo(story, "Finn2", request)
        gone.is_active = True
        assert undo(story, "Finn2", request).stage == request.stage

    def test_only_within_its_half_minute(self, story, clock):
        request = story.submitted("Fay", "FIN")
        story.decides("Finn", request)
        clock.shift(HOLD + timedelta(seconds=1))
        entries = story.events(request)
        with pytest.raises(NotAllowed, match=r"Half a minute has passed.*Speak with Fay Told"):
            undo(story, "Finn", request)
        assert story.events(request) == entries
        story.check(request)

    def test_not_once_anybody_was_told_whatever_the_clock_says(self, story):
        request = story.submitted("Fay", "FIN")
        ledger.deliver_due()
        story.decides("Finn", request)
        ledger.deliver_due(now=ledger.database_now() + HOLD, limit=1)
        with pytest.raises(NotAllowed, match="was told to those it concerns"):
            undo(story, "Finn", request)
        assert "cancelled" not in dict(told(request)).values()
        story.check(request)

    def test_not_once_somebody_has_acted_since(self, story):
        request = story.submitted("Fay", "FIN")
        story.decides("Finn", request)
        story.decides("Cora", request, "request_changes")
        with pytest.raises(NotAllowed, match="has moved on since you decided"):
            undo(story, "Finn", request)
        assert undo(story, "Cora", request).status == "open"
        with pytest.raises(NotAllowed, match="has moved on since you decided"):
            undo(story, "Finn", request)
        story.check(request)

    def test_not_once_it_was_withdrawn(self, story):
        request = story.submitted("Fay", "FIN")
        story.decides("Finn", request)
        actions.withdraw(actor=story["Fay"], request=request)
        with pytest.raises(NotAllowed, match="has moved on"):
            undo(story, "Finn", request)
        assert Request.objects.get(pk=request.pk).status == "withdrawn"

    def test_what_was_published_stays_published(self, story):
        request = story.submitted("Fay", "FIN")
        story.decides("Finn", request)
        story.decides("Cora", request)
        assert Request.objects.get(pk=request.pk).undo is None
        held = Delivery.objects.filter(entry__event="document.published", not_before__gt=ledger.database_now())
        assert not held.exists(), "nothing is held that cannot be taken back"
        with pytest.raises(NotAllowed, match="has taken effect"):
            undo(story, "Cora", request)
        assert Document.objects.get(public_id=request.subject_id).in_force is not None
        story.check(request, deep=True)

    @pytest.mark.parametrize("what", ["edited", "discarded", "submitted"])
    def test_not_once_the_author_has_taken_up_what_came_back(self, story, what):
        request = story.submitted("Fay", "FIN")
        document = Document.objects.get(public_id=request.subject_id)
        story.decides("Finn", request, "request_changes")
        base = document.draft.public_id
        if what == "edited":
            saved = {"title": "Other", "body": "Names MUST be other.", "reason": "As asked."}
            save_draft(actor=story["Fay"], document=document, base=base, **saved)
        elif what == "discarded":
            discard_draft(actor=story["Fay"], document=document, base=base)
        else:
            story.submits("Fay", document)
        with pytest.raises(NotAllowed, match="was changed after you decided"):
            undo(story, "Finn", request)
        assert Request.objects.get(pk=request.pk).status == "changes_requested"

    def test_whoever_has_left_meanwhile_is_not_waited_for_again(self, story):
        story.people(Lea="FIN")
        request = story.submitted("Fay", "FIN")
        story.decides("Finn", request)
        story.leaves("Finn", "FIN")
        assert undo(story, "Finn", request).status == "open"
        assert story.waits_for(request) == {"Lea"}
        story.check(request, deep=True)

    def test_an_accepted_change_waits_again_and_a_granted_exception_stands(self, story):
        document = story.published("FIN", K, "Fay", "Finn", "Cora")
        change = story.asks_change("Fred", "FIN", document)
        while Request.objects.get(pk=change.pk).status == "open":
            name = min(story.waits_for(change))
            story.decides(name, change)
        assert Request.objects.get(pk=change.pk).status == "approved"
        assert undo(story, name, change).status == "open"
        story.check(change, deep=True)
        exception = story.asks_exception("Fred", "FIN", document)
        while Request.objects.get(pk=exception.pk).status == "open":
            name = min(story.waits_for(exception))
            story.decides(name, exception)
        with pytest.raises(NotAllowed, match="has taken effect"):
            undo(story, name, exception)
        assert Request.objects.get(pk=exception.pk).status == "approved"

    def test_a_refused_retirement_has_let_go_of_its_document(self, story):
        document = story.published("FIN", K, "Fay", "Finn", "Cora")
        request = propose_retirement(actor=story["Cora"], document=document, reason="Nobody needs it.")
        story.decides("Finn", request, "reject")
        with pytest.raises(NotAllowed, match="has taken effect"):
            undo(story, "Finn", request)

    def test_a_substitute_takes_back_what_they_decided_and_the_delegator_does_not(self, story):
        story.delegates("Finn", "Ivan", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        before = story.check(request)
        story.decides("Ivan", request, on_behalf_of=story["Finn"])
        with pytest.raises(Denied):
            undo(story, "Finn", request)
        undo(story, "Ivan", request)
        assert story.check(request, deep=True) == before


@under("evolved")
def test_a_councils_rejection_taken_back_raises_the_cleared_objection_again(story):
    request = story.submitted("Fay", "FIN")
    actions.object_to(actor=story["Hana"], request=request, comment="Not like this.")
    with after_last_call(request):
        actions.advance_due()
        last = ""
        before = story.check(request)
        while Request.objects.get(pk=request.pk).status == "open":
            last = min(story.waits_for(request))
            before = story.check(request)
            story.decides(last, request, "reject")
        assert Objection.objects.get(request=request).cleared_at is not None
        undo(story, last, request)
        assert Objection.objects.get(request=request).cleared_at is None
        assert story.check(request, deep=True) == before
