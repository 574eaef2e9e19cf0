"""Plans as people read them: who loses and gains what, by unit, person or right, and what becomes of each unit."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from governance.compiler.snapshot import Unit
from governance.compiler.world import World
from governance.figures import CAPABILITY_SHORT, PhaseUnit
from governance.models import OperatingModelVersion, Request, Transition
from governance.permissions import policy
from governance.rights import Power, Right
from governance.selectors.organisation import current_world
from governance.selectors.people import sees_people
from governance.selectors.requests import requests_visible_to
from governance.vocabulary import Capability, Mode

By = Literal["unit", "person", "right"]
MOST_ITEMS = 200_000
"""So many single changes are laid out by person; the totals of a plan are always whole."""
NAMED = 5
MOST_ROWS = 10
"""So many rows of one group are shown beside others; the rest stand on the group's own page."""
MOST_ALONE = 500


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """Some rights that the same people lose (``lose``) or gain (``add``), in the same capabilities and units."""

    sign: str
    rights: str
    capabilities: str
    units: str
    names: tuple[str, ...]
    more: int
    count: int


@dataclass(frozen=True, slots=True)
class ChangeGroup:
    """All changes of one unit, person or right, losses first; ``hidden`` rows are not shown."""

    key: str
    title: str
    url: str
    lost: int
    gained: int
    rows: tuple[ChangeRow, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class EffectLine:
    """One capability before and after; ``words`` say what happens then."""

    capability: Capability
    before: Mode | None
    after: Mode | None

    @property
    def short(self) -> str:
        """The capability's short name."""
        return CAPABILITY_SHORT[self.capability]

    @property
    def changes(self) -> bool:
        """Whether the mode is another one."""
        return self.before is not self.after


@dataclass(frozen=True, slots=True)
class Effect:
    """What becomes of units that the plan treats alike."""

    before: str
    after: str
    centres_before: tuple[str, ...]
    centres_after: tuple[str, ...]
    lines: tuple[EffectLine, ...]
    units: tuple[Unit, ...]

    @property
    def changes_modes(self) -> bool:
        """Whether anybody else decides anywhere."""
        return any(line.changes for line in self.lines)

    @property
    def modes_before(self) -> tuple[Mode, ...]:
        """Six modes, or none where nothing governed the units."""
        return tuple(line.before for line in self.lines if line.before is not None)

    @property
    def modes_after(self) -> tuple[Mode, ...]:
        """Six modes, or none where nothing will govern the units."""
        return tuple(line.after for line in self.lines if line.after is not None)


def sees_whole_plans(actor: Any) -> bool:
    """Return whether ``actor`` plans, confirms or audits: they see every plan with everybody it concerns."""
    powers = (Power.PLAN_TRANSITIONS, Power.CONFIRM_TRANSITIONS, Power.READ_LEDGER)
    return any(policy.can(actor, power) for power in powers)


def plans_visible_to(actor: Any) -> "QuerySet[Transition]":
    """Return the plans ``actor`` may open, newest first: every one, or, for a member, those that were applied."""
    plans = Transition.objects.select_related("planned_by", "confirmed_by", "applied_by").order_by("-pk")
    if sees_whole_plans(actor):
        return plans
    return plans.filter(state=Transition.State.APPLIED) if sees_people(actor) else plans.none()


def waiting_plans() -> "QuerySet[Transition]":
    """Return the plans that wait for a second person, oldest first. Asks no permission."""
    return Transition.objects.filter(state=Transition.State.WAITING).select_related("planned_by").order_by("pk")


def plan_by_number(actor: Any, number: str) -> Transition:
    """Return the plan if ``actor`` may open it; raises ``Transition.DoesNotExist`` as for one that is not there."""
    return plans_visible_to(actor).get(number__iexact=number)


# What becomes of the units.


def effects_of(plan: Mapping[str, Any], world: World) -> list[Effect]:
    """Return what becomes of the units that come under another model, mode or centre; alike units share an answer."""
    by_unit: dict[int, dict[Capability, Mapping[str, Any]]] = {}
    for each in plan.get("governance", ()):
        by_unit.setdefault(each["unit"], {})[Capability(each["capability"])] = each
    versions = _version_names(plan)
    groups: dict[Any, list[Unit]] = {}
    for unit_id, changes in by_unit.items():
        unit = world.unit(unit_id)
        sides = tuple(_side(world, unit, changes, side) for side in ("before", "after"))
        groups.setdefault(sides, []).append(unit)
    found = [_effect(world, sides, units, versions) for sides, units in groups.items()]
    return sorted(found, key=lambda effect: (effect.units[0].kind.is_centre, -len(effect.units)))


_Side = tuple[int | None, tuple[Mode | None, ...], tuple[int, ...]]


def _side(world: World, unit: Unit, changes: Mapping[Capability, Mapping[str, Any]], side: str) -> _Side:
    """The model version, six modes and the centres named by the changes, on one side of the plan."""
    version = next((each[side]["model_version"] for each in changes.values() if each[side]), None)
    model = world.snapshot.models.get(version) if version is not None else None
    modes: list[Mode | None] = []
    for capability in Capability:
        changed = changes.get(capability)
        if changed is not None:
            modes.append(Mode(changed[side]["mode"]) if changed[side] else None)
        elif unit.kind.is_centre:
            modes.append(Mode.CENTRE)
        else:
            modes.append(model.modes[capability] if model is not None else None)
    centres = dict.fromkeys(each[side]["centre"] for each in changes.values() if each[side] and each[side]["centre"])
    return version, tuple(modes), tuple(centre for centre in centres if centre != unit.id)


def _effect(world: World, sides: Any, units: list[Unit], versions: Mapping[int | None, str]) -> Effect:
    (before, modes_before, centres_before), (after, modes_after, centres_after) = sides
    return Effect(
        before=versions.get(before, "No model"),
        after=versions.get(after, "No model"),
        centres_before=tuple(world.unit(centre).name for centre in centres_before),
        centres_after=tuple(world.unit(centre).name for centre in centres_after),
        lines=tuple(
            EffectLine(capability, was, becomes)
            for capability, was, becomes in zip(Capability, modes_before, modes_after, strict=True)
        ),
        units=tuple(sorted(units, key=lambda unit: unit.name)),
    )


def _version_names(plan: Mapping[str, Any]) -> dict[int | None, str]:
    keys = {
        each[side]["model_version"] for each in plan.get("governance", ()) for side in ("before", "after") if each[side]
    }
    return {row.pk: str(row) for row in OperatingModelVersion.objects.select_related("family").filter(pk__in=keys)}


def phase_units(effects: Sequence[Effect]) -> tuple[list[PhaseUnit], list[PhaseUnit]]:
    """Return the units before and after, for the picture; units that nothing governs on one side are left out."""
    before, after = [], []
    for effect in effects:
        for unit in effect.units:
            if len(effect.modes_before) == len(Capability):
                before.append(PhaseUnit(unit.name, effect.modes_before))
            if len(effect.modes_after) == len(Capability):
                after.append(PhaseUnit(unit.name, effect.modes_after, effect.modes_before != effect.modes_after))
    return before, after


# Every change.


@dataclass(slots=True)
class _Group:
    key: int | str
    lost: int = 0
    gained: int = 0
    items: list[tuple[str, int, str, str, tuple[int, ...], int]] = field(default_factory=list)
    """Sign, unit, capability, right, listed people and how many there are."""


def groups_of(plan: Mapping[str, Any], by: By, *, show: str = "", only: int | None = None) -> list[Any]:
    """Return the groups of changes, those with losses first, to be paged; lay a page out with :func:`laid_out`.

    ``show`` keeps losses (``lost``) or gains (``gained``) alone; ``only`` keeps what one account loses or gains.
    """
    groups: dict[int | str, _Group] = {}
    for item in _items(plan, show, only, alone=by == "person"):
        sign, unit, _, right, people, count = item
        key = unit if by == "unit" else right if by == "right" else people[0]
        group = groups.setdefault(key, _Group(key))
        group.items.append(item)
        if sign == "lose":
            group.lost += count
        else:
            group.gained += count
    if by == "person":
        return sorted(groups.values(), key=lambda group: (-group.lost, -group.gained, group.key))
    return sorted(groups.values(), key=lambda group: not group.lost)


_Item = tuple[str, int, str, str, tuple[int, ...], int]


def _items(plan: Mapping[str, Any], show: str, only: int | None, *, alone: bool) -> Iterator[_Item]:
    left = MOST_ITEMS
    for sign, side in (("lose", "lost"), ("add", "gained")):
        if show and show != side:
            continue
        for each in plan.get("changes", ()):
            people = [only] if only is not None and only in each[side] else each[side] if only is None else []
            if not people:
                continue
            count = len(people) if only is not None else each[f"{side}_count"]
            place = (sign, each["unit"], each["capability"], each["right"])
            if not alone:
                yield (*place, tuple(people), count)
                continue
            left -= len(people)
            if left < 0:
                return
            for user in people:
                yield (*place, (user,), 1)


def group_called(groups: Sequence[Any], key: str) -> list[Any]:
    """Return the one group whose key is ``key`` in a list, to be laid out alone; no group where there is none."""
    return [group for group in groups if str(group.key) == key]


def laid_out(groups: Sequence[Any], by: By, world: World, *, most: int = MOST_ROWS) -> list[ChangeGroup]:
    """Return the given groups as a page shows them, with the names of their people by one statement."""
    merged = [(group, _merged(group, by)) for group in groups]
    wanted = {user for _, rows in merged for row in rows[:most] for user in row[4][:NAMED]}
    if by == "person":
        wanted |= {group.key for group in groups}
    users = get_user_model().objects.in_bulk(wanted)
    return [_laid_out(group, rows, by, world, users, most) for group, rows in merged]


_Merged = tuple[str, tuple[str, ...], tuple[str, ...], tuple[int, ...], tuple[int, ...], int]


def _merged(group: _Group, by: By) -> list[_Merged]:
    """The group's rows: rights, then capabilities, then units of the same people drawn together."""
    rights: dict[Any, list[str]] = {}
    for sign, unit, capability, right, people, count in group.items:
        rights.setdefault((sign, unit, capability, people, count), []).append(right)
    capabilities: dict[Any, list[str]] = {}
    for (sign, unit, capability, people, count), names in rights.items():
        capabilities.setdefault((sign, unit, tuple(names), people, count), []).append(capability)
    units: dict[Any, list[int]] = {}
    for (sign, unit, names, people, count), where in capabilities.items():
        key = (sign, unit if by == "unit" else 0, names, tuple(where), people, count)
        units.setdefault(key, []).append(unit)
    rows = [
        (sign, names, where, tuple(inside), people, count)
        for (sign, _, names, where, people, count), inside in units.items()
    ]
    return sorted(rows, key=lambda row: row[0] != "lose")


def _laid_out(
    group: _Group, rows: Sequence[Any], by: By, world: World, users: Mapping[int, Any], most: int
) -> ChangeGroup:
    title, url = "", ""
    if by == "unit":
        unit = world.unit(int(group.key))
        title, url = unit.name, f"/units/{unit.code}/"
    elif by == "right":
        title = Right(str(group.key)).label
    else:
        person = users.get(int(group.key))
        title, url = (person.name, f"/people/{person.public_id}/") if person is not None else ("Somebody", "")
    shown = [
        ChangeRow(
            sign=sign,
            rights=_rights_words(names) if by != "right" else "",
            capabilities=_capability_words(where),
            units=_unit_words(inside, world) if by != "unit" else "",
            names=tuple(users[user].name for user in people[:NAMED] if user in users) if by != "person" else (),
            more=max(count - NAMED, 0) if by != "person" else 0,
            count=count * len(names) * len(where) * len(inside),
        )
        for sign, names, where, inside, people, count in rows[:most]
    ]
    hidden = max(len(rows) - most, 0)
    return ChangeGroup(str(group.key), title, url, group.lost, group.gained, tuple(shown), hidden)


def _rights_words(names: Sequence[str]) -> str:
    words = [Right(name).label for name in names]
    return ", ".join([words[0], *(word[0].lower() + word[1:] for word in words[1:])])


def _capability_words(names: Sequence[str]) -> str:
    if len(names) == len(Capability):
        return "All six"
    return ", ".join(CAPABILITY_SHORT[Capability(name)] for name in names)


def _unit_words(units: Sequence[int], world: World) -> str:
    names = [world.unit(unit).name for unit in units[:NAMED]]
    return ", ".join(names) + (f" and {len(units) - NAMED} more" if len(units) > NAMED else "")


@dataclass(slots=True)
class Change:
    """One right in one remit: the accounts that lose it and gain it, by key until ``with_people`` names them."""

    unit: Unit
    capability: str
    right: str
    lost: Sequence[Any]
    gained: Sequence[Any]
    lost_count: int
    gained_count: int


def changes_told(actor: Any, plan: Mapping[str, Any], *, code: str = "", show: str = "") -> list[Change]:
    """Return what ``actor`` may read of what the plan takes and gives, in its order: all of it, or, for a member, what
    they themselves lose or gain.

    ``code`` keeps one unit's; ``show`` leaves losses (``lost``) or gains (``gained``) alone.
    """
    world = current_world()
    only = None if sees_whole_plans(actor) else actor.pk
    found = []
    for each in plan.get("changes", ()):
        unit = world.unit(each["unit"])
        if code and unit.code.casefold() != code.casefold():
            continue
        lost, lost_count = _told_of(each, "lost", only) if show != "gained" else ((), 0)
        gained, gained_count = _told_of(each, "gained", only) if show != "lost" else ((), 0)
        if lost_count or gained_count:
            found.append(Change(unit, each["capability"], each["right"], lost, gained, lost_count, gained_count))
    return found


def _told_of(change: Mapping[str, Any], side: str, only: int | None) -> tuple[Sequence[int], int]:
    if only is None:
        return change[side], change[f"{side}_count"]
    return ((only,), 1) if only in change[side] else ((), 0)


def with_people(changes: Sequence[Change]) -> Sequence[Change]:
    """The same changes with the accounts themselves, by one statement."""
    users = get_user_model().objects.in_bulk({user for each in changes for user in (*each.lost, *each.gained)})
    for each in changes:
        each.lost, each.gained = ([users[user] for user in side if user in users] for side in (each.lost, each.gained))
    return changes


def findings_told(actor: Any, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what stops the plan or should be known before, for whoever sees whole plans; nothing for anybody else."""
    if not sees_whole_plans(actor):
        return []
    world = current_world()
    return [
        {**each, "unit": world.unit(each["unit"]) if each["unit"] is not None else None}
        for each in plan.get("findings", ())
    ]


def people_who(plan: Mapping[str, Any], side: str) -> int:
    """Return how many people lose (``lost``) or gain (``gained``) something; at least so many where the lists of a
    plan for thousands were cut."""
    return len({user for each in plan.get("changes", ()) for user in each[side]})


def in_words(plan: Mapping[str, Any]) -> str:
    """Return the sum of a plan as a sentence, losses first; at least so many where the lists of a plan were cut."""
    lost, gained = people_who(plan, "lost"), people_who(plan, "gained")
    if not lost and not gained:
        return "Nobody gains or loses a right."
    said = [f"{_people(count)} {verb}{'s' if count == 1 else ''}" for count, verb in ((lost, "lose"), (gained, "gain"))]
    if not lost or not gained:
        return f"{said[1] if gained else said[0]} a right; nobody {'loses' if gained else 'gains'} one."
    return f"{said[0]} a right, {said[1]} one."


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def touched_requests(actor: Any, plan: Mapping[str, Any]) -> tuple[list[Request], int]:
    """Return the open requests of the units that ``actor`` may open, and how many there are beside those."""
    numbers = plan.get("open_requests", [])
    if not numbers:
        return [], 0
    visible = list(requests_visible_to(actor).filter(number__in=numbers[:500]).order_by("pk")[:20])
    return visible, len(numbers) - len(visible)
