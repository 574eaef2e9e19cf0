"""The golden tables: every model × capability × relation × right, as files that people review.

One organisation is built for each model, with one person for each relation, and compiled; what they hold is written
into ``golden/<model>.tsv``. ``python -m tests.governance.compiler.golden`` writes the files anew; the test compares.
"""

from collections.abc import Iterator
from pathlib import Path

from governance.compiler.snapshot import RemitKey
from governance.operating_models.schema import CentreNeed, OperatingModel
from governance.rights import Right
from governance.vocabulary import Capability, Mode, Role, UnitKind
from tests.governance.organisations import MODELS, Organisation, all_rights

FOLDER = Path(__file__).parent / "golden"

RELATIONS = (
    "unit.reader",
    "unit.author",
    "unit.lead",
    "reaching.author",
    "reaching.lead",
    "above.lead",
    "below.reader",
    "agency.reader",
    "agency.author",
    "agency.lead",
    "agency.above",
    "centre.reader",
    "centre.author",
    "centre.lead",
    "centre.reaching",
    "above_centre.lead",
    "peer.reader",
    "peer.author",
    "peer.lead",
    "peer.reaching",
    "peer.agency",
    "other_mode.reader",
    "other_mode.author",
    "other_mode.lead",
    "subcentre.lead",
    "organisation.lead",
    "substitute",
    "administrator",
    "sponsor",
    "auditor",
    "closed.lead",
    "no_member",
)
"""Everyone who could stand to a remit, each one account with one membership (or none).

``reaching``: of the unit above, reach ``subtree``; ``above``: of the same unit, reach ``unit``. ``centre.reaching`` and
``peer.reaching``: a lead above the centre or the peer with reach, and ``above_centre.lead`` one without.
``other_mode``: of a unit under the same centre in another model, with mode unit everywhere. ``organisation.lead``: of a
unit under no centre, which lies above the unit without leads. ``closed.lead``: of the closed unit.
"""


def organisation_of(model: OperatingModel) -> Organisation:
    """One organisation in which every relation is somebody's."""
    has_centre = model.centre_need is not CentreNeed.NONE
    kind = min(model.centre_kinds, default=UnitKind.CENTRAL_TEAM)
    centre = "CENTRE" if has_centre else None
    told = (
        Organisation()
        .unit("TOP", kind=UnitKind.ORGANISATION)
        .unit("WEST", above="TOP", kind=UnitKind.REGION)
        .centre("CENTRE", above="WEST", kind=kind)
        .unit("EAST", above="TOP", kind=UnitKind.REGION)
        .unit("HOME", above="EAST")
        .unit("SHOP", above="HOME", kind=UnitKind.TEAM)
        .unit("SHUT", above="EAST", closed=True)
        .unit("SOUTH", above="TOP", kind=UnitKind.REGION)
        .unit("PEER", above="SOUTH")
        .unit("ALONE", above="TOP")
        .unit("TEAM", above="ALONE", kind=UnitKind.TEAM)
        .unit("OTHER", above="TOP")
        .centre("SUB", above="TOP", kind=UnitKind.SHARED_SERVICE)
        .assign("TOP", "decentralized")
        .assign("SHOP", "decentralized")
        .assign("OTHER", "decentralized", centre=centre)
    )
    for unit in ("HOME", "PEER", "TEAM", "SHUT", "SUB"):
        told.assign(unit, model.key, centre=centre)
    for capability in Capability:
        if has_centre and model.modes[capability] is Mode.DELEGATED:
            told.mandate("HOME", capability, centre="CENTRE")
    return _peopled(told)


def _peopled(told: Organisation) -> Organisation:
    for role in Role:
        told.member(f"unit.{role}", "HOME", role).member(f"centre.{role}", "CENTRE", role)
        told.member(f"peer.{role}", "PEER", role).member(f"other_mode.{role}", "OTHER", role)
        told.member(f"agency.{role}", "HOME", role, guest=True)
    (
        told.member("reaching.author", "EAST", Role.AUTHOR, subtree=True)
        .member("reaching.lead", "EAST", Role.LEAD, subtree=True)
        .member("above.lead", "EAST", Role.LEAD)
        .member("below.reader", "SHOP", Role.READER)
        .member("agency.above", "EAST", Role.AUTHOR, subtree=True, guest=True)
        .member("centre.reaching", "WEST", Role.LEAD, subtree=True)
        .member("above_centre.lead", "WEST", Role.LEAD)
        .member("peer.agency", "PEER", Role.LEAD, guest=True)
        .member("peer.reaching", "SOUTH", Role.LEAD, subtree=True)
        .member("subcentre.lead", "SUB", Role.LEAD)
        .member("organisation.lead", "ALONE", Role.LEAD)
        .member("closed.lead", "SHUT", Role.LEAD)
        .delegate("organisation.lead", "substitute", ("ALONE", Capability.STRATEGY))
        .administrator("administrator")
        .sponsor("sponsor")
        .auditor("auditor")
        .person("no_member")
    )
    return told


REMITS = {
    "unit": "HOME",
    "unit without leads": "TEAM",
    "closed unit": "SHUT",
    "the centre's own": "CENTRE",
    "centre under it": "SUB",
}
"""The remits looked at. In mode delegated HOME has a mandate and TEAM has none, so that TEAM shows it as joint."""


def table(model: OperatingModel) -> str:
    """The golden table of one model, as tab-separated text."""
    head = ("capability", "remit", "mode", "relation", *Right)
    lines = ["\t".join(head), *("\t".join(row) for row in _rows(organisation_of(model)))]
    return "\n".join(lines) + "\n"


def _rows(told: Organisation) -> Iterator[tuple[str, ...]]:
    held: dict[tuple[int, RemitKey], set[Right]] = {}
    for user, remit, right in all_rights(told.compiled):
        held.setdefault((user, remit), set()).add(right)
    for capability in Capability:
        for title, unit in REMITS.items():
            mode = told.mode(unit, capability) or "none"
            for relation in RELATIONS:
                rights = held.get((told.user_ids[relation], told.remit(unit, capability)), set())
                yield (capability, title, mode, relation, *("yes" if right in rights else "·" for right in Right))


def main() -> None:
    """Write every golden table anew."""
    FOLDER.mkdir(exist_ok=True)
    for model in MODELS.values():
        (FOLDER / f"{model.key}.tsv").write_text(table(model), encoding="utf-8")


if __name__ == "__main__":
    main()
