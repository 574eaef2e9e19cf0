"""What the compiler returns: parties with their people, grants of rights to parties, and problems to report."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from governance.compiler.snapshot import RemitKey
from governance.rights import Right
from governance.vocabulary import Capability, Mode, Role


class PartyKind(StrEnum):
    """The ways people stand to a remit. Each (kind, unit, capability, role) is one ``auth.Group``."""

    UNIT = "unit"  # unit.reader/author/lead: members of the unit, or of an ancestor with reach subtree; no guests
    AGENCY = "agency"  # outside guests of the unit (reach counts); reader = every guest, author = those who may draft
    WITHIN = "within"  # everyone in the unit or in a unit below it; no guests
    DIRECT = "direct"  # direct members, no reach, no guests: a centre's people, reserve leads
    COMMUNITY = "community"  # direct members, no guests, of the units governed by centre ``unit`` for ``capability``
    COUNCIL = "council"  # as community, but only of the units in mode council
    SEATS = "seats"  # direct leads of the units that hold a seat in the council of centre ``unit`` for ``capability``
    GOVERNED = "governed"  # as community, but only of the units whose model opens the centre's documents to governed
    # units, and of the centres under this one
    ORGANISATION = "organisation"  # everyone with a current membership, and standing substitutes; no guests
    AUDITORS = "auditors"


class Party(NamedTuple):
    """A named set of people. ``unit``, ``capability`` and ``role`` are None where the kind does not use them.

    With a role, the party holds everyone of that role or a higher one.
    """

    kind: PartyKind
    unit: int | None = None
    capability: Capability | None = None
    role: Role | None = None


class Grant(NamedTuple):
    """One right in one remit, given to one party."""

    party: Party
    remit: RemitKey
    right: Right


class Relation(StrEnum):
    """Why a party stands where it stands, for the reason chain; values as in the rules of the modes."""

    UNIT_READER = "unit.reader"
    UNIT_AUTHOR = "unit.author"
    UNIT_LEAD = "unit.lead"
    CENTRE_READER = "centre.reader"
    CENTRE_AUTHOR = "centre.author"
    CENTRE_LEAD = "centre.lead"
    PEER_READER = "peer.reader"
    PEER_AUTHOR = "peer.author"
    PEER_LEAD = "peer.lead"
    AGENCY = "agency"
    BELOW = "below"
    SEAT = "seat"
    GOVERNED = "governed"
    ORGANISATION = "organisation"
    AUDITOR = "auditor"
    RESERVE = "reserve"


@dataclass(frozen=True, slots=True)
class Governance:
    """How one remit is governed: by which model, in which mode, under which centre.

    ``mode`` is the model's word for the capability (a centre's own remit: centre or council); ``effective_mode`` is
    what holds now (``delegated`` without a mandate in force is ``joint``). ``assigned_at`` is the unit whose
    assignment this is (itself, or the ancestor it is inherited from).
    """

    remit: RemitKey
    model_version: int
    model_key: str
    mode: Mode
    effective_mode: Mode
    centre: int | None
    assignment: int | None
    assigned_at: int | None
    mandate: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something administrators must hear of, for example a unit with no assignment on itself or above it."""

    code: str
    message: str
    unit: int | None = None
    capability: Capability | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """The whole answer. Stored permissions must equal ``parties`` × ``grants`` exactly.

    ``reasons`` gives, for every grant, the relations it stands for (at least one). Every party that a grant names is a
    key of ``parties``, with people or without; so is every post that somebody holds in an open unit, with grants or
    without.
    """

    parties: Mapping[Party, frozenset[int]]
    grants: frozenset[Grant]
    governance: Mapping[RemitKey, Governance]
    reasons: Mapping[Grant, tuple[Relation, ...]]
    problems: tuple[Problem, ...]
