"""Numbers that are given out once and never again."""

from django.db import connection

from governance.models import NumberSeries


def next_number(series: str, *, width: int = 0) -> str:
    """Return the next number of ``series`` such as ``R-12`` (``STD-0012`` with width 4); takes the series' lock.

    Call it inside a transaction: a number taken by a change that is undone is free again, one that stood never is.
    """
    return next_numbers(series, 1, width=width)[0]


def next_numbers(series: str, count: int, *, width: int = 0) -> list[str]:
    """Return the next ``count`` numbers of ``series`` in order, by one lock."""
    name = connection.ops.quote_name
    table, key, last = name(NumberSeries._meta.db_table), name("key"), name("last")
    with connection.cursor() as cursor:
        # One statement makes the series, locks it and moves it on.
        cursor.execute(
            f"INSERT INTO {table} ({key}, {last}) VALUES (%s, %s)"  # noqa: S608 - fixed names
            f" ON CONFLICT ({key}) DO UPDATE SET {last} = {table}.{last} + excluded.{last} RETURNING {last}",
            [series, count],
        )
        (newest,) = cursor.fetchone()
    return [f"{series}-{number:0{width}d}" for number in range(newest - count + 1, newest + 1)]
