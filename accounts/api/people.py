"""People: oneself, and others as far as the pages show them."""

from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.http import Http404
from rest_framework import serializers

from accounts.actions.people import change_profile
from accounts.forms.people import PeopleFilters
from governance.api.operations import lists, shows, writes
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.models import Membership
from governance.permissions import policy
from governance.rights import Power
from governance.scopes import Scope
from governance.selectors.people import people
from governance.selectors.standings import PersonPage, people_found, person_page


class BelongingSerializer(serializers.ModelSerializer[Membership]):
    """A membership: in which unit, as what, and how far down."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    unit = serializers.CharField(source="unit.code", read_only=True)
    unit_name = serializers.CharField(source="unit.name", read_only=True)

    class Meta:
        model = Membership
        fields = ("id", "unit", "unit_name", "role", "reach", "guest", "valid_from", "valid_to")
        read_only_fields = fields


class KnownPersonSerializer(serializers.Serializer[Any]):
    """Somebody with where they belong. ``email`` is empty for those who do not manage people, but for oneself."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    name = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True, help_text="What the person does.")
    email = serializers.SerializerMethodField()
    is_active = serializers.BooleanField(read_only=True)
    memberships = BelongingSerializer(source="current_memberships", many=True, read_only=True)
    roles = serializers.SerializerMethodField(help_text="Roles for the whole organisation.")

    def get_email(self, row: Any) -> str:
        """The address, for those who may know it."""
        request = self.context.get("request")
        view = self.context.get("view")
        shown = request is not None and (row.pk == request.user.pk or getattr(view, "knows_addresses", False))
        return str(row.email) if shown else ""

    def get_roles(self, row: Any) -> list[str]:
        """Which roles for the whole organisation are held now."""
        return sorted(each.role for each in row.current_roles)


class PersonDetailSerializer(KnownPersonSerializer):
    """One person; what has ended and what is coming only for themselves, who manages people and who audits."""

    coming = BelongingSerializer(source="shown.coming", many=True, read_only=True)
    past = BelongingSerializer(source="shown.past", many=True, read_only=True)


class MeSerializer(KnownPersonSerializer):
    """Oneself, and how Remit looks to one."""

    theme = serializers.CharField(read_only=True, help_text="light, dark, or empty: as the system.")
    time_zone = serializers.CharField(read_only=True)
    shortcuts = serializers.BooleanField(read_only=True)


class ProfileSerializer(serializers.Serializer[Any]):
    """What changes of oneself; what is left out stays."""

    name = serializers.CharField(max_length=200, required=False)
    title = serializers.CharField(max_length=200, required=False, allow_blank=True)
    theme = serializers.ChoiceField(choices=["", "light", "dark"], required=False)
    time_zone = serializers.CharField(max_length=64, required=False)
    shortcuts = serializers.BooleanField(required=False)


class Me(ApiView):
    """Whoever asks."""

    @shows("me_show", MeSerializer)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Show who one is: whose token it is, where one belongs and what one holds for the whole organisation."""
        return self.thing(people(request.user).get(pk=request.user.pk))

    @writes("me_change", MeSerializer, takes=ProfileSerializer, scope=Scope.WRITE, matches=True)
    def patch(self, request: HttpRequest) -> HttpResponseBase:
        """Change one's name, title, theme, time zone or shortcuts."""
        row = people(request.user).get(pk=request.user.pk)
        self.match(row, again=lambda: people(request.user).get(pk=row.pk))
        stands = {name: getattr(row, name) for name in ("name", "title", "theme", "time_zone", "shortcuts")}
        change_profile(actor=row, **(stands | self.asked))
        return self.done(people(request.user).get(pk=request.user.pk))


class _PeopleView(ApiView):
    """An address that shows people: it knows whether addresses may be shown."""

    @property
    def knows_addresses(self) -> bool:
        """Whether the person manages people, asked once."""
        if not hasattr(self, "_knows"):
            self._knows = bool(policy.can(self.request.user, Power.MANAGE_PEOPLE))
        return self._knows


class PersonList(_PeopleView):
    """Everybody whom the person may see."""

    @lists("person_list", KnownPersonSerializer, order=("name", "pk"), filters=PeopleFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List people by name; a guest sees nobody but themselves."""
        return self.page(people_found(request.user, text=self.filters["q"].strip(), unit=self.filters["unit"].strip()))


class PersonDetail(_PeopleView):
    """One person."""

    @shows("person_show", PersonDetailSerializer)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Show a person: where they belong and what they hold for the whole organisation."""
        try:
            page = person_page(request.user, public_id)
        except get_user_model().DoesNotExist:
            raise Http404 from None
        return self.thing(_shown(page))


def _shown(page: PersonPage) -> Any:
    row = page.user
    row.current_memberships, row.current_roles = page.memberships, page.roles
    row.shown = {"coming": page.coming, "past": page.past}
    return row
