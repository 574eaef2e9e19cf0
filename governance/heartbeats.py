"""Who is alive: the beat that says "look now", and the workers that do."""

from datetime import timedelta
from typing import Final

from django.db import transaction

from governance.ledger.clock import database_now
from governance.models import JobHeartbeat, WorkerHeartbeat

BEAT: Final = "config.beat"
"""The lease by which, of several beats, one works."""
BEAT_LEASE: Final = 30
"""Seconds after which another beat takes over from one that died."""
_FORGOTTEN: Final = timedelta(days=1)


def worker_seen(name: str) -> None:
    """It is written down that this worker consumes; workers that were not seen for a day are forgotten."""
    with transaction.atomic(durable=True):
        now = database_now()
        WorkerHeartbeat.objects.update_or_create(name=name[:200], defaults={"seen_at": now})
        WorkerHeartbeat.objects.filter(seen_at__lt=now - _FORGOTTEN).delete()


def beat_age() -> float | None:
    """Seconds since a beat last held its lease, or ``None`` where none does; one statement and the clock's."""
    until = JobHeartbeat.objects.filter(pk=BEAT).values_list("lease_until", flat=True).first()
    if until is None:
        return None
    return max(0.0, (database_now() - until).total_seconds() + BEAT_LEASE)


def worker_ages() -> list[float]:
    """Seconds since each worker that was seen within a day last ran a job of the timetable, the newest first."""
    now = database_now()
    seen = WorkerHeartbeat.objects.filter(seen_at__gte=now - _FORGOTTEN).order_by("-seen_at")
    return [max(0.0, (now - each).total_seconds()) for each in seen.values_list("seen_at", flat=True)]
