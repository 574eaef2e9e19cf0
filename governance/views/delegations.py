"""A person's own substitutes: named for a time, and ended early by either of the two."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from governance.actions import delegations as actions
from governance.errors import Invalid, NotAllowed
from governance.forms.delegations import DelegationForm
from governance.forms.filling import add_errors
from governance.forms.people import ReasonForm
from governance.forms.units import fill_units
from governance.models import Delegation
from governance.selectors import delegations as selectors
from governance.views.people import person_url


@login_required
@require_http_methods(["GET", "POST"])
def delegation_new(request: HttpRequest) -> HttpResponse:
    """Name somebody who decides for the person until a day."""
    user: Any = request.user
    form = DelegationForm(request.POST if request.method == "POST" else None)
    fill_units(form, "unit")
    if not selectors.remits_to_lend(user).exists():
        raise NotAllowed("You decide nowhere now, so there is nothing to lend to a substitute.")
    if request.method == "POST" and form.is_valid():
        made = _delegate(request, form)
        if made is not None:
            messages.success(request, f"{made.substitute.name} stands in for you until {_last_day(made)}.")
            return redirect(person_url(user))
    context = {
        "page_title": "Name a substitute",
        "lede": "They decide for you, and it counts as your decision and as theirs. They read only what waits for a "
        "decision; you may still decide yourself.",
        "form": form,
        "back": person_url(user),
        "place": (user.name, person_url(user)),
        "button": "Name the substitute",
    }
    return render(request, "governance/people_form.html", context, status=422 if form.errors else 200)


def _delegate(request: HttpRequest, form: DelegationForm) -> Delegation | None:
    values = form.cleaned_data
    remits = selectors.remits_to_lend(request.user).filter(capability__in=values["capabilities"])
    if values["unit"] is not None:
        remits = remits.filter(unit=values["unit"])
    new = actions.NewDelegation(
        substitute=values["substitute"],
        remits=list(remits),
        since=values["since"],
        until=values["until"],
        reason=values["reason"],
    )
    try:
        return actions.delegate(actor=request.user, delegation=new)
    except Invalid as error:
        add_errors(form, Invalid({"unit" if key == "remits" else key: said for key, said in error.fields.items()}))
    return None


def _last_day(made: Delegation) -> str:
    return f"{made.last_day:%-d %b %Y}" if made.last_day is not None else "it is ended"


@login_required
@require_http_methods(["GET", "POST"])
def delegation_end(request: HttpRequest, public_id: Any) -> HttpResponse:
    """End a delegation that names the person."""
    try:
        row = selectors.delegation_of(request.user, public_id)
    except Delegation.DoesNotExist:
        raise Http404 from None
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.end_delegation(actor=request.user, delegation=row, reason=form.cleaned_data["reason"])
        except Invalid as error:
            add_errors(form, error)
        except NotAllowed as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{row.substitute.name} no longer stands in for {row.delegator.name}.")
            return redirect(person_url(request.user))
    context = {
        "page_title": f"{row.substitute.name} stands in for {row.delegator.name}",
        "lede": "It lends nothing from the moment it is ended; what was decided by it stands.",
        "form": form,
        "danger": True,
        "back": person_url(request.user),
        "place": ("Your page", person_url(request.user)),
        "button": "End the delegation",
    }
    return render(request, "governance/people_form.html", context, status=422 if form.errors else 200)
