"""The organisation at one moment, indexed: who is what to which remit, answered at the cost of the answer.

``World`` reads a :class:`Snapshot` once and settles what the rules of the modes say about people and units:
inheritance, centres named for one capability, mandates, closed units, reach, guests, auditors. The compiler and
the routes ask it and repeat none of those rules. Everything it returns is immutable and safe to keep.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from governance.compiler.assignments import refused_centre
from governance.compiler.compiled import Governance, Problem
from governance.compiler.snapshot import Assignment, Mandate, RemitKey, Snapshot, Unit
from governance.operating_models.schema import OperatingModel
from governance.vocabulary import Capability, Mode, Reach, RiskLevel, Role, UnitKind

_Key = TypeVar("_Key")
Users = frozenset[int]
NOBODY: Users = frozenset()
SEATS_BEFORE_DIVISIONS = 15
"""A council of more units than this is seated by divisions, if there are at least two."""


@dataclass(frozen=True, slots=True)
class _Placement:
    """What one unit's own assignment says: the model, and for each capability the centre and the row naming it.

    ``centres`` leaves out a capability whose centre is refused; a refused assignment has no ``model``.
    """

    at: int
    version: int
    model: OperatingModel | None
    centres: dict[Capability, tuple[int | None, int]]


class World:
    """Indexes over one snapshot. Raises ``ValueError`` where its units are no tree."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.problems: list[Problem] = []
        self._units = {unit.id: unit for unit in snapshot.units}
        self._order, self._children = _tree(self._units)
        self._ancestors: dict[int, tuple[int, ...]] = {}
        self._index_people()
        self._index_memberships()
        self._index_mandates()
        self._index_governance()

    # Units

    @property
    def units(self) -> tuple[Unit, ...]:
        """Every unit, closed ones too, each after its parent."""
        return tuple(self._units[unit] for unit in self._order)

    def unit(self, unit_id: int) -> Unit:
        """The unit of this id. Raises ``KeyError`` on an unknown one."""
        return self._units[unit_id]

    def is_open(self, unit_id: int) -> bool:
        """Whether the unit is open; in a closed one memberships give nothing."""
        return not self._units[unit_id].closed

    def is_centre(self, unit_id: int) -> bool:
        """Whether the unit is of a centre kind; its own remits are then in mode centre or council."""
        return self._units[unit_id].kind.is_centre

    def children(self, unit_id: int) -> tuple[int, ...]:
        """The units right below, in order of id."""
        return tuple(self._children.get(unit_id, ()))

    def ancestors(self, unit_id: int) -> tuple[int, ...]:
        """The units above, nearest first, closed ones and centres included."""
        known = self._ancestors.get(unit_id)
        if known is None:
            found: list[int] = []
            above = self._units[unit_id].parent
            while above is not None:
                found.append(above)
                above = self._units[above].parent
            known = self._ancestors[unit_id] = tuple(found)
        return known

    def descendants(self, unit_id: int) -> tuple[int, ...]:
        """The units below, each after its parent; the unit itself is not among them."""
        found = list(self.children(unit_id))
        for below in found:
            found.extend(self.children(below))  # the list grows while it is walked
        return tuple(found)

    # People

    def person_of(self, user: int) -> int:
        """The natural person behind the account; segregation of duties counts persons. ``KeyError`` if unknown."""
        return self._people[user].person

    def name_of(self, user: int) -> str:
        """The account's printed name. ``KeyError`` if unknown."""
        return self._people[user].name

    def persons(self, users: Iterable[int]) -> frozenset[int]:
        """The natural persons behind these accounts."""
        return frozenset(self._people[user].person for user in users)

    def members(self, unit_id: int, role: Role, *, direct: bool = False) -> Users:
        """Active people of this role or a higher one in the unit; guests, auditors and closed units excepted.

        Without ``direct``, memberships of an ancestor with reach ``subtree`` count too, but never into a centre.
        """
        people = self._direct.get((unit_id, role), NOBODY)
        if direct or self.is_centre(unit_id):
            return people
        reaching = self._reaching(unit_id, role, guest=False)
        return people | reaching if reaching else people

    def leads(self, unit_id: int) -> Users:
        """The unit's direct leads: any one of them casts its one vote."""
        return self._direct.get((unit_id, Role.LEAD), NOBODY)

    def guests(self, unit_id: int, role: Role = Role.READER) -> Users:
        """Outside guests of this role or a higher one; a guest's reach counts. A centre has none."""
        if self.is_centre(unit_id):
            return NOBODY
        people = self._guests.get((unit_id, role), NOBODY)
        reaching = self._reaching(unit_id, role, guest=True)
        return people | reaching if reaching else people

    def within(self, unit_id: int) -> Users:
        """Everyone in the unit or in a unit below it, by direct membership; no guests."""
        return self._within[unit_id]

    def organisation(self) -> Users:
        """Everyone with a current membership of an open unit, and whoever stands in by delegation; no guests."""
        return self._organisation

    def auditors(self) -> Users:
        """The active auditors. Whoever is an administrator too is none, and is reported."""
        return self._auditors

    # Governance

    def governance(self, remit: RemitKey) -> Governance | None:
        """How the remit is governed; None where no assignment stands, or only a refused one: then nothing is granted.

        A centre's own remit has itself as ``centre`` and is in mode centre, or council where at least two of the
        units that it governs for the capability are in council. A closed unit's governance is what it was.
        """
        return self._governance.get(remit)

    @property
    def remits(self) -> tuple[RemitKey, ...]:
        """Every unit × capability, governed or not, closed units included."""
        return tuple(RemitKey(unit, capability) for unit in self._order for capability in Capability)

    def model(self, remit: RemitKey) -> OperatingModel | None:
        """The operating model that the remit's unit is under, None where :meth:`governance` is None."""
        governance = self._governance.get(remit)
        return None if governance is None else self.snapshot.models[governance.model_version]

    def superior_centre(self, unit_id: int, capability: Capability) -> int | None:
        """The other centre that a centre is itself under for the capability; None for units that are no centre."""
        return self._superiors.get(RemitKey(unit_id, capability))

    def subordinate_centres(self, centre: int, capability: Capability) -> tuple[int, ...]:
        """Open centres that are under this centre: they read its published documents, and nothing more."""
        return self._subordinates.get(RemitKey(centre, capability), ())

    def governed_units(self, centre: int, capability: Capability) -> tuple[int, ...]:
        """The open units under this centre for the capability, other centres excepted, in order of the tree."""
        return self._governed.get(RemitKey(centre, capability), ())

    def council_units(self, centre: int, capability: Capability) -> tuple[int, ...]:
        """Those of the governed units that are in mode council for the capability."""
        return self._council.get(RemitKey(centre, capability), ())

    def seats(self, centre: int, capability: Capability) -> tuple[int, ...]:
        """The units that hold a seat in the council; a seat is vacant where the unit has no direct lead.

        One for each unit in council; above fifteen one for each that is a division, if at least two are.
        """
        units = self.council_units(centre, capability)
        if len(units) <= SEATS_BEFORE_DIVISIONS:
            return units
        divisions = tuple(unit for unit in units if self._units[unit].kind is UnitKind.DIVISION)
        return divisions if len(divisions) >= 2 else units

    def mandate(self, remit: RemitKey) -> Mandate | None:
        """The mandate in force for a remit in mode delegated, None where there is none (then the mode is joint).

        A mandate of a centre that is no longer the remit's has ended, whatever its dates say.
        """
        governance = self._governance.get(remit)
        return None if governance is None or governance.mandate is None else self._mandates[governance.mandate]

    # Reserves

    def nearest_ancestor_with_lead(self, unit_id: int, *, excluding: frozenset[int] = frozenset()) -> int | None:
        """The nearest unit above, centre or not, with a direct lead who is none of the ``excluding`` persons."""
        return next((unit for unit in self.ancestors(unit_id) if self.leads_left(unit, excluding=excluding)), None)

    def leads_left(self, unit_id: int, *, excluding: frozenset[int] = frozenset()) -> Users:
        """The unit's direct leads, without the accounts of the ``excluding`` persons."""
        leads = self.leads(unit_id)
        if not excluding:
            return leads
        return frozenset(user for user in leads if self._people[user].person not in excluding)

    def reserve_of_unit_stage(self, remit: RemitKey, *, excluding: frozenset[int] = frozenset()) -> int | None:
        """The unit whose direct leads step in for a unit stage with nobody left; None if there is none.

        The unit's nearest ancestor with a lead left, then the centre, then the nearest ancestor above the centre.
        """
        return self._first_with_lead(self._unit_reserves(remit, excluding), excluding)

    def reserve_of_centre_stage(self, remit: RemitKey, *, excluding: frozenset[int] = frozenset()) -> int | None:
        """The unit whose direct leads step in for a centre stage or council with nobody left; None if there is none.

        The nearest ancestor above the centre with a lead left, then the unit's nearest ancestor.
        """
        return self._first_with_lead(self._centre_reserves(remit, excluding), excluding)

    def _first_with_lead(self, candidates: Iterator[int | None], excluding: frozenset[int]) -> int | None:
        return next(
            (unit for unit in candidates if unit is not None and self.leads_left(unit, excluding=excluding)), None
        )

    def _unit_reserves(self, remit: RemitKey, excluding: frozenset[int]) -> Iterator[int | None]:
        yield self.nearest_ancestor_with_lead(remit.unit, excluding=excluding)
        centre = self._centre_of(remit)
        if centre is not None:
            yield centre
            yield self.nearest_ancestor_with_lead(centre, excluding=excluding)

    def _centre_reserves(self, remit: RemitKey, excluding: frozenset[int]) -> Iterator[int | None]:
        centre = self._centre_of(remit)
        if centre is not None:
            yield self.nearest_ancestor_with_lead(centre, excluding=excluding)
        yield self.nearest_ancestor_with_lead(remit.unit, excluding=excluding)

    def _centre_of(self, remit: RemitKey) -> int | None:
        governance = self._governance.get(remit)
        return None if governance is None else governance.centre

    # Indexing: people

    def _index_people(self) -> None:
        snapshot = self.snapshot
        self._people = {user.id: user for user in snapshot.users}
        auditing = self._persons_of(snapshot.auditors)
        administering = self._persons_of(snapshot.administrators)
        # An auditor writes nothing, through whatever account: no membership of an auditing person counts.
        self._barred = frozenset(user.id for user in snapshot.users if user.person in auditing)
        self._auditors = frozenset(
            user
            for user in snapshot.auditors
            if user in self._people and self._people[user].active and self._people[user].person not in administering
        )
        for user in sorted(snapshot.auditors):
            if user in self._people and self._people[user].person in administering:
                self._report("auditor_administers", f"{self.name_of(user)} is both auditor and administrator.")

    def _persons_of(self, users: Iterable[int]) -> frozenset[int]:
        return frozenset(self._people[user].person for user in users if user in self._people)

    def _counts(self, user: int) -> bool:
        return user in self._people and self._people[user].active and user not in self._barred

    def _index_memberships(self) -> None:
        direct: dict[tuple[int, Role], set[int]] = defaultdict(set)
        guests: dict[tuple[int, Role], set[int]] = defaultdict(set)
        downward: dict[tuple[int, Role, bool], set[int]] = defaultdict(set)
        for membership in self.snapshot.memberships:
            unit = self._units.get(membership.unit)
            if unit is None or unit.closed or not self._counts(membership.user):
                continue
            target = guests if membership.guest else direct
            reaches = membership.reach is Reach.SUBTREE and not unit.kind.is_centre
            for role in Role:
                if membership.role.includes(role):
                    target[unit.id, role].add(membership.user)
                    if reaches:
                        downward[unit.id, role, membership.guest].add(membership.user)
        self._direct = _frozen(direct)
        self._guests = _frozen(guests)
        self._index_reaches(_frozen(downward))
        self._report_void_memberships()
        self._index_within()
        self._index_organisation()

    def _reaching(self, unit_id: int, role: Role, *, guest: bool) -> Users:
        """Who reaches the unit from above."""
        return self._reaches.get((unit_id, role, guest), NOBODY)

    def _index_reaches(self, downward: dict[tuple[int, Role, bool], Users]) -> None:
        """Unit by unit from the top; units below one another share the set where nobody is added."""
        self._reaches: dict[tuple[int, Role, bool], Users] = {}
        if not downward:
            return
        for unit_id in self._order:
            parent = self._units[unit_id].parent
            if parent is None:
                continue
            for role in Role:
                for guest in (False, True):
                    above = self._reaches.get((parent, role, guest), NOBODY)
                    added = downward.get((parent, role, guest), NOBODY)
                    if above or added:
                        self._reaches[unit_id, role, guest] = above | added if above and added else above or added

    def _index_within(self) -> None:
        within: dict[int, Users] = {}
        for unit in reversed(self._order):
            below = [within[child] for child in self._children.get(unit, ())]
            people = self._direct.get((unit, Role.READER), NOBODY)
            within[unit] = people.union(*below) if below else people
        self._within = within

    def _index_organisation(self) -> None:
        members: set[int] = set()
        for (_unit, role), people in self._direct.items():
            if role is Role.READER:
                members |= people
        outside = frozenset(membership.user for membership in self.snapshot.memberships if membership.guest)
        for delegation in self.snapshot.delegations:
            stands_in = self._counts(delegation.substitute) and delegation.substitute not in outside
            if stands_in and delegation.remits and self._counts(delegation.delegator):
                members.add(delegation.substitute)
        self._organisation = frozenset(members)

    def _report_void_memberships(self) -> None:
        for membership in self.snapshot.memberships:
            unit = self._units.get(membership.unit)
            if unit is None or membership.user not in self._people:
                continue
            name = self.name_of(membership.user)
            if membership.guest and unit.kind.is_centre:
                message = f"{name} is an outside guest of {unit.name}; a centre has no guests, so this gives nothing."
                self._report("guest_in_centre", message, unit.id)
            if membership.user in self._barred and membership.role is not Role.READER:
                message = f"{name} is an auditor, so being {membership.role} in {unit.name} gives nothing."
                self._report("auditor_writes", message, unit.id)

    # Indexing: governance

    def _index_mandates(self) -> None:
        self._mandates = {mandate.id: mandate for mandate in self.snapshot.mandates}
        self._mandates_of: dict[RemitKey, list[Mandate]] = defaultdict(list)
        for mandate in self.snapshot.mandates:
            self._mandates_of[mandate.remit].append(mandate)

    def _mandate_in_force(self, remit: RemitKey, centre: int | None) -> int | None:
        """Where two stand side by side the narrower counts."""
        given = [mandate for mandate in self._mandates_of.get(remit, ()) if mandate.centre == centre]
        if not given:
            return None
        return min(given, key=lambda mandate: (RiskLevel(mandate.risk_limit).rank, mandate.id)).id

    def _index_governance(self) -> None:
        self._governance: dict[RemitKey, Governance] = {}
        self._superiors: dict[RemitKey, int] = {}
        governed: dict[RemitKey, list[int]] = defaultdict(list)
        council: dict[RemitKey, list[int]] = defaultdict(list)
        subordinates: dict[RemitKey, list[int]] = defaultdict(list)
        for unit, placement in self._placed():
            for capability in Capability:
                governance = self._governed_by(unit, capability, placement)
                if governance is not None:
                    self._governance[governance.remit] = governance
                    named = placement.centres[capability][0]
                    self._relate(unit, named, governance, governed=governed, council=council, subordinates=subordinates)
        self._governed, self._council, self._subordinates = (
            {remit: tuple(units) for remit, units in each.items()} for each in (governed, council, subordinates)
        )
        self._seat_centres()

    def _placed(self) -> Iterator[tuple[Unit, _Placement]]:
        """Every unit with what its own assignment says, else its nearest ancestor's."""
        own = self._placements()
        placed: dict[int, _Placement] = {}
        for unit in self.units:
            inherited = None if unit.parent is None else placed.get(unit.parent)
            placement = own.get(unit.id, inherited)
            if placement is not None:
                placed[unit.id] = placement
                yield unit, placement
            elif not unit.closed:
                self._report("unassigned", f"{unit.name} has no operating model, so it grants nothing.", unit.id)

    def _relate(
        self,
        unit: Unit,
        named: int | None,
        governance: Governance,
        *,
        governed: dict[RemitKey, list[int]],
        council: dict[RemitKey, list[int]],
        subordinates: dict[RemitKey, list[int]],
    ) -> None:
        """Put the unit among those that its centre governs; a centre stands apart, below the centre above it."""
        if named is None or named == unit.id:
            return
        remit = RemitKey(named, governance.remit.capability)
        if unit.kind.is_centre:
            self._superiors[governance.remit] = named
            if not unit.closed:
                subordinates[remit].append(unit.id)
        elif not unit.closed:
            governed[remit].append(unit.id)
            if governance.mode is Mode.COUNCIL:
                council[remit].append(unit.id)

    def _governed_by(self, unit: Unit, capability: Capability, placement: _Placement) -> Governance | None:
        if placement.model is None or capability not in placement.centres:
            return None
        remit = RemitKey(unit.id, capability)
        centre, assignment = placement.centres[capability]
        mode = placement.model.modes[capability]
        mandate = None
        if unit.kind.is_centre:
            centre, mode = unit.id, Mode.CENTRE
        elif mode is not Mode.UNIT and centre is None:
            return None
        elif mode is Mode.DELEGATED:
            mandate = self._mandate_in_force(remit, centre)
        without_mandate = mode is Mode.DELEGATED and mandate is None
        return Governance(
            remit=remit,
            model_version=placement.version,
            model_key=placement.model.key,
            mode=mode,
            effective_mode=Mode.JOINT if without_mandate else mode,
            centre=centre,
            assignment=assignment,
            assigned_at=placement.at,
            mandate=mandate,
        )

    def _seat_centres(self) -> None:
        for remit, units in self._council.items():
            governance = self._governance.get(remit)
            if governance is not None and len(units) >= 2:
                self._governance[remit] = replace(governance, mode=Mode.COUNCIL, effective_mode=Mode.COUNCIL)

    def _placements(self) -> dict[int, _Placement]:
        general: dict[int, list[Assignment]] = defaultdict(list)
        named: dict[int, list[Assignment]] = defaultdict(list)
        for assignment in sorted(self.snapshot.assignments, key=lambda row: row.id):
            if assignment.unit in self._units:
                (general if assignment.capability is None else named)[assignment.unit].append(assignment)
        for unit in sorted(named.keys() - general.keys()):
            message = f"{self.unit(unit).name} names a centre for one capability but has no operating model of its own."
            self._report("centre_without_assignment", message, unit)
        return {unit: self._placement(unit, rows, named[unit]) for unit, rows in sorted(general.items())}

    def _placement(self, unit_id: int, rows: list[Assignment], named: list[Assignment]) -> _Placement:
        """What is refused grants nothing: it must not fall back to an ancestor's model or to another centre."""
        unit, row = self._units[unit_id], rows[0]
        model = self.snapshot.models.get(row.model_version)
        refusal = self._refusal(unit, row, model)
        if len(rows) > 1:
            refusal = f"{unit.name} has {len(rows)} operating models at once. End all but one."
        if refusal is not None or model is None:
            self._report("assignment_refused", refusal or "", unit_id)
            return _Placement(unit_id, row.model_version, None, {})
        centres = dict.fromkeys(Capability, (row.centre, row.id))
        for capability in Capability:
            exceptions = [exception for exception in named if exception.capability is capability]
            if not exceptions:
                continue
            refusal = self._refused_exception(unit, row, exceptions, model)
            if refusal is None:
                centres[capability] = (exceptions[0].centre, exceptions[0].id)
            else:
                del centres[capability]
                self._report("centre_refused", refusal, unit_id, capability)
        return _Placement(unit_id, row.model_version, model, centres)

    def _refused_exception(
        self, unit: Unit, row: Assignment, exceptions: list[Assignment], model: OperatingModel
    ) -> str | None:
        exception = exceptions[0]
        if len(exceptions) > 1:
            return f"{unit.name} names {len(exceptions)} centres for {exception.capability} at once. End all but one."
        if exception.model_version != row.model_version:
            return f"{unit.name} names a centre for {exception.capability} under another model version."
        return self._refusal(unit, exception, model)

    def _refusal(self, unit: Unit, row: Assignment, model: OperatingModel | None) -> str | None:
        if model is None:
            return f"{unit.name} is under a model version that does not exist ({row.model_version})."
        if row.centre is not None and row.centre not in self._units:
            return f"{unit.name} names a centre that does not exist ({row.centre})."
        centre = None if row.centre is None else self._units[row.centre]
        refusal = refused_centre(model, centre, unit, capability=row.capability)
        if refusal is None and centre is not None and centre.closed:
            message = f"{centre.name}, the centre of {unit.name}, is closed. Name another centre."
            self._report("centre_closed", message, unit.id, row.capability)
        return refusal

    def _report(self, code: str, message: str, unit: int | None = None, capability: Capability | None = None) -> None:
        self.problems.append(Problem(code, message, unit, capability))


def _tree(units: dict[int, Unit]) -> tuple[tuple[int, ...], dict[int, list[int]]]:
    """The units in an order in which each comes after its parent, and each unit's children in order of id."""
    children: dict[int, list[int]] = defaultdict(list)
    order: list[int] = []
    for unit in sorted(units.values(), key=lambda unit: unit.id):
        if unit.parent is None:
            order.append(unit.id)
        elif unit.parent not in units:
            raise ValueError(f"The unit above {unit.name} ({unit.parent}) does not exist.")
        else:
            children[unit.parent].append(unit.id)
    for unit_id in order:
        order.extend(children.get(unit_id, ()))  # the list grows while it is walked: each level after the one above
    if len(order) < len(units):
        ring = sorted(units[unit].name for unit in units.keys() - set(order))
        raise ValueError(f"These units lie below themselves: {', '.join(ring)}.")
    return tuple(order), dict(children)


def _frozen(sets: dict[_Key, set[int]]) -> dict[_Key, Users]:
    return {key: frozenset(people) for key, people in sets.items()}
