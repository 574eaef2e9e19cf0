"""How Remit looks to one person: theme and keyboard shortcuts. Works signed in or not, and without script."""

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

THEMES: Final = {"": "As the system", "light": "Light", "dark": "Dark"}
_YEAR: Final = 365 * 24 * 3600

SHORTCUTS: Final = (
    ("/", "Search standards"),
    ("g w", "Go to My work"),
    ("g l", "Go to the library"),
    ("g r", "Go to requests"),
    ("j", "Next row of the list"),
    ("k", "Row before"),
    ("Enter", "Open the row"),
    ("a", "Move to the approve button, without pressing it"),
    ("c", "Compare, where a page offers it"),
    ("?", "Show this page"),
)


@require_safe
def keys(request: HttpRequest) -> HttpResponse:
    """Show the keyboard shortcuts, with the switch that turns them off."""
    return render(request, "pages/keys.html", {"page_title": "Keyboard shortcuts", "key_rows": SHORTCUTS})


@require_POST
def set_look(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme, or the shortcuts on or off, in this browser for a year; then go back.

    An unknown choice changes nothing.
    """
    response = HttpResponseRedirect(_next(request))
    for name, allowed in (("theme", set(THEMES)), ("keys", {"on", "off"})):
        if (value := request.POST.get(name)) in allowed:
            response.set_cookie(
                f"remit_{name}", str(value), max_age=_YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
            )
    return response


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, None) else "/"
