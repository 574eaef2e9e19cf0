"""A commit reaches a worker by itself, and the beat job finds what no message told of."""

import threading

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.management import CommandError, call_command
from django.db import connection

from config.celery import app
from governance import ledger, tasks
from governance.ledger import dispatch, triggers
from governance.ledger.reading import LedgerEntryView
from governance.locks import job_lease
from governance.models import JobHeartbeat

from .conftest import SENT, send


@pytest.mark.django_db(transaction=True)
def test_a_commit_is_told_by_a_worker_without_anybody_asking() -> None:
    told = threading.Event()

    def handler(_: LedgerEntryView) -> None:
        told.set()

    ledger.subscribe(SENT, name="tests.postman", handler=handler, in_transaction=False)
    tasks.register()
    assert dispatch._dispatcher is tasks.sweep_soon
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=30):
        send()
        assert told.wait(timeout=30)
    connection.close()


@pytest.mark.django_db
def test_the_beat_job_tells_what_is_due_and_leaves_its_heartbeat() -> None:
    told: list[str] = []
    ledger.subscribe(SENT, name="tests.postman", handler=lambda entry: told.append(entry.subject_title))
    send()
    assert tasks.sweep_deliveries_on_beat() == "1 delivered, 0 to be tried again, 0 given up"
    assert tasks.sweep_deliveries() == "0 delivered, 0 to be tried again, 0 given up"
    assert told == ["Parcel one"]
    row = JobHeartbeat.objects.get(name="governance.sweep_deliveries")
    assert (row.last_result, row.lease_until) == ("1 delivered, 0 to be tried again, 0 given up", None)


@pytest.mark.django_db
def test_two_beats_never_sweep_at_once() -> None:
    with job_lease("governance.sweep_deliveries", seconds=60):
        assert tasks.sweep_deliveries_on_beat() == "another sweep is running"


def test_the_sweep_is_in_the_timetable_and_runs_at_the_start() -> None:
    job = tasks.SCHEDULE["governance.sweep_deliveries"]
    assert job["task"] == tasks.sweep_deliveries_on_beat.name
    assert job["at_start"] is True


@pytest.mark.django_db
def test_neither_worker_nor_server_starts_on_a_ledger_without_its_triggers() -> None:
    tasks._refuse_unprotected_ledger()
    triggers.lift()
    try:
        with pytest.raises(SystemExit, match="triggers are missing"):
            tasks._refuse_unprotected_ledger()
        with pytest.raises(CommandError, match="triggers are missing"):
            call_command("serve", "--no-prepare", "--port", "0")
    finally:
        triggers.install()
    tasks._refuse_unprotected_ledger()
