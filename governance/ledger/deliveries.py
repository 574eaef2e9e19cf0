"""Telling the handlers: claim, do, mark. The table is the queue; whoever sweeps only looks at it."""

import traceback
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from governance.failpoints import declare, failpoint
from governance.ledger.clock import database_now
from governance.ledger.dispatch import Subscription, subscription
from governance.ledger.reading import view_of
from governance.ledger.scope import delivery_transaction
from governance.models import Delivery, LedgerEntry

CLAIMED = declare("delivery.claimed")
MARKED = declare("delivery.marked_before_commit")
HANDLED = declare("delivery.handled_before_mark")
FINISHED = declare("delivery.finished")

# Longer than the slowest outside effect (a mail server's timeout), for a lease that runs out lets another try.
LEASE = timedelta(seconds=settings.LEASE_SECONDS)
MOST_ATTEMPTS = 8
_FIRST_WAIT = timedelta(seconds=15)
_LONGEST_WAIT = timedelta(hours=1)
_CLAIM = 20
_LONGEST_ERROR = 4000

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Swept:
    """What one sweep did: deliveries done, failed (to be tried again) and given up."""

    done: int = 0
    failed: int = 0
    dead: int = 0

    def __str__(self) -> str:
        return f"{self.done} delivered, {self.failed} to be tried again, {self.dead} given up"


class _LostClaim(Exception):
    """Another sweep has the delivery now, or it was cancelled."""


def deliver_due(*, now: datetime | None = None, limit: int | None = None) -> Swept:
    """Everything that is due has been told, each to its handler; returns what was done.

    Safe to run any number of times at once. A handler that fails is tried again later, each time after a longer
    wait, and given up after ``MOST_ATTEMPTS`` with its last error kept. ``now`` is the database's time unless given
    (a test's way to pass a hold); ``limit`` is the most deliveries to try.
    """
    swept = Swept()
    left = limit
    while left is None or left > 0:
        claimed = _claim(now, swept, most=_CLAIM if left is None else min(_CLAIM, left))
        if not claimed:
            break
        failpoint(CLAIMED)
        for delivery in claimed:
            _deliver(delivery, swept)
        if left is not None:
            left -= len(claimed)
    return swept


def send_again(delivery_id: int) -> bool:
    """A delivery that was given up is tried again at the next sweep; false where it was not given up."""
    with transaction.atomic():
        return (
            Delivery.objects.filter(pk=delivery_id, state=Delivery.State.DEAD).update(
                state=Delivery.State.PENDING, attempts=0, lease_until=None, not_before=database_now()
            )
            == 1
        )


def _claim(now: datetime | None, swept: Swept, *, most: int) -> list[Delivery]:
    """Deliveries that are due, leased to this sweep by the database's clock, each with one attempt more."""
    with transaction.atomic(durable=True):
        clock = database_now()
        due = (
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(state=Delivery.State.PENDING, not_before__lte=now or clock)
            .filter(Q(lease_until=None) | Q(lease_until__lte=clock))
            .order_by("not_before", "id")[:most]
        )
        claimed = []
        for delivery in due:
            if delivery.attempts >= MOST_ATTEMPTS:
                # Its sweeper died every time, so nobody was left to write down an error.
                _bury(delivery, clock, delivery.last_error or "The process died each time this was tried.")
                swept.dead += 1
                continue
            delivery.attempts += 1
            delivery.lease_until = clock + LEASE
            delivery.save(update_fields=["attempts", "lease_until"])
            claimed.append(delivery)
    return claimed


def _deliver(delivery: Delivery, swept: Swept) -> None:
    """The delivery is told and marked, or its failure is written down; another's claim is left alone."""
    try:
        known = subscription(delivery.handler)
        if known is None:
            raise LookupError(f"No package subscribes a handler named {delivery.handler}.")
        if known.in_transaction:
            _tell_in_transaction(delivery, known)
        else:
            _tell_outside(delivery, known)
    except _LostClaim:
        return
    except Exception as error:  # noqa: BLE001 - whatever a handler raises is its failure, not the sweep's
        _write_failure(delivery, error, swept)
        return
    failpoint(FINISHED)
    swept.done += 1


def _tell_in_transaction(delivery: Delivery, known: Subscription) -> None:
    """The handler's work and the mark commit together. The mark comes first: it locks the row, so of two sweeps that
    both believe in their claim, the second waits and then finds it gone."""
    with transaction.atomic(durable=True):
        _mark_done(delivery)
        with delivery_transaction():
            _tell(delivery, known)
        failpoint(MARKED)


def _tell_outside(delivery: Delivery, known: Subscription) -> None:
    """The handler runs with no transaction open, on a lease that begins now, and is marked after it."""
    with transaction.atomic(durable=True):
        if not _mine(delivery).update(lease_until=database_now() + LEASE):
            raise _LostClaim
    _tell(delivery, known)
    failpoint(HANDLED)
    with transaction.atomic(durable=True):
        _mark_done(delivery)


def _tell(delivery: Delivery, known: Subscription) -> None:
    """The handler is told, and what it logs, sends and records carries the id of the request that began it all."""
    entry = view_of(_entry(delivery))
    began = {"request_id": entry.request_id} if entry.request_id else {}
    with structlog.contextvars.bound_contextvars(**began):
        known.handler(entry)


def _mine(delivery: Delivery) -> QuerySet[Delivery]:
    """The row while this sweep's attempt is still the one that counts."""
    return Delivery.objects.filter(pk=delivery.pk, state=Delivery.State.PENDING, attempts=delivery.attempts)


def _mark_done(delivery: Delivery) -> None:
    marked = _mine(delivery).update(
        state=Delivery.State.DONE, lease_until=None, last_error="", finished_at=database_now()
    )
    if not marked:
        raise _LostClaim


def _entry(delivery: Delivery) -> LedgerEntry:
    return LedgerEntry.objects.select_related("stream", "payload").get(pk=delivery.entry_id)


def _write_failure(delivery: Delivery, error: Exception, swept: Swept) -> None:
    """The error is kept and the delivery waits for its next attempt, or is given up after the last."""
    text = "".join(traceback.format_exception(error))[-_LONGEST_ERROR:].replace("\x00", "")
    log.warning("delivery failed", handler=delivery.handler, entry=delivery.entry_id, attempt=delivery.attempts)
    with transaction.atomic(durable=True):
        clock = database_now()
        if delivery.attempts >= MOST_ATTEMPTS:
            _bury(delivery, clock, text)
            swept.dead += 1
            return
        wait = min(_FIRST_WAIT * 2 ** (delivery.attempts - 1), _LONGEST_WAIT)
        _mine(delivery).update(not_before=clock + wait, lease_until=None, last_error=text)
        swept.failed += 1


def _bury(delivery: Delivery, clock: datetime, text: str) -> None:
    log.error("delivery given up", handler=delivery.handler, entry=delivery.entry_id)
    _mine(delivery).update(state=Delivery.State.DEAD, lease_until=None, last_error=text, finished_at=clock)
