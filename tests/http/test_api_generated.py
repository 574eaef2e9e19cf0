"""Calls that the API's own description allows, and many that it does not, made up by schemathesis: as each role and
signed out. Never a fault, never an answer that the description does not know, and nothing of what is hidden."""

import json
from collections import Counter
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET

from config.api.description import description
from tests.http.answers import leaks, told
from tests.http.world import World, taken_back
from tests.proving.recording import Budget, count, record

pytestmark = pytest.mark.django_db
CASES = count("API_CASES", 30)
"""How many calls are made as each role."""
ROLES = ("author", "reader", "other", "admin", "auditor", "")
OWN_HEADERS = ("authorization", "cookie", "content-type", "host", "content-length")
"""Not taken from what was generated: who calls is not for the generator to say."""


@pytest.fixture(scope="module")
def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(description())
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    return [found.ok() for found in schema.get_all_operations()]


def known_values(world: World) -> dict[str, list[str]]:
    """What the world's hidden and open things are called, by the name of the parameter or field that may name them."""
    documents = [each.number for each in world.documents.values()]
    people = [str(each.public_id) for each in world.people.values()]
    ids = [secret_id for secret in world.secrets for secret_id in secret.ids if len(secret_id) == 36]
    return {
        "number": [each.number for each in (*world.requests.values(), *world.batches.values())] + documents,
        "document": documents,
        "reference": documents,
        "ref": documents,
        "unit": ["FIN", "COE", "LAB", "ZQSHUT"],
        "code": ["FIN", "COE", "LAB", "ZQSHUT"],
        "public_id": ids + people,
        "person": people,
        "clause": ids,
        "key": ["centre_of_excellence", "no_such_model"],
        "place": ["1", "0"],
    }


def called(browser: Any, case: Any, draw: Any, known: dict[str, list[str]]) -> tuple[str, Any]:
    """The call is made; returns its address and the answer. Often a name is replaced by one that the world knows."""
    parts = {
        name: draw(st.sampled_from(known[name])) if name in known and draw(st.integers(0, 3)) else value
        for name, value in (case.path_parameters or {}).items()
    }
    case.path_parameters.update(parts) if parts else None
    body = case.body
    if isinstance(body, dict):
        body = {
            name: draw(st.sampled_from(known[name])) if name in known and draw(st.booleans()) else value
            for name, value in body.items()
        }
    headers = {
        name: str(value).encode("latin-1", "replace").decode("latin-1").replace("\n", " ").replace("\r", " ")
        for name, value in (case.headers or {}).items()
        if name.lower() not in OWN_HEADERS
    }
    sent = {} if body is NOT_SET else {"data": json.dumps(body, default=str), "content_type": "application/json"}
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    url = case.formatted_path
    return url, browser.generic(
        case.method, url, **sent, headers=headers, query_params={name: str(value) for name, value in query.items()}
    )


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role or "nobody")
def test_no_call_breaks_the_api_or_is_told_what_is_hidden(world: World, operations: list[Any], role: str):
    browser, budget, known = world.browser(role), Budget(), known_values(world)
    wrong: list[str] = []
    answered: Counter[int] = Counter()

    @hypothesis.settings(
        max_examples=CASES,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation=st.sampled_from(operations), data=st.data())
    def campaign(operation: Any, data: Any) -> None:
        if budget.is_spent:
            return
        case = data.draw(operation.as_strategy())
        with taken_back() as put_back:
            url, answer = called(browser, case, data.draw, known)
            put_back(answer.status_code < 400 and case.method.upper() != "GET")
            said = told(answer)
        answered[answer.status_code] += 1
        here = f"{role or 'nobody'} {case.method} {url}"
        if answer.status_code >= 500:
            wrong.append(f"{here}: {answer.status_code} {case.body!r:.200}")
        elif str(answer.status_code) not in operation.definition.raw["responses"]:
            wrong.append(f"{here}: {answer.status_code} is not among the answers that the description names")
        sent = f"{url} {case.body} {case.query}"
        wrong.extend(leaks(world, role, sent, said))

    campaign()
    calls = sum(answered.values())
    record("api", calls=calls, operations=len(operations) if role == "" else 0, faults=len(wrong))
    assert calls >= CASES * 0.9 or budget.is_spent
    assert not wrong, "\n".join(list(dict.fromkeys(wrong))[:30])
