"""Drafts: whose they are, and whether one is ready to be submitted."""

from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from knowledge.days import today
from knowledge.models import Document, Revision

LONGEST_AHEAD = 730
"""Days that an effective date may lie ahead."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the list "get this ready": done, or with what is missing. ``field`` is the form field to mend."""

    field: str
    label: str
    problem: str = ""

    @property
    def is_done(self) -> bool:
        """Whether nothing is missing."""
        return not self.problem


def readiness(document: Document, draft: Revision, *, reason: str | None = None) -> list[Check]:
    """Return what a draft needs before it can be submitted, in order. ``reason`` overrides its own."""
    why = draft.reason if reason is None else reason
    has_text = bool(draft.body.strip() or draft.linked_url or draft.manifest)
    return [
        Check("title", "A title", "" if draft.title.strip() else "Give it a title."),
        Check("body", "A text", "" if has_text else "Write the text before you submit it."),
        Check("reason", "Why this version", "" if why.strip() else "Say why this version is needed."),
        Check("effective_on", "An effective date that can be kept", _date_problem(draft)),
        Check("body", "Something changed", _same_problem(document, draft)),
    ]


def drafts_of(actor: Any) -> "QuerySet[Document]":
    """Return the documents with a draft that the actor created or saved, newest first, with ``approval`` (the status of
    the request about the exact draft, or empty)."""
    return (
        documents_with_drafts(actor)
        .filter(Q(draft__created_by=actor.pk) | Q(created_by=actor.pk, first_published_at__isnull=True))
        .order_by("-updated_at", "-pk")
    )


def documents_with_drafts(actor: Any) -> "QuerySet[Document]":
    """Return the documents whose draft the actor may read, with ``approval``."""
    about = Request.objects.filter(
        subject_id=OuterRef("public_id"), kind=Request.Kind.PUBLICATION, subject_version=OuterRef("draft__public_id")
    ).order_by("-opened_at")
    return (
        policy.visible(actor, Document.objects.filter(draft__isnull=False), Right.READ_DRAFT)
        .select_related("remit__unit", "draft__created_by")
        .defer("draft__body", "draft__html", "draft__plain", "draft__contents")
        .annotate(approval=Subquery(about.values("status")[:1]), approval_number=Subquery(about.values("number")[:1]))
    )


def _date_problem(draft: Revision) -> str:
    if draft.effective_on is None:
        return ""
    ahead = (draft.effective_on - today()).days
    if ahead < 0:
        return "The effective date has passed. Choose today or a later day."
    if ahead > LONGEST_AHEAD:
        return f"Choose an effective date within {LONGEST_AHEAD} days."
    return ""


def _same_problem(document: Document, draft: Revision) -> str:
    before = document.approved or document.in_force
    if before is None or (before.title, before.body, before.manifest) != (draft.title, draft.body, draft.manifest):
        return ""
    return "This draft says the same as the version it would replace. Change it, or discard the draft."
