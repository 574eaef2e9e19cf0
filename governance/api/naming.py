"""How bodies name people and days."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from governance.errors import Invalid
from governance.selectors import people as selectors

MOST_YEARS = 50


def person_named(text: str, *, field: str = "person") -> Any:
    """Return the active account with this id or e-mail address; raises ``Invalid`` at ``field``. The caller has asked
    whether the actor may name people."""
    person = selectors.person_called(text)
    if person is None:
        raise Invalid({field: "Nobody here has this id or e-mail address."})
    return person


def first_moment(day: date | None, *, field: str = "since") -> datetime | None:
    """Return when something begins: at once (None) today, else with the day; raises ``Invalid`` for a day that was."""
    today = timezone.localdate()
    if day is None or day == today:
        return None
    _refuse_far(day, today, field=field)
    return timezone.make_aware(datetime.combine(day, time.min))


def last_moment(day: date, *, field: str = "until") -> datetime:
    """Return when something ends: with the last moment of the day; raises ``Invalid`` for a day that was."""
    _refuse_far(day, timezone.localdate(), field=field)
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


def _refuse_far(day: date, today: date, *, field: str) -> None:
    if day < today or day.year > today.year + MOST_YEARS:
        raise Invalid({field: f"Choose today or a later day, within {MOST_YEARS} years."})
