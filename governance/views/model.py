"""The operating model: who decides, who may do what and why, what each model says, and checking one permission."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from governance.compiler.world import World
from governance.figures import RailRow, rail, rights_matrix, unit_chart
from governance.forms.people import PersonField
from governance.forms.transitions import in_tree_order
from governance.forms.units import MOST_LISTED
from governance.models import BusinessUnit, OperatingModelFamily, OperatingModelVersion, Remit
from governance.permissions import policy
from governance.permissions.snapshots import model_of
from governance.rights import Power, Right
from governance.selectors import models as selectors
from governance.selectors import rights
from governance.selectors.insiders import require_insider
from governance.selectors.organisation import current_world, latest_versions, model_family
from governance.selectors.transitions import plans_visible_to
from governance.vocabulary import Capability, Mode

MOST_DRAWN = 60


def planners() -> str:
    """Say who may plan a change of model, by name."""
    names = list(policy.who_can(Power.PLAN_TRANSITIONS).order_by("name").values_list("name", flat=True)[:4])
    if not names:
        return "Only an administrator may plan a change, and there is none now."
    shown = f"{', '.join(names[:3])} or others" if len(names) > 3 else " or ".join(names)
    return f"Only administrators plan a change of the model. Ask {shown}."


@login_required
@require_GET
def model_home(request: HttpRequest) -> HttpResponse:
    """The current model in words, who decides, who may do what in one remit, and the units with their models."""
    require_insider(request.user)
    world = current_world()
    root = selectors.root_of(world)
    context: dict[str, Any] = {
        "page_title": "Operating model",
        "may_plan": bool(policy.can(request.user, Power.PLAN_TRANSITIONS)),
        "may_add": bool(policy.can(request.user, Power.MANAGE_UNITS)),
        "may_explain": bool(policy.can(request.user, Power.EXPLAIN_ANYONE)),
        "models": selectors.catalogue(world, latest_versions()),
    }
    if not context["may_plan"]:
        context["planners"] = planners()
    if root is None:
        return render(request, "governance/model_home.html", context)
    whole = selectors.holding_of(world, root.id)
    tree = selectors.unit_tree(world, whole, note=_root_note(whole))
    listed, left_out = selectors.pruned(tree, MOST_DRAWN)
    context |= {
        "whole": whole,
        "words": selectors.in_words(_modes(whole), _centre_names(world, whole)),
        "rail": rail(selectors.rail_rows(world, whole)),
        "differing": selectors.units_that_differ(world, whole),
        "chart": unit_chart(tree, limit=MOST_DRAWN),
        "tree": listed,
        "left_out": left_out,
        "unit_count": sum(1 for unit in world.units if not unit.closed and not unit.kind.is_centre),
        "centre_count": sum(1 for unit in world.units if not unit.closed and unit.kind.is_centre),
        "waiting_plan": plans_visible_to(request.user).filter(state__in=["draft", "waiting", "confirmed"]).first(),
        "version_number": selectors.version_number(whole.version),
        **_matrix(request, world),
    }
    return render(request, "governance/model_home.html", context)


def _root_note(whole: selectors.Holding) -> str:
    if whole.model is None:
        return "No model assigned"
    since = f", since {whole.since:%-d %b %Y}" if whole.since is not None else ""
    return f"{whole.model.name}{since}"


def _modes(holding: selectors.Holding) -> dict[Capability, Mode]:
    return {capability: found.mode for capability, found in holding.governance.items()}


def _centre_names(world: World, holding: selectors.Holding) -> dict[Capability, str]:
    return {
        capability: world.unit(found.centre).name
        for capability, found in holding.governance.items()
        if found.centre is not None
    }


def _matrix(request: HttpRequest, world: World) -> dict[str, Any]:
    """The matrix of the remit that the query names, the person's own unit without one; with a cell, its reason."""
    remit = _asked_remit(request, world)
    found = rights.rights_in(remit, world)
    role, right = request.GET.get("role", ""), request.GET.get("right", "")
    relation = found.relation(role)
    chosen = (role, right) if relation is not None and right in set(Right) else ("", "")
    base = urlencode({"unit": remit.unit.code, "capability": remit.capability})
    modes = {
        Capability(each.capability): Mode(each.effective_mode)
        for each in Remit.objects.filter(unit=remit.unit_id).exclude(effective_mode="")
    }
    listed = [unit for unit in in_tree_order(world) if not unit.closed]
    return {
        "remit": remit,
        "unit_choices": [(unit.code, unit.name) for unit in listed] if len(listed) <= MOST_LISTED else None,
        "capability_choices": rights.capabilities_of(modes),
        "matrix": rights_matrix(rights.matrix_rows(found, base=base, chosen=chosen)),
        "matrix_caption": f"Who may do what in {remit.unit.name}, {Capability(remit.capability).label}",
        "reason": rights.reason_of(found, relation, Right(right), with_names=True) if relation and chosen[0] else None,
    }


def _asked_remit(request: HttpRequest, world: World) -> Remit:
    capability = request.GET.get("capability", Capability.KNOWLEDGE.value)
    code = request.GET.get("unit", "")
    if not code:
        own = rights.default_unit(request.user, world)
        code = world.unit(own).code if own is not None else ""
    try:
        return rights.remit_of(code, capability)
    except Remit.DoesNotExist:
        raise Http404 from None


@login_required
@require_GET
def model_detail(request: HttpRequest, key: str) -> HttpResponse:
    """One operating model: what it is for, its advantages and drawbacks, who decides under it, and who uses it."""
    require_insider(request.user)
    try:
        family = model_family(key)
    except OperatingModelFamily.DoesNotExist:
        raise Http404 from None
    versions = list(OperatingModelVersion.objects.filter(family=family).select_related("family").order_by("-number"))
    chosen = _chosen_version(request, versions)
    model = model_of(chosen)
    world = current_world()
    users = selectors.users_of_model(world, family.key)
    return render(
        request,
        "governance/model_detail.html",
        {
            "page_title": family.name,
            "family": family,
            "versions": versions,
            "chosen": chosen,
            "model": model,
            "words": selectors.in_words(model.modes, {}),
            "rail": rail([RailRow(capability, model.modes[capability]) for capability in Capability]),
            "modes": [(mode, selectors.MODE_STEPS[mode]) for mode in Mode if mode in model.modes.values()],
            "facts": selectors.facts_of(model),
            "users": users,
            "governed": selectors.governed_count(world, family.key),
            "may_plan": bool(policy.can(request.user, Power.PLAN_TRANSITIONS)),
            "planners": planners(),
        },
    )


def _chosen_version(request: HttpRequest, versions: list[OperatingModelVersion]) -> OperatingModelVersion:
    wanted = request.GET.get("version", "")
    found = next((row for row in versions if str(row.number) == wanted), None) if wanted else versions[0]
    if found is None:
        raise Http404
    return found


@login_required
@require_GET
def model_check(request: HttpRequest) -> HttpResponse:
    """May somebody do something in a unit and capability, and why: of anyone for administrators and auditors, and of
    oneself for every member."""
    require_insider(request.user)
    may_explain = bool(policy.can(request.user, Power.EXPLAIN_ANYONE))
    world = current_world()
    asked = {name: request.GET.get(name, "").strip() for name in ("person", "right", "unit", "capability")}
    problems: dict[str, str] = {}
    decision = None
    if any(asked.values()):
        person = _asked_person(request, asked["person"], problems)
        remit = _named_remit(asked, problems)
        if asked["right"] not in set(Right):
            problems["right"] = "Choose a right."
        if not problems and person is not None and remit is not None:
            decision = policy.can(person, Right(asked["right"]), remit)
    listed = [unit for unit in in_tree_order(world) if not unit.closed]
    context = {
        "page_title": "Check a permission",
        "may_explain": may_explain,
        "asked": asked,
        "problems": problems,
        "decision": decision,
        "rights": [(right.value, right.label) for right in Right],
        "capabilities": [(each.value, each.label) for each in Capability],
        "unit_choices": [(unit.code, unit.name) for unit in listed] if len(listed) <= MOST_LISTED else None,
    }
    return render(request, "governance/model_check.html", context, status=422 if problems else 200)


def _asked_person(request: HttpRequest, text: str, problems: dict[str, str]) -> Any:
    """The account that is asked about; whoever may not ask about others is refused, whether or not there is one."""
    user: Any = request.user
    if not text or text.lower() in (user.email.lower(), user.name.lower()):
        return user
    policy.require(user, Power.EXPLAIN_ANYONE)
    try:
        return PersonField().clean(text)
    except forms.ValidationError as error:
        problems["person"] = " ".join(error.messages)
        return None


def _named_remit(asked: dict[str, str], problems: dict[str, str]) -> Remit | None:
    if asked["capability"] not in set(Capability):
        problems["capability"] = "Choose a capability."
    if not BusinessUnit.objects.filter(code__iexact=asked["unit"]).exists():
        problems["unit"] = f"No unit has the code {asked['unit']}." if asked["unit"] else "Choose a unit."
    return None if problems.keys() & {"unit", "capability"} else rights.remit_of(asked["unit"], asked["capability"])
