"""Whether the organisation is still being set up, when a lone administrator may go on alone."""

from typing import Any

from governance.models import OrganisationRoleHolding
from governance.permissions import policy
from governance.rights import Power
from governance.subjects import anything_in_force
from governance.vocabulary import OrganisationRole


def may_act_alone(actor: Any) -> bool:
    """Return whether ``actor`` is the one administrator, no sponsor is there, and no document has been in force."""
    roles = [OrganisationRole.ADMINISTRATOR.value, OrganisationRole.SPONSOR.value]
    persons = set(
        OrganisationRoleHolding.objects.valid_at()
        .filter(role__in=roles, user__is_active=True)
        .values_list("user__person_id", flat=True)
    )
    return persons == {actor.person_id} and not anything_in_force()


def may_confirm(actor: Any, *, asked_by: Any) -> bool:
    """Return whether ``actor`` is a second person who may confirm what ``asked_by`` may not do alone."""
    return bool(policy.can(actor, Power.CONFIRM_TRANSITIONS)) and actor.person_id != asked_by.person_id
