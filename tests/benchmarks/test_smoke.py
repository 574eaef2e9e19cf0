"""The benchmark runs: its smallest organisation is made, and the product answers what the generator knows."""

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from benchmarks.loading import Table
from benchmarks.organisation import Organisation, organisation
from benchmarks.sizes import SIZES
from governance.models import Remit
from governance.permissions import policy, standing
from governance.permissions.standing import standing_of
from governance.rights import Right
from knowledge.selectors import library as selectors
from knowledge.selectors.documents import document_page
from knowledge.selectors.library import documents_visible_to, library_with_facets

pytestmark = pytest.mark.django_db

KINDS = ("unit", "division", "centre", "auditor")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Organisation]:
    from benchmarks import filling

    # A test's transaction can neither be vacuumed nor switch the foreign keys' triggers off for others.
    monkeypatch.setattr(filling, "settle", lambda: None)
    monkeypatch.setattr(filling.ledger, "set_dispatcher", lambda dispatcher: None)
    policy.forget()
    found = organisation(SIZES["tiny"])
    filling.fill(found)
    yield found
    policy.forget()


def test_everybody_sees_what_the_generator_knows_in_every_shape_of_the_filter(
    made: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = made.documents()
    people = {kind: User.objects.get(pk=made.measured[kind][0]) for kind in KINDS}
    expected = {kind: made.count_visible(person.pk, documents) for kind, person in people.items()}
    assert len({*expected.values()}) == len(KINDS)
    for narrow in (2_000, 3):  # an array of ids; a look-up for each row
        monkeypatch.setattr(standing, "NARROW", narrow)
        monkeypatch.setattr(policy, "NARROW", narrow)
        policy.forget()
        assert {kind: documents_visible_to(person).count() for kind, person in people.items()} == expected
    # With three remits a person of one unit is wide, and what is kept of their reach does not grow.
    assert standing_of(people["unit"]).reach(Right.READ).remits is None
    assert standing_of(people["centre"]).reach(Right.READ).is_everywhere
    assert len(standing_of(people["centre"]).remits(Right.READ)) == Remit.objects.count()


def test_beyond_what_is_counted_the_page_says_so_and_no_facet_says_a_number(
    made: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    auditor, reader = (User.objects.get(pk=made.measured[kind][0]) for kind in ("auditor", "unit"))
    monkeypatch.setattr(selectors, "MOST_COUNTED", 100)
    page, facets = library_with_facets(auditor)
    assert (page.total, page.more, page.pages, len(page.rows)) == (100, True, 4, 25)
    assert facets.more
    assert {choice.count for choice in (*facets.kinds, *facets.statuses, *facets.units)} == {0}
    page, facets = library_with_facets(reader)
    assert (page.total, page.more, facets.more) == (made.count_visible(reader.pk, made.documents()), False, False)
    assert sum(choice.count for choice in facets.capabilities) == page.total


def test_a_list_and_a_document_cost_as_many_statements_for_whoever_sees_everything(made: Organisation) -> None:
    costs = {}
    readable = next(each for each in made.documents() if each.unit == 2 and each.published and not each.drafting)
    for kind in ("unit", "auditor"):
        person = User.objects.get(pk=made.measured[kind][0])
        library_with_facets(person)
        document_page(person, f"STD-{readable.id:04d}")
        with policy.one_request(), CaptureQueriesContext(connection) as listing:
            library_with_facets(person)
        with policy.one_request(), CaptureQueriesContext(connection) as reading:
            document_page(person, f"STD-{readable.id:04d}")
        costs[kind] = (len(listing), len(reading))
    assert max(listing for listing, _ in costs.values()) <= 5, costs
    assert max(reading for _, reading in costs.values()) <= 4, costs


def test_a_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="no columns"):
        Table(Remit, ["id", "colour"])
