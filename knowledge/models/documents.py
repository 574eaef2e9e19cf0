"""Controlled documents and their immutable revisions."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from governance.governed import Governed
from governance.models import Remit, Request
from governance.vocabulary import Classification, Role

KINDS: dict[str, tuple[str, str, int]] = {
    # key: (name, prefix of the number, review interval in months)
    "policy": ("Policy", "POL", 12),
    "standard": ("Standard", "STD", 12),
    "guideline": ("Guideline", "GDL", 24),
    "procedure": ("Procedure", "PRC", 12),
    "pattern": ("Pattern", "PAT", 24),
    "technical_document": ("Technical document", "TEC", 24),
    "decision_record": ("Decision record", "DEC", 36),
    "strategy": ("Strategy", "STR", 12),
    "customer_management": ("Customer-management document", "CMD", 12),
}
"""Every kind of document, with the prefix of its number and its default review interval in months."""


class Document(models.Model):
    """A controlled document: an entity that never goes away, whose text is in its revisions.

    Three pointers say where it stands: ``draft`` (being written or in approval), ``approved`` (approved, in force from
    a later day) and ``in_force``. ``number`` is never reused; a retired document keeps it. ``owner_role`` in the remit
    is the post that owns it, with an optional person and deputy. ``title`` is the in-force title, else the draft's.
    ``first_published_at`` is set once and decides whether ``read`` (of published documents) reaches it at all.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=32, choices=[(key, value[0]) for key, value in KINDS.items()])
    title = models.CharField(max_length=300)
    remit = models.ForeignKey(Remit, on_delete=models.PROTECT, related_name="documents")
    classification = models.CharField(
        max_length=16, choices=[(c.value, c.value.capitalize()) for c in Classification], default="internal"
    )
    language = models.CharField(max_length=16, default="en")
    translation_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="translations"
    )
    draft = models.ForeignKey("Revision", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved = models.ForeignKey("Revision", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    in_force = models.ForeignKey("Revision", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    in_force_since = models.DateField(null=True, blank=True)
    version_number = models.PositiveIntegerField(null=True, blank=True, help_text="Of the revision in force.")
    approval_recorded = models.BooleanField(default=True, help_text="False while an attested import is in force.")
    first_published_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    retired_reason = models.CharField(max_length=500, blank=True)
    successor = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced")
    owner_role = models.CharField(
        max_length=8, choices=[(r.value, r.value.capitalize()) for r in Role], default=Role.LEAD.value
    )
    owner_person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="documents_owned"
    )
    owner_deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="documents_deputised"
    )
    owner_note = models.CharField(max_length=200, blank=True)
    review_months = models.PositiveSmallIntegerField(default=12)
    next_review_on = models.DateField(null=True, blank=True)
    last_reviewed_on = models.DateField(null=True, blank=True)
    review_is_estimated = models.BooleanField(default=False)
    tags = models.JSONField(default=list, blank=True)
    extra = models.JSONField(default=dict, blank=True, help_text="Front matter nobody knew, kept as it came.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField()

    governed: ClassVar[Governed] = Governed(
        remit="remit",
        subject="public_id",
        classification="classification",
        published="first_published_at",
        document_published="first_published_at",
        draft_version="draft__public_id",
        bundle="draft__import_entries__batch__public_id",
        owner_person="owner_person",
        owner_deputy="owner_deputy",
        owner_role="owner_role",
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["remit", "-updated_at", "-id"], name="document_by_remit"),
            models.Index(fields=["-updated_at", "-id"], name="document_newest_first"),
            models.Index(fields=["next_review_on"], name="document_review_due", condition=Q(retired_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        """The document's page."""
        return f"/s/{self.number}/"

    @property
    def is_retired(self) -> bool:
        """Whether the document was retired."""
        return self.retired_at is not None


class DocumentAlias(models.Model):
    """Another reference under which a document is found, for example the id it had where it was imported from."""

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="aliases")
    value = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["document", "value"], name="alias_once_per_document")]
        indexes: ClassVar = [models.Index(fields=["value"], name="alias_by_value")]


class Revision(models.Model):
    """One text of a document with its metadata, written once and never changed.

    ``sequence`` counts every saved text from 1. ``content_hash`` is SHA-256 over body, metadata and attachment
    manifest: an approval is bound to it. ``html``, ``plain`` and ``contents`` are rendered when the row is made.
    An imported revision carries its source's author, date and message, and claims no approval.
    """

    class Content(models.TextChoices):
        AUTHORED = "authored", "Written here"
        UPLOADED = "uploaded", "Uploaded file"
        LINKED = "linked", "Kept elsewhere"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="revisions")
    sequence = models.PositiveIntegerField()
    content_kind = models.CharField(max_length=16, choices=Content.choices, default=Content.AUTHORED)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    linked_url = models.URLField(max_length=1000, blank=True)
    metadata = models.JSONField(default=dict)
    manifest = models.JSONField(default=list)
    content_hash = models.CharField(max_length=64)
    html = models.TextField(blank=True)
    plain = models.TextField(blank=True)
    contents = models.JSONField(default=list)
    reason = models.TextField(blank=True, help_text="Why this revision, in the author's words.")
    effective_on = models.DateField(null=True, blank=True)
    based_on = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    is_imported = models.BooleanField(default=False)
    source_commit = models.CharField(max_length=64, blank=True)
    source_path = models.CharField(max_length=1000, blank=True)
    source_author = models.CharField(max_length=300, blank=True)
    source_date = models.DateTimeField(null=True, blank=True)
    source_message = models.TextField(blank=True)
    contributors = models.JSONField(default=list)

    governed: ClassVar[Governed] = Governed.below_document(
        "document",
        published="publication__published_at",
        version="public_id",
        bundle="import_entries__batch__public_id",
    )

    class Meta:
        ordering: ClassVar = ["document", "-sequence"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "sequence"], name="revision_sequence_is_unique")
        ]
        indexes: ClassVar = [models.Index(fields=["content_hash"], name="revision_by_hash")]

    def __str__(self) -> str:
        return f"{self.document_id} r{self.sequence}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the revision; a second save is refused."""
        if self.pk is not None:
            raise TypeError("A revision is never changed; save a new one.")
        super().save(*args, **kwargs)


class Publication(models.Model):
    """A revision's being published: its version number, since when it is in force and until when, and by whose word.

    ``basis`` says how it came to be: approved on a request, attested for an import, or not recorded (imported history).
    """

    class Basis(models.TextChoices):
        APPROVED = "approved", "Approved"
        ATTESTED = "attested", "Not approved: taken into force on the word of a publisher"
        NOT_RECORDED = "not_recorded", "Approval not recorded"

    revision = models.OneToOneField(Revision, primary_key=True, on_delete=models.PROTECT, related_name="publication")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="publications")
    version_number = models.PositiveIntegerField()
    basis = models.CharField(max_length=16, choices=Basis.choices)
    request = models.ForeignKey(Request, null=True, blank=True, on_delete=models.PROTECT, related_name="publications")
    published_at = models.DateTimeField()
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    effective_from = models.DateField()
    effective_to = models.DateField(null=True, blank=True)
    attestation = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "version_number"], name="version_number_is_unique")
        ]


class Clause(models.Model):
    """An addressable requirement of a document, the same through all its revisions."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="clauses")


class ClauseVersion(models.Model):
    """What a clause says in one revision, and where."""

    clause = models.ForeignKey(Clause, on_delete=models.PROTECT, related_name="versions")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="clauses")
    order = models.PositiveIntegerField()
    number = models.CharField(max_length=32)
    anchor = models.CharField(max_length=120)
    level = models.CharField(max_length=8, blank=True)
    heading = models.CharField(max_length=300, blank=True)
    text = models.TextField()

    governed: ClassVar[Governed] = Governed.below_document(
        "revision__document",
        published="revision__publication__published_at",
        version="revision__public_id",
        bundle="revision__import_entries__batch__public_id",
    )

    class Meta:
        ordering: ClassVar = ["revision", "order"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["revision", "anchor"], name="anchor_is_unique_in_a_revision"),
            models.UniqueConstraint(fields=["revision", "clause"], name="a_clause_stands_once_in_a_revision"),
        ]


class Attachment(models.Model):
    """A file as bytes under their SHA-256; revisions refer to it by name. Stored outside any public folder."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField(help_text="Bytes.")
    file = models.FileField(upload_to="attachments/")


class RevisionAttachment(models.Model):
    """A file that belongs to a revision, under the name the text refers to."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="attachments")
    attachment = models.ForeignKey(Attachment, on_delete=models.PROTECT, related_name="uses")
    name = models.CharField(max_length=500)

    governed: ClassVar[Governed] = Governed.below_document(
        "revision__document",
        published="revision__publication__published_at",
        version="revision__public_id",
        bundle="revision__import_entries__batch__public_id",
    )

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["revision", "name"], name="attachment_name_is_unique")]


class ReviewConfirmation(models.Model):
    """Somebody's word that the document in force is still right, with the next date it set. Written once."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="confirmations")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()
    comment = models.TextField(blank=True)
    was_due_on = models.DateField(null=True, blank=True)
    next_review_on = models.DateField()


class ReviewReminder(models.Model):
    """That somebody was reminded of one due review of one document, once for each kind of reminder and due date."""

    class Kind(models.TextChoices):
        DUE = "due", "Due"
        OVERDUE = "overdue", "Overdue"

    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="reminders")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    due_on = models.DateField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["document", "user", "kind", "due_on"], name="reminded_once")
        ]


class ImportBatch(models.Model):
    """One import of a source into a remit, with its progress. ``request`` asks the deciders for the one approval."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        WAITING = "waiting", "Waiting for approval"
        IN_FORCE = "in_force", "In force"
        REFUSED = "refused", "Refused"
        NOTHING_NEW = "nothing_new", "Nothing new"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=16, unique=True)
    source = models.CharField(max_length=1000)
    source_key = models.CharField(
        max_length=64, help_text="Root commit or a folder's name, and the remit: the same source again."
    )
    remit = models.ForeignKey(Remit, on_delete=models.PROTECT, related_name="imports")
    kind = models.CharField(max_length=32, blank=True)
    path_glob = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    attestation = models.TextField(blank=True)
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    documents_total = models.PositiveIntegerField(default=0)
    documents_done = models.PositiveIntegerField(default=0)
    documents_new = models.PositiveIntegerField(default=0)
    revisions_new = models.PositiveIntegerField(default=0)
    problems = models.JSONField(default=list)
    content_hash = models.CharField(max_length=64, blank=True)
    numbers = models.JSONField(
        default=dict, help_text="The number that each new document will have, for links that lead ahead."
    )
    in_background = models.BooleanField(default=False, help_text="Started from a page: a job carries it on.")

    governed: ClassVar[Governed] = Governed(remit="remit", subject="public_id", version="public_id")

    class Meta:
        ordering: ClassVar = ["-started_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["source_key", "state"], name="import_by_source")]

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    def get_absolute_url(self) -> str:
        """The import's page."""
        return f"/library/imports/{self.number}/"

    @property
    def name(self) -> str:
        """What people call the source: the last part of its path."""
        return self.source.replace("\\", "/").rstrip("/").rpartition("/")[2] or self.source

    @property
    def is_unfinished(self) -> bool:
        """Whether it still runs, or stopped before its end."""
        return self.state in {self.State.RUNNING, self.State.STOPPED}


class ImportedSource(models.Model):
    """Which document a path of a source became, and up to which commit it has been read; makes an import resumable."""

    document = models.OneToOneField(Document, primary_key=True, on_delete=models.PROTECT, related_name="source")
    source_key = models.CharField(max_length=64)
    path = models.CharField(max_length=1000, help_text="The key it has in its source: where it was first seen.")
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="sources")
    last_commit = models.CharField(max_length=64, blank=True)
    last_hash = models.CharField(max_length=64, blank=True)
    revisions = models.PositiveIntegerField(default=0)
    is_retired = models.BooleanField(default=False, help_text="The source deleted it, as far as it has been read.")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["source_key", "path"], name="imported_path_is_unique")]


class ImportedRevision(models.Model):
    """The newest revision of one document in a batch, whose taking force waits for the batch's approval.

    ``facts`` is what the source says beside the text (tags, review dates, ...), taken over when it takes force.
    """

    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="newest")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="import_entries")
    retires = models.BooleanField(default=False, help_text="The source deleted the document.")
    facts = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["batch", "revision"], name="imported_once_in_a_batch")]


__all__ = [
    "KINDS",
    "Attachment",
    "Clause",
    "ClauseVersion",
    "Document",
    "DocumentAlias",
    "ImportBatch",
    "ImportedRevision",
    "ImportedSource",
    "Publication",
    "ReviewConfirmation",
    "ReviewReminder",
    "Revision",
    "RevisionAttachment",
]
