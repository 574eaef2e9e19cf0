"""Drafts of the next version: begun, edited, discarded and submitted, each on the exact text that was read."""

from typing import Any

from django.http import Http404
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from governance.api.operations import shows, writes
from governance.api.people import PersonSerializer
from governance.api.requests import CommentSerializer, RequestSerializer, text
from governance.api.requests import address_of as address_of_request
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.permissions import policy
from governance.rights import Right
from governance.scopes import Scope
from knowledge.actions.attachments import attach_file, detach_file
from knowledge.actions.drafts import discard_draft, save_draft, start_revision, submit_draft
from knowledge.api.finding import found, found_revision
from knowledge.api.revisions import RevisionFileSerializer, RevisionReferenceSerializer
from knowledge.models import Document, Revision
from knowledge.text.characters import MAX_BODY, MAX_TITLE


class DraftSerializer(RevisionReferenceSerializer):
    """The draft of the next version. Its ETag names this exact text: send it as ``If-Match`` with every step."""

    sequence = serializers.IntegerField(read_only=True)
    body = serializers.CharField(read_only=True, help_text="Markdown.")
    reason = serializers.CharField(read_only=True, help_text="Why this version; needed to submit.")
    effective_on = serializers.DateField(read_only=True, allow_null=True, help_text="In force from; at once if null.")
    files = RevisionFileSerializer(source="manifest", many=True, read_only=True)
    saved_by = PersonSerializer(source="created_by", read_only=True, allow_null=True)
    saved_at = serializers.DateTimeField(source="created_at", read_only=True)


class StartSerializer(serializers.Serializer[Any]):
    """Why a next version is needed, if it is known already."""

    reason = text(required=False, allow_blank=True, default="")


class EditSerializer(serializers.Serializer[Any]):
    """What changes in the draft; what is left out stays."""

    title = serializers.CharField(max_length=MAX_TITLE, trim_whitespace=False, required=False)
    body = serializers.CharField(max_length=MAX_BODY, trim_whitespace=False, required=False, allow_blank=True)
    reason = text(required=False, allow_blank=True)
    effective_on = serializers.DateField(required=False, allow_null=True)


class AttachSerializer(serializers.Serializer[Any]):
    """A file to belong to the draft, under the name that it carries."""

    file = serializers.FileField(help_text="Pictures, PDF, office documents and plain text, at most 25 MB.")


class Draft(ApiView):
    """The draft of a document's next version."""

    @shows("draft_show", DraftSerializer)
    def get(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Show the draft."""
        return self.thing(standing_draft(request.user, found(request.user, ref)))

    @writes("draft_start", DraftSerializer, takes=StartSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Begin the next version, with the text of the one in force. There is one draft at a time."""
        document = found(request.user, ref)
        start_revision(actor=request.user, document=document, **self.asked)
        return self._now(ref)

    @writes("draft_save", DraftSerializer, takes=EditSerializer, scope=Scope.WRITE, matches=True)
    def patch(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Save the draft. One in approval loses that approval, for it is bound to the exact text."""
        document, draft = drafted(request.user, ref)
        self.match(draft, again=lambda: drafted(request.user, ref)[1])
        stands = {name: getattr(draft, name) for name in ("title", "body", "reason", "effective_on")}
        save_draft(actor=request.user, document=document, base=draft.public_id, **(stands | self.asked))
        return self._now(ref)

    def _now(self, ref: str) -> HttpResponseBase:
        return self.done(standing_draft(self.request.user, found(self.request.user, ref)))


class DraftDiscard(ApiView):
    """The end of a draft without a version."""

    @writes("draft_discard", None, takes=CommentSerializer, scope=Scope.WRITE, matches=True)
    def post(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Discard the draft. What was saved stays in the history."""
        document, draft = drafted(request.user, ref)
        self.match(draft, shape=DraftSerializer, again=lambda: drafted(request.user, ref)[1])
        discard_draft(actor=request.user, document=document, base=draft.public_id, reason=self.asked["comment"])
        return self.done()


class DraftSubmission(ApiView):
    """A draft on its way to those who decide."""

    @writes("draft_submit", RequestSerializer, takes=StartSerializer, scope=Scope.WRITE, status=201, matches=True)
    def post(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Submit this exact draft. The answer is the request; what is not ready yet stands in `fields`."""
        document, draft = drafted(request.user, ref)
        self.match(draft, shape=DraftSerializer, again=lambda: drafted(request.user, ref)[1])
        made = submit_draft(actor=request.user, document=document, base=draft.public_id, reason=self.asked["reason"])
        return self.done(made, at=address_of_request(made))


class DraftFiles(ApiView):
    """The files of the draft."""

    parser_classes = (MultiPartParser,)

    @writes("draft_attach", DraftSerializer, takes=AttachSerializer, scope=Scope.WRITE, status=201, matches=True)
    def post(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Attach a file to the draft; one of the same name is replaced."""
        document, draft = drafted(request.user, ref)
        self.match(draft, again=lambda: drafted(request.user, ref)[1])
        file = self.asked["file"]
        attach_file(actor=request.user, document=document, base=draft.public_id, name=file.name, file=file)
        return self.done(standing_draft(request.user, found(request.user, ref)))


class DraftFile(ApiView):
    """One file of the draft."""

    @writes("draft_detach", DraftSerializer, scope=Scope.WRITE, matches=True)
    def delete(self, request: HttpRequest, ref: str, name: str) -> HttpResponseBase:
        """Take a file out of the draft; earlier texts keep theirs."""
        document, draft = drafted(request.user, ref)
        self.match(draft, again=lambda: drafted(request.user, ref)[1])
        detach_file(actor=request.user, document=document, base=draft.public_id, name=name)
        return self.done(standing_draft(request.user, found(request.user, ref)))


def standing_draft(actor: Any, document: Document) -> Revision:
    """Return the draft as it is now; ``Http404`` where there is none that the person may read."""
    return found_revision(actor, document, "draft")


def drafted(actor: Any, ref: str) -> tuple[Document, Revision]:
    """Return the document and its draft for somebody who may write there. Whoever may not is told so (``Denied``) and
    learns nothing of a draft; without a draft that is there to be changed: ``Http404``."""
    document = found(actor, ref)
    policy.require(actor, Right.DRAFT, document)
    if document.draft is None:
        raise Http404
    return document, standing_draft(actor, document)
