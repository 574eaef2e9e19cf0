"""Where a person stands in a request: which seats they may act at now, and if none, why not."""

from collections.abc import Iterable
from datetime import datetime

from governance.errors import Denied, NotAllowed
from governance.workflow.eligibility import WorldCheck
from governance.workflow.events import Tally
from governance.workflow.matching import PeopleOfSeat, completable
from governance.workflow.route import DECIDING_KINDS, Seat, Stage
from governance.workflow.state import Actor, Decision, Objection, RequestState, ReviewStatus, Status

CLOSED = {
    Status.APPROVED: "This request has been approved, so there is nothing left to decide.",
    Status.CHANGES_REQUESTED: "Changes were asked for, so this request is closed. Make them and submit it again.",
    Status.REJECTED: "This request has been rejected, so there is nothing left to decide. It can be submitted anew.",
    Status.WITHDRAWN: "This request has been withdrawn, so there is nothing left to decide.",
    Status.VOIDED: "What this request is about has changed since it was submitted, so its approvals are void. "
    "It has to be submitted again.",
}


def deciding_seats(state: RequestState, actor: Actor, check: WorldCheck) -> tuple[Seat, ...]:
    """The seats at which the actor may vote now, the chair's last; never empty.

    Raises ``NotAllowed`` where the state does not allow it and ``Denied`` where the actor may not.
    """
    stage = _open_stage(state)
    if stage.kind not in DECIDING_KINDS:
        ends = "its last call ends" if state.route.kind != "exception" else "the time to object ends"
        raise NotAllowed(f"Nobody decides on this request before {ends}. Until then its seats may object.")
    _require_clean(state, actor)
    seats = _held(state, stage.seats, actor, check)
    voted = {vote.seat: vote for vote in state.votes_at(stage)}
    free = [seat for seat in seats if seat.key not in voted]
    if not free:
        label, name = seats[0].label, voted[seats[0].key].name
        raise NotAllowed(f"{name} has already cast the vote of “{label}”, and a seat has one vote.")
    offered = [seat for seat in free if _leaves_enough(state, stage, seat, actor, check)]
    if not offered:
        raise Denied(_indispensable(state, stage), reasons=(stage.rule,))
    return tuple(sorted(offered, key=lambda seat: seat.is_chair))


def objecting_seats(state: RequestState, actor: Actor, now: datetime, check: WorldCheck) -> tuple[Seat, ...]:
    """The seats at which the actor may object now; never empty. Raises as :func:`deciding_seats`."""
    stage = _open_stage(state)
    ends = state.last_call_ends()
    if ends is None or now >= ends:
        raise NotAllowed("Objections are raised in the last call, and none is running on this request.")
    _require_clean(state, actor)
    seats = _held(state, stage.seats, actor, check)
    persons = persons_of_actor(state, actor)
    if any(persons & objection.persons for objection in state.open_objections):
        raise NotAllowed("You have already objected, and your objection stands. You can clear it, or leave it.")
    return seats


def clearable_objection(state: RequestState, actor: Actor, number: int) -> Objection:
    """The open objection of that number, where the actor raised it. Raises ``NotAllowed`` or ``Denied`` else."""
    _open_stage(state)
    objection = next((each for each in state.objections if each.number == number), None)
    if objection is None:
        raise NotAllowed(f"There is no objection {number} on this request. Reload the page to see those there are.")
    if not objection.is_open:
        raise NotAllowed("This objection has already been cleared.")
    if not persons_of_actor(state, actor) & objection.persons:
        raise Denied(f"Only {objection.name}, who raised this objection, can clear it; otherwise the vote does.")
    return objection


def reviewing_seats(state: RequestState, actor: Actor, check: WorldCheck) -> tuple[Seat, ...]:
    """The seats at which the actor may record the post-publication review; never empty. Raises as above."""
    if state.review is ReviewStatus.NONE:
        raise NotAllowed("There is no review after publication to record on this request.")
    if state.review is not ReviewStatus.OPEN:
        name = "somebody" if state.review_record is None else state.review_record.name
        raise NotAllowed(f"The review after publication has already been recorded by {name}.")
    _require_clean(state, actor)
    return _held(state, review_seats(state, check), actor, check)


def require_submitter(state: RequestState, actor: Actor) -> None:
    """Nothing, if the actor may withdraw the request. Raises ``NotAllowed`` or ``Denied`` else."""
    if state.status.is_terminal:
        raise NotAllowed(CLOSED[state.status])
    if actor.on_behalf_of is not None or actor.person != state.submitter.person:
        raise Denied(f"Only {state.submitter.name}, who submitted this request, can withdraw it.")


def review_seats(state: RequestState, check: WorldCheck) -> tuple[Seat, ...]:
    """Whose review it is now: the centre's, or the nearest reserve where nobody is left there."""
    review = state.route.review
    if review is None:
        return ()
    people, blocked = people_of(state, check), state.excluded | state.used
    if any(people(seat) - blocked for seat in review.seats):
        return review.seats
    return next(((seat,) for seat in review.reserves if people(seat) - blocked), ())


def people_of(state: RequestState, check: WorldCheck) -> PeopleOfSeat:
    """The natural persons of a seat who still are what made them its holders."""

    def people(seat: Seat) -> frozenset[int]:
        return state.route.persons(frozenset(user for user in seat.holders if check.holds(state.route, seat, user)))

    return people


def persons_of_actor(state: RequestState, actor: Actor) -> frozenset[int]:
    """Every natural person that an act of this actor counts as: their own, and the delegator's."""
    known = dict(state.route.people)
    persons = {actor.person, known.get(actor.user, actor.person)}
    if actor.on_behalf_of is not None and actor.on_behalf_of in known:
        persons.add(known[actor.on_behalf_of])
    return frozenset(persons)


def remaining_stages(state: RequestState) -> list[Stage]:
    """The stages that must still be decided: the current one, if it decides, and those after it."""
    place = state.route.index(state.stage)
    return [
        stage
        for stage in state.route.stages[place:]
        if stage.kind in DECIDING_KINDS and (stage.key == state.stage or not stage.conditional)
    ]


def is_stuck(state: RequestState, check: WorldCheck) -> bool:
    """Whether an open request can no longer be completed by the people of its route."""
    if state.status is not Status.OPEN:
        return False
    stages = remaining_stages(state)
    stage = state.route.stage(state.stage)
    voted = {vote.seat for vote in state.votes_at(stage)}
    return not completable(stages, people_of(state, check), blocked=state.excluded | state.used, voted=voted)


def may_still_vote(state: RequestState, seat: Seat, check: WorldCheck) -> bool:
    """Whether anybody is left who may cast the vote of a seat that has cast none yet."""
    return bool(people_of(state, check)(seat) - state.excluded - state.used)


def tally(state: RequestState, stage: Stage) -> Tally:
    """The count of the stage's vote so far."""
    votes = state.votes_at(stage)
    chairs = {seat.key for seat in stage.seats if seat.is_chair}
    approvals = sum(vote.decision is Decision.APPROVE for vote in votes)
    return Tally(
        approvals=approvals,
        against=len(votes) - approvals,
        filled=stage.filled,
        seats_voted=sum(vote.seat not in chairs for vote in votes),
        people_voted=len(votes),
        quorum_seats=stage.quorum_seats,
        quorum_people=stage.quorum_people,
    )


def _open_stage(state: RequestState) -> Stage:
    if state.status.is_terminal:
        raise NotAllowed(CLOSED[state.status])
    if state.status is Status.UNDECIDABLE:
        raise NotAllowed(f"This request cannot be decided now. {state.reason}".strip())
    return state.route.stage(state.stage)


def _require_clean(state: RequestState, actor: Actor) -> None:
    """Segregation of duties, on natural persons."""
    stands_in = actor.on_behalf_of is not None
    own = persons_of_actor(state, Actor(actor.user, actor.person, actor.name))
    others = persons_of_actor(state, actor) - own
    what = _DONE.get(state.route.kind, "wrote, edited or submitted this")
    if own & state.excluded:
        raise Denied(f"You {what}, so you do not decide on it.{_whom_it_waits_for(state)}")
    if others & state.excluded:
        raise Denied(f"The person you stand in for {what}, so you do not decide on it for them either.")
    if own & state.used:
        raise Denied("You have already decided on this request, yourself or through somebody, and nobody does twice.")
    if others & state.used:
        raise Denied("The person you stand in for has already decided on this request, and nobody decides twice.")
    if stands_in and not others:
        raise Denied(f"The person you stand in for does not decide on this request.{_whom_it_waits_for(state)}")


_DONE = {"exception": "asked for this exception", "change": "asked for this change", "import": "imported this batch"}


def _held(state: RequestState, seats: Iterable[Seat], actor: Actor, check: WorldCheck) -> tuple[Seat, ...]:
    """The seats that the actor, or the delegator, was named in and still holds."""
    user = actor.user if actor.on_behalf_of is None else actor.on_behalf_of
    named = [seat for seat in seats if user in seat.holders]
    if not named:
        raise Denied(f"You do not decide here.{_whom_it_waits_for(state)}", reasons=_reasons(state))
    if actor.on_behalf_of is not None and not check.lends(state.route, actor.on_behalf_of, actor.user):
        raise Denied(
            "No delegation in force lets you decide for that person here. "
            "They decide themselves, or name you as their substitute for this remit."
        )
    held = tuple(seat for seat in named if check.holds(state.route, seat, user))
    if not held:
        raise Denied(
            f"When this request was submitted, “{named[0].label}” was named to decide; that no longer holds, "
            "so the decision is not yours to take now.",
            reasons=_reasons(state),
        )
    return held


def _leaves_enough(state: RequestState, stage: Stage, seat: Seat, actor: Actor, check: WorldCheck) -> bool:
    """Whether the route can still be completed, by others, once the actor has voted at the seat."""
    voted = {vote.seat for vote in state.votes_at(stage)} | {seat.key}
    blocked = state.excluded | state.used | persons_of_actor(state, actor)
    return completable(remaining_stages(state), people_of(state, check), blocked=blocked, voted=voted)


def _indispensable(state: RequestState, stage: Stage) -> str:
    later = [each.title for each in remaining_stages(state) if each.key != stage.key]
    if stage.quorum_people > 1:
        return "If you voted at this seat the council could no longer reach its quorum. Others have to vote here."
    if later:
        return (
            f"You are needed at the later stage “{later[-1]}”, which would have nobody left, and nobody decides at "
            "two stages. Somebody else decides at this one."
        )
    return "If you decided here the request could no longer be completed. Somebody else has to decide."


def _whom_it_waits_for(state: RequestState) -> str:
    """A further sentence that names the seats, empty where there are none."""
    stage = state.current or state.route.review
    labels = [] if stage is None else [seat.label for seat in stage.seats if seat.holders]
    if not labels:
        return ""
    shown = ", ".join(labels[:3]) + (f" and {len(labels) - 3} more" if len(labels) > 3 else "")
    return f" It waits for: {shown}."


def _reasons(state: RequestState) -> tuple[str, ...]:
    stage = state.current or state.route.review
    if stage is None:
        return ()
    return (stage.rule, stage.fallback) if stage.fallback else (stage.rule,)
