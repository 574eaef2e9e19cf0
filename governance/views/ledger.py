"""The audit explorer: entries of the ledger, newest first, each opened to what it says and its place in the chain."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from governance.permissions import policy
from governance.rights import Power
from governance.selectors import audit as selectors

LONGEST_NUMBER = 19
FILTERS = ("who", "event", "kind", "about", "since", "until")


@login_required
@require_GET
def ledger_list(request: HttpRequest) -> HttpResponse:
    """The entries that fit, for auditors every one, for administrators those of the organisation's shape."""
    policy.require(request.user, Power.READ_LEDGER)
    asked = {name: request.GET.get(name, "").strip()[:200] for name in FILTERS}
    problems: dict[str, str] = {}
    wanted = _wanted(asked, problems)
    before, chosen = (_number(request.GET.get(name, "")) for name in ("before", "open"))
    found = selectors.search(request.user, wanted, before=before) if not problems else selectors.Found((), None)
    query = {name: value for name, value in asked.items() if value}
    here = {**query, **({"before": before} if before is not None else {})}
    return render(
        request,
        "governance/ledger_list.html",
        {
            "page_title": "Audit",
            "total": selectors.entry_count(request.user),
            "everything": selectors.reads_documents_too(request.user),
            "asked": asked,
            "filtered": bool(query),
            "problems": problems,
            "kinds": selectors.stream_kinds(request.user),
            "events": selectors.event_choices(request.user),
            "months": _months(found.lines),
            "opened": selectors.opened(request.user, chosen) if chosen is not None else None,
            "query": urlencode(here),
            "older": urlencode({**query, "before": found.next_before}) if found.next_before else "",
            "newest": urlencode(query) if before is not None else None,
            "zone": _zone(),
        },
        status=422 if problems else 200,
    )


def _wanted(asked: dict[str, str], problems: dict[str, str]) -> selectors.Search:
    return selectors.Search(
        who=asked["who"],
        event=asked["event"],
        kind=asked["kind"],
        about=asked["about"],
        since=_moment(asked, "since", problems),
        until=_moment(asked, "until", problems, after=1),
    )


def _moment(asked: dict[str, str], name: str, problems: dict[str, str], *, after: int = 0) -> datetime | None:
    """The beginning of the day in the person's time zone, ``after`` days later."""
    if not asked[name]:
        return None
    try:
        day = date.fromisoformat(asked[name]) + timedelta(days=after)
        # In UTC here, for at the ends of the calendar another zone's midnight has none.
        return timezone.make_aware(datetime.combine(day, time.min)).astimezone(UTC)
    except (ValueError, OverflowError):
        problems[name] = f"Enter {'the first' if name == 'since' else 'the last'} day as 2026-05-01."
        return None


def _number(text: str) -> int | None:
    """The number of an entry that an address names; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else None


def _months(lines: Any) -> list[tuple[date, list[Any]]]:
    """The lines under the month in which they were recorded, which is the order in which they stand."""
    months: list[tuple[date, list[Any]]] = []
    for line in lines:
        month = timezone.localtime(line.entry.recorded_at).date().replace(day=1)
        if not months or months[-1][0] != month:
            months.append((month, []))
        months[-1][1].append(line)
    return months


def _zone() -> str:
    """The person's time zone with its distance from UTC now, for example ``Europe/Lisbon (UTC+01:00)``."""
    offset = f"{timezone.localtime():%z}"
    name = timezone.get_current_timezone_name()
    return name if name == "UTC" else f"{name} (UTC{offset[:3]}:{offset[3:]})"
