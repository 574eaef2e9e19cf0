"""Where documents stand, in the ten words, in SQL for lists and in Python for one row: the two always agree."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Protocol

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from knowledge.days import today
from knowledge.models import Document, ImportBatch, ImportedRevision
from knowledge.vocabulary import IN_FORCE_STATUSES, REVIEW_NOTICE_DAYS, Status

_BY_REQUEST = {
    Request.Status.OPEN: Status.IN_REVIEW,
    Request.Status.UNDECIDABLE: Status.IN_REVIEW,
    Request.Status.CHANGES_REQUESTED: Status.SENT_BACK,
    Request.Status.REJECTED: Status.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a document stands, and where its next version does: ``next`` is ``None`` where there is none to be seen."""

    status: Status
    next: Status | None
    days: int | None
    """Days until the next review, negative when it is overdue; ``None`` without one."""
    import_waits: bool = False
    """Whether the draft came with an import that waits for its approval."""


def with_standing(actor: Any, documents: "QuerySet[Document]") -> "QuerySet[Document]":
    """Return the documents with ``sees_draft`` and ``approval``, all that ``standing_of_row`` needs: the words follow
    in Python, at no cost to the database."""
    about = Request.objects.filter(
        subject_id=OuterRef("public_id"), kind=Request.Kind.PUBLICATION, subject_version=OuterRef("draft__public_id")
    ).order_by("-opened_at", "-pk")
    # Without a draft there is nothing to look for, and most documents have none.
    approval = Case(When(draft__isnull=False, then=Subquery(about.values("status")[:1])), output_field=CharField())
    return documents.annotate(sees_draft=policy.holding(actor, Document, Right.READ_DRAFT), approval=approval)


def with_status(actor: Any, documents: "QuerySet[Document]", *, day: date | None = None) -> "QuerySet[Document]":
    """Return the documents with ``sees_draft``, ``draft_status`` and ``status`` as annotations.

    ``draft_status`` is where the next version stands, empty where there is none that the actor may know of.
    """
    return with_standing(actor, documents).annotate(draft_status=_draft_status(), status=_status(day or today()))


class Stands(Protocol):
    """What decides where a document stands."""

    @property
    def draft_id(self) -> int | None: ...
    @property
    def approved_id(self) -> int | None: ...
    @property
    def in_force_id(self) -> int | None: ...
    @property
    def successor_id(self) -> int | None: ...
    @property
    def is_retired(self) -> bool: ...
    @property
    def next_review_on(self) -> date | None: ...


def standing_of(document: Stands, *, sees_draft: bool, approval: str | None, day: date | None = None) -> Standing:
    """Return where one document stands. ``approval`` is the status of the newest request about its exact draft."""
    on = day or today()
    draft = _draft_word(document, approval) if sees_draft else None
    due = document.next_review_on
    days = (due - on).days if due is not None else None
    if document.is_retired:
        return Standing(Status.REPLACED if document.successor_id else Status.RETIRED, None, None)
    if document.in_force_id is None:
        return Standing(draft or Status.DRAFT, None, None)
    if days is None or days > REVIEW_NOTICE_DAYS:
        return Standing(Status.IN_FORCE, draft, days)
    return Standing(Status.OVERDUE if days < 0 else Status.REVIEW_DUE, draft, days)


def standing_of_row(document: Document, *, day: date | None = None) -> Standing:
    """Return where a row of ``with_standing`` stands."""
    row: Any = document
    found = standing_of(document, sees_draft=row.sees_draft, approval=row.approval, day=day)
    return replace(found, import_waits=bool(row.sees_draft and getattr(row, "import_waits", False)))


def import_waits() -> Exists:
    """Return the annotation that says whether a document's draft came with an import that waits for its approval."""
    waiting = ImportedRevision.objects.filter(batch__state=ImportBatch.State.WAITING)
    return Exists(waiting.filter(revision=OuterRef("draft")))


def has_status(status: Status) -> Q:
    """Return the condition on rows of ``with_status`` for the document or its next version standing so.

    What is in force is so while its review waits: ``IN_FORCE`` includes the two narrower words.
    """
    if status is Status.IN_FORCE:
        return Q(status__in=sorted(IN_FORCE_STATUSES))
    if status in IN_FORCE_STATUSES or status in {Status.RETIRED, Status.REPLACED}:
        return Q(status=status.value)
    return Q(status=status.value) | Q(draft_status=status.value)


def _draft_word(document: Stands, approval: str | None) -> Status | None:
    if document.draft_id is not None:
        return _BY_REQUEST.get(Request.Status(approval), Status.DRAFT) if approval else Status.DRAFT
    return Status.APPROVED if document.approved_id is not None else None


def _draft_status() -> Case:
    words = [
        When(draft__isnull=False, approval=request.value, then=Value(word.value))
        for request, word in _BY_REQUEST.items()
    ]
    return Case(
        When(Q(sees_draft=False) | Q(retired_at__isnull=False), then=Value("")),
        *words,
        When(draft__isnull=False, then=Value(Status.DRAFT.value)),
        When(approved__isnull=False, then=Value(Status.APPROVED.value)),
        default=Value(""),
        output_field=CharField(),
    )


def _status(day: date) -> Case:
    return Case(
        When(retired_at__isnull=False, successor__isnull=False, then=Value(Status.REPLACED.value)),
        When(retired_at__isnull=False, then=Value(Status.RETIRED.value)),
        When(in_force__isnull=True, draft_status="", then=Value(Status.DRAFT.value)),
        When(in_force__isnull=True, then=F("draft_status")),
        When(next_review_on__lt=day, then=Value(Status.OVERDUE.value)),
        When(next_review_on__lte=day + timedelta(days=REVIEW_NOTICE_DAYS), then=Value(Status.REVIEW_DUE.value)),
        default=Value(Status.IN_FORCE.value),
        output_field=CharField(),
    )
