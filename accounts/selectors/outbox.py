"""What the mail's outbox still owes."""

from django.db.models import Count, Min, Q

from accounts.models import OutgoingMail
from governance.ledger import database_now
from governance.selectors.deliveries import Owed


def mail_owed() -> Owed:
    """Return how many mails wait, for how many seconds the oldest of them has been due, and how many were given up."""
    now = database_now()
    waiting = Q(state=OutgoingMail.State.WAITING)
    found = OutgoingMail.objects.filter(waiting | Q(state=OutgoingMail.State.DEAD)).aggregate(
        waiting=Count("pk", filter=waiting),
        oldest=Min("not_before", filter=waiting & Q(not_before__lte=now)),
        dead=Count("pk", filter=Q(state=OutgoingMail.State.DEAD)),
    )
    oldest = (now - found["oldest"]).total_seconds() if found["oldest"] else 0.0
    return Owed(found["waiting"], oldest, found["dead"])
