"""What the front matter of a file says."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.importing.front_matter import (
    BadFrontMatter,
    RelatedLink,
    ReviewInterval,
    read_date,
    read_front_matter,
    read_interval,
)
from tests.work import bounded


def matter(text):
    return read_front_matter(f"---\n{text}\n---\nBody.\n")[0]


def test_known_keys_are_understood_and_the_others_kept_as_they_came():
    found = matter(
        "title: Managing secrets\nlast_reviewed_on: 2024-08-31\nreview_in: 6 months\ndate: 2023-08-08\n"
        "id: STD-00018 # once\n"
        "tags:\n- Security\n- Ways of working\nlayout: standard\norder: 3\nowner_slack: '#secrets'\nversion: 1.10\n"
        "country: NO\nhide_in_navigation: true\nrelated:\n  sections:\n  - title: More\n    items:\n"
        "    - text: Keys\n      href: /keys/\n"
    )
    assert found.title == "Managing secrets"
    assert found.reviewed_on == date(2024, 8, 31)
    assert found.review_interval == ReviewInterval(months=6)
    assert found.next_review == date(2025, 2, 28)
    assert found.dated_on == date(2023, 8, 8)
    assert found.aliases == ("STD-00018",)
    assert found.tags == ("Security", "Ways of working")
    assert (found.kind, found.order, found.owner_note) == ("standard", 3, "#secrets")
    assert found.related == (RelatedLink("Keys", "/keys/"),)
    assert found.extra == {"version": "1.10", "country": "NO", "hide_in_navigation": "true"}
    assert found.raw["date"] == "2023-08-08"
    assert found.notes == ()


@pytest.mark.parametrize(
    ("layout", "kind"),
    [("standard", "standard"), ("pattern", "pattern"), ("principle", "guideline"), ("page", None), ("", None)],
)
def test_the_layout_hints_at_the_kind(layout, kind):
    assert matter(f"layout: {layout}").kind == kind


def test_an_expiry_date_is_the_next_review_and_a_withdrawn_layout_is_told():
    found = matter("expires: 2019-05-01\nlayout: withdrawn")
    assert found.next_review == date(2019, 5, 1)
    assert found.is_withdrawn


def test_a_date_alone_counts_as_the_last_review():
    found = matter("date: 2024-01-31\nreview_in: 1 month")
    assert found.last_review == date(2024, 1, 31)
    assert found.next_review == date(2024, 2, 29)
    assert matter("date: git Last Modified").last_review is None


def test_values_that_cannot_be_read_are_noted_and_stay_in_what_was_said():
    found = matter("last_reviewed_on: yyyy-mm-dd\nreview_in: '{period}'\nid: STD-TBC")
    assert found.reviewed_on is None
    assert found.review_interval is None
    assert found.aliases == ()
    assert len(found.notes) == 2
    assert found.raw["last_reviewed_on"] == "yyyy-mm-dd"


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2024-01-31", date(2024, 1, 31)), ("2024/1/5", date(2024, 1, 5)), ("2024-01-31T10:00:00Z", date(2024, 1, 31)),
        ("31 January 2024", date(2024, 1, 31)), ("1st Feb 2024", date(2024, 2, 1)),
        ("January 31, 2024", date(2024, 1, 31)), ("2022-30-09", date(2022, 9, 30)), ("2024-02-30", None),
        ("01/02/2024", None),
        ("soon", None), ("0000-00-00", None),
    ],
)  # fmt: skip
def test_dates_are_read_where_they_mean_one_day(value, day):
    assert read_date(value) == day


@pytest.mark.parametrize(
    ("value", "interval"),
    [
        ("6 months", ReviewInterval(months=6)), ("1 year", ReviewInterval(months=12)),
        ("90 days", ReviewInterval(days=90)), ("12 weeks", ReviewInterval(days=84)), ("6m", ReviewInterval(months=6)),
        ("one year", ReviewInterval(months=12)), ("0 months", None), ("900 years", None),
        ("often", None), ("-6 months", None),
    ],
)  # fmt: skip
def test_intervals_are_read(value, interval):
    assert read_interval(value) == interval


def test_a_text_without_front_matter_is_all_body():
    for text in (
        "Text.\n",
        "---\n\nA rule above.\n",
        "---\nA sentence between rules.\n---\nMore.\n",
        "",
        "----\nx: y\n",
    ):
        front_matter, body = read_front_matter(text)
        assert (front_matter.raw, body) == ({}, text)
    assert read_front_matter("---\n---\nBody.\n") == (read_front_matter("")[0], "Body.\n")
    assert read_front_matter("---\ntitle: A\n...\nBody.\n")[0].title == "A"


def body_and_reason(text):
    """The body of a text, and why its front matter was refused: ``fine.`` where it was not."""
    try:
        return read_front_matter(text)[1], "fine."
    except BadFrontMatter as error:
        return error.body, str(error)


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "title: [unclosed", "title: a: b", "\ttitle: x", "title: !!python/object/apply:os.system ['id']", "x: *unknown",
        BOMB, "a: &a [*a]", "[" * 20_000, "x: " + "[" * 5_000, "- " * 5_000 + "x", "k: v\n" * 20_000, "x: \x07",
        "? {a: b}\n: c\n? [d]\n: e",
    ],
    ids=range(13),
)  # fmt: skip
def test_what_is_no_front_matter_is_refused_with_its_text_kept(text):
    with bounded():
        read = body_and_reason(f"---\n{text}\n---\nBody.\n")
    assert read[0].endswith("Body.\n")
    assert read[1].endswith(".")


def test_a_bomb_is_refused():
    with pytest.raises(BadFrontMatter):
        matter(BOMB)
    with pytest.raises(BadFrontMatter):
        matter("a: &a [*a]")


def test_front_matter_that_is_not_closed_is_refused_with_all_its_text():
    with pytest.raises(BadFrontMatter) as refused:
        read_front_matter("---\ntitle: x\n\nBody.\n")
    assert refused.value.body == "---\ntitle: x\n\nBody.\n"


def test_the_interval_of_a_month_that_is_too_short_ends_on_its_last_day():
    assert ReviewInterval(months=1).after(date(2023, 1, 31)) == date(2023, 2, 28)
    assert ReviewInterval(months=12).after(date(2024, 2, 29)) == date(2025, 2, 28)
    assert ReviewInterval(days=14).after(date(2024, 12, 25)) == date(2025, 1, 8)
    assert ReviewInterval(days=90).in_months == 3


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab:-[]{}#&*!|>'\"\n .,?%@`0123456789", max_size=80))
def test_any_text_is_read_or_refused_and_no_text_is_lost(text):
    whole = f"---\n{text}\n---\nBody.\n"
    body, _reason = body_and_reason(whole)
    assert body
    assert whole.endswith(body)
