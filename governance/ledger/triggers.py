"""The database's own refusal to change what was recorded.

Installed after every migration, because SQLite drops a table's triggers silently when Django remakes the table; looked
for by the system check, by ``verify_ledger`` and before a server starts. Whoever owns the database can pass them, which
is why the chain is hashed as well.

- An entry: no UPDATE, no DELETE, no TRUNCATE, and no INSERT over an existing one (SQLite's REPLACE deletes silently).
- A payload: the same, but DELETE, which is erasure: the hash in the entry stays.
- A stream: no DELETE and no TRUNCATE; only its head moves, and only forward.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DEFAULT_DB_ALIAS

from governance.models import LedgerEntry, LedgerPayload, LedgerStream

TABLES: Final = tuple(model._meta.db_table for model in (LedgerEntry, LedgerPayload, LedgerStream))
ENTRY, PAYLOAD, STREAM = TABLES

MESSAGE = "The ledger is append-only: {table} refuses {operation}."


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger: its name, its table and the statements that make it."""

    name: str
    table: str
    sql: str


def install(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Every trigger stands as it should, those missing or altered made anew; returns the names of those.

    Does nothing where the ledger's tables do not exist yet.
    """
    connection = connections[using]
    wrong = missing(using)
    if wrong:
        with transaction.atomic(using=using), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(_PG_FUNCTION)
            for trigger in _triggers(connection):
                if trigger.name in wrong:
                    for statement in _statements(connection, trigger):
                        cursor.execute(statement)
    return wrong


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The names of triggers that are absent, switched off or not as they should be; none where there is no ledger."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    wanted = [trigger for trigger in _triggers(connection) if trigger.table in tables]
    standing = _standing(connection)
    return [trigger.name for trigger in wanted if standing.get(trigger.name) != _fingerprint(connection, trigger)]


def lift(using: str = DEFAULT_DB_ALIAS) -> None:
    """The triggers are gone, in the open transaction. For ``governance.ledger.testing`` alone."""
    connection = connections[using]
    with connection.cursor() as cursor:
        for trigger in _triggers(connection):
            cursor.execute(_drop(connection, trigger))


def _triggers(connection: BaseDatabaseWrapper) -> list[Trigger]:
    if connection.vendor == "postgresql":
        return list(_postgresql())
    if connection.vendor == "sqlite":
        return list(_sqlite())
    raise NotImplementedError(f"The ledger has no triggers for {connection.vendor}.")


def _statements(connection: BaseDatabaseWrapper, trigger: Trigger) -> list[str]:
    made = [_drop(connection, trigger), trigger.sql]
    if connection.vendor == "postgresql":
        # ALWAYS: or a session that plays replica (session_replication_role) passes it by.
        made.append(f'ALTER TABLE "{trigger.table}" ENABLE ALWAYS TRIGGER "{trigger.name}"')
    return made


def _drop(connection: BaseDatabaseWrapper, trigger: Trigger) -> str:
    where = f' ON "{trigger.table}"' if connection.vendor == "postgresql" else ""
    return f'DROP TRIGGER IF EXISTS "{trigger.name}"{where}'


def _standing(connection: BaseDatabaseWrapper) -> dict[str, str]:
    """Each trigger that stands on the ledger's tables → what makes it what it is."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            return dict(cursor.fetchall())
        cursor.execute(
            """
            SELECT t.tgname, t.tgenabled::text, t.tgtype, pg_get_triggerdef(t.oid), p.prosrc
            FROM pg_trigger t
            JOIN pg_class c ON c.oid = t.tgrelid
            JOIN pg_proc p ON p.oid = t.tgfoid
            WHERE c.relname = ANY(%s) AND c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
            """,
            [list(TABLES)],
        )
        return {
            name: _pg_fingerprint(enabled == "A", kind, "WHEN" in definition, source)
            for name, enabled, kind, definition, source in cursor.fetchall()
        }


def _fingerprint(connection: BaseDatabaseWrapper, trigger: Trigger) -> str:
    if connection.vendor == "sqlite":
        return trigger.sql
    return _pg_fingerprint(True, _PG_KINDS[trigger.name], "WHEN" in trigger.sql, _PG_SOURCE)


# --- SQLite


def _sqlite() -> Iterable[Trigger]:
    yield _sqlite_refusal(ENTRY, "UPDATE")
    yield _sqlite_refusal(ENTRY, "DELETE")
    yield _sqlite_refusal(PAYLOAD, "UPDATE")
    yield _sqlite_refusal(STREAM, "DELETE")
    yield _sqlite_refusal(STREAM, "UPDATE", when=_not_forward("IS NOT"))
    same_place = '"stream_id" = NEW."stream_id" AND "sequence" = NEW."sequence"'
    yield _sqlite_refusal(ENTRY, "INSERT", when=_exists(ENTRY, f'"id" = NEW."id" OR ({same_place})'))
    yield _sqlite_refusal(PAYLOAD, "INSERT", when=_exists(PAYLOAD, '"entry_id" = NEW."entry_id"'))
    yield _sqlite_refusal(STREAM, "INSERT", when=_exists(STREAM, '"id" = NEW."id" OR "name" = NEW."name"'))


def _exists(table: str, condition: str) -> str:
    return f'EXISTS (SELECT 1 FROM "{table}" WHERE {condition})'  # noqa: S608 - fixed names


def _sqlite_refusal(table: str, operation: str, *, when: str = "") -> Trigger:
    name = f"{table}_no_{operation.lower()}"
    condition = f"WHEN {when} " if when else ""
    message = MESSAGE.format(table=table, operation=operation)
    return Trigger(
        name,
        table,
        f'CREATE TRIGGER "{name}" BEFORE {operation} ON "{table}" {condition}'
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END",
    )


def _not_forward(differs: str) -> str:
    fixed = " OR ".join(f'NEW."{column}" {differs} OLD."{column}"' for column in ("id", "name", "kind", "key"))
    return f'({fixed} OR NEW."last_sequence" <= OLD."last_sequence")'


# --- PostgreSQL

_PG_SOURCE = " BEGIN RAISE EXCEPTION 'The ledger is append-only: % refuses %.', TG_TABLE_NAME, TG_OP; END "
_PG_FUNCTION = (
    "CREATE OR REPLACE FUNCTION governance_ledger_refuse() RETURNS trigger LANGUAGE plpgsql "
    f"AS $ledger${_PG_SOURCE}$ledger$"
)

# pg_trigger.tgtype: 1 row, 2 before, 8 delete, 16 update, 32 truncate.
_PG_KINDS = {
    f"{ENTRY}_no_change": 1 | 2 | 8 | 16,
    f"{ENTRY}_no_truncate": 2 | 32,
    f"{PAYLOAD}_no_change": 1 | 2 | 16,
    f"{PAYLOAD}_no_truncate": 2 | 32,
    f"{STREAM}_no_delete": 1 | 2 | 8,
    f"{STREAM}_only_forward": 1 | 2 | 16,
    f"{STREAM}_no_truncate": 2 | 32,
}


def _postgresql() -> Iterable[Trigger]:
    yield _pg_trigger(ENTRY, "no_change", "UPDATE OR DELETE")
    yield _pg_trigger(PAYLOAD, "no_change", "UPDATE")
    yield _pg_trigger(STREAM, "no_delete", "DELETE")
    yield _pg_trigger(STREAM, "only_forward", "UPDATE", when=f"WHEN {_not_forward('IS DISTINCT FROM')} ")
    for table in TABLES:
        yield _pg_trigger(table, "no_truncate", "TRUNCATE", each="STATEMENT")


def _pg_trigger(table: str, suffix: str, operation: str, *, when: str = "", each: str = "ROW") -> Trigger:
    name = f"{table}_{suffix}"
    return Trigger(
        name,
        table,
        f'CREATE TRIGGER "{name}" BEFORE {operation} ON "{table}" FOR EACH {each} '
        f"{when}EXECUTE FUNCTION governance_ledger_refuse()",
    )


def _pg_fingerprint(always: bool, kind: int, has_condition: bool, source: str) -> str:
    return f"{always}|{kind}|{has_condition}|{source}"
