"""Versions in force: brought about by the deciding decision at once, or by the calendar on their day."""

from datetime import date, datetime
from typing import Any

import structlog
from django.db.models import Exists, Max, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from governance import ledger
from governance.actions.requests import void_requests
from governance.errors import Conflict
from governance.failpoints import declare, failpoint
from governance.models import Decision, Request
from knowledge import events
from knowledge.actions.recording import OPEN, account_of, locked, record, title_of
from knowledge.actions.retirement import retire_document
from knowledge.days import add_months, today
from knowledge.models import Document, Publication, Revision

VERSION_IN_FORCE = declare("publication.version_in_force")

log = structlog.get_logger(__name__)


def take_approval(change: ledger.Change, *, document: Document, request: Request, actor: Any) -> None:
    """The approved revision is in force if its day has come, else it waits for it; the draft is no draft any more.

    Inner: called with the deciding decision, in its transaction. ``document`` is locked.
    """
    if document.draft is None or document.draft.public_id != request.subject_version:
        raise Conflict(f"The draft of {title_of(document)} is not the one that was approved. Open it again and look.")
    revision, document.draft = document.draft, None
    starts = request.effective_on or today()
    record(
        change,
        events.DOCUMENT_APPROVED,
        document,
        after={**_about(revision), "request": request.number, "effective_from": starts.isoformat()},
        people=[request.submitted_by_id],
    )
    if starts > today():
        document.approved = revision
        document.updated_at = timezone.now()
        document.save(update_fields=["draft", "approved", "updated_at"])
        after = {**_about(revision), "effective_from": starts.isoformat()}
        record(change, events.DOCUMENT_SCHEDULED, document, after=after)
        return
    publish_revision(
        change, document=document, revision=revision, basis=Publication.Basis.APPROVED, request=request, actor=actor
    )


def publish_revision(
    change: ledger.Change,
    *,
    document: Document,
    revision: Revision,
    basis: str,
    actor: Any,
    request: Request | None = None,
    attestation: str = "",
    effective_from: date | None = None,
) -> Publication:
    """The revision is in force under the next version number, and the one before it is in force no longer.

    Inner: asks no right; ``document`` is locked and saved here. ``effective_from`` is today unless given (an import's
    own day). A version approved for a later day that this one overtakes will not come into force.
    """
    now = timezone.now()
    starts = effective_from or today(now)
    before = document.in_force
    publication = Publication(
        revision=revision,
        document=document,
        version_number=_last_version(document) + 1,
        basis=basis,
        request=request,
        published_at=now,
        published_by=account_of(actor),
        effective_from=starts,
        attestation=attestation,
    )
    if before is not None:
        Publication.objects.filter(revision=before).update(effective_to=starts)
    publication.save(force_insert=True)
    failpoint(VERSION_IN_FORCE)
    old_version = document.version_number
    _point(document, publication, revision, now=now)
    after = {
        **_about(revision),
        "version": publication.version_number,
        "basis": str(basis),
        "effective_from": starts.isoformat(),
        "request": request.number if request else None,
    }
    if before is not None:
        replaced = {**_about(before), "version": old_version, "effective_to": starts.isoformat()}
        record(change, events.DOCUMENT_SUPERSEDED, document, before=replaced, after={"by": publication.version_number})
    record(change, events.DOCUMENT_PUBLISHED, document, after=after, reason=revision.reason or attestation)
    if before is not None and getattr(document, "is_retiring", True):
        reason = "Another version came into force."
        void_requests(change, subject=document, reason=reason, kinds=(Request.Kind.RETIREMENT,), keep=request)
    return publication


def put_in_force(now: datetime | None = None) -> int:
    """Every version and every retirement whose day has come has taken effect; returns how many did.

    Each in a change of its own, by the machine: one that fails is logged, harms no other, and is tried the next time.
    """
    day = today(now)
    waiting = Request.objects.filter(
        kind__in=[Request.Kind.PUBLICATION, Request.Kind.RETIREMENT],
        status=Request.Status.APPROVED,
        subject_kind="document",
        effective_on__lte=day,
    )
    versions = Document.objects.filter(
        approved__isnull=False, approved__public_id__in=waiting.values("subject_version"), retired_at__isnull=True
    )
    retirements = Document.objects.filter(
        retired_at__isnull=True,
        in_force__public_id__in=waiting.filter(kind=Request.Kind.RETIREMENT).values("subject_version"),
    )
    done = 0
    for document in [*versions.order_by("pk"), *retirements.order_by("pk")]:
        try:
            done += _take_effect(document, day)
        except Exception:
            log.exception("a version could not be put in force", document=document.number)
    return done


def needed_to_publish() -> dict[str, Any]:
    """What to read with a document that may be published, as annotations of ``locked``: two statements fewer."""
    versions = Publication.objects.filter(document=OuterRef("pk")).order_by("-version_number").values("version_number")
    retiring = Request.objects.filter(subject_id=OuterRef("public_id"), kind=Request.Kind.RETIREMENT, status__in=OPEN)
    return {"last_version": Coalesce(Subquery(versions[:1]), Value(0)), "is_retiring": Exists(retiring)}


def _last_version(document: Document) -> int:
    known: int | None = getattr(document, "last_version", None)
    if known is None:
        known = Publication.objects.filter(document=document).aggregate(last=Max("version_number"))["last"]
    return known or 0


def decided_by(request: Request) -> Any:
    """Who gave the deciding decision on the request; ``None`` where nobody did."""
    stand = Decision.objects.filter(request=request, undone_at__isnull=True)
    last = stand.select_related("user").order_by("-decided_at", "-pk").first()
    return last.user if last is not None else None


def _take_effect(document: Document, day: date) -> bool:
    with ledger.change(actor=ledger.SYSTEM) as change:
        known = locked(document, with_requests=True, **needed_to_publish())
        request = _approved_request(known, known.approved, Request.Kind.PUBLICATION, day)
        if request is not None and known.approved is not None and not known.is_retired:
            publish_revision(
                change,
                document=known,
                revision=known.approved,
                basis=Publication.Basis.APPROVED,
                request=request,
                actor=decided_by(request) or ledger.SYSTEM,
                effective_from=request.effective_on,
            )
            return True
        request = _approved_request(known, known.in_force, Request.Kind.RETIREMENT, day)
        if request is not None and not known.is_retired:
            retire_document(change, document=known, request=request)
            return True
        change.nothing_happened()
        return False


def _approved_request(document: Document, revision: Revision | None, kind: str, day: date) -> Request | None:
    if revision is None:
        return None
    return Request.objects.filter(
        subject_id=document.public_id,
        subject_version=revision.public_id,
        kind=kind,
        status=Request.Status.APPROVED,
        effective_on__lte=day,
    ).first()


def _point(document: Document, publication: Publication, revision: Revision, *, now: datetime) -> None:
    """The document's pointers and dates say what the publication says."""
    document.in_force = revision
    document.in_force_since = publication.effective_from
    document.version_number = publication.version_number
    document.approval_recorded = publication.basis == Publication.Basis.APPROVED
    document.title = revision.title
    document.approved = None
    if document.draft_id == revision.pk:
        document.draft = None
    document.first_published_at = document.first_published_at or now
    # An approval is a review: the cycle starts anew. An import brings the review dates of its source.
    if publication.basis == Publication.Basis.APPROVED and not revision.is_imported:
        document.next_review_on = add_months(publication.effective_from, document.review_months)
        document.last_reviewed_on = publication.effective_from
        document.review_is_estimated = False
    document.updated_at = now
    document.save(
        update_fields=[
            "in_force",
            "in_force_since",
            "version_number",
            "approval_recorded",
            "title",
            "approved",
            "draft",
            "first_published_at",
            "next_review_on",
            "last_reviewed_on",
            "review_is_estimated",
            "updated_at",
        ]
    )


def _about(revision: Revision) -> dict[str, object]:
    return {
        "revision": str(revision.public_id),
        "sequence": revision.sequence,
        "title": revision.title,
        "hash": revision.content_hash,
    }
