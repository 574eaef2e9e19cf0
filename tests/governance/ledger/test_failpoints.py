"""Failpoints fail only where a test armed them."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from governance import failpoints
from governance.ledger.changes import BEFORE_ENTRIES


def test_an_unarmed_failpoint_does_nothing_and_an_armed_one_fails() -> None:
    failpoints.failpoint(BEFORE_ENTRIES)
    with failpoints.armed(BEFORE_ENTRIES), pytest.raises(failpoints.FailpointReached):
        failpoints.failpoint(BEFORE_ENTRIES)
    failpoints.failpoint(BEFORE_ENTRIES)


def test_outside_tests_none_can_be_armed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TESTING = False
    with pytest.raises(ImproperlyConfigured, match="only in tests"), failpoints.armed(BEFORE_ENTRIES):
        pass
    monkeypatch.setenv(failpoints.VARIABLE, f"{BEFORE_ENTRIES}=exit")
    with pytest.raises(ImproperlyConfigured, match="only in tests"):
        failpoints.arm_from_environment()
    failpoints.failpoint(BEFORE_ENTRIES)


def test_an_unknown_name_raises_at_once() -> None:
    with pytest.raises(LookupError):
        failpoints.failpoint("nowhere")
    with pytest.raises(LookupError), failpoints.armed("nowhere"):
        pass
    with pytest.raises(ValueError, match="twice"):
        failpoints.declare(BEFORE_ENTRIES)
