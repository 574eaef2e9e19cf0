"""Deciding with no other hand than the one on the keyboard."""

import pytest

from tests.journeys.conftest import Arrive

pytestmark = pytest.mark.browser

MOST_TABS = 15
_IS_APPROVE = "() => document.activeElement?.value === 'approve'"


def test_a_key_leads_to_approve_and_fires_nothing_and_few_tabs_lead_there_too(arrive: Arrive) -> None:
    approver = arrive("Adaeze Okoye")
    approver.enter(approver.page.locator("main a[href^='/requests/R-']").first)
    here = approver.path
    approver.page.keyboard.press("a")
    assert approver.page.evaluate(_IS_APPROVE)
    assert approver.path == here
    approver.enter()
    approver.reads("You approved")

    # The next one that waits has been opened.
    assert approver.path not in (here, "/requests/")
    tabs = 0
    while not approver.page.evaluate(_IS_APPROVE):
        approver.page.keyboard.press("Tab")
        tabs += 1
        assert tabs <= MOST_TABS
    approver.enter()
    approver.reads("You approved")
