"""What the outbox still owes."""

from dataclasses import dataclass

from django.db.models import Count, Min, Q

from governance.ledger.clock import database_now
from governance.models import Delivery


@dataclass(frozen=True, slots=True)
class Owed:
    """How much waits, for how many seconds the oldest of it has been due, and how much was given up."""

    waiting: int
    oldest_seconds: float
    dead: int


def deliveries_owed() -> Owed:
    """Return what is still to be told to handlers. What is held back on purpose waits, but is not yet due."""
    now = database_now()
    pending = Q(state=Delivery.State.PENDING)
    found = Delivery.objects.filter(pending | Q(state=Delivery.State.DEAD)).aggregate(
        waiting=Count("pk", filter=pending),
        oldest=Min("not_before", filter=pending & Q(not_before__lte=now)),
        dead=Count("pk", filter=Q(state=Delivery.State.DEAD)),
    )
    oldest = (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return Owed(found["waiting"], oldest, found["dead"])
