"""A person's own substitutes: named for a time, and ended early by either of the two."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404
from django.urls import reverse
from rest_framework import serializers

from governance.actions import delegations as actions
from governance.api.memberships import EndSerializer
from governance.api.naming import first_moment, last_moment, person_named
from governance.api.operations import lists, shows, writes
from governance.api.people import PersonSerializer
from governance.api.units import named
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.errors import Invalid, NotAllowed
from governance.models import Delegation, Remit
from governance.scopes import Scope
from governance.selectors import delegations as selectors
from governance.vocabulary import Capability


class LentRemitSerializer(serializers.ModelSerializer[Remit]):
    """Where the substitute decides: one unit and one capability."""

    unit = serializers.CharField(source="unit.code", read_only=True)

    class Meta:
        model = Remit
        fields = ("unit", "capability")
        read_only_fields = fields


class DelegationSerializer(serializers.ModelSerializer[Delegation]):
    """Somebody who decides for somebody else for a time; the delegator may still decide."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    delegator = PersonSerializer(read_only=True)
    substitute = PersonSerializer(read_only=True)
    remits = LentRemitSerializer(many=True, read_only=True)

    class Meta:
        model = Delegation
        fields = ("id", "delegator", "substitute", "remits", "valid_from", "valid_to", "reason")
        read_only_fields = fields


class NewDelegationSerializer(serializers.Serializer[Any]):
    """A substitute to be named."""

    substitute = serializers.CharField(max_length=254, help_text="Id or e-mail address.")
    unit = serializers.CharField(
        max_length=32,
        required=False,
        allow_blank=True,
        default="",
        help_text="Code of the unit; empty for every unit in which one decides.",
    )
    capabilities = serializers.ListField(
        child=serializers.ChoiceField(choices=[each.value for each in Capability]),
        required=False,
        allow_empty=False,
        max_length=len(Capability),
        help_text="Left out, all of them.",
    )
    since = serializers.DateField(required=False, allow_null=True, default=None, help_text="Empty begins at once.")
    until = serializers.DateField(help_text="The last day, at most a year from the first.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class DelegationFilters(forms.Form):
    """Which of one's own."""

    list = forms.ChoiceField(
        required=False,
        choices=[("given", "given"), ("held", "held")],
        help_text="Those by which others stand in for one, or those by which one stands in for others.",
    )


class DelegationList(ApiView):
    """The delegations that name the person."""

    @lists("delegation_list", DelegationSerializer, order=("pk",), filters=DelegationFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List one's delegations that have not ended."""
        found = {"given": selectors.given_by, "held": selectors.held_by}.get(self.filters["list"], selectors.naming)
        return self.page(found(request.user))

    @writes("delegation_make", DelegationSerializer, takes=NewDelegationSerializer, scope=Scope.DECIDE, status=201)
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Name somebody who decides for one, in the remits in which one decides oneself."""
        asked = self.asked
        remits = selectors.remits_to_lend(request.user)
        if not remits.exists():
            raise NotAllowed("You decide nowhere now, so there is nothing to lend to a substitute.")
        remits = remits.filter(capability__in=asked.get("capabilities") or list(Capability))
        if asked["unit"]:
            remits = remits.filter(unit=named(asked["unit"], field="unit"))
        new = actions.NewDelegation(
            substitute=person_named(asked["substitute"], field="substitute"),
            remits=list(remits),
            since=first_moment(asked["since"]),
            until=last_moment(asked["until"]),
            reason=asked["reason"],
        )
        try:
            made = actions.delegate(actor=request.user, delegation=new)
        except Invalid as error:
            raise Invalid({"unit" if key == "remits" else key: said for key, said in error.fields.items()}) from error
        return self.done(made, at=reverse("api-delegation-detail", kwargs={"public_id": made.public_id}))


class DelegationDetail(ApiView):
    """One delegation that has not ended."""

    @shows("delegation_show", DelegationSerializer)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Show a delegation that names one."""
        return self.thing(_own(request.user, public_id))


class DelegationEnd(ApiView):
    """The end of a delegation."""

    @writes("delegation_end", DelegationSerializer, takes=EndSerializer, scope=Scope.DECIDE)
    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """End a delegation that names one; it lends nothing from now on, and what was decided by it stands."""
        row = _own(request.user, public_id)
        return self.done(actions.end_delegation(actor=request.user, delegation=row, **self.asked))


def _own(actor: Any, public_id: UUID) -> Delegation:
    try:
        return selectors.delegation_of(actor, public_id)
    except Delegation.DoesNotExist:
        raise Http404 from None
