"""The compiler: an organisation at one moment becomes parties with people and grants on remits.

``compile`` is pure and deterministic: equal snapshots give equal answers, whatever the order of their rows. The
number of grants grows with the number of remits, never with its square: peers, councils and governed units are one
party each for a centre and a capability.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping

from governance.compiler.assignments import assignment_problem
from governance.compiler.collector import collector_at_rest
from governance.compiler.compiled import Compiled, Governance, Grant, Party, PartyKind, Problem, Relation
from governance.compiler.rules import (
    CENTRES_OWN,
    MODES,
    PUBLISHERS_MAY,
    READERS_MAY,
    UNGOVERNED,
    Holding,
    ModeRule,
    Rules,
    centre_rules,
    closed_rules,
    unit_rules,
)
from governance.compiler.snapshot import RemitKey, Snapshot, Unit
from governance.compiler.world import NOBODY, Users, World
from governance.operating_models.schema import Audience
from governance.rights import Right
from governance.vocabulary import Capability, Mode, Role

__all__ = ["assignment_problem", "compile", "compile_world"]

RESERVE_MAY = (*PUBLISHERS_MAY, Right.CONFIRM_REVIEW, Right.READ, Right.READ_DRAFT, *READERS_MAY)
"""What the reserve takes over where nobody holds publish, with the reading that goes with it."""
OF_THE_UNIT = frozenset({PartyKind.UNIT, PartyKind.AGENCY, PartyKind.WITHIN})
OF_NOBODY = frozenset({PartyKind.ORGANISATION, PartyKind.AUDITORS})


def compile(snapshot: Snapshot) -> Compiled:  # noqa: A001
    """Everybody's rights in every remit of the organisation. Raises ``ValueError`` where its units are no tree."""
    return compile_world(World(snapshot))


def compile_world(world: World) -> Compiled:
    """As :func:`compile`, for a caller that needs the :class:`World` too."""
    with collector_at_rest():
        return _Compilation(world).run()


class _Reasons(Mapping[Grant, tuple[Relation, ...]]):
    """The reasons of every grant, looked up in the rules of its remit instead of stored a million times."""

    def __init__(self, compilation: "_Compilation", grants: frozenset[Grant]) -> None:
        self._compilation, self._grants = compilation, grants

    def __getitem__(self, grant: Grant) -> tuple[Relation, ...]:
        if grant not in self._grants:
            raise KeyError(grant)
        return self._compilation.reasons_for(grant)

    def __iter__(self) -> Iterator[Grant]:
        return iter(self._grants)

    def __len__(self) -> int:
        return len(self._grants)


class _Compilation:
    """One run of the compiler over one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.rules: dict[RemitKey, Rules] = {}
        self.reserves: dict[RemitKey, Party] = {}
        self.known_rules: dict[tuple[object, ...], Rules] = {}
        self.lacking: dict[tuple[int, str], list[Capability]] = defaultdict(list)
        self.councils: dict[tuple[int, Capability], Users] = {}
        self.people: dict[Party, Users] = {}
        self.granted: set[Party] = set()

    def run(self) -> Compiled:
        """The whole answer."""
        grants = frozenset(self._grants())
        governance = {
            remit: found for remit in self.world.remits if (found := self.world.governance(remit)) is not None
        }
        return Compiled(
            parties={party: self._people(party) for party in sorted({*self.granted, *self._posts()}, key=_order)},
            grants=grants,
            governance=governance,
            reasons=_Reasons(self, grants),
            problems=(*self.world.problems, *self._problems()),
        )

    def reasons_for(self, grant: Grant) -> tuple[Relation, ...]:
        """The relations that a grant stands for; it must be one of this compilation's."""
        party, remit, right = grant
        by_reserve = self.reserves.get(remit) == party and right in RESERVE_MAY
        found: tuple[Relation, ...] = ()
        if party == self._party(party.kind, party.role, remit, self.world.governance(remit)):
            found = self.rules[remit].get(Holding(party.kind, party.role, right), ())
        return (*found, Relation.RESERVE) if by_reserve else found

    # Grants

    def _grants(self) -> Iterator[Grant]:
        for unit in self.world.units:
            for capability in Capability:
                remit = RemitKey(unit.id, capability)
                governance = self.world.governance(remit)
                rules = self.rules[remit] = self._rules_of(unit, remit, governance)
                yield from self._instances(rules, remit, governance)
                if governance is not None and not unit.closed:
                    yield from self._reserve_grants(remit, governance)
                    self._check_deciders(remit, governance)

    def _instances(self, rules: Rules, remit: RemitKey, governance: Governance | None) -> Iterator[Grant]:
        parties: dict[tuple[PartyKind, Role | None], Party] = {}
        for kind, role, right in rules:
            party = parties.get((kind, role))
            if party is None:
                party = parties[kind, role] = self._party(kind, role, remit, governance)
                self.granted.add(party)
            yield Grant(party, remit, right)

    def _party(self, kind: PartyKind, role: Role | None, remit: RemitKey, governance: Governance | None) -> Party:
        if kind in OF_THE_UNIT:
            return Party(kind, remit.unit, None, role)
        if kind in OF_NOBODY or governance is None:
            return Party(kind)
        if kind is PartyKind.DIRECT:
            return Party(kind, governance.centre, None, role)
        return Party(kind, governance.centre, remit.capability, role)

    def _rules_of(self, unit: Unit, remit: RemitKey, governance: Governance | None) -> Rules:
        """The rules of one remit. Remits of one model, capability and mode share them."""
        if governance is None:
            return UNGOVERNED
        to_organisation = unit.kind.is_centre and self._opens_to_organisation(remit)
        key = (
            None if unit.kind.is_centre else (governance.model_version, remit.capability),
            governance.effective_mode,
            to_organisation,
            unit.closed,
            bool(self.world.children(unit.id)),
            governance.centre is None,
        )
        known = self.known_rules.get(key)
        if known is None:
            known = self.known_rules[key] = self._new_rules(unit, governance, to_organisation=to_organisation)
        return known

    def _new_rules(self, unit: Unit, governance: Governance, *, to_organisation: bool) -> Rules:
        if unit.kind.is_centre:
            rules = centre_rules(governance.effective_mode, to_organisation=to_organisation)
        else:
            model = self.world.snapshot.models[governance.model_version]
            rules = unit_rules(model, governance.remit.capability, governance.effective_mode)
        if not self.world.children(unit.id):  # nobody is below: the party would repeat the unit's own members
            rules = {held: relations for held, relations in rules.items() if held.kind is not PartyKind.WITHIN}
        if governance.centre is None:  # no centre is named, where the model leaves that open
            own = OF_THE_UNIT | OF_NOBODY
            rules = {held: relations for held, relations in rules.items() if held.kind in own}
        return closed_rules(rules) if unit.closed else rules

    def _opens_to_organisation(self, remit: RemitKey) -> bool:
        units = self.world.governed_units(remit.unit, remit.capability)
        return any(Audience.ORGANISATION in self._centre_audiences(unit, remit.capability) for unit in units)

    def _centre_audiences(self, unit: int, capability: Capability) -> frozenset[Audience]:
        model = self.world.model(RemitKey(unit, capability))
        return frozenset() if model is None else model.centre_published

    def _posts(self) -> Iterator[Party]:
        """The posts that somebody holds, granted anything or not: a document's owner is a post, whatever the mode."""
        for unit in self.world.units:
            if unit.closed or not any(self.world.governance(RemitKey(unit.id, each)) for each in Capability):
                continue
            kind = PartyKind.DIRECT if unit.kind.is_centre else PartyKind.UNIT
            yield from (party for role in Role if self._people(party := Party(kind, unit.id, None, role)))

    # Reserves and stages

    def _reserve_grants(self, remit: RemitKey, governance: Governance) -> Iterator[Grant]:
        rule = self._mode_rule(governance)
        holders = (self._party(each.kind, each.role, remit, governance) for each in rule.publishes)
        if any(self._people(party) for party in holders):
            return
        reserve = self._reserve(remit, of_centre=rule.ends_at_centre)
        if reserve is None:
            self.lacking[remit.unit, "nobody_publishes"].append(remit.capability)
            return
        party = self.reserves[remit] = Party(PartyKind.DIRECT, reserve, None, Role.LEAD)
        self.granted.add(party)
        for right in RESERVE_MAY:
            yield Grant(party, remit, right)

    def _mode_rule(self, governance: Governance) -> ModeRule:
        rules = CENTRES_OWN if self.world.is_centre(governance.remit.unit) else MODES
        return rules[governance.effective_mode]

    def _reserve(self, remit: RemitKey, *, of_centre: bool) -> int | None:
        if of_centre:
            return self.world.reserve_of_centre_stage(remit)
        return self.world.reserve_of_unit_stage(remit)

    def _check_deciders(self, remit: RemitKey, governance: Governance) -> None:
        stages = self._deciders_by_stage(remit, governance)
        if not all(stages) or (len(stages) > 1 and self._is_one_person(stages)):
            self.lacking[remit.unit, "nobody_decides"].append(remit.capability)

    def _deciders_by_stage(self, remit: RemitKey, governance: Governance) -> list[Users]:
        """Who could decide at each stage of the remit's route, reserves included, whoever wrote the document."""
        centre = governance.centre if governance.centre is not None else remit.unit
        mode = governance.effective_mode
        if mode is Mode.COUNCIL:
            return [self._voters(centre, remit.capability) or self._reserve_leads(remit, of_centre=True)]
        stages = []
        if mode is not Mode.CENTRE:
            leads = self.world.members(remit.unit, Role.LEAD)
            stages.append(leads or self._reserve_leads(remit, of_centre=False))
        if mode in (Mode.CENTRE, Mode.JOINT):
            stages.append(self.world.leads(centre) or self._reserve_leads(remit, of_centre=True))
        return stages

    def _is_one_person(self, stages: list[Users]) -> bool:
        """Whether one person would have to decide at every stage, which nobody may."""
        return len(self.world.persons(user for stage in stages for user in stage)) < len(stages)

    def _voters(self, centre: int, capability: Capability) -> Users:
        """Everyone who may vote in the council, nobody where a quorum is out of reach."""
        key = (centre, capability)
        if key not in self.councils:
            filled = [leads for unit in self.world.seats(centre, capability) if (leads := self.world.leads(unit))]
            people = self.world.leads(centre).union(*filled)
            quorum = max(2, math.ceil(len(filled) / 3))
            self.councils[key] = people if len(self.world.persons(people)) >= quorum else NOBODY
        return self.councils[key]

    def _reserve_leads(self, remit: RemitKey, *, of_centre: bool) -> Users:
        reserve = self._reserve(remit, of_centre=of_centre)
        return NOBODY if reserve is None else self.world.leads(reserve)

    def _problems(self) -> Iterator[Problem]:
        for (unit, code), capabilities in self.lacking.items():
            name, what = self.world.unit(unit).name, "decide" if code == "nobody_decides" else "publish"
            if len(capabilities) == len(Capability):
                yield Problem(code, f"Nobody can {what} in {name}, nor stands in for them.", unit)
                continue
            for capability in capabilities:
                message = f"Nobody can {what} on {capability.label} in {name}, nor stands in for them."
                yield Problem(code, message, unit, capability)

    # People

    def _people(self, party: Party) -> Users:
        known = self.people.get(party)
        if known is None:
            known = self.people[party] = self._find_people(party)
        return known

    def _find_people(self, party: Party) -> Users:
        kind, unit, capability, role = party
        if kind is PartyKind.ORGANISATION:
            return self.world.organisation()
        if kind is PartyKind.AUDITORS:
            return self.world.auditors()
        if unit is None:
            raise ValueError(f"{party} needs a unit.")
        if capability is not None:
            return self._people_of_units(self._units_of(kind, unit, capability), role or Role.READER)
        return self._people_of_unit(kind, unit, role or Role.READER)

    def _people_of_unit(self, kind: PartyKind, unit: int, role: Role) -> Users:
        if kind is PartyKind.WITHIN:
            return self.world.within(unit)
        if kind is PartyKind.AGENCY:
            return self.world.guests(unit, role)
        return self.world.members(unit, role, direct=kind is PartyKind.DIRECT)

    def _units_of(self, kind: PartyKind, centre: int, capability: Capability) -> tuple[int, ...]:
        if kind is PartyKind.COMMUNITY:
            return self.world.governed_units(centre, capability)
        if kind is PartyKind.COUNCIL:
            return self.world.council_units(centre, capability)
        if kind is PartyKind.SEATS:
            return self.world.seats(centre, capability)
        return tuple(self._opened_units(centre, capability))

    def _opened_units(self, centre: int, capability: Capability) -> Iterator[int]:
        """The units and the centres below, whose own model lets them see the centre's documents."""
        for unit in self.world.governed_units(centre, capability):
            if Audience.GOVERNED in self._centre_audiences(unit, capability):
                yield unit
        for below in self.world.subordinate_centres(centre, capability):
            if self._centre_audiences(below, capability):
                yield below

    def _people_of_units(self, units: tuple[int, ...], role: Role) -> Users:
        return NOBODY.union(*(self.world.members(unit, role, direct=True) for unit in units))


def _order(party: Party) -> tuple[str, int, str, str]:
    """A fixed order for what has none: equal snapshots give equal answers down to the order of the rows."""
    return (party.kind, party.unit or 0, party.capability or "", party.role or "")
