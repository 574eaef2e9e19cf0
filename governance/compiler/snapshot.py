"""What the compiler reads: the organisation at one moment, as plain immutable values.

Identifiers are the database's integers but the compiler never looks behind them. Only rows valid at ``Snapshot.at``
belong in it (closed units stay, marked closed). No Django here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from governance.operating_models.schema import OperatingModel
from governance.vocabulary import Capability, Reach, RiskLevel, Role, UnitKind


class RemitKey(NamedTuple):
    """One unit × one capability: the thing that permissions are held on."""

    unit: int
    capability: Capability


@dataclass(frozen=True, slots=True)
class Unit:
    """A node of the unit tree."""

    id: int
    code: str
    name: str
    kind: UnitKind
    parent: int | None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """An account; ``person`` joins the accounts of one natural person (segregation of duties looks at it)."""

    id: int
    person: int
    name: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's role in a unit; ``guest`` marks an outside guest (agency)."""

    id: int
    user: int
    unit: int
    role: Role
    reach: Reach = Reach.UNIT
    guest: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """The model version and centre a unit is under. With a capability it names another centre for that capability
    only (same unit, same model version as the unit's general assignment); it never changes the mode."""

    id: int
    unit: int
    capability: Capability | None
    model_version: int
    centre: int | None


@dataclass(frozen=True, slots=True)
class Mandate:
    """Authority that ``centre`` has given to a remit in mode ``delegated``, up to and including ``risk_limit``."""

    id: int
    remit: RemitKey
    centre: int
    risk_limit: RiskLevel


@dataclass(frozen=True, slots=True)
class Delegation:
    """One person's dated substitute for deciding in the named remits."""

    id: int
    delegator: int
    substitute: int
    remits: frozenset[RemitKey]


@dataclass(frozen=True, slots=True)
class SpecialGrant:
    """One person may read one document (``read``) or its drafts too (``read_draft``); ``subject`` is its public id."""

    id: int
    user: int
    right: str
    subject: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that ``compile`` depends on, at one moment. ``models`` is keyed by model-version id."""

    at: datetime
    units: tuple[Unit, ...]
    users: tuple[User, ...]
    memberships: tuple[Membership, ...]
    models: Mapping[int, OperatingModel]
    assignments: tuple[Assignment, ...]
    mandates: tuple[Mandate, ...] = ()
    delegations: tuple[Delegation, ...] = ()
    special_grants: tuple[SpecialGrant, ...] = ()
    administrators: frozenset[int] = field(default_factory=frozenset)
    sponsors: frozenset[int] = field(default_factory=frozenset)
    auditors: frozenset[int] = field(default_factory=frozenset)
