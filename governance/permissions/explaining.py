"""The reasons of a decision, in words: membership, relation, model version, mode, grant; or what is missing."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser

from governance.models import Membership, Remit, RemitGroupPermission
from governance.rights import Power, Right
from governance.vocabulary import Capability, Mode, OrganisationRole

MODE_SENTENCES = {
    Mode.UNIT: "the unit decides",
    Mode.DELEGATED: "the unit decides under a mandate, and the centre reviews afterwards",
    Mode.COUNCIL: "the council of the governed units decides",
    Mode.JOINT: "the unit and the centre decide together",
    Mode.CENTRE: "the centre decides",
}

RELATION_WORDS = {
    "unit.reader": "reader in the unit",
    "unit.author": "author in the unit",
    "unit.lead": "lead of the unit",
    "centre.reader": "member of the centre",
    "centre.author": "author in the centre",
    "centre.lead": "lead of the centre",
    "peer.reader": "member of another unit under the same centre",
    "peer.author": "author in another unit under the same centre",
    "peer.lead": "lead of another unit under the same centre",
    "agency": "outside guest of the unit",
    "below": "member of a unit below",
    "governed": "member of a unit that the centre governs",
    "organisation": "member of the organisation",
    "auditor": "auditor of the organisation",
    "reserve": "reserve, for nobody nearer is left",
}


def _you(actor: Any) -> str:
    return getattr(actor, "name", "") or "Whoever is not signed in"


def _names(users: Any, most: int = 3) -> str:
    names = list(users.values_list("name", flat=True).distinct()[: most + 1])
    shown = ", ".join(names[:most])
    return f"{shown} and others" if len(names) > most else shown


def explain_power(actor: Any, power: Power, allowed: bool) -> tuple[str, tuple[str, ...]]:
    """Return the sentence and reasons for a power over the whole organisation."""
    roles = " or ".join(sorted(f"{role.value}s" for role in power.holders))
    words = power.value.replace("_", " ")
    if allowed:
        return f"{_you(actor)} may {words}.", (f"{roles.capitalize()} may {words}.",)
    article = "an" if OrganisationRole.ADMINISTRATOR in power.holders else "a"
    one = " or ".join(sorted(role.value for role in power.holders))
    return (
        f"Only {roles} may {words}. Ask {article} {one} of your organisation.",
        (f"{_you(actor)} holds none of the roles: {roles}.",),
    )


def explain_right(actor: Any, right: Right, remit: Remit, allowed: bool, subject: Any) -> tuple[str, tuple[str, ...]]:
    """Return the sentence and the reason chain for a right in a remit."""
    where = f"{remit.unit.name}, {Capability(remit.capability).label}"
    rule = _rule(remit)
    if isinstance(actor, AnonymousUser):
        return "Sign in to see more.", ("Nobody is signed in.",)
    memberships = _memberships(actor)
    if allowed:
        grants = _grants(actor, right, remit)
        because = grants or (
            (
                "It is open to this person beyond the model: as its owner, by a special grant, "
                "because it is public, or because a request waits for them."
            ),
        )
        return f"{_you(actor)} may {right.label.lower()} in {where}.", (*memberships, rule, *because)
    missing = f"No rule gives {_you(actor)} the right to {right.label.lower()} in {where}."
    holders = _holders(right, remit)
    ask = f" Ask {holders}." if holders else " Nobody holds it there now."
    return missing + ask, (*memberships, rule, missing)


def _rule(remit: Remit) -> str:
    if not remit.effective_mode or remit.model_version is None:
        return f"{remit.unit.name} has no operating model assigned, so nothing is granted there."
    centre = f" under {remit.centre.name}" if remit.centre is not None else ""
    mode = Mode(remit.effective_mode)
    fallen = " (no mandate is in force)" if remit.mode == Mode.DELEGATED and mode is Mode.JOINT else ""
    return f"{remit.model_version}{centre}: mode {mode.value}{fallen}, {MODE_SENTENCES[mode]}."


def _memberships(actor: Any) -> tuple[str, ...]:
    rows = Membership.objects.valid_at().filter(user=actor.pk).select_related("unit")
    told = tuple(
        f"{_you(actor)} is {'guest ' if row.guest else ''}{row.role} in {row.unit.name}"
        f"{' and every unit below' if row.reach == 'subtree' else ''} since {row.valid_from:%-d %b %Y}."
        for row in rows
    )
    if not actor.is_active:
        return ("The account is not active.",)
    return told or (f"{_you(actor)} belongs to no unit.",)


def _grants(actor: Any, right: Right, remit: Remit) -> tuple[str, ...]:
    rows = RemitGroupPermission.objects.filter(
        content_object=remit, permission__codename=right.value, group__user=actor.pk
    ).values_list("relations", flat=True)
    relations = sorted({relation for row in rows for relation in row.split()})
    return tuple(f"As {RELATION_WORDS.get(name, name)}, they are granted: {right.label.lower()}." for name in relations)


def _holders(right: Right, remit: Remit) -> str:
    grants = RemitGroupPermission.objects.filter(content_object=remit, permission__codename=right.value)
    users = get_user_model().objects.filter(
        is_active=True, groups__in=grants.exclude(group__party__kind="auditors").values("group_id")
    )
    return _names(users)
