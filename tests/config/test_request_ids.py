"""One id from the proxy's log to the ledger: where it is taken over, where it is made, and where it stands."""

import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.test import Client

from config import celery as jobs
from governance import ledger
from governance.actions.units import rename_unit
from governance.ledger.reading import LedgerEntryView
from governance.models import LedgerEntry
from tests.knowledge.cast import Cast, make_cast, unit

MADE = re.compile(r"[0-9a-f]{16}")


@pytest.fixture(autouse=True)
def _nothing_bound() -> Iterator[None]:
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()


def answered(given: str) -> str:
    return Client().get("/livez", HTTP_X_REQUEST_ID=given).headers["X-Request-ID"]


@pytest.mark.parametrize("given", ["proxy-2031.0001", "a" * 64, "01HZXW_-.", "3f0c2b1e-9d6f-4f8e-8c1c-0a4d4c7f9b11"])
def test_a_well_formed_id_is_taken_over_from_a_proxy_and_from_nobody_else(given: str, settings: Any) -> None:
    settings.BEHIND_PROXY = False
    assert MADE.fullmatch(answered(given))
    settings.BEHIND_PROXY = True
    assert answered(given) == given


@pytest.mark.parametrize(
    "given", ["", "short", "a" * 65, "with space 123", 'quote"12345678', "zeile\t12345678", "ümlaut123456"]
)
def test_an_id_that_is_not_well_formed_is_replaced(given: str, settings: Any) -> None:
    settings.BEHIND_PROXY = True
    assert MADE.fullmatch(answered(given))


def test_two_requests_have_two_ids_and_none_outlives_its_request() -> None:
    assert answered("") != answered("")
    assert structlog.contextvars.get_contextvars() == {}


@pytest.mark.django_db
def test_lines_of_the_log_and_the_page_of_a_fault_name_the_request(
    settings: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BEHIND_PROXY = True

    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr("accounts.views.signing_in.render", breaks)
    with caplog.at_level(logging.INFO):
        page = Client(raise_request_exception=False).get("/signin/", HTTP_X_REQUEST_ID="proxy-2031.0002")
    assert page.status_code == 500
    assert "proxy-2031.0002" in page.content.decode()
    assert page.headers["X-Request-ID"] == "proxy-2031.0002"
    named = [record for record in caplog.records if "proxy-2031.0002" in str(record.msg)]
    assert {"request_started", "request_failed"} <= {record.msg["event"] for record in named}  # type: ignore[index]


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


def test_an_entry_names_its_request_and_what_follows_from_it_names_the_same(cast: Cast) -> None:
    heard: list[tuple[str, str]] = []

    def handler(entry: LedgerEntryView) -> None:
        heard.append((entry.request_id, structlog.contextvars.get_contextvars().get("request_id", "")))
        if len(heard) == 1:
            with ledger.change(actor=ledger.SYSTEM) as change:
                change.record("unit.renamed", stream=ledger.stream("tests", "follower"))

    ledger.subscribe("unit.renamed", name="tests.follower", handler=handler)
    try:
        with structlog.contextvars.bound_contextvars(request_id="proxy-2031.0003"):
            rename_unit(actor=cast.admin, unit=unit("HR"), name="People and culture", reason="It is more.")
        with structlog.contextvars.bound_contextvars(request_id="a-job-of-the-timetable"):
            ledger.deliver_due()
        assert heard[0] == ("proxy-2031.0003", "proxy-2031.0003")
        follower = LedgerEntry.objects.get(stream__name="tests:follower")
        assert follower.request_id == "proxy-2031.0003"
    finally:
        ledger.unsubscribe("tests.follower")


def test_a_job_takes_over_its_requests_id_and_a_job_of_the_timetable_has_its_own() -> None:
    class Request:
        id = "job-0001"

    class Task:
        request = Request()

    jobs._name_the_request(sender=None, task=Task())
    assert structlog.contextvars.get_contextvars()["request_id"] == "job-0001"
    structlog.contextvars.bind_contextvars(request_id="proxy-2031.0004")
    jobs._name_the_request(sender=None, task=Task())
    assert structlog.contextvars.get_contextvars()["request_id"] == "proxy-2031.0004"
    assert any(receiver[1]() is jobs._name_the_request for receiver in jobs.bind_extra_task_metadata.receivers)
