"""The databases' own full-text indexes over ``SearchEntry``, made after each migration and never by hand.

SQLite: two FTS5 tables that keep no text of their own, filled by triggers; ``knowledge_search`` stems words,
``knowledge_suggest`` does not, for type-ahead. PostgreSQL: two generated vectors with an index each.
Django remakes a table on SQLite when a column changes and drops its triggers silently, hence after *each* migration.
"""

from typing import Any

from django.db import connections
from django.db.utils import DEFAULT_DB_ALIAS

from knowledge.models import SearchEntry

TABLE = SearchEntry._meta.db_table
SEARCH = "knowledge_search"
SUGGEST = "knowledge_suggest"
CONFIGURATION = "knowledge_words"
_COLUMNS = ("number", "title", "names", "text")
_SUGGESTED = ("number", "title", "names")


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """The full-text indexes stand and follow the table; nothing happens where the table does not exist yet."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for statement in _missing_on_postgresql(cursor) if connection.vendor == "postgresql" else _sqlite():
            cursor.execute(statement)


def refill(using: str = DEFAULT_DB_ALIAS) -> None:
    """SQLite's indexes are read anew from the table; PostgreSQL keeps its own always."""
    connection = connections[using]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        for name in (SEARCH, SUGGEST):
            cursor.execute(f"INSERT INTO {name}({name}) VALUES ('rebuild')")  # noqa: S608 - fixed names


def _sqlite() -> list[str]:
    statements = [
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {SEARCH} USING fts5({', '.join(_COLUMNS)}, "
        f"content='{TABLE}', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2')",
        f"CREATE VIRTUAL TABLE IF NOT EXISTS {SUGGEST} USING fts5({', '.join(_SUGGESTED)}, "
        f"content='{TABLE}', content_rowid='id', tokenize='unicode61 remove_diacritics 2', prefix='2 3 4')",
    ]
    for moment, body in _TRIGGERS.items():
        actions = " ".join(
            body.format(
                table=name,
                columns=", ".join(columns),
                new=", ".join(f"new.{column}" for column in columns),
                old=", ".join(f"old.{column}" for column in columns),
            )
            for name, columns in ((SEARCH, _COLUMNS), (SUGGEST, _SUGGESTED))
        )
        statements.append(
            f"CREATE TRIGGER IF NOT EXISTS {TABLE}_search_{moment.lower()} AFTER {moment} ON {TABLE} "
            f"BEGIN {actions} END"
        )
    return statements


_INSERT = "INSERT INTO {table}(rowid, {columns}) VALUES (new.id, {new});"
_DELETE = "INSERT INTO {table}({table}, rowid, {columns}) VALUES ('delete', old.id, {old});"
_TRIGGERS = {"INSERT": _INSERT, "DELETE": _DELETE, "UPDATE": _DELETE + " " + _INSERT}


def _missing_on_postgresql(cursor: Any) -> list[str]:
    """What is not there yet. ``english`` leaves out stop words, "should" among them, and so finds a phrase where it
    does not stand: our own configuration stems words and leaves none out."""
    statements: list[str] = []
    cursor.execute("SELECT 1 FROM pg_ts_config WHERE cfgname = %s", [CONFIGURATION])
    if cursor.fetchone() is None:
        statements += [
            f"CREATE TEXT SEARCH DICTIONARY {CONFIGURATION} (TEMPLATE = snowball, LANGUAGE = english)",
            f"CREATE TEXT SEARCH CONFIGURATION {CONFIGURATION} (COPY = simple)",
            f"ALTER TEXT SEARCH CONFIGURATION {CONFIGURATION} "
            f"ALTER MAPPING FOR asciiword, word, numword WITH {CONFIGURATION}",
        ]
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = %s",
        [TABLE],
    )
    standing = {row[0] for row in cursor.fetchall()}
    words = " || ".join(
        f"setweight(to_tsvector('{CONFIGURATION}'::regconfig, {column}), '{weight}')"
        for column, weight in zip(_COLUMNS, "ABCD", strict=True)
    )
    beginnings = "to_tsvector('simple'::regconfig, number || ' ' || title || ' ' || names)"
    for column, index, value in (("vector", SEARCH, words), ("beginnings", SUGGEST, beginnings)):
        if column not in standing:
            statements.append(f"ALTER TABLE {TABLE} ADD COLUMN {column} tsvector GENERATED ALWAYS AS ({value}) STORED")
            statements.append(f"CREATE INDEX IF NOT EXISTS {index} ON {TABLE} USING gin ({column})")
    return statements
