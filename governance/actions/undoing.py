"""Taking a decision back: for half a minute, by whoever gave it, while nobody was told and nothing has moved since."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from governance import events, ledger, subjects
from governance.actions.running import APPROVALS, RUNNING, Running, acting
from governance.errors import Denied, NotAllowed
from governance.models import Decision, Objection, Request
from governance.permissions import store
from governance.selectors.organisation import current_world
from governance.workflow import events as flow
from governance.workflow.freezing import from_json, to_json
from governance.workflow.state import RequestState, Status
from governance.workflow.storing import state_from_json, state_to_json

HOLD = timedelta(seconds=30)
"""So long nobody is told of a decision that can be taken back."""

_DECIDED = (Status.APPROVED, Status.CHANGES_REQUESTED, Status.REJECTED)


def can_be_undone(kind: str, status: str) -> bool:
    """Return whether a decision that left a request of this kind at this status brought nothing about.

    What was published, retired, taken into force or granted stands at once, and somebody may have acted on it; a
    retirement or an import that was refused has let go of its documents; and who hears that nobody can decide hears
    it at once.
    """
    if status == Status.OPEN:
        return True
    if status in (Status.CHANGES_REQUESTED, Status.REJECTED):
        return kind not in (Request.Kind.RETIREMENT, Request.Kind.IMPORT)
    return status == Status.APPROVED and kind == Request.Kind.CHANGE


def hold_for_undo(running: Running, before: RequestState) -> None:
    """Nobody is told of the step's decision for ``HOLD``, and the request keeps what stood before it.

    Inner: called by ``decide`` between the step and its saving. A decision that brought something about is told at
    once and keeps nothing.
    """
    if running.decision is None or not can_be_undone(running.request.kind, running.state.status):
        return
    running.undo = {
        "decision": running.decision.pk,
        "change": running.change.id,
        "until": (running.now + HOLD).isoformat(),
        "state": state_to_json(before),
        "route": to_json(before.route) if before.route != running.state.route else None,
    }
    running.change.hold_deliveries(HOLD)


def undo_decision(*, actor: Any, request: Request) -> Request:
    """The actor's last decision on the request counts for nothing; the request stands where it stood before.

    Only the same natural person, within ``HOLD``, while nobody was told of it and nobody has acted since, and only
    where it brought nothing about. The decision stays on record, marked as taken back, beside an entry that says so.
    ``Denied`` for whoever has not decided on it; ``NotAllowed`` with why in every other case. Event:
    ``approval.taken_back``.
    """
    with ledger.change(actor=actor) as change:
        store.lock()  # before the request's, as everywhere: nobody submits or compiles meanwhile
        running = Running.load(change, request, world=current_world(), account=actor)
        acting(actor)
        decision, kept = _own_decision(running)
        _require_free(running)
        if running.now > datetime.fromisoformat(kept["until"]) or not change.cancel_held(kept["change"]):
            raise NotAllowed(_too_late(running.request))
        voted = running.state
        frozen = kept["route"]
        running.state = state_from_json(kept["state"], from_json(frozen) if frozen else voted.route)
        Decision.objects.filter(pk=decision.pk, undone_at__isnull=True).update(undone_at=timezone.now())
        _raise_again(running)
        running.record(
            events.APPROVAL_TAKEN_BACK,
            before={"status": voted.status.value, "stage": voted.stage},
            after={
                "status": running.state.status.value,
                "stage": running.state.stage,
                "decision": decision.public_id,
                "verdict": decision.verdict,
            },
        )
        running.step(flow.Tick())  # a last call may have ended meanwhile, and somebody may have left
        running.save()
    return running.request


def _own_decision(running: Running) -> tuple[Decision, dict[str, Any]]:
    """The actor's decision with what the row keeps for taking it back."""
    request, kept = running.request, running.request.undo
    stand = Decision.objects.filter(request=request, person_key=running.account.person_id, undone_at__isnull=True)
    decision = stand.order_by("-decided_at", "-pk").first()
    if decision is None:
        raise Denied(f"You have no decision on {request.number} to take back.")
    if kept is not None and kept["decision"] == decision.pk:
        return decision, kept
    if request.status in _DECIDED and not can_be_undone(request.kind, request.status):
        raise NotAllowed(
            f"Your decision on {request.number} has taken effect, so it cannot be taken back. Open "
            f"{request.subject_title} to see what can be done now."
        )
    raise NotAllowed(
        f"{request.number} has moved on since you decided, so your decision cannot be taken back. "
        f"Speak with {request.submitted_by.name}, who submitted it."
    )


def _require_free(running: Running) -> None:
    """What a decision against has let go of is as it was: nobody has edited it, put it up again, or closed its unit."""
    request = running.request
    if request.status in RUNNING:
        return
    about = subjects.subject_kind(request.subject_kind)
    if request.kind in APPROVALS:
        current = about.current_hash(about.locked(request), request.subject_version)
        others = Request.objects.filter(subject_id=request.subject_id, kind=request.kind, status__in=RUNNING)
        changed = current != request.subject_hash or others.exists()
    else:
        changed = request.remit.unit.is_closed or (request.asking_unit is not None and request.asking_unit.is_closed)
    if changed:
        raise NotAllowed(
            f"{request.subject_title} was changed after you decided on {request.number}, so your decision cannot be "
            "taken back. It can be submitted again."
        )


def _too_late(request: Request) -> str:
    return (
        f"Half a minute has passed and your decision on {request.number} was told to those it concerns, so it cannot "
        f"be taken back. Speak with {request.submitted_by.name}, who submitted it."
    )


def _raise_again(running: Running) -> None:
    """The objections that the decision cleared by its vote stand again."""
    stand = [each.number for each in running.state.open_objections]
    if stand:
        Objection.objects.filter(request=running.request, number__in=stand).update(cleared_at=None, cleared_by=None)
