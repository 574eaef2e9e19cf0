"""What the page of a request shows of the document it is about, to whom."""

import pytest

from governance import subjects
from governance.actions.requests import ask_change
from knowledge.models import Document
from tests.knowledge.cast import TEXT, approved, drafted, next_version, published, submitted, unit
from tests.knowledge.views.pages import signed_in, text_of

pytestmark = pytest.mark.django_db


def test_who_decides_sees_what_changes_by_clause_and_then_by_word(cast):
    document = published(cast)
    request = next_version(cast, document, TEXT.replace("12 months", "6 months"))
    page = signed_in(cast.centre_lead).get(request.get_absolute_url())
    assert "Removed: 12 Added: 6 months" in text_of(page)
    assert f'href="{document.get_absolute_url()}compare/1..r3/"' in page.content.decode()
    approved(request, cast.centre_lead)
    after = signed_in(cast.centre_lead).get(request.get_absolute_url())
    assert "Removed: 12 Added: 6 months" in text_of(after), "the record still says what it changed"


def test_a_first_version_is_shown_whole(cast):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    assert "What would be published" in text_of(signed_in(cast.unit_lead).get(request.get_absolute_url()))


def test_a_wish_for_a_change_shows_its_clause_and_says_nothing_of_drafts(cast):
    document = published(cast)
    next_version(cast, document, TEXT.replace("12 months", "6 months"))
    clause = document.clauses.last()
    kind = subjects.subject_kind("document")
    public_id, label = kind.clause_of(document, str(clause.public_id))
    request = ask_change(
        actor=cast.unit_reader,
        subject=document,
        unit=unit("FIN"),
        reason="It is unclear.",
        proposal="Say it otherwise.",
        clause=public_id,
        clause_label=label,
    )
    page = text_of(signed_in(cast.unit_reader).get(request.get_absolute_url()))
    assert "The clause as it stands" in page
    assert "6 months" not in page
    assert label.startswith("§")


def test_documents_and_clauses_are_found_only_by_who_may_see_them(cast):
    document, draft = published(cast), drafted(cast.unit_author, cast.unit_remit, "Canary")
    kind = subjects.subject_kind("document")
    assert kind.find(cast.unit_reader, document.number.lower()) == document
    assert kind.find(cast.other_reader, draft.number) is None
    assert kind.find(cast.unit_reader, "STD-9999") is None
    assert len(kind.clauses(cast.unit_reader, document)) == 3
    assert kind.clauses(cast.outsider, document) == []
    for wrong in ("", "x", str(draft.clauses.first().public_id)):
        assert kind.clause_of(document, wrong) == (None, "")
    assert kind.version_is_open(cast.unit_reader, document.in_force.public_id)
    assert not kind.version_is_open(cast.other_reader, draft.draft.public_id)


def test_who_lost_the_document_is_shown_nothing_of_it(cast):
    draft = drafted(cast.unit_author, cast.unit_remit)
    request = submitted(cast.unit_author, draft)
    kind = subjects.subject_kind("document")
    assert kind.presentation(cast.other_reader, request) == {}
    assert kind.presentation(cast.auditor, request)["context"]["proposed"] == Document.objects.get(pk=draft.pk).draft
    assert signed_in(cast.other_reader).get(request.get_absolute_url()).status_code == 404
