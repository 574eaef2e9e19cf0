"""Closed sets of values in the API's description: each under one name, wherever it stands."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from drf_spectacular.plumbing import deep_import_string
from drf_spectacular.settings import spectacular_settings

_SCHEMAS: Final = "#/components/schemas/"
_OWN: Final = ("type", "enum", "x-spec-enum-id")


def name_choices(described: dict[str, Any]) -> None:
    """The sets that ``ENUM_NAME_OVERRIDES`` names are components, and whatever has such a set refers to it, so that a
    client's generator makes one type of it. Whether empty or null is a value, too, is said where it is. A set without
    a name stays where it stands."""
    schemas = described["components"]["schemas"]
    named = {name: _values(where) for name, where in spectacular_settings.ENUM_NAME_OVERRIDES.items()}
    names = {frozenset(values): name for name, values in named.items()}
    for node in [node for part in (described["paths"], schemas) for node in _closed_sets(part)]:
        name = names.get(frozenset(value for value in node["enum"] if value))
        if name is not None:
            _refer(node, name)
            schemas[name] = {"type": "string", "enum": named[name]}
        node.pop("x-spec-enum-id", None)


def _values(where: str) -> list[str]:
    known = deep_import_string(where)
    if not isinstance(known, Iterable):
        raise TypeError(f"ENUM_NAME_OVERRIDES: {where} is no set of values.")
    return [str(getattr(each, "value", each)) for each in known]


def _closed_sets(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema in ``node`` that is a closed set of words."""
    if isinstance(node, dict):
        values = node.get("enum")
        if isinstance(values, list) and any(values):
            yield node
        for inner in node.values():
            yield from _closed_sets(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _closed_sets(inner)


def _refer(node: dict[str, Any], name: str) -> None:
    empty = [{"type": "string", "enum": [""]}] if "" in node["enum"] else []
    null = [{"type": "null"}] if None in node["enum"] else []
    rest = {key: value for key, value in node.items() if key not in _OWN}
    found: list[dict[str, Any]] = [{"$ref": f"{_SCHEMAS}{name}"}, *empty, *null]
    node.clear()
    if len(found) > 1:
        node.update({**rest, "oneOf": found})
    else:
        # Beside a reference, older readers pass over whatever else is said.
        node.update({**rest, "allOf": found} if rest else found[0])
