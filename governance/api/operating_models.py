"""Operating models with their versions, and which unit is under which."""

from typing import Any

from django import forms
from django.http import Http404
from rest_framework import serializers

from governance.api.operations import lists, shows
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.models import Assignment, OperatingModelFamily, OperatingModelVersion
from governance.permissions.snapshots import model_of
from governance.selectors import organisation
from governance.selectors.insiders import require_insider
from governance.vocabulary import Capability


class ModelSerializer(serializers.ModelSerializer[OperatingModelFamily]):
    """An operating model, under a key that stays."""

    class Meta:
        model = OperatingModelFamily
        fields = ("key", "name", "is_builtin")
        read_only_fields = fields


class VersionSerializer(serializers.ModelSerializer[OperatingModelVersion]):
    """One version of an operating model, written once: a mode for each capability, and its source word for word."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    model = serializers.CharField(source="family.key", read_only=True)
    modes = serializers.SerializerMethodField()

    class Meta:
        model = OperatingModelVersion
        fields = ("id", "model", "number", "modes", "content_hash", "created_at", "source")
        read_only_fields = fields

    def get_modes(self, row: OperatingModelVersion) -> dict[str, str]:
        return {capability.value: mode.value for capability, mode in model_of(row).modes.items()}


class AssignmentSerializer(serializers.ModelSerializer[Assignment]):
    """The model version and the centre that a unit was given. With a capability, only another centre for that one."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    unit = serializers.CharField(source="unit.code", read_only=True)
    capability = serializers.ChoiceField(
        choices=[each.value for each in Capability], allow_blank=True, read_only=True, help_text="Empty: all six."
    )
    centre = serializers.CharField(source="centre.code", default=None, allow_null=True, read_only=True)
    model = serializers.CharField(source="model_version.family.key", read_only=True)
    version = serializers.IntegerField(source="model_version.number", read_only=True)
    plan = serializers.CharField(source="transition.number", default=None, allow_null=True, read_only=True)

    class Meta:
        model = Assignment
        fields = ("id", "unit", "capability", "model", "version", "centre", "plan", "valid_from", "valid_to")
        read_only_fields = fields


class AssignmentFilters(forms.Form):
    """Which assignments."""

    unit = forms.CharField(required=False, max_length=32, help_text="Code of the unit.")
    model = forms.CharField(required=False, max_length=64, help_text="Key of the model.")


class ModelList(ApiView):
    """The operating models."""

    @lists("operating_model_list", ModelSerializer, order=("key",))
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List the operating models to choose from."""
        require_insider(request.user)
        return self.page(OperatingModelFamily.objects.all())


class ModelDetail(ApiView):
    """One operating model."""

    @shows("operating_model_show", ModelSerializer)
    def get(self, request: HttpRequest, key: str) -> HttpResponseBase:
        """Show an operating model."""
        require_insider(request.user)
        return self.thing(_family(key))


class ModelVersions(ApiView):
    """The versions of an operating model."""

    @lists("operating_model_versions", VersionSerializer, order=("-number", "-pk"))
    def get(self, request: HttpRequest, key: str) -> HttpResponseBase:
        """List the versions of an operating model, newest first."""
        require_insider(request.user)
        return self.page(_family(key).versions.select_related("family"))


class AssignmentList(ApiView):
    """Which unit is under which model."""

    @lists("assignment_list", AssignmentSerializer, order=("pk",), filters=AssignmentFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List the assignments in force; a unit without one of its own follows the nearest unit above that has one."""
        require_insider(request.user)
        rows: Any = organisation.assignments_now()
        if self.filters["unit"]:
            rows = rows.filter(unit__code__iexact=self.filters["unit"])
        if self.filters["model"]:
            rows = rows.filter(model_version__family__key=self.filters["model"])
        return self.page(rows)


def _family(key: str) -> OperatingModelFamily:
    try:
        return organisation.model_family(key)
    except OperatingModelFamily.DoesNotExist:
        raise Http404 from None
