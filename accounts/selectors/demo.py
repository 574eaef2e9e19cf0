"""The demo's cards and what each part may try. Nothing outside demo mode."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from accounts.checks import demo_is_safe
from accounts.models import DemoRole, User
from governance.models import BusinessUnit, Membership, OrganisationRoleHolding


@dataclass(frozen=True, slots=True)
class DemoCard:
    """Somebody whose part can be played; ``mark_kind`` is unit, centre or all."""

    user: User
    headline: str
    does: str
    mark_kind: str
    featured: bool


@dataclass(frozen=True, slots=True)
class TryThis:
    """One thing to try, and where it begins."""

    text: str
    url: str


def demo_is_open() -> bool:
    """Return whether one-click sign-in is offered: in demo mode, while only invented people have accounts."""
    return bool(settings.DEMO_MODE) and demo_is_safe()


def demo_cards() -> list[DemoCard]:
    """Return the cards of the sign-in page in their order; none where the demo is not open."""
    if not demo_is_open():
        return []
    roles = [role for role in _playable() if not role.user.has_usable_password()]
    users = [role.user_id for role in roles]
    across = set(OrganisationRoleHolding.objects.valid_at().filter(user__in=users).values_list("user_id", flat=True))
    memberships = Membership.objects.valid_at().filter(user__in=users).select_related("unit")
    central = {each.user_id for each in memberships if each.unit.is_centre}
    return [
        DemoCard(
            user=role.user,
            headline=role.headline,
            does=role.does,
            mark_kind="all" if role.user_id in across else "centre" if role.user_id in central else "unit",
            featured=role.featured,
        )
        for role in roles
    ]


def demo_user(public_id: str) -> User:
    """Return whose part may be played under that id; raises ``DemoRole.DoesNotExist``."""
    if not demo_is_open():
        raise DemoRole.DoesNotExist
    role = _playable().get(user__public_id=public_id)
    if role.user.has_usable_password():
        raise DemoRole.DoesNotExist
    return role.user


def try_this(user: Any) -> list[TryThis]:
    """Return what ``user`` may try in the demo; nothing outside it, and for whoever has no card."""
    if not settings.DEMO_MODE:
        return []
    role = DemoRole.objects.filter(user=user.pk).first()
    return [TryThis(each["text"], each["url"]) for each in role.try_this] if role is not None else []


def organisation_name() -> str:
    """Return what the organisation is called: the name of the unit at the top."""
    top = BusinessUnit.objects.filter(parent__isnull=True, closed_at__isnull=True).order_by("pk").first()
    return top.name if top is not None else ""


def _playable() -> "QuerySet[DemoRole]":
    return DemoRole.objects.select_related("user").filter(user__is_demo=True, user__is_active=True)
