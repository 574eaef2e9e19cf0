"""The parts of the benchmark that write: each runs on the smallest organisation, and leaves what the product leaves."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from benchmarks import filling, importing, reviewing, switching, writing, writing_by_hand
from benchmarks.goals import GOALS
from benchmarks.organisation import Organisation, organisation
from benchmarks.plotting import Line, plot
from benchmarks.sizes import SIZES
from governance.ledger.verify import verify_ledger
from governance.permissions import policy, store
from knowledge.models import ReviewReminder

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Organisation]:
    # A test's transaction can neither be vacuumed nor switch the foreign keys' triggers off for others.
    monkeypatch.setattr(filling, "settle", lambda: None)
    monkeypatch.setattr(switching, "settle", lambda: None)
    monkeypatch.setattr(filling.ledger, "set_dispatcher", lambda dispatcher: None)
    policy.forget()
    found = organisation(SIZES["tiny"])
    filling.fill(found)
    yield found
    policy.forget()


def test_what_was_loaded_and_what_is_written_by_hand_are_chains_that_the_verifier_accepts(made: Organisation) -> None:
    assert verify_ledger().holds
    found = writing.write(made, made.documents(), times=2)
    assert found["times"] == 2
    assert found["decide_by_hand_statements"] <= found["decide_statements"]
    assert verify_ledger().holds


def test_a_hand_that_writes_less_is_found(made: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = writing_by_hand.Hand._entries
    monkeypatch.setattr(writing_by_hand.Hand, "_entries", lambda *args: entries(*args)[1:])
    with pytest.raises(writing_by_hand.Different, match="by hand"):
        writing.write(made, made.documents(), times=2)


def test_due_reviews_are_told_once_by_the_product_and_by_hand(made: Organisation) -> None:
    found = reviewing.review()
    assert found["reminded"] == ReviewReminder.objects.count() > 0
    with pytest.raises(reviewing.NotOnce):
        reviewing.review()


def test_an_import_is_in_the_index_when_it_is_said_to_be(made: Organisation, monkeypatch: pytest.MonkeyPatch) -> None:
    assert importing.take_in(made, documents=3)["documents"] == 3
    monkeypatch.setattr(importing, "_tell_everybody", lambda: None)
    with pytest.raises(importing.NotImported, match="0 rows of search"):
        importing.take_in(made, documents=3)


def test_a_switch_is_compared_with_as_many_rows_and_touches_none_the_second_time(made: Organisation) -> None:
    found = switching.switch(made, None)
    assert found["grants_added"] > 0
    assert found["grants_removed"] > 0
    assert found["unchanged_rows_touched"] == 0
    assert not store.find_drift()


def test_a_goal_that_is_missed_is_said_to_be() -> None:
    result: dict[str, Any] = {"starting": {"times_bare": 2.5}, "writing": {"of_the_rate_by_hand": 0.7}}
    said = {goal.words: goal.said(result) for goal in GOALS if goal.figure(result) is not None}
    assert said == {
        "cold start: times bare Django, guardian and DRF": "**2.50** missed",
        "submit and approve: of the rate by hand": "0.70",
    }


def test_a_plot_is_a_drawing_with_a_point_for_each_figure() -> None:
    drawn = ElementTree.fromstring(plot("A & B".replace("&", "and"), ["1", "10"], [Line("x", "#000", [1.0, None])]))
    assert len(drawn.findall("{http://www.w3.org/2000/svg}circle")) == 1
