"""Middleware of the page shell: refusals become pages, and times are shown in the person's own time zone."""

import re
import secrets
import zoneinfo
from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from config.uploads import oversized
from config.views.errors import response_for, too_large
from governance.errors import RemitError
from governance.permissions import policy

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIds:
    """Every request has an id: in each line of the log, on error pages, in the jobs it starts and in the ledger.

    It is the proxy's own ``X-Request-ID`` where there is a proxy and the id is well-formed (8 to 64 letters, digits,
    dots, hyphens and underscores); else one is made. The answer carries it back.
    """

    _WELL_FORMED: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.META.get("HTTP_X_REQUEST_ID", "") if settings.BEHIND_PROXY else ""
        request_id = given if self._WELL_FORMED.fullmatch(given) else secrets.token_hex(8)
        # Where the middleware that logs each request looks for it.
        request.META["HTTP_X_REQUEST_ID"] = request_id
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class NoNul:
    """A NUL stands in no text that is kept, and PostgreSQL refuses it: an address with one names nothing, and a query
    goes on without it. What a form sends is refused by its fields."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path_info:
            raise Http404
        if any("\x00" in value for values in request.GET.lists() for value in (values[0], *values[1])):
            cleaned = QueryDict(mutable=True)
            for name, values in request.GET.lists():
                cleaned.setlist(name.replace("\x00", ""), [value.replace("\x00", "") for value in values])
            request.GET = cleaned  # type: ignore[assignment]
        return self.get_response(request)


class ErrorPages:
    """Turns the kernel's refusals into pages. The API answers its own with problem details and is left alone."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: object) -> HttpResponse | None:
        """Answer a form with a file that is too large before any view acts on the rest of it."""
        limit = oversized(request)
        return None if limit is None else too_large(request, limit)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a refusal with its page; every other exception goes on to Django."""
        if isinstance(exception, RemitError) and not request.path.startswith("/api/"):
            return response_for(request, exception)
        return None


class PersonTimeZone:
    """Shows times in the time zone of whoever is signed in; UTC for everybody else, and for a zone that is unknown."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = getattr(request.user, "time_zone", "") or "UTC"
        try:
            zone: zoneinfo.ZoneInfo = zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            zone = zoneinfo.ZoneInfo("UTC")
        with timezone.override(zone):
            return self.get_response(request)


class PermissionScope:
    """Within one request the permission epoch is read once; a change that the request itself makes is seen at once."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with policy.one_request():
            return self.get_response(request)
