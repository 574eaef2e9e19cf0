"""What a campaign asks of pytest beyond an ordinary run: each test many times, an end to it, and a count of what ran.

Loaded with ``-p tests.proving.plugin`` by ``python -m tests.prove``. ``REMIT_PROVE_REPEAT`` runs every collected test
so often; after ``REMIT_PROOF_SECONDS`` no further test begins. Each test that ran is a line of the figures.
"""

import os

import pytest

from tests.proving.recording import PARTS, Budget, record

REPEAT = int(os.environ.get("REMIT_PROVE_REPEAT") or 1)
CAMPAIGN = os.environ.get("REMIT_PROVE_CAMPAIGN", "")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test stands in the list so often as it is to be repeated."""
    if REPEAT > 1:
        metafunc.fixturenames.append("_repetition")
        metafunc.parametrize("_repetition", range(REPEAT))


class Counting:
    """Counts what was run and stops when the time is spent."""

    def __init__(self) -> None:
        self._budget = Budget(whole=True)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        os.environ[PARTS] = str(max(1, len(session.items)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self._budget.is_spent:
            record(CAMPAIGN, not_run=1)
            item.session.shouldstop = "the campaign's time is spent"
            pytest.skip("the campaign's time is spent")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            record(CAMPAIGN, failed=1, said=report.nodeid)
        if report.when == "call" and not report.skipped:
            record(CAMPAIGN, tests=1)


def pytest_configure(config: pytest.Config) -> None:
    """The counting begins."""
    config.pluginmanager.register(Counting(), "remit-proving")
