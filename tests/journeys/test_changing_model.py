"""An administrator changes the operating model of a unit; a second one confirms; rights are different at once."""

import re

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

OF_FINANCE = "/s/GDL-0022/"
REASON = "Finance runs its own systems until the merger of the ledgers is done, and answers for them alone."


def test_a_unit_comes_under_another_model_and_rights_follow_at_once(arrive: Arrive) -> None:
    # A peer reads what Finance publishes, and its lead cannot retire it alone.
    peer, lead = arrive("Piet Lindqvist"), arrive("Kofi Osei")
    peer.go(OF_FINANCE)
    lead.go(OF_FINANCE)
    lead.does_not_read("Propose to retire it")

    administrator = arrive("Ines Halloran")
    administrator.go("/units/FIN/")
    administrator.clicks = 0
    administrator.follow(re.compile("^Change this unit"))
    administrator.page.get_by_label("Operating model").select_option(label=_label(administrator, "Decentralized"))
    administrator.field("Title").fill("Finance on its own")
    administrator.field("Reason").fill(REASON)
    administrator.send("See what it would change")
    administrator.reads("Nothing has changed yet", "Finance", REASON, "Decentralized", "Every change, losses first")
    gained_and_lost = administrator.page.locator("#changes .mark, #changes .inline").all_inner_texts()
    assert any("lose" in each.lower() or "−" in each for each in gained_and_lost), gained_and_lost
    administrator.reads("Publish", "Kofi Osei")
    administrator.send("Send for confirmation")
    assert administrator.clicks <= 4
    plan = administrator.path
    administrator.reads("Another administrator or a sponsor must confirm it")
    assert administrator.page.get_by_role("button", name=re.compile("^(Confirm|Apply)")).count() == 0

    # Nothing has changed for anybody before it is applied.
    peer.go(OF_FINANCE)

    second = arrive("Elif Demir")
    second.follow(second.page.locator(f"main a[href='{plan}']").first)
    second.field("Comment").fill("Read with the head of Finance.")
    second.send(re.compile("^Confirm"))
    second.reads("You confirmed", "Read with the head of Finance.")

    peer.go(OF_FINANCE)
    administrator.go(plan)
    administrator.send(re.compile("^Apply"), slow=True)
    administrator.reads("is applied")

    peer.go(OF_FINANCE, status=404)
    peer.go("/library/?q=cloud+cost")
    peer.does_not_read("Cloud cost management")
    lead.go(OF_FINANCE)
    lead.reads("Propose to retire it")
    lead.go("/notifications/")
    lead.go("/units/FIN/")
    lead.reads("Decentralized")


def _label(person: Visitor, model: str) -> str:
    options = person.page.get_by_label("Operating model").locator("option").all_inner_texts()
    return next(each for each in options if each.startswith(model))
