"""How many statements every page and every answer of the API takes, held by a file: ``tests/statement_counts.json``.

Counted for a member and for an auditor, the second time that each asks; BEGIN, COMMIT and savepoints are not counted.
A page that takes more or fewer is a change to be seen in review: ``make counts`` writes the file anew.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from benchmarks.serving import BOOKKEEPING
from tests.http.surfaces import SURFACES
from tests.http.world import World

pytestmark = pytest.mark.django_db

FILE = Path(__file__).parent.parent / "statement_counts.json"
COUNTED = ("author", "auditor")
Counts = dict[str, dict[str, int]]


def counted(world: World) -> Counts:
    """Surface → role → statements of its first address that the role is shown."""
    found: Counts = {}
    for role in COUNTED:
        browser = world.browser(role)
        for surface in SURFACES:
            if "GET" not in surface.methods:
                continue
            for address in surface.addresses(world):
                if browser.get(address.url).status_code == 200:
                    found.setdefault(surface.name, {})[role] = statements(browser, address.url)
                    break
    return dict(sorted(found.items()))


def statements(browser: Any, url: str) -> int:
    """The statements of one request."""
    seen = 0

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += not BOOKKEEPING.match(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        assert browser.get(url).status_code == 200, url
    return seen


def differences(held: Counts, found: Counts) -> list[str]:
    """A line for everything that the file says otherwise."""
    lines = []
    for name in sorted(held.keys() | found.keys()):
        for role in COUNTED:
            before, now = held.get(name, {}).get(role), found.get(name, {}).get(role)
            if before != now:
                lines.append(f"{name} for the {role}: {before} in the file, {now} now")
    return lines


def test_every_page_takes_the_statements_that_the_file_says(world: World) -> None:
    held = json.loads(FILE.read_text()) if FILE.exists() else {}
    found = counted(world)
    if os.environ.get("REMIT_WRITE_COUNTS") == "1":
        held[connection.vendor] = found
        FILE.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n")
    wrong = differences(held.get(connection.vendor, {}), found)
    assert not wrong, "\n".join([*wrong, "If that is meant: make counts, and say why in the commit."])
    assert len(found) > len(SURFACES) // 3, "the sweep answers next to nothing"


def test_one_statement_more_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from knowledge.views import library

    browser = world.browser("author")
    browser.get("/library/")
    before = statements(browser, "/library/")
    listed = library.selectors.library_with_facets

    def careless(*args: Any) -> Any:
        page, facets = listed(*args)
        page.rows[0].document.refresh_from_db(fields=["title"])
        return page, facets

    monkeypatch.setattr(library.selectors, "library_with_facets", careless)
    after = statements(browser, "/library/")
    assert differences({"library": {"author": before}}, {"library": {"author": after}}) == [
        f"library for the author: {before} in the file, {before + 1} now"
    ]
