"""The one place that turns a refusal, a missing page or a fault into a page with a sentence for the person."""

from collections.abc import Mapping
from typing import Any

import structlog
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.http import url_has_allowed_host_and_scheme

from config.uploads import LIMITS
from governance.api import problems
from governance.errors import Conflict, Denied, Invalid, NotAllowed, RemitError


def response_for(request: HttpRequest, error: RemitError) -> HttpResponse:
    """Return the page for a refusal that a view let pass: 403, 409 (also for a step out of turn) or 422.

    A view that holds a form shows ``Invalid`` in the form itself; here it is only listed.
    """
    if isinstance(error, Denied):
        return _page(request, "403", 403, {"message": error.message, "reasons": error.reasons})
    if isinstance(error, Conflict):
        return _page(request, "409", 409, {"message": error.message, "theirs": error.theirs, "yours": error.yours})
    if isinstance(error, NotAllowed):
        return _page(request, "409", 409, {"heading": "This cannot be done now", "message": error.message})
    if isinstance(error, Invalid):
        return _page(request, "400", 422, {"problems": list(error.fields.values())})
    return _page(request, "400", 400, {"message": error.message})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for a request that Django itself could not read."""
    if _is_api(request):
        return problems.plain("malformed", "The request could not be read.")
    return _page(request, "400", 400, {})


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for Django's own refusals; ours carry their sentence and come by ``response_for``."""
    if _is_api(request):
        return problems.plain("denied", "You may not do this.")
    return _page(request, "403", 403, {"message": str(exception)})


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for what is absent, and for what this person may not see: word for word the same."""
    if _is_api(request):
        return problems.plain("not-found", problems.NOT_FOUND)
    return _page(request, "404", 404, {})


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form whose token has run out, so that nobody is shown a bare refusal."""
    context = {
        "message": "This form was open for too long, or you signed in again elsewhere. Nothing was saved. Go back, "
        "reload the page and send it again.",
        "yours": _typed(request),
    }
    return _page(request, "409", 403, {"heading": "This form has expired", **context})


def too_large(request: HttpRequest, limit: int) -> HttpResponse:
    """The page for a file that was stopped while it was received; what was typed beside it can be copied out."""
    is_source = limit == LIMITS["source"]
    return _page(request, "413", 413, {"limit": limit, "is_source": is_source, "yours": _typed(request)})


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for a fault; it asks nothing of the database, which may be what broke."""
    if _is_api(request):
        return problems.plain("fault", "Something broke on our side, and it is on record. Try again in a moment.")
    reference = str(structlog.contextvars.get_contextvars().get("request_id", ""))
    return HttpResponse(get_template("errors/500.html").render({"reference": reference}), status=500)


def _is_api(request: HttpRequest) -> bool:
    """Whether a program asks: it is answered with problem details, never with a page."""
    return request.path.startswith("/api/v1/")


def _page(request: HttpRequest, template: str, status: int, context: Mapping[str, Any]) -> HttpResponse:
    response = render(request, f"errors/{template}.html", {"back_url": _back(request), **context}, status=status)
    if request.headers.get("HX-Request") == "true":
        # A fragment's place is the wrong one for a refusal: it takes the whole of the page's main part.
        for header, value in (("Retarget", "#main"), ("Reswap", "innerHTML"), ("Reselect", "#main > *")):
            response[f"HX-{header}"] = value
    return response


def _back(request: HttpRequest) -> str:
    """Where the person came from, if that is a page of ours; else the first page."""
    came_from = request.headers.get("Referer", "")
    try:
        host = request.get_host()
    except DisallowedHost:  # this page may be the answer to just that
        return "/"
    ours = url_has_allowed_host_and_scheme(came_from, {host}, require_https=request.is_secure())
    return came_from if ours else "/"


def _typed(request: HttpRequest) -> str:
    """What was typed into the form, so that it can be copied out again; never a password."""
    if request.method != "POST":
        return ""
    kept = (
        value
        for name, values in request.POST.lists()
        if name != "csrfmiddlewaretoken" and "password" not in name.lower()
        for value in values
        if len(value) > 20
    )
    return "\n\n".join(kept)
