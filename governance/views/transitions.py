"""Plans: the list, drawing one up, and the page where a plan is read, confirmed and applied."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from governance import ledger
from governance.actions import transitions as actions
from governance.actions.setting_up import may_act_alone, may_confirm
from governance.errors import Conflict, Denied, Invalid, NotAllowed
from governance.figures import RouteStep, Total, phases
from governance.forms.filling import add_errors
from governance.forms.transitions import UNITS, WHOLE, PlanForm, StepForm
from governance.models import BusinessUnit, Transition
from governance.permissions import policy
from governance.permissions.standing import current_epoch
from governance.rights import Power
from governance.selectors import transitions as selectors
from governance.selectors.insiders import require_insider
from governance.selectors.ledger import entries_of_stream
from governance.selectors.organisation import current_world, latest_versions
from governance.views.model import planners

PER_PAGE = 25
GROUPS_PER_PAGE = 6
STATES = {
    "draft": ("draft", "Draft"),
    "waiting": ("in_review", "Waiting for confirmation"),
    "confirmed": ("approved", "Confirmed"),
    "applied": ("in_force", "Applied"),
    "cancelled": ("retired", "Cancelled"),
    "refused": ("rejected", "Refused"),
}
BYS = (("unit", "by unit"), ("person", "by person"), ("right", "by right"))
OPEN_STATES = frozenset({"draft", "waiting", "confirmed"})


@login_required
@require_GET
def plan_list(request: HttpRequest) -> HttpResponse:
    """The plans that the person may open, newest first."""
    require_insider(request.user)
    page = Paginator(selectors.plans_visible_to(request.user), PER_PAGE).get_page(request.GET.get("page"))
    may_plan = bool(policy.can(request.user, Power.PLAN_TRANSITIONS))
    return render(
        request,
        "governance/plan_list.html",
        {
            "page_title": "Plans",
            "page": page,
            "rows": [(plan, STATES[plan.state], selectors.in_words(plan.plan)) for plan in page.object_list],
            "may_plan": may_plan,
            "planners": "" if may_plan else planners(),
            "sees_whole": selectors.sees_whole_plans(request.user),
        },
    )


@login_required
@require_http_methods(["GET", "POST"])
def plan_new(request: HttpRequest) -> HttpResponse:
    """Draw up a plan: where, which model, under which centre, and why. Nothing changes before it is applied."""
    policy.require(request.user, Power.PLAN_TRANSITIONS)
    world = current_world()
    versions = latest_versions()
    form = PlanForm(
        request.POST if request.method == "POST" else None,
        world=world,
        versions=versions,
        initial=_proposed(request, versions),
    )
    if request.method == "POST" and form.is_valid():
        try:
            plan = actions.plan_transition(
                actor=request.user,
                title=form.cleaned_data["title"],
                reason=form.cleaned_data["reason"],
                changes=form.planned(),
            )
        except Invalid as error:
            add_errors(form, error)
        else:
            messages.success(request, f"{plan.number} is a draft. Nothing has changed yet: read what it would do.")
            return redirect(_url(plan))
    return render(
        request,
        "governance/plan_new.html",
        {"page_title": "Plan a change", "form": form},
        status=422 if form.errors else 200,
    )


def _proposed(request: HttpRequest, versions: list[Any]) -> dict[str, Any]:
    """What the address proposes: ``unit`` (a code) and ``model`` (a key)."""
    initial: dict[str, Any] = {}
    unit = BusinessUnit.objects.filter(code__iexact=request.GET.get("unit", ""), closed_at__isnull=True).first()
    if unit is not None:
        initial = {"where": UNITS, "units": [unit.code]} if unit.parent_id is not None else {"where": WHOLE}
    version = next((row for row in versions if row.family.key == request.GET.get("model", "")), None)
    return {**initial, "model_version": version.pk} if version is not None else initial


@login_required
@require_http_methods(["GET", "POST"])
def plan_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One plan: who loses and who gains, what stops it, what becomes of each unit, and its next step."""
    require_insider(request.user)
    plan = _plan(request.user, number)
    if request.method == "POST" and not selectors.sees_whole_plans(request.user):
        policy.require(request.user, Power.PLAN_TRANSITIONS)
    form = StepForm(request.POST if request.method == "POST" else None, initial={"seen_hash": plan.plan_hash})
    if request.method == "POST" and form.is_valid():
        answered = _act(request, plan, form)
        if answered is not None:
            return answered
        plan = _plan(request.user, number)
    status = 422 if form.errors else 200
    return render(request, "governance/plan_detail.html", _context(request, plan, form), status=status)


def _plan(actor: Any, number: str) -> Transition:
    try:
        return selectors.plan_by_number(actor, number)
    except Transition.DoesNotExist:
        raise Http404 from None


def _url(plan: Transition) -> str:
    return f"/model/plans/{plan.number}/"


def _act(request: HttpRequest, plan: Transition, form: StepForm) -> HttpResponse | None:
    step, comment, actor = request.POST.get("step", ""), form.cleaned_data["comment"], request.user
    try:
        if step == "send":
            actions.send_for_confirmation(actor=actor, transition=plan)
            told = f"{plan.number} waits for confirmation. Whoever may confirm it is told."
        elif step == "confirm":
            seen = form.cleaned_data["seen_hash"]
            actions.confirm_transition(actor=actor, transition=plan, seen_hash=seen, comment=comment)
            told = f"You confirmed {plan.number}. An administrator can apply it now."
        elif step == "refuse":
            actions.refuse_transition(actor=actor, transition=plan, comment=comment)
            told = f"You refused {plan.number}."
        elif step == "apply":
            applied = actions.apply_transition(actor=actor, transition=plan)
            told = f"{applied.number} is applied. Everybody’s rights follow the new model from now on."
        elif step == "cancel":
            _cancel(actor, plan, comment)
            told = f"You cancelled {plan.number}. Nothing was changed."
        elif step == "recalculate":
            actions.recalculate(actor=actor, transition=plan)
            told = f"{plan.number} is computed anew on the organisation as it is. It is a draft again."
        else:
            form.add_error(None, "Choose what to do with the plan.")
            return None
    except Invalid as error:
        add_errors(form, error)
        return None
    except (NotAllowed, Denied) as error:
        form.add_error(None, error.message)
        return None
    except Conflict as error:
        form.add_error(None, error.message)
        shown = _context(request, _plan(actor, plan.number), form)
        return render(request, "governance/plan_detail.html", shown, status=409)
    messages.success(request, told)
    return redirect(_url(plan))


def _cancel(actor: Any, plan: Transition, comment: str) -> None:
    """The plan is cancelled; what is wrong with the reason stands at the field in which it was typed."""
    try:
        actions.cancel_transition(actor=actor, transition=plan, reason=comment)
    except Invalid as error:
        fields = dict(error.fields)
        raise Invalid({"comment": fields.pop("reason", error.message), **fields}) from error


def _context(request: HttpRequest, plan: Transition, form: StepForm) -> dict[str, Any]:
    actor: Any = request.user
    whole = selectors.sees_whole_plans(actor)
    world = current_world()
    effects = selectors.effects_of(plan.plan, world)
    before, after = selectors.phase_units(effects)
    context = {
        "page_title": plan.title,
        "plan": plan,
        "state": STATES[plan.state],
        "is_open": plan.state in OPEN_STATES,
        "whole": whole,
        "effects": effects[:6],
        "more_effects": max(len(effects) - 6, 0),
        "phases": phases([("Before", _counted(len(before)), before), ("After", _counted(len(after)), after)]),
        "effective": plan.applied_at,
        **_changes(request, plan, world, whole=whole),
    }
    if not whole:
        return context
    seen, unseen = selectors.touched_requests(actor, plan.plan)
    findings = plan.plan.get("findings", [])
    stale = _stale(plan)
    return context | {
        "form": form,
        "totals": _totals(plan),
        "words": selectors.in_words(plan.plan),
        "vetoes": [each for each in findings if each["veto"]],
        "warnings": [each for each in findings if not each["veto"]],
        "requests": seen,
        "more_requests": unseen,
        "stale": stale,
        "steps": _steps(plan),
        "history": _history(plan),
        **_offers(actor, plan, stale=stale),
    }


def _counted(count: int) -> str:
    return f"{count:,} unit{'' if count == 1 else 's'}"


def _changes(request: HttpRequest, plan: Transition, world: Any, *, whole: bool) -> dict[str, Any]:
    by: Any = request.GET.get("by", "unit")
    by = by if by in dict(BYS) else "unit"
    show = request.GET.get("show", "")
    show = show if show in ("lost", "gained") else ""
    groups = selectors.groups_of(plan.plan, by, show=show, only=None if whole else request.user.pk)
    alone = selectors.group_called(groups, request.GET.get("only", "")) if "only" in request.GET else []
    groups = alone or groups
    page = Paginator(groups, GROUPS_PER_PAGE).get_page(request.GET.get("page"))
    return {
        "by": by,
        "bys": [(key, label, key == by) for key, label in BYS],
        "show": show,
        "page": page,
        "alone": bool(alone),
        "groups": selectors.laid_out(
            list(page.object_list), by, world, most=selectors.MOST_ALONE if alone else selectors.MOST_ROWS
        ),
    }


def _totals(plan: Transition) -> list[Total]:
    totals, url = plan.plan["totals"], "?show={}#changes"
    losing, gaining = selectors.people_who(plan.plan, "lost"), selectors.people_who(plan.plan, "gained")
    lost_url, gained_url = (url.format(side) if totals[side] else "" for side in ("lost", "gained"))
    work = len(plan.plan.get("open_requests", ()))
    return [
        Total("lost", totals["lost"], f"{_people(losing)} a right", lost_url),
        Total(
            "gained",
            totals["gained"],
            f"{_people(gaining, 'gain')} one",
            gained_url,
        ),
        Total("kept", totals["kept"], f"in {_counted(totals['units'])} that the plan touches"),
        Total("open", work, "open requests follow the new people", "#work" if work else ""),
    ]


def _people(count: int, verb: str = "lose") -> str:
    return f"{count:,} {'person' if count == 1 else 'people'} {verb}{'s' if count == 1 else ''}"


def _stale(plan: Transition) -> str:
    """What has changed under an open plan; worked out once for each state of the organisation."""
    if plan.state not in OPEN_STATES:
        return ""
    epoch = current_epoch()
    if plan.base_epoch == epoch:
        return ""
    key = f"plan-stale:{plan.public_id}:{plan.plan_hash}:{epoch}"
    known: str | None = cache.get(key)
    if known is None:
        known = actions.out_of_date(plan)
        cache.set(key, known, 3600)
    return known


def _steps(plan: Transition) -> list[RouteStep]:
    place = {"draft": 1, "waiting": 2, "confirmed": 3, "applied": 4}.get(plan.state, 0)
    planned = f"{plan.planned_by.name}, {plan.created_at:%-d %b %Y}"
    if plan.state in ("cancelled", "refused"):
        by = (
            f"{plan.confirmed_by.name}, {plan.confirmed_at:%-d %b %Y}"
            if plan.confirmed_by and plan.confirmed_at
            else ""
        )
        return [
            RouteStep("Planned", planned, "done"),
            RouteStep("Refused" if plan.state == "refused" else "Cancelled", by, "done", icon="cross"),
        ]
    nobody = "Not needed while the organisation was set up"
    confirmed = _signed(plan.confirmed_by, plan.confirmed_at) or (
        nobody if plan.state == "applied" else "A second administrator or a sponsor"
    )
    applied = _signed(plan.applied_by, plan.applied_at) or "Takes effect at once, for everybody"
    names = (("Planned", planned), ("Sent", "For confirmation"), ("Confirmed", confirmed), ("Applied", applied))
    return [
        RouteStep(title, detail, "done" if index < place else "now" if index == place else "next")
        for index, (title, detail) in enumerate(names)
    ]


def _signed(person: Any, at: Any) -> str:
    return f"{person.name}, {at:%-d %b %Y}" if person is not None and at is not None else ""


def _history(plan: Transition) -> list[dict[str, Any]]:
    entries = entries_of_stream(ledger.stream("transition", plan.public_id), newest_first=True)
    return [
        {"at": line.entry.moment, "who": line.actor_name, "what": _said(plan, line), "mark": line.entry.hash[:8]}
        for line in entries[:50]
    ]


def _said(plan: Transition, line: Any) -> str:
    said: str = line.entry.label
    if line.entry.reason and line.entry.reason != plan.reason:
        said = f"{said}: “{line.entry.reason}”"
    return said


def _offers(actor: Any, plan: Transition, *, stale: str) -> dict[str, Any]:
    """What the person can do with the plan now, and for what they cannot, why not."""
    plans = bool(policy.can(actor, Power.PLAN_TRANSITIONS))
    confirms = plan.state == "waiting" and may_confirm(actor, asked_by=plan.planned_by)
    vetoed = any(each["veto"] for each in plan.plan.get("findings", ()))
    alone = plans and plan.state in ("draft", "waiting") and may_act_alone(actor)
    applies = plans and not vetoed and not stale and (plan.state == "confirmed" or alone)
    return {
        "may_send": plans and plan.state == "draft" and not vetoed and not stale and not alone,
        "may_confirm": confirms and not stale,
        "may_refuse": confirms,
        "may_apply": applies,
        "may_cancel": plans and plan.state in OPEN_STATES,
        "may_recalculate": plans and plan.state in OPEN_STATES,
        "locked_because": _locked_because(actor, plan, plans=plans, confirms=confirms, vetoed=vetoed, stale=stale)
        if plan.state in OPEN_STATES and not applies
        else "",
    }


def _locked_because(actor: Any, plan: Transition, *, plans: bool, confirms: bool, vetoed: bool, stale: str) -> str:
    if vetoed:
        return "It can be sent once what stops it is solved. Solve it, then recalculate the plan."
    if stale:
        return "It can go on once it is recalculated." if plans else "It must be recalculated before it can go on."
    if plan.state == "waiting" and not confirms:
        others = policy.who_can(Power.CONFIRM_TRANSITIONS).exclude(person_id=plan.planned_by.person_id)
        names = list(others.order_by("name").values_list("name", flat=True)[:4])
        own = "You planned this change yourself. " if actor.person_id == plan.planned_by.person_id else ""
        who = f"Ask {', '.join(names)}." if names else "There is none yet: name a sponsor or a second administrator."
        return f"{own}Another administrator or a sponsor must confirm it. {who}"
    if not plans:
        return f"Only an administrator takes it further. {planners()}" if plan.state != "waiting" else ""
    return ""
