"""A request's state as JSON and back. The route is frozen apart (``freezing``), for it is written once."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, get_args, get_origin, get_type_hints

from governance.workflow.route import Route
from governance.workflow.state import RequestState

VERSION = 1


def state_to_json(state: RequestState) -> dict[str, Any]:
    """Return the state without its route, as values JSON can hold; moments in ISO 8601 with their zone."""
    data = {field.name: _plain(getattr(state, field.name)) for field in fields(state) if field.name != "route"}
    return {"format": VERSION, **data}


def state_from_json(data: Mapping[str, Any], route: Route) -> RequestState:
    """Return the state that ``state_to_json`` gave, on ``route``; ``ValueError`` on another format."""
    if data.get("format") != VERSION:
        raise ValueError(f"A request's state is of format {data.get('format')!r}; this version reads {VERSION}.")
    hints = _hints(RequestState)
    values = {name: _typed(hints[name], value) for name, value in data.items() if name != "format"}
    return RequestState(route=route, **values)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, frozenset):
        return sorted(_plain(item) for item in value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value


@lru_cache(maxsize=32)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _typed(hint: Any, value: Any) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is types.UnionType or (origin is not None and type(None) in arguments):
        return None if value is None else _typed(next(a for a in arguments if a is not type(None)), value)
    if origin is tuple:
        return tuple(_typed(arguments[0], item) for item in value)
    if origin is frozenset:
        return frozenset(_typed(arguments[0], item) for item in value)
    if isinstance(hint, type):
        if is_dataclass(hint):
            hints = _hints(hint)
            return hint(**{name: _typed(hints[name], item) for name, item in value.items()})
        if issubclass(hint, datetime):
            return datetime.fromisoformat(value)
        if issubclass(hint, StrEnum):
            return hint(value)
    return value
