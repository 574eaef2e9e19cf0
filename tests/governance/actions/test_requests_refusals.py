"""Who may not decide, whatever they call themselves; and that a refusal leaves nothing behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from governance.actions.memberships import NewMembership, grant_memberships
from governance.actions.requests import decide, object_to, record_review, withdraw
from governance.errors import Conflict, Denied, Invalid, NotAllowed, RemitError
from governance.models import ChangeRequest, Decision, LedgerEntry, Objection, Request, RequestWaiting
from governance.vocabulary import Capability, Role
from knowledge.actions.drafts import discard_draft, save_draft, start_revision
from knowledge.actions.retirement import propose_retirement
from knowledge.models import Document
from tests.governance.actions.story import Post, Story, after_last_call, under

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE


def standing() -> Any:
    """Everything that a refused step could have touched."""
    return (
        list(Request.objects.order_by("pk").values()),
        list(RequestWaiting.objects.order_by("pk").values()),
        list(Decision.objects.order_by("pk").values()),
        list(Objection.objects.order_by("pk").values()),
        LedgerEntry.objects.count(),
        list(Document.objects.order_by("pk").values()),
    )


@contextmanager
def refused(error: type[RemitError], words: str | None = None) -> Iterator[None]:
    """The block is refused with the error, whose sentence holds the words, and nothing whatever has changed."""
    before = standing()
    with pytest.raises(error, match=words):
        yield
    assert standing() == before


def edits(story: Story, name: str, document: Document, body: str) -> None:
    document.refresh_from_db()
    assert document.draft is not None
    save_draft(
        actor=story[name],
        document=document,
        base=document.draft.public_id,
        title=document.draft.title,
        body=body,
        reason="Better.",
    )


@under("decentralized")
class TestWhoMayNot:
    def test_the_author(self, story):
        story.people(Lea="FIN")
        document = story.drafted("Lea", "FIN")
        request = story.submits("Fay", document)
        with refused(Denied, "wrote, edited or submitted"):
            story.decides("Lea", request)
        assert story.decides("Finn", request).status == "approved"

    def test_a_co_editor_of_any_earlier_draft(self, story):
        story.people(Lea="FIN")
        document = story.drafted("Fay", "FIN")
        edits(story, "Lea", document, "Lea's words.")
        edits(story, "Fay", document, "Fay's words.")
        request = story.submits("Fay", document)
        with refused(Denied, "wrote, edited or submitted"):
            story.decides("Lea", request)

    def test_who_wrote_an_earlier_version_that_is_in_force_may(self, story):
        story.people(Lea="FIN")
        document = story.published("FIN", K, "Lea", "Finn")
        start_revision(actor=story["Fay"], document=document, reason="Better.")
        edits(story, "Fay", document, "Fay's words.")
        request = story.submits("Fay", document)
        assert story.decides("Lea", request).status == "approved"

    def test_the_submitter(self, story):
        story.people(Lea="FIN")
        request = story.submits("Lea", story.drafted("Fay", "FIN"))
        with refused(Denied, "wrote, edited or submitted"):
            story.decides("Lea", request)

    def test_the_authors_second_account(self, story):
        story.person("Fay2", same_as="Fay")
        story.people(Fay2="FIN")
        request = story.submitted("Fay", "FIN")
        assert story.waits_for(request) == {"Finn"}
        with refused(Denied, "wrote, edited or submitted"):
            story.decides("Fay2", request)

    def test_a_guest_though_a_lead(self, story):
        story.people(Gus=Post("FIN", Role.LEAD, guest=True))
        request = story.submitted("Fay", "FIN")
        with refused(Denied, "You do not decide here"):
            story.decides("Gus", request)

    @pytest.mark.parametrize("name", ["Fred", "Hana", "Olga", "Ada", "Sam"])
    def test_who_holds_no_seat(self, story, name):
        request = story.submitted("Fay", "FIN")
        with refused(Denied, "It waits for: Lead of Unit FIN"):
            story.decides(name, request)

    def test_an_auditor(self, story):
        story.auditor("Aud")
        request = story.submitted("Fay", "FIN")
        with refused(Denied, "You do not decide here"):
            story.decides("Aud", request)

    def test_an_account_that_is_not_active(self, story):
        request = story.submitted("Fay", "FIN")
        story["Finn"].is_active = False
        story["Finn"].save()
        with refused(Denied, "not active"):
            story.decides("Finn", request)
        story["Fay"].is_active = False
        with refused(Denied, "not active"):
            withdraw(actor=story["Fay"], request=request)

    def test_who_was_named_and_has_left_since(self, story):
        story.people(Lea="FIN")
        request = story.submitted("Fay", "FIN")
        story.leaves("Lea", "FIN")
        with refused(Denied, "no longer holds"):
            story.decides("Lea", request)

    def test_who_came_after_it_was_submitted(self, story):
        request = story.submitted("Fay", "FIN")
        story.people(Lea="FIN")
        with refused(Denied):
            story.decides("Lea", request)

    def test_whose_time_has_passed_though_nothing_was_compiled_since(self, story):
        soon = timezone.now() + timedelta(hours=1)
        grant_memberships(
            actor=story.ada,
            memberships=[
                NewMembership(user=story.person("Lea"), unit=story.unit("FIN"), role=Role.LEAD, until=soon),
            ],
        )
        request = story.submitted("Fay", "FIN")
        assert story.waits_for(request) == {"Finn", "Lea"}
        with time_machine.travel(soon, tick=False), refused(Denied, "no longer holds"):
            story.decides("Lea", request)

    def test_only_the_submitter_withdraws(self, story):
        request = story.submitted("Fay", "FIN")
        with refused(Denied, "Only Fay Told"):
            withdraw(actor=story["Finn"], request=request)
        request = withdraw(actor=story["Fay"], request=request, comment="Not yet.")
        assert request.status == "withdrawn"
        assert story.events(request)[-1] == "approval.withdrawn"
        assert "approval.rejected" not in story.events(request)
        story.check(request, deep=True)
        with refused(NotAllowed, "has been withdrawn"):
            story.decides("Finn", request)
        with refused(NotAllowed, "has been withdrawn"):
            withdraw(actor=story["Fay"], request=request)


@under("decentralized")
class TestWhat:
    def test_another_revision_than_was_read(self, story):
        request = story.submitted("Fay", "FIN")
        with refused(Conflict, "Your comment is kept"):
            story.decides("Finn", request, comment="I read it.", seen_hash="0" * 64)
        with pytest.raises(Conflict) as caught:
            story.decides("Finn", request, comment="I read it.", seen_hash="0" * 64)
        assert caught.value.yours == "I read it."

    def test_nothing_read_at_all(self, story):
        request = story.submitted("Fay", "FIN")
        with refused(Conflict, "Your comment is kept"):
            story.decides("Finn", request, seen_hash="")

    def test_what_was_edited_since(self, story):
        document = story.drafted("Fay", "FIN")
        request = story.submits("Fay", document)
        edits(story, "Fay", document, "Other words.")
        request.refresh_from_db()
        assert request.status == "voided"
        assert story.events(request)[-1] == "approval.voided"
        assert "approval.rejected" not in story.events(request)
        assert story.waits_for(request) == set()
        story.check(request, deep=True)
        with refused(Conflict, "changed after you opened"):
            story.decides("Finn", request)
        again = story.submits("Fay", document)
        assert story.decides("Finn", again).status == "approved"

    def test_what_was_discarded_since(self, story):
        document = story.drafted("Fay", "FIN")
        request = story.submits("Fay", document)
        document.refresh_from_db()
        discard_draft(actor=story["Fay"], document=document, base=document.draft.public_id)
        with refused(Conflict):
            story.decides("Finn", request)
        story.check(request, deep=True)

    def test_twice(self, story):
        request = story.submitted("Fay", "FIN")
        story.decides("Finn", request)
        with refused(NotAllowed, "has been approved"):
            story.decides("Finn", request)

    def test_an_unknown_verdict_raises(self, story):
        request = story.submitted("Fay", "FIN")
        with pytest.raises(ValueError, match="no verdict"):
            story.decides("Finn", request, "bless")
        with pytest.raises(ValueError, match="no outcome"):
            record_review(actor=story["Finn"], request=request, outcome="bless")

    @pytest.mark.parametrize("verdict", ["reject", "request_changes"])
    def test_no_to_the_author_without_a_word(self, story, verdict):
        request = story.submitted("Fay", "FIN")
        for comment in ("", "   \n"):
            with refused(Invalid):
                decide(
                    actor=story["Finn"],
                    request=request,
                    verdict=verdict,
                    comment=comment,
                    seen_hash=request.subject_hash,
                )

    @pytest.mark.parametrize("comment", ["x" * 20_001, "a\x00b", "a\u202eb", "a\x07b"])
    def test_a_comment_that_nobody_can_read(self, story, comment):
        request = story.submitted("Fay", "FIN")
        with refused(Invalid):
            story.decides("Finn", request, comment=comment)

    def test_a_review_where_there_is_none(self, story):
        request = story.decides("Finn", story.submitted("Fay", "FIN"))
        with refused(NotAllowed, "no review"):
            record_review(actor=story["Finn"], request=request, outcome="accept")


@under("centre_of_excellence")
class TestStages:
    def test_nobody_decides_at_two_stages_by_any_account(self, story):
        story.people(Both=["FIN", "CEN"])
        story.person("Both2", same_as="Both")
        story.people(Both2="CEN")
        request = story.decides("Both", story.submitted("Fay", "FIN"))
        assert story.waits_for(request) == {"Cora", "Cleo"}
        for name in ("Both", "Both2"):
            with refused(Denied, "already decided"):
                story.decides(name, request)
        with refused(Denied, "You do not decide here"):
            story.decides("Finn", request)
        story.check(request)

    def test_the_later_stage_does_not_come_first(self, story):
        request = story.submitted("Fay", "FIN")
        with refused(Denied):
            story.decides("Cora", request)


@under("evolved")
class TestCouncil:
    def test_a_seat_has_one_vote_and_a_person_too(self, story):
        story.people(Heidi="HR")
        story.person("Hana2", same_as="Hana")
        story.people(Hana2="IT")
        request = story.submitted("Fay", "FIN")
        with after_last_call(request):
            story.decides("Hana", request)
            with refused(NotAllowed, "one vote"):
                story.decides("Heidi", request)
            with refused(Denied, "already decided"):
                story.decides("Hana2", request)
            with refused(Denied, "already decided"):
                story.decides("Hana", request)
            assert story.waits_for(request) == {"Ivan", "Olga", "Finn", "Cora", "Cleo"}

    def test_an_objection_without_a_word(self, story):
        request = story.submitted("Fay", "FIN")
        with refused(Invalid):
            object_to(actor=story["Hana"], request=request, comment=" ")


@under("decentralized")
class TestOneSubmission:
    def test_the_same_key_again_is_the_same_request(self, story):
        key = uuid4()
        document = story.drafted("Fay", "FIN")
        request = story.submits("Fay", document, submission_key=key)
        before = standing()
        assert story.submits("Fay", document, submission_key=key) == request
        assert standing() == before

    def test_of_a_change_and_of_an_exception_too(self, story):
        document = story.published("FIN", K, "Fay", "Finn")
        key, other = uuid4(), uuid4()
        change = story.asks_change("Fred", "FIN", document, submission_key=key)
        exception = story.asks_exception("Fred", "FIN", document, submission_key=other)
        before = standing()
        assert story.asks_change("Fred", "FIN", document, submission_key=key, proposal="Other.") == change
        assert story.asks_exception("Fred", "FIN", document, submission_key=other) == exception
        assert standing() == before
        assert ChangeRequest.objects.get().proposal == "Say it shorter."

    def test_a_key_used_for_something_else_is_refused(self, story):
        document = story.published("FIN", K, "Fay", "Finn")
        other = story.published("FIN", K, "Fay", "Finn")
        key = uuid4()
        story.asks_change("Fred", "FIN", document, submission_key=key)
        for again in (
            lambda: story.asks_change("Fay", "FIN", document, submission_key=key),
            lambda: story.asks_change("Fred", "FIN", other, submission_key=key),
            lambda: story.asks_exception("Fred", "FIN", document, submission_key=key),
            lambda: propose_retirement(actor=story["Finn"], document=other, reason="Old.", submission_key=key),
        ):
            with refused(Conflict, "used for something else"):
                again()


@under("decentralized")
class TestAsking:
    def test_a_guest_and_an_outsider_ask_for_nothing(self, story):
        document = story.published("FIN", K, "Fay", "Finn")
        story.people(Gus=Post("FIN", guest=True))
        story.person("Otto")
        for name in ("Gus", "Otto"):
            with refused(Denied):
                story.asks_change(name, "FIN", document)
            with refused(Denied):
                story.asks_exception(name, "FIN", document)

    def test_nobody_asks_for_a_unit_that_is_not_theirs(self, story):
        document = story.published("FIN", K, "Fay", "Finn")
        with refused(Invalid, "a unit you belong to: Unit FIN"):
            story.asks_change("Fred", "HR", document)

    @pytest.mark.parametrize("days", [0, -1, 366])
    def test_an_exception_holds_for_a_year_at_most(self, story, days):
        document = story.published("FIN", K, "Fay", "Finn")
        until = timezone.localdate() + timedelta(days=days)
        with refused(Invalid, "365 days"):
            story.asks_exception("Fred", "FIN", document, until=until)
