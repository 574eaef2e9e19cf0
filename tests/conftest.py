"""What every test stands on: a database of its own, no files left behind, and one rule about which test runs where."""

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from tests import suite

_DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_reset_sequences", "live_server"})
_FORBID_SKIPS = os.environ.get("REMIT_FORBID_SKIPS") == "1"
_NO_POSTGRESQL = os.environ.get("REMIT_NO_POSTGRESQL", "")
_folders: list[Path] = []


def pytest_configure(config: pytest.Config) -> None:
    """Tests write into a folder of their own process and pay neither for slow hashes nor for hashed file names."""
    folder = Path(tempfile.mkdtemp(prefix="remit-tests-"))
    _folders.append(folder)
    settings.TESTING = True
    settings.DATA_DIR = folder
    settings.MEDIA_ROOT = folder / "files"
    settings.EMAIL_FILE_PATH = str(folder / "mail")
    settings.STATIC_ROOT = folder / "static"
    settings.STATIC_ROOT.mkdir()
    # A sweep asks more in a minute than anybody; the tests of the limits set their own.
    settings.API_REQUESTS_A_MINUTE = settings.API_REQUESTS_A_MINUTE_SIGNED_OUT = 1_000_000
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    connection = connections["default"]
    if connection.vendor == "sqlite":
        # A file, not memory: threads that write at once then meet the same locks as in a real installation.
        connection.settings_dict["TEST"]["NAME"] = str(folder / "test.sqlite3")
    else:
        # Two runs at once on one server do not meet.
        connection.settings_dict["TEST"]["NAME"] = f"test_remit_{os.getpid()}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Nothing is left behind."""
    while _folders:
        shutil.rmtree(_folders.pop(), ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _the_flush_may_empty_the_ledger() -> None:
    """Between transaction tests the database is emptied; only here may that pass the ledger's triggers."""
    from governance.ledger.testing import let_the_flush_pass

    let_the_flush_pass()


def uses_database(item: pytest.Item) -> bool:
    """Return whether the test touches a database, by its marker, its fixtures or its class."""
    fixtures = set(getattr(item, "fixturenames", ()))
    return (
        item.get_closest_marker("django_db") is not None
        or bool(fixtures & _DATABASE_FIXTURES)
        or hasattr(getattr(item, "cls", None), "databases")
    )


def runs_on(item: pytest.Item, vendor: str) -> bool:
    """Return whether the pass on ``vendor`` runs this test.

    A test marked for one database runs there only. A test that touches no database runs once, in the SQLite pass.
    """
    if item.get_closest_marker("postgresql"):
        return vendor == "postgresql"
    if item.get_closest_marker("sqlite"):
        return vendor == "sqlite"
    return vendor == "sqlite" or uses_database(item)


# Last: pytest-django and the parametrising hooks have had their say.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect, and never skip, what the other pass runs."""
    vendor = connections["default"].vendor
    if _NO_POSTGRESQL:
        # There will be no other pass: what it would have run is named instead of passed over.
        for item in items:
            if item.get_closest_marker("postgresql"):
                item.add_marker(pytest.mark.skip(reason=f"PostgreSQL is not at hand: {_NO_POSTGRESQL}"))
        return
    staying = [item for item in items if runs_on(item, vendor)]
    if len(staying) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if not runs_on(item, vendor)])
        items[:] = staying


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under REMIT_FORBID_SKIPS=1 a skip is a failure: there, everything that a test may need is at hand."""
    report = yield
    if _FORBID_SKIPS and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Skipped, where nothing may be skipped: {reason}"
    return report


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The address of a Redis that tests may write to."""
    found = suite.redis_server()
    if not found.where:
        pytest.skip(f"Redis is not at hand: {found.why_not}")
    return found.where


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The path of a Chromium, for Playwright's ``executable_path``."""
    found = suite.browser()
    if not found.where:
        pytest.skip(f"Chromium is not at hand: {found.why_not}")
    return found.where
