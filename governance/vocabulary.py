"""The fixed words of Remit: kinds, roles, capabilities and modes, as closed sets.

Pure Python: the compiler, the workflow engine and the database all speak these values.
An unknown value raises ``ValueError`` where the enumeration is called.
"""

from enum import StrEnum


class Capability(StrEnum):
    """One of the six digital capabilities; with a business unit it makes a remit."""

    STRATEGY = "strategy"
    DELIVERY = "delivery"
    FOUNDATION = "foundation"
    OPERATIONS = "operations"
    CHANGE = "change"
    KNOWLEDGE = "knowledge"

    @property
    def label(self) -> str:
        """The capability's name in full, as people read it."""
        return _CAPABILITY_LABELS[self]


_CAPABILITY_LABELS = {
    Capability.STRATEGY: "Innovation, strategy and governance",
    Capability.DELIVERY: "Execution and specialism",
    Capability.FOUNDATION: "Digital foundation",
    Capability.OPERATIONS: "Digital management",
    Capability.CHANGE: "Change management",
    Capability.KNOWLEDGE: "Digital knowledge management",
}


class UnitKind(StrEnum):
    """What a business unit is; the last three are centres."""

    ORGANISATION = "organisation"
    DIVISION = "division"
    DEPARTMENT = "department"
    COUNTRY = "country"
    REGION = "region"
    MARKET = "market"
    BRAND = "brand"
    TEAM = "team"
    CENTRE_OF_EXCELLENCE = "centre_of_excellence"
    SHARED_SERVICE = "shared_service"
    CENTRAL_TEAM = "central_team"

    @property
    def is_centre(self) -> bool:
        """Whether a unit of this kind governs other units."""
        return self in CENTRE_KINDS

    @property
    def label(self) -> str:
        """The kind's name as people read it, for example ``Centre of excellence``."""
        return self.value.replace("_", " ").capitalize()


CENTRE_KINDS = frozenset({UnitKind.CENTRE_OF_EXCELLENCE, UnitKind.SHARED_SERVICE, UnitKind.CENTRAL_TEAM})


class Role(StrEnum):
    """A membership's role. A lead can do what an author can, an author what a reader can."""

    READER = "reader"
    AUTHOR = "author"
    LEAD = "lead"

    @property
    def rank(self) -> int:
        """0 for reader, 1 for author, 2 for lead."""
        return _RANKS[self]

    def includes(self, other: "Role") -> bool:
        """Whether a person of this role can do what ``other`` can."""
        return _RANKS[self] >= _RANKS[other]


_RANKS = {role: rank for rank, role in enumerate(Role)}


class Reach(StrEnum):
    """How far a membership reaches: the unit alone, or every unit below it too."""

    UNIT = "unit"
    SUBTREE = "subtree"


class OrganisationRole(StrEnum):
    """Roles held for the whole organisation; none of them gives a right on a document but the auditor's reading."""

    ADMINISTRATOR = "administrator"
    SPONSOR = "sponsor"
    AUDITOR = "auditor"


class Mode(StrEnum):
    """Who decides in a remit, from the unit alone to the centre alone."""

    UNIT = "unit"
    DELEGATED = "delegated"
    COUNCIL = "council"
    JOINT = "joint"
    CENTRE = "centre"


class RiskLevel(StrEnum):
    """The risk of an exception; a mandate names the highest that a unit's lead may grant."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low, 1 for medium, 2 for high."""
        return list(RiskLevel).index(self)


class Classification(StrEnum):
    """Who, beyond the remit's rights, a document is open to."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"
