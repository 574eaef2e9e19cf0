"""What a switch of the whole organisation's model costs: plan, confirm, apply; beside the same rows changed by SQL."""

from time import monotonic, perf_counter
from typing import Any

from django.db import connection, transaction

from accounts.models import User
from benchmarks.filling import MODEL_AFTER, settle
from benchmarks.organisation import CENTRE, ROOT, Organisation
from benchmarks.reader import Reader, told
from governance import ledger
from governance.actions.transitions import apply_transition, confirm_transition, plan_transition, send_for_confirmation
from governance.models import OperatingModelVersion, RemitGroupPermission
from governance.permissions import store
from governance.permissions.projecting import PlannedAssignment

_GRANTS = RemitGroupPermission._meta.db_table
_COLUMNS = "group_id, permission_id, content_object_id, relations"


def switch(made: Organisation, session: tuple[int, str] | None) -> dict[str, Any]:
    """Return seconds, statements and rows. The organisation is under another model afterwards.

    Meanwhile somebody reads the library in a process of their own (``session``: who, and their session key).
    """
    reader = Reader(*session) if session is not None else None
    planner, confirmer = (User.objects.get(pk=person) for person in made.administrators)
    change = PlannedAssignment(
        unit=ROOT,
        model_version=OperatingModelVersion.objects.filter(family__key=MODEL_AFTER).latest("number").pk,
        centre=CENTRE,
    )
    _copy_grants("bench_before")
    planned, plan_seconds, _ = _timed(
        lambda: plan_transition(actor=planner, title="Under the centre", reason="As decided.", changes=[change])
    )
    transition = send_for_confirmation(actor=planner, transition=planned)
    transition = confirm_transition(
        actor=confirmer, transition=transition, seen_hash=transition.plan_hash, comment="As we agreed."
    )
    begun = monotonic()
    _, apply_seconds, statements = _timed(lambda: apply_transition(actor=planner, transition=transition))
    ended = monotonic()
    if reader is not None:
        reader.stop()
    settle()
    added, removed, raw_seconds = _by_sql()
    again, again_seconds, _ = _timed(_compile_again)
    if again.touched:
        raise AssertionError(f"Nothing had changed, and {again.touched} rows were touched.")
    return {
        "plan_seconds": round(plan_seconds, 3),
        "apply_seconds": round(apply_seconds, 3),
        "apply_statements": statements,
        "grants_added": added,
        "grants_removed": removed,
        "raw_seconds": round(raw_seconds, 3),
        "times_raw": round(apply_seconds / raw_seconds, 2),
        "unchanged_seconds": round(again_seconds, 3),
        "unchanged_rows_touched": again.touched,
        **({"meanwhile": told(reader.pages_between(begun, ended))} if reader is not None else {}),
    }


def _timed(work: Any) -> tuple[Any, float, int]:
    seen = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        begun = perf_counter()
        result = work()
        seconds = perf_counter() - begun
    return result, seconds, seen


def _compile_again() -> store.Applied:
    with ledger.change(actor=ledger.SYSTEM) as change:
        applied = store.recompile(change)
        if not applied.touched:
            change.nothing_happened()
    return applied


def _copy_grants(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TABLE {name} AS SELECT id, {_COLUMNS} FROM {_GRANTS}")


def _by_sql() -> tuple[int, int, float]:
    """The same number of grants changed back, by one DELETE and one INSERT, undone afterwards."""
    _copy_grants("bench_after")
    with connection.cursor() as cursor:
        for table, one, other in (("added", "after", "before"), ("removed", "before", "after")):
            cursor.execute(f"DROP TABLE IF EXISTS bench_{table}")
            cursor.execute(
                f"CREATE TABLE bench_{table} AS SELECT * FROM bench_{one} WHERE id NOT IN"
                f" (SELECT id FROM bench_{other})"
            )
        cursor.execute("SELECT (SELECT count(*) FROM bench_added), (SELECT count(*) FROM bench_removed)")
        added, removed = cursor.fetchone()
        seconds = 0.0
        try:
            with transaction.atomic():
                begun = perf_counter()
                cursor.execute(f"DELETE FROM {_GRANTS} WHERE id IN (SELECT id FROM bench_added)")
                cursor.execute(f"INSERT INTO {_GRANTS} (id, {_COLUMNS}) SELECT id, {_COLUMNS} FROM bench_removed")
                seconds = perf_counter() - begun
                raise _Undo
        except _Undo:
            pass
        for table in ("before", "after", "added", "removed"):
            cursor.execute(f"DROP TABLE bench_{table}")
    return added, removed, seconds


class _Undo(Exception):
    pass
