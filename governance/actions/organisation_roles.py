"""Administrators, sponsors and auditors of the whole organisation."""

from typing import Any

from django.utils import timezone

from governance import events, ledger
from governance.actions import confirmations, memberships
from governance.actions.checks import reason_problem, refuse
from governance.actions.setting_up import may_act_alone
from governance.actions.units import end_row
from governance.errors import NotAllowed
from governance.models import ConfirmationRequest, Membership, OrganisationRoleHolding
from governance.permissions import policy, store
from governance.rights import Power
from governance.vocabulary import OrganisationRole, Role

STREAM = ledger.stream("organisation", "roles")


def appoint_first_administrator(*, user: Any) -> OrganisationRoleHolding:
    """``user`` is the organisation's first administrator, on the machine's word; refused once there is one."""
    if OrganisationRoleHolding.objects.valid_at().filter(role=OrganisationRole.ADMINISTRATOR.value).exists():
        raise NotAllowed("There is an administrator already; ask them to grant the role.")
    with ledger.change(actor=ledger.SYSTEM) as change:
        made = _write(change, None, user, OrganisationRole.ADMINISTRATOR, "The first administrator.")
        store.recompile(change)
    return made


def grant_organisation_role(
    *, actor: Any, user: Any, role: OrganisationRole, reason: str = ""
) -> OrganisationRoleHolding | ConfirmationRequest:
    """``user`` holds the role; the acting administrator's own wish waits for a second person instead."""
    policy.require(actor, Power.MANAGE_PEOPLE)
    refuse({"reason": reason_problem(reason)})
    _refuse(user, role)
    if user.person_id == actor.person_id and not may_act_alone(actor):
        return confirmations.ask(
            actor=actor,
            kind="organisation_role",
            payload={"user": user.pk, "role": role.value, "reason": reason},
            sentence=f"{actor.name} asks to become {role.value} of the organisation.",
            reason=reason,
        )
    with ledger.change(actor=actor) as change:
        store.lock()
        made = _write(change, actor, user, role, reason)
        store.recompile(change)
    return made


def end_organisation_role(*, actor: Any, holding: OrganisationRoleHolding, reason: str = "") -> OrganisationRoleHolding:
    """The role ends. The last administrator's cannot."""
    policy.require(actor, Power.MANAGE_PEOPLE)
    refuse({"reason": reason_problem(reason)})
    with ledger.change(actor=actor) as change:
        store.lock()
        row: OrganisationRoleHolding = (
            OrganisationRoleHolding.objects.select_for_update(of=("self",)).select_related("user").get(pk=holding.pk)
        )
        others = OrganisationRoleHolding.objects.valid_at().filter(
            role=OrganisationRole.ADMINISTRATOR.value, user__is_active=True
        )
        if row.role == OrganisationRole.ADMINISTRATOR and not others.exclude(pk=row.pk).exists():
            raise NotAllowed("This is the last administrator. Appoint another first.")
        end_row(row, actor, timezone.now())
        change.record(
            events.ORGANISATION_ROLE_ENDED,
            stream=STREAM,
            subject_title=f"{row.user} as {row.role}",
            before={"role": row.role},
            reason=reason,
            people=[row.user_id],
        )
        store.recompile(change)
    return row


def decide_confirmation(*, actor: Any, asked: ConfirmationRequest, confirmed: bool) -> ConfirmationRequest:
    """A second person grants or refuses what an administrator asked for themselves."""
    return confirmations.decide(
        actor=actor,
        asked=asked,
        confirmed=confirmed,
        effects={"membership": memberships.grant_confirmed, "organisation_role": _grant_confirmed},
    )


def _grant_confirmed(change: ledger.Change, asked: ConfirmationRequest, users: Any) -> None:
    user, role = users.get(pk=asked.payload["user"]), OrganisationRole(asked.payload["role"])
    _refuse(user, role)
    _write(change, asked.requested_by, user, role, asked.payload["reason"])
    store.recompile(change)


def _refuse(user: Any, role: OrganisationRole) -> None:
    held = set(
        OrganisationRoleHolding.objects.valid_at().filter(user__person_id=user.person_id).values_list("role", flat=True)
    )
    writing = (
        Membership.objects.not_ended().filter(user__person_id=user.person_id).exclude(role=Role.READER.value).exists()
    )
    problem = None
    if role.value in held:
        problem = f"{user} is {role.value} already."
    elif role is OrganisationRole.AUDITOR and OrganisationRole.ADMINISTRATOR.value in held:
        problem = "An auditor is no administrator; end that role first."
    elif role is OrganisationRole.ADMINISTRATOR and OrganisationRole.AUDITOR.value in held:
        problem = "An administrator is no auditor; end that role first."
    elif role is OrganisationRole.AUDITOR and writing:
        problem = "An auditor holds at most reader memberships; end the others first."
    refuse({"role": problem})


def _write(
    change: ledger.Change, actor: Any, user: Any, role: OrganisationRole, reason: str
) -> OrganisationRoleHolding:
    made: OrganisationRoleHolding = OrganisationRoleHolding.objects.create(
        user=user, role=role.value, reason=reason, recorded_by=actor, valid_from=timezone.now()
    )
    change.record(
        events.ORGANISATION_ROLE_GRANTED,
        stream=STREAM,
        subject_title=f"{user} as {role.value}",
        after={"role": role.value},
        reason=reason,
        people=[user.pk],
    )
    return made
