"""What the journeys stand on: one prepared demo, a server of its own for each journey, one Chromium."""

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.journeys.site import Site, prepare, serving
from tests.journeys.visitor import Visitor

Arrive = Callable[..., Visitor]


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The demo organisation, loaded once for the whole run, however many processes the suite uses."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    data, done = shared / "prepared", shared / "prepared.done"
    with (shared / "prepared.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            prepare(data)
            done.touch()
    return data


# For the package and not for the session: while Playwright runs, Django refuses its database to the same thread.
@pytest.fixture(scope="package")
def browser(chromium_path: str) -> Iterator[Browser]:
    """The one Chromium of these tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path)
        yield browser
        browser.close()


@pytest.fixture
def site(browser: Browser, prepared: Path, tmp_path: Path) -> Iterator[Site]:
    """An installation of this journey's own; afterwards it must have written down no fault."""
    with serving(prepared, tmp_path / "data") as site:
        yield site
        faults = site.faults()
    assert not faults, faults


@pytest.fixture
def arrive(browser: Browser, site: Site) -> Iterator[Arrive]:
    """Somebody comes to the site: ``arrive("Lena Marsh")``, ``arrive("Jun Park", script=False)``, ``arrive()``."""
    visitors: list[Visitor] = []

    def come(name: str = "", *, script: bool = True) -> Visitor:
        visitor = Visitor(browser, site.url, script=script)
        visitors.append(visitor)
        return visitor.signs_in(name) if name else visitor

    yield come
    for visitor in visitors:
        visitor.close()
