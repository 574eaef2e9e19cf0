"""One person as the organisation sees them: memberships now, before and to come, and organisation-wide roles."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from governance.models import ConfirmationRequest, Delegation, Membership, OrganisationRoleHolding
from governance.permissions import policy
from governance.rights import Power
from governance.selectors.delegations import given_by, held_by
from governance.selectors.people import people, sees_people


@dataclass(frozen=True, slots=True)
class PersonPage:
    """Everything the page of one person says. ``past`` is what has ended, newest first; it and what is coming are
    empty for whoever neither is that person nor manages people or audits."""

    user: Any
    memberships: tuple[Membership, ...]
    coming: tuple[Membership, ...]
    past: tuple[Membership, ...]
    roles: tuple[OrganisationRoleHolding, ...]
    lent: tuple[Delegation, ...]
    """By whom others stand in for the person, and for whom the person stands in: theirs and administrators' to see."""
    borrowed: tuple[Delegation, ...]


def people_found(actor: Any, *, text: str = "", unit: str = "") -> "QuerySet[Any]":
    """Return the people ``actor`` may see, by name, narrowed by name, e-mail address or the code of their unit."""
    found = people(actor, text=text)
    if unit:
        members = Membership.objects.valid_at().filter(user=OuterRef("pk"), unit__code__iexact=unit)
        found = found.filter(Exists(members))
    return found


def person_page(actor: Any, public_id: Any) -> PersonPage:
    """Return one person's page if ``actor`` may see people; raises the account's ``DoesNotExist`` otherwise."""
    users = get_user_model().objects.all()
    if not sees_people(actor):
        users = users.filter(pk=actor.pk)
    user = users.get(public_id=public_id)
    rows = list(Membership.objects.filter(user=user).select_related("unit").order_by("-valid_from", "-pk")[:200])
    now = timezone.now()
    past = [row for row in rows if row.valid_to is not None and row.valid_to <= now]
    coming = [row for row in rows if row.valid_from > now and row not in past]
    roles = OrganisationRoleHolding.objects.valid_at().filter(user=user).order_by("role")
    powers = (Power.MANAGE_PEOPLE, Power.READ_LEDGER)
    sees_all = user.pk == actor.pk or any(policy.can(actor, power) for power in powers)
    return PersonPage(
        user=user,
        memberships=tuple(row for row in rows if row not in past and row not in coming),
        coming=tuple(coming) if sees_all else (),
        past=tuple(past) if sees_all else (),
        roles=tuple(roles),
        lent=tuple(given_by(user)) if sees_all else (),
        borrowed=tuple(held_by(user)) if sees_all else (),
    )


def membership_by_id(public_id: Any) -> Membership:
    """Return a membership; raises ``Membership.DoesNotExist``. Asks no permission."""
    found: Membership = Membership.objects.select_related("user", "unit").get(public_id=public_id)
    return found


def holding_by_id(public_id: Any) -> OrganisationRoleHolding:
    """Return an organisation-wide role that somebody holds; raises ``DoesNotExist``. Asks no permission."""
    found: OrganisationRoleHolding = OrganisationRoleHolding.objects.select_related("user").get(public_id=public_id)
    return found


def confirmation_by_id(public_id: Any) -> ConfirmationRequest:
    """Return what somebody asked to be confirmed; raises ``DoesNotExist``. Asks no permission."""
    return ConfirmationRequest.objects.select_related("requested_by").get(public_id=public_id)
