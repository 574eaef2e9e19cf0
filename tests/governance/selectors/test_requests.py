"""Which requests a person finds, and that finding them costs the same whatever else there is."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from governance.selectors import requests
from governance.selectors.requests import (
    asked_by,
    asked_by_units_of,
    request_by_number,
    request_page,
    requests_visible_to,
    rows_for,
    waiting_for,
)
from governance.vocabulary import Capability, Role
from knowledge.models import Document
from tests.governance.actions.conftest import _told_once, story  # noqa: F401 - fixtures
from tests.governance.actions.story import Post, Story, under

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE


def numbers(rows: Any) -> list[str]:
    return [row.number for row in rows]


def statements(step: Callable[[], Any]) -> int:
    with policy.one_request(), CaptureQueriesContext(connection) as seen:
        step()
    return len(seen.captured_queries)


@under("centre_of_excellence")
class TestWho:
    def test_whom_a_request_concerns_sees_it_and_nobody_else(self, story):  # noqa: F811
        story.auditor("Aud")
        story.people(Gus=Post("FIN", Role.AUTHOR, guest=True))
        story.person("Otto")
        request = story.submitted("Fay", "FIN")
        for name in ("Fay", "Finn", "Fred", "Gus", "Cora", "Cleo", "Carl", "Aud"):  # whoever reads the drafts
            assert numbers(requests_visible_to(story[name])) == [request.number], name
            assert request_by_number(story[name], "r-1") == request
        for name in ("Hana", "Hal", "Ivan", "Olga", "Ada", "Sam", "Otto"):
            assert numbers(requests_visible_to(story[name])) == [], name
            with pytest.raises(Request.DoesNotExist):
                request_by_number(story[name], request.number)
            with pytest.raises(Request.DoesNotExist):
                request_page(story[name], request.number)

    def test_an_account_that_is_not_active_finds_nothing(self, story):  # noqa: F811
        story.submitted("Fay", "FIN")
        story["Finn"].is_active = False
        assert numbers(requests_visible_to(story["Finn"])) == []
        assert numbers(waiting_for(story["Finn"])) == []

    def test_whoever_lost_the_document_loses_the_title_of_the_request_too(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN", classification="restricted")
        story.decides("Finn", request)
        assert numbers(requests_visible_to(story["Finn"])) == ["R-1"]
        story.leaves("Finn", "FIN")
        story.leaves("Fay", "FIN")
        for name in ("Finn", "Fay"):
            assert numbers(requests_visible_to(story[name])) == [], name
            assert numbers(asked_by(story[name])) == []

    @pytest.mark.parametrize("narrow", [True, False])
    def test_whoever_decided_keeps_the_request_and_nothing_more_of_the_thing(self, story, monkeypatch, narrow):  # noqa: F811
        if not narrow:
            monkeypatch.setattr("governance.selectors.requests.NARROW", -1)
        story.leaves("Finn", "FIN")
        request = story.submitted("Fay", "FIN")
        assert story.waits_for(request) == {"Olga"}, "the reserve"
        story.decides("Olga", request)
        assert numbers(requests_visible_to(story["Olga"])) == [request.number]
        page = request_page(story["Olga"], request.number)
        assert [decision.printed_name for decision in page.decisions] == ["Olga Told"]
        assert not page.may_read_version
        assert page.affected == {}
        document = Document.objects.get(public_id=request.subject_id)
        assert not policy.can(story["Olga"], Right.READ_DRAFT, document)
        answer = Client()
        answer.force_login(story["Olga"])
        shown = answer.get(request.get_absolute_url())
        assert shown.status_code == 200
        assert "Fields MUST have one name" not in shown.content.decode()
        with pytest.raises(Request.DoesNotExist):
            request_page(story["Hana"], request.number)

    def test_what_waits_comes_longest_waiting_first_and_what_was_asked_newest_first(self, story):  # noqa: F811
        first, second = story.submitted("Fay", "FIN"), story.submitted("Fay", "FIN")
        assert numbers(waiting_for(story["Finn"])) == [first.number, second.number]
        assert numbers(asked_by(story["Fay"])) == [second.number, first.number]
        story.decides("Finn", first)
        assert numbers(waiting_for(story["Finn"])) == [second.number]
        assert numbers(waiting_for(story["Cora"])) == [first.number]

    def test_what_a_units_people_asked_is_known_to_its_lead(self, story):  # noqa: F811
        document = story.published("CEN", K, "Carl", "Cora")
        request = story.asks_change("Fred", "FIN", document)
        assert numbers(asked_by_units_of(story["Finn"])) == [request.number]
        for name in ("Hana", "Fay"):
            assert numbers(asked_by_units_of(story[name])) == []


@under("centre_of_excellence")
class TestPage:
    def test_says_who_decides_why_and_what_one_may_do(self, story):  # noqa: F811
        request = story.submitted("Fay", "FIN")
        page = request_page(story["Finn"], request.number)
        assert page.waits_for_me
        assert not page.publishes
        assert page.stands_in_for is None
        assert "the lead of Unit FIN decides first" in page.because
        assert page.option("approve").allowed
        assert not page.option("withdraw").allowed
        assert page.may_read_version
        story.decides("Finn", request)
        assert request_page(story["Cora"], request.number).publishes
        mine = request_page(story["Fay"], request.number)
        assert mine.option("withdraw").allowed
        assert "wrote, edited or submitted" in mine.option("approve").reason
        assert [decision.printed_name for decision in mine.decisions] == ["Finn Told"]

    def test_a_row_says_the_step_and_with_whom_it_is(self, story):  # noqa: F811
        request = story.decides("Finn", story.submitted("Fay", "FIN"))
        (row,) = rows_for(story["Cora"], list(requests_visible_to(story["Cora"])))
        assert (row.step, row.steps, row.stage_title) == (2, 2, "Decision by Unit CEN")
        assert row.holders == ("Cleo Told", "Cora Told")
        assert row.waits_for_me
        assert row.since == request.stage_since


@under("centre_of_excellence")
@pytest.mark.parametrize("most", [0, 3, 2_000])
def test_few_or_many_the_same_requests_are_found(story, monkeypatch, most):  # noqa: F811
    """Three shapes of one question: of ids, of whole tables, and about one row."""
    story.auditor("Aud")
    story.delegates("Hana", "Hugo", story.remit("HR"))
    made = [story.submitted("Fay", "FIN"), story.submitted("Fay", "FIN", classification="restricted")]
    made += [story.submitted("Hal", "HR"), story.submitted("Carl", "CEN")]
    document = story.published("CEN", K, "Carl", "Cora")
    made.append(story.asks_exception("Fred", "FIN", document))
    story.decides("Finn", made[0])
    expected = {name: set(numbers(requests_visible_to(story[name]))) for name in story.who}
    assert [len(expected[name]) for name in ("Finn", "Hana", "Hugo", "Ada", "Aud")] == [3, 1, 1, 0, 6]
    monkeypatch.setattr(requests, "NARROW", most)
    for name, found in expected.items():
        assert set(numbers(requests_visible_to(story[name]))) == found, name
        assert requests_visible_to(story[name]).count() == len(found)
        for request in Request.objects.all():
            assert _is_found(story[name], request) == (request.number in found), (name, request.number)


def _is_found(actor: Any, request: Request) -> bool:
    try:
        return request_by_number(actor, request.number) == request
    except Request.DoesNotExist:
        return False


@pytest.mark.parametrize("number", ["", "R", "R-", "R-1\x00", "R-1'", "١-1", "R-99999999999999", "R-0"])
@under("centre_of_excellence")
def test_what_is_no_number_is_no_request(story, number):  # noqa: F811
    with pytest.raises(Request.DoesNotExist):
        request_by_number(story["Finn"], number)


@under("centre_of_excellence")
def test_the_cost_does_not_grow_with_other_requests(story):  # noqa: F811
    def cost(story: Story) -> list[int]:
        finn = story["Finn"]
        return [
            statements(lambda: rows_for(finn, list(requests_visible_to(finn)[:25]))),
            statements(lambda: list(waiting_for(finn)[:25])),
            statements(lambda: request_page(finn, "R-1")),
        ]

    story.submitted("Fay", "FIN")
    cost(story)
    before = cost(story)
    for _ in range(5):
        story.submitted("Fay", "FIN")
        story.submitted("Hal", "HR")
    assert cost(story) == before
    assert before[0] <= 5
    assert before[1] <= 2
