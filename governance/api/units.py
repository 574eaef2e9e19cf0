"""Business units: the tree, what governs each of them, what they were called, and what administrators change."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404
from django.urls import reverse
from rest_framework import serializers

from governance.actions import units as actions
from governance.api.operations import lists, shows, writes
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.errors import Invalid
from governance.models import BusinessUnit, Remit, UnitPeriod
from governance.permissions import policy
from governance.rights import Power
from governance.scopes import Scope
from governance.selectors import organisation, units
from governance.selectors.insiders import require_insider
from governance.vocabulary import Mode, UnitKind

MODES = [each.value for each in Mode]


class UnitSerializer(serializers.ModelSerializer[BusinessUnit]):
    """A business unit. Its code never changes and is never used again."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    parent = serializers.CharField(  # type: ignore[assignment]  # the metaclass takes it out of the class
        source="parent.code", default=None, allow_null=True, read_only=True, help_text="Code of the unit above it."
    )
    url = serializers.CharField(source="get_absolute_url", read_only=True, help_text="Its page.")
    is_centre = serializers.BooleanField(read_only=True)

    class Meta:
        model = BusinessUnit
        fields = ("id", "code", "name", "kind", "parent", "url", "is_centre", "created_at", "closed_at")
        read_only_fields = fields


class RemitSerializer(serializers.ModelSerializer[Remit]):
    """A remit: one unit and one capability, with the model, the mode and the centre that it is under."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    unit = serializers.CharField(source="unit.code", read_only=True)
    centre = serializers.CharField(source="centre.code", default=None, allow_null=True, read_only=True)
    model = serializers.CharField(
        source="model_version.family.key", default=None, allow_null=True, read_only=True, help_text="Key of the model."
    )
    version = serializers.IntegerField(
        source="model_version.number", default=None, allow_null=True, read_only=True, help_text="Of the model."
    )
    mode = serializers.ChoiceField(
        choices=MODES, allow_blank=True, read_only=True, help_text="As the model has it; empty where nothing governs."
    )
    effective_mode = serializers.ChoiceField(
        choices=MODES, allow_blank=True, read_only=True, help_text="As it is: without its mandate, delegated is joint."
    )

    class Meta:
        model = Remit
        fields = ("id", "unit", "capability", "model", "version", "mode", "effective_mode", "centre")
        read_only_fields = fields


class PeriodSerializer(serializers.ModelSerializer[UnitPeriod]):
    """What a unit was called, of what kind and under which unit, for a time."""

    parent = serializers.CharField(source="parent.code", default=None, allow_null=True, read_only=True)  # type: ignore[assignment]

    class Meta:
        model = UnitPeriod
        fields = ("name", "kind", "parent", "closed", "valid_from", "valid_to", "reason")
        read_only_fields = fields


class NewUnitSerializer(serializers.Serializer[Any]):
    """A unit to be made."""

    code = serializers.CharField(max_length=32, help_text="Letters, digits and hyphens.")
    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=[kind.value for kind in UnitKind])
    parent = serializers.CharField(  # type: ignore[assignment]  # the metaclass takes it out of the class
        max_length=32,
        required=False,
        allow_blank=True,
        default="",
        help_text="Code of the unit above it; empty for the organisation itself.",
    )


class RenameSerializer(serializers.Serializer[Any]):
    """A unit's new name."""

    name = serializers.CharField(max_length=200)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class MoveSerializer(serializers.Serializer[Any]):
    """A unit's new place."""

    parent = serializers.CharField(max_length=32, help_text="Code of the unit above it from now on.")  # type: ignore[assignment]
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class CloseSerializer(serializers.Serializer[Any]):
    """Why a unit closes."""

    reason = serializers.CharField(max_length=500)


class UnitFilters(forms.Form):
    """Which units a list shows."""

    q = forms.CharField(required=False, max_length=200, strip=True, help_text="Part of the name or of the code.")
    parent = forms.CharField(required=False, max_length=32, help_text="Code of the unit directly above.")
    below = forms.CharField(required=False, max_length=32, help_text="Code of a unit: itself and all below it.")
    kind = forms.ChoiceField(required=False, choices=[(kind.value, kind.label) for kind in UnitKind])
    state = forms.ChoiceField(
        required=False, choices=[("open", "Open"), ("closed", "Closed"), ("all", "All")], help_text="Open by default."
    )


class UnitList(ApiView):
    """The units of the organisation."""

    @lists("unit_list", UnitSerializer, order=("code",), filters=UnitFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List units by code. For members of the organisation."""
        require_insider(request.user)
        return self.page(_narrowed(self.filters))

    @writes("unit_create", UnitSerializer, takes=NewUnitSerializer, scope=Scope.ADMINISTER, status=201)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Add a unit with its six remits, under the model of the unit above it."""
        policy.require(request.user, Power.MANAGE_UNITS)
        asked = {**self.asked, "kind": UnitKind(self.asked["kind"])}
        made = actions.create_unit(actor=request.user, **asked)
        return self.done(made, at=reverse("api-unit-detail", kwargs={"code": made.code}))


class UnitDetail(ApiView):
    """One unit."""

    @shows("unit_show", UnitSerializer)
    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        """Show a unit."""
        require_insider(request.user)
        return self.thing(found(code))

    @writes("unit_rename", UnitSerializer, takes=RenameSerializer, scope=Scope.ADMINISTER, matches=True)
    def patch(self, request: HttpRequest, code: str) -> HttpResponseBase:
        """Rename a unit; what it was called stays in its history."""
        policy.require(request.user, Power.MANAGE_UNITS)
        unit = found(code)
        self.match(unit)
        return self.done(actions.rename_unit(actor=request.user, unit=unit, **self.asked))


class UnitMove(ApiView):
    """A unit's place in the tree."""

    @writes("unit_move", UnitSerializer, takes=MoveSerializer, scope=Scope.ADMINISTER, matches=True)
    def post(self, request: HttpRequest, code: str) -> HttpResponseBase:
        """Move a unit under another one; its model changes with it unless it has one of its own."""
        policy.require(request.user, Power.MANAGE_UNITS)
        unit = found(code)
        self.match(unit)
        parent = named(self.asked["parent"], field="parent")
        return self.done(actions.move_unit(actor=request.user, unit=unit, parent=parent, reason=self.asked["reason"]))


class UnitClosing(ApiView):
    """The end of a unit."""

    @writes("unit_close", UnitSerializer, takes=CloseSerializer, scope=Scope.ADMINISTER, matches=True)
    def post(self, request: HttpRequest, code: str) -> HttpResponseBase:
        """Close a unit for good; its memberships give nothing from then on."""
        policy.require(request.user, Power.MANAGE_UNITS)
        unit = found(code)
        self.match(unit)
        return self.done(actions.close_unit(actor=request.user, unit=unit, **self.asked))


class UnitRemits(ApiView):
    """The six remits of a unit."""

    @lists("unit_remits", RemitSerializer, order=("capability",))
    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        """List a unit's remits with the model, the mode and the centre that each is under."""
        require_insider(request.user)
        return self.page(organisation.remits_of(found(code)))


class UnitHistory(ApiView):
    """What a unit was."""

    @lists("unit_history", PeriodSerializer, order=("-valid_from", "-pk"))
    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        """List what a unit was called and where it stood, newest first."""
        require_insider(request.user)
        return self.page(units.periods_of(found(code)))


def found(code: str) -> BusinessUnit:
    """Return the unit with this code; ``Http404`` where there is none."""
    try:
        return units.unit_for_page(code)
    except BusinessUnit.DoesNotExist:
        raise Http404 from None


def named(code: str, *, field: str) -> BusinessUnit:
    """Return the unit that a body names; ``Invalid`` at ``field`` where there is none."""
    unit = organisation.units().filter(code__iexact=code).first()
    if unit is None:
        raise Invalid({field: f"No unit has the code {code}."})
    return unit


def _narrowed(wanted: dict[str, Any]) -> "QuerySet[BusinessUnit]":
    rows = organisation.units_called(wanted["q"])
    state = wanted["state"] or "open"
    if state != "all":
        rows = rows.filter(closed_at__isnull=state == "open")
    if wanted["parent"]:
        rows = rows.filter(parent__code__iexact=wanted["parent"])
    if wanted["below"]:
        rows = rows.filter(pk__in=organisation.units_below(named(wanted["below"], field="below")).values("pk"))
    return rows.filter(kind=wanted["kind"]) if wanted["kind"] else rows
