"""Routes in full, in situations that differ by one thing: what is read, whose seat it is, who stands in, and why not.

``REMIT_WRITE_GOLDEN=1`` writes the file anew; read the difference before it is kept.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from governance.compiler.snapshot import Assignment, RemitKey, Unit
from governance.vocabulary import Mode, RiskLevel, UnitKind
from governance.workflow.freezing import from_json, to_json
from governance.workflow.route import Route, Seat, Stage
from governance.workflow.routing import change_route, exception_route, import_route
from tests.governance.workflow.organisation import (
    ASIA,
    CENTRE,
    CORA,
    EUROPE,
    EVE,
    FINANCE,
    GREG,
    GROUP,
    LOGISTICS,
    PEOPLE,
    RETAIL,
    RITA,
    ROSA,
    RUDI,
    K,
    Org,
    evolved,
    person,
)

GOLDEN = Path(__file__).parent / "golden" / "situations.txt"


def told() -> str:
    """All situations of all modes."""
    return "\n".join(line for mode in Mode for what, route in situations(mode) for line in of_route(mode, what, route))


def situations(mode: Mode) -> Iterator[tuple[str, Route]]:
    org = Org.under(mode)
    yield "everybody is there", org.publication()
    yield "a retirement", org.publication(kind="retirement")
    yield "the centre's own document", org.publication(CENTRE)
    yield "an import", import_route(org.world, RemitKey(RETAIL, K), importer_person=person(ROSA))
    yield "the lead wrote it", org.publication(excluded=[RITA])
    yield "the centre's lead wrote it", org.publication(excluded=[CORA])
    yield "both wrote it", org.publication(excluded=[RITA, CORA])
    yield "two of one unit, one of whom wrote it", org.with_lead(RUDI, RETAIL).publication(excluded=[RUDI])
    yield "no lead in the unit", org.without_leads(RETAIL).publication()
    yield "no lead in the unit nor above", org.without_leads(RETAIL, EUROPE, GROUP).publication()
    yield "no lead in the centre", org.without_leads(CENTRE).publication()
    yield "nobody but the lead", org.without_leads(EUROPE, ASIA, FINANCE, LOGISTICS, CENTRE, GROUP).publication()
    yield (
        "nobody but the centre's lead",
        org.without_leads(RETAIL, EUROPE, ASIA, FINANCE, LOGISTICS, GROUP).publication(),
    )
    yield "nobody at all", org.without_leads(RETAIL, EUROPE, ASIA, FINANCE, LOGISTICS, CENTRE, GROUP).publication()
    one = org.without_leads(RETAIL, CENTRE, GROUP, EUROPE)
    yield "one leads both the unit and the centre", one.with_lead(RITA, RETAIL).with_lead(RITA, CENTRE).publication()
    yield (
        "one leads both, another above",
        (org.without_leads(RETAIL, CENTRE).with_lead(RITA, RETAIL).with_lead(RITA, CENTRE).publication()),
    )
    yield "no operating model", org.but(assignments=()).publication()
    yield "the unit is closed", closed(org, RETAIL).publication()
    yield "above the unit is closed", closed(org, EUROPE).without_leads(RETAIL).publication()
    if mode is Mode.DELEGATED:
        yield "without a mandate", org.without_mandates().publication()
        yield "exception of high risk", exception(org, risk=RiskLevel.HIGH)
    if mode is Mode.UNIT:
        alone = replace(org.snapshot.assignments[0], centre=None)
        yield "no centre named", org.but(assignments=(alone,)).without_leads(RETAIL, EUROPE).publication()
    if mode is Mode.COUNCIL:
        short = replace(evolved(), modes=dict.fromkeys(evolved().modes, mode), last_call_days=1, objection_days=2)
        yield "a last call of one day", Org.under(short).publication()
        yield "two days to object", exception(Org.under(short))
    yield "exception of low risk", exception(org)
    yield "exception of medium risk that the lead asks for", exception(org, RITA, risk=RiskLevel.MEDIUM)
    yield "exception that the centre's lead asks for", exception(org, CORA)
    yield "exception where the unit has no lead", exception(org.without_leads(RETAIL), EVE)
    yield "exception from another unit's document", exception(org, of=FINANCE)
    yield "exception for a centre", exception(with_second_centre(org), GREG, by=10)
    yield "change of the unit's document", change(org)
    yield "change that the lead asks for", change(org, RITA)
    yield "change that the centre's lead asks for", change(org, CORA)
    yield "change of the centre's document", change(org, of=CENTRE)


def exception(
    org: Org, asker: int = ROSA, *, of: int = CENTRE, by: int = RETAIL, risk: RiskLevel = RiskLevel.LOW
) -> Route:
    asked = {"asking_unit": by, "asker_person": person(asker), "risk": risk}
    return exception_route(org.world, document_remit=RemitKey(of, K), **asked)


def change(org: Org, asker: int = ROSA, *, of: int = RETAIL) -> Route:
    return change_route(org.world, document_remit=RemitKey(of, K), asker_person=person(asker))


def closed(org: Org, unit: int) -> Org:
    return org.but(units=tuple(replace(row, closed=True) if row.id == unit else row for row in org.snapshot.units))


def with_second_centre(org: Org) -> Org:
    other = Unit(10, "SHS", "Shared Desk", UnitKind.SHARED_SERVICE, GROUP)
    assigned = Assignment(2, 10, None, 1, CENTRE)
    return org.but(units=(*org.snapshot.units, other), assignments=(*org.snapshot.assignments, assigned))


def of_route(mode: Mode, what: str, route: Route) -> Iterator[str]:
    yield f"## {mode}: {what}"
    stands_on = f"kind {route.kind}, mode {route.mode or 'none'}, version {route.model_version}, centre {route.centre}"
    yield f"  {stands_on}, mandate {route.mandate}, unit {route.unit}, capability {route.capability}"
    barred = ", ".join(str(number) for number in sorted(route.excluded)) or "nobody"
    yield f"  barred {barred}{', advice' if route.advice else ''}; published by {names(route.publishers)}"
    yield f"  people {' '.join(f'{user}={number}' for user, number in route.people) or 'none'}"
    if route.undecidable:
        yield f"  UNDECIDABLE {route.undecidable}"
    for stage in route.stages:
        yield from of_stage(stage)


def of_stage(stage: Stage) -> Iterator[str]:
    quorum = f"{stage.quorum_seats} of {stage.filled} seats, {stage.quorum_people} people"
    more = (f", {stage.days} days" if stage.days else "") + (", only if objected" if stage.conditional else "")
    yield f"  {stage.key} ({stage.kind}) “{stage.title}”: {quorum}{more}"
    yield f"    {stage.rule}"
    if stage.fallback:
        yield f"    {stage.fallback}"
    for seat in stage.seats:
        yield f"    - {of_seat(seat)}"
    for seat in stage.reserves:
        yield f"    - behind them {of_seat(seat)}"


def of_seat(seat: Seat) -> str:
    return f"{seat.key} “{seat.label}” {seat.relation}{' (chair)' if seat.is_chair else ''}: {names(seat.holders)}"


def names(users: frozenset[int]) -> str:
    return " or ".join(sorted(PEOPLE[user].split()[0] for user in users)) or "nobody"


def test_every_situation_leads_to_the_route_that_was_read() -> None:
    text = told() + "\n"
    if os.environ.get("REMIT_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_every_one_of_them_is_kept_and_read_back_as_it_was() -> None:
    for mode in Mode:
        for what, route in situations(mode):
            data = json.loads(json.dumps(to_json(route)))
            assert from_json(data) == route, what
            assert data["version"] == 1
