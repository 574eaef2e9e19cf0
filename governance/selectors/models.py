"""The operating model as pages show it: who decides, in words and as figures, for the whole and for each unit."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from governance.compiler.compiled import Governance
from governance.compiler.snapshot import RemitKey, Unit
from governance.compiler.world import World
from governance.figures import CAPABILITY_SHORT, CentreMark, Differing, RailRow, UnitNode
from governance.models import Assignment, OperatingModelVersion
from governance.operating_models.schema import Audience, CentreNeed, OperatingModel
from governance.permissions.snapshots import model_of
from governance.vocabulary import Capability, Mode, UnitKind

MARKS: Mapping[UnitKind, tuple[str, str]] = {
    UnitKind.CENTRE_OF_EXCELLENCE: ("E", "centre-1"),
    UnitKind.SHARED_SERVICE: ("S", "centre-2"),
    UnitKind.CENTRAL_TEAM: ("T", "centre-3"),
}
"""The letter and the hue in the square of each kind of centre."""

_NOUNS: Mapping[Capability, str] = {
    Capability.STRATEGY: "strategy",
    Capability.DELIVERY: "delivery",
    Capability.FOUNDATION: "the digital foundation",
    Capability.OPERATIONS: "digital management",
    Capability.CHANGE: "change management",
    Capability.KNOWLEDGE: "knowledge management",
}


@dataclass(frozen=True, slots=True)
class Holding:
    """What one unit is under: the model, since when, where that was assigned, and the centre for each capability."""

    unit: Unit
    model: OperatingModel | None
    version: int | None
    assigned_at: Unit | None
    since: datetime | None
    governance: Mapping[Capability, Governance]

    @property
    def is_own(self) -> bool:
        """Whether the model was assigned to the unit itself."""
        return self.assigned_at is not None and self.assigned_at.id == self.unit.id

    @property
    def modes(self) -> tuple[Mode, ...]:
        """Six modes in the order of the capabilities; none where nothing governs the unit."""
        return tuple(self.governance[each].mode for each in Capability) if len(self.governance) == 6 else ()

    def centres(self) -> tuple[int, ...]:
        """The centres the unit is under, the one for most capabilities first; a centre's own is not among them."""
        counted: dict[int, int] = defaultdict(int)
        for found in self.governance.values():
            if found.centre is not None and found.centre != self.unit.id:
                counted[found.centre] += 1
        return tuple(sorted(counted, key=lambda centre: (-counted[centre], centre)))


def root_of(world: World) -> Unit | None:
    """Return the organisation itself, None before there is one."""
    return next((unit for unit in world.units if unit.parent is None), None)


def holding_of(world: World, unit_id: int) -> Holding:
    """Return what the unit is under, with the day it was assigned, by one statement."""
    found = _governance(world, unit_id)
    one = next(iter(found.values()), None)
    since = None
    if one is not None and one.assignment is not None:
        since = _since(one)
    return Holding(
        unit=world.unit(unit_id),
        model=None if one is None else world.snapshot.models[one.model_version],
        version=None if one is None else one.model_version,
        assigned_at=None if one is None or one.assigned_at is None else world.unit(one.assigned_at),
        since=since,
        governance=found,
    )


def version_number(version: int | None) -> int | None:
    """Return the number of a model version within its model."""
    if version is None:
        return None
    return OperatingModelVersion.objects.filter(pk=version).values_list("number", flat=True).first()


def _since(found: Governance) -> datetime | None:
    rows = Assignment.objects.valid_at().filter(unit_id=found.assigned_at, capability="")
    moment: datetime | None = rows.values_list("valid_from", flat=True).first()
    return moment


def _governance(world: World, unit_id: int) -> dict[Capability, Governance]:
    found = {capability: world.governance(RemitKey(unit_id, capability)) for capability in Capability}
    return {capability: each for capability, each in found.items() if each is not None}


# In words.


def in_words(modes: Mapping[Capability, Mode], centres: Mapping[Capability, str], *, many: bool = True) -> list[str]:
    """Say who decides what, one sentence for each mode and centre, from the unit's to the centre's.

    ``centres`` holds the centre's name where one governs; ``many`` speaks of units, else of "the unit".
    """
    groups: dict[tuple[Mode, str], list[str]] = {}
    for capability, mode in modes.items():
        centre = "" if mode is Mode.UNIT else centres.get(capability) or "the centre"
        groups.setdefault((mode, centre), []).append(_NOUNS[capability])
    ordered = sorted(groups.items(), key=lambda item: list(Mode).index(item[0][0]))
    return [_sentence(mode, centre, nouns, many=many) for (mode, centre), nouns in ordered]


def _sentence(mode: Mode, centre: str, nouns: list[str], *, many: bool) -> str:
    what = _joined(["everything"] if len(nouns) == len(Capability) else nouns)
    who, verb, own = ("Units", "decide", "themselves") if many else ("The unit", "decides", "itself")
    first = what[0].upper() + what[1:]
    centre_first = centre[:1].upper() + centre[1:]
    if mode is Mode.UNIT:
        return f"{who} {verb} on {what} {own}."
    if mode is Mode.DELEGATED:
        return f"{who} {verb} on {what} within a mandate, and {centre} looks at it afterwards."
    if mode is Mode.COUNCIL:
        return f"{first}: a council of the units votes, with {centre} in the chair."
    if mode is Mode.JOINT:
        return f"{first}: {who.lower()} {verb} first and {centre} {'decides ' if many else ''}second."
    return f"{centre_first} decides on {what}."


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


MODE_STEPS: Mapping[Mode, str] = {
    Mode.UNIT: "The unit’s lead decides and publishes.",
    Mode.DELEGATED: "The unit’s lead decides and publishes within a mandate; the centre looks at it afterwards.",
    Mode.COUNCIL: "A last call, then the units’ seats vote; the centre’s lead chairs and publishes.",
    Mode.JOINT: "The unit’s lead decides first, the centre’s lead second; the centre publishes.",
    Mode.CENTRE: "The centre’s lead decides and publishes; units ask.",
}
"""What happens to a document in each mode."""


def facts_of(model: OperatingModel) -> list[tuple[str, str]]:
    """Return who sees what under the model, and the centre it needs, as pairs of words."""
    facts = [("Centre", need_of(model).capitalize())]
    facts += [("Published documents", line) for line in _audience_lines(model.published)]
    facts += [("Drafts", line) for line in _audience_lines(model.drafts)]
    if model.centre_need is not CentreNeed.NONE:
        facts.append(("The centre’s documents", f"Seen by {_audiences(model.centre_published)}"))
    if Mode.COUNCIL in model.modes.values():
        facts.append(("Last call", f"{model.last_call_days} days, objections to an exception {model.objection_days}"))
    if Mode.DELEGATED in model.modes.values():
        facts.append(("Mandates", f"Up to {model.mandate_risk_limit} risk, for {model.mandate_days} days"))
    return facts


def need_of(model: OperatingModel) -> str:
    """Return which centre the model needs, in a few words: ``needs a central team``."""
    kinds = " or ".join(kind.label.lower() for kind in UnitKind if kind in model.centre_kinds)
    return {
        CentreNeed.REQUIRED: f"needs a {kinds}",
        CentreNeed.OPTIONAL: f"may have a {kinds}" if kinds else "may have a centre",
        CentreNeed.NONE: "has no centre",
    }[model.centre_need]


def _audience_lines(rows: Mapping[Capability, frozenset[Audience]]) -> Iterable[str]:
    groups: dict[frozenset[Audience], list[str]] = {}
    for capability in Capability:
        groups.setdefault(rows[capability], []).append(CAPABILITY_SHORT[capability].lower())
    for audiences, names in groups.items():
        where = "" if len(groups) == 1 else f"{_joined(names).capitalize()}: "
        seen = f"seen by {_audiences(audiences)}"
        yield where + (seen if where else seen.capitalize())


def _audiences(audiences: frozenset[Audience]) -> str:
    labels = [audience.label for audience in Audience if audience in audiences]
    return _joined([f"the {label}" for label in labels]) if labels else "nobody"


# As figures.


def rail_rows(world: World, whole: Holding) -> list[RailRow]:
    """Return who decides for each capability, with the units whose own assignment makes them differ."""
    own = {row.unit for row in world.snapshot.assignments if row.capability is None}
    differing: dict[Capability, list[Differing]] = {capability: [] for capability in Capability}
    for unit in world.units:
        if unit.id not in own or unit.id == whole.unit.id or unit.closed or unit.kind.is_centre:
            continue
        for capability, found in _governance(world, unit.id).items():
            general = whole.governance.get(capability)
            if general is None or general.mode is not found.mode:
                differing[capability].append(Differing(unit.name, found.mode, f"/units/{unit.code}/"))
    return [
        RailRow(
            capability,
            whole.governance[capability].mode if capability in whole.governance else None,
            tuple(differing[capability]),
        )
        for capability in Capability
    ]


def units_that_differ(world: World, whole: Holding) -> list[tuple[Unit, OperatingModel, Unit | None]]:
    """Return the open units with another model than the whole by an assignment of their own: unit, model, centre."""
    rows = []
    for row in world.snapshot.assignments:
        unit = world.unit(row.unit)
        if row.capability is not None or unit.closed or unit.id == whole.unit.id:
            continue
        model = world.snapshot.models[row.model_version]
        if whole.model is None or model.key != whole.model.key:
            rows.append((unit, model, world.unit(row.centre) if row.centre is not None else None))
    return sorted(rows, key=lambda each: each[0].name)


def users_of_model(world: World, key: str) -> list[Unit]:
    """Return the open units to which a version of the model is assigned, by name."""
    rows = {
        row.unit
        for row in world.snapshot.assignments
        if row.capability is None and world.snapshot.models[row.model_version].key == key and world.is_open(row.unit)
    }
    return sorted((world.unit(unit) for unit in rows), key=lambda unit: unit.name)


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """A model in the list of models: its newest version, what it says, and how many open units are under the model."""

    version: OperatingModelVersion
    model: OperatingModel
    units: int

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The six modes, in the order of the capabilities."""
        return tuple(self.model.modes[capability] for capability in Capability)

    @property
    def in_short(self) -> str:
        """The first sentence of its description."""
        return self.model.description.strip().partition(". ")[0].rstrip(".") + "."


def catalogue(world: World, versions: Iterable[OperatingModelVersion]) -> list[CatalogueRow]:
    """Return the models of ``versions`` as a list shows them, those that most units are under first."""
    under: Counter[str] = Counter()
    for unit in world.units:
        model = world.model(RemitKey(unit.id, Capability.STRATEGY))
        if model is not None and not unit.closed and not unit.kind.is_centre:
            under[model.key] += 1
    rows = [CatalogueRow(version, model_of(version), under[version.family.key]) for version in versions]
    return sorted(rows, key=lambda row: -row.units)


def governed_count(world: World, key: str) -> int:
    """Return how many open units are under the model, by inheritance too."""
    return sum(
        1
        for unit in world.units
        if not unit.closed
        and not unit.kind.is_centre
        and (model := world.model(RemitKey(unit.id, Capability.STRATEGY))) is not None
        and model.key == key
    )


def mark_of(unit: Unit) -> CentreMark | None:
    """Return the lettered square of a centre, None for any other unit."""
    if not unit.kind.is_centre:
        return None
    letter, hue = MARKS[unit.kind]
    return CentreMark(letter, hue, unit.name)


def unit_tree(world: World, whole: Holding, *, note: str = "") -> UnitNode:
    """Return the open units as a tree to be drawn; ``note`` stands below the organisation's name."""
    return _node(world, whole.unit, whole, note)


def pruned(node: UnitNode, most: int) -> tuple[UnitNode, int]:
    """Return the tree with about ``most`` units, whole levels while they fit, and how many were left out."""
    depth = 1
    while _size_to(node, depth) < _size_to(node, depth + 1) <= most:
        depth += 1
    first = replace(node, children=node.children[:most]) if depth == 1 else node
    cut = _cut(first, max(depth, 2))
    return cut, _size(node) - _size(cut)


def _size(node: UnitNode) -> int:
    return 1 + sum(_size(child) for child in node.children)


def _size_to(node: UnitNode, depth: int) -> int:
    return 1 + (sum(_size_to(child, depth - 1) for child in node.children) if depth > 1 else 0)


def _cut(node: UnitNode, depth: int) -> UnitNode:
    children = tuple(_cut(child, depth - 1) for child in node.children) if depth > 1 else ()
    return replace(node, children=children)


def _node(world: World, unit: Unit, whole: Holding, note: str) -> UnitNode:
    children = tuple(
        _node(world, world.unit(child), whole, "")
        for child in sorted(
            world.children(unit.id), key=lambda each: (not world.is_centre(each), world.unit(each).name)
        )
        if world.is_open(child) or any(world.is_open(below) for below in world.descendants(child))
    )
    found = _governance(world, unit.id)
    one = next(iter(found.values()), None)
    model = world.snapshot.models[one.model_version] if one is not None else None
    differs = model is not None and (whole.model is None or model.key != whole.model.key)
    is_root = unit.id == whole.unit.id
    is_heading = bool(children) and not is_root and not differs and not unit.kind.is_centre
    modes = tuple(found[each].mode for each in Capability) if len(found) == len(Capability) else ()
    centres = [] if unit.kind.is_centre or is_root else _centre_marks(world, unit, found)
    return UnitNode(
        name=f"{unit.name} (closed)" if unit.closed else unit.name,
        model=note or ("" if unit.kind.is_centre else model.name if model else ""),
        modes=() if is_heading or unit.kind.is_centre else modes,
        centres=() if is_heading else tuple(centres),
        mark=mark_of(unit),
        differs=differs and not unit.kind.is_centre,
        url=f"/units/{unit.code}/",
        children=children,
    )


def _centre_marks(world: World, unit: Unit, found: Mapping[Capability, Governance]) -> list[CentreMark]:
    holding = Holding(unit, None, None, None, None, found)
    marks = (mark_of(world.unit(centre)) for centre in holding.centres())
    return [mark for mark in marks if mark is not None]
