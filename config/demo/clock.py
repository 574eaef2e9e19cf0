"""A clock that can be set: the demo's three years are lived through in seconds.

While a ``Clock`` runs, ``timezone.now`` tells its moment in this process. Use it where nothing else runs: in a
command, never in the server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from governance import ledger

MORNING = time(8, 0)


class Clock:
    """Time as the demo tells it: days are counted from ``today``, minutes from eight in the morning, in UTC."""

    def __init__(self, now: datetime) -> None:
        self.real = now
        self._moment = now

    @property
    def today(self) -> date:
        """The day on which the demo is loaded."""
        return self.real.date()

    def day(self, offset: int) -> date:
        """The day that is ``offset`` days from today."""
        return self.today + timedelta(days=offset)

    def moment(self, offset: int, minutes: int) -> datetime:
        """A moment of that day, never later than the real one."""
        told = datetime.combine(self.day(offset), MORNING, tzinfo=UTC) + timedelta(minutes=minutes)
        return min(told, self.real)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """In the block it is ``moment``, and what the ledger writes down claims to have happened then."""
        real_now = timezone.now
        timezone.now = lambda: moment
        try:
            with ledger.claimed_time(moment):
                yield
        finally:
            timezone.now = real_now
