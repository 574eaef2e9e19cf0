"""Every route of every shipped model, written out: read the file, and see each change of a rule in the difference.

``REMIT_WRITE_GOLDEN=1`` writes the file anew.
"""

import os
from pathlib import Path

from governance.compiler.snapshot import Assignment, Mandate, RemitKey, Unit
from governance.compiler.world import World
from governance.operating_models.loader import load_builtin
from governance.operating_models.schema import CentreNeed, OperatingModel
from governance.vocabulary import Capability, RiskLevel, UnitKind
from governance.workflow.route import Route, Stage, StageKind
from governance.workflow.routing import change_route, exception_route, publication_route
from tests.governance.workflow.organisation import CENTRE, GROUP, PEOPLE, RETAIL, UNITS, Org, person

GOLDEN = Path(__file__).parent / "golden" / "routes.txt"
OUTSIDER = person(111)


def organisation(model: OperatingModel) -> World:
    """Everyone under the model, with a centre of its kind (none where it has none) and a mandate for every remit."""
    centre = None if model.centre_need is CentreNeed.NONE else CENTRE
    kind = min(model.centre_kinds, default=UnitKind.CENTRAL_TEAM)
    units = tuple(
        unit if unit.id != CENTRE else Unit(CENTRE, unit.code, unit.name, kind, unit.parent) for unit in UNITS
    )
    mandates = tuple(
        Mandate(number, RemitKey(unit.id, capability), CENTRE, RiskLevel.MEDIUM)
        for number, (unit, capability) in enumerate(
            ((unit, capability) for unit in UNITS if unit.id != CENTRE for capability in Capability), 1
        )
    )
    org = Org.under(model).but(units=units, mandates=mandates, assignments=(Assignment(1, GROUP, None, 1, centre),))
    return org.world


def names(users: frozenset[int]) -> str:
    return " or ".join(sorted(PEOPLE[user].split()[0] for user in users)) or "nobody"


def of_stage(stage: Stage) -> str:
    if stage.kind is StageKind.LAST_CALL:
        who = ", ".join(names(seat.holders) for seat in stage.seats)
        return f"{stage.days} days for {who} to object"
    if stage.quorum_people > 1:
        seats = ", ".join(names(seat.holders) + (" (chair)" if seat.is_chair else "") for seat in stage.seats)
        when = "if objected, " if stage.conditional else ""
        return f"{when}vote of {stage.quorum_seats}/{stage.filled} seats and {stage.quorum_people} people: {seats}"
    return f"{stage.kind} {', '.join(names(seat.holders) for seat in stage.seats)}"


def of_route(route: Route) -> str:
    text = " > ".join(of_stage(stage) for stage in route.stages)
    if route.publishers:
        text += f" | published by {names(route.publishers)}"
    return f"[{route.mode}] {text}" + (f" | UNDECIDABLE {route.undecidable}" if route.undecidable else "")


def written_out() -> str:
    lines = []
    for model in sorted(load_builtin(), key=lambda model: model.key):
        world = organisation(model)
        for capability in Capability:
            lines.append(f"{model.key} · {capability}")
            lines += [f"  {what:<34}{of_route(route)}" for what, route in routes(world, capability)]
    return "\n".join(lines) + "\n"


def routes(world: World, capability: Capability) -> list[tuple[str, Route]]:
    unit, centre = RemitKey(RETAIL, capability), RemitKey(CENTRE, capability)
    nobody: frozenset[int] = frozenset({OUTSIDER})
    found = [
        ("unit publishes", publication_route(world, unit, excluded=nobody)),
        ("centre publishes", publication_route(world, centre, excluded=nobody)),
        ("change of the unit's document", change_route(world, document_remit=unit, asker_person=OUTSIDER)),
        ("change of the centre's document", change_route(world, document_remit=centre, asker_person=OUTSIDER)),
    ]
    for owner, remit in (("unit", unit), ("centre", centre)):
        by_risk = {
            risk: exception_route(world, document_remit=remit, asking_unit=RETAIL, asker_person=OUTSIDER, risk=risk)
            for risk in RiskLevel
        }
        if len(set(by_risk.values())) == 1:
            found.append((f"exception, {owner}'s document", by_risk[RiskLevel.LOW]))
        else:
            found += [(f"{risk} exception, {owner}'s document", route) for risk, route in by_risk.items()]
    return found


def test_every_route_of_every_shipped_model_is_the_one_that_was_read() -> None:
    text = written_out()
    if os.environ.get("REMIT_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
    assert text.count(" publishes ") == 7 * 6 * 2
