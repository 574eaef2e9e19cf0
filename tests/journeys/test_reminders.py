"""Owners are reminded of a review once, however often the job runs; their word ends the reminders."""

import re

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.site import Site
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

OWNER = "kofi.osei@brackwater.example"


def _the_timetable_runs(site: Site) -> None:
    """In another process than the server's own worker, which may be doing the same at the same time."""
    site.run_jobs(
        "knowledge.tasks.remind_of_reviews", "governance.tasks.sweep_deliveries", "accounts.tasks.send_mail_due"
    )


def _mails(site: Site) -> int:
    return sum("Review overdue" in mail and "GDL-0022" in mail for mail in site.mails(to=OWNER))


def _waits(owner: Visitor, number: str) -> bool:
    """Whether the one notice of that review waits for its owner."""
    owner.go("/notifications/")
    told = owner.page.locator("main li", has_text="Review overdue").filter(has_text=number)
    assert told.count() == 1
    return "Waits for you" in told.inner_text()


def test_an_overdue_review_is_told_once_until_the_owner_confirms_or_revises(arrive: Arrive, site: Site) -> None:
    _the_timetable_runs(site)
    _the_timetable_runs(site)
    assert _mails(site) == 1

    owner = arrive("Kofi Osei")
    owner.reads("Review GDL-0022")
    assert _waits(owner, "GDL-0022")
    owner.follow(owner.page.locator("main li", has_text="GDL-0022").get_by_role("link"))
    owner.reads("Cloud cost management")
    owner.go("/reviews/?list=mine")
    owner.clicks = 0
    owner.follow(owner.page.get_by_role("row", name=re.compile("GDL-0022")).get_by_role("link", name="Review"))
    owner.send("Confirm: still right")
    assert owner.clicks == 2
    owner.reads("You confirmed GDL-0022", "Its next review is on")

    reviser = arrive("Marta Diaz")
    assert _waits(reviser, "STD-0009")
    reviser.go("/s/STD-0009/review/")
    reviser.send("Start a revision")

    _the_timetable_runs(site)
    assert _mails(site) == 1
    assert not _waits(owner, "GDL-0022")
    assert not _waits(reviser, "STD-0009")
    owner.go("/")
    owner.does_not_read("Review GDL-0022")
    owner.go("/reviews/?list=mine")
    owner.does_not_read("GDL-0022")
