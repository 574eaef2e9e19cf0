"""Delegations as the two people see them, and what somebody has to lend."""

from typing import Any

from django.db.models import Q, QuerySet

from governance.models import Delegation, Membership, Remit, UnitClosure
from governance.permissions import policy
from governance.rights import Right
from governance.vocabulary import Role


def remits_to_lend(actor: Any) -> "QuerySet[Remit]":
    """Return the remits in which ``actor`` decides, or would as the reserve of a unit below one that they lead."""
    if not getattr(actor, "is_active", False):
        return Remit.objects.none()
    led = Membership.objects.valid_at().filter(
        user=actor.pk, role=Role.LEAD.value, guest=False, unit__closed_at__isnull=True
    )
    below = UnitClosure.objects.filter(ancestor__in=led.values("unit_id")).values("descendant_id")
    deciding = policy.visible(actor, Remit.objects.all(), Right.DECIDE).order_by().values("pk")
    return Remit.objects.filter(Q(pk__in=deciding) | Q(unit__in=below), unit__closed_at__isnull=True)


def given_by(user: Any) -> "QuerySet[Delegation]":
    """Return the delegations by which others stand in for ``user``, now or later, the first to end first."""
    return _rows().filter(delegator=user.pk)


def held_by(user: Any) -> "QuerySet[Delegation]":
    """Return the delegations by which ``user`` stands in for others, now or later, the first to end first."""
    return _rows().filter(substitute=user.pk)


def naming(user: Any) -> "QuerySet[Delegation]":
    """Return the delegations of both kinds."""
    return _rows().filter(Q(delegator=user.pk) | Q(substitute=user.pk))


def delegation_of(actor: Any, public_id: Any) -> Delegation:
    """Return a delegation that names ``actor``; raises ``Delegation.DoesNotExist`` as for one that is not there."""
    found: Delegation = naming(actor).get(public_id=public_id)
    return found


def _rows() -> "QuerySet[Delegation]":
    rows: QuerySet[Delegation] = (
        Delegation.objects.not_ended()
        .select_related("delegator", "substitute")
        .prefetch_related("remits__unit")
        .order_by("valid_to", "pk")
    )
    return rows
