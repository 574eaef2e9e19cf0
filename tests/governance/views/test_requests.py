"""Requests in the browser: read by whom they concern, decided once, and nothing typed is lost."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from governance.actions.requests import withdraw
from governance.models import Decision, LedgerEntry, Objection, Request
from governance.vocabulary import Capability
from knowledge.actions.drafts import save_draft
from knowledge.models import Document
from tests.governance.actions.conftest import _told_once, story  # noqa: F401 - fixtures
from tests.governance.actions.story import Story, after_last_call, under

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE


def browser(story: Story, name: str) -> Client:  # noqa: F811
    client = Client()
    client.force_login(story[name])
    return client


def posted(story: Story, name: str, request: Request, step: str, **said: Any) -> Any:  # noqa: F811
    """The answer to the person's click, having read what stands."""
    said = {"seen_hash": request.subject_hash, "comment": "", **said}
    return browser(story, name).post(request.get_absolute_url(), {"step": step, **said})


def text_of(answer: Any) -> str:
    """What the page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def main_of(answer: Any) -> str:
    """The page without what differs with every answer."""
    return re.sub(r'nonce="[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())


@under("centre_of_excellence")
class TestDeciding:
    def test_one_after_another_until_it_is_published(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        page = browser(story, "Finn").get(request.get_absolute_url())
        assert page.status_code == 200
        assert "You decide because" in text_of(page)
        assert "Approve and pass on" in text_of(page)
        assert posted(story, "Finn", request, "approve").status_code == 302
        answer = posted(story, "Cora", request, "approve", comment="Good.")
        assert answer.status_code == 302
        request.refresh_from_db()
        assert request.status == "approved"
        assert Document.objects.get(public_id=request.subject_id).in_force is not None
        story.check(request, deep=True)
        page = text_of(browser(story, "Fay").get(request.get_absolute_url()))
        assert "Finn Told : I approve this revision for publication." in page
        assert "“Good.”" in page

    def test_a_get_decides_nothing_whatever_it_carries(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        before = LedgerEntry.objects.count()
        said = {"step": "approve", "seen_hash": request.subject_hash, "comment": "x"}
        for method in ("get", "head", "options"):
            getattr(browser(story, "Finn"), method)(request.get_absolute_url(), said)
        for method in ("put", "patch", "delete"):
            assert getattr(browser(story, "Finn"), method)(request.get_absolute_url()).status_code == 405
        assert LedgerEntry.objects.count() == before
        assert not Decision.objects.exists()

    def test_without_the_forms_token_nothing_is_decided(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        client = Client(enforce_csrf_checks=True)
        client.force_login(story["Finn"])
        answer = client.post(request.get_absolute_url(), {"step": "approve", "seen_hash": request.subject_hash})
        assert answer.status_code == 403
        assert not Decision.objects.exists()

    def test_nobody_who_is_not_signed_in(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        answer = Client().post(request.get_absolute_url(), {"step": "approve", "seen_hash": request.subject_hash})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/signin/")

    @pytest.mark.parametrize("step", ["reject", "request_changes"])
    def test_a_no_without_a_word_is_asked_for_one_at_the_field_and_above_the_form(self, story, step):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        answer = posted(story, "Finn", request, step)
        assert answer.status_code == 422
        said = answer.content.decode()
        assert said.count("Say why, so that whoever submitted it knows what to do next.") == 2
        assert 'id="id_comment_error"' in said
        assert 'href="#id_comment"' in said
        assert not Decision.objects.exists()

    def test_an_unknown_step_does_nothing_and_keeps_the_comment(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        for step in ("", "bless", "clear-", "clear-x", "clear-²", "clear-99999999999", "review-bless"):
            answer = posted(story, "Finn", request, step, comment="My long thoughts.")
            assert answer.status_code in (409, 422), step
            assert "My long thoughts." in answer.content.decode()

    def test_the_second_click_has_no_second_effect(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        posted(story, "Finn", request, "approve")
        entries = LedgerEntry.objects.count()
        answer = posted(story, "Finn", request, "approve")
        assert answer.status_code == 403
        assert "You have already decided on this request" in text_of(answer)
        assert (Decision.objects.count(), LedgerEntry.objects.count()) == (1, entries)

    def test_the_author_is_told_why_not(self, story):  # noqa: F811
        request = story.submitted("Finn", "FIN")
        page = browser(story, "Finn").get(request.get_absolute_url())
        assert "You wrote, edited or submitted this, so you do not decide on it." in text_of(page)
        assert 'value="approve"' not in page.content.decode()
        assert posted(story, "Finn", request, "approve").status_code == 403


@under("centre_of_excellence")
class TestTakingBack:
    def test_the_next_page_offers_it_and_one_click_does_it(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        address = f"{request.get_absolute_url()}undo/"
        finn = browser(story, "Finn")
        said = {"step": "approve", "seen_hash": request.subject_hash, "comment": ""}
        page = finn.post(request.get_absolute_url(), said, follow=True)
        assert f'action="{address}"' in page.content.decode()
        assert "You approved R-1. It goes on to the next step. Undo for 30 seconds" in text_of(page)
        again = finn.get(request.get_absolute_url()).content.decode()
        assert f'formaction="{address}"' in again, "whoever comes back finds it too"
        assert f'formaction="{address}"' not in browser(story, "Cora").get(request.get_absolute_url()).content.decode()

        assert finn.get(address).status_code == 405
        assert browser(story, "Ivan").post(address).status_code == 404
        assert browser(story, "Cora").post(address).status_code == 403
        assert not Decision.objects.filter(undone_at__isnull=False).exists()
        page = finn.post(address, follow=True)
        assert "You took back your decision on R-1. Nobody was told of it." in text_of(page)
        assert "Finn Told : I approve this revision for publication. Taken back." in text_of(page)
        assert 'value="approve"' in page.content.decode()
        story.check(request, deep=True)
        assert finn.post(address).status_code == 403, "there is nothing left to take back"

    def test_what_published_offers_none(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        story.decides("Finn", request)
        cora = browser(story, "Cora")
        said = {"step": "approve", "seen_hash": request.subject_hash, "comment": ""}
        page = cora.post(request.get_absolute_url(), said, follow=True)
        assert "is approved and published" in text_of(page)
        assert "undo/" not in page.content.decode()
        answer = cora.post(f"{request.get_absolute_url()}undo/")
        assert answer.status_code == 409
        assert "has taken effect, so it cannot be taken back" in text_of(answer)


@under("centre_of_excellence")
class TestNothingTypedIsLost:
    def test_what_changed_meanwhile_is_said_and_the_comment_kept(self, story):  # noqa: F811
        document = story.drafted("Fay", "FIN")
        request = story.submits("Fay", document)
        document.refresh_from_db()
        save_draft(
            actor=story["Fay"],
            document=document,
            base=document.draft.public_id,
            title="Other",
            body="Other words.",
            reason="Better.",
        )
        answer = posted(story, "Finn", request, "reject", comment="A page of thoughts.")
        assert answer.status_code == 409
        said = answer.content.decode()
        assert "The revision changed after you opened this page, so nothing was decided." in text_of(answer)
        assert "A page of thoughts.</textarea>" in said
        assert not Decision.objects.exists()

    def test_a_form_that_named_another_revision_can_be_sent_again_once_it_is_read(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        answer = posted(story, "Finn", request, "approve", comment="Fine.", seen_hash="0" * 64)
        assert answer.status_code == 409
        seen = re.search(r'name="seen_hash"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="seen_hash"', main_of(answer))
        assert seen is not None
        assert request.subject_hash in seen.groups()

    def test_withdrawn_meanwhile(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        withdraw(actor=story["Fay"], request=request)
        answer = posted(story, "Finn", request, "reject", comment="A page of thoughts.")
        assert answer.status_code == 409
        assert "has been withdrawn" in text_of(answer)
        assert "A page of thoughts.</textarea>" in answer.content.decode()

    def test_a_substitute_who_no_longer_sees_it_keeps_it_too(self, story, monkeypatch):  # noqa: F811
        story.delegates("Finn", "Hugo", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        from governance.selectors import requests as selectors

        page = selectors.request_page(story["Hugo"], request.number)
        story.decides("Finn", request)
        seen = iter([page])
        real = selectors.request_page
        monkeypatch.setattr(selectors, "request_page", lambda *a: next(seen, None) or real(*a))
        answer = posted(story, "Hugo", request, "reject", comment="A page of thoughts.")
        assert answer.status_code == 409
        assert "A page of thoughts." in answer.content.decode()


@under("centre_of_excellence")
class TestHidden:
    def test_a_hidden_request_is_answered_as_an_absent_one(self, story):  # noqa: F811
        story.person("Otto")
        absent = {
            (name, step): self._asked(story, name, step) for name in ("Ivan", "Otto", "Ada") for step in ("", "approve")
        }
        request = story.submitted("Fay", "FIN")
        assert request.number == "R-1"
        for (name, step), before in absent.items():
            after = self._asked(story, name, step)
            assert after.status_code == before.status_code == 404
            assert main_of(after) == main_of(before), (name, step)
        assert not Decision.objects.exists()

    @staticmethod
    def _asked(story: Story, name: str, step: str) -> Any:  # noqa: F811
        client = browser(story, name)
        if not step:
            return client.get("/requests/R-1/")
        return client.post("/requests/R-1/", {"step": step, "comment": "x", "seen_hash": "0" * 64})

    def test_and_stands_in_no_list_and_no_count(self, story):  # noqa: F811
        story.submitted("Fay", "FIN", title="Heron plan")
        for name in ("Ivan", "Ada", "Hal"):
            for chosen in ("waiting", "asked", "unit", "all"):
                page = browser(story, name).get(f"/requests/?list={chosen}").content.decode()
                assert "R-1" not in page
                assert "Heron" not in page
        assert "Heron" in browser(story, "Finn").get("/requests/?list=waiting").content.decode()
        assert "Heron" in browser(story, "Fay").get("/requests/?list=asked").content.decode()

    def test_a_document_that_somebody_does_not_see_cannot_be_asked_about(self, story):  # noqa: F811
        absent = browser(story, "Ivan").get("/requests/new/?kind=change&ref=STD-0001")
        story.submitted("Fay", "FIN")
        hidden = browser(story, "Ivan").get("/requests/new/?kind=change&ref=STD-0001")
        assert hidden.status_code == absent.status_code == 404
        assert main_of(hidden) == main_of(absent)


@under("centre_of_excellence")
def test_a_substitute_decides_and_reads_for_whom(story):  # noqa: F811
    story.delegates("Finn", "Hugo", story.remit("FIN"))
    request = story.submitted("Fay", "FIN")
    page = browser(story, "Hugo").get(request.get_absolute_url())
    assert "You decide for Finn Told, and it counts as yours too." in text_of(page)
    answer = posted(story, "Hugo", request, "approve")
    assert (answer.status_code, answer["Location"]) == (302, request.get_absolute_url()), "what they decided, they see"
    afterwards = text_of(browser(story, "Hugo").get(request.get_absolute_url()))
    assert "have one name" in text_of(page)
    assert "have one name" not in afterwards, "what no longer waits is not read"
    assert Decision.objects.get().on_behalf_of == story["Finn"]
    assert "for Finn Told" in text_of(browser(story, "Cora").get(request.get_absolute_url()))
    over_http = story.submitted("Fay", "FIN")
    answer = browser(story, "Hugo").post(
        f"/api/v1/requests/{over_http.number}/decisions/",
        {"verdict": "approve", "seen_hash": over_http.subject_hash},
        content_type="application/json",
    )
    assert answer.status_code == 201, answer.content


@under("evolved")
def test_an_objection_is_raised_and_cleared(story):  # noqa: F811
    request = story.submitted("Fay", "FIN")
    page = browser(story, "Hana").get(request.get_absolute_url())
    assert "Object in the last call" in text_of(page)
    assert posted(story, "Hana", request, "object").status_code == 422
    assert posted(story, "Hana", request, "object", comment="Not for us.").status_code == 302
    assert "Not for us." in text_of(browser(story, "Fay").get(request.get_absolute_url()))
    assert posted(story, "Ivan", request, "clear-1").status_code == 403
    assert posted(story, "Hana", request, "clear-1").status_code == 302
    assert Objection.objects.get().cleared_by == story["Hana"]
    with after_last_call(request):
        assert "Approve" in text_of(browser(story, "Hana").get(request.get_absolute_url()))


@under("devolved")
def test_a_review_withdraws_with_a_word(story):  # noqa: F811
    request = story.decides("Finn", story.submitted("Fay", "FIN"))
    assert "Your review" in text_of(browser(story, "Cora").get(request.get_absolute_url()))
    assert posted(story, "Cora", request, "review-withdraw").status_code == 422
    assert posted(story, "Cora", request, "review-withdraw", comment="It is wrong.").status_code == 302
    assert Document.objects.get(public_id=request.subject_id).in_force is None


@under("decentralized")
class TestAsking:
    @pytest.fixture
    def document(self, story):  # noqa: F811
        return story.published("FIN", K, "Fay", "Finn")

    def said(self, document: Document, kind: str, **more: Any) -> dict[str, Any]:
        until = timezone.localdate() + timedelta(days=30)
        return {
            "kind": kind,
            "ref": document.number,
            "unit": "FIN",
            "clause": "",
            "reason": "Nobody reads it.",
            "proposal": "Say it shorter.",
            "until": until.isoformat(),
            "compensating_control": "By hand.",
            "risk": "low",
            "submission_key": str(uuid4()),
            **more,
        }

    @pytest.mark.parametrize("kind", ["change", "exception"])
    def test_checked_then_sent_once_however_often(self, story, document, kind):  # noqa: F811
        fred, said = browser(story, "Fred"), self.said(document, kind)
        assert fred.get(f"/requests/new/?kind={kind}&ref={document.number}").status_code == 200
        checked = fred.post("/requests/new/", said)
        assert checked.status_code == 200
        assert "Check your answers" in text_of(checked)
        assert not Request.objects.filter(kind=kind).exists()
        first = fred.post("/requests/new/", {**said, "send": "1"})
        entries = LedgerEntry.objects.count()
        second = fred.post("/requests/new/", {**said, "send": "1"})
        request = Request.objects.get(kind=kind)
        assert first["Location"] == second["Location"] == request.get_absolute_url()
        assert LedgerEntry.objects.count() == entries
        assert story.waits_for(request) == {"Finn"}

    def test_what_is_missing_is_said_where_it_is_missing(self, story, document):  # noqa: F811
        answer = browser(story, "Fred").post(
            "/requests/new/", self.said(document, "exception", reason="", until="soon", send="1")
        )
        assert answer.status_code == 422
        said = answer.content.decode()
        assert said.count("Enter why you ask.") == 2
        assert said.count("Enter a day such as 2027-03-01.") == 2
        assert "By hand." in said
        assert not Request.objects.filter(kind="exception").exists()

    def test_another_persons_form_is_not_taken_over(self, story, document):  # noqa: F811
        said = {**self.said(document, "change"), "send": "1"}
        assert browser(story, "Fred").post("/requests/new/", said).status_code == 302
        answer = browser(story, "Fay").post("/requests/new/", said)
        assert answer.status_code == 409
        assert "R-2" not in answer.content.decode()

    def test_another_unit_than_ones_own_is_no_choice(self, story, document):  # noqa: F811
        answer = browser(story, "Fred").post("/requests/new/", self.said(document, "change", unit="HR", send="1"))
        assert answer.status_code == 422
