"""Revisions: a document's history, each text with its clauses and files, and any two of them compared."""

from typing import Any

from django.http import FileResponse, Http404
from rest_framework import serializers

from governance.api.operations import downloads, lists, shows
from governance.api.people import PersonSerializer
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.selectors.ledger import EntryLine, lines
from knowledge.api.finding import found, found_revision
from knowledge.models import ClauseVersion, Document, Revision, RevisionAttachment
from knowledge.selectors.history import HistoryLine, events_told, history_line, revisions_told
from knowledge.selectors.revisions import Compared, attachment_named, clauses_of, compare_revisions
from knowledge.text.characters import clean_line


def name_of(revision: Revision) -> str:
    """Return what the revision is called in addresses: its version number, else ``r`` and its sequence."""
    publication = getattr(revision, "publication", None)
    return str(publication.version_number) if publication is not None else f"r{revision.sequence}"


class RevisionReferenceSerializer(serializers.Serializer[Any]):
    """A revision as other things name it. ``name`` stands in its address."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    name = serializers.SerializerMethodField(help_text="A version number, or `r` and the number of the saved text.")
    title = serializers.CharField(read_only=True)
    hash = serializers.CharField(source="content_hash", read_only=True, help_text="What an approval is bound to.")

    def get_name(self, row: Revision) -> str:
        """A version number, else the number of the saved text."""
        return name_of(row)


class ApprovalSerializer(serializers.Serializer[Any]):
    """One person's decision on a revision."""

    name = serializers.CharField(read_only=True, help_text="As it was printed beside the decision.")
    verdict = serializers.CharField(read_only=True)
    comment = serializers.CharField(read_only=True)
    decided_at = serializers.DateTimeField(read_only=True)
    stage = serializers.CharField(read_only=True)
    request = serializers.CharField(read_only=True, help_text="Number of the request.")


class RevisionSerializer(serializers.Serializer[Any]):
    """A line of the history. ``version`` is there once it was published."""

    id = serializers.UUIDField(source="revision.public_id", read_only=True)
    name = serializers.CharField(read_only=True, help_text="What it is called in addresses.")
    sequence = serializers.IntegerField(source="revision.sequence", read_only=True)
    version = serializers.IntegerField(
        source="publication.version_number", default=None, allow_null=True, read_only=True
    )
    standing = serializers.CharField(source="label", read_only=True, help_text="Where it stands, in a word.")
    title = serializers.CharField(source="revision.title", read_only=True)
    author = serializers.CharField(read_only=True)
    at = serializers.DateTimeField(read_only=True)
    reason = serializers.CharField(read_only=True)
    hash = serializers.CharField(source="revision.content_hash", read_only=True)
    effective_from = serializers.DateField(
        source="publication.effective_from", default=None, allow_null=True, read_only=True
    )
    effective_to = serializers.DateField(
        source="publication.effective_to", default=None, allow_null=True, read_only=True
    )
    is_imported = serializers.BooleanField(source="revision.is_imported", read_only=True)
    approval = serializers.CharField(read_only=True, help_text="Why no approval stands behind it; else empty.")
    approvals = ApprovalSerializer(many=True, read_only=True)


class RevisionFileSerializer(serializers.Serializer[Any]):
    """A file of a revision."""

    name = serializers.CharField(read_only=True)
    media_type = serializers.CharField(read_only=True)
    size = serializers.IntegerField(read_only=True, help_text="Bytes.")
    sha256 = serializers.CharField(read_only=True)


class HeadingSerializer(serializers.Serializer[Any]):
    """A line of the table of contents."""

    level = serializers.IntegerField(read_only=True)
    text = serializers.CharField(read_only=True)
    anchor = serializers.CharField(read_only=True)


class RevisionDetailSerializer(RevisionReferenceSerializer):
    """A text with everything that belongs to it. ``html`` is safe to show; ``body`` is Markdown."""

    sequence = serializers.IntegerField(read_only=True)
    version = serializers.IntegerField(
        source="publication.version_number", default=None, allow_null=True, read_only=True
    )
    basis = serializers.CharField(
        source="publication.basis",
        default=None,
        allow_null=True,
        read_only=True,
        help_text="approved, attested (on a publisher's word) or not_recorded, once it was published.",
    )
    effective_from = serializers.DateField(
        source="publication.effective_from", default=None, allow_null=True, read_only=True
    )
    effective_to = serializers.DateField(
        source="publication.effective_to", default=None, allow_null=True, read_only=True
    )
    reason = serializers.CharField(read_only=True)
    effective_on = serializers.DateField(read_only=True, allow_null=True, help_text="The day that was asked for.")
    created_by = PersonSerializer(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(read_only=True)
    is_imported = serializers.BooleanField(read_only=True)
    body = serializers.CharField(read_only=True)
    html = serializers.CharField(read_only=True)
    contents = HeadingSerializer(many=True, read_only=True)
    files = RevisionFileSerializer(source="manifest", many=True, read_only=True)


class ClauseSerializer(serializers.ModelSerializer[ClauseVersion]):
    """What a clause says in one revision. ``id`` stays the same through all revisions."""

    id = serializers.UUIDField(source="clause.public_id", read_only=True)

    class Meta:
        model = ClauseVersion
        fields = ("id", "number", "anchor", "level", "heading", "text")
        read_only_fields = fields


class SegmentSerializer(serializers.Serializer[Any]):
    """A run of words: same, added or removed."""

    kind = serializers.CharField(read_only=True)
    text = serializers.CharField(read_only=True)


class BlockSerializer(serializers.Serializer[Any]):
    """A block of the comparison: same, added, removed, changed or moved."""

    kind = serializers.CharField(read_only=True)
    shape = serializers.CharField(read_only=True, help_text="heading, paragraph, item, table, code or other.")
    number = serializers.CharField(read_only=True, help_text="Of the clause that it belongs to.")
    old_number = serializers.CharField(read_only=True)
    states_clause = serializers.BooleanField(read_only=True)
    segments = SegmentSerializer(many=True, read_only=True)


class MetadataChangeSerializer(serializers.Serializer[Any]):
    """A field beside the text that says something else now."""

    field = serializers.CharField(source="key", read_only=True)
    old = serializers.CharField(read_only=True)
    new = serializers.CharField(read_only=True)


class CountsSerializer(serializers.Serializer[Any]):
    """How many were added, removed, changed, moved and left the same."""

    added = serializers.IntegerField(read_only=True)
    removed = serializers.IntegerField(read_only=True)
    changed = serializers.IntegerField(read_only=True)
    moved = serializers.IntegerField(read_only=True)
    same = serializers.IntegerField(read_only=True)


class ComparisonSerializer(serializers.Serializer[Any]):
    """What changed from ``old`` to ``new``, in the order of the newer text."""

    old = RevisionReferenceSerializer(read_only=True)
    new = RevisionReferenceSerializer(read_only=True)
    is_same = serializers.BooleanField(source="comparison.is_same", read_only=True)
    blocks_changed = CountsSerializer(source="comparison.counts", read_only=True)
    clauses_changed = CountsSerializer(source="comparison.clause_counts", read_only=True)
    metadata = MetadataChangeSerializer(source="comparison.metadata", many=True, read_only=True)
    blocks = BlockSerializer(source="comparison.blocks", many=True, read_only=True)


class EventSerializer(serializers.Serializer[Any]):
    """Something that happened to the document, as the ledger holds it."""

    event = serializers.CharField(source="entry.event", read_only=True)
    sentence = serializers.CharField(read_only=True)
    by = serializers.CharField(source="actor_name", read_only=True)
    on_behalf_of = serializers.CharField(source="on_behalf_of_name", read_only=True)
    at = serializers.DateTimeField(source="entry.moment", read_only=True)
    reason = serializers.CharField(source="entry.reason", read_only=True)
    hash = serializers.CharField(source="entry.hash", read_only=True, help_text="Of the ledger's entry.")


class RevisionList(ApiView):
    """The revisions of a document that the person may read."""

    @lists("revision_list", RevisionSerializer, order=("-sequence",))
    def get(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """List a document's history, newest first: published versions, and with the drafts every saved text."""
        document = found(request.user, ref)

        def told(rows: list[Any]) -> list[HistoryLine]:
            return [history_line(document, row) for row in rows]

        return self.page(revisions_told(request.user, document), prepare=told)


class RevisionDetail(ApiView):
    """One revision."""

    @shows("revision_show", RevisionDetailSerializer)
    def get(self, request: HttpRequest, ref: str, name: str) -> HttpResponseBase:
        """Show a revision with its text. It is named `3`, `current`, `approved`, `draft`, `r12` or by a day."""
        return self.thing(found_revision(request.user, found(request.user, ref), name))


class ClauseList(ApiView):
    """The clauses of a revision."""

    @lists("clause_list", ClauseSerializer, order=("order",))
    def get(self, request: HttpRequest, ref: str, name: str) -> HttpResponseBase:
        """List what each clause of a revision says, in their order."""
        return self.page(clauses_of(found_revision(request.user, found(request.user, ref), name)))


class Comparison(ApiView):
    """Two revisions of a document."""

    @shows("revision_compare", ComparisonSerializer)
    def get(self, request: HttpRequest, ref: str, pair: str) -> HttpResponseBase:
        """Show what changed from one revision to another, named as in their addresses, such as `2..draft`."""
        document = found(request.user, ref)
        return self.thing(_compared(request.user, document, pair))


class EventList(ApiView):
    """What happened to a document."""

    @lists("document_event_list", EventSerializer, order=("-pk",))
    def get(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """List what happened to a document, newest first; of drafts for those who may read them."""
        document = found(request.user, ref)

        def told(rows: list[Any]) -> list[EntryLine]:
            return lines(rows)

        return self.page(events_told(request.user, document), prepare=told)


class FileDownload(ApiView):
    """A file of a revision."""

    @downloads("file_download")
    def get(self, request: HttpRequest, ref: str, revision: Any, name: str) -> HttpResponseBase:
        """Fetch a file of a revision as it was attached. Its name and hash stand in the revision's `files`."""
        try:
            file = attachment_named(request.user, revision, name)
        except RevisionAttachment.DoesNotExist:
            raise Http404 from None
        if file.revision.document.number.casefold() != ref.casefold():
            raise Http404
        return self.file(lambda: _handed_over(file), etag=f'"{file.attachment.sha256}"')


def _handed_over(file: RevisionAttachment) -> HttpResponseBase:
    """The file to be kept: nothing in it can run here, whatever shows it."""
    kept = file.attachment
    answer = FileResponse(
        kept.file.open("rb"),
        as_attachment=True,
        filename=clean_line(file.name.rpartition("/")[2]) or "file",
        content_type="application/octet-stream",
    )
    answer["Content-Length"] = str(kept.size)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _compared(actor: Any, document: Document, pair: str) -> Compared:
    old, dots, new = pair.partition("..")
    if not dots:
        raise Http404
    try:
        return compare_revisions(actor, document, old, new)
    except Revision.DoesNotExist:
        raise Http404 from None
