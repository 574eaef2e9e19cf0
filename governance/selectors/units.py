"""One unit as its page shows it: its place, its people, its history, and what a move would bring."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone

from governance.compiler.snapshot import RemitKey, Unit
from governance.compiler.world import World
from governance.models import BusinessUnit, Membership, UnitPeriod
from governance.selectors.models import Holding, holding_of
from governance.selectors.organisation import memberships_of, open_units
from governance.vocabulary import Capability, Role

MOST_ROWS = 300
"""So many units stand in one list; beyond, whole levels are left to the units' own pages."""
MOST_PEOPLE = 25


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in the list: how deep it stands, its model and centres, and how many people belong to it directly."""

    unit: Unit
    depth: int
    model: str
    differs: bool
    holding: Holding
    centres: tuple[Unit, ...]
    people: int
    below: int


@dataclass(frozen=True, slots=True)
class PeopleOfRole:
    """The direct members of one role; ``more`` are not listed."""

    role: Role
    rows: tuple[Membership, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Move:
    """What a move brings about: one sentence, and whether anything but the place changes."""

    sentence: str
    changes_model: bool


def unit_rows(world: World, *, text: str = "", below: int | None = None) -> tuple[list[UnitRow], int]:
    """Return the open units as a list in the order of the tree, and how many were left out.

    ``text`` keeps those whose name or code holds it; ``below`` those under one unit, without itself.
    """
    order = _in_order(world, below)
    if text:
        wanted = text.lower()
        order = [(0, unit) for _, unit in order if wanted in unit.name.lower() or wanted in unit.code.lower()]
    kept = order[:MOST_ROWS] if text else _whole_levels(order)
    counts = people_counts([unit.id for _, unit in kept])
    root = next((unit for unit in world.units if unit.parent is None), None)
    whole = _plain_holding(world, root.id) if root is not None else None
    rows = [_row(world, unit, depth, counts, whole) for depth, unit in kept]
    return rows, len(order) - len(kept)


def _in_order(world: World, below: int | None) -> list[tuple[int, Unit]]:
    found: list[tuple[int, Unit]] = []
    roots = [unit.id for unit in world.units if unit.parent is None] if below is None else list(world.children(below))
    stack = [(0, unit) for unit in _by_name(world, roots)]
    while stack:
        depth, unit_id = stack.pop()
        unit = world.unit(unit_id)
        if not unit.closed:
            found.append((depth, unit))
        stack.extend((depth + 1, child) for child in _by_name(world, world.children(unit_id)))
    return found


def _by_name(world: World, ids: Any) -> list[int]:
    """Last first, for a stack; centres stand before other units."""
    return sorted(ids, key=lambda each: (not world.is_centre(each), world.unit(each).name), reverse=True)


def _whole_levels(order: list[tuple[int, Unit]]) -> list[tuple[int, Unit]]:
    depth = max((depth for depth, _ in order), default=0)
    while depth > 1 and sum(1 for each, _ in order if each <= depth) > MOST_ROWS:
        depth -= 1
    return [row for row in order if row[0] <= depth][:MOST_ROWS]


def people_counts(units: list[int]) -> dict[int, int]:
    """Return how many people belong to each of the units directly now, by one statement."""
    rows = Membership.objects.valid_at().filter(unit__in=units).order_by().values("unit_id")
    return {row["unit_id"]: row["people"] for row in rows.annotate(people=Count("user", distinct=True))}


def _plain_holding(world: World, unit_id: int) -> Holding:
    found = {capability: world.governance(RemitKey(unit_id, capability)) for capability in Capability}
    known = {capability: each for capability, each in found.items() if each is not None}
    one = next(iter(known.values()), None)
    model = None if one is None else world.snapshot.models[one.model_version]
    at = None if one is None or one.assigned_at is None else world.unit(one.assigned_at)
    return Holding(world.unit(unit_id), model, one.model_version if one else None, at, None, known)


def _row(world: World, unit: Unit, depth: int, counts: Mapping[int, int], whole: Holding | None) -> UnitRow:
    holding = _plain_holding(world, unit.id)
    general = whole.model.key if whole is not None and whole.model is not None else None
    return UnitRow(
        unit=unit,
        depth=min(depth, 6),
        model="" if unit.kind.is_centre else holding.model.name if holding.model else "No model",
        differs=not unit.kind.is_centre and holding.model is not None and holding.model.key != general,
        holding=holding,
        centres=tuple(world.unit(centre) for centre in holding.centres()),
        people=counts.get(unit.id, 0),
        below=len(world.children(unit.id)),
    )


def unit_for_page(code: str) -> BusinessUnit:
    """Return the unit with this code, whatever its case; raises ``BusinessUnit.DoesNotExist``."""
    found: BusinessUnit = BusinessUnit.objects.select_related("parent").get(code__iexact=code)
    return found


def people_by_role(unit: BusinessUnit) -> list[PeopleOfRole]:
    """Return the unit's direct members now, leads first, guests among them marked; long lists are cut."""
    found = []
    members = memberships_of(unit).select_related("unit")
    for role in reversed(Role):
        rows = members.filter(role=role.value).order_by("guest", "user__name", "pk")
        shown = list(rows[: MOST_PEOPLE + 1])
        more = rows.count() - MOST_PEOPLE if len(shown) > MOST_PEOPLE else 0
        found.append(PeopleOfRole(role, tuple(shown[:MOST_PEOPLE]), more))
    return found


def coming_memberships(unit: BusinessUnit) -> "QuerySet[Membership]":
    """Return the memberships that begin later."""
    now: datetime = timezone.now()
    rows = Membership.objects.filter(unit=unit, valid_from__gt=now).select_related("user", "unit")
    found: QuerySet[Membership] = rows.order_by("valid_from")
    return found


def periods_of(unit: BusinessUnit) -> "QuerySet[UnitPeriod]":
    """Return what the unit was called and where it stood, newest first."""
    rows = UnitPeriod.objects.filter(unit=unit).select_related("parent", "recorded_by")
    found: QuerySet[UnitPeriod] = rows.order_by("-valid_from", "-pk")
    return found


def possible_parents(world: World, unit: BusinessUnit) -> "QuerySet[BusinessUnit]":
    """Return the open units under which the unit can be moved: not itself, none below it, not where it is."""
    return open_units().exclude(pk__in=[unit.pk, unit.parent_id, *world.descendants(unit.pk)])


def what_a_move_brings(world: World, unit: BusinessUnit, parent: BusinessUnit) -> Move:
    """Return which model the unit would come under below ``parent``, worked out on the whole organisation."""
    units = tuple(replace(each, parent=parent.pk) if each.id == unit.pk else each for each in world.snapshot.units)
    after = World(replace(world.snapshot, units=units))
    was, becomes = _plain_holding(world, unit.pk), _plain_holding(after, unit.pk)
    follow = _followers(world, after, unit.pk)
    name = unit.name
    if _same(was, becomes):
        why = "has a model of its own" if was.is_own else "stays under the same model and centre"
        return Move(f"{name} {why}: who decides there does not change.", changes_model=bool(follow))
    below = f" So do {follow} unit{'s' if follow > 1 else ''} below it." if follow else ""
    if becomes.model is None:
        return Move(f"{name} comes under no model, so nobody is granted anything there.{below}", changes_model=True)
    before = was.model.name if was.model is not None else "no model"
    at = f", as {becomes.assigned_at.name} is" if becomes.assigned_at is not None else ""
    centres = [after.unit(centre).name for centre in becomes.centres()]
    under = f", with {' and '.join(centres)}" if centres else ", without a centre"
    sentence = f"{name} comes under {becomes.model.name}{under}{at}; today it is under {before}.{below}"
    return Move(sentence, changes_model=True)


def _same(was: Holding, becomes: Holding) -> bool:
    return {each: (row.model_version, row.centre) for each, row in was.governance.items()} == {
        each: (row.model_version, row.centre) for each, row in becomes.governance.items()
    }


def _followers(world: World, after: World, unit: int) -> int:
    return sum(
        1
        for below in world.descendants(unit)
        if not _same(_plain_holding(world, below), _plain_holding(after, below)) and world.is_open(below)
    )


def holding(world: World, unit: BusinessUnit) -> Holding:
    """Return what the unit is under, with the day it was assigned."""
    return holding_of(world, unit.pk)
