"""My work: what waits for a person, what they have under way, what is new to their units, and what comes up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.selectors.demo import try_this
from config.waiting import counts, plans_to_confirm, wishes_to_confirm
from governance.models import Request
from governance.permissions import policy
from governance.rights import Power
from governance.selectors import requests as asked
from governance.selectors.organisation import units_of
from governance.selectors.people import waiting_confirmations
from governance.selectors.transitions import waiting_plans
from knowledge.days import today
from knowledge.selectors.drafts import drafts_of
from knowledge.selectors.news import new_for_units, reviews_coming, versions_coming
from knowledge.selectors.reviews import next_review_owned_by, reviews_waiting_for

MOST = 12
"""Rows of one section; the rest stands behind its link."""
_ANSWERED_DAYS = 14
_COMING_DAYS = 60
_COMING_ROWS = 8


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for the person. ``due`` is a day where there is one, ``since`` when it came to them."""

    title: str
    verb: str
    reference: str
    url: str
    notes: tuple[str, ...]
    since: datetime | None = None
    due: date | None = None
    late: bool = False
    button: str = "Decide"


@dataclass(frozen=True, slots=True)
class WithOthers:
    """Something of the person's own that waits for a second administrator or a sponsor, since then."""

    title: str
    reference: str
    url: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Coming:
    """A day ahead, and what happens on it."""

    day: date
    words: str
    reference: str
    url: str


@login_required
@require_GET
def my_work(request: HttpRequest) -> HttpResponse:
    """The person's own page."""
    user: Any = request.user
    waiting_requests = list(asked.waiting_for(user)[: MOST + 1])
    seen = asked.requests_visible_to(user)
    mine = list(_asked(user, seen))
    rows = {row.request.pk: row for row in asked.rows_for(user, [*waiting_requests, *mine])}
    reviews = reviews_waiting_for(user)
    units = list(units_of(user))
    waiting = [
        *_confirmations(user),
        *(_decide(each) for each in waiting_requests),
        *(_review(each) for each in reviews),
    ]
    drafts = [each for each in drafts_of(user)[:MOST] if each.approval not in ("open", "undecidable")]  # type: ignore[attr-defined]
    context = {
        "page_title": "My work",
        "today": timezone.localdate(),
        "unit_names": [unit.name for unit in units],
        "waiting": waiting,
        "waiting_count": counts(request).waiting,
        "with_others": _with_others(user),
        "late_count": sum(each.late for each in waiting),
        "oldest": min((each.since for each in waiting if each.since), default=None),
        "more_waiting": len(waiting_requests) > MOST,
        "drafts": drafts,
        "mine": [rows[each.pk] for each in mine],
        "news": list(new_for_units(user, units)[:5]) if units else [],
        "coming": _coming(user, units, seen, already={each.document.pk for each in reviews}),
        "next_review": next_review_owned_by(user) if not waiting else None,
        "tries": try_this(user),
    }
    return render(request, "pages/my_work.html", context)


def _asked(user: Any, seen: "QuerySet[Request]") -> "Iterable[Request]":
    """What the person asked for and is not answered, or was a few days ago, newest first."""
    since = timezone.now() - timedelta(days=_ANSWERED_DAYS)
    still = Q(status__in=[Request.Status.OPEN, Request.Status.UNDECIDABLE]) | Q(decided_at__gte=since)
    return seen.filter(still, submitted_by=user.pk).order_by("-opened_at")[:MOST]


def _decide(row: Request) -> Waiting:
    verbs = {
        "publication": "Approve",
        "retirement": "Approve",
        "import": "Approve",
        "exception": "Decide",
        "change": "Decide",
    }
    kinds = {
        "retirement": "Retirement of ",
        "import": "Import of ",
        "exception": "Exception from ",
        "change": "Change to ",
    }
    notes = [f"from {row.submitted_by.name}{f', {row.asking_unit.name}' if row.asking_unit else ''}"]
    if row.kind == "exception":
        notes.append(f"risk: {row.exception.get_risk_display().lower()}")
    if row.effective_on:
        notes.append(f"in force from {_day(row.effective_on)}")
    if row.review_open:
        return Waiting(row.subject_title, "Look over", row.number, row.get_absolute_url(), tuple(notes), row.opened_at)
    title = f"{kinds.get(row.kind, '')}{row.subject_title}"
    return Waiting(title, verbs[row.kind], row.number, row.get_absolute_url(), tuple(notes), row.stage_since)


def _review(due: Any) -> Waiting:
    document = due.document
    last = f"last reviewed {_day(document.last_reviewed_on)}" if document.last_reviewed_on else "never reviewed here"
    return Waiting(
        title=document.title,
        verb="Review",
        reference=document.number,
        url=f"{document.get_absolute_url()}review/",
        notes=("you own it", last),
        due=document.next_review_on,
        late=due.is_overdue,
        button="Review",
    )


def _confirmations(user: Any) -> list[Waiting]:
    """What an administrator may not do alone and this person may confirm."""
    found = [
        Waiting(
            each.title,
            "Confirm",
            each.number,
            f"/model/plans/{each.number}/",
            (f"planned by {each.planned_by.name}",),
            each.planned_at or each.created_at,
            button="Confirm",
        )
        for each in plans_to_confirm(user)
    ]
    for asked_for in wishes_to_confirm(user):
        notes = (f"asked for by {asked_for.requested_by.name}",)
        found.append(
            Waiting(
                asked_for.sentence, "Confirm", "", "/settings/people/", notes, asked_for.requested_at, button="Confirm"
            )
        )
    return found


def _with_others(user: Any) -> list[WithOthers]:
    """What the person may not do alone and asked a second person for."""
    if not policy.can(user, Power.MANAGE_PEOPLE):
        return []
    plans = waiting_plans().filter(planned_by__person=user.person_id)
    wishes = waiting_confirmations().filter(requested_by__person=user.person_id)
    return [
        *(WithOthers(each.title, each.number, f"/model/plans/{each.number}/", each.planned_at) for each in plans),
        *(WithOthers(each.sentence, "", "/settings/people/", each.requested_at) for each in wishes),
    ]


def _coming(user: Any, units: list[Any], seen: "QuerySet[Request]", *, already: set[int]) -> list[Coming]:
    """The days ahead that concern the person, the nearest first."""
    day, last = today(), today() + timedelta(days=_COMING_DAYS)
    found = [
        Coming(each.next_review_on, "Review, yours to confirm:", each.number, each.get_absolute_url())
        for each in reviews_coming(user, after=day, until=last)[:_COMING_ROWS]
        if each.next_review_on is not None and each.pk not in already
    ]
    for each in versions_coming(user)[:_COMING_ROWS]:
        starts: date | None = getattr(each, "starts_on", None)
        if starts is not None:
            found.append(Coming(starts, "In force, the next version of", each.number, each.get_absolute_url()))
    ending = seen.filter(
        Q(submitted_by=user.pk) | Q(asking_unit__in=units),
        kind=Request.Kind.EXCEPTION,
        status=Request.Status.APPROVED,
        exception__ended_at__isnull=True,
        exception__until__range=(day, last),
    )
    found += [
        Coming(row.exception.until, f"Exception from {row.subject_title} ends:", row.number, row.get_absolute_url())
        for row in ending.order_by("exception__until")[:_COMING_ROWS]
    ]
    return sorted(found, key=lambda each: (each.day, each.reference))[:_COMING_ROWS]


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"
