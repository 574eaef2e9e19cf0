"""One beat works, however many are started: the others stand by, and take over within a minute when it dies.

Beat only says "look now"; every job bears being told twice. So what is held is a lease in the database, by the
database's clock, renewed while the beat lives: nobody has to decide which beat is the right one, and a beat that hangs
loses its turn like one that died. The lease's row is also the beat's heartbeat, which readiness reads.
"""

import os
import time
from pathlib import Path
from typing import Any

import structlog
from celery.beat import Scheduler
from django.db import Error, close_old_connections, connection

from governance.heartbeats import BEAT, BEAT_LEASE
from governance.locks import Lease, LeaseLost, give_back_lease, take_lease

_log = structlog.get_logger(__name__)

WAIT = 5.0
"""The longest time between two looks, in seconds, whether this beat works or stands by."""
_RENEW = 10.0
ALIVE = "REMIT_ALIVE_FILE"
"""The variable that names a file which is touched at every look: how a platform sees that beat is not stuck."""


class OneBeat(Scheduler):
    """Celery's own timetable, kept by whoever holds the lease. It remembers nothing: after a start every interval
    begins anew, which is why no job may rely on the time at which it runs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._lease: Lease | None = None
        self._renew_at = 0.0
        # After the parent's own work, which may already look at the timetable.
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """What is due was sent, if this is the beat that works; returns the seconds until the next look."""
        _say_alive()
        if not self._works():
            return WAIT
        return float(min(super().tick(*args, **kwargs), WAIT))

    def close(self) -> None:
        """Whoever stands by may take over at once."""
        lease, self._lease = self._lease, None
        if lease is not None:
            try:
                give_back_lease(lease)
            except Error:
                _log.warning("beat_lease_not_given_back")
        super().close()

    def _works(self) -> bool:
        if self._lease is not None and time.monotonic() < self._renew_at:
            return True
        held = self._lease is not None
        close_old_connections()
        try:
            self._take_or_renew()
        except LeaseLost:
            self._lease = None
        except Error as error:
            # Without the database no job could do anything either.
            self._lease = None
            _log.warning("beat_without_database", error=type(error).__name__)
        finally:
            # Back to its pool: it may be long until the next look.
            connection.close()
        if held != (self._lease is not None):
            _log.info("beat_works" if self._lease else "beat_stands_by", process=os.getpid())
        return self._lease is not None

    def _take_or_renew(self) -> None:
        asked_at = time.monotonic()
        if self._lease is None:
            self._lease = take_lease(BEAT, seconds=BEAT_LEASE)
        else:
            self._lease.renew()
        self._renew_at = asked_at + _RENEW


def _say_alive() -> None:
    if path := os.environ.get(ALIVE):
        Path(path).touch()
