"""What the world answers to the compiler and to the routes."""

import pytest

from governance.compiler.snapshot import RemitKey, Snapshot, Unit
from governance.compiler.world import World
from governance.vocabulary import Capability, RiskLevel, Role, UnitKind
from tests.governance.organisations import MODELS, NOON, Organisation

CHANGE = Capability.CHANGE


@pytest.fixture
def told() -> Organisation:
    return (
        Organisation()
        .unit("TOP", kind=UnitKind.ORGANISATION)
        .centre("HUB", above="TOP", kind=UnitKind.CENTRAL_TEAM)
        .unit("EAST", above="TOP")
        .unit("CITY", above="EAST", kind=UnitKind.TEAM)
        .unit("DOCK", above="CITY", kind=UnitKind.TEAM)
        .assign("TOP", "evolved", centre="HUB")
        .member("tina", "TOP", Role.LEAD, subtree=True)
        .member("hilda", "HUB", Role.LEAD)
        .member("ed", "EAST", Role.LEAD)
        .member("cleo", "CITY", Role.AUTHOR)
        .member("gus", "EAST", Role.AUTHOR, subtree=True, guest=True)
    )


def codes(told: Organisation, units: tuple[int, ...]) -> list[str]:
    names = {number: code for code, number in told.unit_ids.items()}
    return [names[unit] for unit in units]


def test_the_tree_is_walked_upwards_nearest_first_and_downwards_from_the_top(told: Organisation) -> None:
    world, ids = told.world, told.unit_ids
    assert codes(told, world.ancestors(ids["DOCK"])) == ["CITY", "EAST", "TOP"]
    assert world.ancestors(ids["TOP"]) == ()
    assert codes(told, world.descendants(ids["TOP"])) == ["HUB", "EAST", "CITY", "DOCK"]
    assert world.descendants(ids["DOCK"]) == ()
    assert codes(told, world.children(ids["TOP"])) == ["HUB", "EAST"]
    with pytest.raises(KeyError):
        world.unit(99)


def test_members_are_counted_with_reach_or_directly_and_a_centre_s_only_directly(told: Organisation) -> None:
    world, ids = told.world, told.unit_ids
    assert told.names(world.members(ids["CITY"], Role.READER)) == {"tina", "cleo"}
    assert told.names(world.members(ids["CITY"], Role.LEAD)) == {"tina"}
    assert told.names(world.members(ids["CITY"], Role.READER, direct=True)) == {"cleo"}
    assert told.names(world.members(ids["HUB"], Role.READER)) == {"hilda"}
    assert told.names(world.leads(ids["EAST"])) == {"ed"}
    assert world.leads(ids["CITY"]) == frozenset()
    assert told.names(world.within(ids["EAST"])) == {"ed", "cleo"}


def test_guests_stand_apart_and_their_reach_counts_outside_centres(told: Organisation) -> None:
    world, ids = told.world, told.unit_ids
    assert told.names(world.guests(ids["DOCK"])) == {"gus"}
    assert world.guests(ids["DOCK"], Role.LEAD) == frozenset()
    assert told.member("greta", "TOP", Role.LEAD, subtree=True, guest=True).world.guests(ids["HUB"]) == frozenset()


def test_governed_council_and_subordinate_units_are_told_apart(told: Organisation) -> None:
    told.centre("DESK", above="EAST", kind=UnitKind.SHARED_SERVICE).unit("LONE", above="TOP")
    told.assign("LONE", "decentralized", centre="HUB")
    world, hub = told.world, told.unit_ids["HUB"]
    assert codes(told, world.governed_units(hub, CHANGE)) == ["TOP", "EAST", "LONE", "CITY", "DOCK"]
    assert codes(told, world.council_units(hub, CHANGE)) == ["TOP", "EAST", "CITY", "DOCK"]
    assert world.seats(hub, CHANGE) == world.council_units(hub, CHANGE)
    assert codes(told, world.subordinate_centres(hub, CHANGE)) == ["DESK"]
    assert world.superior_centre(told.unit_ids["DESK"], CHANGE) == hub
    assert world.superior_centre(hub, CHANGE) is None
    assert world.governed_units(told.unit_ids["DESK"], CHANGE) == ()
    assert told.close("DESK").world.subordinate_centres(hub, CHANGE) == ()


def test_the_nearest_ancestor_with_a_lead_is_found_without_those_left_out(told: Organisation) -> None:
    world, ids = told.world, told.unit_ids
    ed, tina = (world.person_of(told.user_ids[name]) for name in ("ed", "tina"))
    assert world.nearest_ancestor_with_lead(ids["DOCK"]) == ids["EAST"]
    assert world.nearest_ancestor_with_lead(ids["DOCK"], excluding=frozenset({ed})) == ids["TOP"]
    assert world.nearest_ancestor_with_lead(ids["DOCK"], excluding=frozenset({ed, tina})) is None


def test_a_mandate_is_found_only_where_the_mode_is_delegated(told: Organisation) -> None:
    told.assign("CITY", "devolved", centre="HUB")
    for unit in ("CITY", "EAST"):
        told.mandate(unit, CHANGE, centre="HUB", limit=RiskLevel.HIGH)
    mandate = told.world.mandate(told.remit("CITY", CHANGE))
    assert mandate is not None
    assert mandate.risk_limit is RiskLevel.HIGH
    assert told.world.mandate(told.remit("EAST", CHANGE)) is None
    assert told.world.mandate(RemitKey(99, CHANGE)) is None


def test_accounts_have_names_and_persons(told: Organisation) -> None:
    told.person("ed2", same_as="ed")
    world, ed, second = told.world, told.user_ids["ed"], told.user_ids["ed2"]
    assert world.name_of(ed) == "Ed"
    assert world.persons({ed, second}) == {world.person_of(ed)}
    with pytest.raises(KeyError):
        world.person_of(99)


def test_a_unit_below_one_that_does_not_exist_is_refused_by_name() -> None:
    lost = Unit(1, "LOST", "Lost", UnitKind.TEAM, 99)
    with pytest.raises(ValueError, match=r"above Lost \(99\) does not exist"):
        World(Snapshot(NOON, (lost,), (), (), MODELS, ()))


def test_a_role_of_an_account_that_does_not_exist_is_nobodys() -> None:
    only = Unit(1, "ONE", "One", UnitKind.ORGANISATION, None)
    snapshot = Snapshot(NOON, (only,), (), (), MODELS, (), auditors=frozenset({99}), administrators=frozenset({99}))
    assert World(snapshot).auditors() == frozenset()
