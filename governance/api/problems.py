"""Errors of the API as RFC 9457 problem details: what happened, why, and what to do next.

``PROBLEMS`` declares every kind of problem once: its stable code, its status, its title and what a client does about
it. The code ends the problem's ``type``, an address at which a page explains it (``/api/problems/<code>/``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.settings import api_settings

from governance.errors import Conflict, Denied, Invalid, NotAllowed, RemitError

CONTENT_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem. ``advice`` is what whoever writes a client does about it."""

    code: str
    status: int
    title: str
    advice: str


_DECLARED = (
    Problem(
        "malformed",
        400,
        "Not understood",
        "The body is not what its Content-Type says. Send one JSON object, encoded as UTF-8, no deeper than it needs.",
    ),
    Problem(
        "not-signed-in",
        401,
        "Sign in first",
        "Send `Authorization: Bearer remit_…` with a personal token, or sign in with a browser. A token that is wrong, "
        "has expired, was revoked, or whose person is no longer active is refused alike.",
    ),
    Problem(
        "denied",
        403,
        "Not allowed to you",
        "The person does not hold the right. `reasons` is the chain: what was looked for, and what is missing.",
    ),
    Problem(
        "scope",
        403,
        "Not a purpose of this token",
        "The person may hold the right, but the token was not made for this. `scope` names what it lacks.",
    ),
    Problem(
        "csrf",
        403,
        "Not from a page of ours",
        "A write with a browser's session needs its CSRF token in `X-CSRFToken`. Programs use a token instead.",
    ),
    Problem(
        "not-found",
        404,
        "Not found",
        "There is no such thing, or the person may not see it: the answer is the same for both.",
    ),
    Problem(
        "method", 405, "Not done here", "The address exists and does not know this method; `Allow` lists those it does."
    ),
    Problem("not-acceptable", 406, "Not available in that form", "Answers are JSON: accept `application/json`."),
    Problem(
        "not-possible",
        409,
        "Not possible now",
        "Whoever asks, the state of the thing does not allow the step. Read it again before another attempt.",
    ),
    Problem(
        "changed-meanwhile",
        409,
        "Changed meanwhile",
        "Somebody changed the thing since it was read. `theirs` and `yours` hold both texts, if any.",
    ),
    Problem(
        "key-at-work",
        409,
        "Still at work on this key",
        "A request with the same Idempotency-Key has not ended yet. Wait as `Retry-After` says and repeat it.",
    ),
    Problem(
        "outcome-kept-no-answer",
        409,
        "Done, and the answer was lost",
        "The first request with this Idempotency-Key was carried out and its answer could not be kept. Read the thing; "
        "do not send it again.",
    ),
    Problem(
        "stale",
        412,
        "Changed since you read it",
        "`If-Match` does not name the thing as it is now. `theirs` is how it is, `yours` what was sent: merge, "
        "and send again with the new ETag.",
    ),
    Problem(
        "too-large", 413, "Too large", "The body is larger than the installation takes. Files have a way of their own."
    ),
    Problem("media-type", 415, "Not a form that is taken", "Send `Content-Type: application/json`."),
    Problem(
        "invalid",
        422,
        "There is a problem",
        "`fields` maps each field or parameter to a sentence. Unknown fields and parameters are refused, not ignored.",
    ),
    Problem(
        "key-used",
        422,
        "This key belongs to another request",
        "The Idempotency-Key was used for something else within the last day. Make a new key for each new write.",
    ),
    Problem(
        "match-needed",
        428,
        "Say which version you edit",
        "Read the thing first and send its ETag as `If-Match`, so that nobody's work is overwritten unseen.",
    ),
    Problem("too-many", 429, "Too many requests", "Wait as many seconds as `Retry-After` says."),
    Problem(
        "fault",
        500,
        "A fault on our side",
        "Nothing that was not confirmed was done. Writes with an Idempotency-Key can be repeated unchanged.",
    ),
)
PROBLEMS: Final = {problem.code: problem for problem in _DECLARED}

_BY_REFUSAL: Final[dict[type[RemitError], str]] = {
    Denied: "denied",
    NotAllowed: "not-possible",
    Conflict: "changed-meanwhile",
    Invalid: "invalid",
}
_BY_STATUS: Final = {
    400: "malformed",
    401: "not-signed-in",
    403: "denied",
    404: "not-found",
    405: "method",
    406: "not-acceptable",
    413: "too-large",
    415: "media-type",
    429: "too-many",
}


class ApiError(exceptions.APIException):
    """A refusal of the API's own: a code of ``PROBLEMS``, a sentence, and more members of the answer's body."""

    def __init__(self, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail, code)
        self.problem = PROBLEMS[code]
        self.status_code = self.problem.status
        self.sentence = detail
        self.headers = dict(headers or {})
        self.more = more


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to ``error`` as ``application/problem+json``; None for what nobody foresaw."""
    if isinstance(error, ApiError):
        return _with(_answer(error.problem.code, error.sentence, **error.more), error.headers)
    if isinstance(error, RemitError):
        return _refusal(error)
    if isinstance(error, Http404 | exceptions.NotFound):
        return _answer("not-found", NOT_FOUND)
    if isinstance(error, PermissionDenied):
        return _answer("denied", "You may not do this.")
    if isinstance(error, SuspiciousOperation):
        too_large = isinstance(error, RequestDataTooBig)
        return _answer("too-large" if too_large else "malformed", TOO_LARGE if too_large else UNREADABLE)
    if isinstance(error, exceptions.ValidationError):
        return _answer("invalid", "Some fields cannot be accepted.", fields=flat(error.detail))
    return _of_framework(error) if isinstance(error, exceptions.APIException) else None


TOO_LARGE: Final = "The body is larger than this installation takes."
UNREADABLE: Final = "The request could not be read."
NOT_FOUND: Final = "There is no such thing, or you may not see it."


def plain(code: str, detail: str) -> HttpResponse:
    """Return a problem as Django's own response, for what fails outside a view of the API."""
    body = JSONRenderer().render(_body(PROBLEMS[code], detail))
    return HttpResponse(body, status=PROBLEMS[code].status, content_type=CONTENT_TYPE)


def type_of(code: str) -> str:
    """Return the address that names a kind of problem, and explains it."""
    return f"{settings.SITE_URL}/api/problems/{code}/"


def flat(detail: Any, path: str = "") -> dict[str, str]:
    """Return a serializer's errors as one sentence for each field; fields inside others are named with dots."""
    if isinstance(detail, Mapping):
        found: dict[str, str] = {}
        for name, inner in detail.items():
            own = path if name == api_settings.NON_FIELD_ERRORS_KEY else f"{path}.{name}" if path else str(name)
            found |= flat(inner, own)
        return found
    if isinstance(detail, list) and any(isinstance(each, Mapping) for each in detail):
        found = {}
        for place, inner in enumerate(detail):
            found |= flat(inner, f"{path}.{place}" if path else str(place)) if inner else {}
        return found
    words = detail if isinstance(detail, list) else [detail]
    return {path or "request": " ".join(str(word) for word in words)}


def _refusal(error: RemitError) -> Response:
    code = next((_BY_REFUSAL[kind] for kind in type(error).__mro__ if kind in _BY_REFUSAL), "not-possible")
    if isinstance(error, Invalid):
        return _answer(code, "Some fields cannot be accepted.", fields=error.fields)
    if isinstance(error, Denied):
        return _answer(code, error.message, reasons=list(error.reasons))
    if isinstance(error, Conflict):
        return _answer(code, error.message, theirs=error.theirs, yours=error.yours)
    return _answer(code, error.message)


def _of_framework(error: exceptions.APIException) -> Response:
    code = _BY_STATUS.get(error.status_code, "malformed")
    if isinstance(error, exceptions.NotAuthenticated):
        detail = "Send a personal token, or sign in."
    elif isinstance(error, exceptions.PermissionDenied) and str(error.detail).startswith("CSRF"):
        code, detail = "csrf", "The session's own token is missing or wrong, so nothing was done."
    else:
        detail = str(error.detail)
    response = _answer(code, detail)
    header = getattr(error, "auth_header", None)
    return _with(response, {"WWW-Authenticate": header} if header else {})


def _with(response: Response, headers: Mapping[str, str]) -> Response:
    for name, value in headers.items():
        response[name] = value
    return response


def _answer(code: str, detail: str, **more: Any) -> Response:
    problem = PROBLEMS[code]
    return Response(_body(problem, detail, **more), status=problem.status, content_type=CONTENT_TYPE)


def _body(problem: Problem, detail: str, **more: Any) -> dict[str, Any]:
    return {
        "type": type_of(problem.code),
        "code": problem.code,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        **more,
    }
