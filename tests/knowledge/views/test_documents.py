"""The reading page: what is in force, for whom, with what is said about it; and files that cannot do harm."""

import io
import zlib
from typing import Any

import pytest
from django.utils import timezone

from governance import ledger
from governance.actions.requests import ask_exception
from governance.vocabulary import RiskLevel
from knowledge.actions.attachments import attach_file
from knowledge.actions.documents import add_alias, change_classification
from knowledge.actions.publication import publish_revision
from knowledge.actions.retirement import propose_retirement
from knowledge.models import Document, Publication
from tests.knowledge.cast import TEXT, approved, drafted, in_days, next_version, published, submitted, unit
from tests.knowledge.views.pages import hidden, signed_in, text_of

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + zlib.compress(b"dots")
ADDRESSES = (
    "/s/{ref}/",
    "/s/{ref}/v/1/",
    "/s/{ref}/v/draft/",
    "/s/{ref}/edit/",
    "/s/{ref}/history/",
    "/s/{ref}/compare/1..2/",
    "/s/{ref}/compare/?a=1&b=2",
    "/s/{ref}/review/",
    "/s/{ref}/retire/",
    "/s/{ref}/about/",
)


def test_a_reader_reads_the_version_in_force_with_its_clauses_and_what_it_is_to_their_unit(cast):
    document = published(cast)
    page = signed_in(cast.unit_reader).get(document.get_absolute_url())
    words = text_of(page)
    assert 'class="clause" id="' in page.content.decode()
    assert "In force" in words
    assert "Version 1 since" in words
    assert "For your unit, Finance This applies to your unit." in words
    assert "Approved Cora Centre" in words
    assert "Uncontrolled copy" in words
    assert f"/requests/new/?ref={document.number}&amp;kind=exception" in page.content.decode()
    assert "Work on it" not in words, "a reader cannot work on it"
    assert "Life of this document" in words


def test_it_is_found_by_its_number_and_by_other_references_in_any_case(cast):
    document = published(cast)
    add_alias(actor=cast.centre_lead, document=document, value="SEGAS-00018")
    client = signed_in(cast.unit_reader)
    for ref in (document.number, document.number.lower(), "SEGAS-00018", "segas-00018"):
        assert document.title in text_of(client.get(f"/s/{ref}/")), ref


def test_what_is_hidden_answers_as_what_is_not_there(cast):
    draft = drafted(cast.unit_author, cast.unit_remit, "Canary")
    for person in (cast.other_reader, cast.admin):
        hidden(signed_in(person), draft.number, *ADDRESSES)


def test_nothing_can_be_sent_to_what_is_hidden(cast):
    draft = drafted(cast.unit_author, cast.unit_remit, "Canary")
    client = signed_in(cast.other_reader)
    for path in ("edit/preview/", "start/", "discard/", "edit/", "review/", "retire/", "about/"):
        assert client.post(f"{draft.get_absolute_url()}{path}", {}).status_code == 404, path


def test_a_draft_is_read_by_who_writes_and_says_that_it_is_one(cast):
    draft = drafted(cast.unit_author, cast.unit_remit)
    page = signed_in(cast.unit_author).get(draft.get_absolute_url())
    assert "This is a draft. It is not in force." in text_of(page)
    assert f'href="{draft.get_absolute_url()}edit/"' in page.content.decode()


def test_the_next_version_is_told_of_only_to_who_may_read_it(cast):
    document = published(cast)
    request = next_version(cast, document, TEXT.replace("12 months", "6 months"))
    writer = text_of(signed_in(cast.centre_author).get(document.get_absolute_url()))
    assert "The next version is waiting for approval. See what changes" in writer
    reader = signed_in(cast.unit_reader)
    page = text_of(reader.get(document.get_absolute_url()))
    assert "waiting for approval" not in page
    assert "6 months" not in page
    for name in ("draft", "r2", "r3", "approved", "2", "9999-12-31", "x"):
        assert reader.get(f"{document.get_absolute_url()}v/{name}/").status_code == 404, name
    approved(request, cast.other_centre_lead)
    assert "6 months" in text_of(reader.get(document.get_absolute_url()))
    old = text_of(reader.get(f"{document.get_absolute_url()}v/1/"))
    assert "You are reading version 1, replaced on" in old
    assert "12 months" in old


def test_a_version_approved_for_later_is_announced_to_who_may_read_drafts(cast):
    document = published(cast)
    approved(next_version(cast, document, TEXT + "\nMore.\n", effective_on=in_days(20)), cast.centre_lead)
    page = text_of(signed_in(cast.centre_author).get(document.get_absolute_url()))
    assert "The next version is approved and comes into force on" in page
    assert "comes into force on" not in text_of(signed_in(cast.unit_reader).get(document.get_absolute_url()))


def test_a_retired_document_says_so_and_leads_to_what_followed_it(cast):
    old, new = published(cast, "Passwords"), published(cast, "Passkeys")
    request = propose_retirement(actor=cast.centre_lead, document=old, reason="Passkeys came.", successor=new)
    approved(request, cast.other_centre_lead)
    page = signed_in(cast.unit_reader).get(old.get_absolute_url())
    assert "it is not in force any more. Passkeys came." in text_of(page)
    assert f'href="{new.get_absolute_url()}"' in page.content.decode()
    assert "Suggest a change" not in text_of(page)
    change_classification(actor=cast.centre_lead, document=new, classification="restricted")
    hidden_now = signed_in(cast.unit_reader).get(old.get_absolute_url())
    assert new.number not in hidden_now.content.decode(), "what took its place may be hidden"


def test_an_imported_version_says_on_whose_word_it_is_in_force(cast):
    document = drafted(cast.centre_author, cast.centre_remit)
    with ledger.change(actor=cast.centre_lead) as change:
        locked = Document.objects.select_for_update().get(pk=document.pk)
        assert locked.draft is not None
        publish_revision(
            change,
            document=locked,
            revision=locked.draft,
            basis=Publication.Basis.ATTESTED,
            actor=cast.centre_lead,
            attestation="It was in use for years.",
        )
    words = text_of(signed_in(cast.unit_reader).get(document.get_absolute_url()))
    assert "Not approved: taken into force on the word of Cora Centre. “It was in use for years.”" in words
    assert "Not approved" in text_of(signed_in(cast.unit_reader).get("/library/"))


def test_an_exception_stands_at_its_clause(cast):
    document = published(cast)
    clause = document.clauses.first()
    request = ask_exception(
        actor=cast.unit_lead,
        subject=document,
        unit=unit("FIN"),
        reason="Old machines.",
        clause=clause.public_id,
        clause_label="§1",
        until=in_days(30),
        compensating_control="A locked room.",
        risk=RiskLevel.LOW.value,
    )
    approved(request, cast.centre_lead)
    page = text_of(signed_in(cast.unit_lead).get(document.get_absolute_url()))
    assert "Exception: Finance until" in page
    assert request.number in page
    assert request.number not in text_of(signed_in(cast.other_reader).get(document.get_absolute_url()))


def _with_files(cast: Any) -> Document:
    document = drafted(cast.centre_author, cast.centre_remit)
    for name, data in (("plan.png", PNG), ("logo.svg", b"<svg onload='alert(1)'/>"), ("data.csv", b"a,b\n1,2\n")):
        document.refresh_from_db()
        attach_file(
            actor=cast.centre_author, document=document, base=document.draft.public_id, name=name, file=io.BytesIO(data)
        )
    approved(submitted(cast.centre_author, document), cast.centre_lead)
    return Document.objects.get(pk=document.pk)


def test_files_are_handed_over_so_that_nothing_in_them_runs(cast):
    document = _with_files(cast)
    revision = document.in_force
    assert revision is not None
    client = signed_in(cast.unit_reader)
    base = f"/s/{document.number}/files/{revision.public_id}/"
    picture = client.get(f"{base}plan.png")
    assert picture["Content-Type"] == "image/png"
    assert "attachment" not in picture.get("Content-Disposition", "")
    assert b"".join(picture.streaming_content) == PNG
    for name in ("logo.svg", "data.csv"):
        answer = client.get(f"{base}{name}")
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"].startswith("attachment")
        assert b"".join(answer.streaming_content)
    for answer in (picture, client.get(f"{base}logo.svg")):
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert "logo.svg" in text_of(client.get(document.get_absolute_url()))
    assert client.get(f"{base}other.png").status_code == 404
    assert client.get(base.replace(document.number, "STD-9999") + "plan.png").status_code == 404
    assert signed_in(cast.outsider).get(f"{base}plan.png").status_code == 404


def test_files_of_a_draft_are_not_for_readers(cast):
    document = drafted(cast.centre_author, cast.centre_remit)
    saved = attach_file(
        actor=cast.centre_author,
        document=document,
        base=document.draft.public_id,
        name="plan.png",
        file=io.BytesIO(PNG),
    )
    path = f"/s/{document.number}/files/{saved.public_id}/plan.png"
    assert signed_in(cast.unit_reader).get(path).status_code == 404
    answer = signed_in(cast.centre_author).get(path)
    assert b"".join(answer.streaming_content) == PNG


def test_markup_in_titles_and_texts_is_only_text(cast):
    title = "<script>alert(1)</script> {{ 7|add:7 }}"
    document = published(
        cast, title, body="<img src=x onerror=alert(1)>\n\n- You MUST not <b onclick=x>run</b> this.\n"
    )
    for person in (cast.unit_reader, cast.centre_author):
        client = signed_in(person)
        for path in ("", "history/", "about/", "v/1/"):
            page = client.get(f"{document.get_absolute_url()}{path}").content.decode()
            assert "<script>alert" not in page
            assert "onerror=" not in page.replace("&lt;img src=x onerror=", "")
            assert "onclick=x" not in page


def test_reading_stays_within_twelve_statements(cast, django_assert_max_num_queries):
    document = published(cast)
    next_version(cast, document, TEXT + "\nMore.\n")
    for person in (cast.unit_reader, cast.centre_author, cast.auditor):
        client = signed_in(person)
        client.get(document.get_absolute_url())
        with django_assert_max_num_queries(12):
            client.get(document.get_absolute_url())


def test_days_are_of_the_calendar(cast):
    document = published(cast)
    assert str(timezone.now().year) in text_of(signed_in(cast.unit_reader).get(document.get_absolute_url()))
    day = document.in_force_since
    assert signed_in(cast.unit_reader).get(f"{document.get_absolute_url()}v/{day.isoformat()}/").status_code == 200
