"""The rules of the modes as data: who drafts, decides, publishes, grants exceptions and reads in a remit.

A :class:`Standing` is a way of standing to a remit; ``compile`` turns it into a party with people. Nothing here
knows a unit or a person, so the rules of a remit depend on its model, capability and mode alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from governance.compiler.compiled import PartyKind, Relation
from governance.operating_models.schema import Audience, OperatingModel
from governance.rights import Right
from governance.vocabulary import Capability, Mode, Role


class Standing(NamedTuple):
    """A party without its unit, and the relation that it stands for."""

    kind: PartyKind
    role: Role | None
    relation: Relation


UNIT_READER = Standing(PartyKind.UNIT, Role.READER, Relation.UNIT_READER)
UNIT_AUTHOR = Standing(PartyKind.UNIT, Role.AUTHOR, Relation.UNIT_AUTHOR)
UNIT_LEAD = Standing(PartyKind.UNIT, Role.LEAD, Relation.UNIT_LEAD)
BELOW = Standing(PartyKind.WITHIN, None, Relation.BELOW)
AGENCY = Standing(PartyKind.AGENCY, Role.READER, Relation.AGENCY)
AGENCY_AUTHOR = Standing(PartyKind.AGENCY, Role.AUTHOR, Relation.AGENCY)
CENTRE_READER = Standing(PartyKind.DIRECT, Role.READER, Relation.CENTRE_READER)
CENTRE_AUTHOR = Standing(PartyKind.DIRECT, Role.AUTHOR, Relation.CENTRE_AUTHOR)
CENTRE_LEAD = Standing(PartyKind.DIRECT, Role.LEAD, Relation.CENTRE_LEAD)
PEER_READER = Standing(PartyKind.COMMUNITY, Role.READER, Relation.PEER_READER)
PEER_LEAD = Standing(PartyKind.COMMUNITY, Role.LEAD, Relation.PEER_LEAD)
COUNCIL_READER = Standing(PartyKind.COUNCIL, Role.READER, Relation.PEER_READER)
COUNCIL_AUTHOR = Standing(PartyKind.COUNCIL, Role.AUTHOR, Relation.PEER_AUTHOR)
COUNCIL_LEAD = Standing(PartyKind.COUNCIL, Role.LEAD, Relation.PEER_LEAD)
SEAT = Standing(PartyKind.SEATS, Role.LEAD, Relation.SEAT)
GOVERNED = Standing(PartyKind.GOVERNED, None, Relation.GOVERNED)
ORGANISATION = Standing(PartyKind.ORGANISATION, None, Relation.ORGANISATION)
AUDITOR = Standing(PartyKind.AUDITORS, None, Relation.AUDITOR)


@dataclass(frozen=True, slots=True)
class ModeRule:
    """One row of the table of modes. ``ends_at_centre``: the last stage before publication is the centre's."""

    drafts: tuple[Standing, ...]
    decides: tuple[Standing, ...]
    publishes: tuple[Standing, ...]
    grants_exceptions: tuple[Standing, ...]
    ends_at_centre: bool


MODES: Mapping[Mode, ModeRule] = {
    Mode.UNIT: ModeRule(
        drafts=(UNIT_AUTHOR, AGENCY_AUTHOR),
        decides=(UNIT_LEAD,),
        publishes=(UNIT_LEAD,),
        grants_exceptions=(UNIT_LEAD,),
        ends_at_centre=False,
    ),
    Mode.CENTRE: ModeRule(
        drafts=(CENTRE_AUTHOR,),
        decides=(CENTRE_LEAD,),
        publishes=(CENTRE_LEAD,),
        grants_exceptions=(CENTRE_LEAD,),
        ends_at_centre=True,
    ),
    Mode.JOINT: ModeRule(
        drafts=(UNIT_AUTHOR, AGENCY_AUTHOR, CENTRE_AUTHOR),
        decides=(UNIT_LEAD, CENTRE_LEAD),
        publishes=(CENTRE_LEAD,),
        grants_exceptions=(CENTRE_LEAD,),
        ends_at_centre=True,
    ),
    # With a mandate in force; without one the effective mode is joint. The route says who grants below and above the
    # mandate's limit; the reviewer's withdrawal is a right on one document, and so no grant.
    Mode.DELEGATED: ModeRule(
        drafts=(UNIT_AUTHOR, AGENCY_AUTHOR),
        decides=(UNIT_LEAD,),
        publishes=(UNIT_LEAD,),
        grants_exceptions=(UNIT_LEAD, CENTRE_LEAD),
        ends_at_centre=False,
    ),
    Mode.COUNCIL: ModeRule(
        drafts=(UNIT_AUTHOR, AGENCY_AUTHOR, COUNCIL_AUTHOR, CENTRE_AUTHOR),
        decides=(SEAT, CENTRE_LEAD),
        publishes=(CENTRE_LEAD,),
        grants_exceptions=(CENTRE_LEAD,),
        ends_at_centre=True,
    ),
}

_SEAT_OF_GOVERNED = COUNCIL_AUTHOR._replace(relation=Relation.GOVERNED)
CENTRES_OWN: Mapping[Mode, ModeRule] = {
    Mode.CENTRE: MODES[Mode.CENTRE],
    Mode.COUNCIL: ModeRule(
        drafts=(CENTRE_AUTHOR, _SEAT_OF_GOVERNED),
        decides=(SEAT, CENTRE_LEAD),
        publishes=(CENTRE_LEAD,),
        grants_exceptions=(CENTRE_LEAD,),
        ends_at_centre=True,
    ),
}
"""A centre's own remit: ``unit.*`` is empty there, so nobody but the centre and its council stands in a column."""

_AUDIENCES: Mapping[Audience, tuple[Standing, ...]] = {
    Audience.UNIT: (UNIT_READER, BELOW),
    Audience.CENTRE: (CENTRE_READER,),
    Audience.PEERS: (PEER_READER,),
    Audience.PEER_LEADS: (PEER_LEAD,),
    Audience.AGENCY: (AGENCY,),
    Audience.ORGANISATION: (ORGANISATION,),
}
_IN_COUNCIL = {PEER_READER: COUNCIL_READER, PEER_LEAD: COUNCIL_LEAD}
READERS_MAY = (Right.REQUEST_CHANGE, Right.REQUEST_EXCEPTION, Right.ACKNOWLEDGE)
"""What every reader may who is no guest."""
PUBLISHERS_MAY = (Right.PUBLISH, Right.RETIRE, Right.IMPORT)


class Holding(NamedTuple):
    """A right in a remit, held by a kind of party with a role."""

    kind: PartyKind
    role: Role | None
    right: Right


Rules = Mapping[Holding, tuple[Relation, ...]]
"""Everything that is granted in one remit, each with the relations it stands for."""


def unit_rules(model: OperatingModel, capability: Capability, mode: Mode) -> Rules:
    """What the model grants in a unit's remit where ``mode`` is what holds now."""
    published = _opened(model.published[capability], mode)
    drafts = [standing for standing in _opened(model.drafts[capability], mode) if standing is not BELOW]
    return _rules(MODES[mode], published, drafts)


def centre_rules(mode: Mode, *, to_organisation: bool) -> Rules:
    """What is granted in a centre's own remit; ``to_organisation``: a governed unit's model opens it to everyone."""
    published = [CENTRE_READER, GOVERNED, *([ORGANISATION] if to_organisation else [])]
    return _rules(CENTRES_OWN[mode], published, [CENTRE_READER])


def closed_rules(rules: Rules) -> Rules:
    """What is left of the rules when the unit closes: reading by those who could read, and nothing else."""
    kept = {holding: relations for holding, relations in rules.items() if holding.right is Right.READ}
    return {**kept, **UNGOVERNED}


UNGOVERNED: Rules = {
    Holding(AUDITOR.kind, None, right): (AUDITOR.relation,) for right in (Right.READ, Right.READ_DRAFT)
}
"""What holds in every remit, governed or not: auditors read everything and its drafts."""


def _opened(audiences: frozenset[Audience], mode: Mode) -> list[Standing]:
    """The standings that a row opens to. In mode council peers are those in council, for reading too."""
    standings = [standing for audience in Audience if audience in audiences for standing in _AUDIENCES[audience]]
    return [_IN_COUNCIL.get(standing, standing) for standing in standings] if mode is Mode.COUNCIL else standings


def _rules(rule: ModeRule, published: Iterable[Standing], drafts: Iterable[Standing]) -> Rules:
    # Whoever may draft, decide or publish in a remit may also read it and its drafts.
    writers = (*rule.drafts, *rule.decides, *rule.publishes)
    readers = (*published, *writers)
    held: dict[Right, tuple[Standing, ...]] = {
        Right.READ: readers,
        Right.READ_DRAFT: (*drafts, *writers),
        Right.DRAFT: rule.drafts,
        Right.SUBMIT: rule.drafts,
        Right.DECIDE: rule.decides,
        Right.CONFIRM_REVIEW: rule.decides,
        Right.GRANT_EXCEPTION: rule.grants_exceptions,
        **dict.fromkeys(PUBLISHERS_MAY, rule.publishes),
        **dict.fromkeys(READERS_MAY, tuple(each for each in readers if each.kind is not PartyKind.AGENCY)),
    }
    rules: dict[Holding, tuple[Relation, ...]] = {}
    for right, standings in held.items():
        for standing in _without_included(standings):
            holding = Holding(standing.kind, standing.role, right)
            known = rules.get(holding, ())
            rules[holding] = known if standing.relation in known else (*known, standing.relation)
    return {**rules, **UNGOVERNED}


def _without_included(standings: tuple[Standing, ...]) -> list[Standing]:
    """The standings without those that another one holds anyway: a lead is a reader, a member of the organisation too.

    Fewer rows are stored for it; nobody's rights differ.
    """
    if ORGANISATION in standings:
        standings = tuple(each for each in standings if each.kind in (PartyKind.ORGANISATION, PartyKind.AGENCY))
    lowest: dict[PartyKind, int] = {}
    for standing in standings:
        if standing.role is not None:
            lowest[standing.kind] = min(standing.role.rank, lowest.get(standing.kind, standing.role.rank))
    return [each for each in standings if each.role is None or each.role.rank == lowest[each.kind]]
