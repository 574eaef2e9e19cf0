"""Governance's jobs: telling what was recorded."""

from typing import Any

from celery import shared_task
from celery.signals import worker_init, worker_ready
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from governance import ledger
from governance.actions.dates import follow_dates
from governance.actions.kept_answers import forget_old_answers
from governance.actions.requests import advance_due
from governance.checks import refuse_unprotected_ledger
from governance.locks import SWEEP_LEASE, job_lease


@shared_task(name="governance.sweep_deliveries")
def sweep_deliveries() -> str:
    """Everything in the outbox that is due has been told; safe to run any number of times at once."""
    return str(ledger.deliver_due())


@shared_task(name="governance.sweep_deliveries_on_beat")
def sweep_deliveries_on_beat() -> str:
    """The same, once at a time and with a heartbeat: what a lost message or a killed worker left behind is found."""
    with job_lease("governance.sweep_deliveries", seconds=SWEEP_LEASE) as lease:
        if lease is None:
            return "another sweep is running"
        lease.result = str(ledger.deliver_due())
        return lease.result


@shared_task(name="governance.follow_calendar")
def follow_calendar() -> str:
    """Last calls that have ended are ended, and permissions follow dates that have passed."""
    with job_lease("governance.follow_calendar", seconds=600) as lease:
        if lease is None:
            return "another run is going on"
        lease.result = f"compiled: {follow_dates()}, requests moved: {advance_due()}"
        return lease.result


@shared_task(name="governance.forget_old_answers")
def forget_old_answers_on_beat() -> str:
    """No answer to a write of the API is kept for longer than a day."""
    with job_lease("governance.forget_old_answers", seconds=600) as lease:
        if lease is None:
            return "another run is going on"
        lease.result = f"forgotten: {forget_old_answers()}"
        return lease.result


def sweep_soon() -> None:
    """A worker will sweep now, if the broker can be reached; else the beat job does. Never waits for a broker."""
    sweep_deliveries.apply_async(retry=False, expires=60, ignore_result=True)


def register() -> None:
    """Each commit that leaves something to deliver asks for a sweep, and so does each worker that starts; no worker
    starts on a ledger without its triggers."""
    ledger.set_dispatcher(sweep_soon)
    worker_init.connect(_refuse_unprotected_ledger, dispatch_uid="governance.refuse_unprotected_ledger")
    worker_ready.connect(_sweep_at_start, dispatch_uid="governance.sweep_at_start")


def _refuse_unprotected_ledger(**_: Any) -> None:
    try:
        refuse_unprotected_ledger()
    except ImproperlyConfigured as error:
        # Celery only logs what a receiver raises, but for this.
        raise SystemExit(str(error)) from error


def _sweep_at_start(**_: Any) -> None:
    sweep_soon()


SCHEDULE = {
    "governance.sweep_deliveries": {
        "task": "governance.sweep_deliveries_on_beat",
        "schedule": settings.SWEEP_SECONDS,
        "at_start": True,
    },
    "governance.follow_calendar": {
        "task": "governance.follow_calendar",
        "schedule": 60,
        "at_start": True,
    },
    "governance.forget_old_answers": {"task": "governance.forget_old_answers", "schedule": 3600},
}
