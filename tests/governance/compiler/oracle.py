"""The rules of the modes a second time, person by person and without a thought for speed.

It shares nothing with the compiler but the words, so that a rule misread in one of the two shows as a difference.
"""

import functools

from governance.compiler.snapshot import Assignment, RemitKey, Snapshot, Unit
from governance.operating_models.schema import Audience, OperatingModel
from governance.rights import Right
from governance.vocabulary import Capability, Mode, Reach, Role, UnitKind

R, D = {Right.READ}, {Right.READ_DRAFT}


class Oracle:
    """Answers ``rights(user, remit)`` for one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.units = {unit.id: unit for unit in snapshot.units}
        self.users = {user.id: user for user in snapshot.users}
        # Remembered, because the same few questions are asked for every person.
        for name in ("memberships", "mode", "governed", "in_organisation", "named_centre", "leads", "above"):
            setattr(self, name, functools.cache(getattr(self, name)))

    # People

    def is_auditing_person(self, user: int) -> bool:
        person = self.users[user].person
        return any(self.users[auditor].person == person for auditor in self.snapshot.auditors)

    def memberships(self, user: int) -> list[tuple[Unit, Role, Reach, bool]]:
        """The memberships that give something."""
        if not self.users[user].active or self.is_auditing_person(user):
            return []
        return [
            (self.units[each.unit], each.role, each.reach, each.guest)
            for each in self.snapshot.memberships
            if each.user == user
            and not self.units[each.unit].closed
            and not (each.guest and self.units[each.unit].kind.is_centre)
        ]

    def above(self, unit: Unit) -> list[Unit]:
        return [] if unit.parent is None else [self.units[unit.parent], *self.above(self.units[unit.parent])]

    def direct(self, user: int, unit: Unit, role: Role) -> bool:
        return any(u == unit and r.includes(role) and not guest for u, r, _, guest in self.memberships(user))

    def stands(self, user: int, unit: Unit, role: Role, *, guest: bool = False) -> bool:
        """unit.reader, unit.author, unit.lead, or the agency's."""
        if unit.kind.is_centre:
            return False
        above = self.above(unit)
        return any(
            r.includes(role)
            and is_guest == guest
            and (u == unit or (u in above and reach is Reach.SUBTREE and not u.kind.is_centre))
            for u, r, reach, is_guest in self.memberships(user)
        )

    def below(self, user: int, unit: Unit) -> bool:
        return any(not guest and (u == unit or unit in self.above(u)) for u, _, _, guest in self.memberships(user))

    def in_organisation(self, user: int) -> bool:
        if any(not guest for *_, guest in self.memberships(user)):
            return True
        if not self.users[user].active or self.is_auditing_person(user):
            return False
        if any(each.guest for each in self.snapshot.memberships if each.user == user):
            return False
        return any(
            each.substitute == user
            and each.remits
            and self.users[each.delegator].active
            and not self.is_auditing_person(each.delegator)
            for each in self.snapshot.delegations
        )

    def leads(self, unit: Unit) -> set[int]:
        return {user for user in self.users if self.direct(user, unit, Role.LEAD)}

    # Governance

    def placement(self, unit: Unit) -> tuple[OperatingModel, list[Assignment]] | None:
        for place in (unit, *self.above(unit)):
            rows = [each for each in self.snapshot.assignments if each.unit == place.id]
            for row in rows:
                if row.capability is None:
                    return self.snapshot.models[row.model_version], rows
        return None

    def named_centre(self, unit: Unit, capability: Capability) -> Unit | None:
        """The centre that the unit is under, never itself."""
        placed = self.placement(unit)
        if placed is None:
            return None
        general = [row.centre for row in placed[1] if row.capability is None]
        special = [row.centre for row in placed[1] if row.capability is capability]
        centre = (special or general)[0]
        return None if centre is None or centre == unit.id else self.units[centre]

    def governed(self, centre: Unit, capability: Capability) -> list[Unit]:
        return [
            unit
            for unit in self.units.values()
            if not unit.closed and not unit.kind.is_centre and self.named_centre(unit, capability) == centre
        ]

    def in_council(self, centre: Unit, capability: Capability) -> list[Unit]:
        return [unit for unit in self.governed(centre, capability) if self.mode(unit, capability) is Mode.COUNCIL]

    def mode(self, unit: Unit, capability: Capability) -> Mode | None:
        placed = self.placement(unit)
        if placed is None:
            return None
        if unit.kind.is_centre:
            return Mode.COUNCIL if len(self.in_council(unit, capability)) >= 2 else Mode.CENTRE
        mode = placed[0].modes[capability]
        if mode is not Mode.DELEGATED:
            return mode
        centre = self.named_centre(unit, capability)
        mandated = any(
            each.remit == (unit.id, capability) and centre is not None and each.centre == centre.id
            for each in self.snapshot.mandates
        )
        return Mode.DELEGATED if mandated else Mode.JOINT

    def seats(self, centre: Unit, capability: Capability) -> list[Unit]:
        units = self.in_council(centre, capability)
        divisions = [unit for unit in units if unit.kind is UnitKind.DIVISION]
        return divisions if len(units) > 15 and len(divisions) >= 2 else units

    # Rights

    def rights(self, user: int, remit: RemitKey) -> frozenset[Right]:
        unit, capability = self.units[remit.unit], remit.capability
        person = self.users[user]
        if user in self.snapshot.auditors:
            administers = any(self.users[each].person == person.person for each in self.snapshot.administrators)
            return frozenset(R | D) if person.active and not administers else frozenset()
        mode = self.mode(unit, capability)
        if mode is None:
            return frozenset()
        held = self._written(user, unit, capability, mode)
        reserved = not unit.closed and not self._publishers(unit, capability, mode)
        if reserved and user in self._reserve(unit, capability, mode):
            held |= {Right.PUBLISH, Right.CONFIRM_REVIEW}
        if Right.PUBLISH in held:
            held |= {Right.RETIRE, Right.IMPORT}
        if held - {Right.GRANT_EXCEPTION}:
            held |= R | D
        held |= self._reads(user, unit, capability, mode)
        writes_as_member = held & {Right.DECIDE, Right.PUBLISH} or self._drafts_as_member(user, unit, capability, mode)
        if writes_as_member or self._reads_as_member(user, unit, capability, mode):
            held |= {Right.REQUEST_CHANGE, Right.REQUEST_EXCEPTION, Right.ACKNOWLEDGE}
        return frozenset(held & R if unit.closed else held)

    def _written(self, user: int, unit: Unit, capability: Capability, mode: Mode) -> set[Right]:
        held: set[Right] = set()
        centre = unit if unit.kind.is_centre else self.named_centre(unit, capability)
        leads_unit = self.stands(user, unit, Role.LEAD)
        leads_centre = centre is not None and self.direct(user, centre, Role.LEAD)
        guest_author = self.stands(user, unit, Role.AUTHOR, guest=True)
        if self._drafts_as_member(user, unit, capability, mode) or (mode is not Mode.CENTRE and guest_author):
            held |= {Right.DRAFT, Right.SUBMIT}
        seated = centre is not None and any(
            self.direct(user, seat, Role.LEAD) for seat in self.seats(centre, capability)
        )
        decides, publishes, grants = {
            Mode.UNIT: (leads_unit, leads_unit, leads_unit),
            Mode.CENTRE: (leads_centre, leads_centre, leads_centre),
            Mode.JOINT: (leads_unit or leads_centre, leads_centre, leads_centre),
            Mode.DELEGATED: (leads_unit, leads_unit, leads_unit or leads_centre),
            Mode.COUNCIL: (seated or leads_centre, leads_centre, leads_centre),
        }[mode]
        if decides:
            held |= {Right.DECIDE, Right.CONFIRM_REVIEW}
        if publishes:
            held |= {Right.PUBLISH}
        if grants:
            held |= {Right.GRANT_EXCEPTION}
        return held

    def _drafts_as_member(self, user: int, unit: Unit, capability: Capability, mode: Mode) -> bool:
        centre = unit if unit.kind.is_centre else self.named_centre(unit, capability)
        of_unit = self.stands(user, unit, Role.AUTHOR)
        of_centre = centre is not None and self.direct(user, centre, Role.AUTHOR)
        of_council = centre is not None and any(
            self.direct(user, peer, Role.AUTHOR) for peer in self.in_council(centre, capability)
        )
        return {
            Mode.UNIT: of_unit,
            Mode.CENTRE: of_centre,
            Mode.JOINT: of_unit or of_centre,
            Mode.DELEGATED: of_unit,
            Mode.COUNCIL: of_unit or of_centre or of_council,
        }[mode]

    def _publishers(self, unit: Unit, capability: Capability, mode: Mode) -> set[int]:
        return {user for user in self.users if Right.PUBLISH in self._written(user, unit, capability, mode)}

    def _reserve(self, unit: Unit, capability: Capability, mode: Mode) -> set[int]:
        centre = unit if unit.kind.is_centre else self.named_centre(unit, capability)
        above_unit = [self.leads(each) for each in self.above(unit)]
        above_centre = [] if centre is None else [self.leads(each) for each in self.above(centre)]
        if mode in (Mode.UNIT, Mode.DELEGATED):
            chain = [*above_unit, *([] if centre is None else [self.leads(centre)]), *above_centre]
        else:
            chain = [*above_centre, *above_unit]
        return next((leads for leads in chain if leads), set())

    def _audiences(self, user: int, unit: Unit, capability: Capability, mode: Mode) -> dict[Audience, bool]:
        centre = self.named_centre(unit, capability)
        peers = [] if centre is None else self.governed(centre, capability)
        if mode is Mode.COUNCIL and centre is not None:
            peers = self.in_council(centre, capability)
        return {
            Audience.UNIT: self.stands(user, unit, Role.READER),
            Audience.CENTRE: centre is not None and self.direct(user, centre, Role.READER),
            Audience.PEERS: any(self.direct(user, peer, Role.READER) for peer in peers),
            Audience.PEER_LEADS: any(self.direct(user, peer, Role.LEAD) for peer in peers),
            Audience.AGENCY: self.stands(user, unit, Role.READER, guest=True),
            Audience.ORGANISATION: self.in_organisation(user),
            Audience.GOVERNED: False,
        }

    def _reads(self, user: int, unit: Unit, capability: Capability, mode: Mode) -> set[Right]:
        held: set[Right] = set()
        if unit.kind.is_centre:
            if self.direct(user, unit, Role.READER):
                held |= R | D
            if self._reads_as_member(user, unit, capability, mode):
                held |= R
            return held
        placed = self.placement(unit)
        assert placed is not None
        is_in = self._audiences(user, unit, capability, mode)
        if any(is_in[audience] for audience in placed[0].drafts[capability]):
            held |= D
        if is_in[Audience.AGENCY] and Audience.AGENCY in placed[0].published[capability]:
            held |= R
        return held | (R if self._reads_as_member(user, unit, capability, mode) else set())

    def _reads_as_member(self, user: int, unit: Unit, capability: Capability, mode: Mode) -> bool:
        """Whether the published documents are open to the user otherwise than as a guest or a writer."""
        if unit.kind.is_centre:
            return self.direct(user, unit, Role.READER) or self._reads_centre(user, unit, capability)
        placed = self.placement(unit)
        assert placed is not None
        audiences = placed[0].published[capability] - {Audience.AGENCY}
        is_in = self._audiences(user, unit, capability, mode)
        if any(is_in[audience] for audience in audiences):
            return True
        return Audience.UNIT in audiences and self.below(user, unit)

    def _reads_centre(self, user: int, centre: Unit, capability: Capability) -> bool:
        for unit in self.governed(centre, capability):
            placed = self.placement(unit)
            assert placed is not None
            opened = placed[0].centre_published
            if Audience.GOVERNED in opened and self.direct(user, unit, Role.READER):
                return True
            if Audience.ORGANISATION in opened and self.in_organisation(user):
                return True
        for unit in self.units.values():
            if unit.kind.is_centre and not unit.closed and self.named_centre(unit, capability) == centre:
                placed = self.placement(unit)
                if placed is not None and placed[0].centre_published and self.direct(user, unit, Role.READER):
                    return True
        return False
