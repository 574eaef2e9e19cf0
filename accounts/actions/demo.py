"""The demo's cards, written when the demo is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from accounts.models import DemoRole, User


@dataclass(frozen=True, slots=True)
class NewDemoRole:
    """A part that can be played; ``try_this`` are pairs of what to try and where it begins."""

    user: User
    headline: str
    does: str
    try_this: Sequence[tuple[str, str]] = ()
    featured: bool = True


def put_demo_roles(roles: Sequence[NewDemoRole]) -> int:
    """The sign-in page offers exactly these parts, in this order, featured ones first; returns how many.

    ``ValueError`` for an account that is not of the demo, or that has a password. Set up by loading the demo, before
    there is anything to record: so it leaves no ledger entry.
    """
    for role in roles:
        if not role.user.is_demo or role.user.has_usable_password():
            raise ValueError(f"{role.user} is nobody whose part may be played.")
    with transaction.atomic():
        DemoRole.objects.all().delete()
        DemoRole.objects.bulk_create(
            DemoRole(
                user=role.user,
                order=place,
                featured=role.featured,
                headline=role.headline[:200],
                does=role.does[:300],
                try_this=[{"text": text, "url": url} for text, url in role.try_this],
            )
            for place, role in enumerate(roles)
        )
    return len(roles)
