"""The database's clock, the one clock that every process shares."""

from datetime import UTC, datetime

from django.db import connection


def database_now() -> datetime:
    """The database's time at this statement, in UTC (milliseconds on SQLite, microseconds on PostgreSQL)."""
    moment: datetime
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT clock_timestamp()")
            (moment,) = cursor.fetchone()
            return moment.astimezone(UTC)
        cursor.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")
        (text,) = cursor.fetchone()
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
