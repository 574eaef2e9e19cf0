"""May this person still see what a notice is about? Asked each time one is shown, and before a mail leaves."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from accounts.models import Notification
from accounts.routes import About
from governance import subjects
from governance.models import RequestWaiting
from governance.permissions import policy
from governance.rights import Power, Right
from governance.selectors.requests import requests_visible_to


def still_seen(user: Any, notices: Iterable[Notification]) -> frozenset[int]:
    """Return the keys of those notices whose subject ``user`` may see now; one look-up for each kind of subject.

    A notice about a kind that nobody knows is not among them.
    """
    by_kind: dict[str, list[Notification]] = defaultdict(list)
    for notice in notices:
        by_kind[notice.subject_kind].append(notice)
    return frozenset(key for kind, group in by_kind.items() for key in _seen_of_kind(user, kind, group))


def still_waiting(notices: Iterable[Notification]) -> frozenset[int]:
    """Return the keys of those notices that still wait for whoever has them; one look-up for all."""
    called = [notice for notice in notices if notice.needs_action]
    asked = {notice.subject_id for notice in called if notice.subject_kind == About.REQUEST}
    rows = RequestWaiting.objects.filter(
        request__public_id__in=[public_id for public_id in asked if public_id is not None],
        user__in={notice.user_id for notice in called},
    )
    waiting = set(rows.values_list("user_id", "request__public_id")) if asked else set()
    return frozenset(
        notice.pk
        for notice in called
        if notice.subject_kind != About.REQUEST or (notice.user_id, notice.subject_id) in waiting
    )


def _seen_of_kind(user: Any, kind: str, notices: list[Notification]) -> Iterable[int]:
    if kind == About.PERSON:
        return [notice.pk for notice in notices]
    if powers := _POWERS.get(kind):
        allowed = any(policy.can(user, power) for power in powers)
        return [notice.pk for notice in notices] if allowed else []
    asked = {notice.subject_id for notice in notices if notice.subject_id is not None}
    if kind == About.REQUEST:
        open_ones = _open_requests(user, asked)
    elif kind in subjects.kinds():
        open_ones = _open_subjects(user, kind, asked)
    else:
        return []
    return [notice.pk for notice in notices if notice.subject_id in open_ones]


_POWERS: dict[str, tuple[Power, ...]] = {
    About.PLAN: (Power.PLAN_TRANSITIONS, Power.CONFIRM_TRANSITIONS),
    About.CONFIRMATION: (Power.CONFIRM_TRANSITIONS,),
    About.UNDECIDABLE: (Power.MANAGE_UNITS,),
}


def _open_requests(user: Any, asked: Collection[UUID]) -> set[UUID]:
    return set(requests_visible_to(user).filter(public_id__in=asked).values_list("public_id", flat=True))


def _open_subjects(user: Any, kind: str, asked: Collection[UUID]) -> set[UUID]:
    things = subjects.subject_kind(kind).queryset().filter(public_id__in=asked)
    found: set[UUID] = set()
    for right in (Right.READ, Right.READ_DRAFT):
        found |= set(policy.visible(user, things, right).values_list("public_id", flat=True))
    return found
