"""What a database holds: nothing, the demo, half a demo, or an organisation of its own; and how the demo goes away."""

from enum import Enum, auto

from django.db import connection as default
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.models import User
from config.events import DEMO_LOADED
from governance.models import BusinessUnit, LedgerEntry, PermissionState


class Standing(Enum):
    """Whose database this is."""

    EMPTY = auto()
    COMPLETE = auto()
    PARTIAL = auto()
    OTHERS = auto()


def standing() -> Standing:
    """Return what the database holds; ``OTHERS`` as soon as one account or unit is not of the demo."""
    if User.objects.filter(is_demo=False).exists():
        return Standing.OTHERS
    if LedgerEntry.objects.filter(event=DEMO_LOADED).exists():
        return Standing.COMPLETE
    if User.objects.exists():
        return Standing.PARTIAL
    return Standing.OTHERS if BusinessUnit.objects.exists() else Standing.EMPTY


def last_epoch() -> int:
    """Return the permission epoch of the database as it is now."""
    return PermissionState.objects.filter(pk=1).values_list("epoch", flat=True).first() or 0


def wipe(connection: BaseDatabaseWrapper = default) -> None:
    """The database has no tables left. Call it where ``standing`` says that only the demo is lost by it.

    The ledger's triggers refuse to have rows deleted, rightly; so the tables go, and are made anew by ``migrate``.
    """
    if connection.vendor == "postgresql":
        _wipe_schema(connection)
    else:
        _wipe_file(connection)


def _wipe_schema(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        schema = connection.ops.quote_name(cursor.fetchone()[0])
        cursor.execute(f"DROP SCHEMA {schema} CASCADE")
        cursor.execute(f"CREATE SCHEMA {schema}")


def _wipe_file(connection: BaseDatabaseWrapper) -> None:
    """Virtual tables first: they take their own shadow tables along."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_keys = OFF")
        try:
            for virtual in (True, False):
                cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
                for name, sql in cursor.fetchall():
                    if (sql or "").upper().startswith("CREATE VIRTUAL") is virtual:
                        cursor.execute(f"DROP TABLE {connection.ops.quote_name(name)}")
        finally:
            cursor.execute("PRAGMA foreign_keys = ON")
