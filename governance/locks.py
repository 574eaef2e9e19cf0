"""One at a time: a lease in the database, so that two beats or two workers never run the same job at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q

from governance.ledger.clock import database_now
from governance.models import JobHeartbeat

_LONGEST_TEXT = 4000

SWEEP_LEASE: int = 2 * settings.LEASE_SECONDS
"""Seconds after which the sweep of a worker that died is taken over. Two sweeps at once would harm nothing."""


def lock_for_edit(name: str) -> None:
    """Whoever locks the same name waits until this transaction ends. Nothing to do on SQLite, where a transaction that
    writes is alone from its beginning."""
    if connection.vendor != "postgresql":
        return
    number = int.from_bytes(sha256(f"edit:{name}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [number])


class LeaseLost(RuntimeError):
    """The job took longer than its lease, and another may run it now: stop, and let that one finish."""


@dataclass(slots=True)
class Lease:
    """The right to run a job until the lease ends. Set ``result`` to say how it went."""

    name: str
    turn: int
    seconds: int
    result: str = ""

    def renew(self) -> None:
        """The lease begins anew; raises ``LeaseLost`` where another has it. Call it between a long job's steps."""
        with transaction.atomic(durable=True):
            until = database_now() + timedelta(seconds=self.seconds)
            held = JobHeartbeat.objects.filter(pk=self.name, turn=self.turn, lease_until__isnull=False)
            if not held.update(lease_until=until):
                raise LeaseLost(f"The lease of {self.name} ran out and another has taken it.")


@contextmanager
def job_lease(name: str, *, seconds: int) -> Iterator[Lease | None]:
    """The block holds the job's lease, or ``None`` where another holds it now.

    Time is the database's. A lease whose holder died is free after ``seconds``. How the block ended is written into
    the job's ``JobHeartbeat``, and an exception passes on.
    """
    lease = take_lease(name, seconds=seconds)
    if lease is None:
        yield None
        return
    try:
        yield lease
    except BaseException as error:
        give_back_lease(lease, error=f"{type(error).__name__}: {error}")
        raise
    give_back_lease(lease)


def take_lease(name: str, *, seconds: int) -> Lease | None:
    """The lease is this process's until it ends, is renewed or given back; ``None`` where another holds it now.

    For what is held as long as a process lives. A job with an end uses ``job_lease``.
    """
    with transaction.atomic(durable=True):
        JobHeartbeat.objects.get_or_create(name=name)
        now = database_now()
        taken = (
            JobHeartbeat.objects.filter(pk=name)
            .filter(Q(lease_until=None) | Q(lease_until__lte=now))
            .update(turn=F("turn") + 1, lease_until=now + timedelta(seconds=seconds), started_at=now)
        )
        if not taken:
            return None
        return Lease(name, JobHeartbeat.objects.values_list("turn", flat=True).get(pk=name), seconds)


def give_back_lease(lease: Lease, *, error: str = "") -> None:
    """Another may take the lease at once, and how it ended is written down; nothing where another has it already."""
    with transaction.atomic(durable=True):
        JobHeartbeat.objects.filter(pk=lease.name, turn=lease.turn).update(
            lease_until=None,
            finished_at=database_now(),
            last_result=lease.result[:_LONGEST_TEXT].replace("\x00", ""),
            last_error=error[:_LONGEST_TEXT].replace("\x00", ""),
        )
