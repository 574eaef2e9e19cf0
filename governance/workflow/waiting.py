"""What a page says of a request: whom it waits for, which stages are done, which is now, which come next."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from governance.workflow.eligibility import AsFrozen, WorldCheck
from governance.workflow.events import Tally
from governance.workflow.matching import completable
from governance.workflow.route import Seat, Stage, StageKind
from governance.workflow.standing import people_of, remaining_stages, review_seats, tally
from governance.workflow.state import Objection, RequestState, ReviewRecord, ReviewStatus, Status, Vote

AS_FROZEN = AsFrozen()


class Progress(StrEnum):
    """How far one stage is."""

    DONE = "done"
    NOW = "now"
    NEXT = "next"
    SKIPPED = "skipped"  # never reached: the request ended before it, or nobody objected


@dataclass(frozen=True, slots=True)
class StageView:
    """One stage as a page shows it. ``waits_for`` are user ids, empty unless the stage is ``now``.

    ``since`` is when the request came to it, ``until`` when a last call ends; both only where ``now``.
    """

    key: str
    kind: StageKind
    title: str
    progress: Progress
    seats: tuple[Seat, ...]
    rule: str
    fallback: str
    votes: tuple[Vote, ...] = ()
    objections: tuple[Objection, ...] = ()
    tally: Tally | None = None
    waits_for: frozenset[int] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    review: ReviewRecord | None = None


def waiting_for(state: RequestState, now: datetime, check: WorldCheck = AS_FROZEN) -> frozenset[int]:
    """The users whom the request waits for now, who may therefore read what it is about.

    At a deciding stage those who may vote; in a last call those who may object; after publication the reviewers.
    Substitutes are not among them: add ``routing.substitutes(world, state.route, these)``.
    """
    if state.review is ReviewStatus.OPEN:
        return _free(state, review_seats(state, check), check)
    stage = state.current
    if state.status is not Status.OPEN or stage is None:
        return frozenset()
    if stage.kind is StageKind.LAST_CALL:
        ends = state.last_call_ends()
        return _free(state, stage.seats, check) if ends is not None and now < ends else frozenset()
    return _voters(state, stage, check)


def _free(state: RequestState, seats: tuple[Seat, ...], check: WorldCheck) -> frozenset[int]:
    blocked = state.excluded | state.used
    people = dict(state.route.people)
    return frozenset(
        user
        for seat in seats
        for user in seat.holders
        if check.holds(state.route, seat, user) and people.get(user) is not None and people[user] not in blocked
    )


def _voters(state: RequestState, stage: Stage, check: WorldCheck) -> frozenset[int]:
    """Whoever may vote at the current stage without leaving the rest of the route with nobody."""
    voted = {vote.seat for vote in state.votes_at(stage)}
    people, known = people_of(state, check), dict(state.route.people)
    blocked, ahead = state.excluded | state.used, remaining_stages(state)
    return frozenset(
        user
        for seat in stage.seats
        if seat.key not in voted
        for user in _free(state, (seat,), check)
        if completable(ahead, people, blocked=blocked | {known[user]}, voted=voted | {seat.key})
    )


def describe(state: RequestState, now: datetime, check: WorldCheck = AS_FROZEN) -> tuple[StageView, ...]:
    """Every stage of the route in order: done, now or next, who it waits for and since when."""
    waits = waiting_for(state, now, check)
    return tuple(_view(state, stage, waits, check) for stage in state.route.stages)


def _view(state: RequestState, stage: Stage, waits: frozenset[int], check: WorldCheck) -> StageView:
    progress = _review_progress(state) if stage.kind is StageKind.REVIEW else _progress(state, stage)
    is_now = progress is Progress.NOW
    is_vote = stage.kind not in (StageKind.LAST_CALL, StageKind.REVIEW)
    seats = review_seats(state, check) if is_now and stage.kind is StageKind.REVIEW else stage.seats
    return StageView(
        key=stage.key,
        kind=stage.kind,
        title=stage.title,
        progress=progress,
        seats=seats,
        rule=stage.rule,
        fallback=stage.fallback,
        votes=tuple(vote for vote in state.votes if vote.stage == stage.key),
        objections=tuple(each for each in state.objections if each.stage == stage.key),
        tally=tally(state, stage) if is_vote else None,
        waits_for=waits if is_now else frozenset(),
        since=state.stage_entered_at if is_now else None,
        until=state.last_call_ends() if is_now else None,
        review=state.review_record if stage.kind is StageKind.REVIEW else None,
    )


def _progress(state: RequestState, stage: Stage) -> Progress:
    voted = any(vote.stage == stage.key for vote in state.votes)
    if not state.stage:
        return Progress.DONE if voted or _was_held(state, stage) else Progress.SKIPPED
    place, now = state.route.index(stage.key), state.route.index(state.stage)
    if place == now:
        return Progress.NOW
    return Progress.DONE if place < now else Progress.NEXT


def _was_held(state: RequestState, stage: Stage) -> bool:
    """Whether the stage is a last call that came to its end: what follows it was reached, or it was the last."""
    if stage.kind is not StageKind.LAST_CALL:
        return False
    later = {each.key for each in state.route.stages[state.route.index(stage.key) + 1 :]}
    return state.status is Status.APPROVED or any(vote.stage in later for vote in state.votes)


def _review_progress(state: RequestState) -> Progress:
    if state.review is ReviewStatus.OPEN:
        return Progress.NOW
    if state.review is not ReviewStatus.NONE:
        return Progress.DONE
    return Progress.SKIPPED if state.status.is_terminal else Progress.NEXT
