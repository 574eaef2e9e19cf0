"""Who is told of which event, and the rows of the outbox that see to it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from governance.failpoints import declare, failpoint
from governance.ledger import events
from governance.ledger.reading import LedgerEntryView
from governance.models import Delivery, LedgerEntry

AFTER_COMMIT = declare("ledger.after_commit")

Handler = Callable[[LedgerEntryView], None]

_NAME = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Subscription:
    """A handler under its lasting name, the events it hears, and whether it runs in the delivery's transaction."""

    name: str
    patterns: tuple[str, ...]
    handler: Handler
    in_transaction: bool


_subscriptions: dict[str, Subscription] = {}
_dispatcher: Callable[[], None] | None = None


def subscribe(*patterns: str, name: str, handler: Handler, in_transaction: bool = True) -> None:
    """The handler will be told of every entry of these events that commits from now on, once it is due.

    A pattern is an event's name, a prefix such as ``document.`` or ``*``; declare the events first. ``name`` is
    ``package.what`` and lasting: waiting deliveries find their handler by it.

    In a transaction (the default) the handler's work and the mark commit together: exactly once. Its
    ``ledger.change`` joins that transaction. A handler with an effect outside the database (mail, a webhook) says
    ``in_transaction=False``: it holds no transaction meanwhile, may be told again after a crash, and so must bear it.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"A handler is named package.what in small letters, not {name!r}.")
    if not patterns:
        raise ValueError(f"The handler {name} subscribes to nothing.")
    for pattern in patterns:
        events.matching(pattern)
    known = _subscriptions.get(name)
    if known is not None and known.handler is not handler:
        raise ValueError(f"Two handlers are named {name}.")
    _subscriptions[name] = Subscription(name, tuple(patterns), handler, in_transaction)


def unsubscribe(name: str) -> None:
    """The handler is no longer told of new entries; for tests, and for a package that is switched off."""
    _subscriptions.pop(name, None)


def subscription(name: str) -> Subscription | None:
    """The subscription of that name, if its package still makes one."""
    return _subscriptions.get(name)


def handlers_of(event: str) -> list[str]:
    """The names of the handlers that hear the event, sorted."""
    return sorted(
        known.name
        for known in _subscriptions.values()
        if any(events.covers(pattern, event) for pattern in known.patterns)
    )


def set_dispatcher(dispatcher: Callable[[], None] | None) -> None:
    """After each commit that left something to deliver, this is called; ``None`` leaves all to the beat job."""
    global _dispatcher  # noqa: PLW0603 - one per process, set once at start-up
    _dispatcher = dispatcher


def create_deliveries(
    entries: Sequence[LedgerEntry], not_before: Sequence[datetime | None], *, hold: timedelta = timedelta()
) -> int:
    """Every handler of every entry has its row, in the open transaction; returns how many are due at once.

    None is due before ``hold`` has passed since its entry was recorded, by the database's clock.
    """
    heard: dict[str, list[str]] = {}
    rows: list[Delivery] = []
    due = 0
    for entry, asked in zip(entries, not_before, strict=True):
        if entry.event not in heard:
            heard[entry.event] = handlers_of(entry.event)
        starts = entry.recorded_at + hold
        starts = starts if asked is None else max(asked, starts)
        rows.extend(Delivery(entry=entry, handler=name, not_before=starts) for name in heard[entry.event])
        due += len(heard[entry.event]) if starts == entry.recorded_at else 0
    Delivery.objects.bulk_create(rows, batch_size=_BATCH)
    return due


def cancel_pending(stream: str, sequence: int) -> int:
    """The entry's deliveries that nobody has begun are cancelled; returns how many."""
    return Delivery.objects.filter(
        entry__stream__name=stream, entry__sequence=sequence, state=Delivery.State.PENDING, attempts=0
    ).update(state=Delivery.State.CANCELLED)


def cancel_change(change_id: str) -> bool:
    """Nobody is told of anything in that change; false, and nothing is cancelled, where somebody was or is being told.

    The rows are locked first, so a sweep either has its claim before this looks or finds them cancelled.
    """
    rows = Delivery.objects.filter(entry__change_id=change_id)
    held = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", "state", "attempts"))
    if any(state != Delivery.State.PENDING or attempts for _, state, attempts in held):
        return False
    Delivery.objects.filter(pk__in=[pk for pk, _, _ in held]).update(state=Delivery.State.CANCELLED)
    return True


def dispatch_after_commit() -> None:
    """When the open transaction commits, the dispatcher is told; a fault in it is logged and harms nothing, for the
    beat job finds what is due."""
    transaction.on_commit(_dispatch, robust=True)


# A plain function: on_commit(robust=True) reads __qualname__ when it logs a fault, which a partial has not.
def _dispatch() -> None:
    failpoint(AFTER_COMMIT)
    if _dispatcher is not None:
        _dispatcher()
