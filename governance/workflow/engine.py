"""The approval engine: a pure state machine from (request, event, actor) to the next request and what follows.

It knows no database and no clock. The caller locks the row, rebuilds the state, calls :func:`advance`, and stores the
new state and carries out the effects in the same transaction. On :class:`NeedsReassessment` it goes on at once with
``advance(state, Reassess(reassess_route(world, state)), SYSTEM, …)``.

A council's vote is decided as soon as its quorum is reached: the majority of the votes cast then decides, a tie goes
to the chair (it waits for the chair's vote, or for another that breaks the tie) and rejects at once where the chair
may not vote. Votes for changes and for rejection are both against; which of the two the council says is what most of
those against said, rejection where they are even.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from governance.errors import Denied, Invalid, NotAllowed, RemitError
from governance.workflow.eligibility import AsFrozen, WorldCheck
from governance.workflow.events import (
    DECISIONS,
    TAKES_EFFECT,
    Action,
    Approve,
    CastEvent,
    ClearObjection,
    Decided,
    Effect,
    Event,
    MachineEvent,
    NeedsReassessment,
    Object,
    ObjectionCleared,
    ObjectionRaised,
    Option,
    Outcome,
    Reassess,
    RecordReview,
    Reject,
    Reopened,
    RequestChanges,
    ReviewOutcome,
    ReviewRecorded,
    RevokeMandate,
    StageEntered,
    StartReview,
    Tick,
    Undecidable,
    Void,
    Voided,
    VoteCast,
    Withdraw,
    WithdrawDocument,
    Withdrawn,
)
from governance.workflow.route import Route, Seat, Stage, StageKind
from governance.workflow.standing import (
    CLOSED,
    clearable_objection,
    deciding_seats,
    is_stuck,
    may_still_vote,
    objecting_seats,
    persons_of_actor,
    require_submitter,
    review_seats,
    reviewing_seats,
    tally,
)
from governance.workflow.state import (
    Actor,
    Decision,
    Objection,
    RequestState,
    ReviewRecord,
    ReviewStatus,
    Status,
    Vote,
)
from governance.workflow.waiting import waiting_for

AS_FROZEN = AsFrozen()
STALLED = "A stage has nobody left who may decide. Administrators have been told."
SUBJECTS = {
    "publication": "this revision for publication",
    "retirement": "the retirement of this document",
    "import": "this batch of imported documents",
    "exception": "this exception",
    "change": "this request for a change",
}


def open_request(
    route: Route,
    *,
    subject_hash: str,
    submitter: Actor,
    at: datetime,
    excluded: frozenset[int] = frozenset(),
    check: WorldCheck = AS_FROZEN,
) -> Outcome:
    """A request stands at the route's first stage, or is undecidable from the start.

    Nobody decides on what they submitted, whatever ``excluded`` says, save where the route is advice.
    """
    own = frozenset() if route.advice else frozenset({submitter.person})
    state = RequestState(
        route=route,
        status=Status.OPEN,
        stage=route.stages[0].key if route.stages else "",
        subject_hash=subject_hash,
        submitter=submitter,
        excluded=route.excluded | excluded | own,
        opened_at=at,
        stage_entered_at=at,
    )
    if route.undecidable:
        return _undecidable(state, route.undecidable)
    return _unstick(_entered(state, check, at), check)


def available(state: RequestState, actor: Actor, now: datetime, check: WorldCheck = AS_FROZEN) -> tuple[Option, ...]:
    """What the actor could do on the request, each allowed or refused with the sentence that says why."""
    state = settle(state, now, check).state
    reason = state.current.rule if state.current else ""
    options = [
        _option(action, lambda: deciding_seats(state, actor, check), reason)
        for action in (Action.APPROVE, Action.REQUEST_CHANGES, Action.REJECT)
    ]
    options.append(_option(Action.WITHDRAW, _withdrawing(state, actor), "You submitted it."))
    if any(stage.kind is StageKind.LAST_CALL for stage in state.route.stages):
        options.append(_option(Action.OBJECT, lambda: objecting_seats(state, actor, now, check), reason))
    for objection in state.open_objections:
        option = _option(Action.CLEAR_OBJECTION, _clearing(state, actor, objection.number), "You raised it.")
        options.append(replace(option, objection=objection.number))
    if state.route.review is not None and state.review is not ReviewStatus.NONE:
        rule = state.route.review.rule
        options.append(_option(Action.RECORD_REVIEW, lambda: reviewing_seats(state, actor, check), rule))
    return tuple(options)


def advance(state: RequestState, event: Event, actor: Actor, now: datetime, check: WorldCheck = AS_FROZEN) -> Outcome:
    """The request after the event. A last call that has ended by ``now`` is ended first.

    Raises ``Denied`` where the actor may not, ``NotAllowed`` where the state does not allow it (closed, another
    revision, seat already voted), ``Invalid`` where a comment is missing.
    """
    settled = settle(state, now, check)
    outcome = _apply(settled.state, event, actor, now, check)
    return Outcome(outcome.state, (*settled.effects, *outcome.effects))


def settle(state: RequestState, now: datetime, check: WorldCheck = AS_FROZEN) -> Outcome:
    """The request once a last call that has ended by ``now`` is ended; unchanged where none has."""
    ends = state.last_call_ends()
    if ends is None or now < ends:
        return Outcome(state)
    return _next_stage(state, check, ends)


def _apply(state: RequestState, event: Event, actor: Actor, now: datetime, check: WorldCheck) -> Outcome:
    match event:
        case Approve() | RequestChanges() | Reject():
            return _vote(state, event, actor, now, check)
        case Withdraw():
            return _withdraw(state, event, actor, now)
        case Object():
            return _object(state, event, actor, now, check)
        case ClearObjection():
            return _clear(state, event, actor, now)
        case RecordReview():
            return _review(state, event, actor, now, check)
        case _:
            return _apply_by_machine(state, event, now, check)


def _apply_by_machine(state: RequestState, event: MachineEvent, now: datetime, check: WorldCheck) -> Outcome:
    match event:
        case Void():
            return _void(state, event, now)
        case Tick():
            return _tick(state, check)
        case Reassess():
            return _reassess(state, event.route, now, check)


# Voting


def _vote(state: RequestState, event: CastEvent, actor: Actor, now: datetime, check: WorldCheck) -> Outcome:
    seat = _chosen(deciding_seats(state, actor, check), event.seat)
    _require_revision(state, event.revision)
    decision = DECISIONS[type(event)]
    if decision is not Decision.APPROVE:
        _require_comment(event.comment)
    stage = state.route.stage(state.stage)
    vote = Vote(
        stage=stage.key,
        seat=seat.key,
        user=actor.user,
        persons=persons_of_actor(state, actor),
        name=actor.name,
        decision=decision,
        meaning=_meaning(state.route.kind, decision),
        relation=seat.relation,
        rule=" ".join(part for part in (stage.rule, stage.fallback) if part),
        revision=event.revision,
        at=now,
        comment=event.comment.strip(),
        on_behalf_of=actor.on_behalf_of,
        delegation=actor.delegation,
        membership=actor.membership,
    )
    outcome = _concluded(replace(state, votes=(*state.votes, vote)), stage, now, check)
    return Outcome(outcome.state, (VoteCast(vote), *outcome.effects))


def _concluded(state: RequestState, stage: Stage, now: datetime, check: WorldCheck) -> Outcome:
    """The stage is left if its votes decide it."""
    result = _result(state, stage, check)
    if result is None:
        return _unstick(Outcome(state), check)
    cleared: tuple[Effect, ...] = ()
    if stage.kind is StageKind.COUNCIL:
        cleared = tuple(ObjectionCleared(each.number, by_vote=True) for each in state.open_objections)
        objections = tuple(replace(each, cleared_at=now) if each.is_open else each for each in state.objections)
        state = replace(state, objections=objections)
    if result is Status.APPROVED:
        outcome = _next_stage(state, check, now)
    else:
        outcome = Outcome(_closed(state, result, now), (Decided(result, tally(state, stage)),))
    return Outcome(outcome.state, (*cleared, *outcome.effects))


def _result(state: RequestState, stage: Stage, check: WorldCheck) -> Status | None:
    """What the stage's votes decide, None while they decide nothing."""
    count = tally(state, stage)
    if not count.reached:
        return None
    votes = state.votes_at(stage)
    against = _against(vote.decision for vote in votes)
    if count.approvals != count.against:
        return Status.APPROVED if count.approvals > count.against else against
    chair = next((seat for seat in stage.seats if seat.is_chair), None)
    if chair is None:
        return Status.REJECTED
    casting = next((vote for vote in votes if vote.seat == chair.key), None)
    if casting is not None:
        return Status.APPROVED if casting.decision is Decision.APPROVE else _against((casting.decision,))
    return None if may_still_vote(state, chair, check) else Status.REJECTED


def _against(decisions: Iterable[Decision]) -> Status:
    """What most of those against said; rejection where they are even."""
    said = list(decisions)
    if said.count(Decision.REQUEST_CHANGES) > said.count(Decision.REJECT):
        return Status.CHANGES_REQUESTED
    return Status.REJECTED


def _chosen(seats: tuple[Seat, ...], key: str) -> Seat:
    if not key:
        return seats[0]
    for seat in seats:
        if seat.key == key:
            return seat
    raise Denied(f"You may not vote at that seat. You may at: {', '.join(seat.label for seat in seats)}.")


def _meaning(kind: str, decision: Decision) -> str:
    verb = {
        Decision.APPROVE: "I approve",
        Decision.REQUEST_CHANGES: "I ask for changes to",
        Decision.REJECT: "I reject",
    }
    return f"{verb[decision]} {SUBJECTS[kind]}."


def _require_revision(state: RequestState, revision: str) -> None:
    if revision != state.subject_hash:
        raise NotAllowed(
            "This changed after you opened it, and a decision holds only for what you have read. "
            "Open the request again, read it, and then decide."
        )


def _require_comment(comment: str) -> None:
    if not comment.strip():
        raise Invalid({"comment": "Say why, so that whoever submitted it knows what to do next."})


# From stage to stage


def _next_stage(state: RequestState, check: WorldCheck, at: datetime) -> Outcome:
    left = state.route.stage(state.stage)
    for stage in state.route.stages[state.route.index(left.key) + 1 :]:
        if stage.kind is StageKind.REVIEW or (stage.conditional and not state.open_objections):
            continue
        return _unstick(_entered(replace(state, stage=stage.key, stage_entered_at=at), check, at), check)
    return _approved(state, left, check, at)


def _entered(state: RequestState, check: WorldCheck, now: datetime) -> Outcome:
    stage = state.route.stage(state.stage)
    return Outcome(state, (StageEntered(stage.key, stage.seats, waiting_for(state, now, check)),))


def _approved(state: RequestState, left: Stage, check: WorldCheck, at: datetime) -> Outcome:
    deciding = tally(state, left) if left.kind is not StageKind.LAST_CALL else None
    effects: list[Effect] = [Decided(Status.APPROVED, deciding), TAKES_EFFECT[state.route.kind]()]
    state = _closed(state, Status.APPROVED, at)
    review = state.route.review
    if review is None:
        return Outcome(state, tuple(effects))
    state = replace(state, review=ReviewStatus.OPEN, stage_entered_at=at)
    seats = review_seats(state, check)
    effects.append(StartReview(review.key, seats, waiting_for(state, at, check)))
    if not seats:
        effects.append(NeedsReassessment(review.key))
    return Outcome(state, tuple(effects))


def _closed(state: RequestState, status: Status, at: datetime) -> RequestState:
    return replace(state, status=status, stage="", closed_at=at, reason="")


def _unstick(outcome: Outcome, check: WorldCheck) -> Outcome:
    """The outcome; if nobody can complete what is left, undecidable until it is reassessed."""
    state = outcome.state
    if not is_stuck(state, check):
        return outcome
    stalled = replace(state, status=Status.UNDECIDABLE, reason=STALLED)
    return Outcome(stalled, (*outcome.effects, NeedsReassessment(state.stage)))


def _undecidable(state: RequestState, reason: str) -> Outcome:
    """Undecidable for that reason, and reported, unless that is what it already was."""
    known = state.status is Status.UNDECIDABLE and state.reason == reason
    effects = () if known else (Undecidable(reason),)
    return Outcome(replace(state, status=Status.UNDECIDABLE, reason=reason), effects)


# Objections


def _object(state: RequestState, event: Object, actor: Actor, now: datetime, check: WorldCheck) -> Outcome:
    seat = _chosen(objecting_seats(state, actor, now, check), event.seat)
    _require_comment(event.comment)
    objection = Objection(
        number=len(state.objections) + 1,
        stage=state.stage,
        seat=seat.key,
        user=actor.user,
        persons=persons_of_actor(state, actor),
        name=actor.name,
        text=event.comment.strip(),
        at=now,
        on_behalf_of=actor.on_behalf_of,
    )
    raised = replace(state, objections=(*state.objections, objection))
    return Outcome(raised, (ObjectionRaised(objection),))


def _clear(state: RequestState, event: ClearObjection, actor: Actor, now: datetime) -> Outcome:
    cleared = clearable_objection(state, actor, event.number)
    by = replace(cleared, cleared_at=now, cleared_by=actor.user)
    objections = tuple(by if each is cleared else each for each in state.objections)
    return Outcome(replace(state, objections=objections), (ObjectionCleared(event.number),))


def _withdraw(state: RequestState, event: Withdraw, actor: Actor, now: datetime) -> Outcome:
    require_submitter(state, actor)
    closed = _closed(state, Status.WITHDRAWN, now)
    return Outcome(closed, (Withdrawn(event.comment.strip()), Decided(Status.WITHDRAWN)))


# The machine's events


def _void(state: RequestState, event: Void, now: datetime) -> Outcome:
    if state.status.is_terminal:
        raise NotAllowed(CLOSED[state.status])
    if event.revision == state.subject_hash:
        raise NotAllowed("The revision has not changed, so what was approved of it stands.")
    voided = replace(_closed(state, Status.VOIDED, now), reason=event.reason)
    return Outcome(voided, (Voided(event.reason), Decided(Status.VOIDED)))


def _tick(state: RequestState, check: WorldCheck) -> Outcome:
    if state.review is ReviewStatus.OPEN and state.route.review is not None:
        stuck = not review_seats(state, check)
        return Outcome(state, (NeedsReassessment(state.route.review.key),) if stuck else ())
    if state.status is Status.UNDECIDABLE:
        return Outcome(state, (NeedsReassessment(state.stage),))
    return _unstick(Outcome(state), check)


def _reassess(state: RequestState, route: Route, now: datetime, check: WorldCheck) -> Outcome:
    if state.review is ReviewStatus.OPEN:
        return Outcome(replace(state, route=route))
    if state.status.is_terminal:
        raise NotAllowed(CLOSED[state.status])
    was_open, before = state.status is Status.OPEN, state.current
    state = _on_route(state, route)
    reopened = replace(state, status=Status.OPEN, reason="")
    if route.undecidable or is_stuck(reopened, check):
        return _undecidable(state, route.undecidable or STALLED)
    stage = route.stage(state.stage)
    moved = before is None or stage.key != before.key
    if moved or (stage.kind is StageKind.LAST_CALL and not was_open):
        # Nobody could object while it could not be decided: the last call begins anew.
        reopened = replace(reopened, stage_entered_at=now)
    effects: tuple[Effect, ...] = () if was_open else (Reopened(),)
    if not was_open or stage != before:
        effects = (*effects, *_entered(reopened, check, now).effects)
    outcome = _concluded(reopened, stage, now, check) if reopened.votes_at(stage) else Outcome(reopened)
    return Outcome(outcome.state, (*effects, *outcome.effects))


def _on_route(state: RequestState, route: Route) -> RequestState:
    """The state on the new route, at the stage where it stood; a stage that is gone gives way to the one after."""
    keys = [stage.key for stage in route.stages]
    decided = {vote.stage for vote in state.votes if vote.stage != state.stage}
    stage = state.stage if state.stage in keys else next((key for key in keys if key not in decided), "")
    return replace(state, route=route, stage=stage, excluded=state.excluded | route.excluded)


# Review after publication


def _review(state: RequestState, event: RecordReview, actor: Actor, now: datetime, check: WorldCheck) -> Outcome:
    seat = reviewing_seats(state, actor, check)[0]
    _require_revision(state, event.revision)
    if event.outcome is not ReviewOutcome.ACCEPT:
        _require_comment(event.comment)
    stage = state.route.review
    record = ReviewRecord(
        outcome=event.outcome.status,
        seat=seat.key,
        user=actor.user,
        persons=persons_of_actor(state, actor),
        name=actor.name,
        meaning=_REVIEW_MEANING[event.outcome],
        relation=seat.relation,
        rule="" if stage is None else stage.rule,
        revision=event.revision,
        at=now,
        comment=event.comment.strip(),
        on_behalf_of=actor.on_behalf_of,
        delegation=actor.delegation,
        membership=actor.membership,
    )
    effects: list[Effect] = [ReviewRecorded(record)]
    if event.outcome in (ReviewOutcome.WITHDRAW, ReviewOutcome.WITHDRAW_AND_REVOKE):
        effects.append(WithdrawDocument())
    if event.outcome in (ReviewOutcome.REVOKE, ReviewOutcome.WITHDRAW_AND_REVOKE):
        effects.append(RevokeMandate(_mandate(state.route)))
    return Outcome(replace(state, review=event.outcome.status, review_record=record), tuple(effects))


_REVIEW_MEANING = {
    ReviewOutcome.ACCEPT: "I have reviewed what was published and accept it.",
    ReviewOutcome.WITHDRAW: "I withdraw what was published.",
    ReviewOutcome.REVOKE: "I revoke the mandate by which this was published.",
    ReviewOutcome.WITHDRAW_AND_REVOKE: "I withdraw what was published and revoke the mandate by which it was.",
}


def _mandate(route: Route) -> int:
    if route.mandate is None:
        raise NotAllowed("This was not published by a mandate, so there is none to revoke.")
    return route.mandate


# Options


def _option(action: Action, ask: Callable[[], tuple[Seat, ...]], reason: str) -> Option:
    try:
        seats = ask()
    except RemitError as refusal:
        return Option(action, allowed=False, reason=refusal.message)
    return Option(action, allowed=True, reason=reason, seats=tuple(seat.key for seat in seats))


def _withdrawing(state: RequestState, actor: Actor) -> Callable[[], tuple[Seat, ...]]:
    def ask() -> tuple[Seat, ...]:
        require_submitter(state, actor)
        return ()

    return ask


def _clearing(state: RequestState, actor: Actor, number: int) -> Callable[[], tuple[Seat, ...]]:
    def ask() -> tuple[Seat, ...]:
        clearable_objection(state, actor, number)
        return ()

    return ask
