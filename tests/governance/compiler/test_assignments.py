"""Which assignments are refused, in words that say what to do."""

import pytest

from governance.compiler.assignments import assignment_problem
from governance.compiler.snapshot import Unit
from governance.vocabulary import CENTRE_KINDS, Capability, UnitKind
from tests.governance.organisations import MODELS, VERSIONS

COUNTRY = Unit(1, "NORTH", "North", UnitKind.COUNTRY, None)
CENTRES = {kind: Unit(2, "HUB", "Hub", kind, None) for kind in CENTRE_KINDS}
TAKES = {
    "decentralized": {None, *CENTRE_KINDS},
    "independent": {None},
    "shared_services": {UnitKind.SHARED_SERVICE},
    "centre_of_excellence": {UnitKind.CENTRE_OF_EXCELLENCE},
    "devolved": {UnitKind.CENTRAL_TEAM},
    "evolved": {UnitKind.CENTRAL_TEAM},
    "centralized": {UnitKind.CENTRAL_TEAM},
}


@pytest.mark.parametrize("key", TAKES)
def test_a_model_takes_the_centre_it_needs_and_no_other(key: str) -> None:
    model = MODELS[VERSIONS[key]]
    taken = {kind for kind, centre in CENTRES.items() if assignment_problem(model, centre, COUNTRY) is None}
    assert taken | ({None} if assignment_problem(model, None, COUNTRY) is None else set()) == TAKES[key]


def test_the_refusal_says_what_is_needed() -> None:
    model = MODELS[VERSIONS["evolved"]]
    assert assignment_problem(model, None, COUNTRY) == (
        "The model Evolved needs a centre. Name the centre that governs North."
    )
    assert assignment_problem(model, CENTRES[UnitKind.SHARED_SERVICE], COUNTRY) == (
        "The model Evolved needs a central team, and Hub is a shared service."
    )


def test_a_centre_for_one_capability_may_be_of_any_centre_kind_unless_the_model_has_none() -> None:
    for kind, centre in CENTRES.items():
        assert assignment_problem(MODELS[VERSIONS["evolved"]], centre, COUNTRY, capability=Capability.CHANGE) is None, (
            kind
        )
        assert assignment_problem(MODELS[VERSIONS["independent"]], centre, COUNTRY, capability=Capability.CHANGE)
    assert assignment_problem(MODELS[VERSIONS["evolved"]], None, COUNTRY, capability=Capability.CHANGE)


def test_what_is_no_centre_governs_nothing() -> None:
    shop = Unit(3, "SHOP", "Shop", UnitKind.TEAM, None)
    for key in ("evolved", "decentralized"):
        problem = assignment_problem(MODELS[VERSIONS[key]], shop, COUNTRY)
        assert problem == "Shop is a team, not a centre. Choose a centre."


def test_a_centre_is_never_assigned_to_itself() -> None:
    for key in ("decentralized", "shared_services"):
        hub = CENTRES[UnitKind.SHARED_SERVICE]
        assert "cannot be its own centre" in (assignment_problem(MODELS[VERSIONS[key]], hub, hub) or "")


def test_a_closed_unit_or_centre_takes_no_new_assignment() -> None:
    model = MODELS[VERSIONS["shared_services"]]
    closed = Unit(4, "OLD", "Old", UnitKind.SHARED_SERVICE, None, closed=True)
    assert "Old is closed" in (assignment_problem(model, closed, COUNTRY) or "")
    shut = Unit(5, "SHUT", "Shut", UnitKind.COUNTRY, None, closed=True)
    assert "Shut is closed" in (assignment_problem(model, CENTRES[UnitKind.SHARED_SERVICE], shut) or "")
