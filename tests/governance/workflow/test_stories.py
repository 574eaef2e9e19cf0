"""Requests told step by step: what the page shows, whom it waits for, what each person may do, and what follows.

``REMIT_WRITE_GOLDEN=1`` writes the file anew; read the difference before it is kept.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from governance.compiler.snapshot import RemitKey
from governance.errors import RemitError
from governance.vocabulary import Mode, RiskLevel
from governance.workflow.engine import available, open_request
from governance.workflow.events import (
    Approve,
    ClearObjection,
    Event,
    Object,
    Outcome,
    RecordReview,
    Reject,
    RequestChanges,
    ReviewOutcome,
    Tick,
    Void,
    Withdraw,
)
from governance.workflow.freezing import from_json, to_json
from governance.workflow.route import Route
from governance.workflow.routing import change_route, exception_route, import_route
from governance.workflow.state import SYSTEM, Actor, RequestState
from governance.workflow.storing import state_from_json, state_to_json
from governance.workflow.waiting import describe, waiting_for
from tests.governance.workflow.organisation import (
    AMY,
    CENTRE,
    CORA,
    EUROPE,
    EVE,
    FRED,
    GREG,
    GROUP,
    HASH,
    LENA,
    NOW,
    PEOPLE,
    RETAIL,
    RITA,
    ROSA,
    RUDI,
    SAM,
    K,
    Org,
    act,
    actor,
    person,
)

GOLDEN = Path(__file__).parent / "golden" / "stories.txt"
HOUR, TEN_DAYS = timedelta(hours=1), timedelta(days=10)
NO = "  Because.  "
Step = tuple[Actor, Event] | tuple[Actor, Event, timedelta] | Org


def by(user: int, event: Event, after: timedelta = HOUR) -> Step:
    return (actor(user), event, after)


def of(user: int, delegator: int, event: Event) -> Step:
    return (Actor(user, person(user), PEOPLE[user], delegator, delegation=800, membership=7), event, HOUR)


def machine(event: Event, after: timedelta = HOUR) -> Step:
    return (SYSTEM, event, after)


YES, LATER = Approve(HASH), TEN_DAYS


def stories() -> Iterator[tuple[str, Org, Route, list[Step]]]:
    """Name, organisation, route and steps; an organisation among the steps is the one from there on."""
    unit, joint, centre = Org.under(Mode.UNIT), Org.under(Mode.JOINT), Org.under(Mode.CENTRE)
    delegated, council = Org.under(Mode.DELEGATED), Org.under(Mode.COUNCIL)
    remit = RemitKey(RETAIL, K)
    yield "unit, approved", unit, unit.publication(), [by(SAM, YES), by(ROSA, YES), by(RITA, YES), by(RITA, YES)]
    yield "unit, asked for changes", unit, unit.publication(), [
        by(RITA, RequestChanges(HASH, " ")), by(RITA, RequestChanges(HASH, NO)), by(ROSA, Withdraw()),
    ]  # fmt: skip
    yield "unit, rejected", unit, unit.publication(), [by(RITA, Reject(HASH, NO)), machine(Void("Changed.", "b"))]
    yield "unit, another text", unit, unit.publication(), [
        by(RITA, Approve("b" * 64)), machine(Void("Changed.", HASH)), machine(Void("Changed.", "b")),
        machine(Void("Again.", "c")), by(RITA, YES),
    ]  # fmt: skip
    yield "unit, withdrawn", unit, unit.publication(), [
        by(RITA, Withdraw()), of(SAM, ROSA, Withdraw()), by(ROSA, Withdraw(NO)), by(ROSA, Withdraw()),
    ]  # fmt: skip
    yield "unit, the lead leaves", unit, unit.publication(), [
        unit.without_leads(RETAIL), machine(Tick()), by(RITA, YES), by(EVE, YES),
    ]  # fmt: skip
    nobody = unit.without_leads(RETAIL, EUROPE, GROUP, CENTRE)
    yield "unit, everybody leaves and one comes", unit, unit.publication(), [
        nobody, machine(Tick()), machine(Tick()), by(RITA, YES), nobody.with_lead(RUDI, RETAIL), machine(Tick()),
        by(RUDI, YES),
    ]  # fmt: skip
    yield "joint, retirement", joint, joint.publication(kind="retirement"), [
        by(CORA, YES), by(RITA, Approve(HASH, NO)), by(RITA, YES), by(CORA, YES),
    ]  # fmt: skip
    lent = joint.with_delegation(RITA, SAM, remit).with_delegation(CORA, SAM, remit)
    yield "joint, a substitute", lent, lent.publication(), [
        of(FRED, RITA, YES), of(SAM, ROSA, YES), of(SAM, RITA, YES), of(SAM, CORA, YES), by(SAM, YES), by(CORA, YES),
    ]  # fmt: skip
    written = joint.with_delegation(RITA, ROSA, remit)
    yield "joint, the author as substitute", written, written.publication(), [of(ROSA, RITA, YES)]
    author = joint.with_lead(ROSA, RETAIL).with_delegation(ROSA, SAM, remit)
    yield "joint, a substitute of the author", author, author.publication(excluded=()), [of(SAM, ROSA, YES)]
    both = joint.with_lead(CORA, RETAIL)
    yield "joint, one who leads both", both, both.publication(), [by(CORA, YES), by(RITA, YES), by(CORA, YES)]
    only = joint.without_leads(RETAIL, EUROPE, GROUP).with_lead(CORA, RETAIL)
    yield "joint, one who is needed later", only, only.publication(), [by(CORA, YES)]
    yield "centre, import", centre, import_route(centre.world, remit, importer_person=person(ROSA)), [by(CORA, YES)]
    yield "delegated, reviewed", delegated, delegated.publication(), [
        by(CORA, RecordReview(ReviewOutcome.ACCEPT, HASH)), by(RITA, YES),
        by(RITA, RecordReview(ReviewOutcome.ACCEPT, HASH)), by(CORA, RecordReview(ReviewOutcome.ACCEPT, "b")),
        by(CORA, RecordReview(ReviewOutcome.WITHDRAW, HASH)), by(CORA, RecordReview(ReviewOutcome.ACCEPT, HASH, NO)),
        by(CORA, RecordReview(ReviewOutcome.ACCEPT, HASH)),
    ]  # fmt: skip
    for said in (ReviewOutcome.WITHDRAW, ReviewOutcome.REVOKE, ReviewOutcome.WITHDRAW_AND_REVOKE):
        yield f"delegated, review says {said}", delegated, delegated.publication(), [
            by(RITA, YES), by(CORA, RecordReview(said, HASH, NO)),
        ]  # fmt: skip
    yield "delegated, nobody left to review", delegated, delegated.publication(), [
        by(RITA, YES), delegated.without_leads(CENTRE), machine(Tick()),
        by(CORA, RecordReview(ReviewOutcome.ACCEPT, HASH)), by(GREG, RecordReview(ReviewOutcome.REVOKE, HASH, NO)),
    ]  # fmt: skip
    yield "delegated, the mandate ends", delegated, delegated.publication(), [
        delegated.without_mandates(), by(RITA, YES), machine(Tick()), by(RITA, YES), by(CORA, YES),
    ]  # fmt: skip
    yield "council, approved", council, council.publication(), [
        by(EVE, YES), by(SAM, Object(NO)), by(EVE, Object(" ")), by(EVE, Object(NO)), by(EVE, Object(NO)),
        by(AMY, Object(NO)), by(AMY, ClearObjection(1)), by(EVE, ClearObjection(9)), by(EVE, ClearObjection(1)),
        by(EVE, ClearObjection(1)), machine(Tick(), LATER), by(EVE, Object(NO)), by(EVE, YES), by(EVE, YES),
        by(AMY, Approve(HASH, seat="chair-9")), by(AMY, Reject(HASH, NO)), by(FRED, RequestChanges(HASH, NO)),
        by(CORA, YES),
    ]  # fmt: skip
    yield "council, a tie and no chair", council.without_leads(CENTRE), council.without_leads(CENTRE).publication(), [
        machine(Tick(), LATER), by(EVE, YES), by(AMY, RequestChanges(HASH, NO)),
    ]  # fmt: skip
    yield "council, changes by most of those against", council, council.publication(), [
        machine(Tick(), LATER), by(CORA, RequestChanges(HASH, NO)), by(EVE, RequestChanges(HASH, NO)),
    ]  # fmt: skip
    yield "council, the chair wrote it", council, council.publication(excluded=[CORA]), [
        machine(Tick(), LATER), by(EVE, YES), by(AMY, Reject(HASH, NO)),
    ]  # fmt: skip
    two = council.with_lead(CORA, RETAIL)
    yield "council, the chair has a seat too", two, two.publication(), [
        machine(Tick(), LATER), by(CORA, Approve(HASH, seat="chair-9")), by(CORA, YES), by(RITA, YES),
    ]  # fmt: skip
    yield "council, nobody left in the last call", council, council.publication(), [
        council.without_leads(CENTRE, GROUP, EUROPE, 3, RETAIL, 5, 6), machine(Tick()), council, machine(Tick()),
        machine(Tick(), TEN_DAYS - HOUR), machine(Tick(), HOUR),
    ]  # fmt: skip
    asked = {"document_remit": RemitKey(CENTRE, K), "asking_unit": RETAIL, "asker_person": person(ROSA)}
    objected = exception_route(council.world, **asked, risk=RiskLevel.LOW)
    yield "council, an exception nobody objects to", council, objected, [
        by(ROSA, YES), by(CORA, YES), by(CORA, Object(NO)), machine(Tick(), timedelta(days=5)),
    ]  # fmt: skip
    yield "council, an exception objected to", council, objected, [
        by(CORA, YES), by(FRED, YES), by(FRED, Object(NO)), machine(Tick(), timedelta(days=5)), by(CORA, YES),
        by(LENA, YES), by(EVE, Reject(HASH, NO)), by(FRED, YES),
    ]  # fmt: skip
    yield (
        "unit, an exception as advice",
        unit,
        exception_route(unit.world, **(asked | {"asker_person": person(RITA)}), risk=RiskLevel.LOW),
        [by(RITA, YES)],
    )
    yield "joint, a change", joint, change_route(joint.world, document_remit=remit, asker_person=person(ROSA)), [
        by(ROSA, YES), by(RITA, YES),
    ]  # fmt: skip
    empty = unit.but(assignments=())
    asks = {"document_remit": remit, "asker_person": person(ROSA)}
    yield "delegated, a change, and the mandate ends", delegated, change_route(delegated.world, **asks), [
        delegated.without_mandates(), machine(Tick()), by(RITA, YES),
    ]  # fmt: skip
    risky = exception_route(delegated.world, **asked, risk=RiskLevel.LOW)
    yield "delegated, an exception, and the mandate ends", delegated, risky, [
        delegated.without_mandates(), by(RITA, YES), machine(Tick()), by(CORA, YES),
    ]  # fmt: skip
    yield "delegated, the mandate ends while it is reviewed", delegated, delegated.publication(), [
        by(RITA, YES), delegated.without_mandates(), machine(Tick()),
        by(CORA, RecordReview(ReviewOutcome.ACCEPT, HASH)),
    ]  # fmt: skip
    yield "joint, the second stage falls to the reserve", joint, joint.publication(), [
        by(RITA, YES), joint.without_leads(CENTRE), machine(Tick()), by(GREG, YES),
    ]  # fmt: skip
    yield "joint, the unit is closed on the way", joint, joint.publication(), [
        by(RITA, YES), closed(joint, RETAIL), machine(Tick()), closed(joint.without_leads(CENTRE), RETAIL),
        machine(Tick()), by(CORA, YES), joint, machine(Tick()), by(CORA, YES),
    ]  # fmt: skip
    far = council.without_leads(CENTRE, EUROPE, 3, RETAIL, 5, 6)
    yield "council, the vote falls to the reserve and back", council, council.publication(), [
        machine(Tick(), LATER), far, machine(Tick()), council, machine(Tick()), by(EVE, YES), far, machine(Tick()),
        by(GREG, YES),
    ]  # fmt: skip
    yield "council, the vote on an objection falls to the reserve", council, objected, [
        by(CORA, YES), by(FRED, Object(NO)), machine(Tick(), timedelta(days=5)), far, machine(Tick()), by(GREG, YES),
    ]  # fmt: skip
    yield "unit, submitted by the lead", unit, unit.publication(excluded=[SAM]), [
        by(RITA, YES), machine(Tick()), by(EVE, YES),
    ]  # fmt: skip
    for what in ("change", "exception"):
        none = empty.world
        route = change_route(none, **asks) if what == "change" else exception_route(
            none, document_remit=remit, asking_unit=RETAIL, asker_person=person(ROSA), risk=RiskLevel.LOW
        )  # fmt: skip
        yield f"no model for {what}, and then one", empty, route, [delegated, machine(Tick()), by(CORA, YES)]
    yield "no model, and then one", empty, empty.publication(), [by(RITA, YES), unit, machine(Tick()), by(RITA, YES)]


def submitter_of(name: str, route: Route) -> int:
    return RITA if route.advice or name.endswith("submitted by the lead") else ROSA


def closed(org: Org, unit: int) -> Org:
    return org.but(units=tuple(replace(row, closed=True) if row.id == unit else row for row in org.snapshot.units))


def told() -> Iterator[str]:
    for name, org, route, steps in stories():
        yield f"# {name}"
        submitter = submitter_of(name, route)
        world, now, known = org, NOW, set[str]()
        opening = open_request(route, subject_hash=HASH, submitter=actor(submitter), at=now, check=world.check)
        state = opening.state
        yield from of_effects(opening)
        yield from new(known, of_state(world, state, now))
        for step in steps:
            if isinstance(step, Org):
                world = step
                yield ">> the organisation changes"
                yield from new(known, of_state(world, state, now))
                continue
            who, event, after = step
            now += after
            yield f">> {who.name}{f' for {PEOPLE[who.on_behalf_of]}' if who.on_behalf_of else ''}: {event}".replace(
                HASH, "…"
            )
            try:
                outcome = act(world, state, event, who, now)
            except RemitError as refusal:
                yield f"   {type(refusal).__name__}: {refusal.message}"
                yield from (f"      {reason}" for reason in getattr(refusal, "reasons", ()))
                continue
            state = outcome.state
            yield from of_effects(outcome)
            yield from new(known, of_state(world, state, now))


def of_effects(outcome: Outcome) -> Iterator[str]:
    for effect in outcome.effects:
        yield f"   => {shown(effect)}"


def new(before: set[str], lines: Iterator[str]) -> Iterator[str]:
    """The lines that were not told before in this story."""
    for line in lines:
        if line not in before:
            before.add(line)
            yield line


def of_state(org: Org, state: RequestState, now: datetime) -> Iterator[str]:
    stands = f"{state.status}, at {state.stage or 'no stage'}, since {days(state.stage_entered_at)}"
    closing = f", closed {days(state.closed_at)}" if state.closed_at else ""
    yield f"   {stands}{closing}, review {state.review}{f': {state.reason}' if state.reason else ''}"
    yield f"   waits for {names(waiting_for(state, now, org.check))}"
    for view in describe(state, now, org.check):
        more = f" since {days(view.since)}" if view.since else ""
        more += f" until {days(view.until)}" if view.until else ""
        more += f", waits for {names(view.waits_for)}" if view.waits_for else ""
        more += f", {len(view.votes)} votes" if view.votes else ""
        more += f", {len(view.objections)} objections" if view.objections else ""
        more += f", {view.tally.approvals}:{view.tally.against}" if view.tally else ""
        more += f", {view.fallback}" if view.fallback else ""
        more += f", seats {' '.join(seat.key for seat in view.seats)}" if view.review or view.progress == "now" else ""
        yield f"     {view.progress} {view.key} “{view.title}”{more}"
    yield from of_options(org, state, now)


def of_options(org: Org, state: RequestState, now: datetime) -> Iterator[str]:
    """What may be done and by whom, and why not by the others: each answer once, with its actions and people."""
    asked: dict[tuple[bool, str, str], dict[str, list[str]]] = {}
    for user in PEOPLE:
        for option in available(state, actor(user), now, org.check):
            which = f"{option.action} {option.objection}" if option.objection else str(option.action)
            answer = (option.allowed, " ".join(option.seats), option.reason)
            asked.setdefault(answer, {}).setdefault(PEOPLE[user].split()[0], []).append(which)
    for (allowed, seats, reason), people in asked.items():
        by_actions: dict[str, list[str]] = {}
        for name, actions in people.items():
            by_actions.setdefault(", ".join(actions), []).append(name)
        for actions, those in by_actions.items():
            who = "all" if len(those) == len(PEOPLE) else " ".join(those)
            yield f"     {'+' if allowed else '-'} {who}: {actions}{f' at {seats}' if seats else ''} · {reason}"


def names(users: frozenset[int]) -> str:
    return ", ".join(sorted(PEOPLE[user].split()[0] for user in users)) or "nobody"


def days(moment: datetime | None) -> str:
    if moment is None:
        return "never"
    passed = moment - NOW
    return f"day {passed.days} {passed.seconds // 3600} h"


def shown(effect: object) -> str:
    """The effect with everything in it, people by name and moments by day."""
    text = repr(effect)
    for name in type(effect).__dataclass_fields__:
        value = getattr(effect, name)
        if isinstance(value, frozenset):
            text = text.replace(repr(value), names(value))
        if name == "seats":
            text = text.replace(repr(value), " ".join(seat.key for seat in value))
        if name in ("vote", "record", "objection"):
            fields = {key: getattr(value, key) for key in type(value).__dataclass_fields__}
            fields["persons"] = sorted(value.persons)
            fields["at"] = days(value.at)
            fields["rule"] = bool(fields.get("rule"))
            text = f"{type(effect).__name__} " + ", ".join(f"{key} {each}" for key, each in fields.items() if each)
    return text.replace(HASH, "…")


def test_every_story_goes_on_as_it_was_read() -> None:
    text = "\n".join(told()) + "\n"
    if os.environ.get("REMIT_WRITE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_every_request_on_its_way_is_kept_and_read_back_as_it_was() -> None:
    for name, org, route, steps in stories():
        world, now = org, NOW
        state = open_request(
            route, subject_hash=HASH, submitter=actor(submitter_of(name, route)), at=now, check=world.check
        ).state
        for step in steps:
            if isinstance(step, Org):
                world = step
                continue
            who, event, after = step
            now += after
            try:
                state = act(world, state, event, who, now).state
            except RemitError:
                continue
            data = json.loads(json.dumps(state_to_json(state)))
            assert data["format"] == 1
            again = from_json(json.loads(json.dumps(to_json(state.route))))
            assert state_from_json(data, again) == state, name
