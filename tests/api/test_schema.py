"""The API's description: valid, whole, and nothing that a start pays for."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.validation import validate_schema

from config.api.description import description
from governance.api.problems import PROBLEMS
from governance.api.schema import describe, operations_in, problems_of
from governance.scopes import Scope
from tests.api.cases import declared

pytestmark = pytest.mark.django_db


def test_the_description_is_valid_openapi_and_the_same_over_http():
    validate_schema(description())
    answer = Client().get("/api/v1/schema/")
    assert answer.status_code == 200
    assert answer.json() == description()


def test_the_description_is_made_without_a_doubt(capsys):
    """Where two shapes have one name, drf-spectacular says so and describes one of them wrongly."""
    GENERATOR_STATS.reset()
    describe()
    assert not GENERATOR_STATS, capsys.readouterr().err


def test_a_closed_set_of_values_has_one_name_wherever_it_stands():
    """So that a client's generator makes one type of it."""
    components = description()["components"]["schemas"]
    named = [frozenset(shape["enum"]) for shape in components.values() if "enum" in shape]
    elsewhere = Counter(values for values in sets_of(description()) if values)
    assert [sorted(values) for values, count in elsewhere.items() if count > 1] == []
    assert [sorted(values) for values in named if named.count(values) > 1] == []


def sets_of(node):
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield frozenset(value for value in node["enum"] if value)
        for inner in node.values():
            yield from sets_of(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from sets_of(inner)


def test_every_address_and_method_is_described_with_every_status():
    found = {(method.upper(), path): operation for path, method, operation in operations_in(description())}
    for each in declared():
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", each.route)
        described = found.pop((each.method, path))
        assert described["operationId"] == each.operation.name
        assert described["x-scope"] == each.operation.scope.value
        assert described["summary"], each.operation.name
        statuses = {str(PROBLEMS[code].status) for code in problems_of(each.operation)}
        assert statuses <= described["responses"].keys()
        parameters = [(one["in"], one["name"]) for one in described["parameters"]]
        assert len(parameters) == len(set(parameters))
        assert {name for where, name in parameters if where == "path"} == set(re.findall(r"{(\w+)}", path))
        assert ("requestBody" in described) is (each.operation.takes is not None)
        form = each.operation.filters
        needed = {name for name, field in form.base_fields.items() if field.required} if form is not None else set()
        assert {one["name"] for one in described["parameters"] if one["in"] == "query" and one["required"]} == needed
        assert all(one["description"] for one in described["parameters"] if one["in"] == "query"), each.operation.name
    assert found == {}


def test_every_problem_is_said_by_some_operation_and_explained_on_a_page_of_its_own():
    said = {code for each in declared() for code in problems_of(each.operation)}
    assert PROBLEMS.keys() - said == set()
    client = Client()
    listed = client.get("/api/problems/").content.decode()
    for code, problem in PROBLEMS.items():
        assert f"/api/problems/{code}/" in listed
        page = client.get(f"/api/problems/{code}/")
        assert page.status_code == 200
        assert problem.title in page.content.decode()
    assert client.get("/api/problems/none/").status_code == 404


def test_the_guide_names_every_operation():
    page = Client().get("/api/").content.decode()
    for each in declared():
        assert f'id="{each.operation.name}"' in page


def test_no_scope_is_declared_that_nothing_asks_for():
    assert {each.operation.scope for each in declared()} == set(Scope)


def test_what_is_slow_to_import_is_not_imported_at_a_start():
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import django, sys; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns;"
            "print('drf_spectacular' in sys.modules)",
        ],
        env={"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": ".", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "False"


def test_every_scope_has_a_heading_in_the_docs():
    text = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    headings = set(re.findall(r"^### `(\w+)`$", text, re.MULTILINE))
    assert headings == {scope.value for scope in Scope}
