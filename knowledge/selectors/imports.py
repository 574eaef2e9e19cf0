"""Imports as a person sees them: the batches, one with its documents and problems, and what its approval is about."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from governance.models import JobHeartbeat, Remit, Request
from governance.permissions import policy
from governance.rights import Right
from knowledge.models import ImportBatch, ImportedRevision, Revision
from knowledge.selectors.remits import remits_where

TEMPLATE = "knowledge/_request_import.html"
SHOWN = 200
"""Documents and problems that a page shows at most."""
LATE = timedelta(minutes=2)
"""A batch that has been running for so long, with no job at work on it, can be carried on."""


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One document of a batch: the revision that the batch asks for, and how many came with it."""

    revision: Revision
    retires: bool
    revisions: int

    @property
    def url(self) -> str:
        """The document's page, at the imported text."""
        return f"{self.revision.document.get_absolute_url()}v/r{self.revision.sequence}/"


@dataclass(frozen=True, slots=True)
class ImportPage:
    """Everything that the page of one batch shows. ``request`` is the newest one that asks for its approval."""

    batch: ImportBatch
    lines: tuple[ImportLine, ...]
    line_count: int
    retiring: int
    skipped: tuple[dict[str, str], ...]
    notes: tuple[dict[str, str], ...]
    skipped_count: int
    note_count: int
    request: Request | None
    may_import: bool
    is_at_work: bool

    @property
    def can_be_carried_on(self) -> bool:
        """Whether the actor may have it carried on: it stopped, or runs and no job is at work on it."""
        if not self.may_import:
            return False
        is_late = self.batch.state == ImportBatch.State.RUNNING and timezone.now() - self.batch.started_at > LATE
        return self.batch.state == ImportBatch.State.STOPPED or (is_late and not self.is_at_work)

    @property
    def can_be_asked_again(self) -> bool:
        """Whether the actor may put it to the deciders once more."""
        return self.may_import and self.batch.state == ImportBatch.State.REFUSED


def batches_visible_to(actor: Any) -> "QuerySet[ImportBatch]":
    """Return the batches that the actor may see, newest first: with the drafts of its remit, or as a decider."""
    rows = ImportBatch.objects.select_related("remit__unit", "imported_by")
    return policy.visible(actor, rows, Right.READ_DRAFT).order_by("-started_at", "-pk")


def import_page(actor: Any, number: str) -> ImportPage:
    """Return the page of one batch; raises ``ImportBatch.DoesNotExist`` as for one that is not there."""
    batch = batches_visible_to(actor).get(number__iexact=number[:20].replace("\x00", ""))
    entries = _entries(actor, batch)
    skipped = [each for each in batch.problems if each["severity"] == "skipped"]
    notes = [each for each in batch.problems if each["severity"] != "skipped"]
    return ImportPage(
        batch=batch,
        lines=tuple(_lines(batch, entries[:SHOWN])),
        line_count=entries.count(),
        retiring=entries.filter(retires=True).count(),
        skipped=tuple(skipped[:SHOWN]),
        notes=tuple(notes[:SHOWN]),
        skipped_count=len(skipped),
        note_count=len(notes),
        request=_request(batch),
        may_import=bool(policy.can(actor, Right.IMPORT, batch.remit)),
        is_at_work=JobHeartbeat.objects.filter(pk=job_name(batch), lease_until__gt=timezone.now()).exists(),
    )


def request_presentation(actor: Any, request: Request) -> dict[str, Any]:
    """Return ``title_url``, ``template`` and ``context`` for the page of a request about a batch; empty where the actor
    may not see the batch."""
    batch = batches_visible_to(actor).filter(public_id=request.subject_id).first()
    if batch is None:
        return {}
    entries = _entries(actor, batch)
    context = {
        "batch": batch,
        "lines": list(_lines(batch, entries[:SHOWN])),
        "line_count": entries.count(),
        "retiring": entries.filter(retires=True).count(),
    }
    return {"template": TEMPLATE, "context": context, "title_url": batch.get_absolute_url()}


def remits_to_import_into(actor: Any) -> "QuerySet[Remit]":
    """Return the remits that the actor may import into."""
    return remits_where(actor, Right.IMPORT)


def batches_to_carry_on() -> list[int]:
    """Return the keys of the batches that a job has begun and not ended. Asks no permission: for jobs."""
    running = ImportBatch.objects.filter(state=ImportBatch.State.RUNNING, in_background=True)
    return list(running.order_by("pk").values_list("pk", flat=True))


def job_name(batch: ImportBatch) -> str:
    """The name of the lease that whoever works on the batch holds."""
    return f"knowledge.import.{batch.number}"


def _entries(actor: Any, batch: ImportBatch) -> "QuerySet[ImportedRevision]":
    """The documents of the batch whose imported text the actor may read."""
    of_batch = Revision.objects.filter(import_entries__batch=batch)
    readable = policy.visible(actor, of_batch, Right.READ, Right.READ_DRAFT)
    texts = ("body", "html", "plain", "contents", "metadata", "manifest")
    return (
        ImportedRevision.objects.filter(batch=batch, revision__in=readable.values("pk"))
        .select_related("revision__document", "revision__publication")
        .defer(*(f"revision__{name}" for name in texts))
        .order_by("retires", "revision__document__number")
    )


def _lines(batch: ImportBatch, entries: Iterable[ImportedRevision]) -> Iterable[ImportLine]:
    rows = list(entries)
    counted = _counts(batch, [row.revision.document_id for row in rows])
    for row in rows:
        yield ImportLine(row.revision, row.retires, counted.get(row.revision.document_id, 0))


def _counts(batch: ImportBatch, documents: list[int]) -> dict[int, int]:
    """How many revisions of each document were imported while the batch was."""
    rows = (
        Revision.objects.filter(document__in=documents, is_imported=True, recorded_at__gte=batch.started_at)
        .values("document_id")
        .annotate(count=Count("pk"))
        .order_by()
    )
    if batch.finished_at is not None:
        rows = rows.filter(recorded_at__lte=batch.finished_at)
    return {row["document_id"]: row["count"] for row in rows}


def _request(batch: ImportBatch) -> Request | None:
    return Request.objects.filter(subject_id=batch.public_id).order_by("-opened_at", "-pk").first()
