"""Requests: what waits for somebody, how it stands, and every step that a person can take."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from rest_framework import serializers

from governance import subjects
from governance.actions import requests as actions
from governance.actions import undoing
from governance.api.operations import lists, shows, writes
from governance.api.people import PersonSerializer
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.errors import Invalid
from governance.forms.requests import RequestFilters
from governance.models import BusinessUnit, ChangeRequest, Decision, ExceptionRequest, Objection, Request
from governance.scopes import Scope
from governance.selectors import requests as selectors
from governance.selectors.organisation import units_of
from governance.vocabulary import RiskLevel


def text(**more: Any) -> serializers.CharField:
    """Return a field for what people write; an action bounds it again and says what is wrong in its own words."""
    return serializers.CharField(max_length=actions.LONGEST_TEXT, trim_whitespace=False, **more)


class RequestSerializer(serializers.ModelSerializer[Request]):
    """A request as a list shows it. ``subject_hash`` is what a decision names as ``seen_hash``."""

    url = serializers.CharField(source="get_absolute_url", read_only=True, help_text="Its page.")
    subject = serializers.UUIDField(source="subject_id", read_only=True, help_text="The id of what it is about.")
    unit = serializers.CharField(source="remit.unit.code", read_only=True, help_text="Code of the unit that owns it.")
    capability = serializers.CharField(source="remit.capability", read_only=True)
    asking_unit = serializers.CharField(
        source="asking_unit.code", default=None, allow_null=True, read_only=True, help_text="Code of the asking unit."
    )
    submitted_by = PersonSerializer(read_only=True)

    class Meta:
        model = Request
        fields = (
            "number",
            "url",
            "kind",
            "status",
            "subject_kind",
            "subject",
            "subject_title",
            "subject_hash",
            "unit",
            "capability",
            "asking_unit",
            "mode",
            "rule",
            "stage",
            "stage_since",
            "not_before",
            "review_open",
            "reason",
            "effective_on",
            "submitted_by",
            "opened_at",
            "decided_at",
        )
        read_only_fields = fields


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """A decision as it was recorded, with everything that it stood on."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    person = PersonSerializer(source="user", read_only=True)
    on_behalf_of = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Decision
        fields = (
            "id",
            "person",
            "printed_name",
            "on_behalf_of",
            "verdict",
            "meaning",
            "comment",
            "round",
            "stage",
            "seat",
            "relation",
            "mode",
            "quorum",
            "revision_hash",
            "decided_at",
            "undone_at",
        )
        read_only_fields = fields


class ObjectionSerializer(serializers.ModelSerializer[Objection]):
    """An objection that a seat raised in a last call."""

    person = PersonSerializer(source="user", read_only=True)
    cleared_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Objection
        fields = ("number", "person", "seat", "text", "raised_at", "cleared_at", "cleared_by")
        read_only_fields = fields


class AskedChangeSerializer(serializers.ModelSerializer[ChangeRequest]):
    """What a change request asks for."""

    class Meta:
        model = ChangeRequest
        fields = ("clause", "clause_label", "proposal")
        read_only_fields = fields


class AskedExceptionSerializer(serializers.ModelSerializer[ExceptionRequest]):
    """What an exception request asks for; ``number`` once it is granted."""

    class Meta:
        model = ExceptionRequest
        fields = ("number", "clause", "clause_label", "until", "compensating_control", "risk", "ended_at")
        read_only_fields = fields


class StageSerializer(serializers.Serializer[Any]):
    """One stage of the route."""

    key = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    progress = serializers.CharField(read_only=True, help_text="done, now, next or skipped.")
    rule = serializers.CharField(read_only=True)
    waits_for = serializers.ListField(child=serializers.CharField(), read_only=True, help_text="Names.")
    since = serializers.DateTimeField(read_only=True, allow_null=True)
    until = serializers.DateTimeField(read_only=True, allow_null=True, help_text="When a last call ends.")


class OptionSerializer(serializers.Serializer[Any]):
    """One step that the person could take, allowed or refused, with why."""

    action = serializers.CharField(read_only=True)
    allowed = serializers.BooleanField(read_only=True)
    reason = serializers.CharField(read_only=True)
    objection = serializers.IntegerField(read_only=True, allow_null=True)


class RequestDetailSerializer(RequestSerializer):
    """A request with its route, what was decided, and what the person who asks could do now."""

    waits_for_me = serializers.BooleanField(source="shown.waits_for_me", read_only=True)
    change = AskedChangeSerializer(read_only=True, allow_null=True)
    exception = AskedExceptionSerializer(read_only=True, allow_null=True)
    stages = StageSerializer(source="shown.stages", many=True, read_only=True)
    decisions = DecisionSerializer(source="shown.decisions", many=True, read_only=True)
    objections = ObjectionSerializer(source="shown.objections", many=True, read_only=True)
    options = OptionSerializer(source="shown.options", many=True, read_only=True)

    class Meta:
        model = Request
        fields = (
            *RequestSerializer.Meta.fields,
            "waits_for_me",
            "change",
            "exception",
            "stages",
            "decisions",
            "objections",
            "options",
        )
        read_only_fields = fields


class DecideSerializer(serializers.Serializer[Any]):
    """What somebody decides. ``seen_hash`` is the request's ``subject_hash`` as it was read."""

    verdict = serializers.ChoiceField(choices=sorted(actions.VERDICTS))
    comment = text(required=False, allow_blank=True, default="", help_text="Needed to send back or reject.")
    seen_hash = serializers.CharField(required=False, allow_blank=True, default="", max_length=64)


class CommentSerializer(serializers.Serializer[Any]):
    """Words that go with a step, or none."""

    comment = text(required=False, allow_blank=True, default="")


class ObjectSerializer(serializers.Serializer[Any]):
    """Why somebody objects."""

    comment = text()


class ReviewSerializer(serializers.Serializer[Any]):
    """What a post-publication review says."""

    outcome = serializers.ChoiceField(choices=sorted(actions.REVIEWS))
    comment = text(required=False, allow_blank=True, default="", help_text="Needed for all but accept.")


class AskSerializer(serializers.Serializer[Any]):
    """What every request to a document's owner holds."""

    document = serializers.CharField(max_length=100, help_text="Number or other reference of the document.")
    unit = serializers.CharField(max_length=32, help_text="Code of the unit that asks: one that you belong to.")
    clause = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="Id of the clause.")
    reason = text()


class AskChangeSerializer(AskSerializer):
    """A unit's wish for a change."""

    proposal = text(help_text="What should change, in your own words or as the clause should read.")


class AskExceptionSerializer(AskSerializer):
    """A unit's wish to be excepted from a clause for a time."""

    until = serializers.DateField(help_text="The last day, at most 365 days from today.")
    compensating_control = text(help_text="What you do instead.")
    risk = serializers.ChoiceField(choices=[level.value for level in RiskLevel])


Lists = dict[str, Callable[[Any], "QuerySet[Request]"]]
LISTS: Lists = {
    "waiting": selectors.waiting_for,
    "asked": selectors.asked_by,
    "unit": selectors.asked_by_units_of,
    "all": selectors.requests_visible_to,
}
OLDEST_FIRST, NEWEST_FIRST = ("opened_at", "pk"), ("-opened_at", "-pk")


class RequestList(ApiView):
    """The requests that the person may see."""

    @lists("request_list", RequestSerializer, order=NEWEST_FIRST, filters=RequestFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List requests, newest first; those that wait for the person, the oldest first."""
        wanted = self.filters["list"] or "all"
        rows = LISTS[wanted](request.user)
        narrowed = {name: self.filters[name] for name in ("kind", "status") if self.filters[name]}
        return self.page(rows.filter(**narrowed), order=OLDEST_FIRST if wanted == "waiting" else NEWEST_FIRST)


class RequestDetail(ApiView):
    """One request."""

    @shows("request_show", RequestDetailSerializer)
    def get(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Show a request: its route, its decisions, and what the person could do now."""
        try:
            page = selectors.request_page(request.user, number)
        except Request.DoesNotExist:
            raise Http404 from None
        return self.thing(_shown(page))


class RequestDecisions(ApiView):
    """The decisions on a request."""

    @writes("request_decide", RequestSerializer, takes=DecideSerializer, scope=Scope.DECIDE, status=201)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Decide on a request, for oneself or as whoever's substitute one is. A deciding one takes effect at once."""
        row = found(request.user, number)
        lent = selectors.stands_in_for(request.user, row)
        return self.done(actions.decide(actor=request.user, request=row, on_behalf_of=lent, **self.asked))


class RequestOwnDecision(ApiView):
    """The person's own last decision on a request."""

    @writes("request_undo_decision", RequestSerializer, scope=Scope.DECIDE)
    def delete(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Take back one's last decision, while nobody has been told of it. The record of it stays."""
        row = found(request.user, number)
        return self.done(undoing.undo_decision(actor=request.user, request=row))


class RequestWithdrawal(ApiView):
    """The end of a request at its submitter's wish."""

    @writes("request_withdraw", RequestSerializer, takes=CommentSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Withdraw a request that one submitted; nothing that was voted counts."""
        row = found(request.user, number)
        return self.done(actions.withdraw(actor=request.user, request=row, **self.asked))


class RequestObjections(ApiView):
    """The objections in a request's last call."""

    @writes("request_object", RequestSerializer, takes=ObjectSerializer, scope=Scope.DECIDE, status=201)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Object in a last call, for a seat that one holds or stands in for."""
        row = found(request.user, number)
        lent = selectors.stands_in_for(request.user, row)
        return self.done(actions.object_to(actor=request.user, request=row, on_behalf_of=lent, **self.asked))


class RequestObjection(ApiView):
    """One objection."""

    @writes("request_clear_objection", RequestSerializer, scope=Scope.DECIDE)
    def delete(self, request: HttpRequest, number: str, place: int) -> HttpResponseBase:
        """Take back an objection that one raised; the record of it stays."""
        row = found(request.user, number)
        return self.done(actions.clear_objection(actor=request.user, request=row, number=place))


class RequestReview(ApiView):
    """The review after publication under a mandate."""

    @writes("request_review", RequestSerializer, takes=ReviewSerializer, scope=Scope.DECIDE, status=201)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Record the centre's review of what was published under a mandate."""
        row = found(request.user, number)
        lent = selectors.stands_in_for(request.user, row)
        return self.done(actions.record_review(actor=request.user, request=row, on_behalf_of=lent, **self.asked))


class ChangeRequests(ApiView):
    """Units' wishes for a change."""

    @writes("change_request_open", RequestSerializer, takes=AskChangeSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for a change to a document."""
        said = _asked_of(request.user, dict(self.asked))
        made = actions.ask_change(actor=request.user, **said)
        return self.done(made, at=address_of(made))


class ExceptionRequests(ApiView):
    """Units' wishes to be excepted."""

    @writes("exception_request_open", RequestSerializer, takes=AskExceptionSerializer, scope=Scope.WRITE, status=201)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Ask for an exception from a document or one of its clauses."""
        said = _asked_of(request.user, dict(self.asked))
        made = actions.ask_exception(actor=request.user, **said)
        return self.done(made, at=address_of(made))


def _shown(page: selectors.RequestPage) -> Request:
    """The request with what its page says beside it."""
    row: Any = page.request
    row.shown = {
        "waits_for_me": page.waits_for_me,
        "stages": [
            {
                "key": stage.key,
                "kind": stage.kind.value,
                "title": stage.title,
                "progress": stage.progress.value,
                "rule": stage.rule,
                "waits_for": [page.names.get(user, "") for user in sorted(stage.waits_for)],
                "since": stage.since,
                "until": stage.until,
            }
            for stage in page.stages
        ],
        "decisions": page.decisions,
        "objections": page.objections,
        "options": [
            {
                "action": option.action.value,
                "allowed": option.allowed,
                "reason": option.reason,
                "objection": option.objection,
            }
            for option in page.options
        ],
    }
    return page.request


def found(actor: Any, number: str) -> Request:
    """Return the request if ``actor`` may see it; ``Http404`` otherwise."""
    try:
        return selectors.request_by_number(actor, number)
    except Request.DoesNotExist:
        raise Http404 from None


def address_of(row: Request) -> str:
    """Return where the API shows the request."""
    return reverse("api-request-detail", kwargs={"number": row.number})


def _asked_of(actor: Any, said: dict[str, Any]) -> dict[str, Any]:
    """What the two actions take in common; an unseen document and an absent one are refused alike."""
    about = subjects.subject_kind("document")
    subject = about.find(actor, said.pop("document"))
    if subject is None:
        raise Invalid({"document": "There is no such document, or you may not see it."})
    clause, label = _clause(about, subject, said.pop("clause"))
    return {**said, "subject": subject, "unit": _own_unit(actor, said["unit"]), "clause": clause, "clause_label": label}


def _clause(about: subjects.SubjectKind, subject: Any, wanted: UUID | None) -> tuple[Any, str]:
    clause, label = about.clause_of(subject, str(wanted) if wanted is not None else "")
    if wanted is not None and clause is None:
        raise Invalid({"clause": "The document has no such clause in force."})
    return clause, label


def _own_unit(actor: Any, code: str) -> BusinessUnit:
    unit = units_of(actor).filter(code__iexact=code).first()
    if unit is None:
        raise Invalid({"unit": "You belong to no unit with this code."})
    return unit
