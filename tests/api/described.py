"""Whether an answer of the API is what its description says, to the last field and value."""

from copy import deepcopy
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from config.api.description import description
from governance.api.schema import operations_in


def unlike(name: str, answer: Any) -> list[str]:
    """What of an operation's answer is not as the description says; nothing where there is nothing to be read."""
    validator = _validator(name, str(answer.status_code))
    if isinstance(validator, str):
        return [validator]
    if validator is None:
        return [] if answer.streaming or not answer.content else [f"{answer.status_code} with words that are not told"]
    return [f"{error.json_path}: {error.message:.300}" for error in validator.iter_errors(answer.json())]


@cache
def _validator(name: str, status: str) -> Draft202012Validator | str | None:
    """A word where the answer is not described; None where it has no words."""
    (operation,) = [each for _, _, each in operations_in(description()) if each["operationId"] == name]
    described = operation["responses"].get(status)
    if described is None:
        return f"{status} is none of its answers"
    for kind, content in described.get("content", {}).items():
        if kind.endswith("json"):
            schema = _strict({**content["schema"], "components": _components()})
            return Draft202012Validator(schema, format_checker=FormatChecker())
    return None


@cache
def _components() -> dict[str, Any]:
    components = deepcopy(description()["components"])
    components["schemas"]["Schema"]["additionalProperties"] = (
        True  # a whole OpenAPI document, of which we say one field
    )
    return _strict(components)  # type: ignore[no-any-return]


def _strict(node: Any) -> Any:
    """The same, refusing every field that is not described."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key != "components":
                _strict(value)
        if isinstance(node.get("properties"), dict):
            node.setdefault("additionalProperties", False)
    elif isinstance(node, list):
        for value in node:
            _strict(value)
    return node
