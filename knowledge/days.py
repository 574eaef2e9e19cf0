"""Days of the calendar as documents count them: in UTC, the same for everybody."""

from calendar import monthrange
from datetime import UTC, date, datetime

from django.utils import timezone


def today(now: datetime | None = None) -> date:
    """The day in UTC, whatever the reader's time zone: a version is in force for everybody or for nobody."""
    return (now or timezone.now()).astimezone(UTC).date()


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month where it has no such day."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))
