"""An auditor follows a document back to its first commit, compares any two texts, and reads the ledger."""

from pathlib import Path

import pytest

from tests.journeys import repository
from tests.journeys.conftest import Arrive
from tests.journeys.site import Site

pytestmark = pytest.mark.browser

WORD = "Read by the harbour's own architects, who have worked with it for years."


def test_an_auditor_follows_an_imported_document_to_its_first_commit(
    arrive: Arrive, site: Site, tmp_path: Path
) -> None:
    source = repository.bundle(tmp_path / "source")
    site.manage(
        *("import_documents", str(source), "--unit", "COE", "--capability", "knowledge"),
        *("--by", "adaeze.okoye@brackwater.example", "--attest", WORD),
    )
    auditor = arrive("Tomas Verhoeven")
    auditor.go("/library/?q=log+messages")
    auditor.follow(auditor.page.locator("main a.title, main a.row-title", has_text=repository.LOGS_TITLE).first)
    document = auditor.path.partition("#")[0].partition("?")[0]
    auditor.reads("Not approved", "Adaeze Okoye", WORD)

    auditor.clicks = 0
    auditor.go(f"{document}history/")
    rows = auditor.page.get_by_role("row").filter(has=auditor.page.locator("input[name=a]"))
    assert rows.count() == 4
    auditor.reads("Ada Brunner", "Leo Vance", "Merge: secrets do not belong in logs", "First standards of the harbour")
    auditor.reads("2 Mar 2021", "14 Sep 2021", "11 May 2023", "20 Jan 2024")
    assert "pproval not recorded" in rows.last.inner_text()

    # The first and the last: two choices and the button.
    auditor.press(rows.last.locator("input[name=a]"))
    auditor.press(rows.first.locator("input[name=b]"))
    auditor.send("Compare the two")
    assert auditor.clicks == 3
    auditor.reads("What changed", "Times MUST be written in UTC.", repository.LOGS_NEWEST)
    auditor.go(f"{document}v/1/")
    auditor.reads(repository.LOGS_FIRST)
    auditor.does_not_read(repository.LOGS_NEWEST)

    auditor.go("/library/?q=punch+cards&status=retired")
    auditor.go("/audit/")
    auditor.reads("entries")
    auditor.enter(auditor.page.locator("main a.hash").first)
    auditor.reads("Holds")
    assert site.manage("verify_ledger")
    assert site.manage("verify_permissions")
