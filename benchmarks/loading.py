"""Rows into tables as fast as the database takes them: COPY on PostgreSQL, many rows a statement on SQLite."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.db import connection, models
from django.db.models import Model

_BATCH = 2_000


class Table:
    """One model's table. Columns that a row does not name take the model's own default."""

    def __init__(self, model: type[Model], names: Iterable[str]) -> None:
        fields = {field.attname: field for field in model._meta.concrete_fields}
        unknown = set(names) - set(fields)
        if unknown:
            raise ValueError(f"{model.__name__} has no columns {sorted(unknown)}.")
        self.model = model
        self.names = tuple(names)
        rest = [
            field
            for name, field in fields.items()
            if name not in self.names and not field.generated and field.db_default is models.NOT_PROVIDED
        ]
        self._fields = [*(fields[name] for name in self.names), *rest]
        self._rest = tuple(self._stored(field, field.get_default()) for field in rest)
        self._json = [place for place, name in enumerate(self.names) if isinstance(fields[name], models.JSONField)]

    def load(self, rows: Iterable[tuple[Any, ...]]) -> int:
        """The rows, each in the order of ``names``, are in the table; returns how many."""
        whole = (self._row(row) for row in rows)
        return self._copy(whole) if connection.vendor == "postgresql" else self._insert(whole)

    def _row(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        if self._json:
            values = list(row)
            for place in self._json:
                values[place] = json.dumps(values[place])
            row = tuple(values)
        return row + self._rest

    @staticmethod
    def _stored(field: Any, value: Any) -> Any:
        return json.dumps(value) if isinstance(field, models.JSONField) else value

    @property
    def _columns(self) -> str:
        return ", ".join(connection.ops.quote_name(field.column) for field in self._fields)

    def _copy(self, rows: Iterator[tuple[Any, ...]]) -> int:
        count = 0
        table = connection.ops.quote_name(self.model._meta.db_table)
        with (
            connection.cursor() as cursor,
            cursor.cursor.copy(f"COPY {table} ({self._columns}) FROM STDIN") as copy,  # type: ignore[attr-defined]
        ):
            for row in rows:
                copy.write_row(row)
                count += 1
        return count

    def _insert(self, rows: Iterator[tuple[Any, ...]]) -> int:
        count = 0
        table = connection.ops.quote_name(self.model._meta.db_table)
        marks = ", ".join(["%s"] * len(self._fields))
        fields = self._fields
        plain = [field.get_internal_type() == "JSONField" for field in fields]
        with connection.cursor() as cursor:
            while batch := list(islice(rows, _BATCH)):
                adapted = [
                    tuple(
                        value if is_json else field.get_db_prep_value(value, connection, prepared=False)
                        for value, field, is_json in zip(row, fields, plain, strict=True)
                    )
                    for row in batch
                ]
                cursor.executemany(f"INSERT INTO {table} ({self._columns}) VALUES ({marks})", adapted)
                count += len(batch)
        return count


def load(model: type[Model], rows: Iterable[Mapping[str, Any]]) -> int:
    """The rows, all with the same columns, are in the model's table; returns how many."""
    iterator = iter(rows)
    first = next(iterator, None)
    if first is None:
        return 0
    table = Table(model, first)
    return table.load(tuple(row.values()) for row in _chain(first, iterator))


def _chain(first: Mapping[str, Any], rest: Iterator[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    yield first
    yield from rest


def follow_ids(*tables: type[Model]) -> None:
    """The next row that the product makes in these tables has an id after those loaded."""
    if connection.vendor != "postgresql":
        return
    from django.core.management.color import no_style

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(tables)):
            cursor.execute(statement)
