"""May somebody do something in a remit, and why; and who may."""

from typing import Any

from django import forms
from rest_framework import serializers

from governance.api.operations import lists
from governance.api.people import PersonSerializer
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.errors import Invalid
from governance.models import Remit
from governance.permissions import policy
from governance.rights import Power, Right
from governance.selectors import rights as selectors
from governance.selectors.insiders import require_insider
from governance.selectors.people import person_called
from governance.vocabulary import Capability

RIGHTS = [each.value for each in Right]


class RightSerializer(serializers.Serializer[Any]):
    """One right in one remit: whether it is held, and the chain of reasons, or what is missing."""

    right = serializers.ChoiceField(choices=RIGHTS, read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment]
    allowed = serializers.BooleanField(read_only=True)
    sentence = serializers.CharField(read_only=True)
    reasons = serializers.ListField(child=serializers.CharField(), read_only=True)


class RightFilters(forms.Form):
    """In which remit, and of whom."""

    unit = forms.CharField(max_length=32, help_text="Code of the unit.")
    capability = forms.ChoiceField(choices=[(each.value, each.label) for each in Capability])
    person = forms.CharField(
        required=False,
        max_length=254,
        help_text="Id or e-mail address, for administrators and auditors; oneself without.",
    )


class HolderFilters(forms.Form):
    """In which remit, and of which right."""

    unit = forms.CharField(max_length=32, help_text="Code of the unit.")
    capability = forms.ChoiceField(choices=[(each.value, each.label) for each in Capability])
    right = forms.ChoiceField(choices=[(each.value, each.label) for each in Right])


class RightList(ApiView):
    """The rights of one person in one remit."""

    @lists("right_list", RightSerializer, filters=RightFilters, whole=True)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """Say of every right in a remit whether somebody holds it, and why."""
        require_insider(request.user)
        person = self._person(request)
        remit = _remit(self.filters)
        decisions = [(right, policy.can(person, right, remit)) for right in Right]
        rows = [
            {
                "right": right.value,
                "label": right.label,
                "allowed": decision.allowed,
                "sentence": decision.sentence,
                "reasons": decision.reasons,
            }
            for right, decision in decisions
        ]
        return self.several(rows)

    def _person(self, request: HttpRequest) -> Any:
        wanted: str = self.filters["person"]
        user: Any = request.user
        if not wanted or wanted.lower() in (user.email.lower(), str(user.public_id)):
            return user
        policy.require(user, Power.EXPLAIN_ANYONE)
        person = person_called(wanted)
        if person is None:
            raise Invalid({"person": "Nobody here has this id or e-mail address."})
        return person


class HolderList(ApiView):
    """The people who hold one right in one remit."""

    @lists("right_holders", PersonSerializer, order=("name", "pk"), filters=HolderFilters)
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List who may do something in a remit."""
        require_insider(request.user)
        return self.page(policy.who_can(Right(self.filters["right"]), _remit(self.filters)))


def _remit(wanted: dict[str, Any]) -> Remit:
    try:
        return selectors.remit_of(wanted["unit"], wanted["capability"])
    except Remit.DoesNotExist:
        raise Invalid({"unit": f"No unit has the code {wanted['unit']}."}) from None
