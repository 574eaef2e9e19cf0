"""Pages by position, not by number: stable while rows come and go, and as cheap on page thousand as on page one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Protocol
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from governance.errors import Invalid

DEFAULT_LIMIT: Final = 50
MOST: Final = 200
PARAMETERS: Final = ("limit", "cursor", "count")
_SALT: Final = "governance.api.cursor"


class HasQuery(Protocol):
    """What paging asks of a request."""

    @property
    def query_params(self) -> Any: ...

    @property
    def path(self) -> str: ...

    def build_absolute_uri(self, location: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows with the addresses of its neighbours; ``count`` only where it was asked for."""

    rows: list[Any]
    next: str | None
    previous: str | None
    count: int | None


@dataclass(frozen=True, slots=True)
class _Cursor:
    position: list[Any]
    backwards: bool


def page_of(request: HasQuery, rows: "QuerySet[Any]", order: Sequence[str]) -> Page:
    """Return the page that the query asks for, by ``limit``, ``cursor`` and ``count``.

    ``order`` names fields that are never empty, ``-`` for descending; the last is unique. A cursor is opaque and
    signed, and belongs to its address and filters: another one's is refused with ``Invalid``. Costs one statement,
    two with the count.
    """
    limit = _limit(request.query_params.get("limit"))
    counted = _counted(request.query_params.get("count"))
    about = _about(request)
    cursor = _read(request.query_params.get("cursor"), about, len(order))
    count = rows.order_by().count() if counted else None
    backwards = cursor is not None and cursor.backwards
    names = tuple(_turned(name) for name in order) if backwards else tuple(order)
    found = rows.order_by(*names)
    if cursor is not None:
        found = found.filter(_after(rows.model, names, cursor.position))
    taken = list(found[: limit + 1])
    more, taken = len(taken) > limit, taken[:limit]
    if backwards:
        taken.reverse()
    has_next, has_previous = (cursor is not None, more) if backwards else (more, cursor is not None)
    return Page(
        rows=taken,
        next=_link(request, about, order, taken[-1], backwards=False) if taken and has_next else None,
        previous=_link(request, about, order, taken[0], backwards=True) if taken and has_previous else None,
        count=count,
    )


def _limit(given: str | None) -> int:
    if given is None:
        return DEFAULT_LIMIT
    if not given.isascii() or not given.isdecimal() or len(given) > 6 or not 1 <= int(given) <= MOST:
        raise Invalid({"limit": f"Give a number from 1 to {MOST}."})
    return int(given)


def _counted(given: str | None) -> bool:
    if given not in (None, "0", "1"):
        raise Invalid({"count": "Give 1 to have the rows counted, or leave it out."})
    return given == "1"


def _about(request: HasQuery) -> str:
    """The list that a cursor belongs to: address and filters, whatever their order."""
    kept = sorted(
        (name, value)
        for name, values in request.query_params.lists()
        for value in values
        if name not in (*PARAMETERS, "fields")
    )
    return f"{request.path}?{urlencode(kept)}"


def _read(given: str | None, about: str, width: int) -> _Cursor | None:
    if given is None:
        return None
    try:
        held = signing.loads(given, salt=f"{_SALT}:{about}")
        position, backwards = held["p"], held["b"]
    except (signing.BadSignature, ValueError, KeyError, TypeError):
        position, backwards = [], False
    if len(position) != width:
        raise Invalid({"cursor": "This cursor belongs to another list. Begin again without it."})
    return _Cursor(position, bool(backwards))


def _link(request: HasQuery, about: str, order: Sequence[str], row: Any, *, backwards: bool) -> str:
    position = [_plain(_value(row, name.lstrip("-"))) for name in order]
    cursor = signing.dumps({"p": position, "b": backwards}, salt=f"{_SALT}:{about}", compress=True)
    query = request.query_params.copy()
    query["cursor"] = cursor
    query.pop("count", None)
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def _value(row: Any, path: str) -> Any:
    for step in path.split("__"):
        row = getattr(row, step)
    if row is None:
        raise TypeError(f"{path} is empty: pages are ordered by what never is.")
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _after(model: Any, names: Sequence[str], position: Sequence[Any]) -> Q:
    """The rows after a position, in the order of ``names``: later in the first field, or equal there and later in the
    next, and so on."""
    found, equal = Q(), Q()
    try:
        for name, value in zip(names, position, strict=True):
            field = name.lstrip("-")
            step = "lt" if name.startswith("-") else "gt"
            found |= equal & Q(**{f"{field}__{step}": value})
            equal &= Q(**{field: value})
    except (ValidationError, ValueError) as error:
        raise Invalid({"cursor": "This cursor belongs to another list. Begin again without it."}) from error
    return found
