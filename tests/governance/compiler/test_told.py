"""Organisations told and compiled, with every problem, reason and plan written out for people to read.

``REMIT_WRITE_GOLDEN=1`` writes the file anew; read the difference before it is kept.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from governance.compiler.compile import compile_world
from governance.compiler.compiled import Compiled, Party
from governance.compiler.plan import difference
from governance.compiler.snapshot import Assignment, Snapshot
from governance.compiler.trying import compile_problem
from governance.compiler.world import World
from governance.vocabulary import Capability, RiskLevel, Role, UnitKind
from tests.governance.compiler.golden import organisation_of
from tests.governance.organisations import MODELS, VERSIONS, Organisation

GOLDEN = Path(__file__).parent / "told.txt"
KNOWLEDGE, STRATEGY = Capability.KNOWLEDGE, Capability.STRATEGY
COE = "centre_of_excellence"


def firm(model: str = COE, centre: str | None = "HUB") -> Organisation:
    kind = min(MODELS[VERSIONS[model]].centre_kinds, default=UnitKind.CENTRE_OF_EXCELLENCE)
    return (
        Organisation()
        .unit("FIRM", kind=UnitKind.ORGANISATION)
        .centre("HUB", above="FIRM", kind=kind)
        .centre("DESK", above="FIRM", kind=UnitKind.SHARED_SERVICE)
        .unit("NORTH", above="FIRM", kind=UnitKind.REGION)
        .unit("SHOP", above="NORTH", kind=UnitKind.TEAM)
        .unit("SOUTH", above="FIRM", kind=UnitKind.REGION)
        .assign("FIRM", model, centre=centre)
        .administrator("amir")
        .member("fritz", "FIRM", Role.LEAD)
        .member("hilda", "HUB", Role.LEAD)
        .member("hugo", "HUB", Role.AUTHOR)
        .member("nora", "NORTH", Role.LEAD, subtree=True)
        .member("nils", "NORTH", Role.AUTHOR)
        .member("sven", "SOUTH", Role.LEAD)
        .member("gus", "SOUTH", Role.AUTHOR, guest=True)
    )


def with_rows(told: Organisation, *rows: tuple[str, Capability | None, int, int | None]) -> Snapshot:
    """Assignments that the builder would not write: unit, capability, version, centre."""
    added = [
        Assignment(100 + number, told.unit_ids[unit], capability, version, centre)
        for number, (unit, capability, version, centre) in enumerate(rows)
    ]
    snapshot = told.snapshot()
    return replace(snapshot, assignments=(*snapshot.assignments, *added))


def organisations() -> Iterator[tuple[str, Organisation, Snapshot]]:
    """What may be wrong, one thing at a time."""

    def of(what: str, told: Organisation, snapshot: Snapshot | None = None) -> tuple[str, Organisation, Snapshot]:
        return what, told, snapshot or told.snapshot()

    yield of("as it should be", firm())
    yield of("nobody is under any model", firm().unassign("FIRM"))
    yield of("one unit is under no model", firm().unit("ISLE").unit("SHUT", closed=True))
    told, coe, free = firm(), VERSIONS[COE], VERSIONS["independent"]
    hub, desk = told.unit_ids["HUB"], told.unit_ids["DESK"]
    yield of("two models at once", told, with_rows(told, ("SOUTH", None, coe, hub), ("SOUTH", None, free, None)))
    yield of("a model that does not exist", told, with_rows(told, ("SOUTH", None, 99, hub)))
    yield of("a centre that does not exist", told, with_rows(told, ("SOUTH", None, coe, 99)))
    yield of("no centre where one is needed", told, with_rows(told, ("SOUTH", None, coe, None)))
    yield of("a centre of another kind", told, with_rows(told, ("SOUTH", None, coe, desk)))
    yield of("a unit as centre", told, with_rows(told, ("SOUTH", None, coe, told.unit_ids["NORTH"])))
    yield of("its own centre", told, with_rows(told, ("HUB", None, coe, hub)))
    yield of("a centre where there is none", told, with_rows(told, ("SOUTH", None, free, hub)))
    yield of("another centre for one capability", told, with_rows(
        told, ("SOUTH", None, coe, hub), ("SOUTH", KNOWLEDGE, coe, desk)
    ))  # fmt: skip
    yield of(
        "and the same for a unit without a model of its own", told, with_rows(told, ("SOUTH", KNOWLEDGE, coe, desk))
    )
    yield of("two centres for one capability", told, with_rows(
        told, ("SOUTH", None, coe, hub), ("SOUTH", KNOWLEDGE, coe, desk), ("SOUTH", KNOWLEDGE, coe, hub)
    ))  # fmt: skip
    yield of("of another version", told, with_rows(
        told, ("SOUTH", None, coe, hub), ("SOUTH", KNOWLEDGE, VERSIONS["evolved"], desk)
    ))  # fmt: skip
    yield of("none for one capability", told, with_rows(
        told, ("SOUTH", None, coe, hub), ("SOUTH", KNOWLEDGE, coe, None)
    ))  # fmt: skip
    yield of("a closed centre", firm().close("HUB"))
    yield of("a closed unit", firm().close("NORTH"))
    yield of("a closed unit among those whose posts own and decide nothing", firm("centralized").close("NORTH"))
    yield of("a guest of a centre", firm().member("gina", "HUB", Role.READER, guest=True))
    yield of("an auditor who writes", firm().auditor("nils").auditor("olga").member("olga", "SHOP"))
    yield of("an auditor by another account", firm().person("nelly", same_as="nils").auditor("nelly"))
    yield of("an auditor who administers", firm().auditor("amir").person("amy", same_as="amir").administrator("amy"))
    yield of("nobody leads", firm().leave("hilda", "HUB").leave("fritz", "FIRM"))
    yield of("nobody leads anything", silent())
    yield of("one leads all of it", silent().member("solo", "HUB", Role.LEAD).member("solo", "SOUTH", Role.LEAD))
    yield of("a council", council())
    yield of("a council of one person", lonely())
    yield of("a mandate", firm("devolved").mandate("SOUTH", STRATEGY, centre="HUB"))
    narrow = firm("devolved").mandate("SOUTH", STRATEGY, centre="HUB", limit=RiskLevel.HIGH)
    narrow.mandate("SOUTH", STRATEGY, centre="HUB", limit=RiskLevel.LOW).mandate("NORTH", STRATEGY, centre="DESK")
    yield of("two mandates, and one of another centre", narrow)
    standing_in = firm().delegate("sven", "rosa", ("SOUTH", KNOWLEDGE)).delegate("sven", "gus", ("SOUTH", KNOWLEDGE))
    yield of("who stands in, who is a guest, and where nothing is lent", standing_in.delegate("sven", "nell"))
    gone = (
        firm()
        .person("left", active=False)
        .member("left", "SOUTH", Role.LEAD)
        .delegate("left", "rosa", ("SOUTH", KNOWLEDGE))
    )
    yield of("somebody has left", gone)


def silent() -> Organisation:
    told = firm()
    for name, unit in (("hilda", "HUB"), ("fritz", "FIRM"), ("nora", "NORTH"), ("sven", "SOUTH")):
        told.leave(name, unit)
    return told


def council() -> Organisation:
    told = firm("evolved").member("dora", "DESK", Role.LEAD)
    return told.member("sam", "SHOP", Role.LEAD)


def lonely() -> Organisation:
    told = firm("evolved")
    for name, unit in (("fritz", "FIRM"), ("nora", "NORTH"), ("sven", "SOUTH")):
        told.leave(name, unit)
    return told


def of_organisation(told: Organisation, snapshot: Snapshot) -> Iterator[str]:
    world = World(snapshot)
    compiled = compile_world(world)
    names = {number: name for name, number in told.user_ids.items()}
    for problem in compiled.problems:
        where = f" unit {problem.unit}" if problem.unit else ""
        yield f"  ! {problem.code}{where} {problem.capability or ''}: {problem.message}"
    for unit in world.units:
        yield from _of_unit(world, compiled, unit.id)
    together: dict[tuple[str, str], list[str]] = {}
    for party, people in compiled.parties.items():
        who = " ".join(sorted(names[user] for user in people)) or "nobody"
        party_of_all = of_party(party._replace(capability=None))
        together.setdefault((party_of_all, who), []).append(party.capability or "")
    for (party_of_all, who), capabilities in together.items():
        of = " ".join(capabilities) if len(capabilities) < len(Capability) else "all"
        yield f"  {party_of_all} {of}".rstrip() + f": {who}"


def _of_unit(world: World, compiled: Compiled, unit: int) -> Iterator[str]:
    together: dict[str, list[str]] = {}
    for capability in Capability:
        remit = next(each for each in world.remits if each == (unit, capability))
        found = compiled.governance.get(remit)
        line = "ungoverned"
        if found is not None:
            by = f"{found.model_key} {found.model_version}, {found.mode} now {found.effective_mode}"
            by += f", centre {found.centre}, assignment {found.assignment} of {found.assigned_at}"
            line = f"{by}, mandate {found.mandate}"
            if world.is_centre(unit):
                below = world.subordinate_centres(unit, capability)
                line += f", under {world.superior_centre(unit, capability)}, above {below}"
                line += f", governs {world.governed_units(unit, capability)}, seats {world.seats(unit, capability)}"
        together.setdefault(line, []).append(capability.value)
    for line, capabilities in together.items():
        yield f"  unit {unit} {'all' if len(capabilities) == len(Capability) else ' '.join(capabilities)}: {line}"


def of_party(party: Party) -> str:
    return " ".join(str(part) for part in party if part is not None)


def of_reasons(told: Organisation) -> Iterator[str]:
    """Which right is whose for which reason, in a unit and in its centre."""
    compiled = told.compiled
    for code in ("HOME", "CENTRE", "SHUT"):
        for capability in (KNOWLEDGE,):
            remit = told.remit(code, capability)
            lines: dict[str, list[str]] = {}
            for grant in sorted(compiled.grants, key=lambda grant: list(type(grant.right)).index(grant.right)):
                if grant.remit == remit:
                    why = " ".join(compiled.reasons[grant])
                    lines.setdefault(f"{of_party(grant.party)} as {why}", []).append(grant.right.value)
            yield f"  {code} {capability}"
            yield from (f"    {line}: {' '.join(rights)}" for line, rights in sorted(lines.items()))


def plans() -> Iterator[tuple[str, Organisation, Snapshot, Snapshot]]:
    def between(what: str, before: Organisation, after: Organisation) -> tuple[str, Organisation, Snapshot, Snapshot]:
        assert before.unit_ids == after.unit_ids
        return what, after, before.snapshot(), after.snapshot()

    yield between("nothing", firm(), firm())
    yield between("to another model", firm("decentralized", None), firm())
    yield between("and back", firm(), firm("decentralized", None))
    yield between("a mandate is given", firm("devolved"), firm("devolved").mandate("SOUTH", STRATEGY, centre="HUB"))
    yield between("nobody administers any more", firm(), replaced(firm()))
    yield between("one leaves", firm(), firm().leave("nils", "NORTH"))
    yield between("two leave", firm(), firm().leave("nils", "NORTH").leave("hugo", "HUB"))
    yield between("one comes", firm(), firm().member("rosa", "SHOP", Role.AUTHOR))
    yield between("a unit is closed", firm(), firm().close("SOUTH"))
    yield between("a unit moves", firm(), firm().move("SHOP", above="SOUTH"))
    yield between("a centre without what it needs", firm(), firm().assign("SOUTH", COE, centre="DESK"))


def replaced(told: Organisation) -> Organisation:
    told.person("amir", active=False)
    return told


def of_plan(told: Organisation, before: Snapshot, after: Snapshot) -> Iterator[str]:
    worlds = World(before), World(after)
    plan = difference(compile_world(worlds[0]), compile_world(worlds[1]), *worlds)
    names = {number: name for name, number in told.user_ids.items()}
    yield f"  {plan.losses} lost, {plan.gains} gained, {plan.kept} kept, empty {plan.is_empty}, hash {plan.hash[:16]}"
    yield f"  grants -{len(plan.grants_to_delete)} +{len(plan.grants_to_add)}; units {sorted(plan.units)}"
    for user in sorted(plan.people):
        yield f"  {names[user]} -{plan.losses_by_user.get(user, 0)} +{plan.gains_by_user.get(user, 0)}"
    for sign, members in (("-", plan.members_to_delete), ("+", plan.members_to_add)):
        for party, users in sorted(members.items(), key=str):
            yield f"  {sign} {' '.join(sorted(names[user] for user in users))} in {of_party(party)}"
    for sign, parties in (("-", plan.parties_to_delete), ("+", plan.parties_to_add)):
        yield from sorted(f"  {sign} party {of_party(party)}" for party in parties)
    for finding in plan.findings:
        where = f" unit {finding.unit}" if finding.unit else ""
        kind = "veto" if finding in plan.vetoes else "warning" if finding in plan.warnings else "neither"
        concerned = " ".join(sorted(names[user] for user in finding.users))
        yield f"  {kind} {finding.code}{where} {finding.capability or ''}: {finding.message} {concerned}".rstrip()
    for change in plan.governance:
        was = change.before and (change.before.effective_mode.value, change.before.centre, change.before.mandate)
        now = change.after and (change.after.effective_mode.value, change.after.centre, change.after.mandate)
        yield f"  remit {change.remit.unit} {change.remit.capability}: {was} -> {now}"
    same: dict[tuple[str, str], list[str]] = {}
    for change in plan.changes:
        lost, gained = (" ".join(names[user] for user in crowd) or "nobody" for crowd in (change.lost, change.gained))
        said = f"loses {lost}, gains {gained}, {change.kept} keep it"
        same.setdefault((f"{change.remit.unit} {change.right}", said), []).append(change.remit.capability.value)
    for (where, said), capabilities in same.items():
        yield f"  {where} {'all' if len(capabilities) == len(Capability) else ' '.join(capabilities)}: {said}"
    rows = list(plan.rows())
    assert sorted(rows) == sorted(row for user in plan.people for row in plan.of_user(user))
    assert [row.gained for row in rows] == [False] * plan.losses + [True] * plan.gains
    assert sum(len(plan.of_unit(unit)) for unit in plan.units) == len(plan.changes)


def told() -> Iterator[str]:
    for what, organisation, snapshot in organisations():
        yield f"# {what}"
        yield from of_organisation(organisation, snapshot)
    for model in MODELS.values():
        yield f"# why, under {model.key}"
        yield from of_reasons(organisation_of(model))
    for what, organisation, before, after in plans():
        yield f"# plan: {what}"
        yield from of_plan(organisation, before, after)


def test_what_is_told_compiles_to_what_was_read() -> None:
    text = "\n".join(told()) + "\n"
    if os.environ.get("REMIT_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_every_shipped_model_can_be_lived_under() -> None:
    assert {model.key: compile_problem(model) for model in MODELS.values()} == dict.fromkeys(VERSIONS)
