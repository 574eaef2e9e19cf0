"""Entries of the ledger as somebody would append them by SQL: the same rows, the same chain, none of the product."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from governance.ledger import chain
from governance.ledger.append import lock_key
from governance.models import Delivery, LedgerEntry, LedgerPayload, LedgerStream

ENTRIES, PAYLOADS = LedgerEntry._meta.db_table, LedgerPayload._meta.db_table
STREAMS, DELIVERIES = LedgerStream._meta.db_table, Delivery._meta.db_table
_HEADER = (
    *("stream_id", "sequence", "schema_version", "event", "recorded_at", "occurred_at", "actor", "on_behalf_of"),
    *("subject", "change_id", "request_id", "payload_hash", "previous_hash", "hash"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be written: the chain as ``kind:key``, the event, whom it is about, the payload, who is told."""

    stream: str
    event: str
    subject: str
    body: str
    handlers: tuple[str, ...]


def is_postgresql() -> bool:
    """Whether the benchmark runs on PostgreSQL, else on SQLite."""
    return connection.vendor == "postgresql"


def among(column: str, cast: str = "bigint") -> str:
    """The condition that a column is one of the values of one parameter, ``listed``."""
    return f"{column} = ANY(%s::{cast}[])" if is_postgresql() else f"{column} IN (SELECT value FROM json_each(%s))"


def listed(values: Any) -> Any:
    """The parameter of ``among``."""
    return list(values) if is_postgresql() else json.dumps(list(values))


def moment(at: datetime) -> Any:
    """A moment as the database keeps it."""
    return at if is_postgresql() else str(at.astimezone(UTC).replace(tzinfo=None))


def identifier(value: UUID) -> Any:
    """A public id as the database keeps it."""
    return value if is_postgresql() else value.hex


def insert(cursor: Any, table: str, columns: Any, rows: list[Any], *, returning: str = "") -> list[Any]:
    """The rows are in the table, by one statement; returns the column asked for, in their order."""
    one = f"({', '.join(['%s'] * len(columns))})"
    end = f" RETURNING {returning}" if returning else ""
    cursor.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([one] * len(rows))}{end}",
        [value for row in rows for value in row],
    )
    return [row[0] for row in cursor.fetchall()] if returning else []


def append(cursor: Any, entries: list[Entry], *, actor: str, change_id: str) -> None:
    """The entries stand at the ends of their chains, with payloads and deliveries: six statements, at most eight."""
    names = list(dict.fromkeys(entry.stream for entry in entries))
    if is_postgresql():
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(key)) FROM unnest(%s::bigint[]) AS key",
            [sorted(lock_key(name) for name in names)],
        )
    cursor.execute(
        f"SELECT name, id, last_sequence, last_hash FROM {STREAMS} WHERE {among('name', 'text')}", [listed(names)]
    )
    heads = {name: [pk, sequence, digest] for name, pk, sequence, digest in cursor.fetchall()}
    new = [name for name in names if name not in heads]
    if new:
        rows = [(name, *name.split(":", 1), 0, "") for name in new]
        made = insert(cursor, STREAMS, ("name", "kind", "key", "last_sequence", "last_hash"), rows, returning="id")
        heads |= {name: [pk, 0, ""] for name, pk in zip(new, made, strict=True)}
    now = datetime.now(UTC)
    salts, headers = [], []
    for entry in entries:
        head, salt = heads[entry.stream], chain.new_salt()
        header = {
            "sequence": head[1] + 1,
            "schema_version": chain.SCHEMA_VERSION,
            "event": entry.event,
            "recorded_at": now,
            "occurred_at": None,
            "actor": actor,
            "on_behalf_of": "",
            "subject": entry.subject,
            "change_id": change_id,
            "request_id": "",
            "payload_hash": chain.payload_hash(salt, entry.body),
            "previous_hash": head[2],
        }
        head[1], head[2] = head[1] + 1, chain.entry_hash(stream=entry.stream, **header)
        headers.append((head[0], *({**header, "recorded_at": moment(now)}).values(), head[2]))
        salts.append(salt)
    ids = insert(cursor, ENTRIES, _HEADER, headers, returning="id")
    payloads = [(pk, salt, entry.body) for pk, salt, entry in zip(ids, salts, entries, strict=True)]
    insert(cursor, PAYLOADS, ("entry_id", "salt", "body"), payloads)
    told = [
        (pk, name, "pending", moment(now), 0, "")
        for pk, entry in zip(ids, entries, strict=True)
        for name in entry.handlers
    ]
    if told:
        insert(cursor, DELIVERIES, ("entry_id", "handler", "state", "not_before", "attempts", "last_error"), told)
    marks = ", ".join(["(%s, %s, %s)"] * len(heads))
    cursor.execute(
        f"WITH moved (id, sequence, digest) AS (VALUES {marks}) UPDATE {STREAMS} AS s"
        f" SET last_sequence = moved.sequence, last_hash = moved.digest FROM moved WHERE s.id = moved.id",
        [value for head in heads.values() for value in head],
    )
