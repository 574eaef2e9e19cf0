"""What the job of due reviews costs: everybody told once, the second run nothing; beside the same rows by SQL."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction

from benchmarks.ledger_by_hand import Entry, append, insert, moment
from benchmarks.writing import timed
from governance.ledger import chain
from governance.ledger.dispatch import handlers_of
from knowledge import events
from knowledge.actions.reviews import remind_due_reviews
from knowledge.days import today
from knowledge.models import Document, ReviewReminder
from knowledge.vocabulary import REVIEW_NOTICE_DAYS

_AT_ONCE = 2_000
"""So many documents to a statement, by hand."""
_LATER = timedelta(days=10_000)
"""The hand reminds of another day than the product, for nobody is reminded of one day twice."""


class NotOnce(Exception):
    """Somebody was told twice, or not at all."""


def review() -> dict[str, Any]:
    """Return seconds and statements of the first run and of the second, which must write nothing."""
    due = Document.objects.filter(
        retired_at__isnull=True,
        in_force__isnull=False,
        next_review_on__lte=today() + timedelta(days=REVIEW_NOTICE_DAYS),
    ).count()
    told, seconds, statements = timed(remind_due_reviews)
    again, again_seconds, again_statements = timed(remind_due_reviews)
    if again or ReviewReminder.objects.count() != told:
        raise NotOnce(f"{told} were reminded, then {again} again; {ReviewReminder.objects.count()} reminders stand.")
    begun = perf_counter()
    by_hand = _by_hand()
    hand_seconds = perf_counter() - begun
    if by_hand != told:
        raise NotOnce(f"The product reminded {told} people, the hand {by_hand}.")
    return {
        "due": due,
        "reminded": told,
        "seconds": round(seconds, 3),
        "statements": statements,
        "second_run_seconds": round(again_seconds, 3),
        "second_run_statements": again_statements,
        "by_hand_seconds": round(hand_seconds, 3),
        "times_by_hand": round(seconds / hand_seconds, 2),
    }


class _Undo(Exception):
    pass


def _by_hand() -> int:
    """The same reminders, entries and deliveries, undone afterwards; returns how many reminders."""
    told = 0
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            told = _remind(cursor)
            raise _Undo
    except _Undo:
        return told


def _remind(cursor: Any) -> int:
    day, now = today(), datetime.now(UTC)
    cursor.execute(
        "SELECT d.id, d.public_id, d.number, d.title, d.version_number, d.next_review_on, m.user_id"
        " FROM knowledge_document d JOIN governance_remit r ON r.id = d.remit_id"
        " JOIN governance_membership m ON m.unit_id = r.unit_id AND m.role = d.owner_role AND m.valid_to IS NULL"
        " LEFT JOIN knowledge_reviewreminder told ON told.document_id = d.id AND told.user_id = m.user_id"
        " AND told.due_on > %s"
        " WHERE d.retired_at IS NULL AND d.in_force_id IS NOT NULL AND d.next_review_on <= %s AND told.id IS NULL"
        " ORDER BY d.id",
        [day + _LATER / 2, day + timedelta(days=REVIEW_NOTICE_DAYS)],
    )
    rows = cursor.fetchall()
    owners: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        owners[row[0]].append(row[-1])
    documents = list({row[0]: row[:-1] for row in rows}.values())
    handlers = {event: tuple(handlers_of(event)) for event in (events.REVIEW_DUE, events.REVIEW_OVERDUE)}
    for start in range(0, len(documents), _AT_ONCE):
        some = documents[start : start + _AT_ONCE]
        reminders, entries = [], []
        for pk, public, number, title, version, due, in_order in ((*each, owners[each[0]]) for each in some):
            kind = "overdue" if due < day else "due"
            reminders += [(pk, user, kind, due + _LATER, moment(now)) for user in in_order]
            event = events.REVIEW_OVERDUE if due < day else events.REVIEW_DUE
            name = f"document:{UUID(str(public))}"
            body = {
                "after": {"due_on": due.isoformat(), "version": version},
                "before": None,
                "people": sorted(in_order),
                "reason": "",
                "title": f"{number} {title}",
                "url": f"/s/{number}/",
            }
            entries.append(Entry(name, event, name, chain.canonical(body), handlers[event]))
        insert(
            cursor, "knowledge_reviewreminder", ("document_id", "user_id", "kind", "due_on", "created_at"), reminders
        )
        append(cursor, entries, actor="system", change_id=str(uuid4()))
    return len(rows)
