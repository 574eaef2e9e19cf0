"""Reviews: which are due, and whose."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from governance.permissions import policy
from governance.rights import Right
from knowledge.days import today
from knowledge.models import Document, ReviewConfirmation, ReviewReminder
from knowledge.vocabulary import REVIEW_NOTICE_DAYS


@dataclass(frozen=True, slots=True)
class DueReview:
    """A document whose review comes up. ``days`` until it, negative when overdue."""

    document: Document
    days: int

    @property
    def is_overdue(self) -> bool:
        """Whether its day has passed."""
        return self.days < 0


def reviews_due(actor: Any, *, within_days: int = 90, mine: bool = False) -> list[DueReview]:
    """Return the reviews coming up within so many days among what the actor may read, the most overdue first.

    ``mine`` leaves those that the actor may confirm.
    """
    day = today()
    return [due_review(document, day) for document in documents_due(actor, within_days=within_days, mine=mine)]


def documents_due(actor: Any, *, within_days: int, mine: bool) -> "QuerySet[Document]":
    """Return the documents of ``reviews_due``, for a caller that pages them: the most overdue first."""
    right = Right.CONFIRM_REVIEW if mine else Right.READ
    documents = policy.visible(actor, reviewed_documents(), right).filter(
        next_review_on__lte=today() + timedelta(days=within_days)
    )
    rows = documents.select_related("remit__unit", "in_force", "owner_person", "owner_deputy").defer(
        "in_force__body", "in_force__html", "in_force__plain", "in_force__contents"
    )
    return rows.order_by("next_review_on", "pk")


def reviews_waiting_for(actor: Any) -> list[DueReview]:
    """Return the reviews that wait for the actor as owner: those that reminders are sent about."""
    day = today()
    rows = waiting_reviews(actor).select_related("remit__unit", "in_force").defer("in_force__body", "in_force__html")
    return [due_review(document, day) for document in rows.order_by("next_review_on", "pk")]


def waiting_reviews(actor: Any) -> "QuerySet[Document]":
    """Return the documents whose review waits for the actor as owner, in no order."""
    due = policy.visible(actor, reviewed_documents(), Right.CONFIRM_REVIEW)
    reminded = ReviewReminder.objects.filter(document=OuterRef("pk"), user=actor.pk)
    return due.filter(Exists(reminded), next_review_on__lte=today() + timedelta(days=REVIEW_NOTICE_DAYS))


def next_review_owned_by(actor: Any) -> Document | None:
    """Return the document whose review the actor may confirm next, ``None`` where there is none."""
    documents = policy.visible(actor, reviewed_documents(), Right.CONFIRM_REVIEW)
    return documents.filter(next_review_on__isnull=False).order_by("next_review_on", "pk").first()


def confirmations_of(document: Document) -> "QuerySet[ReviewConfirmation]":
    """Return the document's review confirmations, newest first. The caller found the document by rights."""
    return document.confirmations.select_related("confirmed_by", "revision").order_by("-confirmed_at")


def reviewed_documents() -> "QuerySet[Document]":
    """Return the documents that are reviewed at all: those with a version in force. Asks no permission."""
    return Document.objects.filter(in_force__isnull=False, retired_at__isnull=True)


def due_review(document: Document, day: date) -> DueReview:
    """Return the review of a row of ``documents_due``."""
    due = document.next_review_on or day  # the query asked for a day
    return DueReview(document, (due - day).days)
