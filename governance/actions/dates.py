"""What begins or ends by the calendar alone."""

from datetime import datetime

from django.utils import timezone

from governance import ledger
from governance.models import PermissionState
from governance.permissions import store


def follow_dates(now: datetime | None = None) -> bool:
    """Permissions follow the rows that have begun or ended since they were compiled; returns whether they were.

    Does nothing before the stored next boundary, so a second run changes nothing.
    """
    moment = now or timezone.now()
    if not PermissionState.objects.filter(pk=1, next_boundary__lte=moment).exists():
        return False
    with ledger.change(actor=ledger.SYSTEM) as change:
        store.recompile(change)
        if change.is_empty:
            change.nothing_happened()
    return True
