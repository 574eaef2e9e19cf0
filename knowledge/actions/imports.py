"""Imports: a source's documents with their whole history come into a remit, and wait for one approval of the batch.

Imported revisions claim no approval. The newest of each document takes effect once the deciders of the remit approved
the batch, or on the recorded word of somebody who holds ``publish`` there. Whoever imports counts as the author.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from governance import ledger
from governance.actions.numbers import next_number, next_numbers
from governance.actions.requests import open_request
from governance.compiler.world import World
from governance.errors import Invalid, NotAllowed, RemitError
from governance.failpoints import declare, failpoint
from governance.models import Remit, Request
from governance.permissions import policy
from governance.rights import Right
from governance.selectors.organisation import current_world
from knowledge import events
from knowledge.actions import imports_sources as sources
from knowledge.actions.imports_documents import SUBJECT, Arrival, Files, Overtaken, as_json
from knowledge.actions.imports_effect import Word, record_batch, take_import
from knowledge.actions.imports_sources import Waiting
from knowledge.actions.imports_uploads import throw_away
from knowledge.importing.problems import Problem, Severity
from knowledge.importing.reader import Source
from knowledge.models import KINDS, ImportBatch, ImportedRevision, ImportedSource, Revision
from knowledge.text.characters import text_problem

STARTED = declare("import.started")
BEFORE_END = declare("import.before_end")
ENDED = declare("import.ended")

LONGEST_REASON = 500
LONGEST_SOURCE = 1000
LONGEST_GLOB = 500
UNFINISHED = (ImportBatch.State.RUNNING, ImportBatch.State.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImport:
    """What is to be imported, and where to.

    ``source`` is a folder, a Git repository or a bundle on this machine. ``kind`` is the kind of every new document;
    without it each has the kind that its front matter says. ``path_glob`` holds path patterns, one on each line.
    ``attestation`` is the word of a publisher on which the batch takes force without an approval.
    """

    source: str
    remit: Remit
    kind: str = ""
    path_glob: str = ""
    attestation: str = ""
    in_background: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would bring. ``current`` and ``retired`` count the documents of the source."""

    current: int
    retired: int
    documents_new: int
    revisions_new: int
    retirements: int
    problems: tuple[Problem, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether everything was imported before."""
        return not (self.documents_new or self.revisions_new or self.retirements)


Progress = Callable[[ImportBatch], None]
"""Told after each document, with the batch as it is now."""


def preview_import(*, actor: Any, new: NewImport, progress: Callable[[int, int], None] | None = None) -> Preview:
    """Return what the import would bring; writes nothing. Needs ``import`` there, and refuses what the import would."""
    _require(actor, new)
    with sources.opened(new.source, new.path_glob) as source:
        known = sources.known_sources(sources.key_of(source, new.source, new.remit))
        waiting = _waiting(source, known)
        documents = revisions = retirements = 0
        for done, each in enumerate(waiting, start=1):
            found = source.read(each.planned, after=each.after)
            fresh = [] if found is None else [one for one in found.revisions if not _is_known(each, one.digest)]
            documents += each.known is None and bool(fresh)
            revisions += len(fresh)
            retirements += each.planned.retired is not None and (
                bool(fresh) if each.known is None else not each.known.is_retired
            )
            if progress is not None:
                progress(done, len(waiting))
        plan = source.plan
        problems = tuple(dict.fromkeys([*sources.unfit_keys(source), *source.problems]))
        return Preview(plan.current, plan.retired, documents, revisions, retirements, problems)


def import_documents(*, actor: Any, new: NewImport, progress: Progress | None = None) -> ImportBatch:
    """Everything new in the source is in the database, and the batch waits for its approval or is in force.

    Needs ``import`` in the remit, with an attestation also ``publish``. An import of the same source into the same
    remit that did not end is carried on. ``Invalid`` where the source cannot be read or holds no document.
    """
    _require(actor, new)
    with sources.opened(new.source, new.path_glob) as source:
        return _run(actor, _begin(actor, new, source), source, progress)


def start_import(*, actor: Any, new: NewImport) -> ImportBatch:
    """The batch stands, to be carried on by ``run_import``. Needs and refuses what ``import_documents`` does."""
    _require(actor, new)
    with sources.opened(new.source, new.path_glob) as source:
        return _begin(actor, new, source)


def run_import(*, actor: Any, batch: ImportBatch, progress: Progress | None = None) -> ImportBatch:
    """The batch is imported to its end. A batch that has ended already is left as it is."""
    if not batch.is_unfinished:
        return batch
    try:
        with sources.opened(batch.source, batch.path_glob) as source:
            return _run(actor, batch, source, progress)
    except Invalid as error:
        _stop(actor, batch, str(error))
        raise


def continue_import(*, actor: Any, batch: ImportBatch) -> ImportBatch:
    """A batch that stopped before its end runs again, for a job to carry on. Needs ``import``."""
    with ledger.change(actor=actor) as change:
        known = locked_batch(batch)
        policy.require(actor, Right.IMPORT, known.remit)
        if not known.is_unfinished:
            raise NotAllowed(f"The import {known.number} has ended.")
        known.state, known.in_background, known.finished_at = ImportBatch.State.RUNNING, True, None
        known.imported_by = actor
        known.save(update_fields=["state", "in_background", "finished_at", "imported_by"])
        record_batch(change, events.IMPORT_STARTED, known, after={"carried_on": True})
    return known


def ask_again(*, actor: Any, batch: ImportBatch) -> Request:
    """A batch that was refused or taken back waits for its approval once more. Needs ``import``."""
    with ledger.change(actor=actor) as change:
        world = current_world(hold=True)
        known = locked_batch(batch)
        policy.require(actor, Right.IMPORT, known.remit)
        if known.state != ImportBatch.State.REFUSED:
            raise NotAllowed(f"The import {known.number} was not refused.")
        return _submit(change, known, actor, world)


def locked_batch(batch: ImportBatch) -> ImportBatch:
    """The batch as it is now, nobody else changing it until the transaction ends."""
    return ImportBatch.objects.select_for_update(of=("self",)).select_related("remit__unit").get(pk=batch.pk)


def content_hash(batch: ImportBatch) -> str:
    """SHA-256 over what the batch brings: each document, the hash of its newest revision, whether it is retired."""
    rows = ImportedRevision.objects.filter(batch=batch).values_list(
        "revision__document__public_id", "revision__content_hash", "retires"
    )
    said = sorted([str(document), digest, retires] for document, digest, retires in rows)
    return hashlib.sha256(b"remit.import\x00" + json.dumps(said, separators=(",", ":")).encode()).hexdigest()


def importers_of(batch: ImportBatch) -> frozenset[int]:
    """The natural persons who imported a part of the batch."""
    writers = Revision.objects.filter(import_entries__batch=batch, created_by__isnull=False)
    return frozenset(writers.values_list("created_by__person_id", flat=True)) | {batch.imported_by.person_id}


# --- Beginning


def _require(actor: Any, new: NewImport) -> None:
    policy.require(actor, Right.IMPORT, new.remit)
    if new.attestation:
        policy.require(actor, Right.PUBLISH, new.remit)
    problems: dict[str, str | None] = {
        "kind": None if not new.kind or new.kind in KINDS else f"There is no kind {new.kind!r}. {_kinds()}",
        "attestation": text_problem(new.attestation, limit=LONGEST_REASON),
        "path_glob": text_problem(new.path_glob, limit=LONGEST_GLOB),
        "source": "Name the folder, the repository or the bundle." if not new.source.strip() else None,
    }
    if len(new.source) > LONGEST_SOURCE:
        problems["source"] = f"The path has more than {LONGEST_SOURCE:,} characters."
    found = {name: problem for name, problem in problems.items() if problem}
    if found:
        raise Invalid(found)
    sources.patterns_of(new.path_glob)


def _kinds() -> str:
    return f"Choose one of: {', '.join(KINDS)}."


def _begin(actor: Any, new: NewImport, source: Source) -> ImportBatch:
    if not source.plan.documents and not source.problems:
        raise Invalid({"source": "No file in it is a document by the path pattern (Markdown, unless you name others)."})
    key = sources.key_of(source, new.source, new.remit)
    with ledger.change(actor=actor) as change:
        policy.require(actor, Right.IMPORT, new.remit)
        unfinished = ImportBatch.objects.filter(source_key=key, remit=new.remit, state__in=UNFINISHED)
        batch = unfinished.select_for_update(of=("self",)).select_related("remit__unit").order_by("pk").first()
        carried_on = batch is not None
        if batch is None:
            batch = ImportBatch(number=next_number("I"), source_key=key, remit=new.remit, started_at=timezone.now())
        batch.source, batch.path_glob, batch.kind = new.source, new.path_glob, new.kind
        batch.attestation, batch.in_background = new.attestation, new.in_background
        batch.state, batch.finished_at, batch.imported_by = ImportBatch.State.RUNNING, None, actor
        batch.documents_total = len(source.plan.documents)
        batch.numbers = {**batch.numbers, **_new_numbers(source, batch)}
        batch.save()
        after = {
            "source": batch.name,
            "remit": str(batch.remit),
            "documents": batch.documents_total,
            "carried_on": carried_on,
        }
        record_batch(change, events.IMPORT_STARTED, batch, after=after, reason=new.attestation)
        failpoint(STARTED)
    return batch


def _new_numbers(source: Source, batch: ImportBatch) -> dict[str, str]:
    """A number for every document that is new and can be read, given before any text is written: links lead ahead."""
    known = sources.known_sources(batch.source_key)
    by_prefix: dict[str, list[str]] = {}
    for each in sources.waiting_in(source, known):
        if each.known is None and each.planned.key not in batch.numbers:
            kind = sources.kind_in(source, each.planned, batch.kind)
            if kind is not None:
                by_prefix.setdefault(KINDS[kind][1], []).append(each.planned.key)
    numbers: dict[str, str] = {}
    for prefix, keys in sorted(by_prefix.items()):
        numbers |= zip(keys, next_numbers(prefix, len(keys), width=4), strict=True)
    return numbers


# --- Running


def _run(actor: Any, batch: ImportBatch, source: Source, progress: Progress | None) -> ImportBatch:
    try:
        return _Run(actor, batch, source, progress).to_the_end()
    except RemitError as error:
        _stop(actor, batch, error.message)
        raise
    except Exception as error:
        _stop(actor, batch, f"It stopped at an error ({type(error).__name__}). What was imported stays; carry it on.")
        raise
    except KeyboardInterrupt:
        _stop(actor, batch, "It was stopped by hand.")
        raise


class _Run:
    """One run over what of the source is new."""

    def __init__(self, actor: Any, batch: ImportBatch, source: Source, progress: Progress | None) -> None:
        self.actor, self.batch, self.source, self.progress = actor, batch, source, progress
        self.known = sources.known_sources(batch.source_key)
        self.waiting = _waiting(source, self.known)
        self.numbers = {key: each.document.number for key, each in self.known.items()} | batch.numbers
        self.files = Files(source)
        self.problems = [*_kept_problems(batch), *sources.unfit_keys(source)]

    def to_the_end(self) -> ImportBatch:
        """Every document that waits is imported, and the batch ends."""
        self._show(documents_total=len(self.source.plan.documents))
        self._show(documents_done=len(self.source.plan.documents) - len(self.waiting))
        for each in self.waiting:
            self._take(each)
        return self._end()

    def _take(self, waiting: Waiting) -> None:
        planned = waiting.planned
        found = self.source.read(planned, after=waiting.after)
        if waiting.is_rewritten:
            reason = "The history of the source was rewritten, so only its newest text was looked at."
            self.problems.append(Problem(planned.path, reason, Severity.NOTE))
        retires_now = planned.retired is not None and waiting.known is not None and not waiting.known.is_retired
        try:
            arrival = self._arrival(waiting) if found is not None or retires_now else None
            taken = 0
            if arrival is not None and found is not None:
                last = planned.revisions[-1].commit.id
                taken = arrival.take(found, problems=self._told(), last_commit=last)
                self.problems.extend(arrival.problems)
            if arrival is not None and retires_now and not taken:
                arrival.retire_only(planned.retired, last_commit=planned.revisions[-1].commit.id)
            elif not taken:
                self._show(documents_done=ImportBatch.objects.get(pk=self.batch.pk).documents_done + 1)
        except (Overtaken, IntegrityError):
            # Another run of the same import took the document; both go on with the next.
            if not ImportedSource.objects.filter(source_key=self.batch.source_key, path=planned.key).exists():
                raise
        if self.progress is not None:
            self.batch.refresh_from_db(fields=["documents_done", "documents_new", "revisions_new"])
            self.progress(self.batch)

    def _arrival(self, waiting: Waiting) -> Arrival | None:
        planned = waiting.planned
        number = self.numbers.get(planned.key)
        if number is None:
            return None
        return Arrival(
            batch=self.batch,
            actor=self.actor,
            kind=_kind_of(number),
            key=planned.key,
            known=waiting.known,
            number=number,
            address_of=self._address,
            files=self.files,
            rewritten=waiting.is_rewritten,
        )

    def _address(self, key: str) -> str:
        """The address of another document of the source; one that was left out is named by its path."""
        number = self.numbers.get(key)
        return f"/s/{number}/" if number is not None else key

    def _told(self) -> Sequence[Problem]:
        return [*self.problems, *self.source.problems]

    def _show(self, **progress: int) -> None:
        ImportBatch.objects.filter(pk=self.batch.pk).update(**progress)

    def _end(self) -> ImportBatch:
        problems = as_json([*self._told(), *self.files.problems])
        failpoint(BEFORE_END)
        with ledger.change(actor=self.actor) as change:
            world = current_world(hold=True)
            batch = locked_batch(self.batch)
            if batch.state != ImportBatch.State.RUNNING:
                change.nothing_happened()
                return batch
            policy.require(self.actor, Right.IMPORT, batch.remit)
            batch.finished_at, batch.problems = timezone.now(), problems
            batch.documents_done = batch.documents_total
            batch.content_hash = content_hash(batch)
            nothing_new = not ImportedRevision.objects.filter(batch=batch).exists()
            if nothing_new:
                batch.state = ImportBatch.State.NOTHING_NEW
            batch.save()
            after = {
                "documents_new": batch.documents_new,
                "revisions_new": batch.revisions_new,
                "problems": len(problems),
                "hash": batch.content_hash,
            }
            record_batch(change, events.IMPORT_FINISHED, batch, after=after)
            if not nothing_new and batch.attestation:
                policy.require(self.actor, Right.PUBLISH, batch.remit)
                take_import(change, batch=batch, word=Word(self.actor, attestation=batch.attestation))
            elif not nothing_new:
                _submit(change, batch, self.actor, world)
            failpoint(ENDED)
        throw_away(batch.source)
        return batch


def _submit(change: ledger.Change, batch: ImportBatch, actor: Any, world: World) -> Request:
    """The batch waits for the deciders of its remit. Inner; ``batch`` is locked and saved here."""
    batch.state = ImportBatch.State.WAITING
    batch.content_hash = content_hash(batch)
    batch.save(update_fields=["state", "content_hash"])
    request = open_request(
        change,
        actor=actor,
        kind=Request.Kind.IMPORT,
        subject_kind=SUBJECT,
        subject=batch,
        subject_version=batch.public_id,
        subject_hash=batch.content_hash,
        remit=batch.remit,
        reason=_reason(batch),
        world=world,
    )
    after = {"request": request.number, "hash": batch.content_hash}
    record_batch(change, events.IMPORT_SUBMITTED, batch, after=after)
    return request


def _reason(batch: ImportBatch) -> str:
    documents = ImportedRevision.objects.filter(batch=batch)
    retired = documents.filter(retires=True).count()
    told = f"{documents.count() - retired:,} documents to take into force, {retired:,} to retire"
    return f"Imported from {batch.name}: {told}, with {batch.revisions_new:,} revisions of their history."


def _stop(actor: Any, batch: ImportBatch, why: str) -> None:
    """The batch stopped before its end and says why; what was imported of it stays."""
    with ledger.change(actor=actor) as change:
        known = locked_batch(batch)
        if known.state != ImportBatch.State.RUNNING:
            change.nothing_happened()
            return
        known.state, known.finished_at = ImportBatch.State.STOPPED, timezone.now()
        known.problems = [*known.problems, {"path": "", "reason": why, "severity": "skipped", "commit": ""}]
        known.save(update_fields=["state", "finished_at", "problems"])
        record_batch(change, events.IMPORT_STOPPED, known, reason=why)


def _waiting(source: Source, known: dict[str, ImportedSource]) -> list[Waiting]:
    return sources.waiting_in(source, known)


def _is_known(waiting: Waiting, digest: str) -> bool:
    """Whether a text is the one known before, seen again in a folder or a rewritten history."""
    known = waiting.known
    again = known is not None and (not known.last_commit or waiting.is_rewritten)
    return again and known is not None and digest == known.last_hash


def _kind_of(number: str) -> str:
    prefix = number.rpartition("-")[0]
    return next(kind for kind, (_, own, _) in KINDS.items() if own == prefix)


def _kept_problems(batch: ImportBatch) -> list[Problem]:
    """What an earlier run of the batch reported; why it stopped is no problem any more."""
    return [
        Problem(each["path"], each["reason"], Severity(each["severity"]), each["commit"])
        for each in batch.problems
        if each.get("path")
    ]


__all__ = [
    "NewImport",
    "Preview",
    "ask_again",
    "content_hash",
    "continue_import",
    "import_documents",
    "importers_of",
    "locked_batch",
    "preview_import",
    "run_import",
    "start_import",
]
