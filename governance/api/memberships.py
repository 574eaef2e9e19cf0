"""Who belongs where: memberships, roles for the whole organisation, and what waits for a second person."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404
from django.urls import reverse
from rest_framework import serializers

from governance.actions import memberships as actions
from governance.actions import organisation_roles as roles
from governance.api.naming import first_moment, last_moment, person_named
from governance.api.operations import lists, shows, writes
from governance.api.people import PersonSerializer
from governance.api.units import named
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.models import ConfirmationRequest, Membership, OrganisationRoleHolding
from governance.permissions import policy
from governance.rights import Power
from governance.scopes import Scope
from governance.selectors import people as selectors
from governance.selectors.insiders import require_insider
from governance.vocabulary import OrganisationRole, Reach, Role


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """Somebody's role in a unit for a time."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    person = PersonSerializer(source="user", read_only=True)
    unit = serializers.CharField(source="unit.code", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "person", "unit", "role", "reach", "guest", "valid_from", "valid_to", "reason")
        read_only_fields = fields


class HoldingSerializer(serializers.ModelSerializer[OrganisationRoleHolding]):
    """Somebody's role for the whole organisation."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    person = PersonSerializer(source="user", read_only=True)

    class Meta:
        model = OrganisationRoleHolding
        fields = ("id", "person", "role", "valid_from", "valid_to", "reason")
        read_only_fields = fields


class ConfirmationSerializer(serializers.ModelSerializer[ConfirmationRequest]):
    """Something that an administrator may not do alone, and what became of it."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    requested_by = PersonSerializer(read_only=True)
    decided_by = PersonSerializer(read_only=True, allow_null=True)

    class Meta:
        model = ConfirmationRequest
        fields = (
            "id",
            "kind",
            "sentence",
            "reason",
            "requested_by",
            "requested_at",
            "decided_by",
            "decided_at",
            "confirmed",
        )
        read_only_fields = fields


class MembershipGrantedSerializer(serializers.Serializer[Any]):
    """The membership; or, where an administrator asked for their own, what now waits for a second person."""

    membership = MembershipSerializer(read_only=True, allow_null=True)
    confirmation = ConfirmationSerializer(read_only=True, allow_null=True)


class RoleGrantedSerializer(serializers.Serializer[Any]):
    """The role; or, where an administrator asked for their own, what now waits for a second person."""

    role = HoldingSerializer(read_only=True, allow_null=True)
    confirmation = ConfirmationSerializer(read_only=True, allow_null=True)


class NewMembershipSerializer(serializers.Serializer[Any]):
    """A membership to be granted."""

    person = serializers.CharField(max_length=254, help_text="Id or e-mail address.")
    unit = serializers.CharField(max_length=32, help_text="Code of the unit.")
    role = serializers.ChoiceField(choices=[role.value for role in Role])
    reach = serializers.ChoiceField(choices=[reach.value for reach in Reach], required=False, default=Reach.UNIT.value)
    guest = serializers.BooleanField(required=False, default=False)
    since = serializers.DateField(required=False, allow_null=True, default=None, help_text="Empty begins at once.")
    until = serializers.DateField(required=False, allow_null=True, default=None, help_text="The last day.")
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class NewRoleSerializer(serializers.Serializer[Any]):
    """A role for the whole organisation to be granted."""

    person = serializers.CharField(max_length=254, help_text="Id or e-mail address.")
    role = serializers.ChoiceField(choices=[role.value for role in OrganisationRole])
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class EndSerializer(serializers.Serializer[Any]):
    """Why something ends."""

    reason = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")


class ConfirmSerializer(serializers.Serializer[Any]):
    """What a second person says."""

    confirmed = serializers.BooleanField()


class MembershipFilters(forms.Form):
    """Whose memberships, and where."""

    unit = forms.CharField(required=False, max_length=32, help_text="Code of the unit.")
    person = forms.UUIDField(required=False, help_text="Id of the person.")
    role = forms.ChoiceField(required=False, choices=[(role.value, role.value) for role in Role])


class MembershipList(ApiView):
    """The memberships in force."""

    @lists("membership_list", MembershipSerializer, order=("pk",), filters=MembershipFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List memberships in force; a guest's own only."""
        rows = selectors.memberships_visible_to(request.user)
        wanted = self.filters
        if wanted["unit"]:
            rows = rows.filter(unit__code__iexact=wanted["unit"])
        if wanted["person"]:
            rows = rows.filter(user__public_id=wanted["person"])
        return self.page(rows.filter(role=wanted["role"]) if wanted["role"] else rows)

    @writes(
        "membership_grant",
        MembershipGrantedSerializer,
        takes=NewMembershipSerializer,
        scope=Scope.ADMINISTER,
        status=201,
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Give somebody a role in a unit; one's own waits for a second person."""
        policy.require(request.user, Power.MANAGE_PEOPLE)
        asked = self.asked
        made = actions.grant_membership(
            actor=request.user,
            membership=actions.NewMembership(
                user=person_named(asked["person"]),
                unit=named(asked["unit"], field="unit"),
                role=Role(asked["role"]),
                reach=Reach(asked["reach"]),
                guest=asked["guest"],
                since=first_moment(asked["since"]),
                until=last_moment(asked["until"]) if asked["until"] else None,
                reason=asked["reason"],
            ),
        )
        if isinstance(made, ConfirmationRequest):
            return self.done({"membership": None, "confirmation": made})
        address = reverse("api-membership-detail", kwargs={"public_id": made.public_id})
        return self.done({"membership": made, "confirmation": None}, at=address)


class MembershipDetail(ApiView):
    """One membership in force."""

    @shows("membership_show", MembershipSerializer)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Show a membership."""
        return self.thing(_membership(request.user, public_id))


class MembershipEnd(ApiView):
    """The end of a membership."""

    @writes("membership_end", MembershipSerializer, takes=EndSerializer, scope=Scope.ADMINISTER)
    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """End a membership; it gives nothing from now on and stays on record."""
        policy.require(request.user, Power.MANAGE_PEOPLE)
        row = _membership(request.user, public_id)
        return self.done(actions.end_membership(actor=request.user, membership=row, **self.asked))


class RoleList(ApiView):
    """Roles for the whole organisation."""

    @lists("organisation_role_list", HoldingSerializer, order=("pk",))
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List who is administrator, sponsor or auditor."""
        require_insider(request.user)
        return self.page(selectors.holdings())

    @writes(
        "organisation_role_grant", RoleGrantedSerializer, takes=NewRoleSerializer, scope=Scope.ADMINISTER, status=201
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Give somebody a role for the whole organisation; one's own waits for a second person."""
        policy.require(request.user, Power.MANAGE_PEOPLE)
        made = roles.grant_organisation_role(
            actor=request.user,
            user=person_named(self.asked["person"]),
            role=OrganisationRole(self.asked["role"]),
            reason=self.asked["reason"],
        )
        waits = isinstance(made, ConfirmationRequest)
        return self.done({"role": None if waits else made, "confirmation": made if waits else None})


class RoleEnd(ApiView):
    """The end of a role for the whole organisation."""

    @writes("organisation_role_end", HoldingSerializer, takes=EndSerializer, scope=Scope.ADMINISTER)
    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """End somebody's role for the whole organisation; the last administrator's cannot end."""
        policy.require(request.user, Power.MANAGE_PEOPLE)
        row = selectors.holdings().filter(public_id=public_id).first()
        if row is None:
            raise Http404
        return self.done(roles.end_organisation_role(actor=request.user, holding=row, **self.asked))


class ConfirmationList(ApiView):
    """What waits for a second person."""

    @lists("confirmation_list", ConfirmationSerializer, order=("pk",))
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List what administrators asked for themselves and nobody has decided, oldest first."""
        policy.require(request.user, Power.CONFIRM_TRANSITIONS)
        return self.page(selectors.waiting_confirmations().select_related("decided_by"))


class ConfirmationDecision(ApiView):
    """A second person's word."""

    @writes("confirmation_decide", ConfirmationSerializer, takes=ConfirmSerializer, scope=Scope.DECIDE)
    def post(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Confirm or refuse what an administrator asked for themselves; never one's own wish."""
        policy.require(request.user, Power.CONFIRM_TRANSITIONS)
        row = selectors.waiting_confirmations().filter(public_id=public_id).first()
        if row is None:
            raise Http404
        return self.done(roles.decide_confirmation(actor=request.user, asked=row, **self.asked))


def _membership(actor: Any, public_id: UUID) -> Membership:
    row = selectors.memberships_visible_to(actor).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row
