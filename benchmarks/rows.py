"""What the floors and the limits render: a row of the list as plain typed values."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

PAGE = 25


@dataclass(frozen=True, slots=True)
class Row:
    """A document in the list."""

    number: str
    title: str
    status: str
    unit: str
    review: date | None
    updated: datetime


def constant_rows() -> list[Row]:
    """Return the rows that the floor shows, the same always."""
    day = datetime(2026, 11, 2, 9, tzinfo=UTC)
    return [
        Row(
            f"STD-{n:04d}",
            f"Standard {n} of Team {n}",
            "In force",
            f"Team {n}",
            (day + timedelta(days=n)).date(),
            day + timedelta(minutes=n),
        )
        for n in range(1, PAGE + 1)
    ]


def page(request: HttpRequest, rows: Iterable[Any], total: str) -> HttpResponse:
    """The rows in the product's shell."""
    context = {"page_title": "Library", "rows": rows, "total": total}
    return render(request, "benchmarks/rows.html", context)
