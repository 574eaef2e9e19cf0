"""Plans: who gains, who loses, what is written, and what speaks against it."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.compiler.compile import compile_world
from governance.compiler.compiled import Compiled, Grant, Party, PartyKind
from governance.compiler.plan import Crowd, PersonChange, Plan, difference
from governance.compiler.snapshot import Snapshot
from governance.compiler.world import World
from governance.operating_models.schema import Audience
from governance.rights import Right
from governance.vocabulary import Capability, Mode, Role, UnitKind
from tests.governance.organisations import MODELS, VERSIONS, Organisation, all_rights, changed, snapshots

KNOWLEDGE = Capability.KNOWLEDGE


def company() -> Organisation:
    return (
        Organisation()
        .unit("FIRM", kind=UnitKind.ORGANISATION)
        .centre("HUB", above="FIRM")
        .unit("NORTH", above="FIRM")
        .unit("SOUTH", above="FIRM")
        .assign("FIRM", "decentralized")
        .assign("SOUTH", "centre_of_excellence", centre="HUB")
        .administrator("amir")
        .member("hilda", "HUB", Role.LEAD)
        .member("nora", "NORTH", Role.LEAD)
        .member("sven", "SOUTH", Role.LEAD)
        .member("fritz", "FIRM", Role.LEAD)
    )


def plan_between(before: Snapshot, after: Snapshot) -> tuple[Plan, Compiled, Compiled]:
    worlds = World(before), World(after)
    compiled = compile_world(worlds[0]), compile_world(worlds[1])
    return difference(*compiled, *worlds), *compiled


def plan(before: Snapshot, after: Snapshot) -> Plan:
    return plan_between(before, after)[0]


def test_equal_organisations_make_an_empty_plan() -> None:
    found = plan(company().snapshot(), company().snapshot())
    assert found.is_empty
    assert (found.losses, found.gains, found.kept, found.changes, found.findings) == (0, 0, 0, (), ())
    assert found.people == found.units == frozenset()


def test_a_change_of_model_shows_who_loses_and_who_gains_losses_first() -> None:
    told = company()
    before = told.snapshot()
    found = plan(before, told.assign("NORTH", "centre_of_excellence", centre="HUB").snapshot())
    nora, hilda, north = told.user_ids["nora"], told.user_ids["hilda"], told.unit_ids["NORTH"]
    assert PersonChange(nora, north, KNOWLEDGE, Right.PUBLISH, gained=False) in found.of_user(nora)
    assert PersonChange(hilda, north, KNOWLEDGE, Right.PUBLISH, gained=True) in found.of_user(hilda)
    assert not any(change.right is Right.DECIDE and change.unit == north for change in found.of_user(nora))
    order = [change.gained for change in found.rows()]
    assert order == sorted(order)
    assert (order.count(False), order.count(True)) == (found.losses, found.gains)
    assert {north, told.unit_ids["HUB"], told.unit_ids["SOUTH"]} <= found.units
    assert told.user_ids["fritz"] not in found.people
    having_losses = [bool(len(change.lost)) for change in found.changes]
    assert having_losses == sorted(having_losses, reverse=True)


def test_the_plan_says_how_each_remit_is_governed_before_and_after() -> None:
    told = company()
    before = told.snapshot()
    found = plan(before, told.assign("NORTH", "centre_of_excellence", centre="HUB").snapshot())
    changes = {change.remit: change for change in found.governance}
    assert {remit.unit for remit in changes} == {told.unit_ids["NORTH"]}
    changed = changes[told.remit("NORTH", KNOWLEDGE)]
    assert changed.before is not None
    assert changed.after is not None
    assert (changed.before.effective_mode, changed.after.effective_mode) == (Mode.UNIT, Mode.JOINT)


def test_moving_a_unit_changes_its_model_unless_it_is_pinned_and_the_plan_says_so() -> None:
    told = company().unit("CITY", above="NORTH").unit("PINNED", above="NORTH").assign("PINNED", "decentralized")
    before = told.snapshot()
    found = plan(before, told.move("CITY", above="SOUTH").move("PINNED", above="SOUTH").snapshot())
    assert {change.remit.unit for change in found.governance} == {told.unit_ids["CITY"]}


def test_another_assignment_that_says_the_same_is_no_change_of_governance() -> None:
    told = company()
    before = told.snapshot()
    assert plan(before, told.assign("NORTH", "decentralized").snapshot()).is_empty


def test_a_plan_warns_where_nobody_could_decide_or_publish_any_more_and_of_nothing_that_was_so_before() -> None:
    told = company().leave("fritz", "FIRM").leave("hilda", "HUB")
    before = told.snapshot()
    assert {problem.code for problem in told.compiled.problems} >= {"nobody_decides"}  # the hub's own
    found = plan(before, told.leave("nora", "NORTH").snapshot())
    assert {(each.code, each.unit) for each in found.warnings if each.unit is not None} == {
        ("nobody_decides", told.unit_ids["NORTH"]),
        ("nobody_publishes", told.unit_ids["NORTH"]),
    }
    assert found.vetoes == ()


def test_a_plan_names_who_would_have_no_right_anywhere() -> None:
    told = company()
    before = told.snapshot()
    found = plan(before, told.leave("nora", "NORTH").snapshot())
    (finding,) = (each for each in found.warnings if each.code == "loses_everything")
    assert told.names(finding.users) == {"nora"}


def test_whoever_keeps_a_post_and_no_right_by_it_has_no_right_anywhere() -> None:
    central = MODELS[VERSIONS["centralized"]]
    published = dict.fromkeys(Capability, frozenset({Audience.CENTRE}))
    told = company().model(replace(central, key="silent", published=published, centre_published=frozenset()))
    told.centre("TOP", above="FIRM", kind=UnitKind.CENTRAL_TEAM).member("tom", "TOP", Role.LEAD)
    before = told.snapshot()
    found, _, after = plan_between(before, told.unassign("FIRM").assign("FIRM", "silent", centre="TOP").snapshot())
    (finding,) = (each for each in found.warnings if each.code == "loses_everything")
    assert told.names(finding.users) == {"nora", "fritz"}
    assert told.user_ids["nora"] in after.parties[Party(PartyKind.UNIT, told.unit_ids["NORTH"], None, Role.LEAD)]


def test_a_plan_that_leaves_no_administrator_is_vetoed() -> None:
    told = company().administrator("beth")
    before = told.snapshot()
    one_left = plan(before, replace(before, administrators=frozenset({told.user_ids["beth"]})))
    assert one_left.vetoes == ()
    none_left = plan(before, replace(before, administrators=frozenset()))
    assert [finding.code for finding in none_left.vetoes] == ["last_administrator"]
    asleep = tuple(replace(user, active=user.id not in before.administrators) for user in before.users)
    assert [finding.code for finding in plan(before, replace(before, users=asleep)).vetoes] == ["last_administrator"]


def test_a_plan_with_a_refused_assignment_is_vetoed() -> None:
    told = company()
    before = told.snapshot()
    found = plan(before, told.assign("NORTH", "evolved", centre="HUB").snapshot())
    assert [finding.code for finding in found.vetoes] == ["assignment_refused"]


def test_the_hash_is_stable_and_differs_with_what_the_plan_does() -> None:
    told = company()
    before = told.snapshot()
    after = told.assign("NORTH", "centre_of_excellence", centre="HUB").snapshot()
    shuffled = replace(after, units=after.units[::-1], memberships=after.memberships[::-1])
    assert plan(before, after).hash == plan(before, shuffled).hash
    assert plan(before, after).hash != plan(after, before).hash
    assert plan(before, after).hash != plan(before, before).hash
    other = replace(after, memberships=after.memberships[1:])
    assert plan(before, after).hash != plan(before, other).hash
    assert len(plan(before, after).hash) == 64


def test_the_hash_covers_every_row_that_the_plan_writes() -> None:
    told = company()
    before = told.snapshot()
    found = plan(before, told.assign("NORTH", "centre_of_excellence", centre="HUB").leave("nora", "NORTH").snapshot())
    party, users = next((party, users) for party, users in found.members_to_delete.items() if users)
    others = [
        replace(found, members_to_delete={**found.members_to_delete, party: users | {99}}),
        replace(found, members_to_add={**found.members_to_add, party: frozenset({99})}),
        replace(found, grants_to_add=frozenset(list(found.grants_to_add)[1:])),
        replace(found, grants_to_delete=frozenset(list(found.grants_to_delete)[1:])),
        replace(found, parties_to_add=found.parties_to_add | {party}),
        replace(found, governance=found.governance[1:]),
        replace(found, findings=found.findings[1:]),
    ]
    assert len({found.hash, *(other.hash for other in others)}) == len(others) + 1


def test_a_crowd_counts_and_contains_what_it_lists() -> None:
    crowd = Crowd(frozenset({1, 2, 3}), frozenset({2}), frozenset({9}))
    assert list(crowd) == [1, 3, 9]
    assert len(crowd) == 3
    assert [user in crowd for user in (1, 2, 3, 9, 4)] == [True, False, True, True, False]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.data())
def test_a_plan_counts_exactly_the_rights_that_differ_and_its_rows_turn_one_into_the_other(
    before: Snapshot, data: st.DataObject
) -> None:
    after = data.draw(_changed(before))
    found, compiled_before, compiled_after = plan_between(before, after)
    these, those = all_rights(compiled_before), all_rights(compiled_after)
    rows = list(found.rows())
    lost = {(row.user, (row.unit, row.capability), row.right) for row in rows if not row.gained}
    gained = {(row.user, (row.unit, row.capability), row.right) for row in rows if row.gained}
    assert lost == these - those
    assert gained == those - these
    assert (found.losses, found.gains) == (len(these - those), len(those - these))
    assert sum(found.losses_by_user.values()) == found.losses
    assert found.people == {user for user, _, _ in these ^ those}
    touched = {(remit, right) for _, remit, right in these ^ those}
    assert found.kept == len({each for each in these & those if each[1:] in touched})
    for user in found.people:
        assert {row for row in rows if row.user == user} == set(found.of_user(user))
    assert _applied(compiled_before, found) == (dict(compiled_after.parties), compiled_after.grants)


def _applied(compiled: Compiled, found: Plan) -> tuple[dict[Party, frozenset[int]], frozenset[Grant]]:
    grants = (compiled.grants - found.grants_to_delete) | found.grants_to_add
    parties = {**compiled.parties, **{party: frozenset[int]() for party in found.parties_to_add}}
    for party, users in found.members_to_delete.items():
        assert users <= parties[party]
        parties[party] -= users
    for party, users in found.members_to_add.items():
        assert not users & parties[party]
        parties[party] |= users
    for party in found.parties_to_delete:
        assert not parties[party]
        del parties[party]
    return parties, grants


@st.composite
def _changed(draw: st.DrawFn, before: Snapshot) -> Snapshot:
    """The same units and people, otherwise employed: memberships, assignments, closings or a move."""
    what = draw(st.sampled_from(("memberships", "assignments", "closing", "move", "mandates", "everything")))
    if what == "closing":
        number = draw(st.integers(0, len(before.units) - 1))
        unit = before.units[number]
        other = replace(unit, closed=not unit.closed)
        return replace(before, units=(*before.units[:number], other, *before.units[number + 1 :]))
    if what == "move":
        unit = draw(st.sampled_from(before.units[1:]))
        parent = draw(st.integers(1, unit.id - 1))
        return replace(
            before, units=tuple(replace(each, parent=parent) if each is unit else each for each in before.units)
        )
    if what == "everything":
        return draw(snapshots())
    rows = getattr(before, what)
    kept = draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    return changed(before, **{what: tuple(sorted(kept, key=lambda row: row.id))})


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots(), st.data())
def test_there_and_back_again_is_no_change(before: Snapshot, data: st.DataObject) -> None:
    after = data.draw(_changed(before))
    there, back = plan(before, after), plan(after, before)
    assert there.grants_to_add == back.grants_to_delete
    assert there.grants_to_delete == back.grants_to_add
    assert there.members_to_add == back.members_to_delete
    assert (there.losses, there.gains) == (back.gains, back.losses)
