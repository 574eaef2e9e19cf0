"""The durable transaction of a change, and the entries that it leaves behind."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID, uuid4

import structlog
from django.db import connection, transaction

from governance.failpoints import declare, failpoint
from governance.ledger import chain, events
from governance.ledger.append import Pending, append, erase_payloads
from governance.ledger.dispatch import cancel_change, cancel_pending, create_deliveries, dispatch_after_commit
from governance.ledger.errors import LedgerError, NestedChange, NothingRecorded, TransactionOpen
from governance.ledger.scope import joins_delivery
from governance.ledger.streams import Stream, stream

BEFORE_ENTRIES = declare("ledger.before_entries")
ENTRIES_WRITTEN = declare("ledger.entries_written")
DELIVERIES_WRITTEN = declare("ledger.deliveries_written")

ERASED = "ledger.payload_erased"


class System:
    """The machine itself, as an actor: explicit, so that no one is left out by mistake."""

    public_id: Final = "system"

    def __repr__(self) -> str:
        return "ledger.SYSTEM"


SYSTEM: Final = System()


class HasPublicId(Protocol):
    """An account: anything known by a pseudonymous public id."""

    @property
    def public_id(self) -> UUID: ...


Actor = HasPublicId | System


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry to be written, for ``Change.record_many``; the fields are those of ``Change.record``."""

    event: str
    stream: Stream
    subject: Stream | None = None
    subject_title: str = ""
    subject_url: str = ""
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    reason: str = ""
    occurred_at: datetime | None = None
    people: Sequence[int] = field(default_factory=tuple)
    not_before: datetime | None = None


class Change:
    """An open change: collects what happened until the transaction ends. ``result`` is free for the action's use."""

    def __init__(self, *, actor: Actor, on_behalf_of: HasPublicId | None, request_id: str) -> None:
        self.id = str(uuid4())
        self.actor = actor
        self.on_behalf_of = on_behalf_of
        self.result: object = None
        self._actor_id = _pseudonym(actor)
        self._on_behalf_of_id = "" if on_behalf_of is None else _pseudonym(on_behalf_of)
        self._request_id = request_id
        self._pending: list[Pending] = []
        self._to_erase: list[tuple[str, list[int]]] = []
        self._to_cancel: list[tuple[Stream, int]] = []
        self._nothing_happened = False
        self._hold = timedelta()

    def record(
        self,
        event: str,
        *,
        stream: Stream,
        subject: Stream | None = None,
        subject_title: str = "",
        subject_url: str = "",
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        reason: str = "",
        occurred_at: datetime | None = None,
        people: Sequence[int] = (),
        not_before: datetime | None = None,
    ) -> None:
        """The entry will be written with this transaction, at its end, after those recorded before it.

        ``stream`` is the chain it belongs to, ``subject`` what it is about where that is another thing.
        ``occurred_at`` is a claim (an import's source date); the database's own time is written beside it.
        ``people`` are the ids of the accounts it concerns; ``not_before`` holds its deliveries back until then.
        Refuses an undeclared event, a time without zone and values that JSON cannot hold exactly.
        """
        self._add(
            Record(
                event=event,
                stream=stream,
                subject=subject,
                subject_title=subject_title,
                subject_url=subject_url,
                before=before,
                after=after,
                reason=reason,
                occurred_at=occurred_at,
                people=people,
                not_before=not_before,
            )
        )

    def record_many(self, records: Iterable[Record]) -> int:
        """All the entries will be written, in this order; returns how many. Takes them one by one, so a generator of
        thousands costs only their payload texts."""
        before = len(self._pending)
        for record in records:
            self._add(record)
        return len(self._pending) - before

    @property
    def is_empty(self) -> bool:
        """Whether nothing was recorded so far."""
        return not self._pending

    def nothing_happened(self) -> None:
        """The change may end without an entry: it found nothing to do. Refused once something was recorded."""
        if self._pending:
            raise LedgerError("Something was recorded in this change, so it cannot say that nothing happened.")
        self._nothing_happened = True

    def erase_payloads(self, of: Stream, sequences: Sequence[int], *, reason: str) -> None:
        """What those entries said is gone for good with this transaction; that they happened, and this erasure, stay.

        Their hashes still hold. An erasure's own record cannot be erased.
        """
        if not sequences or not reason:
            raise LedgerError("An erasure names the entries and its reason.")
        wanted = sorted(set(sequences))
        self._to_erase.append((of.name, wanted))
        self.record(
            ERASED,
            stream=stream("ledger", "erasures"),
            subject=of,
            after={"stream": of.name, "sequences": wanted},
            reason=reason,
        )

    def cancel_deliveries(self, of: Stream, sequence: int) -> None:
        """Whoever was not yet told of that entry will not be: the change that undoes it, within its hold, says so."""
        self._to_cancel.append((of, sequence))

    def hold_deliveries(self, hold: timedelta) -> None:
        """Nobody is told of anything in this change until ``hold`` has passed, so that it can be undone unnoticed."""
        self._hold = hold

    def cancel_held(self, change_id: str) -> bool:
        """Nobody will be told of that change (``Change.id``), all of it; false where somebody already was.

        Done at once, in the open transaction: undo what the change did only where this says true.
        """
        return cancel_change(change_id)

    def _add(self, record: Record) -> None:
        if self._nothing_happened:
            raise LedgerError("This change has said that nothing happened.")
        events.get(record.event)
        body = {
            "after": record.after,
            "before": record.before,
            "people": sorted(set(record.people)),
            "reason": record.reason,
            "title": record.subject_title,
            "url": record.subject_url,
        }
        for moment in (record.occurred_at, record.not_before):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("A moment in the ledger needs a time zone.")
        self._pending.append(
            Pending(
                stream=record.stream,
                event=record.event,
                subject=(record.subject or record.stream).name,
                occurred_at=record.occurred_at or _claimed_time.get(),
                not_before=record.not_before,
                body=chain.canonical(body),
            )
        )

    def _write(self) -> None:
        """The entries, their payloads and their deliveries are in the database; called last in the transaction."""
        if not self._pending:
            if self._nothing_happened:
                return
            raise NothingRecorded(
                "A change ended without a ledger entry, so it was undone. Record what happened, "
                "or say change.nothing_happened() where there was nothing to do."
            )
        failpoint(BEFORE_ENTRIES)
        for name, sequences in self._to_erase:
            erase_payloads(name, sequences, never=ERASED)
        for of, sequence in self._to_cancel:
            cancel_pending(of.name, sequence)
        entries = append(
            self._pending,
            change_id=self.id,
            actor=self._actor_id,
            on_behalf_of=self._on_behalf_of_id,
            request_id=self._request_id,
        )
        failpoint(ENTRIES_WRITTEN)
        if create_deliveries(entries, [pending.not_before for pending in self._pending], hold=self._hold):
            dispatch_after_commit()
        failpoint(DELIVERIES_WRITTEN)


_open_change: ContextVar[Change | None] = ContextVar("governance_open_change", default=None)
_changes_begun: ContextVar[int] = ContextVar("governance_changes_begun", default=0)
_claimed_time: ContextVar[datetime | None] = ContextVar("governance_claimed_time", default=None)
_checked_first: ContextVar[Callable[[], None] | None] = ContextVar("governance_checked_first", default=None)


@contextmanager
def checked_first(check: Callable[[], None]) -> Iterator[None]:
    """A change that is opened in the block begins with ``check``, in its transaction and before its first statement;
    what ``check`` raises undoes it. For a condition that must still hold when the change takes its locks."""
    token = _checked_first.set(check)
    try:
        yield
    finally:
        _checked_first.reset(token)


def changes_begun() -> int | None:
    """How many changes were begun in this context; None while one is open. What was read before a change began may be
    otherwise after it."""
    return None if _open_change.get() is not None else _changes_begun.get()


@contextmanager
def claimed_time(at: datetime) -> Iterator[None]:
    """Entries made in the block claim to have happened at ``at`` unless they name another time: for a history that is
    written down after the fact. The database's own time is written beside it, as always."""
    if at.tzinfo is None:
        raise ValueError("A moment in the ledger needs a time zone.")
    token = _claimed_time.set(at)
    try:
        yield
    finally:
        _claimed_time.reset(token)


@contextmanager
def change(*, actor: Actor, on_behalf_of: HasPublicId | None = None, request_id: str | None = None) -> Iterator[Change]:
    """The block runs in one durable transaction whose last writes are its ledger entries; it commits with all or none.

    ``actor`` is an account or ``SYSTEM``, never absent. Raises ``NestedChange`` inside another change,
    ``TransactionOpen`` inside any other transaction (a test case's own does not count), and ``NothingRecorded``, with
    everything undone, when the block records nothing. ``request_id`` is taken from the log's context when not given.
    """
    if _open_change.get() is not None:
        raise NestedChange("A change is already open: pass it on instead of opening another inside it.")
    joining = joins_delivery()
    if not joining:
        _refuse_open_transaction()
    opened = Change(actor=actor, on_behalf_of=on_behalf_of, request_id=_request_id(request_id))
    token = _open_change.set(opened)
    _changes_begun.set(_changes_begun.get() + 1)
    try:
        with transaction.atomic(durable=not joining):
            if (check := _checked_first.get()) is not None:
                check()
            yield opened
            opened._write()  # noqa: SLF001 - the other half of the class, kept out of the action's reach
    finally:
        _open_change.reset(token)


def _refuse_open_transaction() -> None:
    """Nothing, unless a transaction is open that is not a test case's own wrapping."""
    blocks = connection.atomic_blocks
    by_hand = not blocks and not connection.get_autocommit()
    # As Atomic's own check of durable reads it.
    if by_hand or (blocks and not getattr(blocks[-1], "_from_testcase", False)):
        raise TransactionOpen(
            "A change needs a transaction of its own: its COMMIT is what makes it true, and deliveries follow it. "
            "Open the change outside transaction.atomic()."
        )


def _pseudonym(actor: Actor) -> str:
    public_id = getattr(actor, "public_id", None)
    if isinstance(public_id, UUID):
        return str(public_id)
    if actor is SYSTEM:
        return SYSTEM.public_id
    raise LedgerError(f"The actor of a change is an account or ledger.SYSTEM, not {type(actor).__name__}.")


def _request_id(given: str | None) -> str:
    found = given if given is not None else structlog.contextvars.get_contextvars().get("request_id", "")
    return str(found)[:80]
