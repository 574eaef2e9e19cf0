"""Governance's operations."""

from typing import Any

from governance.actions.transitions import confirm_transition, send_for_confirmation
from governance.models import ConfirmationRequest, Request, Transition
from tests.api.cases import Case
from tests.http.surfaces import ABSENT_ID, seen_by
from tests.http.world import MEMBERS, ROLES, World, holding_of, membership_of
from tests.knowledge.cast import in_days

REQUESTS, PLANS = "/api/v1/requests/", "/api/v1/plans/"
UNITS, MEMBERSHIPS = "/api/v1/units/", "/api/v1/memberships/"
DELEGATIONS = "/api/v1/delegations/"
ROLES_AT, CONFIRMATIONS = "/api/v1/organisation-roles/", "/api/v1/confirmations/"
EVERYBODY = frozenset(ROLES)
ADMIN, SPONSOR = frozenset({"admin"}), frozenset({"sponsor"})
PLANNERS = frozenset({"admin", "auditor", "sponsor"})


def _at(path: str) -> Any:
    return lambda world: path


def _request(name: str, rest: str = "") -> Any:
    return lambda world: f"{REQUESTS}{world.requests[name].number}/{rest}"


def _plan(rest: str = "") -> Any:
    return lambda world: f"{PLANS}{world.others['plan'].number}/{rest}"


def _sent_plan(rest: str) -> Any:
    """The plan, once it has been put to a second person; undone with whatever else is."""

    def at(world: World) -> str:
        plan = Transition.objects.get(pk=world.others["plan"].pk)
        if plan.state == Transition.State.DRAFT:
            send_for_confirmation(actor=world.cast.admin, transition=plan)
        return f"{PLANS}{plan.number}/{rest}"

    return at


def _confirmed_plan(rest: str) -> Any:
    def at(world: World) -> str:
        address: str = _sent_plan(rest)(world)
        plan = Transition.objects.get(pk=world.others["plan"].pk)
        if plan.state == Transition.State.WAITING:
            confirm_transition(actor=world.people["sponsor"], transition=plan, seen_hash=plan.plan_hash)
        return address

    return at


def _decision(world: World) -> dict[str, Any]:
    waiting = Request.objects.get(pk=world.requests["lab_waiting"].pk)
    return {"verdict": "approve", "seen_hash": waiting.subject_hash}


def _asking(world: World) -> dict[str, Any]:
    return {"document": world.documents["open"].number, "unit": "FIN", "reason": "We need it."}


CASES = (
    Case(name="schema_show", at=_at("/api/v1/schema/"), may=EVERYBODY),
    # Requests
    Case(name="request_list", at=_at(REQUESTS), may=EVERYBODY),
    Case(
        name="request_show",
        at=_request("change"),
        absent=f"{REQUESTS}R-999/",
        may=seen_by("request:change"),
    ),
    Case(
        name="request_decide",
        at=_request("lab_waiting", "decisions/"),
        absent=f"{REQUESTS}R-999/decisions/",
        may=frozenset({"lab"}),
        sees=seen_by("request:lab_waiting"),
        body=_decision,
        leaves="approval.approved",
    ),
    Case(
        name="request_undo_decision",
        at=_request("lab_waiting", "decisions/mine/"),
        absent=f"{REQUESTS}R-999/decisions/mine/",
        may=frozenset(),
        sees=seen_by("request:lab_waiting"),
        elsewhere="tests/governance/api/test_request_steps.py",
    ),
    Case(
        name="request_withdraw",
        at=_request("change", "withdrawal/"),
        absent=f"{REQUESTS}R-999/withdrawal/",
        may=frozenset({"reader"}),
        sees=seen_by("request:change"),
        body=lambda world: {"comment": "No longer needed."},
        leaves="change_request.withdrawn",
    ),
    Case(
        name="request_object",
        at=_request("lab_waiting", "objections/"),
        absent=f"{REQUESTS}R-999/objections/",
        may=frozenset(),
        sees=seen_by("request:lab_waiting"),
        body=lambda world: {"comment": "No."},
        elsewhere="tests/governance/api/test_request_steps.py",
    ),
    Case(
        name="request_clear_objection",
        at=_request("lab_waiting", "objections/1/"),
        absent=f"{REQUESTS}R-999/objections/1/",
        may=frozenset(),
        sees=seen_by("request:lab_waiting"),
        elsewhere="tests/governance/api/test_request_steps.py",
    ),
    Case(
        name="request_review",
        at=_request("lab_waiting", "review/"),
        absent=f"{REQUESTS}R-999/review/",
        may=frozenset(),
        sees=seen_by("request:lab_waiting"),
        body=lambda world: {"outcome": "accept"},
        elsewhere="tests/governance/api/test_request_steps.py",
    ),
    Case(
        name="change_request_open",
        at=_at("/api/v1/change-requests/"),
        may=frozenset({"lead", "reader"}),
        sees=EVERYBODY,
        body=lambda world: {**_asking(world), "proposal": "Otherwise."},
        leaves="change_request.raised",
    ),
    Case(
        name="exception_request_open",
        at=_at("/api/v1/exception-requests/"),
        may=frozenset({"lead", "reader"}),
        sees=EVERYBODY,
        body=lambda world: {
            **_asking(world),
            "until": in_days(30).isoformat(),
            "compensating_control": "We look twice.",
            "risk": "low",
        },
        leaves="exception_request.raised",
    ),
    # Units and who belongs to them
    Case(name="unit_list", at=_at(UNITS), may=MEMBERS),
    Case(name="unit_show", at=_at(f"{UNITS}FIN/"), absent=f"{UNITS}NONE/", may=MEMBERS),
    Case(name="unit_remits", at=_at(f"{UNITS}FIN/remits/"), absent=f"{UNITS}NONE/remits/", may=MEMBERS),
    Case(name="unit_history", at=_at(f"{UNITS}FIN/history/"), absent=f"{UNITS}NONE/history/", may=MEMBERS),
    Case(
        name="unit_create",
        at=_at(UNITS),
        may=ADMIN,
        body=lambda world: {"code": "NEW", "name": "New", "kind": "team", "parent": "FIN"},
        leaves="unit.created",
    ),
    Case(
        name="unit_rename",
        at=_at(f"{UNITS}HR/"),
        absent=f"{UNITS}NONE/",
        may=ADMIN,
        body=lambda world: {"name": "Everybody", "reason": "Nicer."},
        leaves="unit.renamed",
    ),
    Case(
        name="unit_move",
        at=_at(f"{UNITS}PAY/move/"),
        absent=f"{UNITS}NONE/move/",
        may=ADMIN,
        body=lambda world: {"parent": "HR", "reason": "Nearer."},
        leaves="unit.moved",
    ),
    Case(
        name="unit_close",
        at=_at(f"{UNITS}PAY/closing/"),
        absent=f"{UNITS}NONE/closing/",
        may=ADMIN,
        body=lambda world: {"reason": "Merged."},
        leaves="unit.closed",
    ),
    Case(name="membership_list", at=_at(MEMBERSHIPS), may=EVERYBODY),
    Case(
        name="membership_show",
        at=lambda world: f"{MEMBERSHIPS}{membership_of(world, 'reader').public_id}/",
        absent=f"{MEMBERSHIPS}{ABSENT_ID}/",
        may=MEMBERS,
    ),
    Case(
        name="membership_grant",
        at=_at(MEMBERSHIPS),
        may=ADMIN,
        body=lambda world: {"person": str(world.people["outsider"].public_id), "unit": "HR", "role": "reader"},
        leaves="membership.granted",
    ),
    Case(
        name="membership_end",
        at=lambda world: f"{MEMBERSHIPS}{membership_of(world, 'reader').public_id}/end/",
        absent=f"{MEMBERSHIPS}{ABSENT_ID}/end/",
        may=ADMIN,
        body=lambda world: {"reason": "Left."},
        leaves="membership.ended",
    ),
    Case(name="delegation_list", at=_at(DELEGATIONS), may=EVERYBODY),
    Case(
        name="delegation_show",
        at=lambda world: f"{DELEGATIONS}{world.others['delegation'].public_id}/",
        absent=f"{DELEGATIONS}{ABSENT_ID}/",
        may=seen_by("delegation"),
    ),
    Case(
        name="delegation_make",
        at=_at(DELEGATIONS),
        may=frozenset({"lead", "lab"}),
        sees=EVERYBODY,
        body=lambda world: {
            "substitute": world.people["reader"].email,
            "capabilities": ["knowledge"],
            "until": in_days(30).isoformat(),
        },
        leaves="delegation.created",
    ),
    Case(
        name="delegation_end",
        at=lambda world: f"{DELEGATIONS}{world.others['delegation'].public_id}/end/",
        absent=f"{DELEGATIONS}{ABSENT_ID}/end/",
        may=seen_by("delegation"),
        body=lambda world: {"reason": "Back again."},
        leaves="delegation.ended",
    ),
    Case(name="organisation_role_list", at=_at(ROLES_AT), may=MEMBERS),
    Case(
        name="organisation_role_grant",
        at=_at(ROLES_AT),
        may=ADMIN,
        body=lambda world: {"person": world.people["other"].email, "role": "sponsor"},
        leaves="organisation_role.granted",
    ),
    Case(
        name="organisation_role_end",
        at=lambda world: f"{ROLES_AT}{holding_of(world.people['auditor']).public_id}/end/",
        absent=f"{ROLES_AT}{ABSENT_ID}/end/",
        may=ADMIN,
        body=lambda world: {"reason": "Done."},
        leaves="organisation_role.ended",
    ),
    Case(name="confirmation_list", at=_at(CONFIRMATIONS), may=ADMIN | SPONSOR),
    Case(
        name="confirmation_decide",
        at=lambda world: f"{CONFIRMATIONS}{ConfirmationRequest.objects.get().public_id}/decision/",
        absent=f"{CONFIRMATIONS}{ABSENT_ID}/decision/",
        may=SPONSOR,
        sees=ADMIN,
        body=lambda world: {"confirmed": True},
        leaves="confirmation.given",
    ),
    # Operating models and how they come to hold
    Case(name="operating_model_list", at=_at("/api/v1/operating-models/"), may=MEMBERS),
    Case(
        name="operating_model_show",
        at=_at("/api/v1/operating-models/centralized/"),
        absent="/api/v1/operating-models/none/",
        may=MEMBERS,
    ),
    Case(
        name="operating_model_versions",
        at=_at("/api/v1/operating-models/centralized/versions/"),
        absent="/api/v1/operating-models/none/versions/",
        may=MEMBERS,
    ),
    Case(name="assignment_list", at=_at("/api/v1/assignments/"), may=MEMBERS),
    Case(name="plan_list", at=_at(PLANS), may=EVERYBODY),
    Case(name="plan_show", at=_plan(), absent=f"{PLANS}P-999/", may=PLANNERS),
    Case(name="plan_change_list", at=_plan("changes/"), absent=f"{PLANS}P-999/changes/", may=PLANNERS),
    Case(
        name="plan_create",
        at=_at(PLANS),
        may=ADMIN,
        body=lambda world: {
            "title": "Finance on its own",
            "reason": "To try it.",
            "changes": [{"unit": "FIN", "model": "independent"}],
        },
        leaves="transition.planned",
    ),
    Case(
        name="plan_recalculate",
        at=_plan("recalculation/"),
        absent=f"{PLANS}P-999/recalculation/",
        may=ADMIN,
        sees=PLANNERS,
        leaves="transition.planned",
    ),
    Case(
        name="plan_send",
        at=_plan("sending/"),
        absent=f"{PLANS}P-999/sending/",
        may=ADMIN,
        sees=PLANNERS,
        leaves="transition.sent",
    ),
    Case(
        name="plan_confirm",
        at=_sent_plan("confirmation/"),
        absent=f"{PLANS}P-999/confirmation/",
        may=SPONSOR,
        sees=PLANNERS,
        body=lambda world: {"seen_hash": Transition.objects.get(pk=world.others["plan"].pk).plan_hash},
        leaves="transition.confirmed",
    ),
    Case(
        name="plan_refuse",
        at=_sent_plan("refusal/"),
        absent=f"{PLANS}P-999/refusal/",
        may=SPONSOR,
        sees=PLANNERS,
        body=lambda world: {"comment": "Not now."},
        leaves="transition.refused",
    ),
    Case(
        name="plan_cancel",
        at=_plan("cancellation/"),
        absent=f"{PLANS}P-999/cancellation/",
        may=ADMIN,
        sees=PLANNERS,
        body=lambda world: {"reason": "Later."},
        leaves="transition.cancelled",
    ),
    Case(
        name="plan_apply",
        at=_confirmed_plan("application/"),
        absent=f"{PLANS}P-999/application/",
        may=ADMIN,
        sees=PLANNERS,
        leaves="transition.applied",
    ),
    Case(name="right_list", at=_at("/api/v1/rights/?unit=FIN&capability=knowledge"), may=MEMBERS),
    Case(name="right_holders", at=_at("/api/v1/rights/holders/?unit=FIN&capability=knowledge&right=read"), may=MEMBERS),
    # What happened
    Case(name="ledger_list", at=_at("/api/v1/ledger/"), may=frozenset({"admin", "auditor"})),
    Case(
        name="ledger_show",
        at=lambda world: f"/api/v1/ledger/{world.others['entry']}/",
        absent="/api/v1/ledger/999999999/",
        may=frozenset({"auditor"}),
    ),
)
