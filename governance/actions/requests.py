"""Requests: opened, decided, objected to, withdrawn, reviewed. One lock, one step of the engine, one transaction."""

from collections import defaultdict
from collections.abc import Callable, Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Q
from django.utils import timezone

from governance import events, failpoints, ledger, subjects
from governance.actions.checks import refuse, text_problem
from governance.actions.numbers import next_number
from governance.actions.running import RUNNING, Running, acting
from governance.actions.undoing import hold_for_undo
from governance.compiler.snapshot import RemitKey
from governance.compiler.world import World
from governance.errors import Conflict
from governance.failpoints import failpoint
from governance.models import BusinessUnit, ChangeRequest, ExceptionRequest, Remit, Request, RequestWaiting
from governance.permissions import policy, store
from governance.permissions.store import key_of
from governance.rights import Right
from governance.selectors.organisation import current_world, units_of
from governance.vocabulary import RiskLevel
from governance.workflow import engine
from governance.workflow import events as flow
from governance.workflow.eligibility import CurrentHolders
from governance.workflow.freezing import from_json
from governance.workflow.route import Route
from governance.workflow.routing import (
    change_route,
    exception_route,
    import_route,
    publication_route,
    reassess_route,
    substitutes,
)
from governance.workflow.state import SYSTEM as MACHINE
from governance.workflow.state import Actor, RequestState
from governance.workflow.storing import state_from_json
from governance.workflow.waiting import waiting_for

LONGEST_EXCEPTION = timedelta(days=365)
LONGEST_TEXT = 20_000
AFTER_STEP = failpoints.declare("requests.after_step")
VERDICTS: dict[str, Callable[..., flow.Event]] = {
    "approve": flow.Approve,
    "request_changes": flow.RequestChanges,
    "reject": flow.Reject,
}
log = structlog.get_logger(__name__)
REVIEWS = {outcome.value: outcome for outcome in flow.ReviewOutcome}
REVOKING = (flow.ReviewOutcome.REVOKE, flow.ReviewOutcome.WITHDRAW_AND_REVOKE)


def open_request(
    change: ledger.Change,
    *,
    actor: Any,
    kind: str,
    subject_kind: str,
    subject: Any,
    remit: Remit,
    subject_version: UUID | None = None,
    subject_hash: str = "",
    reason: str = "",
    effective_on: date | None = None,
    asking_unit: BusinessUnit | None = None,
    submission_key: UUID | None = None,
    risk: RiskLevel | None = None,
    world: World | None = None,
) -> Request:
    """A request stands within ``change``, its route, model version and rule frozen.

    Undecidable ones are kept and reported to administrators. Asks no right: the calling action has. The same
    ``submission_key`` again returns the request that stands; ``Conflict`` where it was used for something else.
    ``world`` is that of ``current_world(hold=True)`` where the caller has it already.
    """
    world = world or current_world(hold=True)
    number = next_number("R")  # from here on no other request is opened before this one stands or is undone
    known = _opened_before(actor, kind, subject, submission_key)
    if known is not None:
        return known
    about = subjects.subject_kind(subject_kind)
    excluded = about.authors(subject, subject_version) | {actor.person_id}
    route = _route(world, kind, key_of(remit), asking_unit, actor, risk, frozenset(excluded))
    now = timezone.now()
    submitter = Actor(actor.pk, actor.person_id, actor.name)
    outcome = engine.open_request(
        route,
        subject_hash=subject_hash,
        submitter=submitter,
        at=now,
        excluded=frozenset() if route.advice or kind in ("change", "exception") else frozenset(excluded),
    )
    request = Request(
        number=number,
        kind=kind,
        status=outcome.state.status.value,
        subject_kind=subject_kind,
        subject_id=subject.public_id,
        subject_version=subject_version,
        subject_hash=subject_hash,
        subject_title=about.title(subject),
        remit=remit,
        asking_unit=asking_unit,
        model_version_id=route.model_version or None,
        mode=route.mode,
        rule=route.stages[0].rule[:500] if route.stages else "",
        reason=reason,
        effective_on=effective_on,
        submitted_by=actor,
        submission_key=submission_key,
        opened_at=now,
    )
    running = Running(change, request, outcome.state, world, actor, now)
    running.record(_opened_event(kind), reason=reason, after={"model_version": route.model_version, "mode": route.mode})
    running.take(outcome)
    running.open()
    return request


def _opened_before(actor: Any, kind: str, subject: Any, key: UUID | None) -> Request | None:
    """The request that the same submission opened before. Asked under the lock of the numbers, so it sees it."""
    known = Request.objects.filter(submission_key=key).first() if key is not None else None
    if known is None:
        return None
    if (known.submitted_by_id, known.kind, known.subject_id) != (actor.pk, kind, subject.public_id):
        raise Conflict("This form was used for something else already. Open it anew and send it again.")
    return known


def _opened_event(kind: str) -> str:
    return {"change": events.CHANGE_REQUEST_RAISED, "exception": events.EXCEPTION_REQUEST_RAISED}.get(
        kind, events.APPROVAL_SUBMITTED
    )


def _route(
    world: World,
    kind: str,
    remit: RemitKey,
    asking_unit: BusinessUnit | None,
    actor: Any,
    risk: RiskLevel | None,
    excluded: frozenset[int],
) -> Route:
    if kind == "change":
        return change_route(world, document_remit=remit, asker_person=actor.person_id)
    if kind == "exception":
        if asking_unit is None or risk is None:
            raise ValueError("An exception is asked for by a unit and has a risk.")
        return exception_route(
            world, document_remit=remit, asking_unit=asking_unit.pk, asker_person=actor.person_id, risk=risk
        )
    if kind == "import":
        return import_route(world, remit, importer_person=actor.person_id)
    return publication_route(world, remit, excluded=excluded, kind=kind)


def decide(
    *,
    actor: Any,
    request: Request,
    verdict: str,
    comment: str = "",
    seen_hash: str = "",
    on_behalf_of: Any = None,
) -> Request:
    """The actor's decision stands, with everything it stood on; a deciding one brings its effect about at once.

    ``verdict`` is ``approve``, ``request_changes`` or ``reject``; the last two need a comment. ``seen_hash`` is the
    hash of what the actor read: ``Conflict`` when the thing has changed since. ``on_behalf_of`` is whom the actor
    stands in for by delegation. Raises ``Denied`` for whoever wrote, edited or submitted it, holds no seat, or decided
    before, whatever identity they use. One that brought nothing about can be taken back for a moment
    (``undoing.undo_decision``), and nobody is told of it before.
    """
    if verdict not in VERDICTS:
        raise ValueError(f"There is no verdict called {verdict!r}.")
    _check_text(comment=comment)
    with ledger.change(actor=actor, on_behalf_of=on_behalf_of) as change:
        running = _load(change, request, actor)
        _require_seen(running, seen_hash, comment)
        event = VERDICTS[verdict](running.request.subject_hash, comment.strip())
        before = running.state
        running.step(event, _acting(running, on_behalf_of))
        failpoint(AFTER_STEP)
        hold_for_undo(running, before)
        running.save()
    return running.request


def withdraw(*, actor: Any, request: Request, comment: str = "") -> Request:
    """The submitter has taken the request back; nothing that was voted counts."""
    return _by_person(actor, request, flow.Withdraw(comment.strip()), comment)


def object_to(*, actor: Any, request: Request, comment: str, on_behalf_of: Any = None) -> Request:
    """The actor's seat objects in the last call; the council's vote or the actor clears it."""
    return _by_person(actor, request, flow.Object(comment.strip()), comment, on_behalf_of=on_behalf_of)


def clear_objection(*, actor: Any, request: Request, number: int) -> Request:
    """Whoever raised the objection has taken it back."""
    return _by_person(actor, request, flow.ClearObjection(number))


def record_review(
    *, actor: Any, request: Request, outcome: str, comment: str = "", on_behalf_of: Any = None
) -> Request:
    """The centre's post-publication review is recorded: accept, withdraw the document, revoke the mandate, or both."""
    if outcome not in REVIEWS:
        raise ValueError(f"There is no outcome of a review called {outcome!r}.")
    event = flow.RecordReview(REVIEWS[outcome], request.subject_hash, comment.strip())
    return _by_person(actor, request, event, comment, on_behalf_of=on_behalf_of, compiles=REVIEWS[outcome] in REVOKING)


def _by_person(
    actor: Any,
    request: Request,
    event: flow.Event,
    comment: str = "",
    *,
    on_behalf_of: Any = None,
    compiles: bool = False,
) -> Request:
    """``compiles`` says that the permissions will be compiled: their lock comes before the request's, as everywhere."""
    _check_text(comment=comment)
    with ledger.change(actor=actor, on_behalf_of=on_behalf_of) as change:
        if compiles:
            store.lock()
        running = _load(change, request, actor)
        running.step(event, _acting(running, on_behalf_of))
        failpoint(AFTER_STEP)
        running.save()
    return running.request


def void_requests(
    change: ledger.Change,
    *,
    subject: Any,
    reason: str,
    new_hash: str = "",
    kinds: Collection[str] = ("publication", "retirement"),
    keep: Request | None = None,
) -> int:
    """Every open approval of the thing is void, for what it was bound to has changed; returns how many were.

    ``keep`` is the request whose own effect this is.
    """
    open_ones = Request.objects.filter(subject_id=subject.public_id, status__in=RUNNING, kind__in=list(kinds))
    if keep is not None:
        open_ones = open_ones.exclude(pk=keep.pk)
    count = 0
    for request in open_ones.order_by("pk"):
        running = Running.load(change, request, world=current_world(), account=ledger.SYSTEM)
        running.step(flow.Void(reason, new_hash))
        running.save()
        count += 1
    return count


def advance_due(now: Any = None) -> int:
    """Every last call that has ended is ended; returns how many requests moved. Running it again changes nothing.

    Each in a change of its own: one that fails is logged, harms no other, and is tried the next time.
    """
    moment = now or timezone.now()
    moved = 0
    for request in list(Request.objects.filter(status="open", not_before__lte=moment).order_by("pk")):
        try:
            moved += _end_last_call(request, moment)
        except Exception:
            log.exception("a last call could not be ended", request=request.number)
    return moved


def _end_last_call(request: Request, moment: datetime) -> bool:
    with ledger.change(actor=ledger.SYSTEM) as change:
        running = _load(change, request, ledger.SYSTEM)
        ends = running.state.last_call_ends()
        if ends is None or ends > moment:
            change.nothing_happened()
            return False
        running.now = moment
        running.step(flow.Tick())
        running.record(events.APPROVAL_REASSESSED, after={"last_call": "ended"})
        running.save()
        return True


def follow_people(change: ledger.Change, world: World) -> None:
    """Running requests follow the organisation: stages with nobody left fall to their reserves, or are undecidable.

    Called within each change that altered permissions, under their lock. All are read by two statements; those for
    which nothing changes are neither locked nor written.
    """
    wanted = Q(status__in=RUNNING) | Q(review_open=True)
    waiting: dict[int, dict[int, str]] = defaultdict(dict)
    for key, user, stage in RequestWaiting.objects.values_list("request_id", "user_id", "stage"):
        waiting[key][user] = stage
    running = Request.objects.filter(wanted).order_by("pk").iterator()
    for request in [each for each in running if not _stays_as_it_is(each, world, waiting[each.pk])]:
        _follow(change, request, world)


def _stays_as_it_is(request: Request, world: World, waiting: dict[int, str]) -> bool:
    state = state_from_json(request.state, from_json(request.route))
    now, check = timezone.now(), CurrentHolders(world)
    after, happened = _looked_at_again(state, world, now)
    if happened or after != state:
        return False
    people = waiting_for(after, now, check)
    wanted = people | substitutes(world, after.route, people)
    return waiting == dict.fromkeys(wanted, after.stage or "review")


def _looked_at_again(state: RequestState, world: World, now: datetime) -> tuple[RequestState, bool]:
    """The state once the request has been looked at again, and whether anything follows from it."""
    check = CurrentHolders(world)
    outcome = engine.advance(state, flow.Tick(), MACHINE, now, check)
    effects = list(outcome.effects)
    if any(isinstance(effect, flow.NeedsReassessment) for effect in effects):
        again = flow.Reassess(reassess_route(world, outcome.state))
        outcome = engine.advance(outcome.state, again, MACHINE, now, check)
        effects += outcome.effects
    return outcome.state, any(not isinstance(effect, flow.NeedsReassessment) for effect in effects)


def _follow(change: ledger.Change, request: Request, world: World) -> None:
    running = Running.load(change, request, world=world, account=ledger.SYSTEM)
    before = (running.state.status, running.state.route)
    running.step(flow.Tick())
    if (running.state.status, running.state.route) != before:
        running.record(events.APPROVAL_REASSESSED, people=running.waits_for())
    running.save()


def ask_change(
    *,
    actor: Any,
    subject: Any,
    unit: BusinessUnit,
    proposal: str,
    reason: str,
    subject_kind: str = "document",
    clause: UUID | None = None,
    clause_label: str = "",
    submission_key: UUID | None = None,
) -> Request:
    """The unit's wish for a change to the thing is on record and waits for those who own it."""
    policy.require(actor, Right.REQUEST_CHANGE, subject)
    refuse(
        {
            "unit": _unit_problem(actor, unit),
            "proposal": text_problem(proposal, name="what should change", longest=LONGEST_TEXT),
            "reason": text_problem(reason, name="why it should change", longest=LONGEST_TEXT),
        }
    )
    about = subjects.subject_kind(subject_kind)
    with ledger.change(actor=actor) as change:
        request = open_request(
            change,
            actor=actor,
            kind="change",
            subject_kind=subject_kind,
            subject=subject,
            remit=about.remit(subject),
            reason=reason,
            asking_unit=unit,
            submission_key=submission_key,
        )
        _, made = ChangeRequest.objects.get_or_create(
            request=request, defaults={"proposal": proposal, "clause": clause, "clause_label": clause_label[:200]}
        )
        if not made:
            change.nothing_happened()
    return request


def ask_exception(
    *,
    actor: Any,
    subject: Any,
    unit: BusinessUnit,
    reason: str,
    until: date | None,
    compensating_control: str,
    risk: str,
    subject_kind: str = "document",
    clause: UUID | None = None,
    clause_label: str = "",
    submission_key: UUID | None = None,
) -> Request:
    """The unit's wish to be excepted is on record and waits for those whom the asking unit's mode names."""
    policy.require(actor, Right.REQUEST_EXCEPTION, subject)
    refuse(
        {
            "unit": _unit_problem(actor, unit),
            "reason": text_problem(reason, name="why you need the exception", longest=LONGEST_TEXT),
            "until": _until_problem(until),
            "compensating_control": text_problem(
                compensating_control, name="what you do instead", longest=LONGEST_TEXT
            ),
            "risk": None if risk in set(RiskLevel) else "Choose the risk: low, medium or high.",
        }
    )
    about = subjects.subject_kind(subject_kind)
    last_day = until or timezone.localdate()
    with ledger.change(actor=actor) as change:
        request = open_request(
            change,
            actor=actor,
            kind="exception",
            subject_kind=subject_kind,
            subject=subject,
            remit=about.remit(subject),
            reason=reason,
            asking_unit=unit,
            submission_key=submission_key,
            risk=RiskLevel(risk),
        )
        _, made = ExceptionRequest.objects.get_or_create(
            request=request,
            defaults={
                "until": last_day,
                "compensating_control": compensating_control,
                "risk": risk,
                "clause": clause,
                "clause_label": clause_label[:200],
            },
        )
        if not made:
            change.nothing_happened()
    return request


def _load(change: ledger.Change, request: Request, actor: Any) -> Running:
    """The organisation is held first, then the request: in the order in which a compilation takes them."""
    world = current_world(hold=True)
    return Running.load(change, request, world=world, account=actor)


def _acting(running: Running, on_behalf_of: Any) -> Actor:
    return acting(running.account, on_behalf_of=on_behalf_of, world=running.world, route=running.state.route)


def _require_seen(running: Running, seen_hash: str, comment: str) -> None:
    request = running.request
    if not request.subject_hash or request.kind in ("change", "exception"):
        return
    about = subjects.subject_kind(request.subject_kind)
    current = about.current_hash(about.locked(request), request.subject_version)
    if seen_hash != request.subject_hash or current != request.subject_hash:
        raise Conflict(
            "The revision changed after you opened this page, so nothing was decided. "
            "Your comment is kept. Read the change and decide again.",
            yours=comment,
        )


def _check_text(**texts: str) -> None:
    refuse(
        {
            name: text_problem(text, name=f"your {name}", longest=LONGEST_TEXT, required=False)
            for name, text in texts.items()
        }
    )


def _unit_problem(actor: Any, unit: BusinessUnit) -> str | None:
    own = list(units_of(actor))
    if unit in own:
        return None
    names = " or ".join(found.name for found in own)
    return f"Choose a unit you belong to: {names}." if names else "You belong to no unit, so you cannot ask for one."


def _until_problem(until: date | None) -> str | None:
    today = timezone.localdate()
    latest = today + LONGEST_EXCEPTION
    if until is None:
        return "Enter the day until which you need the exception."
    if not today < until <= latest:
        return f"Choose a day after today and on or before {latest:%-d %b %Y}: an exception holds for at most 365 days."
    return None
