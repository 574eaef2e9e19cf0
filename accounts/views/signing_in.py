"""Coming in and leaving."""

from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions.signing_in import TooManyAttempts, check_credentials
from accounts.backends import DEMO
from accounts.forms.signing_in import SignInForm
from accounts.models import DemoRole
from accounts.selectors.demo import demo_cards, demo_is_open, demo_user, organisation_name
from governance.drawings import SHAPES
from governance.errors import Invalid
from governance.forms.filling import add_errors

# The poster beside the form: every mode, in a pattern of its own. It shows no organisation's units.
_POSTER = (
    ("unit", "delegated", "council", "joint", "centre", "unit"),
    ("joint", "unit", "unit", "centre", "delegated", "council"),
    ("centre", "unit", "joint", "joint", "joint", "joint"),
    ("unit", "council", "centre", "unit", "delegated", "unit"),
)
_CELL = 56


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let somebody in by address and password; in the demo also offer the people whose part may be played."""
    wanted = safe_next(request.POST.get("next") or request.GET.get("next", ""))
    if request.user.is_authenticated and request.method != "POST":
        return HttpResponseRedirect(wanted)
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                user = check_credentials(**form.cleaned_data, address=request.META.get("REMOTE_ADDR", ""))
            except TooManyAttempts as refusal:
                form.add_error(None, refusal.message)
                status = 429
            except Invalid as refusal:
                add_errors(form, refusal)
            else:
                login(request, user)
                return HttpResponseRedirect(wanted)
    return render(request, "accounts/sign_in.html", _context(form, wanted), status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and show the way back in; in the demo that is how one changes roles."""
    logout(request)
    return HttpResponseRedirect(settings.LOGIN_URL)


@never_cache
@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Play the part of one of the demo's people. There is no such page outside the demo."""
    try:
        user = demo_user(request.POST.get("role", ""))
    except (DemoRole.DoesNotExist, ValidationError) as error:
        raise Http404 from error
    login(request, user, backend=DEMO)
    return HttpResponseRedirect(settings.LOGIN_REDIRECT_URL)


def safe_next(wanted: str) -> str:
    """Return ``wanted`` if it is a page of ours, reached by a plain path; else the first page."""
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, None)
    leads_out = wanted.startswith((settings.LOGIN_URL, "/signout/"))
    return wanted if ours and not leads_out else settings.LOGIN_REDIRECT_URL


def _context(form: SignInForm, wanted: str) -> dict[str, Any]:
    is_open = demo_is_open()
    cards = demo_cards() if is_open else []
    return {
        "page_title": "Sign in",
        "form": form,
        "next": wanted if wanted != settings.LOGIN_REDIRECT_URL else "",
        "poster": poster(),
        "demo_open": is_open,
        "cards": [card for card in cards if card.featured],
        "more_cards": [card for card in cards if not card.featured],
        "organisation": organisation_name() if is_open else "",
    }


@cache
def poster() -> tuple[tuple[str, int, int, SafeString], ...]:
    """Return the cells of the poster: mode, the place of the cell, and the shape inside it."""
    return tuple(
        (mode, 1 + column * _CELL, 1 + row * _CELL, mark_safe(SHAPES[mode]))  # noqa: S308 - our own drawings
        for row, modes in enumerate(_POSTER)
        for column, mode in enumerate(modes)
    )
