"""Celery inside the web server's own process, for installations without a Redis.

Messages live in this process's memory (``memory://``), so the worker that reads them and the beat that schedules them
must live here too: ``config/gunicorn.py`` starts them after its one web worker is up, and stops them before it leaves.
Started in gunicorn's master instead, they would read a memory that no request ever writes to. What was queued dies with
the process; the database remembers what is owed, and the jobs marked ``at_start`` look for it.

This is not ``task_always_eager``: messages are serialised, sent after the commit and run in another thread, as in
production, so a fault there shows here first.
"""

from threading import Thread
from typing import Any

import structlog
from celery.beat import EmbeddedService

from config.celery import app, jobs_at_start

_log = structlog.get_logger(__name__)

# Seconds that a stopping server waits for the job in hand.
_PATIENCE = 20


class EmbeddedCelery:
    """One worker and one beat, in threads of this process. Started once, stopped once."""

    def __init__(self, *, threads: int = 2) -> None:
        self._worker: Any = app.WorkController(
            pool="threads",
            concurrency=threads,
            hostname="embedded",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
        )
        self._thread = Thread(target=self._worker.start, name="embedded-worker", daemon=True)
        # The timetable is kept in memory: a schedule file would only remember what `at_start` makes up for.
        self._beat: Any = EmbeddedService(app, thread=True, scheduler_cls="config.beat:OneBeat")

    def start(self) -> None:
        """The worker consumes, the beat ticks, and the jobs marked ``at_start`` are queued."""
        self._thread.start()
        self._beat.start()
        for task in jobs_at_start():
            app.send_task(task)
        _log.info("embedded_celery_started", at_start=jobs_at_start())

    def stop(self) -> None:
        """No new job begins; the ones in hand end, or are left after a while: each bears being run again."""
        self._beat.stop()
        self._worker.stop()
        self._thread.join(_PATIENCE)


def refusal(*, broker: str, web_workers: int) -> str | None:
    """Return why this number of web workers cannot be served, or None: memory is not shared between processes."""
    if broker.startswith("memory://") and web_workers != 1:
        return (
            f"{web_workers} web workers were asked for, but without REDIS_URL jobs live in the memory of one process: "
            "the jobs of the others would be lost. Set REDIS_URL, or run one web worker (it serves several requests at "
            "once in threads; REMIT_WEB_THREADS says how many)."
        )
    return None
