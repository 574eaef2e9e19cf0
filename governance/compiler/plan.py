"""Plans: what changes between two compiled organisations, for people to judge and for the database to write.

A plan says who loses and who gains which right, losses first, and which stored rows to delete and to add. It is pure:
equal input gives an equal plan with an equal hash, so a plan can be confirmed by its hash and computed again before it
is applied. Nobody's rights are written out one by one: a switch of ten thousand units concerns thousands of millions,
so every change holds a :class:`Crowd`, which counts at once and lists its people when asked.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from governance.compiler.collector import collector_at_rest
from governance.compiler.compiled import Compiled, Governance, Grant, Party, PartyKind, Problem
from governance.compiler.snapshot import RemitKey
from governance.compiler.world import NOBODY, Users, World
from governance.rights import Right
from governance.vocabulary import Capability, Role

VETOING = frozenset({"assignment_refused", "centre_refused", "last_administrator"})
"""What a plan must not bring about, whoever confirms it."""
_OWN: Mapping[PartyKind, Mapping[Role | None, int]] = {
    PartyKind.UNIT: {Role.READER: 1, Role.AUTHOR: 2, Role.LEAD: 4},
    PartyKind.AGENCY: {Role.READER: 8, Role.AUTHOR: 16},
    PartyKind.WITHIN: {None: 32},
}
"""The parties that belong to one unit alone, each as one bit; all others are shared by many remits."""
_BITS, _MASK = 6, 63
_RIGHTS: Mapping[Right, int] = {right: number for number, right in enumerate(Right)}
_NO_ROW = [0] * len(_RIGHTS)


@dataclass(frozen=True, slots=True)
class Crowd:
    """A set of users: one large set that many changes share, without a few, and with a few others."""

    shared: Users = NOBODY
    without: Users = NOBODY
    others: Users = NOBODY

    def __len__(self) -> int:
        return len(self.shared) - len(self.without) + len(self.others)

    def __contains__(self, user: object) -> bool:
        return user in self.others or (user in self.shared and user not in self.without)

    def __iter__(self) -> Iterator[int]:
        """The users in ascending order."""
        return iter(sorted((self.shared - self.without) | self.others))


class PersonChange(NamedTuple):
    """One right in one remit that one account loses or gains."""

    user: int
    unit: int
    capability: Capability
    right: Right
    gained: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Who loses and who gains one right in one remit; ``kept`` counts those who had it and keep it."""

    remit: RemitKey
    right: Right
    lost: Crowd
    gained: Crowd
    kept: int


@dataclass(frozen=True, slots=True)
class GovernanceChange:
    """A remit whose model version, mode, centre or mandate is another afterwards; None where nothing governs it."""

    remit: RemitKey
    before: Governance | None
    after: Governance | None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to weigh before confirming; with ``veto`` the plan must not be applied. ``users``: whom it concerns."""

    code: str
    message: str
    unit: int | None = None
    capability: Capability | None = None
    veto: bool = False
    users: Users = NOBODY


@dataclass(frozen=True)
class Plan:
    """The difference between two compiled organisations: rows to delete and to add, and what that means for people.

    ``changes`` are in the order of reading: those with losses first, then by unit, capability and right.
    """

    grants_to_delete: frozenset[Grant]
    grants_to_add: frozenset[Grant]
    members_to_delete: Mapping[Party, Users]
    members_to_add: Mapping[Party, Users]
    parties_to_delete: frozenset[Party]
    parties_to_add: frozenset[Party]
    changes: tuple[Change, ...]
    governance: tuple[GovernanceChange, ...]
    findings: tuple[Finding, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written and no remit governed otherwise."""
        return not (
            self.grants_to_delete
            or self.grants_to_add
            or self.members_to_delete
            or self.members_to_add
            or self.parties_to_delete
            or self.parties_to_add
            or self.governance
        )

    @cached_property
    def losses(self) -> int:
        """How many rights are lost, counted by person, remit and right."""
        return sum(len(change.lost) for change in self.changes)

    @cached_property
    def gains(self) -> int:
        """How many rights are gained, counted by person, remit and right."""
        return sum(len(change.gained) for change in self.changes)

    @cached_property
    def kept(self) -> int:
        """How many rights are kept where others change: in the remits and for the rights of ``changes``."""
        return sum(change.kept for change in self.changes)

    @cached_property
    def losses_by_user(self) -> Mapping[int, int]:
        """For every account that loses something, how many rights."""
        return _tally(change.lost for change in self.changes)

    @cached_property
    def gains_by_user(self) -> Mapping[int, int]:
        """For every account that gains something, how many rights."""
        return _tally(change.gained for change in self.changes)

    @property
    def people(self) -> Users:
        """The accounts that lose or gain something."""
        return frozenset(self.losses_by_user.keys() | self.gains_by_user.keys())

    @cached_property
    def units(self) -> frozenset[int]:
        """The units where somebody loses or gains something, or that are governed otherwise."""
        touched = {change.remit.unit for change in self.changes}
        return frozenset(touched | {change.remit.unit for change in self.governance})

    @property
    def vetoes(self) -> tuple[Finding, ...]:
        """Why the plan must not be applied; empty if it may be."""
        return tuple(finding for finding in self.findings if finding.veto)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What to weigh before confirming the plan."""
        return tuple(finding for finding in self.findings if not finding.veto)

    def rows(self) -> Iterator[PersonChange]:
        """Every right lost, then every right gained, person by person. Take only as many as a page shows."""
        for gained in (False, True):
            for change in self.changes:
                (unit, capability), right = change.remit, change.right
                for user in change.gained if gained else change.lost:
                    yield PersonChange(user, unit, capability, right, gained)

    def of_user(self, user: int) -> tuple[PersonChange, ...]:
        """What this account loses, then what it gains."""
        lost, gained = [], []
        for change in self.changes:
            (unit, capability), right = change.remit, change.right
            if user in change.lost:
                lost.append(PersonChange(user, unit, capability, right, gained=False))
            if user in change.gained:
                gained.append(PersonChange(user, unit, capability, right, gained=True))
        return (*lost, *gained)

    def of_unit(self, unit: int) -> tuple[Change, ...]:
        """The changes in the unit's remits, losses first."""
        return tuple(change for change in self.changes if change.remit.unit == unit)

    @cached_property
    def hash(self) -> str:
        """SHA-256 in hexadecimal over all that the plan writes, governs and warns of; equal plans, equal hash."""
        digest = hashlib.sha256(b"remit plan 1\n")
        for line in sorted(self._lines()):
            digest.update(line.encode())
            digest.update(b"\n")
        return digest.hexdigest()

    def _lines(self) -> Iterator[str]:
        names: dict[Party, str] = {}

        def name(party: Party) -> str:
            if party not in names:
                names[party] = f"{party.kind} {party.unit or '-'} {party.capability or '-'} {party.role or '-'}"
            return names[party]

        for sign, grants in (("-", self.grants_to_delete), ("+", self.grants_to_add)):
            for party, (unit, capability), right in grants:
                yield f"grant {sign} {unit} {capability} {right} {name(party)}"
        for sign, parties in (("-", self.parties_to_delete), ("+", self.parties_to_add)):
            yield from (f"party {sign} {name(party)}" for party in parties)
        for sign, members in (("-", self.members_to_delete), ("+", self.members_to_add)):
            for party, users in members.items():
                yield from (f"member {sign} {name(party)} {user}" for user in users)
        for change in self.governance:
            yield f"governance {change.remit} {_essence(change.before)} {_essence(change.after)}"
        for finding in self.findings:
            yield f"finding {finding.code} {finding.unit} {finding.capability} {finding.veto} {sorted(finding.users)}"


def difference(before: Compiled, after: Compiled, world_before: World, world_after: World) -> Plan:
    """The plan that turns ``before`` into ``after``; each world is the one that its answer was compiled from."""
    with collector_at_rest():
        return _difference(before, after, world_before, world_after)


def _difference(before: Compiled, after: Compiled, world_before: World, world_after: World) -> Plan:
    members_to_delete = _members(before.parties, after.parties)
    members_to_add = _members(after.parties, before.parties)
    order = {unit.id: number for world in (world_before, world_after) for number, unit in enumerate(world.units)}
    grants_to_delete = before.grants - after.grants
    grants_to_add = after.grants - before.grants
    moved = members_to_delete.keys() | members_to_add.keys()
    changed = moved or grants_to_delete or grants_to_add
    return Plan(
        grants_to_delete=grants_to_delete,
        grants_to_add=grants_to_add,
        members_to_delete=members_to_delete,
        members_to_add=members_to_add,
        parties_to_delete=frozenset(before.parties.keys() - after.parties.keys()),
        parties_to_add=frozenset(after.parties.keys() - before.parties.keys()),
        changes=_Comparison(before, after, moved).changes(order) if changed else (),
        governance=tuple(_governance_changes(before, after, order)),
        findings=tuple(_findings(before, after, world_before, world_after)),
    )


def _members(these: Mapping[Party, Users], those: Mapping[Party, Users]) -> dict[Party, Users]:
    """For each party, the people whom it has in ``these`` and not in ``those``; parties without any are left out."""
    found: dict[Party, Users] = {}
    for party, people in these.items():
        other = those.get(party, NOBODY)
        if people is not other and (more := people - other):
            found[party] = more
    return found


class _Comparison:
    """Works out who loses and gains, remit by remit.

    Who holds a right in a remit is packed into one number: six bits for the unit's own parties, and above them the
    number of the set of parties that other remits share. So the large parties are compared once for thousands of
    remits, and a right that the same parties hold costs nothing.
    """

    def __init__(self, before: Compiled, after: Compiled, moved: Set[Party]) -> None:
        self.parties = (before.parties, after.parties)
        self.moved_units: set[int | None] = {party.unit for party in moved if party.kind in _OWN}
        self.sets: list[frozenset[Party]] = [frozenset()]
        self.numbers: dict[frozenset[Party], int] = {frozenset(): 0}
        self.joined: dict[tuple[int, Party], int] = {}
        self.tables = (self._table(before.grants), self._table(after.grants))
        self.moved_sets = {number for parties, number in self.numbers.items() if parties & moved}
        self.unions: dict[tuple[int, int], Users] = {}
        self.differences: dict[tuple[int, int], tuple[Users, Users]] = {}

    def _table(self, grants: Iterable[Grant]) -> dict[RemitKey, list[int]]:
        table: dict[RemitKey, list[int]] = {}
        for party, remit, right in grants:
            row = table.get(remit)
            if row is None:
                row = table[remit] = [0] * len(_RIGHTS)
            number = _RIGHTS[right]
            bits = _OWN.get(party.kind)
            if bits is not None:
                row[number] |= bits[party.role]
            else:
                held = row[number]
                row[number] = self._join(held >> _BITS, party) << _BITS | held & _MASK
        return table

    def _join(self, number: int, party: Party) -> int:
        """The number of the set that ``party`` makes with the set of this number."""
        known = self.joined.get((number, party))
        if known is None:
            parties = self.sets[number] | {party}
            known = self.numbers.setdefault(parties, len(self.sets))
            if known == len(self.sets):
                self.sets.append(parties)
            self.joined[number, party] = known
        return known

    def changes(self, order: Mapping[int, int]) -> tuple[Change, ...]:
        """The changes that concern anybody, in the order of reading."""
        with_losses: list[Change] = []
        without: list[Change] = []
        for unit in sorted({remit.unit for table in self.tables for remit in table}, key=order.__getitem__):
            comparison = _UnitComparison(self, unit)
            for capability in Capability:
                for change in comparison.changes(RemitKey(unit, capability)):
                    (with_losses if len(change.lost) else without).append(change)
        return (*with_losses, *without)

    def is_moved(self, unit: int, held: int) -> bool:
        """Whether the people of one of these parties are others than before."""
        return held >> _BITS in self.moved_sets or (bool(held & _MASK) and unit in self.moved_units)

    def union(self, side: int, number: int) -> Users:
        """Everyone in the shared parties of this number, before (0) or after (1)."""
        known = self.unions.get((side, number))
        if known is None:
            people = self.parties[side]
            known = self.unions[side, number] = NOBODY.union(*(people[party] for party in self.sets[number]))
        return known

    def difference(self, before: int, after: int) -> tuple[Users, Users]:
        """Who is in the shared parties of ``before`` only, and who in those of ``after`` only."""
        known = self.differences.get((before, after))
        if known is None:
            these, those = self.union(0, before), self.union(1, after)
            known = self.differences[before, after] = (these - those, those - these)
        return known


class _UnitComparison:
    """The comparison of one unit's remits: rights that the same parties hold share one answer."""

    def __init__(self, whole: _Comparison, unit: int) -> None:
        self.whole, self.unit = whole, unit
        self.people: dict[tuple[int, int], Users] = {}
        self.answers: dict[tuple[int, int], tuple[Crowd, Crowd, int]] = {}

    def changes(self, remit: RemitKey) -> Iterator[Change]:
        """The changes of one remit, right by right."""
        before, after = (table.get(remit, _NO_ROW) for table in self.whole.tables)
        for right, number in _RIGHTS.items():
            held, holding = before[number], after[number]
            if held == holding and not self.whole.is_moved(self.unit, held):
                continue
            answer = self.answers.get((held, holding))
            if answer is None:
                answer = self.answers[held, holding] = self._compare(held, holding)
            lost, gained, kept = answer
            if len(lost) or len(gained):
                yield Change(remit, right, lost, gained, kept)

    def _compare(self, before: int, after: int) -> tuple[Crowd, Crowd, int]:
        whole = self.whole
        own_before, own_after = self._own(0, before & _MASK), self._own(1, after & _MASK)
        all_before, all_after = whole.union(0, before >> _BITS), whole.union(1, after >> _BITS)
        shared_lost, shared_gained = whole.difference(before >> _BITS, after >> _BITS)
        lost = _crowd(shared_lost, own_after, own_before - own_after - all_before - all_after)
        gained = _crowd(shared_gained, own_before, own_after - own_before - all_before - all_after)
        return lost, gained, len(all_after) + len(own_after - all_after) - len(gained)

    def _own(self, side: int, mask: int) -> Users:
        """Everyone in the unit's own parties that the bits name."""
        known = self.people.get((side, mask))
        if known is None:
            parties = self.whole.parties[side]
            sets = (
                parties[Party(kind, self.unit, None, role)]
                for kind, bits in _OWN.items()
                for role, bit in bits.items()
                if mask & bit
            )
            known = self.people[side, mask] = NOBODY.union(*sets)
        return known


_NO_CROWD = Crowd()


def _crowd(shared: Users, still: Users, others: Users) -> Crowd:
    without = shared & still if shared and still else NOBODY
    return Crowd(shared, without, others) if shared or others else _NO_CROWD


def _tally(crowds: Iterable[Crowd]) -> dict[int, int]:
    """How many of the crowds each user is in."""
    weights: Counter[int] = Counter()
    sets: dict[int, Users] = {}
    for crowd in crowds:
        for users, weight in ((crowd.shared, 1), (crowd.without, -1), (crowd.others, 1)):
            if users:
                weights[id(users)] += weight
                sets[id(users)] = users
    found: dict[int, int] = defaultdict(int)
    for key, users in sets.items():
        weight = weights[key]
        for user in users:
            found[user] += weight
    return {user: number for user, number in sorted(found.items()) if number}


def _essence(governance: Governance | None) -> tuple[object, ...] | None:
    """What of a remit's governance people are told of: another assignment that says the same is no change."""
    if governance is None:
        return None
    mandate = governance.mandate
    return (governance.model_version, str(governance.mode), str(governance.effective_mode), governance.centre, mandate)


def _governance_changes(before: Compiled, after: Compiled, order: Mapping[int, int]) -> Iterator[GovernanceChange]:
    remits = before.governance.keys() | after.governance.keys()
    changed = []
    for remit in remits:
        this, that = before.governance.get(remit), after.governance.get(remit)
        if this != that and _essence(this) != _essence(that):
            changed.append(GovernanceChange(remit, this, that))
    capabilities = list(Capability)
    yield from sorted(changed, key=lambda each: (order[each.remit.unit], capabilities.index(each.remit.capability)))


def _findings(before: Compiled, after: Compiled, world_before: World, world_after: World) -> Iterator[Finding]:
    yield from _administrator_findings(world_before, world_after)
    known = set(before.problems)
    for problem in after.problems:
        if problem not in known:
            yield _as_finding(problem)
    shut_out = _who_holds_anything(before) - _who_holds_anything(after)
    if shut_out:
        who = "1 account has" if len(shut_out) == 1 else f"{len(shut_out)} accounts have"
        yield Finding("loses_everything", f"{who} no right anywhere any more.", users=shut_out)


def _who_holds_anything(compiled: Compiled) -> Users:
    return NOBODY.union(*(compiled.parties[party] for party in {grant.party for grant in compiled.grants}))


def _as_finding(problem: Problem) -> Finding:
    veto = problem.code in VETOING
    return Finding(problem.code, problem.message, problem.unit, problem.capability, veto)


def _administrator_findings(world_before: World, world_after: World) -> Iterator[Finding]:
    if _administrators(world_before) and not _administrators(world_after):
        message = "Nobody would be administrator any more. Name another administrator first."
        yield Finding("last_administrator", message, veto=True, users=_administrators(world_before))


def _administrators(world: World) -> Users:
    active = {user.id for user in world.snapshot.users if user.active}
    return frozenset(world.snapshot.administrators & active)
