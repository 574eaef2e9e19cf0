"""Organisations for tests: a builder for told ones, and a Hypothesis strategy for generated ones.

    organisation = (
        Organisation()
        .unit("HQ").centre("COE", above="HQ").unit("NORTH", above="HQ", kind=UnitKind.COUNTRY)
        .assign("HQ", "centre_of_excellence", centre="COE")
        .member("ines", "NORTH", Role.LEAD)
    )
    organisation.rights("ines", "NORTH", Capability.STRATEGY)

Units and people are named by code and first name; identifiers are given in the order of naming.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Self

from hypothesis import strategies as st

from governance.compiler.assignments import assignment_problem
from governance.compiler.compile import compile_world
from governance.compiler.compiled import Compiled
from governance.compiler.snapshot import (
    Assignment,
    Delegation,
    Mandate,
    Membership,
    RemitKey,
    Snapshot,
    Unit,
    User,
)
from governance.compiler.world import World
from governance.operating_models.loader import load_builtin
from governance.operating_models.schema import CentreNeed, OperatingModel
from governance.rights import Right
from governance.vocabulary import CENTRE_KINDS, Capability, Mode, Reach, RiskLevel, Role, UnitKind

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MODELS: dict[int, OperatingModel] = dict(enumerate(load_builtin(), start=1))
"""The shipped models by the identifier of their version in every organisation of these tests."""
VERSIONS = {model.key: version for version, model in MODELS.items()}


class Organisation:
    """A told organisation. Every method that adds something returns the organisation, so that calls chain."""

    def __init__(self) -> None:
        self.models = dict(MODELS)
        self.unit_ids: dict[str, int] = {}
        self.user_ids: dict[str, int] = {}
        self._units: dict[int, Unit] = {}
        self._users: dict[int, User] = {}
        self._memberships: list[Membership] = []
        self._assignments: list[Assignment] = []
        self._mandates: list[Mandate] = []
        self._delegations: list[Delegation] = []
        self._roles: dict[str, set[int]] = {"administrators": set(), "sponsors": set(), "auditors": set()}
        self._answer: tuple[World, Compiled] | None = None

    # Telling

    def unit(
        self, code: str, *, above: str | None = None, kind: UnitKind = UnitKind.DEPARTMENT, closed: bool = False
    ) -> Self:
        """Add a unit below ``above``."""
        number = self.unit_ids[code] = len(self.unit_ids) + 1
        parent = None if above is None else self.unit_ids[above]
        self._units[number] = Unit(number, code, code.capitalize(), kind, parent, closed)
        return self._told()

    def centre(self, code: str, *, above: str | None = None, kind: UnitKind = UnitKind.CENTRE_OF_EXCELLENCE) -> Self:
        """Add a unit of a centre kind."""
        return self.unit(code, above=above, kind=kind)

    def close(self, code: str) -> Self:
        """Close the unit."""
        number = self.unit_ids[code]
        self._units[number] = replace(self._units[number], closed=True)
        return self._told()

    def move(self, code: str, *, above: str | None) -> Self:
        """Put the unit below another one."""
        number = self.unit_ids[code]
        parent = None if above is None else self.unit_ids[above]
        self._units[number] = replace(self._units[number], parent=parent)
        return self._told()

    def person(self, name: str, *, same_as: str | None = None, active: bool = True) -> Self:
        """Add an account, or another account of the same natural person. Naming a person elsewhere adds it too."""
        number = self.user_ids.setdefault(name, len(self.user_ids) + 1)
        person = number if same_as is None else self._users[self.user_ids[same_as]].person
        self._users[number] = User(number, person, name.capitalize(), active)
        return self._told()

    def member(
        self, name: str, unit: str, role: Role = Role.READER, *, subtree: bool = False, guest: bool = False
    ) -> Self:
        """Add a membership; the person is added if new."""
        reach = Reach.SUBTREE if subtree else Reach.UNIT
        number = len(self._memberships) + 1
        self._memberships.append(Membership(number, self._user(name), self.unit_ids[unit], role, reach, guest))
        return self._told()

    def leave(self, name: str, unit: str) -> Self:
        """End the person's memberships of the unit."""
        key = (self.user_ids[name], self.unit_ids[unit])
        self._memberships = [each for each in self._memberships if (each.user, each.unit) != key]
        return self._told()

    def model(self, model: OperatingModel) -> Self:
        """Add a model version of the organisation's own; ``assign`` finds it by its key."""
        self.models[max(self.models) + 1] = model
        return self._told()

    def assign(self, unit: str, model: str, *, centre: str | None = None, capability: Capability | None = None) -> Self:
        """Put the unit under the model, or, with a capability, name another centre for it."""
        version = max(version for version, known in self.models.items() if known.key == model)
        number = len(self._assignments) + 1
        centre_id = None if centre is None else self.unit_ids[centre]
        self._assignments.append(Assignment(number, self.unit_ids[unit], capability, version, centre_id))
        return self._told()

    def unassign(self, unit: str) -> Self:
        """End the unit's own assignments."""
        number = self.unit_ids[unit]
        self._assignments = [each for each in self._assignments if each.unit != number]
        return self._told()

    def mandate(self, unit: str, capability: Capability, *, centre: str, limit: RiskLevel = RiskLevel.MEDIUM) -> Self:
        """Give the remit a mandate."""
        remit = RemitKey(self.unit_ids[unit], capability)
        self._mandates.append(Mandate(len(self._mandates) + 1, remit, self.unit_ids[centre], limit))
        return self._told()

    def delegate(self, delegator: str, substitute: str, *remits: tuple[str, Capability]) -> Self:
        """Let the substitute stand in for the delegator in these remits."""
        keys = frozenset(RemitKey(self.unit_ids[unit], capability) for unit, capability in remits)
        number = len(self._delegations) + 1
        self._delegations.append(Delegation(number, self._user(delegator), self._user(substitute), keys))
        return self._told()

    def administrator(self, name: str) -> Self:
        """Make the person an administrator."""
        self._roles["administrators"].add(self._user(name))
        return self._told()

    def sponsor(self, name: str) -> Self:
        """Make the person a sponsor."""
        self._roles["sponsors"].add(self._user(name))
        return self._told()

    def auditor(self, name: str) -> Self:
        """Make the person an auditor."""
        self._roles["auditors"].add(self._user(name))
        return self._told()

    def _user(self, name: str) -> int:
        if name not in self.user_ids:
            self.person(name)
        return self.user_ids[name]

    def _told(self) -> Self:
        self._answer = None
        return self

    # Asking

    def snapshot(self) -> Snapshot:
        """What was told, as the compiler reads it."""
        return Snapshot(
            at=NOON,
            units=tuple(self._units.values()),
            users=tuple(self._users.values()),
            memberships=tuple(self._memberships),
            models=self.models,
            assignments=tuple(self._assignments),
            mandates=tuple(self._mandates),
            delegations=tuple(self._delegations),
            administrators=frozenset(self._roles["administrators"]),
            sponsors=frozenset(self._roles["sponsors"]),
            auditors=frozenset(self._roles["auditors"]),
        )

    @property
    def world(self) -> World:
        """The organisation, indexed."""
        return self._answered()[0]

    @property
    def compiled(self) -> Compiled:
        """The compiler's answer."""
        return self._answered()[1]

    def _answered(self) -> tuple[World, Compiled]:
        if self._answer is None:
            world = World(self.snapshot())
            self._answer = (world, compile_world(world))
        return self._answer

    def remit(self, unit: str, capability: Capability) -> RemitKey:
        """The remit of the unit for the capability."""
        return RemitKey(self.unit_ids[unit], capability)

    def rights(self, name: str, unit: str, capability: Capability) -> frozenset[Right]:
        """What the person may do in the remit."""
        return rights_of(self.compiled, self.user_ids[name], self.remit(unit, capability))

    def holders(self, right: Right, unit: str, capability: Capability) -> set[str]:
        """The names of those who hold the right in the remit."""
        found = holders_of(self.compiled, right, self.remit(unit, capability))
        return {name for name, number in self.user_ids.items() if number in found}

    def names(self, users: Iterable[int]) -> set[str]:
        """The names that these accounts were given."""
        known = set(users)
        return {name for name, number in self.user_ids.items() if number in known}

    def mode(self, unit: str, capability: Capability) -> Mode | None:
        """The mode that holds now in the remit, None where nothing governs it."""
        governance = self.compiled.governance.get(self.remit(unit, capability))
        return None if governance is None else governance.effective_mode

    def problem_codes(self) -> set[str]:
        """The codes of everything that the compiler reports."""
        return {problem.code for problem in self.compiled.problems}


def rights_of(compiled: Compiled, user: int, remit: RemitKey) -> frozenset[Right]:
    """What the user may do in the remit, through any party."""
    return frozenset(
        grant.right for grant in compiled.grants if grant.remit == remit and user in compiled.parties[grant.party]
    )


def holders_of(compiled: Compiled, right: Right, remit: RemitKey) -> frozenset[int]:
    """Who holds the right in the remit, through any party."""
    parties = [grant.party for grant in compiled.grants if grant.remit == remit and grant.right == right]
    return frozenset().union(*(compiled.parties[party] for party in parties))


def all_rights(compiled: Compiled) -> frozenset[tuple[int, RemitKey, Right]]:
    """Every right of every user, written out. For small organisations only."""
    return frozenset(
        (user, grant.remit, grant.right) for grant in compiled.grants for user in compiled.parties[grant.party]
    )


# Generated organisations

_PLAIN_KINDS = tuple(kind for kind in UnitKind if not kind.is_centre)
_CENTRES = tuple(kind for kind in UnitKind if kind in CENTRE_KINDS)


@st.composite
def snapshots(draw: st.DrawFn, *, max_units: int = 9, max_people: int = 7) -> Snapshot:
    """Organisations that the product allows, of all seven models: nested centres, closed units, guests, mandates.

    No closed unit is a centre that an assignment or a mandate names, and auditors have no writing role; whatever else
    may be, is. Some units may have no operating model at all.
    """
    units = draw(_units(max_units))
    assignments = draw(_assignments(units))
    named = {assignment.centre for assignment in assignments}
    units = tuple(replace(unit, closed=True) if unit.id not in named and draw(_one_in(6)) else unit for unit in units)
    people = draw(st.integers(1, max_people))
    users = tuple(
        User(
            number,
            draw(st.integers(1, number)) if draw(_one_in(8)) else number,
            f"Person {number}",
            not draw(_one_in(9)),
        )
        for number in range(1, people + 1)
    )
    numbers = st.integers(1, people)
    auditors = draw(st.frozensets(numbers, max_size=1))
    memberships = tuple(
        membership if membership.user not in auditors else replace(membership, role=Role.READER)
        for membership in draw(_memberships(units, people))
    )
    return Snapshot(
        at=NOON,
        units=units,
        users=users,
        memberships=memberships,
        models=MODELS,
        assignments=assignments,
        mandates=draw(_mandates(units, assignments)),
        delegations=draw(_delegations(units, people)),
        administrators=draw(st.frozensets(numbers, max_size=2)) - auditors,
        sponsors=draw(st.frozensets(numbers, max_size=1)),
        auditors=auditors,
    )


def _one_in(number: int) -> st.SearchStrategy[bool]:
    return st.integers(1, number).map(lambda drawn: drawn == number)


@st.composite
def _units(draw: st.DrawFn, most: int) -> tuple[Unit, ...]:
    found = [Unit(1, "U1", "Unit 1", UnitKind.ORGANISATION, None)]
    for number in range(2, draw(st.integers(2, most)) + 1):
        kinds = _CENTRES if draw(_one_in(3)) else _PLAIN_KINDS
        kind, parent = draw(st.sampled_from(kinds)), draw(st.integers(1, number - 1))
        found.append(Unit(number, f"U{number}", f"Unit {number}", kind, parent))
    return tuple(found)


@st.composite
def _assignments(draw: st.DrawFn, units: tuple[Unit, ...]) -> tuple[Assignment, ...]:
    found: list[Assignment] = []
    for unit in units:
        if unit.parent is not None and not draw(_one_in(3)):
            continue
        choices = [
            (version, centre)
            for version, model in MODELS.items()
            for centre in (None, *units)
            if assignment_problem(model, centre, unit) is None
        ]
        version, centre = draw(st.sampled_from(choices))
        found.append(Assignment(len(found) + 1, unit.id, None, version, None if centre is None else centre.id))
        if MODELS[version].centre_need is not CentreNeed.NONE and draw(_one_in(3)):
            centres = [each for each in units if each.kind.is_centre and each.id != unit.id]
            if centres:
                capability, other = draw(st.sampled_from(list(Capability))), draw(st.sampled_from(centres))
                found.append(Assignment(len(found) + 1, unit.id, capability, version, other.id))
    return tuple(found)


@st.composite
def _memberships(draw: st.DrawFn, units: tuple[Unit, ...], people: int) -> tuple[Membership, ...]:
    numbers = range(1, draw(st.integers(1, people * 2)) + 1)
    return tuple(
        Membership(
            number,
            user=draw(st.integers(1, people)),
            unit=draw(st.sampled_from(units)).id,
            role=draw(st.sampled_from(list(Role))),
            reach=draw(st.sampled_from(list(Reach))),
            guest=draw(_one_in(5)),
        )
        for number in numbers
    )


@st.composite
def _mandates(draw: st.DrawFn, units: tuple[Unit, ...], assignments: tuple[Assignment, ...]) -> tuple[Mandate, ...]:
    """Mandates for about half of what is delegated, some of them of a centre that is no longer the remit's."""
    world = World(Snapshot(NOON, units, (), (), MODELS, assignments))
    centres = [unit.id for unit in units if unit.kind.is_centre]
    found: list[Mandate] = []
    for remit in world.remits:
        governance = world.governance(remit)
        if governance is None or governance.mode is not Mode.DELEGATED or governance.centre is None:
            continue
        if draw(st.booleans()):
            centre = draw(st.sampled_from(centres)) if draw(_one_in(5)) else governance.centre
            found.append(Mandate(len(found) + 1, remit, centre, draw(st.sampled_from(list(RiskLevel)))))
    return tuple(found)


@st.composite
def _delegations(draw: st.DrawFn, units: tuple[Unit, ...], people: int) -> tuple[Delegation, ...]:
    if not draw(_one_in(3)):
        return ()
    remit = RemitKey(draw(st.sampled_from(units)).id, draw(st.sampled_from(list(Capability))))
    numbers = st.integers(1, people)
    return (Delegation(1, draw(numbers), draw(numbers), frozenset({remit})),)


def changed(snapshot: Snapshot, **changes: object) -> Snapshot:
    """The snapshot with other rows in the named places."""
    return replace(snapshot, **changes)  # type: ignore[arg-type]
