"""The history of a document: every revision and every event, with date, author, approvers and reason."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from governance.ledger import stream
from governance.models import LedgerEntry, Request
from governance.permissions import policy
from governance.rights import Right
from governance.selectors.ledger import EntryFilters, EntryLine, entries_matching, lines
from knowledge import events
from knowledge.models import Document, Publication, Revision
from knowledge.selectors.approvals import Approval, approvals_of, approvers, with_approvals
from knowledge.selectors.revisions import revisions_visible_to
from knowledge.vocabulary import Status

NOT_RECORDED = "approval not recorded"
MOST_EVENTS = 2_000
IN_APPROVAL = "In approval"
IMPORT_WAITS = "Imported, waiting for approval"
_BY_REQUEST = {
    Request.Status.OPEN.value: IN_APPROVAL,
    Request.Status.UNDECIDABLE.value: IN_APPROVAL,
    Request.Status.CHANGES_REQUESTED.value: Status.SENT_BACK.label,
    Request.Status.REJECTED.value: Status.REJECTED.label,
}

_FOR_READERS = frozenset(
    {
        events.DOCUMENT_PUBLISHED,
        events.DOCUMENT_SUPERSEDED,
        events.DOCUMENT_RETIRED,
        events.DOCUMENT_OWNER_CHANGED,
        events.DOCUMENT_RECLASSIFIED,
        events.DOCUMENT_REVIEW_INTERVAL_CHANGED,
        events.DOCUMENT_TAGS_CHANGED,
        events.REVIEW_CONFIRMED,
    }
)
"""What whoever reads the published document may know of; the rest tells of drafts."""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One revision. ``name`` is what it is called in a comparison: its version number, else ``r`` and its sequence.

    ``author`` is the source's for an imported one. ``approval`` is ``approval not recorded`` for imported versions,
    ``not approved`` for one taken into force on a publisher's word, else empty: then ``approvals`` speak.
    """

    revision: Revision
    publication: Publication | None
    name: str
    author: str
    at: datetime
    reason: str
    approvals: tuple[Approval, ...]
    approval: str
    label: str

    @property
    def approvers(self) -> tuple[str, ...]:
        """The names of those who approved, each once."""
        return approvers(self.approvals)


@dataclass(frozen=True, slots=True)
class History:
    """A document's revisions and events, the newest first; ``whole`` says that drafts and approvals are among them."""

    document: Document
    revisions: tuple[HistoryLine, ...]
    events: tuple[EntryLine, ...]
    whole: bool


def history(actor: Any, document: Document) -> History:
    """Return the history that the actor may read: published versions, and with the drafts everything.

    The caller found the document through ``find_document``. Three statements beside the policy's.
    """
    whole = _sees_whole(actor, document)
    rows = tuple(history_line(document, each) for each in revisions_told(actor, document))
    return History(document, rows, tuple(lines(_events(document, whole=whole)[:MOST_EVENTS])), whole)


def revisions_told(actor: Any, document: Document) -> "QuerySet[Revision]":
    """Return the revisions that the actor may read, newest first, without their texts: what ``history_line`` takes."""
    texts = ("body", "html", "plain", "contents", "manifest", "metadata")
    revisions = revisions_visible_to(actor, document).defer(*texts)
    return with_approvals(revisions, version="public_id", request="publication__request")


def events_told(actor: Any, document: Document) -> "QuerySet[LedgerEntry]":
    """Return the entries about the document that the actor may read, newest first."""
    return _events(document, whole=_sees_whole(actor, document))


def history_line(document: Document, revision: Revision) -> HistoryLine:
    """Return what the history says of a row of ``revisions_told``."""
    approvals = approvals_of(revision)
    publication: Publication | None = getattr(revision, "publication", None)
    author = revision.source_author if revision.is_imported and revision.source_author else _author(revision)
    return HistoryLine(
        revision=revision,
        publication=publication,
        name=str(publication.version_number) if publication else f"r{revision.sequence}",
        author=author,
        at=revision.source_date or revision.created_at,
        reason=revision.reason or revision.source_message,
        approvals=approvals,
        approval=_approval(revision, publication),
        label=_label(document, revision, publication),
    )


def _author(revision: Revision) -> str:
    return revision.created_by.get_full_name() if revision.created_by else ""


def _approval(revision: Revision, publication: Publication | None) -> str:
    if publication is not None:
        if publication.basis == Publication.Basis.NOT_RECORDED:
            return NOT_RECORDED
        if publication.basis == Publication.Basis.ATTESTED:
            return "not approved"
        return ""
    return NOT_RECORDED if revision.is_imported else ""


def _label(document: Document, revision: Revision, publication: Publication | None) -> str:
    if revision.pk == document.in_force_id:
        return Status.IN_FORCE.label
    if publication is not None:
        is_last = publication.version_number == document.version_number
        return Status.RETIRED.label if document.is_retired and is_last else Status.REPLACED.label
    if revision.pk == document.draft_id:
        return _draft_label(document)
    if revision.pk == document.approved_id:
        return Status.APPROVED.label
    return "Imported" if revision.is_imported else "Saved draft"


def _draft_label(document: Document) -> str:
    """What the draft is called while it waits, and once it was answered; ``find_document`` says where it stands."""
    if getattr(document, "import_waits", False):
        return IMPORT_WAITS
    approval = getattr(document, "approval", None) or {}
    return _BY_REQUEST.get(approval.get("status", ""), Status.DRAFT.label)


def _sees_whole(actor: Any, document: Document) -> bool:
    known = getattr(document, "sees_draft", None)
    return bool(policy.can(actor, Right.READ_DRAFT, document)) if known is None else bool(known)


def _events(document: Document, *, whole: bool) -> "QuerySet[LedgerEntry]":
    found = entries_matching(EntryFilters(subject=stream("document", document.public_id).name))
    if not whole:
        found = found.filter(event__in=_FOR_READERS)
    return found
