"""Search: by number, title, other reference, tag and text; each person only among what they may see."""

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance import ledger
from knowledge.actions.documents import add_alias, change_classification, change_tags
from knowledge.actions.drafts import discard_draft, save_draft, start_revision
from knowledge.actions.retirement import propose_retirement
from knowledge.models import SearchEntry
from knowledge.search import service, tables
from knowledge.search.words import parse_query
from knowledge.selectors.library import LibraryFilters, library, suggestions
from tests.knowledge.cast import TEXT, approved, drafted, published, submitted

pytestmark = pytest.mark.django_db


def told():
    """Every change has been told, as after a commit."""
    ledger.deliver_due()


def found(actor, typed):
    return [row.document.title for row in library(actor, LibraryFilters(text=typed)).rows]


def suggested(actor, typed):
    return [row.document.title for row in suggestions(actor, typed)]


def test_a_document_is_found_by_all_its_words(cast):
    document = published(cast, tags=["privacy"])
    published(cast, "Café opening hours", body="# Café\n\nOpen daily.")
    add_alias(actor=cast.centre_lead, document=document, value="SEGAS-00018")
    told()
    title = ["Encryption of personal data"]
    for typed in (
        "encryption",
        "encrypting",
        "ENCRYPT personal",
        "std-0001",
        "STD 1",
        "segas-00018",
        "privacy",
        "rotated months",
        '"encrypt it at rest"',
        "backups encry",
        'data" encrypt',
    ):
        assert found(cast.unit_reader, typed) == title, typed
    assert found(cast.unit_reader, "cafe") == found(cast.unit_reader, "CAFÉ") == ["Café opening hours"]
    for typed in ("encryption hours", '"rest at it"', "nowhere", "***", '"'):
        assert found(cast.unit_reader, typed) == [], typed


def test_the_title_weighs_more_than_the_text(cast):
    published(cast, "Backups", body="# Backups\n\nThey are kept.")
    published(cast, "Encryption", body=TEXT)
    published(cast, "Restoring", body="# Restoring\n\nFrom backups " + "and other words " * 50)
    told()
    assert found(cast.unit_reader, "backups")[0] == "Backups"
    assert len(found(cast.unit_reader, "backups")) == 3


def test_the_hit_is_shown_with_its_clause_and_marked(cast):
    published(cast)
    told()
    (row,) = library(cast.unit_reader, LibraryFilters(text="rotate")).rows
    assert "<mark>rotated</mark>" in row.snippet
    assert row.anchor.startswith("c")
    (row,) = library(cast.unit_reader, LibraryFilters(text="unit")).rows
    assert "<mark>unit</mark>" in row.snippet
    assert row.anchor == ""


def test_nobody_finds_what_they_may_not_see(cast):
    published(cast, "Public words")
    secret = published(cast, "Zanzibar plan", body="# Zanzibar\n\nThe palimpsest MUST stay.", tags=["quokka"])
    add_alias(actor=cast.centre_lead, document=secret, value="XYZZY-7")
    change_classification(actor=cast.centre_lead, document=secret, classification="restricted")
    told()
    for typed in ("zanzibar", "palimpsest", "quokka", "xyzzy", secret.number, "zanz"):
        assert found(cast.centre_author, typed) == ["Zanzibar plan"], typed
        assert found(cast.auditor, typed) == ["Zanzibar plan"], typed
        for actor in (cast.unit_reader, cast.unit_lead, cast.guest, cast.outsider, cast.admin):
            assert found(actor, typed) == [], (actor, typed)
            assert suggested(actor, typed) == [], (actor, typed)
            assert library(actor, LibraryFilters(text=typed)).total == 0


def test_words_of_a_draft_find_it_only_for_those_who_read_drafts(cast):
    document = published(cast)
    draft = start_revision(actor=cast.centre_author, document=document)
    save_draft(
        actor=cast.centre_author,
        document=document,
        base=draft.public_id,
        title="Zanzibar",
        body=TEXT + "\nThe palimpsest MUST stay.\n",
        reason="Why",
    )
    told()
    for typed in ("palimpsest", "zanzibar"):
        assert found(cast.unit_reader, typed) == [], typed
        assert suggested(cast.unit_reader, typed) == []
        (row,) = library(cast.centre_author, LibraryFilters(text=typed)).rows
        assert row.from_draft
    (row,) = library(cast.centre_author, LibraryFilters(text="palimpsest")).rows
    assert "<mark>palimpsest</mark>" in row.snippet
    (row,) = library(cast.centre_author, LibraryFilters(text="rotate")).rows
    assert not row.from_draft, "found by both: shown once, by its published text"
    document.refresh_from_db()
    discard_draft(actor=cast.centre_author, document=document, base=document.draft.public_id)
    told()
    assert found(cast.centre_author, "palimpsest") == []


def test_the_text_before_is_found_no_longer_and_a_tombstone_still_is(cast):
    document = published(cast)
    told()
    draft = start_revision(actor=cast.centre_author, document=document)
    save_draft(
        actor=cast.centre_author,
        document=document,
        base=draft.public_id,
        title="Other title",
        body="# Other\n\nWholly other words.",
        reason="Why",
    )
    approved(submitted(cast.centre_author, document), cast.centre_lead)
    told()
    assert found(cast.unit_reader, "rotated") == []
    assert found(cast.unit_reader, "wholly") == ["Other title"]
    approved(propose_retirement(actor=cast.other_centre_lead, document=document, reason="Done."), cast.centre_lead)
    told()
    assert found(cast.unit_reader, document.number) == ["Other title"]
    change = drafted(cast.centre_author, cast.centre_remit, "Draft only")
    told()
    assert found(cast.unit_reader, "draft only") == []
    assert found(cast.centre_author, "draft only") == ["Draft only"]
    assert change.draft is not None


def test_beginnings_of_words_are_suggested(cast):
    published(cast)
    published(cast, "Retention of data")
    told()
    assert suggested(cast.unit_reader, "enc pers") == ["Encryption of personal data"]
    assert set(suggested(cast.unit_reader, "dat")) == {"Encryption of personal data", "Retention of data"}
    assert suggested(cast.unit_reader, "std-0001") == ["Encryption of personal data"]
    assert suggested(cast.unit_reader, "") == suggested(cast.unit_reader, '"') == []


def test_the_index_is_rebuilt_whole(cast):
    document = published(cast, tags=["privacy"])
    change_tags(actor=cast.centre_lead, document=document, tags=["secrecy"])
    SearchEntry.objects.all().delete()
    assert found(cast.unit_reader, "encryption") == []
    call_command("rebuild_search", verbosity=0)
    assert found(cast.unit_reader, "secrecy") == ["Encryption of personal data"]
    assert found(cast.unit_reader, "privacy") == []
    tables.install()
    call_command("rebuild_search", verbosity=0)
    assert SearchEntry.objects.count() == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80) | st.text(alphabet='"*^:()-+ANDORNEAR \x00', max_size=30))
def test_nothing_that_is_typed_breaks_the_search(cast, typed):
    with connection.cursor():
        service.find(cast.unit_reader, parse_query(typed))
        suggestions(cast.unit_reader, typed)
