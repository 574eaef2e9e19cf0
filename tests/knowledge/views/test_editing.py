"""Writing on the pages: nothing typed is ever lost, nothing is half-saved, and nothing happens twice."""

from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.models import Request
from knowledge.actions.drafts import save_draft
from knowledge.models import Document, Revision
from tests.knowledge.cast import TEXT, approved, drafted, next_version, published, remit, submitted
from tests.knowledge.views.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


def new_form(cast, **more):
    return {
        "title": "Backups",
        "remit": str(cast.unit_remit.public_id),
        "kind": "standard",
        "body": TEXT,
        "reason": "They failed twice.",
        "classification": "internal",
        "tags": "Cloud, backup,,cloud",
        "submission_key": str(uuid4()),
        "step": "save",
        **more,
    }


def draft_form(document, **more):
    draft = Document.objects.get(pk=document.pk).draft
    return {
        "title": draft.title,
        "body": draft.body,
        "reason": draft.reason,
        "base": str(draft.public_id),
        "submission_key": str(uuid4()),
        "step": "save",
        **more,
    }


def test_an_author_makes_a_document_and_submits_it_in_one_go(cast):
    client = signed_in(cast.unit_author)
    assert client.get("/library/new/").status_code == 200
    answer = client.post("/library/new/", new_form(cast, step="submit"))
    document = Document.objects.get()
    request = Request.objects.get()
    assert (document.title, document.tags, document.draft.reason) == (
        "Backups",
        ["cloud", "backup"],
        "They failed twice.",
    )
    assert answer["Location"] == request.get_absolute_url()


def test_the_same_form_sent_twice_makes_one_document_and_one_request(cast):
    client = signed_in(cast.unit_author)
    form = new_form(cast, step="submit")
    assert [client.post("/library/new/", form).status_code for _ in range(2)] == [302, 302]
    assert Document.objects.count() == Revision.objects.count() == Request.objects.count() == 1
    stranger = signed_in(cast.centre_author)
    assert stranger.post("/library/new/", form).status_code == 302
    assert Document.objects.count() == 2, "another person's form is another document"


def test_who_may_not_write_is_told_why_and_makes_nothing(cast):
    for person in (cast.unit_reader, cast.other_reader, cast.guest, cast.auditor, cast.outsider, cast.admin):
        client = signed_in(person)
        answer = client.get("/library/new/")
        assert answer.status_code == 403
        assert "You cannot write documents" in text_of(answer)
        assert client.post("/library/new/", new_form(cast)).status_code == 403
    assert not Document.objects.exists()


BAD_INPUT = [
    ("title", "", "Give it a title."),
    ("title", "x" * 1_000_000, "at most 300"),
    ("title", "one\x00two", "ull"),
    ("title", "turned \u202e round", "direction"),
    ("remit", "", "Choose the unit and subject it belongs to."),
    ("kind", "novel", "valid choice"),
    ("review_months", "many", "Enter a number of months"),
    ("review_months", "9999", "Choose between 1 and 120 months."),
    ("effective_on", "soon", "Enter a day such as"),
    ("tags", "x" * 51, "Shorten the tag"),
]


def test_bad_input_is_named_at_its_field_and_above_and_what_was_typed_stays(cast):
    client = signed_in(cast.unit_author)
    elsewhere = ("remit", str(remit("HR").public_id), "valid choice")
    for field, value, sentence in [*BAD_INPUT, elsewhere]:
        answer = client.post("/library/new/", new_form(cast, **{field: value}))
        words = text_of(answer)
        assert answer.status_code == 422, field
        assert "There is a problem" in words, field
        assert words.count(sentence) >= 2, (field, sentence)
        assert "Keys MUST be rotated" in words, field
    assert not Document.objects.exists()


def test_a_document_that_is_not_ready_is_kept_as_a_draft_and_says_what_is_missing(cast):
    client = signed_in(cast.unit_author)
    answer = client.post("/library/new/", new_form(cast, step="submit", reason=""), follow=True)
    assert "saved as STD-0001, and not submitted. Say why this version is needed." in text_of(answer)
    assert answer.redirect_chain[-1][0] == "/s/STD-0001/edit/"
    assert not Request.objects.exists()


def test_a_draft_is_saved_and_its_readiness_shown(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    client = signed_in(cast.unit_author)
    answer = client.post(
        f"{document.get_absolute_url()}edit/", draft_form(document, body="Less.", reason=""), follow=True
    )
    document.refresh_from_db()
    assert document.draft.body == "Less."
    assert "Draft saved, at" in text_of(answer)
    assert "Say why this version is needed." in text_of(answer)


def test_a_stale_save_answers_with_both_texts_and_loses_neither(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    mine = draft_form(document, body="My own text.")
    save_draft(
        actor=cast.centre_author,
        document=document,
        base=document.draft.public_id,
        title=document.title,
        body="Their text.",
        reason="Theirs.",
    )
    client = signed_in(cast.unit_author)
    url = f"{document.get_absolute_url()}edit/"
    answer = client.post(url, mine)
    words = text_of(answer)
    assert answer.status_code == 409
    assert "Carl Centre saved this draft at" in words
    assert "My own text." in words
    assert "Their text." in words
    document.refresh_from_db()
    assert document.draft.body == "Their text."
    again = client.post(url, {**mine, "base": str(document.draft.public_id)})
    document.refresh_from_db()
    assert (again.status_code, document.draft.body) == (302, "My own text.")


def test_a_text_whose_draft_is_gone_is_shown_to_be_kept(cast):
    document = published(cast)
    next_version(cast, document, TEXT + "\nMore.\n")
    form = draft_form(document, body="Too late, but mine.")
    approved(Request.objects.get(status="open"), cast.centre_lead)
    answer = signed_in(cast.centre_author).post(f"{document.get_absolute_url()}edit/", form)
    assert answer.status_code == 409
    assert "Too late, but mine." in text_of(answer)


def test_submitting_saves_first_and_what_is_missing_is_said_at_its_field(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    client = signed_in(cast.unit_author)
    url = f"{document.get_absolute_url()}edit/"
    answer = client.post(url, draft_form(document, reason="", body="New words.", step="submit"))
    assert answer.status_code == 422
    assert "Say why this version is needed." in text_of(answer)
    document.refresh_from_db()
    assert document.draft.body == "New words.", "what was typed is saved"
    assert f'value="{document.draft.public_id}"' in answer.content.decode(), "and the form stands on what was saved"
    form = draft_form(document, reason="Because.", step="submit")
    assert client.post(url, form)["Location"] == client.post(url, form)["Location"]
    assert Request.objects.count() == 1


def test_a_draft_in_approval_warns_and_a_change_ends_the_approval(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    request = submitted(cast.unit_author, document)
    client = signed_in(cast.unit_author)
    page = client.get(f"{document.get_absolute_url()}edit/")
    assert f"Saving a change ends that approval, and it has to be submitted again. {request.number}" in text_of(page)
    assert "Submit for approval" not in text_of(page)
    client.post(f"{document.get_absolute_url()}edit/", draft_form(document, body="Changed."))
    request.refresh_from_db()
    assert request.status == "voided"


def test_the_preview_is_safe_and_keeps_nothing(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    client = signed_in(cast.unit_author)
    typed = {"title": "T", "body": "<script>alert(1)</script>\n\n- You MUST [look](javascript:alert(1)).\n"}
    for path in ("/library/new/preview/", f"{document.get_absolute_url()}edit/preview/"):
        shown = client.post(path, typed).content.decode()
        assert 'class="clause"' in shown
        assert "<script" not in shown
        assert "javascript:" not in shown.replace("[look](javascript:", "")
    page = client.post(
        f"{document.get_absolute_url()}edit/", draft_form(document, body="- You MUST see.\n", step="preview")
    )
    assert page.status_code == 200
    assert "§1 must" in text_of(page).lower()
    assert Revision.objects.count() == 1


def test_who_only_reads_cannot_open_send_or_preview_a_draft(cast):
    document = published(cast)
    reader = signed_in(cast.unit_reader)
    url = document.get_absolute_url()
    assert reader.get(f"{url}edit/").status_code == 403
    for path in ("edit/", "edit/preview/", "start/", "discard/"):
        assert reader.post(f"{url}{path}", {"body": "x"}).status_code == 403, path
    assert Revision.objects.count() == 1


def test_a_revision_is_begun_once_and_then_continued(cast):
    document = published(cast)
    client = signed_in(cast.centre_author)
    url = document.get_absolute_url()
    assert "Start a revision" in text_of(client.get(f"{url}edit/"))
    for _ in range(2):
        assert client.post(f"{url}start/", {"reason": "Why."})["Location"] == f"{url}edit/"
    assert Revision.objects.count() == 2
    assert "already has a draft" in text_of(client.get(f"{url}edit/"))


def test_a_discarded_draft_leaves_the_version_in_force(cast):
    document = published(cast)
    client = signed_in(cast.centre_author)
    url = document.get_absolute_url()
    client.post(f"{url}start/", {})
    document.refresh_from_db()
    assert client.post(f"{url}discard/", {"base": str(uuid4())}).status_code == 409
    assert client.post(f"{url}discard/", {"base": str(document.draft.public_id)}).status_code == 302
    document.refresh_from_db()
    assert document.draft is None
    assert document.in_force is not None


def test_files_are_attached_and_removed_with_the_text_saved_first(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    client = signed_in(cast.unit_author)
    url = f"{document.get_absolute_url()}edit/"
    file = SimpleUploadedFile("../../plan .txt", b"words")
    answer = client.post(url, {**draft_form(document, body="Typed meanwhile.", step="attach"), "file": file})
    document.refresh_from_db()
    assert answer.status_code == 302
    assert [entry["name"] for entry in document.draft.manifest] == ["plan .txt"]
    assert document.draft.body == "Typed meanwhile."
    client.post(url, draft_form(document, step="detach:plan .txt"))
    document.refresh_from_db()
    assert document.draft.manifest == []


def test_a_file_that_is_not_accepted_is_refused_at_its_field(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    client = signed_in(cast.unit_author)
    url = f"{document.get_absolute_url()}edit/"
    for name, data, sentence in (
        ("tool.exe", b"MZ", "Files of this kind are not accepted"),
        ("picture.png", b"<html>", "not what the ending of its name says"),
        ("empty.txt", b"", "empty"),
    ):
        form = {**draft_form(document, step="attach"), "file": SimpleUploadedFile(name, data)}
        answer = client.post(url, form)
        assert answer.status_code == 422, name
        assert sentence in text_of(answer), name
    assert "Choose a file to attach." in text_of(client.post(url, draft_form(document, step="attach")))
