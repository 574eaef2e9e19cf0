"""People as the organisation sees them: where they belong and what they hold."""

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Prefetch, Q, QuerySet

from governance.models import ConfirmationRequest, Membership, OrganisationRoleHolding
from governance.permissions import policy
from governance.permissions.standing import organisation_roles
from governance.rights import Power


def people(actor: Any, *, text: str = "") -> "QuerySet[Any]":
    """Return the accounts with their memberships and roles in force, by name; nothing for whoever is not signed in.

    ``text`` narrows by name, and for whoever manages people by e-mail address too: nobody else is told by a search who
    an address belongs to. Guests see nobody but themselves.
    """
    users = get_user_model().objects.order_by("name", "pk")
    if not getattr(actor, "is_authenticated", False) or not actor.is_active:
        return users.none()
    if not sees_people(actor):
        users = users.filter(pk=actor.pk)
    if text:
        named = Q(name__icontains=text)
        if policy.can(actor, Power.MANAGE_PEOPLE):
            named |= Q(email__icontains=text)
        users = users.filter(named)
    return users.prefetch_related(
        Prefetch("memberships", Membership.objects.valid_at().select_related("unit"), to_attr="current_memberships"),
        Prefetch("organisation_roles", OrganisationRoleHolding.objects.valid_at(), to_attr="current_roles"),
    )


def sees_people(actor: Any) -> bool:
    """Return whether ``actor`` may see who belongs where: members who are no guests, and organisation-wide roles."""
    if policy.can(actor, Power.MANAGE_PEOPLE) or organisation_roles(actor):
        return True
    return bool(Membership.objects.valid_at().filter(user=actor.pk, guest=False, unit__closed_at__isnull=True).exists())


def waiting_confirmations() -> "QuerySet[ConfirmationRequest]":
    """Return what administrators asked for and nobody has decided yet, oldest first."""
    return ConfirmationRequest.objects.filter(decided_at__isnull=True).select_related("requested_by").order_by("pk")


def holdings() -> "QuerySet[OrganisationRoleHolding]":
    """Return the organisation-wide roles in force."""
    return OrganisationRoleHolding.objects.valid_at().select_related("user").order_by("role", "user__name")


def memberships_visible_to(actor: Any) -> "QuerySet[Membership]":
    """Return the memberships in force that ``actor`` may know of: everybody's for insiders, one's own for guests."""
    rows = Membership.objects.valid_at().select_related("unit", "user")
    if not getattr(actor, "is_authenticated", False) or not actor.is_active:
        return rows.none()
    return rows if sees_people(actor) else rows.filter(user=actor.pk)


def person_called(text: str) -> Any:
    """Return the active account with this public id or e-mail address, None where there is none. The caller has asked
    whether the actor may name people."""
    users = get_user_model().objects.filter(is_active=True)
    try:
        return users.filter(public_id=UUID(text)).first()
    except ValueError:
        return users.filter(email__iexact=text).first()
