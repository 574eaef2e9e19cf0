"""Drafts: started, saved, discarded and submitted. The version in force stays as it is meanwhile."""

from dataclasses import replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from governance import ledger
from governance.actions.requests import open_request, void_requests
from governance.errors import Conflict, Invalid, NotAllowed
from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from governance.selectors.organisation import current_world
from knowledge import events
from knowledge.actions.documents import text_problems
from knowledge.actions.recording import OPEN, SUBJECT, locked, record, title_of
from knowledge.actions.revisions import Content, metadata_of, save_revision
from knowledge.models import Document, ImportBatch, Revision
from knowledge.selectors.drafts import readiness
from knowledge.text.characters import clean_line, clean_text

PUBLICATION: Final = (Request.Kind.PUBLICATION,)
DISCARDED: Final = "The only draft was discarded."


def start_revision(*, actor: Any, document: Document, reason: str = "") -> Revision:
    """A draft of the next version stands, with the text of the version in force (or of the one approved to follow it).

    Needs ``draft``. Raises ``Conflict`` where a draft stands already: there is one at a time.
    """
    with ledger.change(actor=actor) as change:
        known = locked(document)
        policy.require(actor, Right.DRAFT, known)
        refuse_retired(known)
        if known.draft is not None:
            raise Conflict(
                f"{title_of(known)} already has a draft, last saved by {_name(known.draft)}. Continue that one.",
                theirs=known.draft.body,
            )
        base = known.approved or known.in_force
        if base is None:
            raise NotAllowed(f"{title_of(known)} has no version to start from.")
        content = replace(Content.of(base), reason=reason.strip(), effective_on=None, metadata=metadata_of(known))
        refuse(text_problems(content.title, "", content.reason))
        draft = add_revision(known, content, author=actor, based_on=base)
        record(change, events.DRAFT_STARTED, known, after=described(draft), reason=content.reason)
    return draft


def save_draft(
    *,
    actor: Any,
    document: Document,
    base: UUID | str,
    title: str,
    body: str,
    reason: str = "",
    effective_on: date | None = None,
) -> Revision:
    """The draft says this, as a new revision; returns it, or the standing one where nothing changed.

    ``base`` is the public id of the revision that was being edited. Needs ``draft``. Raises ``Conflict`` with both
    texts where somebody saved meanwhile, and ``Invalid`` for what cannot be kept. A draft in approval loses that
    approval, for an approval is bound to the exact revision.
    """
    refuse(text_problems(title, body, reason))
    with ledger.change(actor=actor) as change:
        known = locked(document, with_requests=True)
        policy.require(actor, Right.DRAFT, known)
        draft = _standing_draft(known)
        content = Content(
            title=clean_line(title),
            body=clean_text(body),
            metadata=metadata_of(known),
            manifest=draft.manifest,
            effective_on=effective_on,
            reason=reason.strip(),
            content_kind=draft.content_kind,
            linked_url=draft.linked_url,
        )
        if content.says_the_same_as(draft):
            change.nothing_happened()
            return draft
        refuse_stale(draft, base, yours=content.body)
        return replace_draft(change, known, content, actor=actor)


def discard_draft(*, actor: Any, document: Document, base: UUID | str, reason: str = "") -> Document:
    """There is no draft any more; its revisions stay on record and an approval of it is void.

    Needs ``draft``. A document that was never approved is closed by it, keeping its number.
    """
    refuse(text_problems("x", "", reason))
    with ledger.change(actor=actor) as change:
        known = locked(document, with_requests=True)
        policy.require(actor, Right.DRAFT, known)
        draft = _standing_draft(known)
        refuse_stale(draft, base)
        known.draft = None
        known.updated_at = timezone.now()
        if known.in_force_id is None and known.approved_id is None:
            known.retired_at = known.updated_at
            known.retired_reason = DISCARDED
        known.save(update_fields=["draft", "updated_at", "retired_at", "retired_reason"])
        void_requests(
            change, subject=known, reason=f"The draft was discarded by {actor.get_full_name()}.", kinds=PUBLICATION
        )
        record(change, events.DRAFT_DISCARDED, known, before=described(draft), reason=reason.strip())
    return known


def submit_draft(
    *, actor: Any, document: Document, base: UUID | str, submission_key: UUID | None = None, reason: str = ""
) -> Request:
    """The exact draft waits for approval on its remit's route; returns the request.

    ``base`` is the public id of the revision the person saw; ``reason`` stands in for the one saved with it. Needs
    ``submit``. The same ``submission_key`` again returns the same request. Raises ``Invalid`` with what is not ready,
    ``Conflict`` where somebody saved meanwhile, ``NotAllowed`` where the draft is in approval.
    """
    with ledger.change(actor=actor) as change:
        world = current_world(hold=True)
        asked = _requests_like(document, submission_key)
        known = locked(document, was_asked=Exists(asked), is_in_import=Exists(_imports_under_way(OuterRef("pk"))))
        policy.require(actor, Right.SUBMIT, known)
        earlier = _earlier_request(actor, known, asked, submission_key)
        if earlier is not None:
            change.nothing_happened()
            return earlier
        _refuse_in_import(known)
        draft = _standing_draft(known)
        refuse_stale(draft, base)
        why = reason.strip() or draft.reason
        refuse({check.field: check.problem for check in readiness(known, draft, reason=why) if check.problem})
        request = open_request(
            change,
            actor=actor,
            kind=Request.Kind.PUBLICATION,
            subject_kind=SUBJECT,
            subject=known,
            subject_version=draft.public_id,
            subject_hash=draft.content_hash,
            remit=known.remit,
            reason=why,
            effective_on=draft.effective_on,
            submission_key=submission_key,
            world=world,
        )
        record(change, events.DRAFT_SUBMITTED, known, after={**described(draft), "request": request.number}, reason=why)
    return request


def replace_draft(change: ledger.Change, document: Document, content: Content, *, actor: Any) -> Revision:
    """The draft is a new revision with this content, and an approval of the old one is void. Inner: document locked."""
    before = document.draft
    draft = add_revision(document, content, author=actor, based_on=before)
    void_requests(
        change, subject=document, reason=f"The draft was changed by {actor.get_full_name()}.", kinds=PUBLICATION
    )
    record(
        change,
        events.DRAFT_SAVED,
        document,
        before=described(before) if before is not None else None,
        after=described(draft),
        reason=content.reason,
    )
    return draft


def add_revision(document: Document, content: Content, *, author: Any, based_on: Revision | None) -> Revision:
    """The document's draft is a new revision with this content. Inner: document locked."""
    now = timezone.now()
    last = document.revisions.order_by("-sequence").values_list("sequence", flat=True).first() or 0
    draft = save_revision(document, content, sequence=last + 1, author=author, now=now, based_on=based_on)
    document.draft = draft
    document.updated_at = now
    if document.in_force_id is None:
        document.title = draft.title
    document.save(update_fields=["draft", "title", "updated_at"])
    return draft


def described(revision: Revision) -> dict[str, object]:
    """What the ledger keeps of a revision: which one it is and its hash, not its text."""
    return {
        "revision": str(revision.public_id),
        "sequence": revision.sequence,
        "title": revision.title,
        "hash": revision.content_hash,
        "effective_on": revision.effective_on.isoformat() if revision.effective_on else None,
    }


def refuse(problems: dict[str, str]) -> None:
    """Nothing, where there is no problem; else ``Invalid``."""
    if problems:
        raise Invalid(problems)


def refuse_retired(document: Document) -> None:
    """Nothing, unless the document was retired."""
    if document.is_retired:
        raise NotAllowed(f"{title_of(document)} was retired. Start a new document instead.")


def refuse_stale(draft: Revision, base: UUID | str, *, yours: str = "") -> None:
    """Nothing, where ``base`` is still the draft; else ``Conflict`` with both texts."""
    if str(draft.public_id) != str(base):
        raise Conflict(
            f"{_name(draft)} saved this draft at {draft.created_at:%H:%M} UTC, after you opened it. "
            "Your text is kept below: bring the two together and save again.",
            theirs=draft.body,
            yours=yours,
        )


def _standing_draft(document: Document) -> Revision:
    if document.draft is None:
        raise NotAllowed(f"{title_of(document)} has no draft now. Start a revision first.")
    return document.draft


def _refuse_in_import(document: Document) -> None:
    """Nothing, unless the document came with an import on which nobody has decided yet."""
    waiting = _imports_under_way(document.pk).first() if getattr(document, "is_in_import", True) else None
    if waiting is not None:
        raise NotAllowed(
            f"{title_of(document)} came with the import {waiting.number}, on which nobody has decided yet. "
            "Submit it once that is decided."
        )


def _imports_under_way(document: Any) -> "QuerySet[ImportBatch]":
    under_way = [ImportBatch.State.RUNNING, ImportBatch.State.STOPPED, ImportBatch.State.WAITING]
    return ImportBatch.objects.filter(newest__revision__document=document, state__in=under_way)


def _requests_like(document: Document, key: UUID | None) -> "QuerySet[Request]":
    """The approvals of the document that wait, and the request of the same submission."""
    waiting = Q(subject_id=document.public_id, kind=Request.Kind.PUBLICATION, status__in=OPEN)
    return Request.objects.filter(waiting | Q(submission_key=key) if key is not None else waiting)


def _earlier_request(actor: Any, document: Document, asked: "QuerySet[Request]", key: UUID | None) -> Request | None:
    """The request that the same submission opened before; refuses where another one is open."""
    if not getattr(document, "was_asked", True):
        return None
    for request in asked:
        if key is not None and request.submission_key == key:
            if request.subject_id != document.public_id or request.submitted_by_id != actor.pk:
                raise Conflict("This form was used for something else already. Open it anew and submit again.")
            return request
        raise NotAllowed(f"{title_of(document)} is in approval already, as {request.number}.")
    return None


def _name(revision: Revision) -> str:
    return revision.created_by.get_full_name() if revision.created_by else "Somebody"


__all__ = [
    "add_revision",
    "described",
    "discard_draft",
    "refuse",
    "refuse_retired",
    "refuse_stale",
    "replace_draft",
    "save_draft",
    "start_revision",
    "submit_draft",
]
