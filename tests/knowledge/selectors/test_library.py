"""The library: what each person sees of it, where it stands, narrowed, counted, sorted and paged."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import ledger
from governance.actions.requests import decide
from governance.permissions import policy
from knowledge.actions.documents import change_classification, change_owner
from knowledge.actions.retirement import propose_retirement
from knowledge.models import Document
from knowledge.search import service
from knowledge.selectors.library import (
    LibraryFilters,
    documents_visible_to,
    facets,
    library,
    library_with_facets,
)
from knowledge.selectors.statuses import standing_of, with_status
from knowledge.vocabulary import Status
from tests.knowledge.cast import TEXT, approved, drafted, in_days, next_version, published, submitted

pytestmark = pytest.mark.django_db


def titles(actor, **filters):
    return [row.document.title for row in library(actor, LibraryFilters(sort="title", **filters)).rows]


def statuses(actor, **filters):
    rows = library(actor, LibraryFilters(**filters)).rows
    return {row.document.title: (row.standing.status, row.standing.next) for row in rows}


@pytest.fixture
def shelf(cast):
    """One document for each of the ten words."""
    published(cast, "In force", tags=["keys", "law"])
    for title, days in (("Due", 5), ("Overdue", -5)):
        document = published(cast, title)
        Document.objects.filter(pk=document.pk).update(next_review_on=in_days(days))
    drafted(cast.unit_author, cast.unit_remit, "Draft", kind="policy")
    submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, "In review"))
    for title, verdict in (("Sent back", "request_changes"), ("Rejected", "reject")):
        request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, title))
        seen = request.subject_hash
        decide(actor=cast.unit_lead, request=request, verdict=verdict, comment="No.", seen_hash=seen)
    waiting = drafted(cast.centre_author, cast.centre_remit, "Approved", effective_on=in_days(9))
    approved(submitted(cast.centre_author, waiting), cast.centre_lead)
    successor = Document.objects.get(title="In force")
    for title, follower in (("Retired", None), ("Replaced", successor)):
        document = published(cast, title)
        request = propose_retirement(
            actor=cast.other_centre_lead, document=document, reason="Done.", successor=follower
        )
        approved(request, cast.centre_lead)
    ledger.deliver_due()
    return cast


def test_each_of_the_ten_words_is_said_of_the_right_document(shelf):
    expected = {
        "In force": Status.IN_FORCE,
        "Due": Status.REVIEW_DUE,
        "Overdue": Status.OVERDUE,
        "Draft": Status.DRAFT,
        "In review": Status.IN_REVIEW,
        "Sent back": Status.SENT_BACK,
        "Rejected": Status.REJECTED,
        "Approved": Status.APPROVED,
        "Retired": Status.RETIRED,
        "Replaced": Status.REPLACED,
    }
    assert statuses(shelf.auditor) == {title: (status, None) for title, status in expected.items()}
    # What is in force is so while its review waits; the two narrower words find only their own.
    found = {status: [title] for title, status in expected.items()} | {Status.IN_FORCE: ["Due", "In force", "Overdue"]}
    for status, those in found.items():
        assert titles(shelf.auditor, statuses=(status.value,)) == those, status
        assert titles(shelf.auditor, statuses=(status.value,), text="encrypt") == those, status
    for text in ("", "encrypt"):
        counted = {choice.value: choice.count for choice in facets(shelf.auditor, LibraryFilters(text=text)).statuses}
        assert counted == {status.value: len(those) for status, those in found.items()}


@pytest.mark.parametrize("text", ["", "encrypt", "keys", "never", "?!"])
def test_the_list_and_its_facets_count_the_same_however_they_are_narrowed(shelf, text, monkeypatch):
    """The page and the counts come from one reading; each choice's count is the length of the list it leads to."""
    searches = []
    real = service.find
    monkeypatch.setattr(service, "find", lambda *a, **more: searches.append(a) or real(*a, **more))
    for narrowed in (
        {},
        {"statuses": ("in_force",)},
        {"statuses": ("in_force", "draft"), "kinds": ("standard",)},
        {"tags": ("law",)},
        {"tags": ("law", "none"), "units": ("FIN",)},
        {"review": "30"},
        {"applies_to": "FIN", "statuses": ("overdue",)},
        {"owner": "me"},
    ):
        wanted = LibraryFilters(text=text, sort="title", **narrowed)
        searches.clear()
        page, found = library_with_facets(shelf.auditor, wanted)
        assert len(searches) == (text in ("encrypt", "keys", "never")), narrowed
        assert found.total == page.total == len(page.rows), narrowed
        assert page == library(shelf.auditor, wanted), narrowed
        assert found == facets(shelf.auditor, wanted), narrowed
        for name, choices in (("statuses", found.statuses), ("kinds", found.kinds), ("units", found.units)):
            for choice in choices:
                alone = LibraryFilters(text=text, **{**narrowed, name: (choice.value,)})
                assert library(shelf.auditor, alone).total == choice.count, (narrowed, choice)
        for choice in found.tags:
            alone = LibraryFilters(text=text, **{**narrowed, "tags": (choice.value,)})
            assert library(shelf.auditor, alone).total == choice.count, (narrowed, choice)


def test_a_search_that_finds_more_than_are_ranked_is_narrowed_before_it_is_cut(shelf, monkeypatch):
    monkeypatch.setattr(service, "MOST_HITS", 2)
    page, _ = library_with_facets(shelf.auditor, LibraryFilters(text="encrypt", statuses=("in_force",), sort="title"))
    assert [row.document.title for row in page.rows] == ["Due", "Overdue"]
    assert (page.total, page.more) == (2, True)


def test_the_word_in_sql_is_the_word_in_python(shelf):
    in_sql = {each.pk: each for each in with_status(shelf.auditor, documents_visible_to(shelf.auditor))}
    for row in library(shelf.auditor).rows:
        document = in_sql[row.document.pk]
        assert document.status == row.standing.status.value
        assert document.draft_status in ("", (row.standing.next or row.standing.status).value)
        again = standing_of(document, sees_draft=document.sees_draft, approval=document.approval)
        assert again == row.standing


def test_readers_see_what_is_published_and_the_others_nothing(shelf):
    seen = ["Due", "In force", "Overdue", "Replaced", "Retired"]
    assert titles(shelf.unit_reader) == sorted([*seen, "Draft", "In review", "Sent back", "Rejected"])
    assert titles(shelf.other_reader) == seen
    assert titles(shelf.guest) == titles(shelf.outsider) == titles(shelf.admin) == []
    assert facets(shelf.outsider).total == 0
    assert {choice.label for choice in facets(shelf.other_reader).units} == {"Centre of excellence"}
    for actor in (shelf.unit_reader, shelf.centre_author, shelf.auditor, shelf.other_reader):
        page = library(actor)
        assert page.total == len(page.rows) == documents_visible_to(actor).count() == facets(actor).total


def test_a_reader_does_not_learn_that_a_next_version_is_written(cast):
    document = published(cast)
    next_version(cast, document, TEXT + "\nMore.\n")
    title = document.title
    assert statuses(cast.centre_author)[title] == (Status.IN_FORCE, Status.IN_REVIEW)
    assert statuses(cast.unit_reader)[title] == (Status.IN_FORCE, None)
    assert titles(cast.centre_author, statuses=("in_review",)) == [title]
    assert titles(cast.unit_reader, statuses=("in_review",)) == []
    assert {choice.value for choice in facets(cast.unit_reader).statuses} == {"in_force"}
    assert {choice.value for choice in facets(cast.centre_author).statuses} == {"in_force", "in_review"}


def test_every_filter_narrows_and_unknown_values_find_nothing(shelf):
    auditor = shelf.auditor
    assert titles(auditor, kinds=("policy",)) == ["Draft"]
    assert titles(auditor, units=("FIN",)) == ["Draft", "In review", "Rejected", "Sent back"]
    assert titles(auditor, capabilities=("strategy",)) == []
    assert titles(auditor, tags=("law",)) == titles(auditor, tags=("law", "none")) == ["In force"]
    assert titles(auditor, tags=("la",)) == titles(auditor, tags=('"', "%")) == []
    assert titles(auditor, review="overdue") == ["Overdue"]
    assert titles(auditor, review="30") == ["Due"]
    assert titles(auditor, review="x") == titles(auditor, statuses=("x",)) == titles(auditor, units=("x",)) == []
    assert titles(auditor, owner="x") == titles(auditor, applies_to="x") == []
    assert titles(auditor, units=("COE",), statuses=("retired", "overdue")) == ["Overdue", "Retired"]
    document = Document.objects.get(title="Due")
    change_owner(actor=shelf.centre_lead, document=document, role="lead", person=shelf.unit_reader)
    assert titles(shelf.unit_reader, owner="me") == ["Due"]
    assert titles(auditor, owner=str(shelf.unit_reader.public_id)) == ["Due"]


def test_what_applies_to_a_unit_is_its_own_and_its_centres(shelf):
    of_centre = titles(shelf.auditor, units=("COE",))
    assert titles(shelf.auditor, applies_to="HR") == of_centre
    everything = titles(shelf.auditor)
    assert titles(shelf.auditor, applies_to="FIN") == titles(shelf.auditor, applies_to="PAY") == everything


def test_a_search_goes_together_with_filters_and_facets(shelf):
    assert set(titles(shelf.auditor, text="encrypt", units=("FIN",))) == {
        "Draft",
        "In review",
        "Rejected",
        "Sent back",
    }
    found = facets(shelf.auditor, LibraryFilters(text="encrypt", kinds=("policy",)))
    assert found.total == 1
    assert {choice.value: choice.count for choice in found.kinds} == {"policy": 1, "standard": 9}
    assert {choice.value for choice in found.statuses} == {"draft"}
    assert {choice.value: choice.count for choice in facets(shelf.auditor).tags} == {"keys": 1, "law": 1}


def test_pages_hold_every_row_once_in_every_order(shelf):
    for sort in ("updated", "title", "number", "review", "unit", "newest", "unknown", "relevance"):
        rows = []
        for number in (1, 2, 3, 4):
            page = library(shelf.auditor, LibraryFilters(sort=sort, page=number, page_size=3))
            assert (page.total, page.pages, page.number) == (10, 4, number)
            rows += [row.document.pk for row in page.rows]
        assert len(set(rows)) == len(rows) == 10
    beyond = library(shelf.auditor, LibraryFilters(page=99, page_size=3))
    assert (beyond.number, beyond.first, beyond.last) == (4, 10, 10)
    assert library(shelf.auditor, LibraryFilters(page=-1, page_size=10_000)).number == 1
    empty = library(shelf.outsider)
    assert (empty.total, empty.first, empty.last, empty.pages) == (0, 0, 0, 1)


@pytest.mark.parametrize(
    ("filters", "most"),
    [
        ({}, 2),
        ({"text": "encrypt"}, 2),
        ({"text": "encrypt", "kinds": ("standard",), "statuses": ("in_force",)}, 2),
        ({"statuses": ("in_review",), "tags": ("law",), "review": "30"}, 2),
    ],
)
def test_a_page_costs_two_statements_beside_what_the_policy_reads(shelf, filters, most):
    library(shelf.unit_reader, LibraryFilters(**filters))  # the person's standing is kept from here on
    with policy.one_request(), CaptureQueriesContext(connection) as captured:
        library(shelf.unit_reader, LibraryFilters(**filters))
    own = [each["sql"] for each in captured if "permissionstate" not in each["sql"].split("WHERE")[0]]
    assert len(own) <= most, own
    with policy.one_request(), CaptureQueriesContext(connection) as captured:
        facets(shelf.unit_reader, LibraryFilters(**filters))
    own = [each["sql"] for each in captured if "permissionstate" not in each["sql"].split("WHERE")[0]]
    assert len(own) <= 3, own


def test_the_number_of_rows_does_not_change_the_number_of_statements(cast):
    published(cast, "One")
    counts = []
    for title in ("Two", "Three", "Four"):
        library(cast.unit_reader)
        with policy.one_request(), CaptureQueriesContext(connection) as captured:
            for row in library(cast.unit_reader).rows:
                assert row.document.remit.unit.name
                assert row.document.owner_person is None
                assert row.url
        counts.append(len(captured))
        published(cast, title)
    assert len(set(counts)) == 1


def test_a_restricted_document_is_counted_nowhere_for_readers(cast):
    published(cast, "Open")
    hidden = published(cast, "Hidden")
    change_classification(actor=cast.centre_lead, document=hidden, classification="restricted")
    assert titles(cast.unit_reader) == ["Open"]
    assert facets(cast.unit_reader).total == 1
    assert sorted(titles(cast.centre_author)) == ["Hidden", "Open"]
