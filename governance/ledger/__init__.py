"""What happened: the durable transaction of a change, its chained entries and who is told of them.

    with ledger.change(actor=user) as change:
        …
        change.record("document.published", stream=ledger.stream("document", document.public_id), …)

Declare events in the package's ``events.py``, subscribe handlers in its ``handlers.py``; both are loaded at start-up.
"""

from governance.ledger.changes import (
    SYSTEM,
    Actor,
    Change,
    HasPublicId,
    Record,
    System,
    change,
    changes_begun,
    checked_first,
    claimed_time,
)
from governance.ledger.clock import database_now
from governance.ledger.deliveries import Swept, deliver_due, send_again
from governance.ledger.dispatch import set_dispatcher, subscribe, unsubscribe
from governance.ledger.errors import LedgerError, NestedChange, NothingRecorded, TransactionOpen
from governance.ledger.events import UnknownEvent
from governance.ledger.reading import LedgerEntryView
from governance.ledger.streams import Stream, stream

__all__ = [
    "SYSTEM",
    "Actor",
    "Change",
    "HasPublicId",
    "LedgerEntryView",
    "LedgerError",
    "NestedChange",
    "NothingRecorded",
    "Record",
    "Stream",
    "Swept",
    "System",
    "TransactionOpen",
    "UnknownEvent",
    "change",
    "changes_begun",
    "checked_first",
    "claimed_time",
    "database_now",
    "deliver_due",
    "send_again",
    "set_dispatcher",
    "stream",
    "subscribe",
    "unsubscribe",
]
