"""Periodic reviews: confirmed by who owns the document, and asked for once each when they are due."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from governance import ledger
from governance.errors import Conflict, Invalid, NotAllowed
from governance.failpoints import declare, failpoint
from governance.permissions import policy
from governance.rights import Right
from knowledge import events
from knowledge.actions.recording import locked, record, stream_of, title_of
from knowledge.days import add_months, today
from knowledge.models import Document, ReviewConfirmation, ReviewReminder
from knowledge.selectors.owners import owner_ids_of
from knowledge.text.characters import text_problem
from knowledge.vocabulary import REVIEW_NOTICE_DAYS

CHUNK_CLAIMED = declare("reviews.chunk_claimed")
REMINDERS_WRITTEN = declare("reviews.reminders_written")
CHUNK_COMMITTED = declare("reviews.chunk_committed")

_CHUNK = 500
LONGEST_COMMENT = 2_000


def confirm_review(
    *, actor: Any, document: Document, seen: UUID | str, comment: str = "", next_review_on: date | None = None
) -> ReviewConfirmation:
    """The version in force is still right, on the actor's word, and its next review is set; reminders stop.

    ``seen`` is the public id of the revision that was read. Needs ``confirm_review``: the document's owner or a
    decider. The next review is an interval from today; an earlier day may be chosen, a later one not.
    """
    problem = text_problem(comment, limit=LONGEST_COMMENT)
    if problem:
        raise Invalid({"comment": problem})
    with ledger.change(actor=actor) as change:
        known = locked(document)
        policy.require(actor, Right.CONFIRM_REVIEW, known)
        if known.in_force is None or known.is_retired:
            raise NotAllowed(f"{title_of(known)} has no version in force, so there is nothing to confirm.")
        if str(known.in_force.public_id) != str(seen):
            raise Conflict(f"{title_of(known)} has a new version since you opened it. Read that one first.")
        now = timezone.now()
        due_next = _next_review(known, next_review_on, today(now))
        confirmation = ReviewConfirmation.objects.create(
            document=known,
            revision=known.in_force,
            confirmed_by=actor,
            confirmed_at=now,
            comment=comment.strip(),
            was_due_on=known.next_review_on,
            next_review_on=due_next,
        )
        before = {"next_review_on": known.next_review_on.isoformat() if known.next_review_on else None}
        known.next_review_on = due_next
        known.last_reviewed_on = today(now)
        known.review_is_estimated = False
        known.updated_at = now
        known.save(update_fields=["next_review_on", "last_reviewed_on", "review_is_estimated", "updated_at"])
        after = {
            "next_review_on": due_next.isoformat(),
            "version": known.version_number,
            "revision": str(known.in_force.public_id),
        }
        record(change, events.REVIEW_CONFIRMED, known, before=before, after=after, reason=comment.strip())
    return confirmation


def remind_due_reviews(now: datetime | None = None) -> int:
    """Every owner of a document whose review is due or overdue has been told once for this due day; returns how many.

    Due is from fourteen days before the day, overdue after it. Drafts, retired and replaced documents are passed over.
    Set-based, a transaction for each few hundred documents: run twice or killed in the middle, nobody is told twice
    and nobody is forgotten.
    """
    day = today(now)
    reminded = 0
    due = _due(day).order_by("pk").values_list("pk", flat=True)
    for chunk in _chunks(list(due)):
        reminded += _remind_chunk(chunk, day)
        failpoint(CHUNK_COMMITTED)
    return reminded


def _next_review(document: Document, wanted: date | None, day: date) -> date:
    latest = add_months(day, document.review_months)
    if wanted is None:
        return latest
    if not day < wanted <= latest:
        raise Invalid({"next_review_on": f"Choose a day after today and on or before {latest:%-d %b %Y}."})
    return wanted


def _due(day: date) -> "QuerySet[Document]":
    """The documents whose review is due and somebody of whose owners may not have been told."""
    return Document.objects.filter(
        retired_at__isnull=True,
        in_force__isnull=False,
        next_review_on__lte=day + timedelta(days=REVIEW_NOTICE_DAYS),
    )


def _due_day(document: Document) -> date:
    if document.next_review_on is None:
        raise ValueError(f"{document.number} has no review to be reminded of.")
    return document.next_review_on


def _kind(document: Document, day: date) -> str:
    return ReviewReminder.Kind.OVERDUE if _due_day(document) < day else ReviewReminder.Kind.DUE


def _remind_chunk(ids: list[int], day: date) -> int:
    missing = _missing(ids, day, lock=False)
    if not missing:
        return 0
    with ledger.change(actor=ledger.SYSTEM) as change:
        # Looked up again under the lock: whoever came second finds the reminders of whoever came first.
        missing = _missing(sorted(document.pk for document, _ in missing), day, lock=True)
        failpoint(CHUNK_CLAIMED)
        rows = [
            ReviewReminder(document=document, user_id=user, kind=_kind(document, day), due_on=_due_day(document))
            for document, users in missing
            for user in users
        ]
        ReviewReminder.objects.bulk_create(rows)
        failpoint(REMINDERS_WRITTEN)
        if not change.record_many(_entries(missing, day)):
            change.nothing_happened()
    return len(rows)


def _missing(ids: list[int], day: date, *, lock: bool) -> list[tuple[Document, list[int]]]:
    """The documents that are due with those of their owners who were not told yet."""
    found = _due(day).filter(pk__in=ids).select_related("remit__unit").order_by("pk")
    documents = list(found.select_for_update(of=("self",)) if lock else found)
    owners = owner_ids_of(documents)
    told = set(
        ReviewReminder.objects.filter(document__in=[document.pk for document in documents]).values_list(
            "document_id", "user_id", "kind", "due_on"
        )
    )
    missing = []
    for document in documents:
        key = (_kind(document, day), _due_day(document))
        users = sorted(user for user in owners[document.pk] if (document.pk, user, *key) not in told)
        if users:
            missing.append((document, users))
    return missing


def _entries(missing: Iterable[tuple[Document, list[int]]], day: date) -> Iterator[ledger.Record]:
    for document, users in missing:
        overdue = _kind(document, day) == ReviewReminder.Kind.OVERDUE
        yield ledger.Record(
            event=events.REVIEW_OVERDUE if overdue else events.REVIEW_DUE,
            stream=stream_of(document),
            subject_title=title_of(document),
            subject_url=document.get_absolute_url(),
            after={"due_on": _due_day(document).isoformat(), "version": document.version_number},
            people=users,
        )


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    remaining = iter(ids)
    while chunk := list(islice(remaining, _CHUNK)):
        yield chunk
