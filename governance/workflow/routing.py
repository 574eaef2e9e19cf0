"""Routes from the organisation as it is: which stages, whose seats, which reserve, and whether it can be completed.

The rules are those of the modes. Where they leave a choice, the reading that gives less away is taken:

* A later stage keeps its own people: whoever it cannot do without is not offered the earlier stage, and the reserve
  steps in there. A reserve is taken only where no choice of a stage's own people completes the route.
* A council needs votes from a third of its *filled* seats, a seat whose lead may not vote here counting as filled,
  and from two people; the chair is one of the people but never one of the seats.
* A change request is answered by one decision of those who own the document: the unit's lead where the unit decides
  or decides first (unit, delegated, joint), the centre's lead where the centre decides, and in a council its chair
  alone, never any one seat.
* The vote on an objected exception leaves out whoever granted it as chair: nobody stands at two stages.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from weakref import WeakKeyDictionary

from governance.compiler.snapshot import RemitKey
from governance.compiler.world import World
from governance.vocabulary import Capability, Mode, RiskLevel, Role
from governance.workflow.matching import PeopleOfSeat, completable, persons_of, reaches_quorum
from governance.workflow.route import DECIDING_KINDS, Route, Seat, Stage, StageKind
from governance.workflow.state import RequestState, ReviewStatus

NOBODY: frozenset[int] = frozenset()
UNIT_SEAT = "unit-"
"""How the key of a unit stage's own seat begins: the one seat that a lead may also hold by reach from above."""
PUBLISHING_KINDS = frozenset({"publication", "retirement", "import"})


@dataclass(frozen=True, slots=True)
class _Terms:
    """What a route stands on: the remit whose mode decides, the mode that holds, the centre, who may not decide."""

    kind: str
    remit: RemitKey
    mode: Mode
    centre: int | None
    model_version: int
    mandate: int | None
    excluded: frozenset[int]
    used: frozenset[int] = NOBODY
    advice: bool = False

    @property
    def blocked(self) -> frozenset[int]:
        return self.excluded | self.used


def publication_route(world: World, remit: RemitKey, *, excluded: frozenset[int], kind: str = "publication") -> Route:
    """Who must approve a revision in the remit before it is published; ``kind`` may also be ``retirement``.

    ``excluded`` are the natural persons who wrote, edited or submitted it.
    """
    terms = _terms(world, kind, remit, excluded)
    if isinstance(terms, Route):
        return terms
    return _route(world, terms, _publication_stages(world, terms))


def import_route(world: World, remit: RemitKey, *, importer_person: int) -> Route:
    """Who must approve an imported batch: the remit's own route. Whoever imports counts as the author."""
    return publication_route(world, remit, excluded=frozenset({importer_person}), kind="import")


def exception_route(
    world: World, *, document_remit: RemitKey, asking_unit: int, asker_person: int, risk: RiskLevel
) -> Route:
    """Who decides on an exception that ``asking_unit`` asks for, from a document of ``document_remit``.

    Decided by the mode of the asking unit's remit where the document belongs to that remit's centre, else by the
    mode of the document's remit. Whoever asks does not decide, save that in mode ``unit`` the centre's standard is
    advice and the unit's lead records the exception, also one that he or she asked for.
    """
    asking = RemitKey(asking_unit, document_remit.capability)
    governance = None if world.is_centre(asking_unit) else world.governance(asking)
    by_asker = governance is not None and governance.centre == document_remit.unit
    deciding = asking if by_asker else document_remit
    terms = _terms(world, "exception", deciding, frozenset({asker_person}))
    if isinstance(terms, Route):
        return terms
    if by_asker and terms.mode is Mode.UNIT and world.members(asking_unit, Role.LEAD):
        terms = replace(terms, excluded=NOBODY, advice=True)
    return _route(world, terms, _exception_stages(world, terms, RiskLevel(risk)))


def change_route(world: World, *, document_remit: RemitKey, asker_person: int) -> Route:
    """Who answers a request to change a document: one decision of those who own it. Whoever asks does not decide."""
    terms = _terms(world, "change", document_remit, frozenset({asker_person}))
    if isinstance(terms, Route):
        return terms
    by_unit = terms.mode in (Mode.UNIT, Mode.DELEGATED, Mode.JOINT)
    return _route(world, terms, (_unit_stage(world, terms) if by_unit else _centre_stage(world, terms),))


def reassess_route(world: World, state: RequestState) -> Route:
    """The request's route with everything that is not yet decided looked up anew: people, seats and reserves.

    Mode, model version and centre stay those that the request pinned; stages already decided stay as they were. A
    mandate that is no longer in force gives no authority: what it stood for goes on as ``joint``.
    """
    route = state.route
    if route.unit is None or not route.mode:
        return _reopened(world, route, state)
    terms = _pinned_terms(world, route, state)
    if not world.is_open(route.unit):
        name = world.unit(route.unit).name
        return replace(route, undecidable=f"{name} is closed, so nothing can be decided there.")
    if state.review is ReviewStatus.OPEN:
        return _with_people(world, replace(route, stages=_with_review(world, terms, route.stages)))
    done, ahead = _split(route, state.stage)
    if terms.mode.value != route.mode:
        ahead = _stages_after_mandate(world, terms, done)
    return _route(world, terms, ahead, done=done, voted=_voted(state))


def substitutes(world: World, route: Route, users: frozenset[int]) -> frozenset[int]:
    """Whoever may decide for one of the users by a delegation that names the route's remit (user ids)."""
    return frozenset(
        row.substitute
        for row in world.snapshot.delegations
        if row.delegator in users and lends(world, route, row.delegator, row.substitute)
    )


def lends(world: World, route: Route, delegator: int, substitute: int) -> bool:
    """Whether a delegation, in force now and naming the route's remit, lets ``substitute`` decide for ``delegator``.

    A substitute is no guest and no auditor, and active. What is lent is the delegator's own right alone.
    """
    if route.unit is None or delegator == substitute:
        return False
    if not any(
        row.delegator == delegator
        and row.substitute == substitute
        and any(remit.unit == route.unit and remit.capability == route.capability for remit in row.remits)
        for row in world.snapshot.delegations
    ):
        return False
    return _may_stand_in(world, substitute)


def _may_stand_in(world: World, user: int) -> bool:
    if world not in _standing_in:
        _standing_in[world] = _people_who_may_stand_in(world)
    return user in _standing_in[world]


_standing_in: WeakKeyDictionary[World, frozenset[int]] = WeakKeyDictionary()


def _people_who_may_stand_in(world: World) -> frozenset[int]:
    """The active accounts of whoever is no guest and no auditor, through whatever account; worked out once a world."""
    snapshot = world.snapshot
    persons = {row.id: row.person for row in snapshot.users}
    barred = {persons[row.user] for row in snapshot.memberships if row.guest and row.user in persons}
    barred |= {persons[auditor] for auditor in snapshot.auditors if auditor in persons}
    return frozenset(row.id for row in snapshot.users if row.active and row.person not in barred)


# What a route stands on


def _terms(world: World, kind: str, remit: RemitKey, excluded: frozenset[int]) -> _Terms | Route:
    governance = world.governance(remit)
    if governance is None:
        name = world.unit(remit.unit).name
        return _nobody(kind, remit, excluded, f"{name} has no operating model, so nobody may decide there.")
    if not world.is_open(remit.unit):
        name = world.unit(remit.unit).name
        return _nobody(kind, remit, excluded, f"{name} is closed, so nothing can be decided there.")
    return _Terms(
        kind=kind,
        remit=remit,
        mode=governance.effective_mode,
        centre=governance.centre,
        model_version=governance.model_version,
        mandate=governance.mandate,
        excluded=excluded,
    )


def _pinned_terms(world: World, route: Route, state: RequestState) -> _Terms:
    assert route.unit is not None
    remit = RemitKey(route.unit, Capability(route.capability))
    mode, mandate = Mode(route.mode), route.mandate
    if mode is Mode.DELEGATED and state.review is ReviewStatus.NONE and not mandate_stands(world, route):
        mode, mandate = Mode.JOINT, None
    advice = route.advice and bool(world.members(remit.unit, Role.LEAD))
    excluded = state.excluded | (NOBODY if advice or not route.advice else frozenset({state.submitter.person}))
    return _Terms(
        kind=route.kind,
        remit=remit,
        mode=mode,
        centre=route.centre,
        model_version=route.model_version,
        mandate=mandate,
        excluded=excluded,
        used=state.used,
        advice=advice,
    )


def mandate_stands(world: World, route: Route) -> bool:
    """Whether the mandate that the route stands on is in force now; True for a route that stands on none."""
    if route.mandate is None or route.unit is None:
        return True
    mandate = world.mandate(RemitKey(route.unit, Capability(route.capability)))
    return mandate is not None and mandate.id == route.mandate


def _nobody(kind: str, remit: RemitKey, excluded: frozenset[int], why: str) -> Route:
    """A route without stages: kept and shown, until the organisation can decide again."""
    return Route(
        kind=kind,
        stages=(),
        mode="",
        model_version=0,
        centre=None,
        mandate=None,
        publishers=NOBODY,
        undecidable=why,
        unit=remit.unit,
        capability=remit.capability.value,
        excluded=excluded,
    )


# Stages, still without people


def _publication_stages(world: World, terms: _Terms) -> tuple[Stage, ...]:
    unit, centre = _unit_stage(world, terms), _centre_stage(world, terms)
    match terms.mode:
        case Mode.UNIT:
            return (unit,)
        case Mode.CENTRE:
            return (centre,)
        case Mode.JOINT:
            return (unit, centre)
        case Mode.DELEGATED:
            return (unit, _review_stage(world, terms))
        case Mode.COUNCIL:
            model = world.model(terms.remit)
            return (_last_call(world, terms, model.last_call_days if model else 10), _council_stage(world, terms))


def _exception_stages(world: World, terms: _Terms, risk: RiskLevel) -> tuple[Stage, ...]:
    centre = _centre_stage(world, terms)
    match terms.mode:
        case Mode.UNIT:
            return (_unit_stage(world, terms),)
        case Mode.DELEGATED:
            mandate = world.mandate(terms.remit)
            within = mandate is not None and risk.rank <= RiskLevel(mandate.risk_limit).rank
            return (_unit_stage(world, terms) if within else centre,)
        case Mode.CENTRE | Mode.JOINT:
            return (centre,)
        case Mode.COUNCIL:
            model = world.model(terms.remit)
            last_call = _last_call(world, terms, model.objection_days if model else 5)
            return (centre, last_call, replace(_council_stage(world, terms), conditional=True))


def _stages_after_mandate(world: World, terms: _Terms, done: Sequence[Stage]) -> tuple[Stage, ...]:
    """What is left to decide when a mandate has ended: the route of mode ``joint``, without what was decided."""
    if terms.kind == "change":
        stages: tuple[Stage, ...] = (_unit_stage(world, terms),)
    elif terms.kind == "exception":
        stages = (_centre_stage(world, terms),)
    else:
        stages = _publication_stages(world, terms)
    decided = {stage.key for stage in done}
    return tuple(stage for stage in stages if stage.key not in decided)


def _unit_stage(world: World, terms: _Terms) -> Stage:
    name = world.unit(terms.remit.unit).name
    decides = f"the lead of {name} decides"
    if terms.mode is Mode.JOINT and terms.kind != "change":
        decides = f"the lead of {name} decides first, the centre's lead after"
    elif terms.mode is Mode.DELEGATED:
        decides = f"the lead of {name} decides by the centre's mandate"
    if terms.advice:
        decides = f"the centre's standard is advice and the lead of {name} records the exception"
    title = f"Decision by {name}"
    return Stage(StageKind.UNIT.value, StageKind.UNIT, title, (), _rule(world, terms, decides))


def _centre_stage(world: World, terms: _Terms) -> Stage:
    name = world.unit(terms.remit.unit if terms.centre is None else terms.centre).name
    decides = f"the lead of {name} decides"
    if terms.mode is Mode.COUNCIL:
        decides = f"the lead of {name} decides as the council's chair"
    elif terms.mode is Mode.DELEGATED:
        decides = f"the risk is above the mandate's limit, so the lead of {name} decides"
    return Stage(StageKind.CENTRE.value, StageKind.CENTRE, f"Decision by {name}", (), _rule(world, terms, decides))


def _review_stage(world: World, terms: _Terms) -> Stage:
    name = "the centre" if terms.centre is None else world.unit(terms.centre).name
    decides = f"the lead of {name} reviews what was published and may withdraw it or revoke the mandate"
    title = f"Review by {name} after publication"
    return Stage(StageKind.REVIEW.value, StageKind.REVIEW, title, (), _rule(world, terms, decides))


def _last_call(world: World, terms: _Terms, days: int) -> Stage:
    who = (
        "the council's seats may object"
        if terms.kind == "exception"
        else "the council's seats and its chair may object"
    )
    rule = _rule(world, terms, f"{who} within {days} {'day' if days == 1 else 'days'}")
    title = "Time to object" if terms.kind == "exception" else "Last call"
    return Stage(StageKind.LAST_CALL.value, StageKind.LAST_CALL, title, (), rule, days=days)


def _council_stage(world: World, terms: _Terms) -> Stage:
    decides = "the council decides by a majority of the votes cast"
    if terms.kind == "exception":
        decides = "an exception that a seat objects to is decided by the council's vote"
    return Stage(StageKind.COUNCIL.value, StageKind.COUNCIL, "Vote of the council", (), _rule(world, terms, decides))


def _rule(world: World, terms: _Terms, decides: str) -> str:
    model = world.snapshot.models.get(terms.model_version)
    under = f"Under the model {model.name}" if model is not None else "Under the operating model of that time"
    unit = world.unit(terms.remit.unit).name
    return f"{under}, {terms.remit.capability.label} in {unit} is in mode {terms.mode}: {decides}."


# People into stages


def _route(
    world: World,
    terms: _Terms,
    stages: Sequence[Stage],
    *,
    done: Sequence[Stage] = (),
    voted: frozenset[str] = frozenset(),
) -> Route:
    filled = _with_review(world, terms, _with_last_call(world, terms, _choose(world, terms, stages, voted)))
    publishers = _publishers(world, terms) if terms.kind in PUBLISHING_KINDS else NOBODY
    route = Route(
        kind=terms.kind,
        stages=(*done, *filled),
        mode=terms.mode.value,
        model_version=terms.model_version,
        centre=terms.centre,
        mandate=terms.mandate if terms.mode is Mode.DELEGATED else None,
        publishers=publishers,
        undecidable=_undecidable(world, terms, filled, publishers, voted),
        unit=terms.remit.unit,
        capability=terms.remit.capability.value,
        excluded=terms.excluded,
        advice=terms.advice,
    )
    return _with_people(world, route)


def _choose(world: World, terms: _Terms, stages: Sequence[Stage], voted: frozenset[str]) -> tuple[Stage, ...]:
    """The stages with the seats of their own people, or of the reserves where those cannot complete the route."""
    required = _required(stages)
    perhaps = [stage for stage in stages if stage.conditional and stage not in required]
    chosen = (
        _first_complete(world, terms, required, perhaps, voted)
        or _first_complete(world, terms, required, [], voted)
        or {stage.key: next(_candidates(world, terms, stage)) for stage in required}
    )
    for stage in perhaps:
        chosen.setdefault(stage.key, next(_candidates(world, terms, stage)))
    return tuple(chosen.get(stage.key, stage) for stage in stages)


def _required(stages: Sequence[Stage]) -> list[Stage]:
    """The stages that must be decided. A vote on objections must be once the request has come to it."""
    return [
        stage
        for place, stage in enumerate(stages)
        if stage.kind in DECIDING_KINDS and (place == 0 or not stage.conditional)
    ]


def _first_complete(
    world: World, terms: _Terms, required: Sequence[Stage], perhaps: Sequence[Stage], voted: frozenset[str]
) -> dict[str, Stage] | None:
    """The first choice that distinct persons can complete: the last stage keeps its own people longest.

    A vote that only an objection brings about (``perhaps``) changes last whom the stages before it fall to.
    """
    order = [*reversed(required), *perhaps]
    people = _people_left(world, terms)
    for choice in product(*(tuple(_candidates(world, terms, stage)) for stage in order)):
        by_key = {stage.key: stage for stage in choice}
        together = [by_key[stage.key] for stage in (*required, *perhaps)]
        if completable(together, people, voted=voted, blocked=terms.blocked):
            return _without_the_indispensable(world, terms, together)
    return None


def _without_the_indispensable(world: World, terms: _Terms, stages: Sequence[Stage]) -> dict[str, Stage]:
    """The stages, each without whoever would leave a later one with nobody."""
    people = _people_left(world, terms)
    offered: dict[str, Stage] = {}
    for place, stage in enumerate(stages):
        later = stages[place + 1 :]
        seats = tuple(
            replace(
                seat,
                holders=frozenset(
                    user
                    for user in seat.holders
                    if completable(later, people, blocked=terms.blocked | {world.person_of(user)})
                ),
            )
            for seat in stage.seats
        )
        offered[stage.key] = replace(stage, seats=seats)
    return offered


def _people_left(world: World, terms: _Terms) -> PeopleOfSeat:
    def people(seat: Seat) -> frozenset[int]:
        return world.persons(seat.holders) - terms.blocked

    return people


def _candidates(world: World, terms: _Terms, stage: Stage) -> Iterator[Stage]:
    """The stage with its own people first, then with each reserve in turn, nearest first."""
    match stage.kind:
        case StageKind.UNIT:
            yield _with_unit_leads(world, terms, stage)
            reserves = _unit_reserves(world, terms)
        case StageKind.CENTRE:
            yield _with_centre_leads(world, terms, stage)
            reserves = _centre_reserves(world, terms)
        case _:
            yield _with_council(world, terms, stage)
            reserves = _centre_reserves(world, terms)
    for unit in reserves:
        yield _with_reserve(world, terms, stage, unit)


def _with_unit_leads(world: World, terms: _Terms, stage: Stage) -> Stage:
    unit = terms.remit.unit
    holders = _left(world, terms, world.members(unit, Role.LEAD))
    seat = Seat(f"{UNIT_SEAT}{unit}", f"Lead of {world.unit(unit).name}", unit, holders, relation="unit.lead")
    return _single(stage, seat)


def _with_centre_leads(world: World, terms: _Terms, stage: Stage) -> Stage:
    seat = _chair(world, terms)
    if seat is None:
        return _single(stage, None)
    if terms.mode is not Mode.COUNCIL:
        seat = replace(seat, key=f"centre-{seat.unit}", label=f"Lead of {world.unit(seat.unit).name}")
    return _single(stage, replace(seat, is_chair=False))


def _with_reserve(world: World, terms: _Terms, stage: Stage, unit: int) -> Stage:
    name = world.unit(unit).name
    holders = _left(world, terms, world.leads(unit))
    seat = Seat(f"reserve-{unit}", f"Lead of {name}, in reserve", unit, holders, relation="reserve")
    fallback = f"Nobody who may decide is left at this stage, so it falls to the lead of {name}."
    return replace(_single(stage, seat), fallback=fallback)


def _single(stage: Stage, seat: Seat | None) -> Stage:
    seats = () if seat is None else (seat,)
    return replace(stage, seats=seats, fallback="", filled=len(seats), quorum_seats=1, quorum_people=1)


def _with_council(world: World, terms: _Terms, stage: Stage) -> Stage:
    seats = _seats(world, terms)
    chair = _chair(world, terms)
    filled = sum(bool(world.leads(seat.unit)) for seat in seats)
    return replace(
        stage,
        seats=(*seats, *(() if chair is None else (chair,))),
        fallback="",
        filled=filled,
        quorum_seats=-(-filled // 3),
        quorum_people=2,
    )


def _seats(world: World, terms: _Terms) -> tuple[Seat, ...]:
    """One seat for each unit of the council; without holders where it is vacant or its leads may not decide."""
    if terms.centre is None:
        return ()
    return tuple(
        Seat(
            f"seat-{unit}",
            f"Seat of {world.unit(unit).name}",
            unit,
            _left(world, terms, world.leads(unit)),
            relation="peer.lead" if unit != terms.remit.unit else "unit.lead",
        )
        for unit in world.seats(terms.centre, terms.remit.capability)
    )


def _chair(world: World, terms: _Terms) -> Seat | None:
    if terms.centre is None:
        return None
    label = f"Chair: the lead of {world.unit(terms.centre).name}"
    holders = _left(world, terms, world.leads(terms.centre))
    return Seat(f"chair-{terms.centre}", label, terms.centre, holders, is_chair=True, relation="centre.lead")


def _left(world: World, terms: _Terms, users: frozenset[int]) -> frozenset[int]:
    """Without whoever may never decide on it. Who has voted stays named; the engine lets nobody vote twice."""
    return frozenset(user for user in users if world.person_of(user) not in terms.excluded)


def _unit_reserves(world: World, terms: _Terms) -> tuple[int, ...]:
    """The units whose direct leads stand in at a unit stage, in order."""
    if terms.centre is None:
        return world.ancestors(terms.remit.unit)
    chain = (*world.ancestors(terms.remit.unit), terms.centre, *world.ancestors(terms.centre))
    return tuple(dict.fromkeys(chain))


def _centre_reserves(world: World, terms: _Terms) -> tuple[int, ...]:
    """The units whose direct leads stand in at a centre stage or a council, in order."""
    above = () if terms.centre is None else world.ancestors(terms.centre)
    return tuple(dict.fromkeys((*above, *world.ancestors(terms.remit.unit))))


def _with_last_call(world: World, terms: _Terms, stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Seats and chair may object to a publication; to an exception, which the chair has granted, the seats alone."""
    seats = _seats(world, terms)
    chair = _chair(world, terms)
    if terms.kind != "exception" and chair is not None:
        seats = (*seats, chair)
    return tuple(replace(stage, seats=seats) if stage.kind is StageKind.LAST_CALL else stage for stage in stages)


def _with_review(world: World, terms: _Terms, stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The review with the centre's leads, and the reserve of a centre stage behind them."""
    return tuple(_review(world, terms, stage) if stage.kind is StageKind.REVIEW else stage for stage in stages)


def _review(world: World, terms: _Terms, stage: Stage) -> Stage:
    own = _with_centre_leads(world, terms, stage)
    reserves = (_with_reserve(world, terms, stage, unit).seats[0] for unit in _centre_reserves(world, terms))
    return replace(own, reserves=tuple(seat for seat in reserves if seat.holders))


def _publishers(world: World, terms: _Terms) -> frozenset[int]:
    """Who holds publish, or takes it as the reserve of the last stage before publication. Publishing is no deciding,
    so nobody is kept from it."""
    by_unit = terms.mode in (Mode.UNIT, Mode.DELEGATED)
    if by_unit:
        own, reserves = world.members(terms.remit.unit, Role.LEAD), _unit_reserves(world, terms)
    else:
        own = NOBODY if terms.centre is None else world.leads(terms.centre)
        reserves = _centre_reserves(world, terms)
    return own or next((world.leads(unit) for unit in reserves if world.leads(unit)), NOBODY)


def _undecidable(
    world: World, terms: _Terms, stages: Sequence[Stage], publishers: frozenset[int], voted: frozenset[str]
) -> str:
    people = _people_left(world, terms)
    required = _required(stages)
    if not completable(required, people, voted=voted, blocked=terms.blocked):
        return _why_undecidable(terms, required, people, voted)
    if terms.kind in PUBLISHING_KINDS and not publishers:
        return "Nobody could publish the result: no lead is named who holds that right, nor one in reserve."
    return ""


def _why_undecidable(terms: _Terms, required: Sequence[Stage], people: PeopleOfSeat, voted: frozenset[str]) -> str:
    for stage in required:
        if not persons_of(people, stage.seats):
            return (
                f"Nobody can decide at the stage “{stage.title}”: no lead is named who did not write, edit, submit "
                "or already decide on this, nor one in reserve. Naming another lead opens it again."
            )
        if not reaches_quorum(stage, people, voted=voted, blocked=terms.blocked):
            return (
                "The council cannot reach its quorum even if all who may vote do, and there is no lead in reserve. "
                "Naming another lead opens it again."
            )
    return "There are too few people to decide at every stage, each at one only. Naming another lead opens it again."


def _with_people(world: World, route: Route) -> Route:
    users = {user for seat in route.seats() for user in seat.holders} | route.publishers
    return replace(route, people=tuple((user, world.person_of(user)) for user in sorted(users)))


# Reassessing


def _split(route: Route, current: str) -> tuple[tuple[Stage, ...], tuple[Stage, ...]]:
    place = route.index(current) if current else 0
    return route.stages[:place], route.stages[place:]


def _voted(state: RequestState) -> frozenset[str]:
    stage = state.current
    return frozenset() if stage is None else frozenset(vote.seat for vote in state.votes_at(stage))


def _reopened(world: World, route: Route, state: RequestState) -> Route:
    """A route for a request that had none, since its remit had no operating model; then nothing was pinned either.

    The risk that an exception was asked at is not in such a route, so it is taken to be the highest.
    """
    if route.unit is None:
        return route
    remit, person = RemitKey(route.unit, Capability(route.capability)), state.submitter.person
    if route.kind == "exception":
        return exception_route(
            world, document_remit=remit, asking_unit=remit.unit, asker_person=person, risk=RiskLevel.HIGH
        )
    if route.kind == "change":
        return change_route(world, document_remit=remit, asker_person=person)
    return publication_route(world, remit, excluded=state.excluded, kind=route.kind)
