"""Imports: begun from an upload or a source of the server, watched, carried on, and put to their deciders."""

from collections.abc import Callable
from typing import Any

from django.http import Http404
from django.urls import reverse
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from governance.api.operations import lists, shows, writes
from governance.api.people import PersonSerializer
from governance.api.requests import RequestSerializer
from governance.api.requests import address_of as address_of_request
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.errors import Denied, Invalid
from governance.models import Remit
from governance.rights import Right
from governance.scopes import Scope
from governance.selectors.requests import requests_visible_to
from knowledge.actions import imports as actions
from knowledge.actions.imports_uploads import lay_aside, throw_away
from knowledge.api.documents import CAPABILITIES
from knowledge.forms.imports import server_sources, upload_problem
from knowledge.models import KINDS, ImportBatch
from knowledge.selectors import imports as selectors
from knowledge.selectors.remits import holds_anywhere
from knowledge.tasks import run_import_soon


class ImportSerializer(serializers.ModelSerializer[ImportBatch]):
    """An import as a list shows it."""

    url = serializers.CharField(source="get_absolute_url", read_only=True, help_text="Its page.")
    name = serializers.CharField(read_only=True, help_text="What the source is called.")
    unit = serializers.CharField(source="remit.unit.code", read_only=True)
    capability = serializers.CharField(source="remit.capability", read_only=True)
    imported_by = PersonSerializer(read_only=True)

    class Meta:
        model = ImportBatch
        fields = (
            "number",
            "url",
            "name",
            "unit",
            "capability",
            "state",
            "imported_by",
            "started_at",
            "finished_at",
            "documents_total",
            "documents_done",
            "documents_new",
            "revisions_new",
        )
        read_only_fields = fields


class ImportedSerializer(serializers.Serializer[Any]):
    """A document of an import."""

    number = serializers.CharField(source="revision.document.number", read_only=True)
    title = serializers.CharField(source="revision.title", read_only=True)
    revisions = serializers.IntegerField(read_only=True, help_text="How many came with it.")
    retires = serializers.BooleanField(read_only=True, help_text="The source deleted it.")
    url = serializers.CharField(read_only=True)


class ImportProblemSerializer(serializers.Serializer[Any]):
    """What could not be read, or was read otherwise than it stands."""

    path = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True)
    severity = serializers.CharField(read_only=True)


class ImportDetailSerializer(ImportSerializer):
    """An import with the first of its documents and problems, and the request that asks for its approval."""

    documents = ImportedSerializer(source="shown.lines", many=True, read_only=True)
    document_count = serializers.IntegerField(source="shown.line_count", read_only=True)
    problems = ImportProblemSerializer(source="shown.problems", many=True, read_only=True)
    problem_count = serializers.IntegerField(source="shown.problem_count", read_only=True)
    request = serializers.CharField(
        source="shown.request", read_only=True, help_text="Number of its request, where the person may see it."
    )

    class Meta:
        model = ImportBatch
        fields = (
            *ImportSerializer.Meta.fields,
            "attestation",
            "documents",
            "document_count",
            "problems",
            "problem_count",
            "request",
        )
        read_only_fields = fields


class SourceSerializer(serializers.Serializer[Any]):
    """A folder or repository of the server."""

    name = serializers.CharField(read_only=True)


class _ImportWishSerializer(serializers.Serializer[Any]):
    """Where an import goes, and how it is read."""

    unit = serializers.CharField(max_length=32, help_text="Code of the unit that will own the documents.")
    capability = serializers.ChoiceField(choices=CAPABILITIES, help_text="Their subject.")
    kind = serializers.ChoiceField(
        choices=["", *KINDS], required=False, default="", help_text="Of every document; else as each says itself."
    )
    path_glob = serializers.CharField(
        max_length=actions.LONGEST_GLOB,
        required=False,
        allow_blank=True,
        default="",
        help_text="Path patterns, one on each line; else every Markdown file.",
    )
    attestation = serializers.CharField(
        max_length=actions.LONGEST_REASON,
        required=False,
        allow_blank=True,
        default="",
        help_text="Takes it into force on your word, without an approval, and says why.",
    )


class ImportFolderSerializer(_ImportWishSerializer):
    """An import of a folder or repository of the server, named as in the list of sources."""

    folder = serializers.CharField(max_length=500)


class ImportUploadSerializer(_ImportWishSerializer):
    """An import of a Git bundle, or of a zip of a folder."""

    file = serializers.FileField(help_text="At most 200 MB.")


class ImportList(ApiView):
    """The imports that the person may see."""

    @lists("import_list", ImportSerializer, order=("-started_at", "-pk"))
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List imports, newest first."""
        return self.page(selectors.batches_visible_to(request.user))

    @writes("import_start", ImportSerializer, takes=ImportFolderSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Begin an import of a folder or repository of the server. It then runs by itself."""
        refuse_who_imports_nowhere(request.user)
        path = next((path for path, name in server_sources() if name == self.asked["folder"]), None)
        if path is None:
            raise Invalid({"folder": "The server has no such source. `imports/sources/` lists those that it has."})
        made = begin(request.user, self.asked, lambda: path, field="folder")
        return self.done(made, at=address_of(made))


class ImportUploads(ApiView):
    """Imports of what is sent along."""

    parser_classes = (MultiPartParser,)

    @writes("import_upload", ImportSerializer, takes=ImportUploadSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Begin an import of an uploaded Git bundle or zip. It then runs by itself."""
        refuse_who_imports_nowhere(request.user)
        upload = self.asked["file"]
        problem = upload_problem(upload)
        if problem:
            raise Invalid({"file": problem})
        made = begin(request.user, self.asked, lambda: lay_aside(upload), field="file")
        return self.done(made, at=address_of(made))


class ImportSources(ApiView):
    """What the server has to be imported."""

    @lists("import_source_list", SourceSerializer, whole=True)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List the folders and repositories of the server, for those who may import."""
        refuse_who_imports_nowhere(request.user)
        return self.several([{"name": name} for _, name in server_sources()])


class ImportDetail(ApiView):
    """One import."""

    @shows("import_show", ImportDetailSerializer)
    def get(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Show how far an import is, what it brought and what it could not read."""
        page = found_page(request.user, number)
        row: Any = page.batch
        row.shown = {
            "lines": page.lines,
            "line_count": page.line_count,
            "problems": [*page.skipped, *page.notes],
            "problem_count": page.skipped_count + page.note_count,
            "request": _request_of(request.user, page),
        }
        return self.thing(row)


class ImportContinuation(ApiView):
    """An import that stopped before its end."""

    @writes("import_continue", ImportSerializer, scope=Scope.WRITE)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Let an import that stopped go on."""
        batch = actions.continue_import(actor=request.user, batch=found_page(request.user, number).batch)
        run_import_soon(batch.pk)
        return self.done(batch)


class ImportRequest(ApiView):
    """The approval of an import."""

    @writes("import_ask_again", RequestSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Put an import that was refused to its deciders once more."""
        made = actions.ask_again(actor=request.user, batch=found_page(request.user, number).batch)
        return self.done(made, at=address_of_request(made))


def begin(actor: Any, said: dict[str, Any], place: Callable[[], str], *, field: str) -> ImportBatch:
    """The import stands and a job carries it on. What is wrong with its source stands at ``field``; an upload that is
    not imported is thrown away."""
    remit = _remit(actor, said)
    try:
        source = place()
        try:
            wanted = actions.NewImport(
                source=source,
                remit=remit,
                kind=said["kind"],
                path_glob=said["path_glob"],
                attestation=said["attestation"].strip(),
                in_background=True,
            )
            batch = actions.start_import(actor=actor, new=wanted)
        except (Invalid, Denied):
            throw_away(source)
            raise
    except Invalid as error:
        raise Invalid({field if name == "source" else name: words for name, words in error.fields.items()}) from error
    run_import_soon(batch.pk)
    return batch


def found_page(actor: Any, number: str) -> selectors.ImportPage:
    """Return the import's page; ``Http404`` for one that is hidden or absent."""
    try:
        return selectors.import_page(actor, number)
    except ImportBatch.DoesNotExist:
        raise Http404 from None


def address_of(batch: ImportBatch) -> str:
    """Return where the API shows the import."""
    return reverse("api-import", kwargs={"number": batch.number})


def refuse_who_imports_nowhere(actor: Any) -> None:
    """Return for whoever may import into some remit; else ``Denied``."""
    if not holds_anywhere(actor, Right.IMPORT):
        raise Denied("You may import nowhere. Whoever publishes in a unit imports there: ask its lead.")


def _remit(actor: Any, said: dict[str, Any]) -> Remit:
    remits = selectors.remits_to_import_into(actor)
    remit = remits.filter(unit__code__iexact=said["unit"], capability=said["capability"]).first()
    if remit is None:
        raise Denied("You may not import there: no open unit of this code lets you import on this subject.")
    return remit


def _request_of(actor: Any, page: selectors.ImportPage) -> str:
    asked = page.request
    seen = asked is not None and requests_visible_to(actor).filter(pk=asked.pk).exists()
    return asked.number if asked is not None and seen else ""
