"""Delegations: a person names a substitute for deciding, for a time; ended early by either of the two."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from governance import events, ledger
from governance.actions.checks import reason_problem, refuse
from governance.actions.units import end_row
from governance.errors import Denied, NotAllowed
from governance.models import Delegation, Membership, OrganisationRoleHolding, Remit
from governance.permissions import policy, store
from governance.rights import Power
from governance.selectors.delegations import remits_to_lend
from governance.vocabulary import OrganisationRole

LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelegation:
    """A delegation to be made. ``until`` is exclusive and never empty; without ``since`` it begins now."""

    substitute: Any
    remits: Iterable[Remit]
    until: datetime
    since: datetime | None = None
    reason: str = ""


def delegate(*, actor: Any, delegation: NewDelegation) -> Delegation:
    """The substitute may decide for the actor in these remits until then, and running requests wait for them too.

    Only for oneself, only in remits where one decides, at most a year. The substitute is another natural person,
    active, no guest and no auditor. What is lent is looked up anew at each decision, so it ends with the actor's own
    right. Event: ``delegation.created``.
    """
    remits = sorted({remit.pk for remit in delegation.remits})
    with ledger.change(actor=actor) as change:
        store.lock()
        _refuse(actor, delegation, remits)
        made = Delegation.objects.create(
            delegator=actor,
            substitute=delegation.substitute,
            valid_from=delegation.since or timezone.now(),
            valid_to=delegation.until,
            reason=delegation.reason,
            recorded_by=actor,
        )
        made.remits.set(remits)
        _record(change, events.DELEGATION_CREATED, made, reason=delegation.reason)
        store.recompile(change)
    return made


def end_delegation(*, actor: Any, delegation: Delegation, reason: str = "") -> Delegation:
    """The delegation lends nothing from now on; it stays on record.

    By the delegator, by the substitute, or by whoever manages people. Event: ``delegation.ended``.
    """
    refuse({"reason": reason_problem(reason)})
    with ledger.change(actor=actor) as change:
        store.lock()
        row: Delegation = (
            Delegation.objects.select_for_update(of=("self",))
            .select_related("delegator", "substitute")
            .get(pk=delegation.pk)
        )
        persons = {row.delegator.person_id, row.substitute.person_id}
        if actor.person_id not in persons and not policy.can(actor, Power.MANAGE_PEOPLE):
            raise Denied("Only the two people it names, or an administrator, can end a delegation.")
        if row.valid_to is not None and row.valid_to <= timezone.now():
            raise NotAllowed("This delegation has ended already.")
        end_row(row, actor, timezone.now())
        _record(change, events.DELEGATION_ENDED, row, reason=reason)
        store.recompile(change)
    return row


def _refuse(actor: Any, new: NewDelegation, remits: list[int]) -> None:
    since = new.since or timezone.now()
    own = set(remits_to_lend(actor).filter(pk__in=remits).values_list("pk", flat=True))
    refuse(
        {
            "substitute": _substitute_problem(actor, new.substitute),
            "remits": "You decide in none of these, so there is nothing to lend. Choose where you decide."
            if not remits or own != set(remits)
            else None,
            "until": "The last day lies before the first."
            if new.until <= since
            else "A delegation holds for at most a year; choose an earlier last day."
            if new.until - since > LONGEST
            else None,
            "reason": reason_problem(new.reason),
        }
    )


def _substitute_problem(actor: Any, substitute: Any) -> str | None:
    if substitute.person_id == actor.person_id:
        return "Name somebody else: you cannot stand in for yourself."
    if not substitute.is_active:
        return f"{substitute.name} is not active."
    held = OrganisationRoleHolding.objects.valid_at().filter(user__person_id=substitute.person_id)
    if held.filter(role=OrganisationRole.AUDITOR.value).exists():
        return f"{substitute.name} is an auditor, and an auditor decides nothing. Name somebody else."
    if Membership.objects.valid_at().filter(user__person_id=substitute.person_id, guest=True).exists():
        return f"{substitute.name} is a guest, and a guest decides nothing. Name somebody else."
    return None


def _record(change: ledger.Change, event: str, row: Delegation, *, reason: str) -> None:
    change.record(
        event,
        stream=ledger.stream("person", row.delegator.public_id),
        subject_title=f"{row.delegator.name}: {row.substitute.name} stands in",
        after={
            "substitute": row.substitute.public_id,
            "remits": [str(remit) for remit in row.remits.select_related("unit").order_by("pk")],
            "from": row.valid_from,
            "until": row.valid_to,
        },
        reason=reason,
        people=[row.delegator_id, row.substitute_id],
    )
