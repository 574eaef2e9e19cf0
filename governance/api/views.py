"""What every address of the API does before and after its own few lines.

How to add a resource
---------------------
1. In ``<package>/api/<noun>.py``: a serializer that says what the thing looks like, and one class for each address.
   A method carries ``@lists``, ``@shows``, ``@downloads`` or ``@writes``; one without is never called. It reads through
   a selector and writes through an action, as the page does::

       class UnitDetail(ApiView):
           \"\"\"One business unit.\"\"\"

           @shows("unit_show", UnitSerializer)
           def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
               \"\"\"Show a unit.\"\"\"
               return self.thing(found(request.user, code))

           @writes("unit_change", UnitSerializer, takes=RenameSerializer, scope=Scope.ADMINISTER, matches=True)
           def patch(self, request: HttpRequest, code: str) -> HttpResponseBase:
               \"\"\"Rename a unit.\"\"\"
               unit = found(request.user, code)
               self.match(unit)                      # where it is declared: 428 without If-Match, 412 with an old one
               return self.done(actions.rename_unit(actor=request.user, unit=unit, **self.asked))

   The name is the operation id: noun, then verb. The docstrings become the schema's words. What is unseen raises
   ``Http404``, exactly as what is absent; refusals of actions are left to pass.
2. In ``<package>/api/urls.py``: ``path("api/v1/…/", View.as_view(), name="api-…")``. ``config/urls.py`` takes the
   module by itself.
3. In ``tests/http/surfaces.py``: a ``Surface`` for the address, and in ``tests/api/cases.py`` a ``Case`` for each
   method, with who may and who may not. Tests fail for an address or a method that is in neither.

What comes by itself: authentication, scope, throttling, unknown parameters (422), sparse fields (``?fields=a,b``),
pages (``limit``, ``cursor``, ``count=1``), filters by the declared form (``self.filters``), ``ETag`` and 304,
``Idempotency-Key``, strict bodies (``self.asked``), problem details, and the schema.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Any, ClassVar, Final, Protocol, cast

import structlog
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from rest_framework.exceptions import MethodNotAllowed, NotAuthenticated
from rest_framework.request import Request as HttpRequest
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder
from rest_framework.views import APIView

from governance import ledger
from governance.actions import kept_answers
from governance.api import pagination, throttling
from governance.api.operations import Operation, Shape, operation_of
from governance.api.problems import ApiError, flat
from governance.errors import Invalid
from governance.locks import lock_for_edit
from governance.scopes import Scope

__all__ = ["ApiView", "HttpRequest", "HttpResponseBase", "etag_of"]

_KEPT_HEADERS: Final = ("ETag", "Location")


class Token(Protocol):
    """What authentication leaves in ``request.auth`` where a token was shown; a browser's session leaves None."""

    def allows(self, scope: Scope) -> bool: ...


class ApiView(APIView):
    """One address of the API; see the module's docstring for how to make one."""

    metadata_class = None
    open_to_all: ClassVar[bool] = False
    """Whether it is answered to whoever asks, and says the same to everybody."""
    _is_matched = False
    _matched: tuple[Any, Shape | None, Callable[[], Any] | None] | None = None

    def initial(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Let the request through to its method, or refuse it; nothing about the thing has been looked up yet."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        self.count(request)
        if not request.user.is_authenticated and not self.open_to_all:
            raise NotAuthenticated
        operation = self._operation(request)
        self._refuse_scope(request, operation)
        self._refuse_parameters(request, operation)

    def perform_content_negotiation(self, request: Any, force: bool = False) -> Any:
        """Choose the form of the answer: a file is handed over as it is, whatever was asked for."""
        operation = operation_of(getattr(self, (request.method or "").lower(), None))
        return super().perform_content_negotiation(request, force or (operation is not None and operation.is_file))

    def count(self, request: HttpRequest) -> None:
        """The request is counted against its person's allowance; refused beyond it."""
        self._allowance = throttling.count_request(request)

    @property
    def allowed_methods(self) -> list[str]:
        """The methods that the address answers to."""
        return [name.upper() for name in self.http_method_names if name != "options" and hasattr(self, name)]

    @property
    def operation(self) -> Operation:
        """What the method that is being called declares."""
        return self._operation(self.request)

    def _operation(self, request: HttpRequest) -> Operation:
        if request.method not in self.allowed_methods:
            raise MethodNotAllowed(request.method or "")
        handler = getattr(self, request.method.lower())
        found = operation_of(handler)
        if found is None:
            raise ImproperlyConfigured(f"{type(self).__name__}.{handler.__name__} declares no operation.")
        return found

    def _refuse_scope(self, request: HttpRequest, operation: Operation) -> None:
        token = cast("Token | None", request.auth)
        if token is not None and not token.allows(operation.scope):
            raise ApiError(
                "scope",
                f"This token was not made for “{operation.scope.value}”: {operation.scope.label.lower()}.",
                scope=operation.scope.value,
            )

    def _refuse_parameters(self, request: HttpRequest, operation: Operation) -> None:
        known = parameters_of(operation)
        unknown = {
            name: f"There is no such parameter. {_known(known)}" for name in request.query_params if name not in known
        }
        if unknown:
            raise Invalid(unknown)
        twice = [name for name, values in request.query_params.lists() if len(values) > 1 and name in _ONCE]
        if twice:
            raise Invalid(dict.fromkeys(twice, "Give this once."))

    # --- carrying out -------------------------------------------------------------------------------------------------

    def carry_out(
        self, handler: Callable[..., HttpResponseBase], request: HttpRequest, **kwargs: Any
    ) -> HttpResponseBase:
        """Call the method that was declared; a write at most once for each Idempotency-Key."""
        operation = self.operation
        if not operation.writes:
            return handler(self, request, **kwargs)
        if operation.matches and "If-Match" not in request.headers:
            raise ApiError("match-needed", "Read the thing first and send its ETag as If-Match.")
        key = request.headers.get("Idempotency-Key")

        def act() -> HttpResponseBase:
            with ledger.checked_first(self._match_again):
                response = handler(self, request, **kwargs)
            if operation.matches and not self._is_matched:
                raise ImproperlyConfigured(f"{operation.name} declares If-Match and never compared it.")
            return response

        return act() if key is None else self._once(key, act)

    def _once(self, key: str, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        user = self.request.user
        attempt = _attempt_id(key)
        try:
            kept = kept_answers.claim(user=user, key=key, request_hash=_hash_of(self.request), request_id=attempt)
        except kept_answers.KeyUsed as error:
            raise ApiError("key-used", error.message) from error
        except kept_answers.KeyAtWork as error:
            raise ApiError("key-at-work", error.message, headers={"Retry-After": "2"}) from error
        except kept_answers.AnswerLost as error:
            raise ApiError("outcome-kept-no-answer", error.message) from error
        if kept is not None:
            return _repeated(kept)
        try:
            with structlog.contextvars.bound_contextvars(request_id=attempt):
                response = self._answered(act)
        except BaseException:
            kept_answers.give_back(user=user, key=key, request_id=attempt)
            raise
        told = response
        if self.operation.tells_once and response.status_code < 300:
            words = "It was carried out. What it told is kept nowhere: read the thing to see how it stands."
            told = self.handle_exception(ApiError("outcome-kept-no-answer", words))
        kept_answers.keep(user=user, key=key, request_id=attempt, answer=_answer_of(told))
        return response

    def _answered(self, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
        """The answer, a refusal included; what nobody foresaw is raised."""
        try:
            return act()
        except Exception as error:  # noqa: BLE001 - handle_exception raises again what it does not know
            return self.handle_exception(error)

    # --- what a method is given ---------------------------------------------------------------------------------------

    @cached_property
    def asked(self) -> dict[str, Any]:
        """The body, checked by the declared shape; unknown fields are refused by name."""
        shape = self.operation.takes
        if shape is None:
            return {}
        if not self.request.content_type.startswith("multipart/"):
            len(self.request.body)  # refuses what is too large; the parsers alone would read on
        body = self.request.data
        if not isinstance(body, Mapping):
            raise ApiError("malformed", "The body is one JSON object.")
        asked = shape(data=body, context={"request": self.request, "view": self})
        known = {name for name, field in getattr(asked, "fields", {}).items() if not field.read_only}
        unknown = {str(name): f"There is no such field. {_known(known)}" for name in body if name not in known}
        if not asked.is_valid():
            raise Invalid(unknown | flat(asked.errors))
        if unknown:
            raise Invalid(unknown)
        return dict(asked.validated_data)

    @cached_property
    def filters(self) -> dict[str, Any]:
        """The query's parameters, checked by the declared form; what was left out holds its empty value."""
        form_class = self.operation.filters
        if form_class is None:
            return {}
        form = form_class(self.request.query_params)
        if not form.is_valid():
            raise Invalid({name: " ".join(str(word) for word in words) for name, words in form.errors.items()})
        return dict(form.cleaned_data)

    @property
    def token(self) -> Token | None:
        """The token that was shown; None where a browser's session speaks."""
        return cast("Token | None", self.request.auth)

    # --- what a method answers ----------------------------------------------------------------------------------------

    def page(
        self,
        rows: "QuerySet[Any]",
        *,
        order: Sequence[str] | None = None,
        prepare: Callable[[list[Any]], Sequence[Any]] | None = None,
    ) -> HttpResponseBase:
        """Return the page of ``rows`` that the query asks for. ``prepare`` makes what is shown of the rows of one page,
        so that what is fetched beside them is fetched for these alone."""
        found = pagination.page_of(self.request, rows, order or self.operation.order)
        shown = prepare(found.rows) if prepare is not None else found.rows
        body: dict[str, Any] = {
            "results": self.render(shown, many=True),
            "next": found.next,
            "previous": found.previous,
        }
        if found.count is not None:
            body["count"] = found.count
        return Response(body)

    def several(self, rows: Sequence[Any]) -> HttpResponseBase:
        """Return a short list that is complete, in the same form as a page."""
        return Response({"results": self.render(rows, many=True), "next": None, "previous": None})

    def thing(self, row: Any) -> HttpResponseBase:
        """Return one thing with its ETag; 304 where the client has it already."""
        whole = self.render(row)
        etag = etag_of(whole)
        named = self.request.headers.get("If-None-Match", "")
        if _names(named, etag):
            return _with_etag(Response(status=304), etag)
        return _with_etag(Response(self._sparse(whole)), etag)

    def file(self, opened: Callable[[], HttpResponseBase], *, etag: str) -> HttpResponseBase:
        """Return a file with its ETag; 304, and nothing is opened, where the client has it already."""
        known = _names(self.request.headers.get("If-None-Match", ""), etag)
        response = Response(status=304) if known else opened()
        response["ETag"] = etag
        return response

    def done(self, row: Any = None, *, at: str = "") -> HttpResponseBase:
        """Return what a write brought about; ``at`` is the address of what it made."""
        status = self.operation.status
        if row is None or self.operation.gives is None:
            return Response(status=204 if status == 200 else status)
        whole = self.render(row)
        response = _with_etag(Response(whole, status=status), etag_of(whole))
        if at:
            response["Location"] = self.request.build_absolute_uri(at)
        return response

    def match(self, row: Any, *, shape: Shape | None = None, again: Callable[[], Any] | None = None) -> None:
        """Return if ``If-Match`` names ``row`` as it is now (as its own GET shows it, by ``shape``); else 412, with how
        it is and what was sent, so that nothing typed is lost.

        It is compared once more inside the change, where everybody else who edits the same row over the API waits: of
        two who send the same ETag at the same moment, one is let through. ``again`` reads it anew, where the bare row
        does not hold all that is shown.
        """
        self._is_matched = True
        self._matched = (row, shape, again)
        self._compare(row, shape)

    def _match_again(self) -> None:
        """Within the change's transaction, before anything in it."""
        if self._matched is None:
            return
        row, shape, again = self._matched
        if isinstance(row, Model):
            lock_for_edit(f"{row._meta.label}:{row.pk}")
            fresh = again() if again is not None else type(row)._base_manager.get(pk=row.pk)
            self._compare(fresh, shape)

    def _compare(self, row: Any, shape: Shape | None) -> None:
        now = self.render(row, shape=shape)
        etag = etag_of(now)
        named = self.request.headers.get("If-Match", "")
        if named.strip() != "*" and not _names(named, etag, weakly=False):
            raise ApiError(
                "stale",
                "Somebody changed this since you read it, so nothing was saved. Merge what you sent with how it is.",
                headers={"ETag": etag},
                theirs=now,
                yours=_told_back(self.request.data),
            )

    def render(self, rows: Any, *, many: bool = False, shape: Shape | None = None) -> Any:
        """Return plain data in the operation's shape; pages leave out what ``?fields=`` does not name."""
        shape = shape or self.operation.gives
        if shape is None:
            raise ImproperlyConfigured(f"{self.operation.name} declares no shape of its answer.")
        serializer = shape(rows, many=many, context={"request": self.request, "view": self})
        if many:
            inner = cast("Any", serializer).child
            wanted = self._wanted(list(inner.fields))
            for name in [name for name in inner.fields if wanted is not None and name not in wanted]:
                inner.fields.pop(name)
        return serializer.data

    def _sparse(self, whole: dict[str, Any]) -> dict[str, Any]:
        wanted = self._wanted(list(whole))
        return whole if wanted is None else {name: value for name, value in whole.items() if name in wanted}

    def _wanted(self, known: Sequence[str]) -> set[str] | None:
        given = self.request.query_params.get("fields")
        if given is None or self.operation.writes:
            return None
        wanted = {name.strip() for name in given.split(",")}
        unknown = sorted(wanted - set(known))
        if unknown:
            raise Invalid({"fields": f"There is no field {', '.join(unknown)}. {_known(known)}"})
        return wanted

    def finalize_response(  # type: ignore[override]  # Django's own responses pass through it as well
        self, request: HttpRequest, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Every answer is its person's alone, and says how many more requests there may be."""
        answered = cast(
            "HttpResponseBase", super().finalize_response(request, cast("Response", response), *args, **kwargs)
        )
        answered.setdefault("Cache-Control", "private, no-cache")
        answered["Vary"] = "Accept, Authorization, Cookie"
        allowance = getattr(self, "_allowance", None)
        if allowance is not None:
            for name, value in allowance.headers().items():
                answered[name] = value
        return answered


_ONCE: Final = frozenset({"limit", "cursor", "count", "fields"})


def parameters_of(operation: Operation) -> frozenset[str]:
    """Return the names of the query's parameters that an operation knows."""
    known = set(operation.filters.base_fields) if operation.filters is not None else set()  # type: ignore[attr-defined]
    if not operation.writes and operation.gives is not None:
        known.add("fields")
    return frozenset(known | (set(pagination.PARAMETERS) if operation.many and not operation.whole else set()))


def etag_of(data: Any) -> str:
    """Return the strong ETag of plain data: the same as long as nothing in it changes."""
    text = json.dumps(data, cls=JSONEncoder, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f'"{sha256(text.encode()).hexdigest()[:40]}"'


def _names(header: str, etag: str, *, weakly: bool = True) -> bool:
    """Whether a header of ETags names this one. Proxies mark an ETag weak when they compress; a comparison for a write
    is strong, so there the mark is no match."""
    if weakly and header.strip() == "*":
        return True
    named = [part.strip() for part in header.split(",")]
    return etag in (part.removeprefix("W/") for part in named) if weakly else etag in named


def _told_back(data: Any) -> Any:
    """What was sent, as it can be told back: a file by its name."""
    if isinstance(data, QueryDict):
        return {name: getattr(value, "name", value) for name, value in data.items()}
    return data


def _with_etag(response: Response, etag: str) -> Response:
    response["ETag"] = etag
    return response


def _known(names: Any) -> str:
    listed = ", ".join(sorted(names))
    return f"Known: {listed}." if listed else "There are none here."


def _attempt_id(key: str) -> str:
    """What the ledger's entries of this attempt carry: the request's own id, told apart from every other attempt."""
    if not key or len(key) > kept_answers.LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid(
            {"Idempotency-Key": f"Give 1 to {kept_answers.LONGEST_KEY} printable ASCII signs, such as a UUID."}
        )
    given = str(structlog.contextvars.get_contextvars().get("request_id", ""))[:40]
    return f"{given}+{secrets.token_hex(8)}"


def _hash_of(request: HttpRequest) -> str:
    """Return the hash of everything that makes a request this one."""
    found = sha256(f"{request.method}\n{request.get_full_path()}\n".encode())
    found.update(request.headers.get("Content-Type", "").encode() + b"\n")
    found.update(request.headers.get("If-Match", "").encode() + b"\n")
    if request.headers.get("Content-Type", "").startswith("multipart/"):
        for name, values in sorted(cast("QueryDict", request.data).lists()):
            for value in values:
                found.update(f"\n{name}\n{getattr(value, 'name', '')}\n".encode())
                if hasattr(value, "chunks"):
                    for chunk in value.chunks():
                        found.update(chunk)
                    cast("Any", value).seek(0)
                else:
                    found.update(str(value).encode())
    else:
        found.update(request.body)
    return found.hexdigest()


def _answer_of(response: HttpResponseBase) -> kept_answers.Answer:
    data = getattr(response, "data", None)
    body = "" if data is None else json.dumps(data, cls=JSONEncoder, ensure_ascii=False, separators=(",", ":"))
    headers = {name: response[name] for name in _KEPT_HEADERS if name in response}
    headers["Content-Type"] = getattr(response, "content_type", None) or "application/json"
    return kept_answers.Answer(response.status_code, body, headers)


def _repeated(kept: kept_answers.Answer) -> HttpResponse:
    response = HttpResponse(kept.body.encode(), status=kept.status, content_type="application/json")
    for name, value in kept.headers.items():
        response[name] = value
    response["Idempotency-Replayed"] = "true"
    return response
