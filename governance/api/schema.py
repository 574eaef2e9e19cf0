"""The API's description in OpenAPI 3.1, made of what operations declare. Slow to import: only views of it do."""

from typing import Any, Final, Literal, cast

from django import forms
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers

from governance.api.choices import name_choices
from governance.api.operations import Operation, operation_of
from governance.api.pagination import DEFAULT_LIMIT, MOST
from governance.api.problems import CONTENT_TYPE, PROBLEMS
from governance.scopes import Scope

ALWAYS: Final = (
    "not-signed-in",
    "scope",
    "denied",
    "not-found",
    "method",
    "not-acceptable",
    "invalid",
    "too-many",
    "fault",
)
WRITING: Final = (
    "malformed",
    "csrf",
    "not-possible",
    "changed-meanwhile",
    "key-at-work",
    "outcome-kept-no-answer",
    "too-large",
    "media-type",
    "key-used",
)
MATCHING: Final = ("stale", "match-needed")
SECURITY: Final[dict[str, Any]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "A personal token, `remit_…`: made on the page “Your tokens”, or by `manage.py create_token`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "sessionid",
        "description": "The session of a browser. Writes also need `X-CSRFToken`.",
    },
}


def problems_of(operation: Operation) -> list[str]:
    """Return the codes of every problem that an operation may answer with."""
    codes = [*ALWAYS, *(WRITING if operation.writes else ()), *(MATCHING if operation.matches else ())]
    return [code for code in PROBLEMS if code in {*codes, *operation.refuses}]


class Described(AutoSchema):
    """Describes one method of one address by its declared operation."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> dict[str, Any] | None:
        """Return the operation object; None for a method that declares nothing."""
        self.registry, self.path, self.path_regex = registry, path, path_regex
        self.path_prefix, self.method = path_prefix, method.upper()
        handler = getattr(self.view, method.lower(), None)
        operation = operation_of(handler)
        if operation is None:
            return None
        words = " ".join((handler.__doc__ or "").split())
        summary, _, rest = words.partition(". ")
        described = {
            "operationId": operation.name,
            "summary": summary.rstrip("."),
            "description": f"{rest}\n\nScope of the token: `{operation.scope.value}`.".strip(),
            "tags": [path.removeprefix("/api/v1/").partition("/")[0]],
            "parameters": [*self._path_parameters(), *_query(operation), *_headers(operation)],
            "responses": self._responses(operation),
            "x-scope": operation.scope.value,
        }
        # A token is made with scopes; OpenAPI lets bearer schemes name them as roles.
        described["security"] = (
            [] if getattr(self.view, "open_to_all", False) else [{"token": [operation.scope.value]}, {"session": []}]
        )
        if operation.takes is not None:
            shape = self._component(operation.takes, "request")
            described["requestBody"] = {"required": True, "content": {self._media(operation): {"schema": shape}}}
        return described

    def _media(self, operation: Operation) -> str:
        return str(self.view.parser_classes[0].media_type)

    def _path_parameters(self) -> list[dict[str, Any]]:
        kinds = {"uuid": {"type": "string", "format": "uuid"}, "int": {"type": "integer", "minimum": 0}}
        found = []
        for part in self.path_regex.split("<")[1:]:
            kind, _, name = part.partition(">")[0].rpartition(":")
            found.append({"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})})
        return found

    def _component(self, shape: Any, direction: Literal["request", "response"]) -> Any:
        return self.resolve_serializer(shape(), direction).ref

    def _responses(self, operation: Operation) -> dict[str, Any]:
        answers: dict[str, Any] = {}
        status = operation.status if operation.gives is not None or operation.status != 200 else 204
        if operation.is_file:
            answers["200"] = {
                "description": "The file.",
                "headers": _answer_headers(operation),
                "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
            }
            answers["304"] = {"description": "You have it already: `If-None-Match` names it."}
        elif operation.gives is None:
            answers[str(status)] = {"description": "Done."}
        else:
            schema = self._component(operation.gives, "response")
            if operation.many:
                schema = _page(schema)
            answers[str(status)] = {
                "description": "A page of them." if operation.many else "As it is now.",
                "headers": _answer_headers(operation),
                "content": {"application/json": {"schema": schema}},
            }
            if not operation.writes and not operation.many:
                answers["304"] = {"description": "You have it already: `If-None-Match` names it."}
        by_status: dict[int, list[str]] = {}
        for code in problems_of(operation):
            by_status.setdefault(PROBLEMS[code].status, []).append(code)
        for number, codes in by_status.items():
            answers[str(number)] = _problem(codes)
        return dict(sorted(answers.items()))


def describe() -> dict[str, Any]:
    """Return the whole description as plain data; the same for everybody, for it says nothing of the organisation."""
    found: dict[str, Any] = cast("Any", SchemaGenerator)().get_schema(request=None, public=True)
    components = found.setdefault("components", {})
    components["securitySchemes"] = SECURITY
    components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    name_choices(found)
    found["tags"] = [
        {"name": name} for name in sorted({tag for _, _, each in operations_in(found) for tag in each["tags"]})
    ]
    return found


def operations_in(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation of a description as (path, method, operation)."""
    return [
        (path, method, operation)
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict) and "operationId" in operation
    ]


PROBLEM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "code", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Leads to a page that explains it."},
        "code": {"type": "string", "enum": list(PROBLEMS)},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened, why, and what to do next."},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
        "reasons": {"type": "array", "items": {"type": "string"}},
        "scope": {"type": "string", "enum": [scope.value for scope in Scope]},
        "theirs": {"description": "How it is now."},
        "yours": {"description": "What was sent."},
    },
}


def _page(item: Any) -> dict[str, Any]:
    link = {"type": ["string", "null"], "format": "uri"}
    return {
        "type": "object",
        "title": "Page",
        "required": ["results", "next", "previous"],
        "properties": {
            "results": {"type": "array", "items": item},
            "next": link,
            "previous": link,
            "count": {"type": "integer", "description": "Only with `count=1`."},
        },
    }


def _problem(codes: list[str]) -> dict[str, Any]:
    problems = [PROBLEMS[code] for code in codes]
    return {
        "description": " / ".join(f"`{problem.code}`: {problem.title}" for problem in problems),
        "content": {
            CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {
                    problem.code: {
                        "value": {
                            "type": f"https://remit.example.org/api/problems/{problem.code}/",
                            "code": problem.code,
                            "title": problem.title,
                            "status": problem.status,
                            "detail": problem.advice,
                        }
                    }
                    for problem in problems
                },
            }
        },
    }


def _query(operation: Operation) -> list[dict[str, Any]]:
    found = []
    if operation.many and not operation.whole:
        limits = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}
        found += [
            _parameter("limit", limits, "How many rows on a page."),
            _parameter("cursor", {"type": "string"}, "Where the page begins: taken from `next` or `previous`."),
            _parameter(
                "count", {"type": "integer", "minimum": 0, "maximum": 1}, "`1` counts all rows; it costs a statement."
            ),
        ]
    if not operation.writes and operation.gives is not None:
        found.append(_parameter("fields", {"type": "string"}, "Names of fields, with commas: only these are answered."))
    if operation.filters is not None:
        fields: dict[str, forms.Field] = operation.filters.base_fields  # type: ignore[attr-defined]
        found += [
            {
                **_parameter(
                    name, _type_of(field), str(field.help_text or f"Only those of this {name.replace('_', ' ')}.")
                ),
                "required": field.required,
            }
            for name, field in fields.items()
        ]
    return found


def _type_of(field: forms.Field) -> dict[str, Any]:
    if isinstance(field, forms.MultipleChoiceField):
        values = _values(field)
        return {"type": "array", "items": {"type": "string", "enum": values}}
    if isinstance(field.widget, forms.SelectMultiple):
        return {"type": "array", "items": {"type": "string"}}
    if isinstance(field, forms.ChoiceField):
        return {"type": "string", "enum": _values(field)}
    kinds: tuple[tuple[type[forms.Field], dict[str, Any]], ...] = (
        (forms.BooleanField, {"type": "boolean"}),
        (forms.IntegerField, {"type": "integer"}),
        (forms.DateTimeField, {"type": "string", "format": "date-time"}),
        (forms.DateField, {"type": "string", "format": "date"}),
        (forms.UUIDField, {"type": "string", "format": "uuid"}),
    )
    return next((dict(shape) for kind, shape in kinds if isinstance(field, kind)), {"type": "string"})


def _values(field: forms.ChoiceField) -> list[str]:
    choices = cast("Any", field.choices)
    return [str(value) for value, _ in choices if value != ""]


def _parameter(name: str, schema: dict[str, Any], description: str, *, where: str = "query") -> dict[str, Any]:
    return {"name": name, "in": where, "required": False, "schema": schema, "description": description}


def _headers(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string"}
    if operation.writes:
        words = (
            "A new value for each new write, such as a UUID; the same again on a repeat, which is then no second write."
        )
        found = [_parameter("Idempotency-Key", {"type": "string", "maxLength": 255}, words, where="header")]
        if operation.matches:
            needed = _parameter("If-Match", text, "The ETag of what you edit, as you read it.", where="header")
            found.append({**needed, "required": True})
        return found
    if operation.many:
        return []
    return [_parameter("If-None-Match", text, "The ETag of what you have: 304 where it still holds.", where="header")]


def _answer_headers(operation: Operation) -> dict[str, Any]:
    found = (
        {} if operation.many else {"ETag": {"schema": {"type": "string"}, "description": "Names this very content."}}
    )
    if operation.status == 201:
        found["Location"] = {"schema": {"type": "string", "format": "uri"}, "description": "Where it is, if it is new."}
    if operation.writes:
        words = "`true` where the same request came before under its Idempotency-Key, and this is its answer again."
        found["Idempotency-Replayed"] = {"schema": {"type": "string"}, "description": words}
    found["RateLimit-Remaining"] = {"schema": {"type": "integer"}, "description": "Requests left in this minute."}
    return found


def shapes_of(operation: Operation) -> list[type[serializers.BaseSerializer[Any]]]:
    """Return the serializers that an operation names."""
    return [shape for shape in (operation.gives, operation.takes) if shape is not None]
