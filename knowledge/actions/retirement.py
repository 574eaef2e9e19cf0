"""Retirement: proposed, approved on the remit's route, and then a tombstone that keeps number and history."""

from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from governance import ledger
from governance.actions.requests import open_request, void_requests
from governance.errors import Invalid, NotAllowed
from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from governance.selectors.organisation import current_world
from knowledge import events
from knowledge.actions.recording import OPEN, SUBJECT, locked, record, title_of
from knowledge.days import today
from knowledge.models import Document, Publication
from knowledge.selectors.drafts import LONGEST_AHEAD
from knowledge.text.characters import text_problem

LONGEST_REASON = 500


def propose_retirement(
    *,
    actor: Any,
    document: Document,
    reason: str,
    successor: Document | None = None,
    effective_on: date | None = None,
    submission_key: UUID | None = None,
) -> Request:
    """The retirement waits for approval on the remit's route; returns the request.

    Needs ``retire``. ``successor`` is the document to follow instead; it must be in force and the actor must be able
    to read it. The same ``submission_key`` again returns the same request.
    """
    with ledger.change(actor=actor) as change:
        world = current_world(hold=True)
        known = locked(document)
        policy.require(actor, Right.RETIRE, known)
        if known.in_force is None or known.is_retired:
            raise NotAllowed(f"{title_of(known)} has no version in force, so there is nothing to retire.")
        for earlier in Request.objects.filter(
            subject_id=known.public_id, kind=Request.Kind.RETIREMENT, status__in=OPEN
        ):
            if submission_key is not None and earlier.submission_key == submission_key:
                change.nothing_happened()
                return earlier
            raise NotAllowed(f"The retirement of {title_of(known)} is in approval already, as {earlier.number}.")
        _refuse(actor, known, reason, successor, effective_on)
        known.successor = successor
        known.save(update_fields=["successor"])
        request = open_request(
            change,
            actor=actor,
            kind=Request.Kind.RETIREMENT,
            subject_kind=SUBJECT,
            subject=known,
            subject_version=known.in_force.public_id,
            subject_hash=known.in_force.content_hash,
            remit=known.remit,
            reason=reason.strip(),
            effective_on=effective_on,
            submission_key=submission_key,
            world=world,
        )
        after = {
            "request": request.number,
            "successor": successor.number if successor else None,
            "effective_on": effective_on.isoformat() if effective_on else None,
        }
        record(change, events.DOCUMENT_RETIREMENT_PROPOSED, known, after=after, reason=reason.strip())
    return request


def take_retirement(change: ledger.Change, *, document: Document, request: Request) -> None:
    """The approved retirement is done if its day has come, else it waits. Inner; ``document`` is locked."""
    if document.in_force is None or document.in_force.public_id != request.subject_version:
        reason = "Another version came into force meanwhile."
        record(change, events.DOCUMENT_RETIREMENT_ENDED, document, after={"request": request.number}, reason=reason)
    elif request.effective_on is not None and request.effective_on > today():
        after = {"request": request.number, "effective_on": request.effective_on.isoformat()}
        record(change, events.DOCUMENT_RETIREMENT_SCHEDULED, document, after=after)
    else:
        retire_document(change, document=document, request=request)


def retire_document(change: ledger.Change, *, document: Document, request: Request, reason: str = "") -> None:
    """The document is a tombstone: nothing of it is in force, drafted or in approval. Inner; ``document`` is locked."""
    now = timezone.now()
    version = document.version_number
    if document.in_force is not None:
        Publication.objects.filter(revision=document.in_force).update(effective_to=today(now))
    document.in_force = document.approved = document.draft = None
    document.in_force_since = None
    document.next_review_on = None
    document.retired_at = document.updated_at = now
    document.retired_reason = (reason or request.reason)[:LONGEST_REASON]
    document.save(
        update_fields=[
            "in_force",
            "approved",
            "draft",
            "in_force_since",
            "next_review_on",
            "retired_at",
            "retired_reason",
            "successor",
            "updated_at",
        ]
    )
    void_requests(change, subject=document, reason="The document was retired.", keep=request)
    after = {"request": request.number, "successor": document.successor.number if document.successor else None}
    record(
        change,
        events.DOCUMENT_RETIRED,
        document,
        before={"version": version},
        after=after,
        reason=document.retired_reason,
        people=[request.submitted_by_id],
    )


def end_proposal(change: ledger.Change, *, document: Document, request: Request) -> None:
    """The document stays, and names no successor. Inner; ``document`` is locked."""
    document.successor = None
    document.save(update_fields=["successor"])
    record(change, events.DOCUMENT_RETIREMENT_ENDED, document, after={"request": request.number})


def _refuse(actor: Any, document: Document, reason: str, successor: Document | None, effective_on: date | None) -> None:
    problems: dict[str, str] = {}
    problem = "Say why it is retired." if not reason.strip() else text_problem(reason, limit=LONGEST_REASON)
    if problem:
        problems["reason"] = problem
    if successor is not None and (
        successor.pk == document.pk or successor.in_force_id is None or not policy.can(actor, Right.READ, successor)
    ):
        problems["successor"] = "Choose another document that is in force."
    if effective_on is not None and effective_on < today():
        problems["effective_on"] = "Choose today or a later day."
    elif effective_on is not None and (effective_on - today()).days > LONGEST_AHEAD:
        problems["effective_on"] = f"Choose a day within {LONGEST_AHEAD} days."
    if problems:
        raise Invalid(problems)
