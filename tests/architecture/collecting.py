"""A pytest plugin that writes down, for every collected test, the passes that run it."""

import json
import os
from pathlib import Path

import pytest

from tests.conftest import runs_on


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything is seen before a pass deselects what the other one runs."""
    passes = {item.nodeid: [vendor for vendor in ("sqlite", "postgresql") if runs_on(item, vendor)] for item in items}
    Path(os.environ["REMIT_COLLECTED"]).write_text(json.dumps(passes), encoding="utf-8")
