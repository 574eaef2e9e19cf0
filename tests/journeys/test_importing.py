"""A repository of standards comes in with its history, is approved as a whole, and its documents live on here."""

import re
from pathlib import Path

import pytest

from tests.journeys import repository
from tests.journeys.conftest import Arrive
from tests.journeys.visitor import SLOW, Visitor

pytestmark = pytest.mark.browser

REASON = "Assistants write logs now too, and forget in which zone they live."
ADDED = "- Times MUST carry the offset from UTC, also when it is zero.\n"


def _imports(person: Visitor, bundle: Path) -> None:
    person.go("/library/")
    person.go("/library/imports/new/")
    person.page.get_by_label("A Git bundle").set_input_files(bundle)
    person.page.get_by_label("Owning unit and subject").select_option(
        label="Digital Centre of Excellence · Digital knowledge management"
    )
    person.send(person.page.locator("main").get_by_role("button", name="Import", exact=True), slow=True)
    person.page.locator("#import").get_by_text("Waiting for approval").wait_for(timeout=SLOW)
    person.look()
    person.reads(repository.LOGS_TITLE, "Names of services", "Nothing of it is in force yet", "Left out")


def test_a_repository_is_imported_approved_once_and_one_of_its_documents_is_revised(
    arrive: Arrive, tmp_path: Path
) -> None:
    # Import follows publish, which in a centre's own remit is its lead's; the reserve decides on what the lead brought.
    lead = arrive("Adaeze Okoye")
    _imports(lead, repository.bundle(tmp_path / "source"))
    lead.follow(re.compile(r"^See R-\d+"))
    request = lead.path
    assert lead.page.get_by_role("button", name=re.compile("^Approve")).count() == 0
    lead.reads("Ingrid Solheim")

    decider = arrive("Ingrid Solheim")
    decider.follow(decider.page.locator(f"main a[href='{request}']").first)
    decider.reads("You decide because", repository.LOGS_TITLE, "Names of services")
    decider.send("Approve and take into force", slow=True)
    decider.reads("You approved")

    author = arrive("Lena Marsh")
    author.go("/library/?q=log+messages")
    author.follow(author.page.locator("main a.title, main a.row-title", has_text=repository.LOGS_TITLE).first)
    document = author.path.partition("#")[0].partition("?")[0]
    author.reads(repository.LOGS_TITLE, "In force", repository.LOGS_NEWEST, "Imported")
    author.send("Start a revision")
    text = author.field("Text")
    text.fill(text.input_value().rstrip("\n") + "\n" + ADDED)
    author.page.locator("#preview").get_by_text("Times MUST carry the offset from UTC").wait_for()
    author.look()
    author.field("Why this version").fill(REASON)
    author.send("Submit for approval")
    author.reads("You submitted", REASON, "1 added", "Adaeze Okoye")
    assert author.page.get_by_role("button", name=re.compile("^Approve")).count() == 0
    author.go(document)
    author.reads("The next version is waiting for approval", repository.LOGS_NEWEST)
