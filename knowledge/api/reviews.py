"""Reviews: which are due, and the word of an owner that a document is still right."""

from typing import Any

from rest_framework import serializers

from governance.api.operations import lists, writes
from governance.api.people import PersonSerializer
from governance.api.requests import text
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.permissions import policy
from governance.rights import Right
from governance.scopes import Scope
from knowledge.actions.reviews import confirm_review
from knowledge.api.finding import found
from knowledge.days import today
from knowledge.forms.library import ReviewFilters
from knowledge.models import ReviewConfirmation
from knowledge.selectors.reviews import confirmations_of, documents_due, due_review


class DueReviewSerializer(serializers.Serializer[Any]):
    """A document whose review comes up."""

    number = serializers.CharField(source="document.number", read_only=True)
    title = serializers.CharField(source="document.title", read_only=True)
    url = serializers.CharField(source="document.get_absolute_url", read_only=True)
    unit = serializers.CharField(source="document.remit.unit.code", read_only=True)
    capability = serializers.CharField(source="document.remit.capability", read_only=True)
    in_force = serializers.UUIDField(
        source="document.in_force.public_id", read_only=True, help_text="Id of the revision to read: `seen`."
    )
    owner_role = serializers.CharField(source="document.owner_role", read_only=True)
    owner = PersonSerializer(source="document.owner_person", read_only=True, allow_null=True)
    next_review_on = serializers.DateField(source="document.next_review_on", read_only=True)
    days = serializers.IntegerField(read_only=True, help_text="Until then; negative when it is overdue.")


class ReviewConfirmationSerializer(serializers.ModelSerializer[ReviewConfirmation]):
    """Somebody's word that the version in force is still right."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    revision = serializers.UUIDField(source="revision.public_id", read_only=True)
    confirmed_by = PersonSerializer(read_only=True)

    class Meta:
        model = ReviewConfirmation
        fields = ("id", "revision", "confirmed_by", "confirmed_at", "comment", "was_due_on", "next_review_on")
        read_only_fields = fields


class ConfirmReviewSerializer(serializers.Serializer[Any]):
    """The word. ``seen`` is the id of the revision that was read."""

    seen = serializers.UUIDField()
    comment = text(required=False, allow_blank=True, default="")
    next_review_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="Earlier than its interval, if wanted."
    )


class ReviewList(ApiView):
    """The reviews that come up."""

    @lists("review_list", DueReviewSerializer, order=("next_review_on", "pk"), filters=ReviewFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List the reviews that are overdue or come up, the most overdue first."""
        day, mine = today(), self.filters["list"] == "mine"
        rows = documents_due(request.user, within_days=int(self.filters["within"] or 90), mine=mine)
        return self.page(rows, prepare=lambda page: [due_review(document, day) for document in page])


class DocumentReviews(ApiView):
    """The reviews of one document."""

    @lists("review_confirmation_list", ReviewConfirmationSerializer, order=("-confirmed_at", "-pk"))
    def get(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """List a document's confirmations, newest first, for those who may confirm it."""
        document = found(request.user, ref)
        policy.require(request.user, Right.CONFIRM_REVIEW, document)
        return self.page(confirmations_of(document))

    @writes(
        "review_confirm", ReviewConfirmationSerializer, takes=ConfirmReviewSerializer, scope=Scope.WRITE, status=201
    )
    def post(self, request: HttpRequest, ref: str) -> HttpResponseBase:
        """Confirm that the version in force is still right; the document's owner or a decider may."""
        document = found(request.user, ref)
        return self.done(confirm_review(actor=request.user, document=document, **self.asked))
