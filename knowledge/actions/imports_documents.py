"""One imported document on its way into the database: its revisions prepared, then written a chunk at a time.

Inner to the import actions. Preparing (files, HTML, clauses, hashes) takes most of the time and holds no lock; writing
a chunk takes little and leaves the document as far as it was read, so that a killed import goes on from there.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from django.db.models import F, Max
from django.utils import timezone

from governance import ledger
from governance.errors import Invalid
from governance.failpoints import declare, failpoint
from governance.permissions import policy
from governance.rights import Right
from knowledge import events
from knowledge.actions.attachments import fit_name, manifest_entry, store_file
from knowledge.actions.imports_facts import aliases_of, facts_of, metadata_of_source, write_facts
from knowledge.actions.recording import locked, stream_of, title_of
from knowledge.actions.revisions import Content, as_text, contents_of, metadata_of, rendered_for
from knowledge.importing.documents import Retirement, SourceAttachment, SourceDocument, SourceRevision
from knowledge.importing.links import DOCUMENT_PREFIX, replace_document_addresses
from knowledge.importing.problems import Problem, Severity, Unreadable
from knowledge.importing.reader import Source
from knowledge.models import (
    Attachment,
    Clause,
    ClauseVersion,
    Document,
    DocumentAlias,
    ImportBatch,
    ImportedRevision,
    ImportedSource,
    Revision,
    RevisionAttachment,
)
from knowledge.text import clauses as texts
from knowledge.text.characters import MAX_BODY, clean_line, clean_text
from knowledge.text.parsing import Memory

DOCUMENT_PREPARED = declare("import.document_prepared")
CHUNK_WRITTEN = declare("import.chunk_written")
CHUNK_COMMITTED = declare("import.chunk_committed")

SUBJECT = "import_batch"
"""What governance calls a batch among the things that a request can be about."""
CHUNK = 40
"""Revisions that are written in one transaction."""
LONGEST_MESSAGE = 20_000
_ROWS = 500


class Overtaken(Exception):
    """Another run of the same import wrote the document meanwhile."""


@dataclass(slots=True)
class Prepared:
    """A revision that only waits to be saved, with its clauses' rows, its files and what the source said beside it."""

    revision: Revision
    source: SourceRevision
    facts: dict[str, Any]
    clauses: tuple[texts.Clause, ...] = ()
    new_clauses: list[Clause] = field(default_factory=list)
    versions: list[ClauseVersion] = field(default_factory=list)
    files: list[tuple[str, Attachment]] = field(default_factory=list)


def batch_stream(batch: ImportBatch) -> ledger.Stream:
    """The chain of everything that the import did."""
    return ledger.stream(SUBJECT, batch.public_id)


class Files:
    """The images of a source, each read and kept once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._kept: dict[tuple[str, str], Attachment | str] = {}
        self.problems: list[Problem] = []

    def keep(self, revision: SourceRevision) -> list[tuple[str, Attachment]]:
        """The revision's images, stored, in order of the names that its text uses; a refused one is a problem."""
        found = []
        for file in revision.attachments:
            kept = self._one(file)
            if isinstance(kept, Attachment):
                found.append((file.name, kept))
            else:
                reason = f"The image {file.path} was left out. {kept}"
                self.problems.append(Problem(revision.path, reason, Severity.NOTE, revision.commit))
        return sorted(found, key=lambda each: each[0])

    def _one(self, file: SourceAttachment) -> Attachment | str:
        known = (file.object_id, PurePosixPath(file.name).suffix.lower())
        if known not in self._kept:
            self._kept[known] = self._read(file)
        return self._kept[known]

    def _read(self, file: SourceAttachment) -> Attachment | str:
        try:
            if fit_name(file.name) != file.name:
                return "Its name cannot be kept."
            return store_file(file.name, io.BytesIO(self._source.attachment(file)))
        except (Unreadable, Invalid) as error:
            return str(error)


class Arrival:
    """One document of a batch: new, or going on from where it was read before."""

    def __init__(
        self,
        *,
        batch: ImportBatch,
        actor: Any,
        kind: str,
        key: str,
        known: ImportedSource | None,
        number: str,
        address_of: Callable[[str], str],
        files: Files,
        rewritten: bool = False,
    ) -> None:
        self.batch = batch
        self.actor = actor
        self.key = key
        self.known = known
        self._address_of = address_of
        self._files = files
        self._rewritten = rewritten
        self.document = known.document if known is not None else self._new_document(kind, number)
        self.document.remit = batch.remit
        self._base = metadata_of(self.document)
        self._before: Prepared | None = None
        self._memory = Memory()
        self._identities: dict[str, Clause] = {}
        self._clauses: tuple[texts.Clause, ...] = ()
        self._last = self._last_text()
        self._began = known is not None
        self._aliases: dict[str, None] = {}
        self.problems: list[Problem] = []

    def take(self, found: SourceDocument, *, problems: Sequence[Problem], last_commit: str) -> int:
        """Every new revision of the document is in the database; returns how many there were.

        ``last_commit`` is the last commit of the plan, so that an unreadable newest text is not tried again.
        """
        wanted = self._readable(found)
        if not self._began and wanted:
            self.document.title = wanted[-1].title
        chunks = list(_chunks(wanted))
        for index, chunk in enumerate(chunks):
            is_last = index == len(chunks) - 1
            prepared = [self._prepare(revision) for revision in chunk]
            failpoint(DOCUMENT_PREPARED)
            told = [*problems, *self.problems, *self._files.problems]
            self._write(
                prepared,
                last_commit=last_commit if is_last else chunk[-1].commit,
                retired=found.retired if is_last else None,
                is_last=is_last,
                problems=told,
            )
            failpoint(CHUNK_COMMITTED)
        return len(wanted)

    def retire_only(self, retired: Retirement | None, *, last_commit: str) -> None:
        """Nothing new can be read of the document, but the source took it away, or brought it back."""
        self._write([], last_commit=last_commit, retired=retired, is_last=True, problems=[])
        failpoint(CHUNK_COMMITTED)

    # --- Preparing

    def _readable(self, found: SourceDocument) -> list[SourceRevision]:
        wanted: list[SourceRevision] = []
        for revision in found.revisions:
            if self._is_known(revision):
                continue
            if len(revision.body) > MAX_BODY:
                reason = f"It has {len(revision.body):,} characters; at most {MAX_BODY:,} can be imported."
                self.problems.append(Problem(revision.path, reason, Severity.SKIPPED, revision.commit))
                continue
            wanted.append(revision)
        return wanted

    def _is_known(self, revision: SourceRevision) -> bool:
        """Whether a text is no new change but the last one, seen again in a folder or a rewritten history."""
        seen_again = self.known is not None and (not revision.commit or self._rewritten)
        return seen_again and self.known is not None and revision.digest == self.known.last_hash

    def _new_document(self, kind: str, number: str) -> Document:
        return Document(
            number=number,
            kind=kind,
            title=number,
            remit=self.batch.remit,
            created_by=self.actor,
            updated_at=timezone.now(),
        )

    def _last_text(self) -> Revision | None:
        """The text that the next one follows on: the last imported or, if later, the one in force."""
        if self.document.pk is None:
            return None
        rows = Revision.objects.filter(document=self.document)
        imported = rows.filter(is_imported=True).order_by("-sequence").first()
        in_force = self.document.in_force
        last = max((each for each in (imported, in_force) if each), key=lambda each: each.sequence, default=None)
        if last is not None:
            stored = list(ClauseVersion.objects.filter(revision=last).select_related("clause").order_by("order"))
            self._clauses = tuple(as_text(version) for version in stored)
            self._identities = {version.anchor: version.clause for version in stored}
        return last

    def _prepare(self, source: SourceRevision) -> Prepared:
        files = self._files.keep(source)
        facts = facts_of(source, self.document.kind)
        body = clean_text(source.body)
        if DOCUMENT_PREFIX in body:
            body = replace_document_addresses(body, self._address_of)
        content = Content(
            title=clean_line(source.title) or self.document.number,
            body=body,
            metadata=metadata_of_source(self._base, facts, source.front_matter),
            manifest=[manifest_entry(name, attachment) for name, attachment in files],
        )
        prepared = Prepared(self._revision(source, content), source, facts, files=files)
        self._render(prepared)
        self._match(prepared)
        self._aliases |= dict.fromkeys(aliases_of(source.front_matter))
        self._before = prepared
        return prepared

    def _revision(self, source: SourceRevision, content: Content) -> Revision:
        return Revision(
            document=self.document,
            sequence=0,
            title=content.title,
            body=content.body,
            metadata=dict(content.metadata),
            manifest=list(content.manifest),
            content_hash=content.hash,
            created_by=self.actor,
            created_at=source.authored_at,
            is_imported=True,
            source_commit=source.commit,
            source_path=source.path[:1000],
            source_author=clean_line(source.author, limit=300),
            source_date=source.authored_at,
            source_message=clean_text(source.message)[:LONGEST_MESSAGE],
            contributors=[
                {
                    "name": each.name,
                    "subject": each.subject,
                    "commit": each.commit,
                    "authored_at": each.authored_at.isoformat(),
                }
                for each in source.contributors
            ],
        )

    def _render(self, prepared: Prepared) -> None:
        """The revision has its HTML, its plain text and its clauses; those of the one before, if it says the same."""
        revision, before = prepared.revision, self._before
        if before is not None and _shows_the_same(before.revision, revision):
            revision.html, revision.plain = before.revision.html, before.revision.plain
            revision.contents = before.revision.contents
            prepared.clauses = before.clauses
            return
        rendered = rendered_for(self.document.number, revision, memory=self._memory)
        revision.html, revision.plain, revision.contents = rendered.html, rendered.plain, contents_of(rendered)
        prepared.clauses = tuple(
            clause for clause in rendered.clauses if len(clause.number) <= 32 and len(clause.anchor) <= 120
        )

    def _match(self, prepared: Prepared) -> None:
        """Every clause that the text before had keeps its identity."""
        pairs = texts.match_clauses(self._clauses, prepared.clauses)
        identities: dict[str, Clause] = {}
        for order, clause in enumerate(prepared.clauses):
            old = pairs.get(clause.anchor)
            identity = self._identities.get(old) if old is not None else None
            if identity is None:
                identity = Clause(document=self.document)
                prepared.new_clauses.append(identity)
            identities[clause.anchor] = identity
            version = ClauseVersion(
                order=order,
                number=clause.number,
                anchor=clause.anchor,
                level=clause.level.value if clause.level else "",
                heading=clause.heading[:300],
                text=clause.text,
            )
            version.clause = identity
            prepared.versions.append(version)
        self._clauses, self._identities = prepared.clauses, identities

    # --- Writing

    def _write(
        self,
        prepared: list[Prepared],
        *,
        last_commit: str,
        retired: Retirement | None,
        is_last: bool,
        problems: Sequence[Problem],
    ) -> None:
        with ledger.change(actor=self.actor) as change:
            policy.require(self.actor, Right.IMPORT, self.batch.remit)
            is_new = not self._began
            if is_new:
                self.document.save(force_insert=True)
            else:
                self._lock()
            self._save_revisions(prepared)
            newest = prepared[-1].revision if prepared else self._last
            if newest is None:
                raise Overtaken
            self._enter(newest, prepared[-1].facts if prepared else None, retires=retired is not None)
            self._point(newest, prepared[-1].facts if prepared else None, retired)
            self._save_aliases()
            self._remember(prepared, last_commit, is_retired=retired is not None)
            change.record_many(self._records(prepared, is_new=is_new, retired=retired))
            count_in(self.batch, new=is_new, revisions=len(prepared), done=is_last, problems=problems)
            failpoint(CHUNK_WRITTEN)
        self._began = True

    def _lock(self) -> None:
        """The document and what is known of its source, as they are now; refused where another run went on."""
        if self.known is None:
            raise Overtaken
        now = ImportedSource.objects.select_for_update().filter(pk=self.known.pk).first()
        same = ("last_commit", "last_hash", "revisions", "is_retired")
        if now is None or any(getattr(now, name) != getattr(self.known, name) for name in same):
            raise Overtaken
        document = locked(self.document)
        document.remit = self.batch.remit
        self.document = document

    def _save_revisions(self, prepared: Sequence[Prepared]) -> None:
        if not prepared:
            return
        last = Revision.objects.filter(document=self.document).aggregate(last=Max("sequence"))["last"] or 0
        for place, each in enumerate(prepared, start=last + 1):
            each.revision.document = self.document
            each.revision.sequence = place
            each.revision.based_on = self._last
            each.revision.save(force_insert=True)
            self._last = each.revision
        new = [clause for each in prepared for clause in each.new_clauses]
        for clause in new:
            clause.document = self.document
        Clause.objects.bulk_create(new, batch_size=_ROWS)
        for each in prepared:
            for version in each.versions:
                version.revision_id = each.revision.pk
                version.clause_id = version.clause.pk
        versions = [version for each in prepared for version in each.versions]
        ClauseVersion.objects.bulk_create(versions, batch_size=_ROWS)
        RevisionAttachment.objects.bulk_create(
            [
                RevisionAttachment(revision=each.revision, attachment=attachment, name=name)
                for each in prepared
                for name, attachment in each.files
            ],
            batch_size=_ROWS,
        )

    def _enter(self, newest: Revision, facts: Mapping[str, Any] | None, *, retires: bool) -> None:
        """The newest revision, and only it, is what the batch asks for."""
        earlier = ImportedRevision.objects.filter(revision__document=self.document).order_by("-pk")
        if facts is None:
            facts = earlier.values_list("facts", flat=True).first() or {}
        earlier.filter(batch=self.batch).delete()
        ImportedRevision.objects.create(batch=self.batch, revision=newest, retires=retires, facts=dict(facts))

    def _point(self, newest: Revision, facts: Mapping[str, Any] | None, retired: Retirement | None) -> None:
        """A document that is not in force shows its newest text as its draft, or is retired with its source.

        One in force stays as it is until the batch is approved, but for a draft where nobody is writing one.
        """
        document = self.document
        document.updated_at = timezone.now()
        nobody_writes = document.draft is None or document.draft.is_imported
        fields = ["updated_at", "draft"]
        if document.in_force_id is not None:
            if nobody_writes:
                document.draft = None if retired is not None else newest
        elif document.first_published_at is None and self._is_ours():
            if facts is not None:
                fields += write_facts(document, facts)
            if nobody_writes:
                document.draft = None if retired is not None else newest
                document.title = newest.title
                document.retired_at = retired.commit.authored_at if retired is not None else None
                document.retired_reason = retired.reason[:500] if retired is not None else ""
                fields += ["title", "retired_at", "retired_reason"]
        document.save(update_fields=list(dict.fromkeys(fields)))

    def _is_ours(self) -> bool:
        """Whether the document was not closed here: what people decided about it, no import undoes."""
        return self.document.retired_at is None or self.known is None or self.known.is_retired

    def _save_aliases(self) -> None:
        DocumentAlias.objects.bulk_create(
            [DocumentAlias(document=self.document, value=value) for value in self._aliases], ignore_conflicts=True
        )
        self._aliases = {}

    def _remember(self, prepared: Sequence[Prepared], last_commit: str, *, is_retired: bool) -> None:
        known = self.known
        if known is None:
            known = ImportedSource(document=self.document, source_key=self.batch.source_key, path=self.key)
        known.batch = self.batch
        known.last_commit = last_commit
        known.revisions += len(prepared)
        known.is_retired = is_retired
        if prepared:
            known.last_hash = prepared[-1].source.digest
        known.save(force_insert=self.known is None)
        self.known = known

    def _records(
        self, prepared: Sequence[Prepared], *, is_new: bool, retired: Retirement | None
    ) -> Iterator[ledger.Record]:
        common: dict[str, Any] = {
            "stream": batch_stream(self.batch),
            "subject": stream_of(self.document),
            "subject_title": title_of(self.document),
            "subject_url": self.document.get_absolute_url(),
        }
        if is_new:
            made = {"number": self.document.number, "kind": self.document.kind, "path": self.key}
            yield ledger.Record(event=events.IMPORT_DOCUMENT_CREATED, after=made, **common)
        for each in prepared:
            yield ledger.Record(
                event=events.IMPORT_REVISION_ADDED,
                after={
                    "revision": str(each.revision.public_id),
                    "sequence": each.revision.sequence,
                    "hash": each.revision.content_hash,
                    "commit": each.revision.source_commit,
                    "path": each.revision.source_path,
                    "author": each.revision.source_author,
                },
                occurred_at=_moment(each.source.authored_at),
                **common,
            )
        if retired is not None or not prepared:
            about: dict[str, object] = {"retired": retired is not None, "commit": retired.commit.id if retired else ""}
            yield ledger.Record(
                event=events.IMPORT_SOURCE_CHANGED,
                after=about,
                reason=retired.reason if retired else "",
                occurred_at=_moment(retired.commit.authored_at) if retired else None,
                **common,
            )


def count_in(batch: ImportBatch, *, new: bool, revisions: int, done: bool, problems: Sequence[Problem] = ()) -> None:
    """The batch's progress counts what was written with it. Inner: within the transaction that wrote."""
    changes: dict[str, Any] = {
        "documents_new": F("documents_new") + int(new),
        "revisions_new": F("revisions_new") + revisions,
        "documents_done": F("documents_done") + int(done),
    }
    if done and problems:
        changes["problems"] = as_json(problems)
    ImportBatch.objects.filter(pk=batch.pk).update(**changes)


MOST_PROBLEMS = 2_000


def as_json(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """The problems as a batch keeps them, each once; beyond two thousand they are only counted."""
    rows = [
        {"path": each.path, "reason": each.reason, "severity": each.severity.value, "commit": each.commit}
        for each in dict.fromkeys(problems)
    ]
    if len(rows) > MOST_PROBLEMS:
        more = {"path": "", "reason": f"And {len(rows) - MOST_PROBLEMS:,} more.", "severity": "note", "commit": ""}
        rows = [*rows[:MOST_PROBLEMS], more]
    return rows


def _shows_the_same(one: Revision, other: Revision) -> bool:
    """Whether two texts become the same HTML; one with files never does, for their addresses name the revision."""
    return not one.manifest and not other.manifest and (one.title, one.body) == (other.title, other.body)


def _moment(at: datetime) -> datetime:
    return at if at.tzinfo is not None else timezone.make_aware(at)


def _chunks(revisions: Sequence[SourceRevision]) -> Iterator[Sequence[SourceRevision]]:
    for start in range(0, len(revisions), CHUNK):
        yield revisions[start : start + CHUNK]


__all__ = [
    "SUBJECT",
    "Arrival",
    "Files",
    "Overtaken",
    "as_json",
    "batch_stream",
    "count_in",
]
