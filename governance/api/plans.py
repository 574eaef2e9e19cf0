"""Plans: a change of the operating model, from its draft over a second person's word to its effect."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404
from django.urls import reverse
from rest_framework import serializers

from governance.actions import transitions as actions
from governance.api.operations import lists, shows, writes
from governance.api.pagination import DEFAULT_LIMIT, MOST
from governance.api.people import PersonSerializer
from governance.api.rights import RIGHTS
from governance.api.units import named
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.errors import Invalid
from governance.models import OperatingModelVersion, Transition
from governance.permissions import policy
from governance.permissions.projecting import PlannedAssignment
from governance.rights import Power
from governance.scopes import Scope
from governance.selectors import transitions as selectors
from governance.vocabulary import Capability, RiskLevel

LONG = 5_000
LAST_PAGE = 100_000
CAPABILITIES = [each.value for each in Capability]


class PlanSerializer(serializers.ModelSerializer[Transition]):
    """A plan. ``plan_hash`` is what a confirmation names as ``seen_hash``."""

    url = serializers.SerializerMethodField()
    totals = serializers.SerializerMethodField()
    planned_by = PersonSerializer(read_only=True)
    confirmed_by = PersonSerializer(read_only=True, allow_null=True)
    applied_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Transition
        fields = (
            "number",
            "url",
            "title",
            "reason",
            "state",
            "plan_hash",
            "totals",
            "planned_by",
            "planned_at",
            "confirmed_by",
            "confirmed_at",
            "confirmation_comment",
            "applied_by",
            "applied_at",
        )
        read_only_fields = fields

    def get_url(self, row: Transition) -> str:
        return f"/model/plans/{row.number}/"

    def get_totals(self, row: Transition) -> dict[str, int]:
        return dict(row.plan.get("totals", {}))


class FindingSerializer(serializers.Serializer[Any]):
    """What the plan would bring with it. A ``veto`` stops it; anything else is a warning."""

    code = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)
    unit = serializers.CharField(source="unit.code", default=None, allow_null=True, read_only=True)
    capability = serializers.ChoiceField(choices=CAPABILITIES, allow_blank=True, read_only=True)
    veto = serializers.BooleanField(read_only=True)


class PlanDetailSerializer(PlanSerializer):
    """A plan with what stops it or should be known before; told to whoever plans, confirms or audits."""

    findings = FindingSerializer(many=True, read_only=True)

    class Meta:
        model = Transition
        fields = (*PlanSerializer.Meta.fields, "findings")
        read_only_fields = fields


class PlanChangeSerializer(serializers.Serializer[Any]):
    """One right in one remit: who would lose it and who would gain it, or did. Very long lists are cut; the counts are
    whole."""

    unit = serializers.CharField(source="unit.code", read_only=True)
    capability = serializers.ChoiceField(choices=CAPABILITIES, read_only=True)
    right = serializers.ChoiceField(choices=RIGHTS, read_only=True)
    lost = PersonSerializer(many=True, read_only=True)
    gained = PersonSerializer(many=True, read_only=True)
    lost_count = serializers.IntegerField(read_only=True)
    gained_count = serializers.IntegerField(read_only=True)


class PlanChangesSerializer(serializers.Serializer[Any]):
    """A page of a plan's changes, in the order of the plan."""

    results = PlanChangeSerializer(many=True, read_only=True)
    total = serializers.IntegerField(read_only=True)
    page = serializers.IntegerField(read_only=True)
    pages = serializers.IntegerField(read_only=True)


class NewChangeSerializer(serializers.Serializer[Any]):
    """What one unit comes under. ``centres`` names other centres for single capabilities."""

    unit = serializers.CharField(max_length=32, help_text="Code of the unit.")
    model = serializers.CharField(max_length=64, help_text="Key of the operating model.")
    version = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=1_000_000,
        help_text="The newest if empty.",
    )
    centre = serializers.CharField(max_length=32, required=False, allow_null=True, default=None)
    centres = serializers.DictField(child=serializers.CharField(max_length=32), required=False, default=dict)
    risk_limit = serializers.ChoiceField(
        choices=[level.value for level in RiskLevel], required=False, allow_null=True, default=None
    )
    mandate_until = serializers.DateField(required=False, allow_null=True, default=None)


class NewPlanSerializer(serializers.Serializer[Any]):
    """A plan to be drafted."""

    title = serializers.CharField(max_length=200)
    reason = serializers.CharField(max_length=LONG, trim_whitespace=False)
    changes = serializers.ListField(child=NewChangeSerializer(), min_length=1, max_length=10_000)


class ConfirmPlanSerializer(serializers.Serializer[Any]):
    """A second person's word for exactly the plan they read."""

    seen_hash = serializers.CharField(max_length=64)
    comment = serializers.CharField(max_length=LONG, required=False, allow_blank=True, default="")


class RefusePlanSerializer(serializers.Serializer[Any]):
    """A second person's word against."""

    comment = serializers.CharField(max_length=LONG)


class CancelPlanSerializer(serializers.Serializer[Any]):
    """Why a plan is given up."""

    reason = serializers.CharField(max_length=LONG, required=False, allow_blank=True, default="")


class PlanFilters(forms.Form):
    """Which plans."""

    state = forms.ChoiceField(required=False, choices=Transition.State.choices)


class PlanChangeFilters(forms.Form):
    """Which changes of a plan. Its pages are numbered: a plan is saved whole, and never changes but as a whole."""

    unit = forms.CharField(required=False, max_length=32, help_text="Code of the unit.")
    show = forms.ChoiceField(
        required=False,
        choices=[("", "Both"), ("lost", "What is lost"), ("gained", "What is gained")],
        help_text="Only what is lost, or only what is gained.",
    )
    page = forms.IntegerField(required=False, min_value=1, max_value=LAST_PAGE, help_text="Which page, from 1.")
    limit = forms.IntegerField(
        required=False, min_value=1, max_value=MOST, help_text=f"Changes on a page, {DEFAULT_LIMIT} unless told."
    )


class PlanList(ApiView):
    """The plans."""

    @lists("plan_list", PlanSerializer, order=("-pk",), filters=PlanFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List plans, newest first; a member sees those that were applied."""
        rows = selectors.plans_visible_to(request.user)
        return self.page(rows.filter(state=self.filters["state"]) if self.filters["state"] else rows)

    @writes("plan_create", PlanSerializer, takes=NewPlanSerializer, scope=Scope.ADMINISTER, status=201)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Draft a plan: it is computed who would gain and who would lose what, and nothing changes yet."""
        policy.require(request.user, Power.PLAN_TRANSITIONS)
        changes = [_planned(each, place) for place, each in enumerate(self.asked["changes"])]
        made = actions.plan_transition(
            actor=request.user, title=self.asked["title"], reason=self.asked["reason"], changes=changes
        )
        return self.done(made, at=reverse("api-plan-detail", kwargs={"number": made.number}))


class PlanDetail(ApiView):
    """One plan."""

    @shows("plan_show", PlanDetailSerializer)
    def get(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Show a plan, with what stops it or should be known before. What it takes and gives is in `changes/`."""
        row: Any = found(request.user, number)
        row.findings = selectors.findings_told(request.user, row.plan)
        return self.thing(row)


class PlanChanges(ApiView):
    """What a plan takes and gives."""

    @shows("plan_change_list", PlanChangesSerializer, filters=PlanChangeFilters)
    def get(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """List who loses and who gains which right, by unit; a member is told of their own rights only."""
        plan = found(request.user, number)
        rows = selectors.changes_told(request.user, plan.plan, code=self.filters["unit"], show=self.filters["show"])
        page = Paginator(rows, self.filters["limit"] or DEFAULT_LIMIT).get_page(self.filters["page"] or 1)
        return self.thing(
            {
                "results": selectors.with_people(list(page.object_list)),
                "total": len(rows),
                "page": page.number,
                "pages": page.paginator.num_pages,
            }
        )


class PlanRecalculation(ApiView):
    """A plan, computed anew."""

    @writes("plan_recalculate", PlanSerializer, scope=Scope.ADMINISTER)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Compute a plan anew on the organisation as it is; whatever confirmation it had is gone."""
        return self.done(actions.recalculate(actor=request.user, transition=found(request.user, number)))


class PlanSending(ApiView):
    """A plan, put to a second person."""

    @writes("plan_send", PlanSerializer, scope=Scope.ADMINISTER)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Send a plan to those who may confirm it."""
        return self.done(actions.send_for_confirmation(actor=request.user, transition=found(request.user, number)))


class PlanConfirmation(ApiView):
    """A second person's word for a plan."""

    @writes("plan_confirm", PlanSerializer, takes=ConfirmPlanSerializer, scope=Scope.DECIDE)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Confirm exactly the plan that one has read; never one's own."""
        row = found(request.user, number)
        return self.done(actions.confirm_transition(actor=request.user, transition=row, **self.asked))


class PlanRefusal(ApiView):
    """A second person's word against a plan."""

    @writes("plan_refuse", PlanSerializer, takes=RefusePlanSerializer, scope=Scope.DECIDE)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Refuse a plan, saying why."""
        row = found(request.user, number)
        return self.done(actions.refuse_transition(actor=request.user, transition=row, **self.asked))


class PlanCancellation(ApiView):
    """A plan, given up."""

    @writes("plan_cancel", PlanSerializer, takes=CancelPlanSerializer, scope=Scope.ADMINISTER)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Give a plan up; it will not be applied."""
        row = found(request.user, number)
        return self.done(actions.cancel_transition(actor=request.user, transition=row, **self.asked))


class PlanApplication(ApiView):
    """A plan, in effect."""

    @writes("plan_apply", PlanSerializer, scope=Scope.ADMINISTER)
    def post(self, request: HttpRequest, number: str) -> HttpResponseBase:
        """Apply exactly the saved plan, in one transaction; refused when anything it stands on has changed."""
        return self.done(actions.apply_transition(actor=request.user, transition=found(request.user, number)))


def found(actor: Any, number: str) -> Transition:
    """Return the plan if ``actor`` may open it; ``Http404`` otherwise."""
    try:
        return selectors.plan_by_number(actor, number)
    except Transition.DoesNotExist:
        raise Http404 from None


def _planned(said: dict[str, Any], place: int) -> PlannedAssignment:
    at = f"changes.{place}"
    versions = OperatingModelVersion.objects.filter(family__key=said["model"]).order_by("-number")
    version = (versions.filter(number=said["version"]) if said["version"] else versions).first()
    if version is None:
        raise Invalid({f"{at}.model": f"There is no such version of a model {said['model']}."})
    unknown = sorted(set(said["centres"]) - {each.value for each in Capability})
    if unknown:
        raise Invalid({f"{at}.centres": f"There is no capability {', '.join(unknown)}."})
    return PlannedAssignment(
        unit=named(said["unit"], field=f"{at}.unit").pk,
        model_version=version.pk,
        centre=named(said["centre"], field=f"{at}.centre").pk if said["centre"] else None,
        centres={
            Capability(key): named(code, field=f"{at}.centres").pk for key, code in sorted(said["centres"].items())
        },
        risk_limit=RiskLevel(said["risk_limit"]) if said["risk_limit"] else None,
        mandate_until=said["mandate_until"],
    )
