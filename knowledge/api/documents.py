"""Controlled documents: listed and counted as in the library, shown, made, described beside their text, retired."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.http import Http404
from rest_framework import serializers

from governance.api.operations import lists, shows, writes
from governance.api.people import PersonSerializer
from governance.api.requests import RequestSerializer, text
from governance.api.requests import address_of as address_of_request
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.errors import Denied, Invalid
from governance.rights import Right
from governance.scopes import Scope
from governance.selectors.people import people
from governance.vocabulary import Capability, Classification, Role
from knowledge.actions import documents as actions
from knowledge.actions.retirement import propose_retirement
from knowledge.api.finding import address_of, found
from knowledge.api.revisions import RevisionReferenceSerializer
from knowledge.forms.library import ORDERS, DocumentFilters, FacetFilters, narrowing_of
from knowledge.models import KINDS, Document, Revision
from knowledge.selectors import library as selectors
from knowledge.selectors.documents import DocumentPage, document_page, rights_on_document, successor_for
from knowledge.selectors.presenting import found_document
from knowledge.selectors.remits import remits_where
from knowledge.selectors.statuses import standing_of_row
from knowledge.text.characters import MAX_BODY, MAX_TITLE
from knowledge.vocabulary import Status

CLASSIFICATIONS = [each.value for each in Classification]
CAPABILITIES = [each.value for each in Capability]
ROLES = [each.value for each in Role]
RIGHTS = [each.value for each in Right]
STATUSES = [each.value for each in Status]


class DocumentSerializer(serializers.ModelSerializer[Document]):
    """A document as a list shows it. ``next_status`` is where its next version stands, empty where there is none that
    the person may know of."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    url = serializers.CharField(source="get_absolute_url", read_only=True, help_text="Its page.")
    unit = serializers.CharField(source="remit.unit.code", read_only=True, help_text="Code of the unit that owns it.")
    capability = serializers.ChoiceField(choices=CAPABILITIES, source="remit.capability", read_only=True)
    status = serializers.ChoiceField(choices=STATUSES, source="standing.status.value", read_only=True)
    next_status = serializers.ChoiceField(
        choices=STATUSES, allow_blank=True, source="standing.next.value", default="", read_only=True
    )
    version = serializers.IntegerField(source="version_number", read_only=True, allow_null=True)
    owner = PersonSerializer(source="owner_person", read_only=True, allow_null=True)
    deputy = PersonSerializer(source="owner_deputy", read_only=True, allow_null=True)
    tags = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = Document
        fields = (
            "id",
            "number",
            "url",
            "kind",
            "title",
            "unit",
            "capability",
            "classification",
            "language",
            "status",
            "next_status",
            "version",
            "in_force_since",
            "approval_recorded",
            "review_months",
            "next_review_on",
            "last_reviewed_on",
            "tags",
            "owner_role",
            "owner",
            "deputy",
            "retired_at",
        )
        read_only_fields = fields


class DocumentRightSerializer(serializers.Serializer[Any]):
    """Whether the person holds a right on it, and why or why not."""

    right = serializers.ChoiceField(choices=RIGHTS, read_only=True)
    allowed = serializers.BooleanField(read_only=True)
    reason = serializers.CharField(read_only=True)


class StandingExceptionSerializer(serializers.Serializer[Any]):
    """An exception in force from the document."""

    number = serializers.CharField(read_only=True)
    unit = serializers.CharField(source="request.asking_unit.code", default="", read_only=True)
    clause = serializers.UUIDField(read_only=True, allow_null=True)
    until = serializers.DateField(read_only=True)


class DocumentDetailSerializer(DocumentSerializer):
    """A document with its pointers and what stands beside its text. ``draft`` and ``approved`` are there for those who
    may read drafts."""

    in_force = RevisionReferenceSerializer(read_only=True, allow_null=True)
    approved = RevisionReferenceSerializer(source="shown.approved", read_only=True, allow_null=True)
    draft = RevisionReferenceSerializer(source="shown.draft", read_only=True, allow_null=True)
    draft_request = serializers.CharField(
        source="shown.draft_request", read_only=True, help_text="Number of the request in which the draft waits."
    )
    successor = serializers.CharField(
        source="shown.successor", read_only=True, allow_null=True, help_text="Number of what took its place."
    )
    aliases = serializers.ListField(
        source="shown.aliases", child=serializers.CharField(), read_only=True, help_text="Other references."
    )
    exceptions = StandingExceptionSerializer(source="shown.exceptions", many=True, read_only=True)

    class Meta:
        model = Document
        fields = (
            *DocumentSerializer.Meta.fields,
            "retired_reason",
            "in_force",
            "approved",
            "draft",
            "draft_request",
            "successor",
            "aliases",
            "exceptions",
        )
        read_only_fields = fields


class ChoiceSerializer(serializers.Serializer[Any]):
    """A value with how many documents have it."""

    value = serializers.CharField(read_only=True)
    name = serializers.CharField(source="label", read_only=True, help_text="As people read it.")
    count = serializers.IntegerField(read_only=True)


class FacetsSerializer(serializers.Serializer[Any]):
    """What the list can be narrowed by; each counts under all filters but its own."""

    total = serializers.IntegerField(read_only=True)
    status = ChoiceSerializer(source="statuses", many=True, read_only=True)
    unit = ChoiceSerializer(source="units", many=True, read_only=True)
    capability = ChoiceSerializer(source="capabilities", many=True, read_only=True)
    kind = ChoiceSerializer(source="kinds", many=True, read_only=True)
    review = ChoiceSerializer(source="reviews", many=True, read_only=True)
    tag = ChoiceSerializer(source="tags", many=True, read_only=True)


class NewDocumentSerializer(serializers.Serializer[Any]):
    """A new document with its first draft. Without ``review_months`` it takes what is usual for its kind."""

    unit = serializers.CharField(max_length=32, help_text="Code of the unit that owns it.")
    capability = serializers.ChoiceField(choices=CAPABILITIES, help_text="Its subject.")
    kind = serializers.ChoiceField(choices=list(KINDS))
    title = serializers.CharField(max_length=MAX_TITLE, trim_whitespace=False)
    body = serializers.CharField(
        max_length=MAX_BODY, trim_whitespace=False, required=False, allow_blank=True, default="", help_text="Markdown."
    )
    reason = text(required=False, allow_blank=True, default="", help_text="Why; needed to submit.")
    effective_on = serializers.DateField(required=False, allow_null=True, default=None)
    classification = serializers.ChoiceField(choices=CLASSIFICATIONS, required=False, default="internal")
    review_months = serializers.IntegerField(required=False, allow_null=True, default=None)
    tags = serializers.ListField(child=serializers.CharField(max_length=200), required=False, default=list)


class OwnerSerializer(serializers.Serializer[Any]):
    """Who owns the document: a role in its remit, and by name if given."""

    role = serializers.ChoiceField(choices=ROLES)
    person = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="Id of the owner by name.")
    deputy = serializers.UUIDField(required=False, allow_null=True, default=None)
    reason = text(required=False, allow_blank=True, default="")


class ClassificationSerializer(serializers.Serializer[Any]):
    """Who may read the document at all."""

    classification = serializers.ChoiceField(choices=CLASSIFICATIONS)
    reason = text(required=False, allow_blank=True, default="")


class IntervalSerializer(serializers.Serializer[Any]):
    """How often the document is reviewed."""

    months = serializers.IntegerField()
    reason = text(required=False, allow_blank=True, default="")


class TagsSerializer(serializers.Serializer[Any]):
    """The document's tags, all of them."""

    tags = serializers.ListField(child=serializers.CharField(max_length=200))


class AliasSerializer(serializers.Serializer[Any]):
    """Another reference under which the document is found."""

    alias = serializers.CharField(max_length=200)


class RetireSerializer(serializers.Serializer[Any]):
    """Why a document is retired, what follows it and from when."""

    reason = text()
    successor = serializers.CharField(required=False, allow_blank=True, default="", max_length=100, help_text="Number.")
    effective_on = serializers.DateField(required=False, allow_null=True, default=None)


class DocumentList(ApiView):
    """The library."""

    @lists("document_list", DocumentSerializer, order=ORDERS["updated"], filters=DocumentFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List the documents that the person may see, the latest change first. Searched, but not by relevance."""
        rows = selectors.documents_matching(request.user, narrowing_of(self.filters))
        return self.page(rows, order=ORDERS[self.filters["sort"] or "updated"], prepare=with_standing)

    @writes("document_create", DocumentDetailSerializer, takes=NewDocumentSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Make a document with its first draft, where the person may draft."""
        said = dict(self.asked)
        code, capability = said.pop("unit"), said.pop("capability")
        remit = remits_where(request.user, Right.DRAFT).filter(unit__code__iexact=code, capability=capability).first()
        if remit is None:
            raise Denied(
                "You cannot write documents there: no open unit of this code lets you draft on this subject. Ask for a "
                "change to an existing document instead."
            )
        made = actions.create_document(actor=request.user, new=actions.NewDocument(remit=remit, **said))
        return self.done(shown(request.user, made.number), at=address_of(made))


class DocumentFacets(ApiView):
    """The library's counts."""

    @shows("document_count", FacetsSerializer, filters=FacetFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Count the documents of a list by status, unit, capability, kind, review and tag."""
        return self.thing(selectors.facets(request.user, narrowing_of(self.filters)))


class DocumentDetail(ApiView):
    """One document."""

    @shows("document_show", DocumentDetailSerializer)
    def get(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Show a document, found by its number or another reference. Its text is that of `revisions/current/`."""
        return self.thing(shown(request.user, ref))


class DocumentRights(ApiView):
    """What the person may do with a document."""

    @lists("document_right_list", DocumentRightSerializer, whole=True)
    def get(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """List every right with whether the person holds it on the document, and why or why not."""
        held = rights_on_document(request.user, found(request.user, ref))
        return self.several(
            [
                {"right": right.value, "allowed": decision.allowed, "reason": decision.sentence}
                for right, decision in held.items()
            ]
        )


class DocumentOwner(ApiView):
    """Who owns a document."""

    @writes("document_change_owner", DocumentDetailSerializer, takes=OwnerSerializer, scope=Scope.WRITE, matches=True)
    def put(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Change who owns a document: the post, and the owner and deputy by name."""
        document = shown(request.user, ref)
        self.match(document, again=lambda: shown(request.user, ref))
        said = dict(self.asked)
        for name in ("person", "deputy"):
            said[name] = _person(request.user, said[name], name)
        actions.change_owner(actor=request.user, document=document, **said)
        return self.done(shown(request.user, ref))


class DocumentClassification(ApiView):
    """Who may read a document at all."""

    @writes(
        "document_reclassify",
        DocumentDetailSerializer,
        takes=ClassificationSerializer,
        scope=Scope.WRITE,
        matches=True,
    )
    def put(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Change a document's classification."""
        document = shown(request.user, ref)
        self.match(document, again=lambda: shown(request.user, ref))
        actions.change_classification(actor=request.user, document=document, **self.asked)
        return self.done(shown(request.user, ref))


class DocumentInterval(ApiView):
    """How often a document is reviewed."""

    @writes(
        "document_change_interval", DocumentDetailSerializer, takes=IntervalSerializer, scope=Scope.WRITE, matches=True
    )
    def put(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Change how often a document is reviewed."""
        document = shown(request.user, ref)
        self.match(document, again=lambda: shown(request.user, ref))
        actions.change_review_interval(actor=request.user, document=document, **self.asked)
        return self.done(shown(request.user, ref))


class DocumentTags(ApiView):
    """A document's tags."""

    @writes("document_change_tags", DocumentDetailSerializer, takes=TagsSerializer, scope=Scope.WRITE, matches=True)
    def put(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Give a document exactly these tags."""
        document = shown(request.user, ref)
        self.match(document, again=lambda: shown(request.user, ref))
        actions.change_tags(actor=request.user, document=document, **self.asked)
        return self.done(shown(request.user, ref))


class DocumentAliases(ApiView):
    """Other references to a document."""

    @writes("document_add_alias", DocumentDetailSerializer, takes=AliasSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Let a document be found under another reference, too."""
        document = found(request.user, ref)
        actions.add_alias(actor=request.user, document=document, value=self.asked["alias"])
        return self.done(shown(request.user, document.number))


class DocumentRetirement(ApiView):
    """The end of a document."""

    @writes("document_retire", RequestSerializer, takes=RetireSerializer, scope=Scope.DECIDE, status=201)
    def post(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Propose to retire a document; the deciders of its remit are asked."""
        document = found(request.user, ref)
        said = dict(self.asked)
        said["successor"] = _successor(request.user, said["successor"].strip())
        made = propose_retirement(actor=request.user, document=document, **said)
        return self.done(made, at=address_of_request(made))


def with_standing(rows: list[Any]) -> Sequence[Any]:
    """The rows of a list, each with where it stands."""
    for row in rows:
        row.standing = standing_of_row(row)
    return rows


def shown(actor: Any, ref: str) -> Document:
    """Return the document with what its page says beside it; ``Http404`` for one that is hidden or absent."""
    try:
        page = document_page(actor, ref)
    except (Document.DoesNotExist, Revision.DoesNotExist):
        raise Http404 from None
    return _beside(actor, page)


def _beside(actor: Any, page: DocumentPage) -> Document:
    row: Any = page.document
    after = successor_for(actor, page.document)
    row.standing = page.standing
    row.shown = {
        "approved": row.approved if page.sees_draft else None,
        "draft": row.draft if page.sees_draft else None,
        "draft_request": page.draft_request,
        "successor": after.number if after is not None else None,
        "aliases": list(page.document.aliases.order_by("value").values_list("value", flat=True)),
        "exceptions": page.exceptions,
    }
    return page.document


def _person(actor: Any, public_id: UUID | None, name: str) -> Any:
    if public_id is None:
        return None
    person = people(actor).filter(public_id=public_id, is_active=True).first()
    if person is None:
        raise Invalid({name: "There is nobody with this id."})
    return get_user_model().objects.get(pk=person.pk)


def _successor(actor: Any, reference: str) -> Document | None:
    if not reference:
        return None
    after = found_document(actor, reference)
    if after is None:
        raise Invalid({"successor": "You see no document of this number. Check it, or leave the field out."})
    return after
