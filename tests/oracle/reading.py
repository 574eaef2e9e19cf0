"""What Remit promises about who may do what, read a second time: plainly, slowly, and without the program.

It knows rows as they are stored (``Rows``) and the words of the product's description, and imports nothing of Remit: no
rule, no word and no table is shared with what it judges. Every answer is a set of accounts.

Where a sentence can be read in two ways, the way that gives less away is taken; such places begin with "Narrowly:".
"""

import functools
from typing import NamedTuple

# --- What is stored


class Unit(NamedTuple):
    id: int
    kind: str
    parent: int | None
    closed: bool


class Account(NamedTuple):
    id: int
    person: int
    active: bool


class Membership(NamedTuple):
    account: int
    unit: int
    role: str
    reach: str
    guest: bool


class Assignment(NamedTuple):
    """``capability`` is empty where the row is the unit's assignment, else it names another centre for that one."""

    unit: int
    capability: str
    model: str
    centre: int | None


class Mandate(NamedTuple):
    unit: int
    capability: str
    centre: int


class Delegation(NamedTuple):
    delegator: int
    substitute: int
    remits: frozenset[tuple[int, str]]


class SpecialGrant(NamedTuple):
    account: int
    right: str
    document: object


class Waiting(NamedTuple):
    """A request about a document, or about one revision of it, waits for the account."""

    account: int
    document: object
    revision: object


class Document(NamedTuple):
    id: object
    unit: int
    capability: str
    classification: str
    was_published: bool
    draft: object
    owner_role: str
    owner: int | None
    deputy: int | None


class Rows(NamedTuple):
    """Everything that holds at one moment."""

    units: tuple[Unit, ...]
    accounts: tuple[Account, ...]
    memberships: tuple[Membership, ...]
    assignments: tuple[Assignment, ...]
    mandates: tuple[Mandate, ...]
    delegations: tuple[Delegation, ...]
    administrators: frozenset[int]
    auditors: frozenset[int]
    special_grants: tuple[SpecialGrant, ...]
    waiting: tuple[Waiting, ...]
    public_reading: bool


# --- The tables of the description, as they are printed

CENTRE_KINDS = ("centre_of_excellence", "shared_service", "central_team")
ROLES = ("reader", "author", "lead")
RIGHTS = """
    read read_draft draft submit decide publish retire confirm_review request_change request_exception grant_exception
    acknowledge import
""".split()

ON_WHAT_IS_PUBLISHED = "request_change request_exception acknowledge grant_exception confirm_review".split()
"""Before there is anything published there is nothing to ask for, to except from or to review; and nobody does so with
what they do not see."""

_MODELS = """
capability | decentralized | independent | shared_services | centre_of_excellence | devolved  | evolved | centralized
strategy   | unit          | unit        | unit            | unit                 | centre    | council | centre
delivery   | unit          | unit        | unit            | unit                 | delegated | unit    | centre
foundation | unit          | unit        | centre          | joint                | centre    | joint   | centre
operations | unit          | unit        | unit            | joint                | delegated | unit    | centre
change     | unit          | unit        | joint           | joint                | delegated | council | centre
knowledge  | unit          | unit        | unit            | joint                | delegated | council | centre
"""
_HEAD, *_LINES = [[cell.strip() for cell in line.split("|")] for line in _MODELS.strip().splitlines()]
MODELS = tuple(_HEAD[1:])
CAPABILITIES = tuple(line[0] for line in _LINES)
MODES = {(model, line[0]): line[column] for line in _LINES for column, model in enumerate(MODELS, start=1)}

_PUBLISHED = {
    "decentralized": "unit, centre",
    "independent": "unit, agency",
    "shared_services": "unit",
    "centre_of_excellence": "unit, peers, centre",
    "devolved": "unit, centre",
    "evolved": "unit, peers, centre",
    "centralized": "organisation",
}
_DRAFTS = {
    "decentralized": "unit",
    "independent": "unit, agency",
    "shared_services": "unit",
    "centre_of_excellence": "unit, centre",
    "devolved": "unit, centre",
    "evolved": "unit, peers' leads, centre",
    "centralized": "centre",
}
_OF_THE_CENTRE = dict.fromkeys(MODELS, "governed units") | {"independent": "", "centralized": "organisation"}


def published_seen_by(model: str, capability: str) -> set[str]:
    """Whose are the published documents of a unit, besides those who make them."""
    seen = set(_PUBLISHED[model].split(", "))
    if model == "shared_services" and capability in ("foundation", "change"):
        seen |= {"centre"}
    if model == "shared_services" and capability == "foundation":
        seen |= {"peers"}
    return seen


def drafts_seen_by(model: str, capability: str) -> set[str]:
    """Whose are the drafts of a unit, besides those who make them."""
    seen = set(_DRAFTS[model].split(", "))
    if model == "shared_services" and capability in ("foundation", "change"):
        seen |= {"centre"}
    return seen


class Governance(NamedTuple):
    """What a remit is under: ``mode`` is the one that holds now."""

    model: str
    mode: str
    centre: int | None


People = frozenset[int]
NOBODY: People = frozenset()


class Reading:
    """Answers for the rows of one moment."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.units = {unit.id: unit for unit in rows.units}
        self.active = frozenset(account.id for account in rows.accounts if account.active)
        self.guests_anywhere = frozenset(each.account for each in rows.memberships if each.guest)
        auditing, administering = self.persons(rows.auditors), self.persons(rows.administrators)
        self.auditors = frozenset(
            each.id
            for each in rows.accounts
            if each.active and each.id in rows.auditors and each.person not in administering
        )
        # An auditor reads everywhere by that role and has no other right. Narrowly: nor by another account.
        self.writes_nothing = frozenset(each.id for each in rows.accounts if each.person in auditing)
        # Each is asked for every person again; the answer does not change.
        for name in ("members", "governance", "governed", "in_council", "holders", "organisation"):
            setattr(self, name, functools.cache(getattr(self, name)))

    def persons(self, accounts: frozenset[int]) -> frozenset[int]:
        return frozenset(each.person for each in self.rows.accounts if each.id in accounts)

    # The tree

    def is_centre(self, unit: int) -> bool:
        return self.units[unit].kind in CENTRE_KINDS

    def above(self, unit: int | None) -> list[int]:
        """The ancestors, the nearest first."""
        found: list[int] = []
        while unit is not None and (unit := self.units[unit].parent) is not None:
            found.append(unit)
        return found

    def below(self, unit: int) -> list[int]:
        return [each for each in self.units if unit in self.above(each)]

    # Memberships

    def members(self, unit: int | None, role: str = "reader", *, guest: bool = False) -> People:
        """Direct members with that role or a higher one. In a closed unit memberships give nothing."""
        if unit is None or self.units[unit].closed:
            return NOBODY
        return frozenset(
            each.account
            for each in self.rows.memberships
            if each.unit == unit and each.guest == guest and self.has_role(each, role)
        )

    def has_role(self, membership: Membership, role: str) -> bool:
        """A lead can do what an author can, an author what a reader can."""
        counts = membership.account in self.active - self.writes_nothing
        return counts and ROLES.index(membership.role) >= ROLES.index(role)

    def reaching(self, unit: int, role: str = "reader", *, guest: bool = False) -> People:
        """The relation ``unit.*``, or ``agency``: direct members, and those of an ancestor whose role reaches down.

        Nothing reaches down from a centre, nor into a centre's own remit, where ``unit.*`` is empty.
        """
        if self.is_centre(unit):
            return NOBODY
        above = [each for each in self.above(unit) if not self.is_centre(each) and not self.units[each].closed]
        return self.members(unit, role, guest=guest) | {
            each.account
            for each in self.rows.memberships
            if each.unit in above and each.reach == "subtree" and each.guest == guest and self.has_role(each, role)
        }

    def everyone_below(self, unit: int) -> People:
        return frozenset().union(*(self.members(each) for each in self.below(unit)))

    def organisation(self) -> People:
        """Everyone with a current membership of any unit, guests excepted, and substitutes as long as they are."""
        return frozenset().union(*map(self.members, self.units)) | self.substitutes()

    def substitutes(self) -> People:
        """Those of delegations that last; a substitute is no guest and no auditor.

        What is lent is looked up when a request waits: it opens neither the remit nor its drafts, so it is no right
        there. Narrowly: whoever may do nothing lends nothing, and whoever is a guest anywhere is one.
        """
        able = self.active - self.writes_nothing
        return frozenset(
            each.substitute
            for each in self.rows.delegations
            if each.remits and each.delegator in able and each.substitute in able - self.guests_anywhere
        )

    # What a unit is under

    def governance(self, unit: int, capability: str) -> Governance | None:
        """The nearest assignment, with the centre named for the capability. A centre's own remit has its own rule."""
        for each in (unit, *self.above(unit)):
            assigned = {row.capability: row for row in self.rows.assignments if row.unit == each}
            if "" in assigned:
                model = assigned[""].model
                centre = assigned.get(capability, assigned[""]).centre
                return Governance(model, self.mode(unit, capability, model, centre), centre)
        return None

    def mode(self, unit: int, capability: str, model: str, centre: int | None) -> str:
        mode = MODES[model, capability]
        if mode == "delegated" and Mandate(unit, capability, centre or 0) not in self.rows.mandates:
            return "joint"
        return mode

    def governed(self, centre: int | None, capability: str) -> list[int]:
        """The open units under the centre for the capability, centres among them."""
        return [
            unit.id
            for unit in self.rows.units
            if centre is not None
            and unit.id != centre
            and not unit.closed
            and (governance := self.governance(unit.id, capability)) is not None
            and governance.centre == centre
        ]

    def governed_units(self, centre: int | None, capability: str) -> list[int]:
        """Those of them that are no centres: a centre is neither a peer nor holds a seat."""
        return [unit for unit in self.governed(centre, capability) if not self.is_centre(unit)]

    def in_council(self, centre: int | None, capability: str) -> list[int]:
        found = []
        for unit in self.governed_units(centre, capability):
            governance = self.governance(unit, capability)
            if governance is not None and governance.mode == "council":
                found.append(unit)
        return found

    def seats(self, centre: int | None, capability: str) -> list[int]:
        """One for each unit in council; above fifteen one for each division, if there are at least two of them."""
        units = self.in_council(centre, capability)
        divisions = [unit for unit in units if self.units[unit].kind == "division"]
        return divisions if len(units) > 15 and len(divisions) >= 2 else units

    # What a remit is under, and who makes its documents

    def own_governance(self, unit: int, capability: str) -> Governance | None:
        """As ``governance``; a centre's own remit is in mode ``centre``, or in ``council`` with two units in it.

        Narrowly: a centre is a unit like others where there is no assignment on it or above it, and grants nothing.
        """
        governance = self.governance(unit, capability)
        if governance is None or not self.is_centre(unit):
            return governance
        council = len(self.in_council(unit, capability)) >= 2
        return Governance("", "council" if council else "centre", unit)

    def peers(self, unit: int, capability: str, governance: Governance, role: str = "reader") -> People:
        """Direct members of the other governed units; in mode ``council`` only of those in ``council``."""
        council = governance.mode == "council"
        others = (self.in_council if council else self.governed_units)(governance.centre, capability)
        return frozenset().union(*(self.members(each, role) for each in others if each != unit))

    def by_mode(self, unit: int, capability: str, governance: Governance) -> dict[str, People]:
        """The table of the modes: who drafts, decides, publishes and grants exceptions."""
        centre = governance.centre
        unit_author, unit_lead = self.reaching(unit, "author"), self.reaching(unit, "lead")
        centre_author, centre_lead = self.members(centre, "author"), self.members(centre, "lead")
        drafts, decides, publishes, grants = {
            "unit": (unit_author, unit_lead, unit_lead, unit_lead),
            "centre": (centre_author, centre_lead, centre_lead, centre_lead),
            "joint": (unit_author | centre_author, unit_lead | centre_lead, centre_lead, centre_lead),
            "delegated": (unit_author, unit_lead, unit_lead, unit_lead | centre_lead),
            "council": (
                unit_author | self.peers(unit, capability, governance, "author") | centre_author,
                centre_lead.union(*(self.members(seat, "lead") for seat in self.seats(centre, capability))),
                centre_lead,
                centre_lead,
            ),
        }[governance.mode]
        return {"draft": drafts, "decide": decides, "publish": publishes, "grant_exception": grants}

    def drafting_guests(self, unit: int, governance: Governance) -> People:
        """A guest with role author or lead may draft wherever ``unit.author`` may."""
        return NOBODY if governance.mode == "centre" else self.reaching(unit, "author", guest=True)

    def reserve(self, unit: int, governance: Governance) -> People:
        """Who publishes where nobody holds it: the reserve of the last stage before publication."""
        centre = governance.centre
        above_unit, above_centre = self.lead_above(unit), self.lead_above(centre)
        if governance.mode in ("unit", "delegated"):
            return above_unit or self.members(centre, "lead") or above_centre
        return above_centre or above_unit

    def lead_above(self, unit: int | None) -> People:
        """The leads of the nearest ancestor, centre or not, that has a direct lead."""
        return next((leads for each in self.above(unit) if (leads := self.members(each, "lead"))), NOBODY)

    # Who sees its documents

    def readers(self, unit: int, capability: str, governance: Governance) -> tuple[People, People]:
        """The members to whom the model's rows open published documents and drafts."""
        if self.is_centre(unit):
            own = self.members(unit)
            return own | self.readers_of_the_centre(unit, capability), own
        centre = self.members(governance.centre)
        published = {
            "unit": self.reaching(unit) | self.everyone_below(unit),
            "agency": NOBODY,
            "peers": self.peers(unit, capability, governance),
            "centre": centre,
            "organisation": self.organisation(),
        }
        drafts = {
            "unit": self.reaching(unit),
            "agency": NOBODY,
            "peers' leads": self.peers(unit, capability, governance, "lead"),
            "centre": centre,
        }
        return (
            frozenset().union(*(published[each] for each in published_seen_by(governance.model, capability))),
            frozenset().union(*(drafts[each] for each in drafts_seen_by(governance.model, capability))),
        )

    def readers_of_the_centre(self, centre: int, capability: str) -> People:
        """Each governed unit's own model says whether it, or the organisation, sees the centre's documents.

        Narrowly: direct members are "it"; and a centre under the centre is itself opened to, never the organisation.
        """
        found: set[int] = set()
        for unit in self.governed(centre, capability):
            governance = self.governance(unit, capability)
            seen = "" if governance is None else _OF_THE_CENTRE[governance.model]
            if seen == "organisation" and not self.is_centre(unit):
                found |= self.organisation()
            elif seen:
                found |= self.members(unit)
        return frozenset(found)

    def reading_guests(self, unit: int, capability: str, governance: Governance) -> tuple[People, People]:
        """The guests to whom the model's rows open published documents and drafts."""
        if self.is_centre(unit):
            return NOBODY, NOBODY
        agency = self.reaching(unit, guest=True)
        return (
            agency if "agency" in published_seen_by(governance.model, capability) else NOBODY,
            agency if "agency" in drafts_seen_by(governance.model, capability) else NOBODY,
        )

    # The rights in a remit

    def holders(self, unit: int, capability: str) -> dict[str, People]:
        """Who holds each right there."""
        governance = self.own_governance(unit, capability)
        found = dict.fromkeys(RIGHTS, NOBODY)
        if governance is not None:
            found |= self.from_the_model(unit, capability, governance)
        if self.units[unit].closed:  # only read, by those who could read before. Narrowly: not its drafts
            found = dict.fromkeys(RIGHTS, NOBODY) | {"read": found["read"]}
        return found | {"read": found["read"] | self.auditors, "read_draft": found["read_draft"] | self.auditors}

    def from_the_model(self, unit: int, capability: str, governance: Governance) -> dict[str, People]:
        found = self.by_mode(unit, capability, governance)
        # Narrowly: nobody stands in for anybody in a closed unit, not even for reading.
        stood_in_for = not found["publish"] and not self.units[unit].closed
        reserve = self.reserve(unit, governance) if stood_in_for else NOBODY
        found["publish"] |= reserve
        makers = found["draft"] | found["decide"] | found["publish"]
        drafting_guests = self.drafting_guests(unit, governance)
        readers, readers_of_drafts = self.readers(unit, capability, governance)
        guests, guests_of_drafts = self.reading_guests(unit, capability, governance)
        no_guests = readers | makers
        return {
            **found,
            "draft": found["draft"] | drafting_guests,
            "submit": found["draft"] | drafting_guests,
            "retire": found["publish"],
            "import": found["publish"],
            "confirm_review": found["decide"] | reserve,
            "read": no_guests | guests | drafting_guests,
            "read_draft": readers_of_drafts | makers | guests_of_drafts | drafting_guests,
            "request_change": no_guests,
            "request_exception": no_guests,
            "acknowledge": no_guests,
        }

    # Documents

    def may(self, right: str, document: Document) -> People:
        """Every account that holds the right on the document."""
        if right == "read":
            return self.readers_of(document)
        if right == "read_draft":
            return self.readers_of_drafts_of(document)
        holders = self.holders(document.unit, document.capability)[right]
        if right not in ON_WHAT_IS_PUBLISHED:
            return holders
        if right == "confirm_review":
            holders |= self.owners(document)
        return holders & self.readers_of(document) if document.was_published else NOBODY

    def reads_without_signing_in(self, document: Document) -> bool:
        return document.classification == "public" and document.was_published and self.rows.public_reading

    def let_through(self, right: str, document: Document) -> People:
        """The remit's access, narrowed by the classification."""
        holders = self.holders(document.unit, document.capability)
        if document.classification != "restricted":
            return holders[right]
        return holders[right] & (holders["draft"] | holders["decide"] | holders["publish"] | self.auditors)

    def readers_of(self, document: Document) -> People:
        """Published documents are read; whoever a request waits for reads what it is about in any case."""
        waited_for = {each.account for each in self.rows.waiting if each.document == document.id}
        return self.opened(document) | (self.active & waited_for)

    def readers_of_drafts_of(self, document: Document) -> People:
        """Whoever a request waits for reads the revision that it is about, and no other draft."""
        return self.opened_drafts(document) | self.waited_for(document.draft)

    def may_revision(self, right: str, document: Document, revision: object, *, is_published: bool) -> People:
        """Who reads that one text: a published one with the document, a draft with the drafts."""
        if right == "read_draft":
            return self.opened_drafts(document) | self.waited_for(revision)
        return (self.opened(document) if is_published else NOBODY) | self.waited_for(revision)

    def opened(self, document: Document) -> People:
        if not document.was_published:
            return NOBODY
        everybody = self.active if self.reads_without_signing_in(document) else NOBODY
        return self.let_through("read", document) | self.granted(document, "read", "read_draft") | everybody

    def opened_drafts(self, document: Document) -> People:
        return self.let_through("read_draft", document) | self.granted(document, "read_draft")

    def waited_for(self, revision: object) -> People:
        waiting = self.rows.waiting if revision is not None else ()
        return self.active & {each.account for each in waiting if each.revision == revision}

    def granted(self, document: Document, *rights: str) -> People:
        grants = self.rows.special_grants
        return self.active & {each.account for each in grants if each.document == document.id and each.right in rights}

    def owners(self, document: Document) -> People:
        """The named person or deputy, else everyone with that role, or a higher one, in the remit.

        In a closed unit the remits are only read, and a unit without an assignment grants nothing. Auditors have no
        other right than to read, and guests none but to draft and to read.
        """
        unit = document.unit
        if self.units[unit].closed or self.own_governance(unit, document.capability) is None:
            return NOBODY
        if document.owner is None and document.deputy is None:
            return (self.members if self.is_centre(unit) else self.reaching)(unit, document.owner_role)
        only_guests = self.guests_anywhere.difference(*map(self.members, self.units))
        return {document.owner, document.deputy} & (self.active - self.writes_nothing - only_guests)
