"""What documents do when something happened: a decision takes effect, and search follows what was recorded."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from governance import ledger, subjects
from governance.ledger import LedgerEntryView
from governance.models import BusinessUnit, Remit, Request
from governance.permissions import policy
from governance.rights import Right
from knowledge import events
from knowledge.actions.imports import content_hash, importers_of, locked_batch
from knowledge.actions.imports_documents import SUBJECT as IMPORT_SUBJECT
from knowledge.actions.imports_effect import Word, refuse_import, take_import, withdraw_import
from knowledge.actions.publication import needed_to_publish, take_approval
from knowledge.actions.recording import SUBJECT, locked_subject, record, title_of
from knowledge.actions.retirement import end_proposal, retire_document, take_retirement
from knowledge.models import Document, ImportBatch, Revision
from knowledge.search.index import index_documents
from knowledge.selectors import imports, presenting
from knowledge.selectors.affected import affected_by, affected_in
from knowledge.selectors.revisions import writers_of


class DocumentSubject:
    """Documents as governance sees them."""

    key: str = SUBJECT

    def queryset(self) -> "QuerySet[Document]":
        """Every document."""
        return Document.objects.select_related("remit__unit", "draft", "approved", "in_force", "owner_person")

    def locked(self, request: Request) -> Document:
        """The document, locked, with what publishing it needs. Kept with the row of the request, which every step reads
        anew under its lock, so that a decision and its effect read the document once."""
        known: Document | None = getattr(request, "_locked_document", None)
        if known is None:
            known = locked_subject(request, **needed_to_publish())
            request._locked_document = known  # type: ignore[attr-defined]  # noqa: SLF001 - our own mark on it
        return known

    def remit(self, subject: Document) -> Remit:
        """The remit that the document belongs to."""
        return subject.remit

    def title(self, subject: Document) -> str:
        """Number and title."""
        return title_of(subject)

    def url(self, subject: Document) -> str:
        """The document's page."""
        return subject.get_absolute_url()

    def authors(self, subject: Document, version: UUID | None) -> frozenset[int]:
        """The natural persons who wrote or edited that revision since the version before it."""
        return writers_of(subject, version) if version is not None else frozenset()

    def current_hash(self, subject: Document, version: UUID | None) -> str:
        """The hash of the revision while it is still the draft or the version in force; else empty."""
        for revision in (subject.draft, subject.in_force):
            if revision is not None and revision.public_id == version:
                return revision.content_hash
        return ""

    def apply(self, request: Request, *, actor: Any, change: ledger.Change) -> None:
        """The approved version is in force or waits for its day; the approved retirement likewise."""
        document = self.locked(request)
        if request.kind == Request.Kind.RETIREMENT:
            take_retirement(change, document=document, request=request)
        else:
            take_approval(change, document=document, request=request, actor=actor)

    def release(self, request: Request, *, outcome: str, actor: Any, change: ledger.Change) -> None:
        """The draft stays with its authors; a retirement that was not approved names no successor any more."""
        document = self.locked(request)
        if request.kind == Request.Kind.RETIREMENT:
            if not document.is_retired:
                end_proposal(change, document=document, request=request)
        elif request.kind == Request.Kind.PUBLICATION and document.draft_id is not None:
            after = {"request": request.number, "outcome": outcome}
            record(change, events.DRAFT_RETURNED, document, after=after)

    def withdraw(self, request: Request, *, actor: Any, change: ledger.Change) -> None:
        """The version that a post-publication review rejects is in force no longer, and the document with it.

        Where another version took its place meanwhile, that one stays: it has a review of its own.
        """
        document = self.locked(request)
        if document.in_force is not None and document.in_force.public_id == request.subject_version:
            retire_document(
                change, document=document, request=request, reason=f"Withdrawn in the review of {request.number}."
            )
        elif document.approved is not None and document.approved.public_id == request.subject_version:
            document.approved = None
            document.save(update_fields=["approved"])
            record(change, events.DRAFT_RETURNED, document, after={"request": request.number, "outcome": "withdrawn"})

    def affected(self, subject: Document) -> dict[str, Any]:
        """The units and people that the document applies to."""
        return affected_by(subject)

    def find(self, actor: Any, reference: str) -> Document | None:
        """The document of that number or other reference, if the actor may see it."""
        return presenting.found_document(actor, reference)

    def clauses(self, actor: Any, subject: Document) -> list[tuple[str, str]]:
        """The clauses of the version in force."""
        return presenting.clauses_in_force(subject) if policy.can(actor, Right.READ, subject) else []

    def clause_of(self, subject: Document, public_id: str) -> tuple[UUID | None, str]:
        """A clause of the document."""
        return presenting.clause_of(subject, public_id)

    def presentation(self, actor: Any, request: Request) -> dict[str, Any]:
        """What would change, or did."""
        return presenting.request_presentation(actor, request)

    def version_is_open(self, actor: Any, version: UUID) -> bool:
        """Whether the actor may read that revision."""
        return presenting.version_is_open(actor, version)

    def in_force(self, unit: BusinessUnit | None = None) -> bool:
        """Whether any document is in force, in the unit's remits if one is given."""
        documents = Document.objects.filter(in_force__isnull=False)
        if unit is not None:
            documents = documents.filter(remit__unit=unit)
        return documents.exists()


class ImportSubject:
    """Import batches as governance sees them: one approval for all the documents of a batch."""

    key: str = IMPORT_SUBJECT

    def queryset(self) -> "QuerySet[ImportBatch]":
        """Every batch."""
        return ImportBatch.objects.select_related("remit__unit", "imported_by")

    def locked(self, request: Request) -> ImportBatch:
        """The batch, locked."""
        return locked_batch(ImportBatch.objects.get(public_id=request.subject_id))

    def remit(self, subject: ImportBatch) -> Remit:
        """The remit that it was imported into."""
        return subject.remit

    def title(self, subject: ImportBatch) -> str:
        """Number and source."""
        return str(subject)

    def url(self, subject: ImportBatch) -> str:
        """The batch's page."""
        return subject.get_absolute_url()

    def authors(self, subject: ImportBatch, version: UUID | None) -> frozenset[int]:
        """Whoever imported it counts as its author."""
        return importers_of(subject)

    def current_hash(self, subject: ImportBatch, version: UUID | None) -> str:
        """The hash of what the batch brings while it waits for its approval; else empty."""
        waits = subject.state == ImportBatch.State.WAITING and version == subject.public_id
        return content_hash(subject) if waits else ""

    def apply(self, request: Request, *, actor: Any, change: ledger.Change) -> None:
        """The newest revision of every document of the batch is in force."""
        take_import(change, batch=self.locked(request), word=Word(actor, request=request))

    def release(self, request: Request, *, outcome: str, actor: Any, change: ledger.Change) -> None:
        """The batch is not in force and can be put to the deciders again."""
        refuse_import(change, batch=self.locked(request), request=request, outcome=outcome)

    def withdraw(self, request: Request, *, actor: Any, change: ledger.Change) -> None:
        """The documents that the batch brought into force are withdrawn."""
        withdraw_import(change, batch=self.locked(request), request=request)

    def affected(self, subject: ImportBatch) -> dict[str, Any]:
        """The units and people that documents of the remit apply to."""
        return affected_in(subject.remit)

    def find(self, actor: Any, reference: str) -> ImportBatch | None:
        """The batch of that number, if the actor may see it."""
        return imports.batches_visible_to(actor).filter(number__iexact=reference[:20].replace("\x00", "")).first()

    def clauses(self, actor: Any, subject: ImportBatch) -> list[tuple[str, str]]:
        """A batch has none."""
        return []

    def clause_of(self, subject: ImportBatch, public_id: str) -> tuple[UUID | None, str]:
        """A batch has none."""
        return None, ""

    def presentation(self, actor: Any, request: Request) -> dict[str, Any]:
        """The documents of the batch with their new revisions."""
        return imports.request_presentation(actor, request)

    def version_is_open(self, actor: Any, version: UUID) -> bool:
        """Whether the actor may see the batch."""
        return imports.batches_visible_to(actor).filter(public_id=version).exists()

    def in_force(self, unit: BusinessUnit | None = None) -> bool:
        """Never by itself: its documents answer for themselves."""
        return False


def index_document(entry: LedgerEntryView) -> None:
    """Search finds the document by what it says now. Told twice, it does the same twice."""
    index_documents(Document.objects.filter(public_id=UUID(entry.subject_key)))


def index_import(entry: LedgerEntryView) -> None:
    """Search finds every document that the import brought."""
    index_documents(
        Document.objects.filter(
            pk__in=Revision.objects.filter(import_entries__batch__public_id=UUID(entry.subject_key)).values(
                "document_id"
            )
        )
    )


subjects.register(DocumentSubject())
subjects.register(ImportSubject())
ledger.subscribe(
    events.DOCUMENT_CREATED,
    events.DOCUMENT_PUBLISHED,
    events.DOCUMENT_SCHEDULED,
    events.DOCUMENT_RETIRED,
    events.DOCUMENT_TAGS_CHANGED,
    events.DOCUMENT_ALIAS_ADDED,
    events.DRAFT_STARTED,
    events.DRAFT_SAVED,
    events.DRAFT_DISCARDED,
    name="knowledge.index",
    handler=index_document,
)
ledger.subscribe(
    events.IMPORT_FINISHED,
    events.IMPORT_ATTESTED,
    events.IMPORT_APPROVED,
    name="knowledge.index_import",
    handler=index_import,
)
