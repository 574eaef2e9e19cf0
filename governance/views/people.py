"""People: who belongs where, and what administrators grant and end; what waits for a second person."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance.actions import memberships, organisation_roles
from governance.actions.setting_up import may_confirm
from governance.errors import Denied, Invalid, NotAllowed
from governance.forms.filling import add_errors
from governance.forms.people import MembershipForm, OrganisationRoleForm, ReasonForm
from governance.forms.units import fill_units
from governance.models import BusinessUnit, ConfirmationRequest, Membership, OrganisationRoleHolding
from governance.permissions import policy
from governance.rights import Power
from governance.selectors import standings as selectors
from governance.selectors.delegations import remits_to_lend
from governance.selectors.people import holdings, sees_people, waiting_confirmations
from governance.vocabulary import OrganisationRole, Reach, Role

PER_PAGE = 50
ITS_OWN = "This is for yourself, so it waits for a second administrator or a sponsor. They are told."


@login_required
@require_GET
def people_list(request: HttpRequest) -> HttpResponse:
    """Everybody with where they belong; a guest sees nobody but themselves."""
    return render(request, "governance/people_list.html", {"page_title": "People", **_found(request)})


def _found(request: HttpRequest) -> dict[str, Any]:
    text, unit = request.GET.get("q", "").strip()[:200], request.GET.get("unit", "").strip()[:32]
    rows = selectors.people_found(request.user, text=text, unit=unit)
    return {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "text": text,
        # Whoever may not see the units is not told what one is called either.
        "unit": BusinessUnit.objects.filter(code__iexact=unit).first() if unit and sees_people(request.user) else None,
        "may_people": bool(policy.can(request.user, Power.MANAGE_PEOPLE)),
    }


@login_required
@require_GET
def people_settings(request: HttpRequest) -> HttpResponse:
    """For administrators and sponsors: what waits for a second person, who holds which role, and everybody."""
    may_people = bool(policy.can(request.user, Power.MANAGE_PEOPLE))
    if not may_people:
        policy.require(request.user, Power.CONFIRM_TRANSITIONS)
    waiting = [
        (asked, may_confirm(request.user, asked_by=asked.requested_by)) for asked in waiting_confirmations()[:50]
    ]
    context = {"page_title": "People and roles", "waiting": waiting, "roles": list(holdings()[:100]), **_found(request)}
    return render(request, "governance/people_settings.html", context)


@login_required
@require_POST
def confirmation_decide(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Confirm or refuse, as a second person, what an administrator asked for themselves."""
    policy.require(request.user, Power.CONFIRM_TRANSITIONS)
    try:
        asked = selectors.confirmation_by_id(public_id)
    except ConfirmationRequest.DoesNotExist:
        raise Http404 from None
    confirmed = {"confirm": True, "refuse": False}.get(request.POST.get("step", ""))
    if confirmed is None:
        messages.error(request, "Choose whether to confirm or to refuse.")
        return redirect("people-settings")
    try:
        organisation_roles.decide_confirmation(actor=request.user, asked=asked, confirmed=confirmed)
    except (NotAllowed, Denied, Invalid) as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"You {'confirmed' if confirmed else 'refused'} it: {asked.sentence}")
    return redirect("people-settings")


@login_required
@require_GET
def people_detail(request: HttpRequest, public_id: Any) -> HttpResponse:
    """One person: their memberships, now and before, and the roles they hold for the whole organisation."""
    page = _page(request.user, public_id)
    context = {
        "page_title": page.user.name,
        "person": page,
        "may_people": bool(policy.can(request.user, Power.MANAGE_PEOPLE)),
        "is_self": page.user.pk == request.user.pk,
        "may_delegate": page.user.pk == request.user.pk and remits_to_lend(request.user).exists(),
    }
    return render(request, "governance/people_detail.html", context)


def _page(actor: Any, public_id: Any) -> selectors.PersonPage:
    try:
        return selectors.person_page(actor, public_id)
    except get_user_model().DoesNotExist:
        raise Http404 from None


@login_required
@require_http_methods(["GET", "POST"])
def membership_new(request: HttpRequest, public_id: Any = None, code: str = "") -> HttpResponse:
    """Give somebody a membership: begun from a person's page or from a unit's."""
    policy.require(request.user, Power.MANAGE_PEOPLE)
    person = _page(request.user, public_id).user if public_id is not None else None
    unit = _unit(code) if code else None
    initial = {"person": person.email if person else "", "unit": unit.code if unit else ""}
    form = MembershipForm(
        request.POST if request.method == "POST" else None, initial={"reach": Reach.UNIT.value, **initial}
    )
    fill_units(form, "unit")
    for name, known in (("person", person), ("unit", unit)):
        if known is not None:
            form.fields[name].disabled = True
            form.fields[name].widget = forms.HiddenInput()
    if request.method == "POST" and form.is_valid():
        answered = _grant(request, form)
        if answered is not None:
            return answered
    back = person_url(person) if person is not None else unit.get_absolute_url() if unit is not None else "/people/"
    context = {
        "page_title": f"Add a membership for {person.name}" if person is not None else f"Add a member of {unit}",
        "lede": "It holds in the unit and its documents as the unit’s model says, from the first day to the last.",
        "form": form,
        "back": back,
        "place": (person.name, back) if person is not None else (str(unit), back),
        "button": "Add the membership",
    }
    return render(request, "governance/people_form.html", context, status=422 if form.errors else 200)


def person_url(person: Any) -> str:
    """Return the page of a person."""
    return f"/people/{person.public_id}/"


def _unit(code: str) -> BusinessUnit:
    try:
        return BusinessUnit.objects.get(code__iexact=code)
    except BusinessUnit.DoesNotExist:
        raise Http404 from None


def _grant(request: HttpRequest, form: MembershipForm) -> HttpResponse | None:
    values = form.cleaned_data
    new = memberships.NewMembership(
        user=values["person"],
        unit=values["unit"],
        role=Role(values["role"]),
        reach=Reach(values["reach"]),
        guest=values["guest"],
        since=values["since"],
        until=values["until"],
        reason=values["reason"],
    )
    try:
        made = memberships.grant_membership(actor=request.user, membership=new)
    except Invalid as error:
        add_errors(form, _to_fields(error, {"user": "person"}))
        return None
    except NotAllowed as error:
        form.add_error(None, error.message)
        return None
    if isinstance(made, Membership):
        messages.success(request, f"{new.user.name} is {new.role.value} in {new.unit.name}{_from(made)}.")
    else:
        messages.info(request, ITS_OWN)
    return redirect(f"{new.unit.get_absolute_url()}#people")


def _from(made: Membership) -> str:
    return f" from {made.valid_from:%-d %b %Y}" if made.valid_from > made.recorded_at else " from now on"


def _to_fields(error: Invalid, names: dict[str, str]) -> Invalid:
    return Invalid({names.get(field, field): sentence for field, sentence in error.fields.items()})


@login_required
@require_http_methods(["GET", "POST"])
def membership_end(request: HttpRequest, public_id: Any) -> HttpResponse:
    """End a membership; it stays on record."""
    policy.require(request.user, Power.MANAGE_PEOPLE)
    try:
        row = selectors.membership_by_id(public_id)
    except Membership.DoesNotExist:
        raise Http404 from None
    context = {
        "page_title": f"End {row.user.name}’s membership of {row.unit.name}",
        "lede": f"As {row.role}. It gives nothing from then on; it stays on record.",
        "back": f"{row.unit.get_absolute_url()}#people",
        "place": (row.unit.name, row.unit.get_absolute_url()),
        "button": "End the membership",
    }
    told = f"{row.user.name} is no longer {row.role} in {row.unit.name}."
    return _end(
        request,
        context,
        told,
        lambda reason: memberships.end_membership(actor=request.user, membership=row, reason=reason),
    )


@login_required
@require_http_methods(["GET", "POST"])
def role_end(request: HttpRequest, public_id: Any) -> HttpResponse:
    """End a role for the whole organisation; the last administrator's cannot."""
    policy.require(request.user, Power.MANAGE_PEOPLE)
    try:
        row = selectors.holding_by_id(public_id)
    except OrganisationRoleHolding.DoesNotExist:
        raise Http404 from None
    context = {
        "page_title": f"End {row.user.name}’s role as {row.role}",
        "lede": "It gives nothing from then on; it stays on record.",
        "back": person_url(row.user),
        "place": (row.user.name, person_url(row.user)),
        "button": "End the role",
    }
    told = f"{row.user.name} is no longer {row.role}."
    return _end(
        request,
        context,
        told,
        lambda reason: organisation_roles.end_organisation_role(actor=request.user, holding=row, reason=reason),
    )


def _end(request: HttpRequest, context: dict[str, Any], told: str, deed: Any) -> HttpResponse:
    form = ReasonForm(request.POST) if request.method == "POST" else ReasonForm()
    if form.is_bound and form.is_valid():
        try:
            deed(form.cleaned_data["reason"])
        except Invalid as error:
            add_errors(form, error)
        except NotAllowed as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, told)
            return redirect(context["back"])
    page = {**context, "form": form, "danger": True}
    return render(request, "governance/people_form.html", page, status=422 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def role_new(request: HttpRequest, public_id: Any) -> HttpResponse:
    """Give somebody a role for the whole organisation; one's own wish waits for a second person."""
    policy.require(request.user, Power.MANAGE_PEOPLE)
    person = _page(request.user, public_id).user
    form = OrganisationRoleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        role = OrganisationRole(form.cleaned_data["role"])
        try:
            made = organisation_roles.grant_organisation_role(
                actor=request.user, user=person, role=role, reason=form.cleaned_data["reason"]
            )
        except Invalid as error:
            add_errors(form, error)
        else:
            if isinstance(made, OrganisationRoleHolding):
                messages.success(request, f"{person.name} is {role.value} from now on.")
            else:
                messages.info(request, ITS_OWN)
            return redirect(person_url(person))
    context = {
        "page_title": f"Give {person.name} a role",
        "lede": "For the whole organisation. It gives no right on any document, but an auditor’s reading.",
        "form": form,
        "back": person_url(person),
        "place": (person.name, person_url(person)),
        "button": "Give the role",
    }
    return render(request, "governance/people_form.html", context, status=422 if form.errors else 200)
