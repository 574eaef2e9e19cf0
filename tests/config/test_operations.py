"""What docs/operations.md says is what there is: every variable, check and metric, both ways."""

import ast
import re
from collections.abc import Iterator

import pytest

from config import metrics
from config.environment import REQUIRED_IN_PRODUCTION
from config.health import CHECKS
from tests.architecture.repository import ROOT

OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
_READERS = {"text", "flag", "number", "names", "networks"}
_NOT_FOR_OPERATORS = {"DJANGO_SETTINGS_MODULE", "REMIT_FAILPOINT", "PATH"}
"""Set by Remit itself, refused outside tests, and the machine's own."""


def _constants(tree: ast.AST) -> dict[str, str]:
    """The module's names of texts, such as ``ALIVE = "REMIT_ALIVE_FILE"``."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Constant):
            continue
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name) and isinstance(node.value.value, str):
            found[target.id] = node.value.value
    return found


def _read_by(text: str) -> Iterator[str]:
    """The variables that a module reads: through ``Environment``, or from ``os.environ`` itself."""
    tree = ast.parse(text)
    constants = _constants(tree)

    def name_of(node: ast.expr) -> str:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        return constants.get(node.id, "") if isinstance(node, ast.Name) else ""

    for node in ast.walk(tree):
        of_environ = _of_environ(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            ours = isinstance(node.func.value, ast.Name) and node.func.value.id in {"_env", "self"}
            if (ours and node.func.attr in _READERS) or of_environ:
                yield name_of(node.args[0])
        elif isinstance(node, ast.Subscript) and of_environ:
            yield name_of(node.slice)


def _of_environ(node: ast.AST) -> bool:
    holder = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    holder = node.value if isinstance(node, ast.Subscript) else holder
    return holder is not None and ast.unparse(holder) == "os.environ"


def variables_read() -> set[str]:
    found: set[str] = set()
    for package in ("config", "governance", "knowledge", "accounts"):
        for path in (ROOT / package).rglob("*.py"):
            found |= {name for name in _read_by(path.read_text(encoding="utf-8")) if name.isupper()}
    return found - _NOT_FOR_OPERATORS


def _rows(heading: str) -> list[str]:
    part = OPERATIONS.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [line for line in part.splitlines() if line.startswith("| `")]


def test_every_variable_has_a_row_and_every_row_is_read() -> None:
    first_cells = " ".join(row.split("|")[1] for row in _rows("Settings"))
    documented = set(re.findall(r"`([A-Z_]+)`", first_cells))
    read = variables_read()
    assert {"SECRET_KEY", "REMIT_LEASE_SECONDS", "REMIT_ALIVE_FILE", "PROMETHEUS_MULTIPROC_DIR"} <= read
    assert documented == read


def test_what_production_cannot_do_without_is_marked_as_required() -> None:
    required = {re.findall(r"`([A-Z_]+)`", row)[0] for row in _rows("Settings") if "*required*" in row}
    assert required == set(REQUIRED_IN_PRODUCTION)


def test_every_check_of_readiness_says_what_red_means_and_what_to_do() -> None:
    named = [row.split("|")[1].strip(" `") for row in _rows("Health")]
    assert [name for name in named if not name.startswith("/")] == [check.name for check in CHECKS]
    assert {"/livez", "/readyz", "/metrics"} <= set(named)


@pytest.mark.django_db
def test_every_metric_has_a_row() -> None:
    ours = [metrics.REQUESTS, metrics.SECONDS, metrics.STATEMENTS]
    families = [family for each in ours for family in each.collect()] + list(metrics._State().collect())
    there = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    documented = set(re.findall(r"`(remit_[a-z_]+)", " ".join(row.split("|")[1] for row in _rows("Metrics"))))
    assert documented == there
