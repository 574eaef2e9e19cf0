"""Transitions: a change of operating model is planned, confirmed by a second person, and applied exactly as planned."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from governance import events, failpoints, ledger
from governance.actions.checks import reason_problem, refuse, text_problem
from governance.actions.numbers import next_number
from governance.actions.setting_up import may_act_alone, may_confirm
from governance.actions.units import end_row
from governance.compiler.snapshot import Snapshot
from governance.errors import Conflict, Denied, Invalid, NotAllowed
from governance.failpoints import failpoint
from governance.models import Assignment, BusinessUnit, Mandate, OperatingModelVersion, Remit, Request, Transition
from governance.permissions import policy, store
from governance.permissions.projecting import (
    PlannedAssignment,
    Projection,
    assignment_problems,
    fingerprints,
    project,
)
from governance.permissions.snapshots import load_snapshot
from governance.rights import Power
from governance.vocabulary import Capability, RiskLevel

LISTED = 500
"""So many people are listed by name for one right in one remit of a saved plan; the counts are always whole."""
BEFORE_ASSIGNMENTS = failpoints.declare("transition.before_assignments")
AFTER_ASSIGNMENTS = failpoints.declare("transition.after_assignments")
AFTER_MANDATES = failpoints.declare("transition.after_mandates")
AFTER_PERMISSIONS = failpoints.declare("transition.after_permissions")
BEFORE_STATE = failpoints.declare("transition.before_state")

State = Transition.State


def plan_transition(*, actor: Any, title: str, reason: str, changes: Sequence[PlannedAssignment]) -> Transition:
    """A transition stands as a draft with its plan computed: who would gain and who would lose which right.

    Refuses assignments that the models forbid (a missing centre, a centre of another kind, a closed unit).
    """
    policy.require(actor, Power.PLAN_TRANSITIONS)
    refuse(
        {
            "title": text_problem(title, name="a title for the plan", longest=200),
            "reason": text_problem(reason, name="why the model changes", longest=5_000),
            "changes": None if changes else "Choose at least one unit.",
        }
    )
    with ledger.change(actor=actor) as change:
        base = store.lock()  # what the plan is computed on stands still until it is written
        transition = Transition(
            number=next_number("P"),
            title=title.strip(),
            reason=reason.strip(),
            changes=[_to_json(item) for item in changes],
            planned_by=actor,
        )
        _compute(transition, load_snapshot(), base.epoch)
        transition.save()
        _record(change, events.TRANSITION_PLANNED, transition, after=_summary(transition))
    return transition


def recalculate(*, actor: Any, transition: Transition) -> Transition:
    """The plan is computed anew on the organisation as it is; whatever confirmation it had is gone."""
    policy.require(actor, Power.PLAN_TRANSITIONS)
    with ledger.change(actor=actor) as change:
        base = store.lock()
        row = _locked(transition)
        _require_state(row, (State.DRAFT, State.WAITING, State.CONFIRMED), "recalculated")
        _compute(row, load_snapshot(), base.epoch)
        row.state = State.DRAFT
        row.confirmed_by, row.confirmed_at, row.confirmation_comment = None, None, ""
        row.save()
        _record(change, events.TRANSITION_PLANNED, row, after={**_summary(row), "recalculated": True})
    return row


def send_for_confirmation(*, actor: Any, transition: Transition) -> Transition:
    """The plan waits for a second administrator or a sponsor; they are told."""
    policy.require(actor, Power.PLAN_TRANSITIONS)
    with ledger.change(actor=actor) as change:
        row = _locked(transition)
        _require_state(row, (State.DRAFT,), "sent for confirmation")
        _refuse_vetoes(row)
        row.state = State.WAITING
        row.save(update_fields=["state"])
        confirmers = policy.who_can(Power.CONFIRM_TRANSITIONS).exclude(person_id=row.planned_by.person_id)
        _record(
            change, events.TRANSITION_SENT, row, after=_summary(row), people=confirmers.values_list("pk", flat=True)
        )
    return row


def confirm_transition(*, actor: Any, transition: Transition, seen_hash: str, comment: str = "") -> Transition:
    """A second person has confirmed exactly the plan they saw (``seen_hash``); it may now be applied."""
    policy.require(actor, Power.CONFIRM_TRANSITIONS)
    refuse({"comment": text_problem(comment, name="your comment", longest=5_000, required=False)})
    if not may_confirm(actor, asked_by=transition.planned_by):
        raise Denied("You planned this change yourself. Another administrator or a sponsor must confirm it.")
    with ledger.change(actor=actor) as change:
        row = _locked(transition)
        _require_state(row, (State.WAITING,), "confirmed")
        if seen_hash != row.plan_hash:
            raise Conflict("The plan was recalculated after you opened it. Read it again before you confirm.")
        row.state, row.confirmed_by, row.confirmed_at = State.CONFIRMED, actor, timezone.now()
        row.confirmation_comment = comment.strip()
        row.save(update_fields=["state", "confirmed_by", "confirmed_at", "confirmation_comment"])
        _record(
            change, events.TRANSITION_CONFIRMED, row, after=_summary(row), reason=comment, people=[row.planned_by_id]
        )
    return row


def refuse_transition(*, actor: Any, transition: Transition, comment: str) -> Transition:
    """A second person has refused the plan, saying why."""
    policy.require(actor, Power.CONFIRM_TRANSITIONS)
    refuse({"comment": text_problem(comment, name="why you refuse", longest=5_000)})
    if not may_confirm(actor, asked_by=transition.planned_by):
        raise Denied("You planned this change yourself. Cancel it instead.")
    with ledger.change(actor=actor) as change:
        row = _locked(transition)
        _require_state(row, (State.WAITING,), "refused")
        row.state, row.confirmed_by, row.confirmed_at = State.REFUSED, actor, timezone.now()
        row.confirmation_comment = comment.strip()
        row.save(update_fields=["state", "confirmed_by", "confirmed_at", "confirmation_comment"])
        _record(change, events.TRANSITION_REFUSED, row, reason=comment, people=[row.planned_by_id])
    return row


def cancel_transition(*, actor: Any, transition: Transition, reason: str = "") -> Transition:
    """The plan will not be applied."""
    policy.require(actor, Power.PLAN_TRANSITIONS)
    refuse({"reason": reason_problem(reason, longest=5_000)})
    with ledger.change(actor=actor) as change:
        row = _locked(transition)
        _require_state(row, (State.DRAFT, State.WAITING, State.CONFIRMED), "cancelled")
        row.state = State.CANCELLED
        row.save(update_fields=["state"])
        _record(change, events.TRANSITION_CANCELLED, row, reason=reason)
    return row


def apply_transition(*, actor: Any, transition: Transition) -> Transition:
    """Exactly the saved plan is in effect, in one transaction: assignments, mandates, permissions, running requests.

    Refuses with ``Conflict`` when anything the plan stands on has changed, and with ``NotAllowed`` before a second
    person has confirmed it (a lone administrator may, until the first document is in force).
    """
    policy.require(actor, Power.PLAN_TRANSITIONS)
    with ledger.change(actor=actor) as change:
        store.lock()
        row = _locked(transition)
        _require_confirmed(row, actor)
        snapshot = load_snapshot()
        projection = project(snapshot, planned_of(row))
        _require_unmoved(row, snapshot, projection)
        _refuse_vetoes(row)
        failpoint(BEFORE_ASSIGNMENTS)
        now = timezone.now()
        _write_assignments(change, row, actor, now)
        failpoint(AFTER_ASSIGNMENTS)
        _write_mandates(change, projection, actor, now)
        failpoint(AFTER_MANDATES)
        applied = store.recompile(change)
        failpoint(AFTER_PERMISSIONS)
        row.state, row.applied_by, row.applied_at = State.APPLIED, actor, now
        failpoint(BEFORE_STATE)
        row.save(update_fields=["state", "applied_by", "applied_at"])
        _record(
            change,
            events.TRANSITION_APPLIED,
            row,
            after={**_summary(row), "rows_written": applied.touched},
            people=sorted(projection.plan.people),
        )
    return row


def planned_of(transition: Transition) -> list[PlannedAssignment]:
    """Return the planned assignments of a stored transition."""
    return [
        PlannedAssignment(
            unit=item["unit"],
            model_version=item["model_version"],
            centre=item.get("centre"),
            centres={Capability(key): unit for key, unit in (item.get("centres") or {}).items()},
            risk_limit=RiskLevel(item["risk_limit"]) if item.get("risk_limit") else None,
            mandate_until=date.fromisoformat(item["mandate_until"]) if item.get("mandate_until") else None,
        )
        for item in transition.changes
    ]


def out_of_date(transition: Transition) -> str:
    """Return what has changed since the plan was computed, as a sentence; empty when nothing has."""
    snapshot = load_snapshot()
    return _moved(transition, snapshot, project(snapshot, planned_of(transition)))


def _compute(transition: Transition, snapshot: Snapshot, epoch: int) -> None:
    planned = planned_of(transition)
    if problems := assignment_problems(snapshot, planned):
        raise Invalid({"changes": " ".join(problems)})
    projection = project(snapshot, planned)
    transition.plan = _plan_to_json(projection)
    transition.plan_hash = projection.plan.hash
    transition.base_epoch = epoch
    transition.planned_at = timezone.now()
    transition.plan["base"] = fingerprints(snapshot)


def _moved(transition: Transition, snapshot: Snapshot, projection: Projection) -> str:
    now, then = fingerprints(snapshot), transition.plan.get("base", {})
    changed = [unit for unit in now.keys() | then.keys() if now.get(unit) != then.get(unit)]
    if changed:
        count = f"{len(changed)} units" if len(changed) > 1 else "1 unit"
        return f"The plan is out of date: {count} changed since it was computed. Recalculate it and have it confirmed."
    if projection.plan.hash != transition.plan_hash:
        return (
            "The plan is out of date: people's memberships changed since it was computed. "
            "Recalculate it and have it confirmed."
        )
    return ""


def _require_unmoved(transition: Transition, snapshot: Snapshot, projection: Projection) -> None:
    if sentence := _moved(transition, snapshot, projection):
        raise Conflict(sentence)


def _require_confirmed(transition: Transition, actor: Any) -> None:
    if transition.state == State.CONFIRMED:
        return
    if transition.state in (State.DRAFT, State.WAITING) and may_act_alone(actor):
        return
    _require_state(transition, (State.DRAFT, State.WAITING, State.CONFIRMED), "applied")
    raise NotAllowed(
        "Nobody has confirmed this plan yet. Send it to a second administrator or a sponsor; it can be applied after."
    )


def _require_state(transition: Transition, states: Iterable[str], done: str) -> None:
    if transition.state not in set(states):
        raise NotAllowed(f"{transition.number} is {State(transition.state).label.lower()}, so it cannot be {done}.")


def _refuse_vetoes(transition: Transition) -> None:
    vetoes = [finding["message"] for finding in transition.plan.get("findings", []) if finding["veto"]]
    if vetoes:
        raise NotAllowed("This plan must not be applied. " + " ".join(vetoes))


def _locked(transition: Transition) -> Transition:
    return Transition.objects.select_for_update(of=("self",)).select_related("planned_by").get(pk=transition.pk)


def _write_assignments(change: ledger.Change, transition: Transition, actor: Any, now: datetime) -> None:
    units = BusinessUnit.objects.in_bulk([item.unit for item in planned_of(transition)])
    versions = OperatingModelVersion.objects.select_related("family").in_bulk(
        [item.model_version for item in planned_of(transition)]
    )
    for item in planned_of(transition):
        unit = units[item.unit]
        before = list(Assignment.objects.valid_at(now).filter(unit=unit).select_related("model_version__family"))
        for row in before:
            end_row(row, actor, now)
        rows = [Assignment(capability="", centre_id=item.centre)]
        rows += [Assignment(capability=key.value, centre_id=named) for key, named in (item.centres or {}).items()]
        for row in rows:
            row.unit, row.model_version_id, row.transition = unit, item.model_version, transition
            row.valid_from, row.recorded_by = now, actor
        Assignment.objects.bulk_create(rows)
        general = next((row for row in before if not row.capability), None)
        change.record(
            events.ASSIGNMENT_CHANGED,
            stream=ledger.stream("unit", unit.public_id),
            subject_title=unit.name,
            subject_url=unit.get_absolute_url(),
            before={"model": str(general.model_version), "centre": general.centre_id} if general else None,
            after={"model": str(versions[item.model_version]), "centre": item.centre, "transition": transition.number},
            reason=transition.reason,
        )


def _write_mandates(change: ledger.Change, projection: Projection, actor: Any, now: datetime) -> None:
    remits = {store.key_of(row): row for row in Remit.objects.select_related("unit")} if projection.new_mandates else {}
    for mandate in Mandate.objects.filter(pk__in=projection.ended_mandates).select_related("remit__unit"):
        end_row(mandate, actor, now)
        _record_mandate(change, events.MANDATE_ENDED, mandate.remit, before={"risk_limit": mandate.risk_limit})
    for plain, item in projection.new_mandates:
        until = item.mandate_until or timezone.localdate() + timedelta(
            days=projection.after.snapshot.models[item.model_version].mandate_days
        )
        remit = remits[plain.remit]
        Mandate.objects.create(
            remit=remit,
            centre_id=plain.centre,
            risk_limit=plain.risk_limit.value,
            valid_from=now,
            valid_to=timezone.make_aware(datetime.combine(until + timedelta(days=1), time.min)),
            recorded_by=actor,
        )
        after = {"risk_limit": plain.risk_limit.value, "until": until.isoformat(), "centre": plain.centre}
        _record_mandate(change, events.MANDATE_CREATED, remit, after=after)


def _record_mandate(change: ledger.Change, event: str, remit: Remit, **what: Any) -> None:
    change.record(
        event,
        stream=ledger.stream("unit", remit.unit.public_id),
        subject_title=str(remit),
        subject_url=remit.unit.get_absolute_url(),
        **what,
    )


def _record(
    change: ledger.Change,
    event: str,
    transition: Transition,
    *,
    after: dict[str, Any] | None = None,
    reason: str = "",
    people: Iterable[int] = (),
) -> None:
    change.record(
        event,
        stream=ledger.stream("transition", transition.public_id),
        subject_title=f"{transition.number} {transition.title}",
        subject_url=f"/model/plans/{transition.number}/",
        after=after,
        reason=reason or transition.reason,
        people=sorted(people),
    )


def _summary(transition: Transition) -> dict[str, Any]:
    return {"plan_hash": transition.plan_hash, "changes": transition.changes, "totals": transition.plan["totals"]}


def _to_json(item: PlannedAssignment) -> dict[str, Any]:
    return {
        "unit": item.unit,
        "model_version": item.model_version,
        "centre": item.centre,
        "centres": {key.value: unit for key, unit in (item.centres or {}).items()},
        "risk_limit": item.risk_limit.value if item.risk_limit else None,
        "mandate_until": item.mandate_until.isoformat() if item.mandate_until else None,
    }


def _plan_to_json(projection: Projection) -> dict[str, Any]:
    plan = projection.plan
    open_requests = Request.objects.filter(status="open", remit__unit_id__in=plan.units).values_list(
        "number", flat=True
    )
    return {
        "totals": {
            "lost": plan.losses,
            "gained": plan.gains,
            "kept": plan.kept,
            "people": len(plan.people),
            "units": len(plan.units),
        },
        "changes": [
            {
                "unit": each.remit.unit,
                "capability": each.remit.capability.value,
                "right": each.right.value,
                "lost": list(each.lost)[:LISTED],
                "gained": list(each.gained)[:LISTED],
                "lost_count": len(each.lost),
                "gained_count": len(each.gained),
                "kept": each.kept,
            }
            for each in plan.changes
        ],
        "governance": [
            {
                "unit": each.remit.unit,
                "capability": each.remit.capability.value,
                "before": _governance(each.before),
                "after": _governance(each.after),
            }
            for each in plan.governance
        ],
        "findings": [
            {
                "code": each.code,
                "message": each.message,
                "unit": each.unit,
                "capability": each.capability.value if each.capability else "",
                "veto": each.veto,
            }
            for each in plan.findings
        ],
        "open_requests": sorted(open_requests),
        "mandates": {"begin": len(projection.new_mandates), "end": len(projection.ended_mandates)},
    }


def _governance(found: Any) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "model_version": found.model_version,
        "mode": found.mode.value,
        "effective_mode": found.effective_mode.value,
        "centre": found.centre,
    }
