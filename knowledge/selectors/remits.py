"""Where a person may write or import: the remits that a form offers."""

from typing import Any

from django.db.models import QuerySet

from governance.models import Remit
from governance.permissions import policy
from governance.permissions.standing import standing_of
from governance.rights import Right


def remits_where(actor: Any, right: Right) -> "QuerySet[Remit]":
    """Return the remits of open units in which ``actor`` holds ``right``, by unit and subject."""
    rows = Remit.objects.filter(unit__closed_at__isnull=True).select_related("unit")
    return policy.visible(actor, rows, right).order_by("unit__name", "capability")


def holds_anywhere(actor: Any, right: Right) -> bool:
    """Return whether ``actor`` was granted ``right`` in any remit at all: whether a page offers the way to it."""
    held = standing_of(actor)
    return held is not None and not held.reach(right).is_nowhere
