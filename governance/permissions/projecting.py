"""What the organisation would be after planned assignments: the same snapshot with other assignments and mandates."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from governance.compiler.assignments import assignment_problem
from governance.compiler.compile import compile_world
from governance.compiler.plan import Plan, difference
from governance.compiler.snapshot import Assignment, Mandate, RemitKey, Snapshot
from governance.compiler.world import World
from governance.vocabulary import Capability, Mode, RiskLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAssignment:
    """A unit's coming assignment. ``centres`` names other centres for single capabilities.

    ``risk_limit`` and ``mandate_until`` (the last day) are for the mandates that mode delegated creates; empty takes
    what the model proposes.
    """

    unit: int
    model_version: int
    centre: int | None = None
    centres: Mapping[Capability, int] | None = None
    risk_limit: RiskLevel | None = None
    mandate_until: date | None = None


@dataclass(frozen=True)
class Projection:
    """The difference that planned assignments make, and the mandates that would begin and end with them."""

    plan: Plan
    before: World
    after: World
    new_mandates: tuple[tuple[Mandate, PlannedAssignment], ...]
    ended_mandates: tuple[int, ...]


def project(snapshot: Snapshot, planned: Sequence[PlannedAssignment]) -> Projection:
    """Return what ``planned`` would change. Pure but for reading nothing: equal input, equal plan hash."""
    before = World(snapshot)
    changed = {item.unit for item in planned}
    kept = tuple(row for row in snapshot.assignments if row.unit not in changed)
    after = replace(snapshot, assignments=(*kept, *_assignments(planned)))
    bare = World(after)
    standing = [row for row in snapshot.mandates if _stands(bare, row)]
    new = _new_mandates(bare, planned, {row.remit for row in standing})
    world = World(replace(after, mandates=(*standing, *(mandate for mandate, _ in new))))
    plan = difference(compile_world(before), compile_world(world), before, world)
    stays = {row.id for row in standing}
    ended = tuple(row.id for row in snapshot.mandates if row.id not in stays)
    return Projection(plan, before, world, new, ended)


def assignment_problems(snapshot: Snapshot, planned: Sequence[PlannedAssignment]) -> list[str]:
    """Return why the planned assignments are refused, each as a sentence; empty when none is."""
    units = {unit.id: unit for unit in snapshot.units}
    problems = []
    for item in planned:
        model, unit = snapshot.models[item.model_version], units[item.unit]
        centre = units[item.centre] if item.centre is not None else None
        problems.append(assignment_problem(model, centre, unit))
        problems += [
            assignment_problem(model, units[named], unit, capability=capability)
            for capability, named in (item.centres or {}).items()
        ]
    return [problem for problem in problems if problem]


def fingerprints(snapshot: Snapshot) -> dict[str, str]:
    """Return for every unit a short hash of its place, kind, assignments and mandates: what a plan stands on."""
    facts: dict[int, list[object]] = {unit.id: [unit.parent, unit.kind.value, unit.closed] for unit in snapshot.units}
    for row in sorted(snapshot.assignments, key=lambda row: row.id):
        facts[row.unit].append(["a", row.capability or "", row.model_version, row.centre])
    for mandate in sorted(snapshot.mandates, key=lambda row: row.id):
        facts[mandate.remit.unit].append(
            ["m", mandate.remit.capability.value, mandate.centre, mandate.risk_limit.value]
        )
    return {
        str(unit): hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]
        for unit, known in facts.items()
    }


def _assignments(planned: Sequence[PlannedAssignment]) -> list[Assignment]:
    rows: list[Assignment] = []
    for item in planned:
        rows.append(Assignment(-len(rows) - 1, item.unit, None, item.model_version, item.centre))
        for capability in Capability:
            if named := (item.centres or {}).get(capability):
                rows.append(Assignment(-len(rows) - 1, item.unit, capability, item.model_version, named))
    return rows


def _stands(world: World, mandate: Mandate) -> bool:
    found = world.governance(mandate.remit)
    return found is not None and found.mode is Mode.DELEGATED and found.centre == mandate.centre


def _new_mandates(
    world: World, planned: Sequence[PlannedAssignment], standing: set[RemitKey]
) -> tuple[tuple[Mandate, PlannedAssignment], ...]:
    by_unit = {item.unit: item for item in planned}
    made: list[tuple[Mandate, PlannedAssignment]] = []
    for remit in world.remits:
        found = world.governance(remit)
        if found is None or found.mode is not Mode.DELEGATED or found.assigned_at not in by_unit:
            continue
        if remit in standing or found.centre is None or not world.is_open(remit.unit):
            continue
        item = by_unit[found.assigned_at]
        limit = item.risk_limit or RiskLevel(world.snapshot.models[item.model_version].mandate_risk_limit)
        made.append((Mandate(-len(made) - 1, remit, found.centre, limit), item))
    return tuple(made)
