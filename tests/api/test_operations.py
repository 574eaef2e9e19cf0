"""Every operation, as everybody: allowed and refused, with every scope and without, sent once and sent twice."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from rest_framework.parsers import MultiPartParser

from accounts.models import ApiToken
from accounts.token_secrets import SHOWN, hash_of, new_secret
from governance.api.operations import Operation
from governance.models import LedgerEntry
from governance.scopes import Scope
from tests.api.cases import Case, all_cases, declared
from tests.api.clients import ALL, JSON, problem
from tests.api.described import unlike
from tests.http.world import ROLES, World, undone

pytestmark = pytest.mark.django_db
CASES = all_cases()
OPERATIONS = {each.operation.name: each for each in declared()}
KNOWN = [case for case in CASES if case.name in OPERATIONS]
READING = [case for case in KNOWN if not OPERATIONS[case.name].operation.writes]
WRITING = [case for case in KNOWN if OPERATIONS[case.name].operation.writes]
NEVER_THE_SAME = ("RateLimit-Remaining", "RateLimit-Reset", "X-Request-ID", "X-Correlation-ID")


def named(cases: list[Case]) -> dict[str, Any]:
    return {"argvalues": cases, "ids": [case.name for case in cases]}


def caller(world: World, role: str, *scopes: str) -> Client:
    """A program of somebody; nobody's for an empty role. Its token is a bare row: making thousands would take long."""
    if not role:
        return Client(raise_request_exception=False)
    secret = new_secret()
    ApiToken.objects.create(
        user=world.people[role],
        name="Test",
        prefix=secret[:SHOWN],
        secret_hash=hash_of(secret),
        scopes=list(scopes or ALL),
        expires_at=timezone.now() + timedelta(days=1),
    )
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}"})


def send(client: Client, case: Case, world: World, url: str = "", **headers: str) -> Any:
    declared_ = OPERATIONS[case.name]
    body, kind = written(case, world)
    if declared_.operation.matches and "If-Match" not in headers:
        headers["If-Match"] = client.get(case.at(world))["ETag"]
    return client.generic(declared_.method, url or case.at(world), body, content_type=kind, headers=headers)


def written(case: Case, world: World) -> tuple[Any, str]:
    """The body as it is sent, with its media type: a form with files where the operation takes one."""
    said = case.body(world) if case.body is not None else {}
    if OPERATIONS[case.name].view.parser_classes[0] is MultiPartParser:
        return encode_multipart(BOUNDARY, said), MULTIPART_CONTENT
    return json.dumps(said) if case.body is not None else "", JSON


def any_version(case: Case) -> dict[str, str]:
    """The header by which an edit does not mind what it edits."""
    return {"If-Match": "*"} if OPERATIONS[case.name].operation.matches else {}


def told(answer: Any) -> tuple[int, bytes, dict[str, str]]:
    return answer.status_code, answer.content, {k: v for k, v in answer.items() if k not in NEVER_THE_SAME}


def test_every_operation_has_a_case_and_a_name_of_its_own():
    found = Counter(each.operation.name for each in declared())
    assert [name for name, count in found.items() if count > 1] == []
    assert found.keys() - {case.name for case in CASES} == set(), "no case says who may"
    assert {case.name for case in CASES} - found.keys() == set(), "a case of an operation that is gone"
    assert [case.name for case in CASES if not case.may and not case.elsewhere] == []
    assert [case.name for case in WRITING if case.may and not (case.leaves or case.unrecorded)] == []


def test_no_method_of_an_address_goes_undeclared():
    for each in declared():
        methods = {name for name in each.view.http_method_names if hasattr(each.view, name)} - {"options", "head"}
        known = {one.method.lower() for one in declared() if one.view is each.view}
        assert methods == known, each.route


@pytest.mark.parametrize("case", **named(KNOWN))
def test_who_may_and_who_may_not(world: World, case: Case):
    wrong = []
    for role in ["", *ROLES, *sorted(case.may - set(ROLES))]:
        with undone():
            client = caller(world, role)
            url = case.at(world)
            before = LedgerEntry.objects.latest("pk").pk
            answer = send(client, case, world, url, **any_version(case))
            left = list(LedgerEntry.objects.filter(pk__gt=before).values_list("event", "actor"))
            if role in case.may:
                wrong += misses(world, case, role, answer, left)
            elif role or not OPERATIONS[case.name].view.open_to_all:
                absent = send(client, case, world, case.absent, **any_version(case)) if case.absent else None
                wrong += [f"{role or 'nobody'} left {left}, though refused"] if left else []
                wrong += slips(case, role, answer, absent)
    assert not wrong, "\n".join(wrong)


def misses(world: World, case: Case, role: str, answer: Any, left: list[tuple[str, str]]) -> list[str]:
    """What is wrong with the answer to somebody who may."""
    operation = OPERATIONS[case.name].operation
    if answer.status_code != (
        204 if operation.gives is None and operation.writes and operation.status == 200 else operation.status
    ):
        return [f"{role}: {answer.status_code} {answer.content!r}"]
    if unlike(case.name, answer):
        return [f"{role} is answered otherwise than described: {unlike(case.name, answer)}"]
    if case.leaves and (case.leaves, str(world.people[role].public_id)) not in left:
        return [f"{role} left {left}"]
    return [] if case.leaves or not left else [f"{role} left {left} by reading"]


def slips(case: Case, role: str, answer: Any, absent: Any) -> list[str]:
    """What is wrong with the answer to somebody who may not."""
    status, code = problem(answer)
    if not role:
        return [] if (status, code) == (401, "not-signed-in") else [f"nobody: {status}"]
    if unlike(case.name, answer):
        return [f"{role} is refused otherwise than described: {unlike(case.name, answer)}"]
    if role in case.seeing:
        return [] if status in (403, 409, 422) else [f"{role}: {status}, though it may not"]
    if status not in (403, 404):
        return [f"{role}: {status}, though hidden"]
    if absent is not None and told(answer) != told(absent):
        return [f"{role}: {status} is told apart from what is absent"]
    return []


@pytest.mark.parametrize("case", **named([case for case in KNOWN if case.may]))
def test_only_the_declared_scope_opens_an_operation(world: World, case: Case):
    operation = OPERATIONS[case.name].operation
    role = min(case.may)
    others = tuple(scope.value for scope in Scope if scope is not operation.scope)
    headers = any_version(case)
    with undone():
        refused = send(caller(world, role, *others), case, world, **headers)
        assert problem(refused) == (403, "scope")
        assert refused.json()["scope"] == operation.scope.value
        assert send(caller(world, role, operation.scope.value), case, world, **headers).status_code < 300


@pytest.mark.parametrize("case", **named([case for case in WRITING if case.may]))
def test_a_write_sent_twice_under_one_key_leaves_one_trace(world: World, case: Case):
    role = min(case.may)
    with undone():
        client = caller(world, role)
        headers = {"Idempotency-Key": "once", **any_version(case)}
        first = send(client, case, world, **headers)
        assert first.status_code < 300, first.content
        count = LedgerEntry.objects.count()
        again = send(client, case, world, **headers)
        assert again["Idempotency-Replayed"] == "true"
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert LedgerEntry.objects.count() == count


@pytest.mark.parametrize(
    "case", **named([case for case in WRITING if case.may and OPERATIONS[case.name].operation.matches])
)
def test_an_edit_names_what_it_edits(world: World, case: Case):
    role = min(case.may)
    with undone():
        client = caller(world, role)
        method, url = OPERATIONS[case.name].method, case.at(world)
        body = case.body(world) if case.body else {}
        sent, kind = written(case, world)
        count = LedgerEntry.objects.count()
        assert problem(client.generic(method, url, sent, content_type=kind)) == (428, "match-needed")
        stale = send(client, case, world, **{"If-Match": '"stale"'})
        assert problem(stale) == (412, "stale")
        assert stale.json()["yours"] == {name: getattr(value, "name", value) for name, value in body.items()}
        assert stale.json()["theirs"]
        weak = send(client, case, world, **{"If-Match": f"W/{stale['ETag']}"})
        assert problem(weak) == (412, "stale")
        assert LedgerEntry.objects.count() == count
        assert send(client, case, world, **{"If-Match": stale["ETag"]}).status_code < 300


@pytest.mark.parametrize("case", **named(READING))
def test_what_is_read_is_named_trimmed_and_takes_no_unknown_parameter(world: World, case: Case):
    operation: Operation = OPERATIONS[case.name].operation
    client = caller(world, min(case.may))
    url = case.at(world)
    answer = client.get(url)
    url += "&" if "?" in url else "?"
    assert answer.status_code == 200, answer.content
    assert problem(client.get(f"{url}no_such=1")) == (422, "invalid")
    if operation.many:
        first = answer.json()["results"][:1]
        for row in first:
            name = min(row)
            paged = "" if operation.whole else "&limit=1&count=1"
            trimmed = client.get(f"{url}fields={name}{paged}").json()
            assert {frozenset(each) for each in trimmed["results"]} == {frozenset({name})}
            assert operation.whole or (len(trimmed["results"]) == 1 <= trimmed["count"])
        return
    assert client.get(url, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    if operation.is_file:
        assert problem(client.get(f"{url}fields=name")) == (422, "invalid")
        return
    name = min(answer.json())
    assert set(client.get(f"{url}fields={name}").json()) == {name}
