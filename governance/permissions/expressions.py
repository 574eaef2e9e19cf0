"""Conditions as the databases answer them fastest: an array of ids, and a look-up for one row at a time."""

import json
from collections.abc import Iterable
from typing import Any

from django.db.models import Aggregate, BooleanField, Func, JSONField, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce


class AnyOf(Func):
    """Whether the id at a path is one of these: one parameter, however many there are.

    ``IN`` with a parameter for each is slow to write down and slow to plan.
    """

    output_field = BooleanField()
    conditional = True

    def __init__(self, path: Any, ids: Iterable[int], **extra: Any) -> None:
        self.ids = tuple(sorted(ids))
        super().__init__(path, **extra)

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **context: Any) -> Any:
        """PostgreSQL's array."""
        sql, params = compiler.compile(self.source_expressions[0])
        return f"{sql} = ANY(%s::bigint[])", (*params, list(self.ids))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite's, which is JSON."""
        sql, params = compiler.compile(self.source_expressions[0])
        return sql + " IN (SELECT value FROM json_each(%s))", (*params, json.dumps(self.ids))  # noqa: S608 - a compiled column


class JSONList(Aggregate):
    """All values of a group as one JSON list, in no order."""

    function = "JSONB_AGG"
    output_field = JSONField()
    name = "JSONList"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same with SQLite's function."""
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **context)


class Holds(Coalesce):
    """Whether there is such a row, looked up for each row of the list in the list's order.

    As EXISTS, PostgreSQL would rather join, and so read everything that a person may see before it shows the first.
    """

    conditional = True

    def __init__(self, rows: "QuerySet[Any]") -> None:
        found = rows.order_by().annotate(is_so=Value(True)).values("is_so")[:1]
        super().__init__(Subquery(found, output_field=BooleanField()), Value(False), output_field=BooleanField())
