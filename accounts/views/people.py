"""A person's own page: who they are here, and how Remit looks to them."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.actions import people as actions
from accounts.actions.signing_in import TooManyAttempts
from accounts.forms.people import SYSTEM, PasswordForm, ProfileForm
from accounts.models import User
from governance.errors import Invalid, NotAllowed
from governance.forms.filling import add_errors
from governance.forms.people import ReasonForm
from governance.permissions import policy
from governance.rights import Power
from governance.selectors.people import people

_FIELDS = ("name", "title", "theme", "time_zone", "shortcuts")
# What was chosen in this browser alone; what is chosen here holds wherever the person signs in.
_BROWSERS_OWN = ("remit_theme", "remit_keys")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change a person's own account."""
    user: Any = request.user
    initial = {field: getattr(user, field) for field in _FIELDS}
    form = ProfileForm(request.POST or None, initial={**initial, "theme": user.theme or SYSTEM})
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                actions.change_profile(actor=user, **form.cleaned_data)
            except Invalid as refusal:
                add_errors(form, refusal)
            else:
                messages.success(request, "Your profile is saved.")
                response = HttpResponseRedirect("/me/")
                for name in _BROWSERS_OWN:
                    response.delete_cookie(name, samesite="Lax")
                return response
    account = people(user).get(pk=user.pk)
    context = {
        "page_title": "Your profile",
        "form": form,
        "memberships": account.current_memberships,
        "roles": account.current_roles,
        "has_password": user.has_usable_password(),
    }
    return render(request, "accounts/profile_edit.html", context, status=status)


@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change the password; this session goes on, every other one ends. No such page without a password."""
    user: Any = request.user
    if not user.has_usable_password():
        raise Http404
    form = PasswordForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                changed = actions.change_password(actor=user, **form.cleaned_data)
            except TooManyAttempts as refusal:
                form.add_error(None, refusal.message)
                status = 429
            except Invalid as refusal:
                add_errors(form, refusal)
            else:
                update_session_auth_hash(request, changed)
                messages.success(request, "Your password is changed. Your other sessions have ended.")
                return HttpResponseRedirect("/me/")
    return render(
        request, "accounts/password_change.html", {"page_title": "Change your password", "form": form}, status=status
    )


@login_required
@require_http_methods(["GET", "POST"])
def deactivate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An administrator deactivates somebody's account."""
    return _switch(request, public_id, active=False)


@login_required
@require_http_methods(["GET", "POST"])
def reactivate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """An administrator makes somebody's account active again."""
    return _switch(request, public_id, active=True)


def _switch(request: HttpRequest, public_id: UUID, *, active: bool) -> HttpResponse:
    actor: Any = request.user
    policy.require(actor, Power.MANAGE_PEOPLE)
    user = User.objects.filter(public_id=public_id).first()
    if user is None:
        raise Http404
    back, verb = f"/people/{user.public_id}/", "Reactivate" if active else "Deactivate"
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        act = actions.reactivate_account if active else actions.deactivate_account
        try:
            act(actor=actor, user=user, reason=form.cleaned_data["reason"])
        except Invalid as refusal:
            add_errors(form, refusal)
        except NotAllowed as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(
                request, f"The account of {user.name} is {'active again' if active else 'not active now'}."
            )
            return redirect(back)
    context = {
        "page_title": f"{verb} the account of {user.name}",
        "lede": "They hold again what their memberships and roles give."
        if active
        else "They are signed out and hold nothing; what waits for them goes to whoever is left. What they did stays "
        "on record, and the account can be made active again.",
        "form": form,
        "danger": not active,
        "back": back,
        "place": (user.name, back),
        "button": f"{verb} the account",
    }
    return render(request, "governance/people_form.html", context, status=422 if form.errors else 200)
