"""Units: the tree as a list, one unit's page, and what administrators change: add, rename, move, close."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from governance.actions import units as actions
from governance.compiler.world import World
from governance.errors import Invalid, NotAllowed
from governance.forms.filling import add_errors
from governance.forms.units import CloseForm, MoveForm, NewUnitForm, RenameForm
from governance.models import BusinessUnit
from governance.permissions import policy
from governance.rights import Power
from governance.selectors import units as selectors
from governance.selectors.insiders import require_insider
from governance.selectors.models import in_words, version_number
from governance.selectors.organisation import current_world
from governance.views.model import planners
from governance.vocabulary import Capability, UnitKind


@login_required
@require_GET
def unit_list(request: HttpRequest) -> HttpResponse:
    """Every open unit in the order of the tree, with its model, its centre and how many people belong to it."""
    require_insider(request.user)
    text = request.GET.get("q", "").strip()[:200]
    rows, left_out = selectors.unit_rows(current_world(), text=text)
    return render(
        request,
        "governance/unit_list.html",
        {
            "page_title": "Units",
            "rows": rows,
            "left_out": left_out,
            "text": text,
            "may_manage": bool(policy.can(request.user, Power.MANAGE_UNITS)),
        },
    )


@login_required
@require_GET
def unit_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One unit: where it stands, who decides in it, who belongs to it, what is below it and what it was called."""
    require_insider(request.user)
    unit = _unit(code)
    world = _world_with(unit)
    holding = selectors.holding(world, unit)
    below, left_out = selectors.unit_rows(world, below=unit.pk)
    may_people = bool(policy.can(request.user, Power.MANAGE_PEOPLE))
    return render(
        request,
        "governance/unit_detail.html",
        {
            "page_title": unit.name,
            "unit": unit,
            "path": [world.unit(above) for above in reversed(world.ancestors(unit.pk))],
            "holding": holding,
            "version_number": version_number(holding.version),
            "centres": [world.unit(centre) for centre in holding.centres()],
            "remits": _remits(world, unit, holding),
            "words": in_words(
                {capability: found.effective_mode for capability, found in holding.governance.items()},
                {each: world.unit(row.centre).name for each, row in holding.governance.items() if row.centre},
                many=False,
            )
            if not unit.is_centre
            else [],
            "people": selectors.people_by_role(unit),
            "coming": list(selectors.coming_memberships(unit)[:50]) if may_people else [],
            "below": below,
            "left_out": left_out,
            "periods": list(selectors.periods_of(unit)[:50]),
            "may_manage": bool(policy.can(request.user, Power.MANAGE_UNITS)),
            "may_people": may_people,
            "may_plan": bool(policy.can(request.user, Power.PLAN_TRANSITIONS)),
            "planners": planners() if not policy.can(request.user, Power.PLAN_TRANSITIONS) else "",
        },
    )


def _unit(code: str) -> BusinessUnit:
    try:
        return selectors.unit_for_page(code)
    except BusinessUnit.DoesNotExist:
        raise Http404 from None


def _world_with(unit: BusinessUnit) -> World:
    """The organisation as compiled last; 404 for a unit that came after it, which no finished change leaves behind."""
    world = current_world()
    try:
        world.unit(unit.pk)
    except KeyError:
        raise Http404 from None
    return world


def _remits(world: World, unit: BusinessUnit, holding: Any) -> list[dict[str, Any]]:
    return [
        {
            "capability": capability,
            "mode": found.effective_mode if found is not None else None,
            "fallen": found is not None and found.effective_mode is not found.mode,
            "centre": world.unit(found.centre)
            if found is not None and found.centre is not None and found.centre != unit.pk
            else None,
        }
        for capability in Capability
        for found in [holding.governance.get(capability)]
    ]


# What administrators change. Each deed is a short page of its own.


@login_required
@require_http_methods(["GET", "POST"])
def unit_new(request: HttpRequest, code: str = "") -> HttpResponse:
    """Add a unit below another; without a code, the organisation itself, once."""
    policy.require(request.user, Power.MANAGE_UNITS)
    parent = _unit(code) if code else None
    form = NewUnitForm(request.POST if request.method == "POST" else None)
    if parent is None:
        form.fields["kind"] = forms.ChoiceField(label="Kind", choices=[("organisation", "Organisation")])

    def deed(values: dict[str, Any]) -> BusinessUnit:
        return actions.create_unit(
            actor=request.user,
            code=values["code"],
            name=values["name"],
            kind=UnitKind(values["kind"]),
            parent=parent.code if parent is not None else "",
        )

    page = {
        "page_title": f"Add a unit below {parent.name}" if parent is not None else "Add the organisation",
        "unit": parent,
        "lede": "It comes under the model of the unit above it, until it is given one of its own.",
        "button": "Add the unit",
        "told": "You added {unit.name}.",
    }
    return _deed(request, form, deed, page)


@login_required
@require_http_methods(["GET", "POST"])
def unit_rename(request: HttpRequest, code: str) -> HttpResponse:
    """Give a unit another name; its old one stays in its history."""
    policy.require(request.user, Power.MANAGE_UNITS)
    unit = _unit(code)
    form = RenameForm(request.POST if request.method == "POST" else None, initial={"name": unit.name})

    def deed(values: dict[str, Any]) -> BusinessUnit:
        return actions.rename_unit(actor=request.user, unit=unit, name=values["name"], reason=values["reason"])

    page = {
        "page_title": f"Rename {unit.name}",
        "unit": unit,
        "lede": "Its code, its people and its rights stay. What it was called stays in its history.",
        "button": "Rename the unit",
        "told": "It is called {unit.name} from now on.",
    }
    return _deed(request, form, deed, page)


@login_required
@require_http_methods(["GET", "POST"])
def unit_move(request: HttpRequest, code: str) -> HttpResponse:
    """Put a unit under another one: first it is said which model it comes under, then it is done."""
    policy.require(request.user, Power.MANAGE_UNITS)
    unit = _unit(code)
    world = _world_with(unit)
    form = MoveForm(request.POST if request.method == "POST" else None, units=selectors.possible_parents(world, unit))
    move, to = None, ""
    if form.is_bound and form.is_valid():
        to = form.cleaned_data["parent"].code
        move = selectors.what_a_move_brings(world, unit, form.cleaned_data["parent"])

    def deed(values: dict[str, Any]) -> BusinessUnit:
        return actions.move_unit(actor=request.user, unit=unit, parent=values["parent"], reason=values["reason"])

    page = {
        "page_title": f"Move {unit.name}",
        "unit": unit,
        "lede": "A unit follows the model of what is above it, unless it has one of its own.",
        "button": "Move it" if move is not None else "See what it brings",
        "move": move,
        "move_to": to,
        "told": "{unit.name} has moved.",
    }
    # Another choice than the one whose sentence was read is explained first.
    return _deed(request, form, deed, page, ready=request.POST.get("sure", "") == to)


@login_required
@require_http_methods(["GET", "POST"])
def unit_close(request: HttpRequest, code: str) -> HttpResponse:
    """Close a unit for good: its memberships give nothing from then on, and its documents are only read."""
    policy.require(request.user, Power.MANAGE_UNITS)
    unit = _unit(code)
    form = CloseForm(request.POST if request.method == "POST" else None)

    def deed(values: dict[str, Any]) -> BusinessUnit:
        return actions.close_unit(actor=request.user, unit=unit, reason=values["reason"])

    page = {
        "page_title": f"Close {unit.name}",
        "unit": unit,
        "lede": "Its memberships give nothing from then on and its documents are only read. "
        "Units below go on. A closed unit is never opened again.",
        "button": f"Close {unit.name}",
        "danger": True,
        "told": "{unit.name} is closed.",
    }
    return _deed(request, form, deed, page)


def _deed(
    request: HttpRequest,
    form: Any,
    deed: Callable[[dict[str, Any]], BusinessUnit],
    page: dict[str, Any],
    *,
    ready: bool = True,
) -> HttpResponse:
    """Show the form; once it is valid and ``ready``, do the deed and go to the unit's page. Refusals stand above it."""
    if form.is_bound and form.is_valid() and ready:
        try:
            unit = deed(form.cleaned_data)
        except Invalid as error:
            add_errors(form, error)
        except NotAllowed as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, page["told"].format(unit=unit))
            return redirect(unit.get_absolute_url())
    status = 422 if form.errors else 200
    return render(request, "governance/unit_form.html", {**page, "form": form}, status=status)
