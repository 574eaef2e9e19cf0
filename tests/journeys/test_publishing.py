"""An author's revision goes through the approvers that the model names, and into force."""

import re

import pytest

from tests.journeys.conftest import Arrive
from tests.journeys.visitor import Visitor

pytestmark = pytest.mark.browser

DOCUMENT = "/s/STD-0015/"
OLD = "Findings SHOULD be closed within 90 days"
NEW = "Findings MUST be closed within 60 days"
REASON = "Two findings of last year were still open when the next contract was signed."


def writes_and_submits(author: Visitor) -> str:
    """The author starts a revision, edits it and submits it; returns the address of the request."""
    author.go(DOCUMENT)
    author.clicks = 0
    author.send("Start a revision")
    text = author.field("Text")
    was = text.input_value()
    assert OLD in was
    text.fill(was.replace(OLD, NEW))
    if author.script:
        author.page.locator("#preview").get_by_text(NEW).wait_for()
    author.field("Why this version").fill(REASON)
    if author.script:
        author.look()
    author.send("Submit for approval")
    author.reads("You submitted STD-0015.", REASON)
    return author.path


def _writes_a_new_one(author: Visitor) -> None:
    """A document of its own, from the library to its approvers: two clicks and four fields."""
    author.go("/library/")
    author.clicks = 0
    author.follow("New document")
    author.field("Title").fill("Names of environments")
    author.page.get_by_label("Kind").select_option(label="Guideline")
    author.field("Text").fill("In short: say where you are.\n\n## Names\n\n- An environment SHOULD show its name.\n")
    author.field("Why this version").fill("Somebody emptied a queue in the wrong place.")
    author.send("Submit for approval")
    assert author.clicks == 2
    author.reads("You submitted GDL-", "What would be published", "An environment SHOULD show its name.")


def _decides(approver: Visitor, request: str, *, button: str | re.Pattern[str]) -> None:
    """From My work, in two clicks, having read what changes, why, for whom and by which rule."""
    approver.clicks = 0
    approver.follow(approver.page.locator(f"main a[href='{request}']").first)
    approver.reads("Waiting for you", "You decide because", "Why", REASON, "Who is affected", "1 changed, 21 the same")
    changed = approver.page.locator(".change", has=approver.page.locator("del"))
    assert any("90" in each for each in changed.locator("del").all_inner_texts())
    assert any("60" in each for each in changed.locator("ins").all_inner_texts())
    approver.send(button)
    assert approver.clicks == 2
    approver.reads("You approved")


def _one_revision_from_draft_into_force(arrive: Arrive, *, script: bool) -> None:
    author = arrive("Lena Marsh", script=script)
    request = writes_and_submits(author)
    assert author.clicks == 2
    assert author.page.get_by_role("button", name=re.compile("^Approve")).count() == 0
    author.go("/")
    assert author.page.locator(f"main a[href='{request}']").count() > 0
    author.reads("Marta Diaz")

    first = arrive("Marta Diaz", script=script)
    _decides(first, request, button="Approve and pass on")
    author.go(request)
    author.reads("Adaeze Okoye")
    second = arrive("Adaeze Okoye", script=script)
    _decides(second, request, button=re.compile("^Approve and publish"))
    assert author.clicks + first.clicks + second.clicks <= 6

    _writes_a_new_one(author)

    reader = arrive("Kofi Osei", script=script)
    reader.go(DOCUMENT)
    reader.reads("In force", "Version 3", NEW, "Marta Diaz and Adaeze Okoye")
    reader.go(f"{DOCUMENT}v/2/")
    reader.reads("You are reading version 2", OLD)


def test_a_revision_goes_from_its_author_through_the_approvers_the_model_names_into_force(arrive: Arrive) -> None:
    _one_revision_from_draft_into_force(arrive, script=True)


def test_it_does_so_without_script(arrive: Arrive) -> None:
    _one_revision_from_draft_into_force(arrive, script=False)
