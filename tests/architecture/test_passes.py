"""No test is written that no pass runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.repository import ROOT
from tests.conftest import runs_on


class _Test:
    """As much of a collected test as the rule looks at."""

    cls = None

    def __init__(self, *markers: str, fixtures: tuple[str, ...] = ()) -> None:
        self.markers, self.fixturenames = markers, fixtures

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.markers else None


@pytest.mark.parametrize(
    ("test", "passes"),
    [
        (_Test(), {"sqlite"}),
        (_Test("django_db"), {"sqlite", "postgresql"}),
        (_Test(fixtures=("live_server",)), {"sqlite", "postgresql"}),
        (_Test("django_db", "postgresql"), {"postgresql"}),
        (_Test("postgresql"), {"postgresql"}),
        (_Test("django_db", "sqlite"), {"sqlite"}),
    ],
)
def test_a_test_runs_where_its_marker_says_and_with_a_database_on_both(test: _Test, passes: set[str]) -> None:
    assert {vendor for vendor in ("sqlite", "postgresql") if runs_on(test, vendor)} == passes  # type: ignore[arg-type]


def test_every_test_of_every_file_runs_in_some_pass(tmp_path: Path) -> None:
    written = tmp_path / "collected.json"
    collecting = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--collect-only",
            "-q",
            "-p",
            "tests.architecture.collecting",
            "-p",
            "no:xdist",
        ],
        cwd=ROOT,
        env={**os.environ, "REMIT_COLLECTED": str(written), "REMIT_NO_POSTGRESQL": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert collecting.returncode == 0, collecting.stdout[-3000:] + collecting.stderr[-3000:]
    passes: dict[str, list[str]] = json.loads(written.read_text(encoding="utf-8"))
    assert [test for test, run_by in passes.items() if not run_by] == []
    with_tests = {test.partition("::")[0] for test in passes}
    written_files = {str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    assert written_files - with_tests == set()
