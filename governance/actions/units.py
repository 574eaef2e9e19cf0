"""Business units: made, renamed, moved, closed; never deleted. Each step recompiles the permissions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from governance import events, ledger
from governance.actions.checks import reason_problem, refuse, text_problem
from governance.compiler.world import World
from governance.errors import Invalid, NotAllowed
from governance.models import (
    Assignment,
    BusinessUnit,
    Mandate,
    Remit,
    Request,
    UnitClosure,
    UnitPeriod,
)
from governance.permissions import policy, store
from governance.permissions.snapshots import load_snapshot
from governance.rights import Power
from governance.subjects import in_force_in_unit
from governance.vocabulary import Capability, UnitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUnit:
    """A unit to be made; ``parent`` is a code, empty for the organisation itself."""

    code: str
    name: str
    kind: UnitKind
    parent: str = ""


def create_unit(*, actor: Any, code: str, name: str, kind: UnitKind, parent: str = "") -> BusinessUnit:
    """A unit exists under ``parent`` (a code) with its six remits. Refuses a code that was ever used."""
    return create_units(actor=actor, units=[NewUnit(code=code, name=name, kind=kind, parent=parent)])[0]


def create_units(*, actor: Any, units: Sequence[NewUnit], since: datetime | None = None) -> list[BusinessUnit]:
    """All the units exist, in the given order (a parent before its children), by one change and one compilation.

    ``since`` dates their beginning back, for an organisation that is written down after the fact.
    """
    policy.require(actor, Power.MANAGE_UNITS)
    with ledger.change(actor=actor) as change:
        store.lock()
        made = [_make(change, actor, unit, since or timezone.now()) for unit in units]
        store.recompile(change)
    return made


def rename_unit(*, actor: Any, unit: BusinessUnit, name: str, reason: str = "") -> BusinessUnit:
    """The unit has another name from now on; what it was called stays on record."""
    policy.require(actor, Power.MANAGE_UNITS)
    refuse({"name": text_problem(name, name="the unit's name", longest=200), "reason": reason_problem(reason)})
    with ledger.change(actor=actor) as change:
        store.lock()
        locked = _locked(unit)
        if locked.name == name:
            change.nothing_happened()
            return locked
        before = locked.name
        locked.name = name
        locked.save(update_fields=["name"])
        _start_period(locked, actor, reason)
        _record(change, events.UNIT_RENAMED, locked, {"name": before}, {"name": name}, reason)
        store.recompile(change)
    return locked


def move_unit(*, actor: Any, unit: BusinessUnit, parent: BusinessUnit, reason: str = "") -> BusinessUnit:
    """The unit stands under ``parent``; its model changes with it unless it is assigned its own.

    Refused under itself, under one of its own descendants and under a closed unit.
    """
    policy.require(actor, Power.MANAGE_UNITS)
    refuse({"reason": reason_problem(reason)})
    with ledger.change(actor=actor) as change:
        store.lock()
        locked = _locked(unit)
        if UnitClosure.objects.filter(ancestor=locked, descendant=parent).exists():
            raise Invalid({"parent": f"{parent.name} is {locked.name} itself or below it; choose a unit outside it."})
        if parent.is_closed:
            raise Invalid({"parent": f"{parent.name} is closed; choose an open unit."})
        if locked.parent_id is None:
            raise NotAllowed(f"{locked.name} is the root of the tree; it has nowhere to move.")
        before = locked.parent
        if before == parent:
            change.nothing_happened()
            return locked
        locked.parent = parent
        locked.save(update_fields=["parent"])
        _start_period(locked, actor, reason)
        _move_in_closure(locked, parent)
        _record(
            change,
            events.UNIT_MOVED,
            locked,
            {"parent": before.code if before else ""},
            {"parent": parent.code},
            reason,
        )
        end_stray_mandates(change, actor)
        store.recompile(change)
    return locked


def close_unit(*, actor: Any, unit: BusinessUnit, reason: str) -> BusinessUnit:
    """The unit is closed: its memberships give nothing, its remits are only read; units below go on.

    Refused while it has a document in force or an open request, or while a current assignment or mandate names it.
    """
    policy.require(actor, Power.MANAGE_UNITS)
    refuse({"reason": text_problem(reason, name="why the unit closes", longest=500)})
    with ledger.change(actor=actor) as change:
        store.lock()
        locked = _locked(unit)
        if locked.is_closed:
            raise NotAllowed(f"{locked.name} is closed already.")
        _refuse_closing(locked)
        locked.closed_at = timezone.now()
        locked.save(update_fields=["closed_at"])
        _start_period(locked, actor, reason)
        _record(change, events.UNIT_CLOSED, locked, {"closed": False}, {"closed": True}, reason)
        end_stray_mandates(change, actor)
        store.recompile(change)
    return locked


def end_stray_mandates(change: ledger.Change, actor: Any) -> None:
    """No mandate is in force whose remit has come under another centre, or under none, or out of mode delegated."""
    world = World(load_snapshot())
    now = timezone.now()
    for mandate in Mandate.objects.valid_at(now).select_related("remit__unit"):
        found = world.governance(store.key_of(mandate.remit))
        if found is not None and found.mode == "delegated" and found.centre == mandate.centre_id:
            continue
        end_row(mandate, actor, now)
        change.record(
            events.MANDATE_ENDED,
            stream=ledger.stream("unit", mandate.remit.unit.public_id),
            subject_title=str(mandate.remit),
            before={"centre": mandate.centre_id, "risk_limit": mandate.risk_limit},
            reason="The remit came under another centre or mode.",
        )


def end_row(row: Any, actor: Any, now: datetime) -> None:
    """The dated row ends at ``now`` on the word of ``actor``; a row that would begin later never holds."""
    row.valid_to = max(now, row.valid_from)
    row.ended_at = now
    row.ended_by = actor if actor is not ledger.SYSTEM else None
    row.save(update_fields=["valid_to", "ended_at", "ended_by"])


def _refuse_closing(unit: BusinessUnit) -> None:
    if in_force_in_unit(unit):
        raise NotAllowed(f"{unit.name} still owns documents in force. Retire them or give them to another unit first.")
    open_requests = Request.objects.filter(
        Q(remit__unit=unit) | Q(asking_unit=unit), status__in=["open", "undecidable"]
    ).count()
    if open_requests:
        raise NotAllowed(f"{unit.name} still has {open_requests} open requests. Decide or withdraw them first.")
    if Assignment.objects.not_ended().filter(centre=unit).exists():
        raise NotAllowed(
            f"{unit.name} is the centre of a current assignment. Assign those units to another centre first."
        )
    if Mandate.objects.not_ended().filter(centre=unit).exists():
        raise NotAllowed(f"{unit.name} has given mandates that are in force. End them first.")
    if unit.parent_id is None:
        raise NotAllowed(f"{unit.name} is the root of the tree; it cannot close.")


def _make(change: ledger.Change, actor: Any, new: NewUnit, since: datetime) -> BusinessUnit:
    parent = BusinessUnit.objects.filter(code=new.parent).first() if new.parent else None
    _refuse_new(new, parent)
    unit = BusinessUnit.objects.create(code=new.code.strip(), name=new.name.strip(), kind=new.kind.value, parent=parent)
    UnitPeriod.objects.create(
        unit=unit, name=unit.name, kind=unit.kind, parent=parent, valid_from=since, recorded_by=_account(actor)
    )
    above = UnitClosure.objects.filter(descendant=parent) if parent else UnitClosure.objects.none()
    UnitClosure.objects.bulk_create(
        [UnitClosure(ancestor=unit, descendant=unit, depth=0)]
        + [UnitClosure(ancestor_id=row.ancestor_id, descendant=unit, depth=row.depth + 1) for row in above]
    )
    Remit.objects.bulk_create([Remit(unit=unit, capability=capability.value) for capability in Capability])
    _record(change, events.UNIT_CREATED, unit, None, {"code": unit.code, "kind": unit.kind, "parent": new.parent}, "")
    return unit


def _refuse_new(new: NewUnit, parent: BusinessUnit | None) -> None:
    problems = {
        "code": text_problem(new.code, name="the unit's code", longest=32),
        "name": text_problem(new.name, name="the unit's name", longest=200),
    }
    if not problems["code"] and not all(sign.isalnum() or sign in "-_" for sign in new.code.strip()):
        problems["code"] = "Use letters, digits and hyphens in the code."
    if BusinessUnit.objects.filter(code__iexact=new.code.strip()).exists():
        problems["code"] = f"The code {new.code} is taken, and codes are never used again. Choose another."
    if new.parent and parent is None:
        problems["parent"] = f"No unit has the code {new.parent}."
    if parent is not None and parent.is_closed:
        problems["parent"] = f"{parent.name} is closed; choose an open unit."
    if not new.parent and BusinessUnit.objects.filter(parent__isnull=True).exists():
        problems["parent"] = "Choose the unit above it: the organisation is there already."
    refuse(problems)


def _locked(unit: BusinessUnit) -> BusinessUnit:
    return BusinessUnit.objects.select_for_update(of=("self",)).select_related("parent").get(pk=unit.pk)


def _account(actor: Any) -> Any:
    return None if actor is ledger.SYSTEM else actor


def _start_period(unit: BusinessUnit, actor: Any, reason: str) -> None:
    now = timezone.now()
    for row in UnitPeriod.objects.filter(unit=unit, valid_to__isnull=True):
        end_row(row, actor, now)
    UnitPeriod.objects.create(
        unit=unit,
        name=unit.name,
        kind=unit.kind,
        parent=unit.parent,
        closed=unit.is_closed,
        valid_from=now,
        recorded_by=_account(actor),
        reason=reason,
    )


def _move_in_closure(unit: BusinessUnit, parent: BusinessUnit) -> None:
    below = list(UnitClosure.objects.filter(ancestor=unit).values_list("descendant_id", "depth"))
    inside = {descendant for descendant, _ in below}
    UnitClosure.objects.filter(descendant_id__in=inside).exclude(ancestor_id__in=inside).delete()
    above = list(UnitClosure.objects.filter(descendant=parent).values_list("ancestor_id", "depth"))
    UnitClosure.objects.bulk_create(_joined(above, below), batch_size=500)


def _joined(above: Iterable[tuple[int, int]], below: Sequence[tuple[int, int]]) -> list[UnitClosure]:
    return [
        UnitClosure(ancestor_id=ancestor, descendant_id=descendant, depth=up + 1 + down)
        for ancestor, up in above
        for descendant, down in below
    ]


def _record(
    change: ledger.Change,
    event: str,
    unit: BusinessUnit,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    reason: str,
) -> None:
    change.record(
        event,
        stream=ledger.stream("unit", unit.public_id),
        subject_title=f"{unit.name} ({unit.code})",
        subject_url=unit.get_absolute_url(),
        before=before,
        after=after,
        reason=reason,
    )
