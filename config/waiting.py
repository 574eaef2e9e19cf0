"""How much waits for a person: the number in the navigation and on My work, by one statement in each request."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Count, IntegerField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from governance.models import ConfirmationRequest, RequestWaiting, Transition
from governance.permissions import policy
from governance.rights import Power
from governance.selectors.people import waiting_confirmations
from governance.selectors.transitions import waiting_plans
from knowledge.selectors.reviews import waiting_reviews

_KEPT = "_remit_waiting"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many notices are unread, and how many things wait: requests, reviews, plans and wishes to confirm."""

    unread: int = 0
    waiting: int = 0


def counts(request: HttpRequest) -> Counts:
    """Return what waits for whoever is signed in, asked once in a request; nothing for anybody else."""
    known: Counts | None = getattr(request, _KEPT, None)
    if known is None:
        user: Any = getattr(request, "user", None)
        known = _counted(user) if user is not None and user.is_authenticated else Counts()
        setattr(request, _KEPT, known)
    return known


def plans_to_confirm(user: Any) -> "QuerySet[Transition]":
    """Return the plans that wait for ``user`` as the second person."""
    if not policy.can(user, Power.CONFIRM_TRANSITIONS):
        return Transition.objects.none()
    return waiting_plans().exclude(planned_by__person=user.person_id)


def wishes_to_confirm(user: Any) -> "QuerySet[ConfirmationRequest]":
    """Return what administrators may not do alone and ``user`` may confirm."""
    if not policy.can(user, Power.CONFIRM_TRANSITIONS):
        return ConfirmationRequest.objects.none()
    return waiting_confirmations().exclude(requested_by__person=user.person_id)


def _counted(user: Any) -> Counts:
    unread = user.notifications.filter(read_at__isnull=True)
    waiting = [
        RequestWaiting.objects.filter(user=user.pk),
        waiting_reviews(user),
        plans_to_confirm(user),
        wishes_to_confirm(user),
    ]
    numbers = [_number(rows) for rows in (unread, *waiting) if not rows.query.is_empty()]
    found = get_user_model().objects.filter(pk=user.pk).values_list(*numbers).first()
    return Counts(found[0], sum(found[1:])) if found else Counts()


def _number(rows: "QuerySet[Any]") -> Coalesce:
    together = rows.order_by().annotate(whole=Value(1)).values("whole").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(together, output_field=IntegerField()), 0)
