"""Submitting and deciding as somebody would write them by SQL: the same rows in the same tables, the right asked of the
same grants, the same locks; no engine, no objects.

What the rows say beyond ids, people and days (the route and the state of the request) is taken over from a request that
the product has written.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from benchmarks.filling import public_id, remit_id
from benchmarks.ledger_by_hand import Entry, append, identifier, insert, is_postgresql, moment
from benchmarks.organisation import Document
from governance.models import Decision, NumberSeries, Request, RequestWaiting
from knowledge.models import Document as StoredDocument
from knowledge.models import Publication

_REQUESTS, _WAITING, _DECISIONS = (model._meta.db_table for model in (Request, RequestWaiting, Decision))
_DOCUMENTS, _PUBLICATIONS = StoredDocument._meta.db_table, Publication._meta.db_table
_MAY = """EXISTS (
  SELECT 1 FROM governance_remitgrouppermission p JOIN accounts_user_groups g ON g.group_id = p.group_id
  WHERE p.content_object_id = {remit} AND g.user_id = %s AND p.permission_id = %s)"""


class Different(Exception):
    """By hand other rows were written than by the product: nothing is to be compared."""


@dataclass(frozen=True, slots=True)
class _Said:
    """An entry of the ledger as the product wrote it, to be written again about something else."""

    kind: str
    event: str
    body: str
    handlers: tuple[str, ...]


def written_since(entry: int, *, until: int | None = None) -> list[_Said]:
    """Return the entries after the one of this id, with those who are told of them."""
    with connection.cursor() as cursor:
        bounds = [entry, until if until is not None else 2**62]
        cursor.execute(
            "SELECT e.id, s.kind, e.event, p.body FROM governance_ledgerentry e"
            " JOIN governance_ledgerstream s ON s.id = e.stream_id JOIN governance_ledgerpayload p ON p.entry_id = e.id"
            " WHERE e.id > %s AND e.id <= %s ORDER BY e.id",
            bounds,
        )
        entries = cursor.fetchall()
        cursor.execute(
            "SELECT entry_id, handler FROM governance_delivery WHERE entry_id > %s AND entry_id <= %s ORDER BY id",
            bounds,
        )
        told: dict[int, list[str]] = {}
        for pk, handler in cursor.fetchall():
            told.setdefault(pk, []).append(handler)
    return [_Said(kind, event, body, tuple(told.get(pk, ()))) for pk, kind, event, body in entries]


class Hand:
    """What the product wrote about one document, to be written about others."""

    def __init__(self, model: Document, request: int, submitted: list[_Said], decided: list[_Said]) -> None:
        self._number = _number(model)
        self._submitted, self._decided = submitted, decided
        self._request = _row(_REQUESTS, "id", request)
        self._decision = _row(_DECISIONS, "request_id", request)
        self._publication = _row(_PUBLICATIONS, "request_id", request)
        with connection.cursor() as cursor:
            cursor.execute("SELECT codename, id FROM auth_permission WHERE codename IN ('submit', 'decide')")
            self._rights = dict(cursor.fetchall())

    def submit(self, it: Document, author: int) -> int:
        """The draft waits for approval; returns the row of its request. Seven statements and the ledger's."""
        now = datetime.now(UTC)
        locked = " FOR UPDATE OF d" if is_postgresql() else ""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT d.title, v.public_id, v.content_hash FROM {_DOCUMENTS} d"
                " JOIN knowledge_revision v ON v.id = d.draft_id"
                f" WHERE d.number = %s AND {_MAY.format(remit='d.remit_id')}{locked}",
                [_number(it), author, self._rights["submit"]],
            )
            title, version, digest = cursor.fetchone()
            cursor.execute(
                f"SELECT 1 FROM {_REQUESTS} WHERE subject_id = %s AND kind = 'publication' AND status = 'open'",
                [identifier(public_id("document", it.id))],
            )
            if cursor.fetchone():
                raise Different(f"{_number(it)} waits already.")
            series = NumberSeries._meta.db_table
            cursor.execute(f"UPDATE {series} SET last = last + 1 WHERE key = 'R' RETURNING last", [])
            number, key = f"R-{cursor.fetchone()[0]}", uuid4()
            row = {
                **self._request,
                "public_id": identifier(key),
                "number": number,
                "status": "open",
                "subject_id": identifier(public_id("document", it.id)),
                "subject_version": version,
                "subject_hash": digest,
                "subject_title": f"{_number(it)} {title}",
                "remit_id": remit_id(it.unit, it.capability),
                "submitted_by_id": author,
                "opened_at": moment(now),
                "stage": self._decision["stage"],
                "stage_since": moment(now),
                "decided_at": None,
            }
            pk = int(_insert(cursor, _REQUESTS, row, returning="id"))
            cursor.execute(
                f"INSERT INTO {_WAITING} (request_id, user_id, stage, review, since)"
                " SELECT DISTINCT %s, g.user_id, %s, %s, "
                + ("%s::timestamptz" if is_postgresql() else "%s")
                + " FROM governance_remitgrouppermission p JOIN accounts_user_groups g ON g.group_id = p.group_id"
                " WHERE p.content_object_id = %s AND p.permission_id = %s AND g.user_id <> %s",
                [pk, row["stage"], False, moment(now), row["remit_id"], self._rights["decide"], author],
            )
            append(cursor, self._entries(self._submitted, it, key), actor=_account(author), change_id=str(uuid4()))
        return pk

    def approve(self, it: Document, request: int, lead: int) -> None:
        """The request is approved and the draft in force. Eight statements and the ledger's."""
        now = datetime.now(UTC)
        day = now.date()
        locked = " FOR UPDATE" if is_postgresql() else ""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"SELECT q.public_id, q.subject_hash FROM {_REQUESTS} q WHERE q.id = %s AND q.status = 'open'"
                f" AND q.submitted_by_id <> %s AND {_MAY.format(remit='q.remit_id')}{locked}",
                [request, lead, lead, self._rights["decide"]],
            )
            key, digest = cursor.fetchone()
            cursor.execute(
                "SELECT d.id, d.draft_id, d.in_force_id, d.version_number, u.name"
                f" FROM {_DOCUMENTS} d, accounts_user u WHERE d.number = %s AND u.id = %s"
                + (" FOR UPDATE OF d" if is_postgresql() else ""),
                [_number(it), lead],
            )
            document, draft, before, version, name = cursor.fetchone()
            decision = {
                **self._decision,
                "public_id": identifier(uuid4()),
                "request_id": request,
                "user_id": lead,
                "person_key": lead,
                "printed_name": name,
                "decided_at": moment(now),
                "revision_hash": digest,
            }
            _insert(cursor, _DECISIONS, decision)
            cursor.execute(
                f"UPDATE {_REQUESTS} SET status = 'approved', stage = %s, state = %s, decided_at = %s WHERE id = %s",
                [self._request["stage"], self._request["state"], moment(now), request],
            )
            cursor.execute(f"DELETE FROM {_WAITING} WHERE request_id = %s", [request])
            cursor.execute(f"UPDATE {_PUBLICATIONS} SET effective_to = %s WHERE revision_id = %s", [day, before])
            publication = {
                **self._publication,
                "revision_id": draft,
                "document_id": document,
                "version_number": version + 1,
                "request_id": request,
                "published_at": moment(now),
                "published_by_id": lead,
                "effective_from": day,
            }
            _insert(cursor, _PUBLICATIONS, publication, own_id=False)
            cursor.execute(
                f"UPDATE {_DOCUMENTS} SET in_force_id = draft_id, draft_id = NULL, in_force_since = %s,"
                " version_number = version_number + 1, approval_recorded = %s, next_review_on = %s,"
                " last_reviewed_on = %s, review_is_estimated = %s, updated_at = %s WHERE id = %s",
                [day, True, day + timedelta(days=365), day, False, moment(now), document],
            )
            append(
                cursor,
                self._entries(self._decided, it, UUID(str(key))),
                actor=_account(lead),
                change_id=str(uuid4()),
            )

    def _entries(self, said: list[_Said], it: Document, request: UUID) -> list[Entry]:
        about = f"document:{public_id('document', it.id)}"
        return [
            Entry(
                f"request:{request}" if each.kind == "request" else about,
                each.event,
                about,
                each.body.replace(self._number, _number(it)),
                each.handlers,
            )
            for each in said
        ]

    @staticmethod
    def compare(one: Document, other: Document, *, since: int) -> None:
        """Nothing, where the product left the same of the one as the hand of the other after the entry ``since``; else
        ``Different``."""
        left, right = (_left_of(each, since) for each in (one, other))
        if left != right:
            raise Different(f"Left of {_number(one)}: {left}; of {_number(other)}, by hand: {right}.")


def _left_of(it: Document, since: int) -> dict[str, Any]:
    """What one document's submission and decision left: how it stands, how many rows, which entries."""
    with connection.cursor() as cursor:

        def one(sql: str, *params: Any) -> Any:
            cursor.execute(sql, params)
            return cursor.fetchone()

        key = identifier(public_id("document", it.id))
        about = f"document:{public_id('document', it.id)}"
        cursor.execute(
            "SELECT event FROM governance_ledgerentry WHERE subject = %s AND id > %s ORDER BY id", [about, since]
        )
        events = [row[0] for row in cursor.fetchall()]
        return {
            "draft is gone": one(f"SELECT draft_id FROM {_DOCUMENTS} WHERE id = %s", it.id)[0] is None,
            "version in force": one(
                f"SELECT d.version_number = p.version_number FROM {_DOCUMENTS} d JOIN {_PUBLICATIONS} p"
                " ON p.revision_id = d.in_force_id AND p.effective_to IS NULL WHERE d.id = %s",
                it.id,
            ),
            "open": one(f"SELECT count(*) FROM {_REQUESTS} WHERE subject_id = %s AND status = 'open'", key),
            "approved": one(
                f"SELECT count(*) FROM {_DECISIONS} x JOIN {_REQUESTS} q ON q.id = x.request_id"
                " WHERE q.subject_id = %s AND q.subject_version = (SELECT v.public_id FROM knowledge_revision v JOIN"
                f" {_DOCUMENTS} d ON d.in_force_id = v.id WHERE d.id = %s)",
                key,
                it.id,
            ),
            "waiting": one(
                f"SELECT count(*) FROM {_WAITING} w JOIN {_REQUESTS} q ON q.id = w.request_id WHERE q.subject_id = %s",
                key,
            ),
            "events": events,
        }


def _row(table: str, column: str, value: int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE {column} = %s", [value])
        return dict(zip([each[0] for each in cursor.description], cursor.fetchone(), strict=True))


def _insert(cursor: Any, table: str, row: dict[str, Any], *, returning: str = "", own_id: bool = True) -> Any:
    columns = [name for name in row if not (own_id and name == "id")]
    found = insert(cursor, table, columns, [[row[name] for name in columns]], returning=returning)
    return found[0] if found else None


def _number(it: Document) -> str:
    return f"STD-{it.id:04d}"


def _account(user: int) -> str:
    return str(public_id("user", user))
