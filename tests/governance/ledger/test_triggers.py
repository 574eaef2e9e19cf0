"""The database itself refuses to change what was recorded, and says so when it no longer would."""

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection, models, transaction
from pytest_django import Settings

from governance import checks
from governance.ledger import testing, triggers
from governance.models import LedgerEntry, LedgerPayload, LedgerStream

from .conftest import send

pytestmark = pytest.mark.django_db

ENTRY, PAYLOAD, STREAM = triggers.TABLES

REFUSED_EVERYWHERE = {
    "edit an entry": f"UPDATE {ENTRY} SET actor = 'someone else' WHERE sequence = 2",
    "edit it to what it was": f"UPDATE {ENTRY} SET actor = actor",
    "delete an entry": f"DELETE FROM {ENTRY} WHERE sequence = 3",
    "swap two entries": f"UPDATE {ENTRY} SET sequence = 5 - sequence",
    "edit a payload": f"UPDATE {PAYLOAD} SET body = '{{}}'",
    "delete a stream": f"DELETE FROM {STREAM}",
    "rename a stream": f"UPDATE {STREAM} SET name = 'parcel:two', last_sequence = last_sequence + 1",
    "wind a stream back": f"UPDATE {STREAM} SET last_sequence = 1",
    "change a stream's head": f"UPDATE {STREAM} SET last_hash = ''",
}
REFUSED_ON_SQLITE = {
    "replace an entry": f"REPLACE INTO {ENTRY} SELECT * FROM {ENTRY} WHERE sequence = 2",
    "replace at its place": f"""
        INSERT OR REPLACE INTO {ENTRY} (stream_id, sequence, schema_version, event, recorded_at, actor, on_behalf_of,
            subject, change_id, request_id, payload_hash, previous_hash, hash)
        SELECT stream_id, sequence, schema_version, event, recorded_at, 'x', on_behalf_of,
            subject, change_id, request_id, payload_hash, previous_hash, hash FROM {ENTRY}""",
    "update or replace": f"UPDATE OR REPLACE {ENTRY} SET sequence = 1 WHERE sequence = 2",
    "replace a payload": f"REPLACE INTO {PAYLOAD} SELECT entry_id, salt, '{{}}' FROM {PAYLOAD}",
    "replace a stream": f"REPLACE INTO {STREAM} SELECT * FROM {STREAM}",
}
REFUSED_ON_POSTGRESQL = {
    "empty the entries": f"TRUNCATE {ENTRY} CASCADE",
    "empty the payloads": f"TRUNCATE {PAYLOAD}",
    "empty the streams": f"TRUNCATE {STREAM} CASCADE",
    "upsert an entry": f"INSERT INTO {ENTRY} SELECT * FROM {ENTRY} ON CONFLICT (id) DO UPDATE SET actor = 'x'",
    "edit as a replica": f"SET LOCAL session_replication_role = replica; UPDATE {ENTRY} SET actor = 'x'",
    "empty as a replica": f"SET LOCAL session_replication_role = replica; TRUNCATE {PAYLOAD}",
}


def everything() -> list[tuple[object, ...]]:
    return [
        row
        for model in (LedgerEntry, LedgerPayload, LedgerStream)
        for row in model._default_manager.order_by("pk").values_list()
    ]


def settle_constraints() -> None:
    """PostgreSQL alters no table while its deferred checks wait for a COMMIT, which a wrapped test never has."""
    connection.check_constraints()


def assert_refused(statement: str) -> None:
    send(times=4)
    settle_constraints()
    before = everything()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert everything() == before
    send()


@pytest.mark.parametrize("statement", REFUSED_EVERYWHERE.values(), ids=REFUSED_EVERYWHERE)
def test_the_database_refuses_to(statement: str) -> None:
    assert_refused(statement)


@pytest.mark.sqlite
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
@pytest.mark.parametrize("statement", REFUSED_ON_SQLITE.values(), ids=REFUSED_ON_SQLITE)
def test_sqlite_refuses_to(statement: str, recursive: str) -> None:
    """Whether or not the connection asked for recursive triggers, which every connection must do for itself."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA recursive_triggers = {recursive}")
        try:
            assert_refused(statement)
        finally:
            cursor.execute("PRAGMA recursive_triggers = ON")


@pytest.mark.postgresql
@pytest.mark.parametrize("statement", REFUSED_ON_POSTGRESQL.values(), ids=REFUSED_ON_POSTGRESQL)
def test_postgresql_refuses_to(statement: str) -> None:
    assert_refused(statement)


def test_the_orm_is_refused_as_well() -> None:
    send()
    entry = LedgerEntry.objects.get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.save()
    payload = LedgerPayload.objects.get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        payload.save()


def test_a_missing_trigger_is_reported_and_put_back_by_the_next_migrate() -> None:
    assert triggers.missing() == []
    checks.refuse_unprotected_ledger()
    triggers.lift()
    wrong = triggers.missing()
    assert len(wrong) >= 7
    with pytest.raises(ImproperlyConfigured, match=wrong[0]):
        checks.refuse_unprotected_ledger()
    reported = run_checks(databases=["default"], tags=["database"])
    assert [message.id for message in reported if message.id == checks.LEDGER_TRIGGERS]
    call_command("migrate", verbosity=0)
    assert triggers.missing() == []
    assert run_checks(databases=["default"], tags=["database"]) == []


@pytest.mark.sqlite
def test_an_altered_trigger_is_reported_on_sqlite() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {ENTRY}_no_update")
        cursor.execute(f"CREATE TRIGGER {ENTRY}_no_update BEFORE UPDATE ON {ENTRY} WHEN 0 BEGIN SELECT 1; END")
    assert triggers.missing() == [f"{ENTRY}_no_update"]
    assert triggers.install() == [f"{ENTRY}_no_update"]
    assert triggers.missing() == []


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "statement",
    [
        f"ALTER TABLE {ENTRY} DISABLE TRIGGER {ENTRY}_no_change",
        f"ALTER TABLE {ENTRY} ENABLE TRIGGER {ENTRY}_no_change",
        f"DROP TRIGGER {PAYLOAD}_no_truncate ON {PAYLOAD}",
        (
            f"CREATE OR REPLACE TRIGGER {ENTRY}_no_change BEFORE UPDATE ON {ENTRY} FOR EACH ROW "
            "EXECUTE FUNCTION governance_ledger_refuse()"
        ),
        (
            f"CREATE OR REPLACE TRIGGER {ENTRY}_no_change BEFORE UPDATE OR DELETE ON {ENTRY} FOR EACH ROW "
            "WHEN (OLD.sequence < 0) EXECUTE FUNCTION governance_ledger_refuse()"
        ),
        (
            "CREATE OR REPLACE FUNCTION governance_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RETURN NEW; END'"
        ),
    ],
)
def test_a_weakened_trigger_is_reported_on_postgresql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert triggers.missing() != []
    triggers.install()
    assert triggers.missing() == []


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_altering_a_field_on_sqlite_drops_the_triggers_and_migrate_puts_them_back() -> None:
    send()
    field = LedgerEntry._meta.get_field("event")
    longer = models.CharField(max_length=81)
    longer.set_attributes_from_name("event")
    with connection.schema_editor() as editor:
        editor.alter_field(LedgerEntry, field, longer)
    try:
        assert f"{ENTRY}_no_update" in triggers.missing()
    finally:
        with connection.schema_editor() as editor:
            editor.alter_field(LedgerEntry, longer, field)
        call_command("migrate", verbosity=0)
    assert triggers.missing() == []
    with pytest.raises(DatabaseError, match="append-only"):
        LedgerEntry.objects.update(actor="x")


@pytest.mark.django_db(transaction=True)
def test_the_flush_empties_a_test_database_and_leaves_the_triggers() -> None:
    send(times=2)
    call_command("flush", interactive=False, verbosity=0)
    assert not LedgerEntry.objects.exists()
    assert triggers.missing() == []


@pytest.mark.django_db(transaction=True)
def test_the_flush_of_any_other_database_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    send()
    settings.TESTING = False
    with pytest.raises(ImproperlyConfigured, match="test database"):
        testing.refuse_outside_test_database(connection)
    with pytest.raises(Exception, match=r"test database|flushed"):
        call_command("flush", interactive=False, verbosity=0)
    settings.TESTING = True
    monkeypatch.setitem(connection.settings_dict, "NAME", "/srv/remit/remit.sqlite3")
    with pytest.raises(ImproperlyConfigured, match="test database"):
        testing.refuse_outside_test_database(connection)
    monkeypatch.undo()
    assert LedgerEntry.objects.count() == 1
