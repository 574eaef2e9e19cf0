"""A unit finds what applies to it, asks, and knows where its request stands; others find nothing at all."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.journeys.conftest import Arrive
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

DOCUMENT = "/s/STD-0021/"
TITLE = "Customer data exports"
CLAUSE = "4.2"
WHY = "The two brokers of the island share one contract register until the spring."
INSTEAD = "Each list is compared by two people before it leaves."
PROPOSAL = "A broker MUST receive only its own customers, or those of a register that it shares."


def _searches(reader: Visitor, words: str) -> None:
    """From anywhere: the search key, some letters, Enter."""
    if reader.script:
        reader.page.keyboard.press("/")
    else:
        reader.page.locator("#quick").focus()
    reader.page.keyboard.type(words)
    reader.enter()


def _asks_from_a_clause(reader: Visitor, what: str) -> None:
    clause = reader.page.locator(".clause", has_text="A broker MUST receive only").first
    reader.press(clause.locator("summary"))
    reader.follow(clause.get_by_role("link", name=re.compile(f"^{what}")))
    assert CLAUSE in reader.page.locator("select[name=clause] option:checked").inner_text()


def _asks_for_an_exception(reader: Visitor) -> str:
    reader.go(DOCUMENT)
    reader.clicks = 0
    _asks_from_a_clause(reader, "Ask for an exception")
    reader.field("Why").fill(WHY)
    reader.field("Until").fill(str(timezone.localdate() + timedelta(days=90)))
    reader.field("What you do instead").fill(INSTEAD)
    reader.page.get_by_label("Low").check()
    reader.send("Check your answers")
    reader.reads(WHY, INSTEAD, CLAUSE)
    reader.send("Send the request")
    # The menu at the clause, its line, check, send.
    assert reader.clicks <= 4
    reader.reads(WHY, INSTEAD, "Sofia Brandt")
    return reader.path


def _asks_for_a_change(reader: Visitor) -> str:
    reader.go(DOCUMENT)
    _asks_from_a_clause(reader, "Suggest a change")
    reader.field("What should change").fill(PROPOSAL)
    reader.field("Why").fill(WHY)
    reader.send("Check your answers")
    reader.send("Send the request")
    reader.reads(PROPOSAL, WHY)
    return reader.path


def _finds_reads_and_asks(arrive: Arrive, *, script: bool) -> None:
    reader = arrive("Jun Park", script=script)
    _searches(reader, "expo")
    reader.follow(reader.page.locator("main a", has_text=TITLE).first)
    assert reader.clicks == 1
    reader.reads(TITLE, "In force", "A broker MUST receive only its own customers")

    exception, change = _asks_for_an_exception(reader), _asks_for_a_change(reader)
    reader.go("/")
    for request in (exception, change):
        assert reader.page.locator(f"main a[href='{request}']").count() > 0
    reader.reads("Sofia Brandt")

    lead = arrive("Sofia Brandt", script=script)
    lead.follow(lead.page.locator(f"main a[href='{exception}']").first)
    lead.reads(WHY, INSTEAD, "You decide because")
    lead.field("Comment").fill("Until the spring, and not a day longer.")
    lead.send("Grant the exception")

    reader.go(exception)
    reader.reads("Approved", "Sofia Brandt", "Until the spring, and not a day longer.")
    reader.go(DOCUMENT)
    reader.reads("Exception: Retail energy until")


def test_a_unit_finds_what_applies_asks_from_a_clause_and_follows_the_answer(arrive: Arrive) -> None:
    _finds_reads_and_asks(arrive, script=True)


def test_it_does_so_without_script(arrive: Arrive) -> None:
    _finds_reads_and_asks(arrive, script=False)
