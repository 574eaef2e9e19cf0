"""What only a test database may do: be emptied between tests, ledger and all."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DEFAULT_DB_ALIAS

from governance.ledger import triggers


def let_the_flush_pass(using: str = DEFAULT_DB_ALIAS) -> None:
    """From now on Django's flush (between transaction tests) lifts the ledger's triggers and puts them back, in the
    transaction that empties the tables. Refused, each time, on anything but a test database."""
    operations: Any = type(connections[using].ops)
    flush: Callable[..., None] = operations.execute_sql_flush
    if getattr(flush, "lets_ledger_pass", False):
        return

    @functools.wraps(flush)
    def passing(self: Any, statements: Sequence[str]) -> None:
        refuse_outside_test_database(self.connection)
        alias = self.connection.alias
        with transaction.atomic(using=alias):
            triggers.lift(alias)
            flush(self, statements)
            triggers.install(alias)

    passing.lets_ledger_pass = True  # type: ignore[attr-defined]
    operations.execute_sql_flush = passing


def refuse_outside_test_database(connection: BaseDatabaseWrapper) -> None:
    """Nothing, on a test database of a test run; raises ``ImproperlyConfigured`` anywhere else."""
    name = str(connection.settings_dict["NAME"])
    is_test_name = name.rpartition("/")[2].startswith("test") or "mode=memory" in name
    if not (getattr(settings, "TESTING", False) and is_test_name):
        raise ImproperlyConfigured(f"Only the flush of a test database may lift the ledger's triggers, not {name}.")
