"""What an import brings about once it was approved, or taken into force on a publisher's word. Inner to the actions.

The newest revision of every document is in force; those before it become versions whose approval is not recorded, so
that whoever reads the document reads its history. What the source deleted is a tombstone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from django.db.models import Max
from django.utils import timezone

from governance import ledger
from governance.actions.requests import void_requests
from governance.failpoints import declare, failpoint
from governance.models import Request
from knowledge import events
from knowledge.actions.drafts import DISCARDED
from knowledge.actions.imports_documents import batch_stream
from knowledge.actions.imports_facts import FIELDS, write_facts
from knowledge.actions.publication import publish_revision
from knowledge.actions.recording import account_of, locked, record
from knowledge.actions.retirement import LONGEST_REASON, retire_document
from knowledge.days import today
from knowledge.models import Document, ImportBatch, ImportedRevision, Publication, Revision

TAKING_FORCE = declare("import.taking_force")

_TEXTS = ("body", "html", "plain", "contents", "metadata", "manifest", "contributors", "source_message")


@dataclass(slots=True)
class Taken:
    """What a batch brought into force: the numbers of the documents, by what became of them."""

    in_force: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    versions: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """By whose word: the approved request, or else what the publisher said."""

    actor: Any
    request: Request | None = None
    attestation: str = ""

    @property
    def basis(self) -> str:
        """The basis of the version in force."""
        return Publication.Basis.APPROVED if self.request is not None else Publication.Basis.ATTESTED


def take_import(change: ledger.Change, *, batch: ImportBatch, word: Word) -> Taken:
    """Every document of the batch says what its newest imported revision says. ``batch`` is locked and saved here.

    A document is passed over that was closed here meanwhile, or that has a later version in force.
    """
    taken = Taken()
    entries = ImportedRevision.objects.filter(batch=batch).select_related("revision__document")
    for entry in entries.order_by("revision__document_id"):
        document = locked(entry.revision.document, with_requests=True)
        _take(change, entry, document, word, taken)
        failpoint(TAKING_FORCE)
    batch.state = ImportBatch.State.IN_FORCE
    batch.save(update_fields=["state"])
    after = {
        "request": word.request.number if word.request else None,
        "in_force": taken.in_force,
        "retired": taken.retired,
        "passed_over": taken.passed_over,
        "versions": taken.versions,
    }
    event = events.IMPORT_APPROVED if word.request is not None else events.IMPORT_ATTESTED
    record_batch(change, event, batch, after=after, reason=word.attestation)
    return taken


def refuse_import(change: ledger.Change, *, batch: ImportBatch, request: Request, outcome: str) -> None:
    """The batch is not in force: what it brought stays as drafts and may be put to the deciders again."""
    if batch.state == ImportBatch.State.WAITING:
        batch.state = ImportBatch.State.REFUSED
        batch.save(update_fields=["state"])
    after = {"request": request.number, "outcome": outcome}
    record_batch(change, events.IMPORT_REFUSED, batch, after=after, people=[batch.imported_by_id])


def withdraw_import(change: ledger.Change, *, batch: ImportBatch, request: Request) -> None:
    """The documents that the batch brought into force are withdrawn, on the word of the post-publication review."""
    for entry in ImportedRevision.objects.filter(batch=batch).order_by("revision__document_id"):
        document = locked(entry.revision.document)
        if document.in_force_id == entry.revision_id:
            reason = f"Withdrawn in the review of {request.number}."
            retire_document(change, document=document, request=request, reason=reason)
    after = {"request": request.number, "outcome": "withdrawn"}
    record_batch(change, events.IMPORT_REFUSED, batch, after=after, people=[batch.imported_by_id])


def record_batch(
    change: ledger.Change,
    event: str,
    batch: ImportBatch,
    *,
    after: Mapping[str, object] | None = None,
    reason: str = "",
    people: Sequence[int] = (),
) -> None:
    """The entry will stand in the batch's chain."""
    change.record(
        event,
        stream=batch_stream(batch),
        subject_title=str(batch),
        subject_url=batch.get_absolute_url(),
        after=after,
        reason=reason,
        people=people,
    )


def _take(change: ledger.Change, entry: ImportedRevision, document: Document, word: Word, taken: Taken) -> None:
    if not _may_take(entry, document):
        taken.passed_over.append(document.number)
        return
    newest = entry.revision
    history = _unpublished_until(document, newest)
    if not entry.retires:
        history = [each for each in history if each.pk != newest.pk]
    taken.versions += _publish_history(document, history, word)
    _take_facts(change, entry, document)
    if entry.retires:
        _retire(change, entry, document, word)
        taken.retired.append(document.number)
        return
    if document.in_force_id != newest.pk:
        if document.retired_at is not None:
            document.retired_at, document.retired_reason = None, ""
            document.save(update_fields=["retired_at", "retired_reason"])
        publish_revision(
            change,
            document=document,
            revision=newest,
            basis=word.basis,
            actor=word.actor,
            request=word.request,
            attestation=word.attestation,
        )
        taken.versions += 1
    taken.in_force.append(document.number)


def _may_take(entry: ImportedRevision, document: Document) -> bool:
    """Whether the batch still speaks for the document: nobody closed it here and no later version is in force."""
    if document.in_force is not None:
        return document.in_force.sequence <= entry.revision.sequence
    if document.retired_at is None:
        return document.first_published_at is None
    # A tombstone is the import's to change only where an import made it one.
    if document.first_published_at is None and entry.retires:
        return document.retired_reason != DISCARDED
    earlier = ImportedRevision.objects.filter(
        revision__document=document, retires=True, batch__state=ImportBatch.State.IN_FORCE
    )
    return earlier.exists()


def _unpublished_until(document: Document, newest: Revision) -> list[Revision]:
    rows = Revision.objects.filter(
        document=document, is_imported=True, publication__isnull=True, sequence__lte=newest.sequence
    )
    if document.in_force is not None:
        rows = rows.filter(sequence__gt=document.in_force.sequence)
    return list(rows.defer(*_TEXTS).order_by("sequence"))


def _publish_history(document: Document, history: Sequence[Revision], word: Word) -> int:
    """The revisions are versions whose approval is not recorded, each in effect until the next, as the source has it.

    While a version was in force here, none of the source was: then they take no time at all.
    """
    if not history:
        return 0
    last = Publication.objects.filter(document=document).aggregate(last=Max("version_number"))["last"] or 0
    beside = document.first_published_at is not None
    end = document.retired_at.astimezone(UTC).date() if document.retired_at is not None else _day(history[-1])
    following = Revision.objects.filter(document=document, sequence__gt=history[-1].sequence, is_imported=True)
    after = following.order_by("sequence").values_list("source_date", flat=True).first()
    if after is not None:
        end = after.astimezone(UTC).date()
    starts: list[date] = []
    for each in history:
        starts.append(max([_day(each), *starts[-1:]]))
    ends = [*starts[1:], max(end, starts[-1])]
    now = timezone.now()
    Publication.objects.bulk_create(
        [
            Publication(
                revision=each,
                document=document,
                version_number=number,
                basis=Publication.Basis.NOT_RECORDED,
                request=word.request,
                published_at=now,
                published_by=account_of(word.actor),
                effective_from=start,
                effective_to=start if beside else until,
            )
            for number, (each, start, until) in enumerate(zip(history, starts, ends, strict=True), start=last + 1)
        ],
        batch_size=500,
    )
    return len(history)


def _take_facts(change: ledger.Change, entry: ImportedRevision, document: Document) -> None:
    """The document says beside its text what the source says now; what was changed here meanwhile stays."""
    earlier = ImportedRevision.objects.filter(
        revision__document=document, batch__state=ImportBatch.State.IN_FORCE, pk__lt=entry.pk
    ).order_by("-pk")
    before = earlier.values_list("facts", flat=True).first() if document.first_published_at is not None else None
    said = {name: getattr(document, name) for name in FIELDS}
    changed = write_facts(document, entry.facts, before)
    if not changed:
        return
    document.save(update_fields=changed)
    if document.first_published_at is None:
        return
    if "tags" in changed:
        after = {"tags": document.tags}
        record(change, events.DOCUMENT_TAGS_CHANGED, document, before={"tags": said["tags"]}, after=after)
    reviews = [name for name in changed if name not in {"tags", "extra", "owner_note"}]
    if reviews:
        record(
            change,
            events.DOCUMENT_REVIEW_INTERVAL_CHANGED,
            document,
            before={name: _plain(said[name]) for name in reviews},
            after={name: _plain(getattr(document, name)) for name in reviews},
        )


def _retire(change: ledger.Change, entry: ImportedRevision, document: Document, word: Word) -> None:
    """The document is a tombstone with a history that its readers may read."""
    now = timezone.now()
    version = document.version_number
    if document.in_force is not None:
        Publication.objects.filter(revision=document.in_force).update(effective_to=today(now))
    reason = document.retired_reason or _reason(entry)
    last = Publication.objects.filter(document=document).aggregate(last=Max("version_number"))["last"]
    document.in_force = document.approved = document.draft = None
    document.in_force_since = document.next_review_on = None
    document.version_number = last
    document.retired_at = document.retired_at or now
    document.retired_reason = reason[:LONGEST_REASON]
    document.first_published_at = document.first_published_at or now
    document.approval_recorded = word.request is not None
    document.updated_at = now
    document.save()
    void_requests(change, subject=document, reason="The document was retired.", keep=word.request)
    after = {"request": word.request.number if word.request else None, "import": entry.batch.number}
    record(change, events.DOCUMENT_RETIRED, document, before={"version": version}, after=after, reason=reason)


def _reason(entry: ImportedRevision) -> str:
    return f"Deleted in its source, {entry.batch.name}."


def _day(revision: Revision) -> date:
    return (revision.source_date or revision.created_at).astimezone(UTC).date()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


__all__ = ["Taken", "Word", "record_batch", "refuse_import", "take_import", "withdraw_import"]
