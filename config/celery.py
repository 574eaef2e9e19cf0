"""The Celery application and its timetable.

Each package declares its own periodic jobs in ``tasks.py``, as ``SCHEDULE``: a name → ``{"task": …, "schedule": …}``,
the schedule in seconds or a crontab. With ``"at_start": True`` the job also runs once when an embedded worker starts,
because its queue died with the process before it. A job must bear being run twice; beat only says "look now".
"""

import os
import time
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun
from django.dispatch import receiver
from django_structlog.celery.signals import bind_extra_task_metadata
from django_structlog.celery.steps import DjangoStructLogInitStep

from config.job_counts import count_job

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("remit")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)

SCHEDULING_MODULES = ("config.tasks", "governance.tasks", "knowledge.tasks", "accounts.tasks")


def timetable() -> dict[str, Mapping[str, Any]]:
    """Return every periodic job of every package. Needs Django to be set up; a name used twice raises."""
    jobs: dict[str, Mapping[str, Any]] = {}
    for module in SCHEDULING_MODULES:
        declared = getattr(import_module(module), "SCHEDULE", {}) if find_spec(module) else {}
        if twice := jobs.keys() & declared.keys():
            raise ValueError(f"Scheduled twice: {', '.join(sorted(twice))}.")
        jobs |= declared
    return jobs


def jobs_at_start() -> list[str]:
    """Return the tasks that an embedded worker runs once when it starts."""
    return [job["task"] for job in timetable().values() if job.get("at_start")]


@app.on_after_finalize.connect
def _install_timetable(sender: Celery, **_: Any) -> None:
    sender.conf.beat_schedule = {
        name: {"task": job["task"], "schedule": job["schedule"], "options": _expiring(job["schedule"])}
        for name, job in timetable().items()
    }


def _expiring(schedule: object) -> dict[str, float]:
    """The next "look now" makes the last one needless: so a broker without workers fills with one, not thousands."""
    return {"expires": float(schedule)} if isinstance(schedule, int | float) else {}


@receiver(bind_extra_task_metadata)
def _name_the_request(sender: Any, task: Any, **_: Any) -> None:
    """A job that no request asked for is its own request: what it records is found in the log by the job's id."""
    if not structlog.contextvars.get_contextvars().get("request_id"):
        structlog.contextvars.bind_contextvars(request_id=task.request.id)


@task_prerun.connect
def _begin_measuring(task: Any, **_: Any) -> None:
    task.request.remit_began_at = time.monotonic()


@task_postrun.connect
def _count(task: Any, state: str = "", **_: Any) -> None:
    """The job is counted by how it ended, where ``/metrics`` finds it; a cache that is away harms no job."""
    began_at = getattr(task.request, "remit_began_at", None)
    seconds = time.monotonic() - began_at if began_at is not None else 0.0
    count_job(task.name, outcome=state, seconds=seconds)


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Celery leaves logging alone while this receiver stands: Django's LOGGING is already in force."""
