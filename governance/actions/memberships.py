"""Memberships: granted for a time and ended; never changed in place. Each step recompiles the permissions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from governance import events, ledger
from governance.actions import confirmations
from governance.actions.checks import reason_problem, refuse
from governance.actions.setting_up import may_act_alone
from governance.actions.units import end_row
from governance.errors import NotAllowed
from governance.models import BusinessUnit, ConfirmationRequest, Membership, OrganisationRoleHolding
from governance.permissions import policy, store
from governance.rights import Power
from governance.vocabulary import OrganisationRole, Reach, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMembership:
    """A membership to be granted. ``until`` is exclusive; without ``since`` it begins now."""

    user: Any
    unit: BusinessUnit
    role: Role
    reach: Reach = Reach.UNIT
    guest: bool = False
    since: datetime | None = None
    until: datetime | None = None
    reason: str = ""


def grant_membership(*, actor: Any, membership: NewMembership) -> Membership | ConfirmationRequest:
    """The person has the role, and the permissions follow at once.

    What would give the acting administrator a right of their own waits for a second administrator or a sponsor: then
    the ``ConfirmationRequest`` is returned and nothing is granted yet.
    """
    policy.require(actor, Power.MANAGE_PEOPLE)
    _refuse(membership)
    if membership.user.person_id == actor.person_id and not may_act_alone(actor):
        return confirmations.ask(
            actor=actor,
            kind="membership",
            payload=_to_json(membership),
            sentence=f"{actor.name} asks to become {membership.role.value} in {membership.unit.name}.",
            reason=membership.reason,
        )
    return grant_memberships(actor=actor, memberships=[membership])[0]


def grant_memberships(*, actor: Any, memberships: Sequence[NewMembership]) -> list[Membership]:
    """All the memberships hold, by one change and one compilation. None of them may be the actor's own."""
    policy.require(actor, Power.MANAGE_PEOPLE)
    for membership in memberships:
        _refuse(membership)
        if membership.user.person_id == actor.person_id and not may_act_alone(actor):
            raise NotAllowed("A membership of your own needs a second administrator or a sponsor; ask for it singly.")
    with ledger.change(actor=actor) as change:
        store.lock()
        made = [write_membership(change, actor, membership) for membership in memberships]
        store.recompile(change)
    return made


def end_membership(*, actor: Any, membership: Membership, reason: str = "") -> Membership:
    """The membership gives nothing from now on; it stays on record."""
    policy.require(actor, Power.MANAGE_PEOPLE)
    refuse({"reason": reason_problem(reason)})
    with ledger.change(actor=actor) as change:
        store.lock()
        locked: Membership = (
            Membership.objects.select_for_update(of=("self",)).select_related("unit", "user").get(pk=membership.pk)
        )
        if locked.valid_to is not None and locked.valid_to <= timezone.now():
            raise NotAllowed("This membership has ended already.")
        end_row(locked, actor, timezone.now())
        change.record(
            events.MEMBERSHIP_ENDED,
            stream=ledger.stream("unit", locked.unit.public_id),
            subject_title=f"{locked.user} in {locked.unit}",
            subject_url=locked.unit.get_absolute_url(),
            before={"role": locked.role, "reach": locked.reach, "guest": locked.guest},
            reason=reason,
            people=[locked.user_id],
        )
        store.recompile(change)
    return locked


def write_membership(change: ledger.Change, actor: Any, new: NewMembership) -> Membership:
    """The row and its entry are written within ``change``; the caller recompiles."""
    made = Membership(
        user=new.user,
        unit=new.unit,
        role=new.role.value,
        reach=new.reach.value,
        guest=new.guest,
        valid_from=new.since or timezone.now(),
        valid_to=new.until,
        reason=new.reason,
        recorded_by=actor,
    )
    made.save(force_insert=True)
    change.record(
        events.MEMBERSHIP_GRANTED,
        stream=ledger.stream("unit", new.unit.public_id),
        subject_title=f"{new.user} as {new.role.value} in {new.unit}",
        subject_url=new.unit.get_absolute_url(),
        after={"role": new.role.value, "reach": new.reach.value, "guest": new.guest},
        reason=new.reason,
        people=[new.user.pk],
    )
    return made


def _refuse(new: NewMembership) -> None:
    auditor = (
        OrganisationRoleHolding.objects.valid_at()
        .filter(user__person_id=new.user.person_id, role=OrganisationRole.AUDITOR.value)
        .exists()
    )
    refuse(
        {
            "role": "An auditor holds at most reader memberships; choose reader, or end the auditor's role first."
            if auditor and new.role is not Role.READER
            else None,
            "unit": f"{new.unit.name} is closed; choose an open unit." if new.unit.is_closed else None,
            "user": f"{new.user} is not active." if not new.user.is_active else None,
            "guest": "A centre has no guests; choose a unit." if new.guest and new.unit.is_centre else None,
            "reason": reason_problem(new.reason),
            "until": "The end lies before the beginning."
            if new.until is not None and new.until <= (new.since or timezone.now())
            else None,
        }
    )


def _to_json(new: NewMembership) -> dict[str, Any]:
    return {
        "user": new.user.pk,
        "unit": new.unit.pk,
        "role": new.role.value,
        "reach": new.reach.value,
        "guest": new.guest,
        "until": new.until.isoformat() if new.until else None,
        "reason": new.reason,
    }


def grant_confirmed(change: ledger.Change, asked: ConfirmationRequest, users: Any) -> None:
    """What was asked for in a confirmed request is granted within ``change``."""
    payload = asked.payload
    until = payload["until"]
    new = NewMembership(
        user=users.get(pk=payload["user"]),
        unit=BusinessUnit.objects.get(pk=payload["unit"]),
        role=Role(payload["role"]),
        reach=Reach(payload["reach"]),
        guest=payload["guest"],
        until=datetime.fromisoformat(until) if until else None,
        reason=payload["reason"],
    )
    _refuse(new)
    write_membership(change, asked.requested_by, new)
    store.recompile(change)
