"""The library page: only what a person may see, in list, count, search, suggestion and filter."""

import pytest

from knowledge.actions.documents import change_classification
from tests.knowledge.cast import drafted, published
from tests.knowledge.views.pages import found_by_search, signed_in, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(cast):
    standard = published(cast, "Encryption of personal data")
    draft = drafted(cast.unit_author, cast.unit_remit, "Canary petty cash", tags=["cash"])
    found_by_search()
    return standard, draft


def test_everybody_sees_what_they_may_and_the_count_says_so(cast, shelf):
    seen = {
        cast.centre_lead: {"Encryption", "Canary"},
        cast.unit_author: {"Encryption", "Canary"},
        cast.unit_reader: {"Encryption", "Canary"},
        cast.guest: set(),
        cast.other_reader: {"Encryption"},
        cast.auditor: {"Encryption", "Canary"},
        cast.outsider: set(),
        cast.admin: set(),
    }
    for person, titles in seen.items():
        page = text_of(signed_in(person).get("/library/"))
        assert {title for title in ("Encryption", "Canary") if title in page} == titles, person
        assert f"{len(titles)} document" in page, person
        assert ("cash" in page) == ("Canary" in titles), person


def test_a_search_shows_a_passage_with_its_clause_and_finds_nothing_that_is_hidden(cast, shelf):
    standard, _ = shelf
    page = signed_in(cast.unit_reader).get("/library/?q=rotated").content.decode()
    assert "<mark>rotated</mark>" in page
    assert f'href="{standard.get_absolute_url()}#' in page
    for path in ("/library/?q=canary", "/library/?tag=cash", "/library/?q=petty&status=draft"):
        answer = signed_in(cast.other_reader).get(path)
        assert "0 documents" in text_of(answer)
        assert "petty cash" not in text_of(answer).replace("“petty", "")
    assert "1 document found" in text_of(signed_in(cast.unit_author).get("/library/?q=canary"))


@pytest.mark.parametrize(
    "typed", ['"', '"encryption', "AND OR NOT", "%", "\x00", "a" * 5_000, "((", "*", "ï»¿", "encry"]
)
def test_no_search_breaks_the_page(cast, shelf, typed):
    client = signed_in(cast.unit_reader)
    assert client.get("/library/", {"q": typed}).status_code == 200
    assert client.get("/library/suggest/", {"q": typed}).status_code == 200


def test_a_mistyped_address_is_a_list_all_the_same(cast, shelf):
    for query in [
        "page=0",
        "page=9999999",
        "page=x",
        "sort=secret",
        "status=none",
        "unit=NOWHERE",
        "owner=x",
        "review=x",
        "applies=%00",
    ]:
        assert signed_in(cast.unit_reader).get(f"/library/?{query}").status_code == 200, query


def test_filters_narrow_stay_in_the_address_and_can_be_taken_away(cast, shelf):
    client = signed_in(cast.centre_lead)
    page = client.get("/library/?status=draft&kind=standard&sort=title")
    assert "Canary" in text_of(page)
    assert "Encryption" not in text_of(page)
    assert 'href="/library/?kind=standard&amp;sort=title"' in page.content.decode(), "the address without the status"


def test_only_the_list_and_the_counts_are_swapped(cast, shelf):
    client = signed_in(cast.unit_reader)
    part = client.get("/library/?q=encryption", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert 'id="found"' in part.content.decode()
    assert 'hx-swap-oob="true"' in part.content.decode()
    assert "HX-Request" in part["Vary"]
    again = client.get("/library/", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"})
    assert "<html" in again.content.decode(), "going back needs the whole page"


def test_suggestions_are_of_what_the_person_may_see(cast, shelf):
    standard, _ = shelf
    assert standard.number in signed_in(cast.unit_reader).get("/library/suggest/?q=encry").content.decode()
    hidden = signed_in(cast.other_reader).get("/library/suggest/?q=canary").content
    absent = signed_in(cast.other_reader).get("/library/suggest/?q=nosuch").content
    assert hidden == absent


def test_a_restricted_document_leaves_the_list_the_count_and_the_filters(cast, shelf):
    standard, _ = shelf
    change_classification(actor=cast.centre_lead, document=standard, classification="restricted")
    page = text_of(signed_in(cast.other_reader).get("/library/"))
    assert "Encryption" not in page
    assert "The library is empty" in page


def test_the_dense_list_is_remembered(cast, shelf):
    client = signed_in(cast.unit_reader)
    assert 'data-density="compact"' in client.get("/library/?density=compact").content.decode()
    assert 'data-density="compact"' in client.get("/library/").content.decode()
    assert 'data-density="compact"' not in client.get("/library/?density=huge").content.decode()


def test_only_who_may_write_is_offered_a_new_document(cast, shelf):
    assert "New document" in text_of(signed_in(cast.unit_author).get("/library/"))
    assert "New document" not in text_of(signed_in(cast.unit_reader).get("/library/"))


def test_nobody_reads_without_signing_in(client, cast, shelf):
    for path in ("/library/", "/library/suggest/?q=en", "/library/new/", "/s/STD-0001/", "/reviews/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/signin/")


def test_the_library_stays_within_twelve_statements(cast, shelf, django_assert_max_num_queries):
    client = signed_in(cast.unit_reader)
    for path in ("/library/", "/library/?q=encryption&kind=standard"):
        client.get(path)
        with django_assert_max_num_queries(12):
            client.get(path)
