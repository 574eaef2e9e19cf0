"""Writing entries to their chains: streams locked in one order, one bulk INSERT per table."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from governance.ledger import chain
from governance.ledger.clock import database_now
from governance.ledger.errors import LedgerError
from governance.ledger.streams import Stream
from governance.models import LedgerEntry, LedgerPayload, LedgerStream

# A PostgreSQL transaction holds each advisory lock in shared memory. A change of more streams than this takes the
# whole ledger for itself instead, with one lock.
MOST_STREAM_LOCKS = 500
_WHOLE_LEDGER = 0x52656D69744C6564
_BATCH = 500
_STREAM_TABLE = LedgerStream._meta.db_table


@dataclass(frozen=True, slots=True)
class Pending:
    """An entry that waits for the end of its transaction; ``body`` is its canonical payload."""

    stream: Stream
    event: str
    subject: str
    occurred_at: datetime | None
    not_before: datetime | None
    body: str


def append(
    pending: Sequence[Pending], *, change_id: str, actor: str, on_behalf_of: str, request_id: str
) -> list[LedgerEntry]:
    """The entries stand at the ends of their streams, in the order given within each; returns them, saved, in order.

    The streams stay locked until the transaction ends, so call this last in it.
    """
    streams = {entry.stream.name: entry.stream for entry in pending}
    lock_streams(streams)
    heads = _heads(streams.values())
    recorded_at = database_now()
    entries: list[LedgerEntry] = []
    payloads: list[LedgerPayload] = []
    for waiting in pending:
        head = heads[waiting.stream.name]
        salt = chain.new_salt()
        entry = LedgerEntry(
            stream=head,
            sequence=head.last_sequence + 1,
            schema_version=chain.SCHEMA_VERSION,
            event=waiting.event,
            recorded_at=recorded_at,
            occurred_at=waiting.occurred_at,
            actor=actor,
            on_behalf_of=on_behalf_of,
            subject=waiting.subject,
            change_id=change_id,
            request_id=request_id,
            payload_hash=chain.payload_hash(salt, waiting.body),
            previous_hash=head.last_hash,
        )
        entry.hash = hash_of(entry, stream=head.name)
        head.last_sequence, head.last_hash = entry.sequence, entry.hash
        entries.append(entry)
        payloads.append(LedgerPayload(salt=salt, body=waiting.body))
    _save_heads(heads.values())
    LedgerEntry.objects.bulk_create(entries, batch_size=_BATCH)
    for entry, payload in zip(entries, payloads, strict=True):
        payload.entry = entry
    LedgerPayload.objects.bulk_create(payloads, batch_size=_BATCH)
    return entries


def hash_of(entry: LedgerEntry, *, stream: str) -> str:
    """The entry's hash, computed from its columns."""
    return chain.entry_hash(
        stream=stream,
        sequence=entry.sequence,
        schema_version=entry.schema_version,
        previous_hash=entry.previous_hash,
        event=entry.event,
        recorded_at=entry.recorded_at,
        occurred_at=entry.occurred_at,
        actor=entry.actor,
        on_behalf_of=entry.on_behalf_of,
        subject=entry.subject,
        change_id=entry.change_id,
        request_id=entry.request_id,
        payload_hash=entry.payload_hash,
    )


def erase_payloads(stream: str, sequences: Sequence[int], *, never: str) -> None:
    """The payloads of those entries are deleted; refuses entries that do not exist and those of the event ``never``."""
    for start in range(0, len(sequences), _BATCH):
        wanted = sequences[start : start + _BATCH]
        entries = LedgerEntry.objects.filter(stream__name=stream, sequence__in=wanted)
        found = dict(entries.values_list("id", "event"))
        if len(found) < len(wanted):
            raise LedgerError(f"The stream {stream} does not hold all the entries that are to be erased.")
        if never in found.values():
            raise LedgerError("The record of an erasure is not erased.")
        LedgerPayload.objects.filter(entry_id__in=list(found)).delete()


def lock_key(name: str) -> int:
    """The advisory lock of a stream, a signed 64-bit number."""
    return int.from_bytes(hashlib.sha256(b"remit.ledger.lock\x00" + name.encode()).digest()[:8], "big", signed=True)


def lock_streams(names: Iterable[str]) -> None:
    """Nobody else appends to these streams until this transaction ends.

    Every writer takes its locks in the same order, so no two can wait for each other. On SQLite the transaction,
    begun IMMEDIATE, already holds the only write lock.
    """
    if connection.vendor != "postgresql":
        return
    keys = sorted({lock_key(name) for name in names})
    with connection.cursor() as cursor:
        if len(keys) > MOST_STREAM_LOCKS:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_WHOLE_LEDGER])
            return
        # One statement. A row to count exists only once the whole ledger is shared; unnest yields the array in its own
        # order, and so the locks are taken in it.
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(key))"
            " FROM (SELECT pg_advisory_xact_lock_shared(%s)) AS whole, unnest(%s::bigint[]) AS key",
            [_WHOLE_LEDGER, keys],
        )


def _heads(streams: Iterable[Stream]) -> dict[str, LedgerStream]:
    """Each stream's row as it now stands, or a new unsaved one with nothing in it."""
    wanted = {stream.name: stream for stream in streams}
    names = list(wanted)
    heads: dict[str, LedgerStream] = {}
    for start in range(0, len(names), _BATCH):
        for head in LedgerStream.objects.filter(name__in=names[start : start + _BATCH]):
            heads[head.name] = head
    for name, stream in wanted.items():
        if name not in heads:
            heads[name] = LedgerStream(name=name, kind=stream.kind, key=stream.key)
    return heads


def _save_heads(heads: Iterable[LedgerStream]) -> None:
    """New streams are inserted with their final head, standing ones move forward."""
    new: list[LedgerStream] = []
    standing: list[LedgerStream] = []
    for head in heads:
        (new if head.pk is None else standing).append(head)
    LedgerStream.objects.bulk_create(new, batch_size=_BATCH)
    if not standing:
        return
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {connection.ops.quote_name(_STREAM_TABLE)}"  # noqa: S608 - a fixed table name
            " SET last_sequence = %s, last_hash = %s WHERE id = %s",
            [(head.last_sequence, head.last_hash, head.pk) for head in standing],
        )
