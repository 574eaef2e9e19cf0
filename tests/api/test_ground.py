"""What holds for every address: who speaks, what is refused before anything is looked up, and how pages turn."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.actions.tokens import revoke_token
from accounts.models import ApiToken
from governance.actions.kept_answers import KEPT_FOR, LONGEST_WRITE, forget_old_answers
from governance.ledger import clock
from governance.models import KeptAnswer, LedgerEntry, Request
from tests.api.clients import JSON, browser_of, problem, program_of, secret_of
from tests.knowledge.cast import drafted, make_cast, published, submitted

pytestmark = pytest.mark.django_db
REQUESTS = "/api/v1/requests/"


@pytest.fixture
def cast():
    cache.clear()
    return make_cast()


def asked(cast, count):
    return [
        submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, title=f"Standard {number}"))
        for number in range(count)
    ]


def decide(client, request, headers=None, **body):
    return client.post(
        f"{REQUESTS}{request.number}/decisions/",
        {"verdict": "approve", "seen_hash": request.subject_hash, **body},
        content_type=JSON,
        headers=headers or {},
    )


# Who speaks


def test_nobody_is_told_how_to_sign_in_and_a_token_speaks_for_its_person(cast):
    refused = Client().get(REQUESTS)
    assert problem(refused) == (401, "not-signed-in")
    assert refused["WWW-Authenticate"] == 'Bearer realm="Remit"'
    (request,) = asked(cast, 1)
    answer = program_of(cast.unit_author).get(REQUESTS)
    assert answer.status_code == 200, answer.content
    assert [row["number"] for row in answer.json()["results"]] == [request.number]


@pytest.mark.parametrize("header", ["Bearer remit_wrong", "Basic YTpi", "Bearer", "", "Bearer \x00", "Bearer ü"])
def test_a_wrong_token_is_nobody_even_beside_a_browsers_session(cast, header):
    browser = browser_of(cast.unit_lead)
    assert browser.get(REQUESTS).status_code == 200
    answer = browser.get(REQUESTS, headers={"Authorization": header})
    assert problem(answer) == (401, "not-signed-in")


def test_a_token_that_expired_was_revoked_or_lost_its_person_opens_nothing_at_once(cast):
    secret = secret_of(cast.unit_lead)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert client.get(REQUESTS).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=31), tick=False):
        assert client.get(REQUESTS).status_code == 401
    cast.unit_lead.is_active = False
    cast.unit_lead.save(update_fields=["is_active"])
    assert client.get(REQUESTS).status_code == 401
    cast.unit_lead.is_active = True
    cast.unit_lead.save(update_fields=["is_active"])
    assert client.get(REQUESTS).status_code == 200
    revoke_token(actor=cast.unit_lead, token=ApiToken.objects.get())
    assert problem(client.get(REQUESTS)) == (401, "not-signed-in")


def test_a_demo_persons_token_is_void_outside_the_demo(cast, settings):
    cast.unit_lead.is_demo = True
    cast.unit_lead.save(update_fields=["is_demo"])
    client = program_of(cast.unit_lead)
    assert client.get(REQUESTS).status_code == 401
    settings.DEMO_MODE = True
    assert client.get(REQUESTS).status_code == 200


def test_a_use_is_noted_at_most_once_a_minute(cast):
    client = program_of(cast.unit_lead)
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock_:
        client.get(REQUESTS)
        first = ApiToken.objects.get().last_used_at
        clock_.shift(59)
        client.get(REQUESTS)
        assert ApiToken.objects.get().last_used_at == first
        clock_.shift(2)
        client.get(REQUESTS)
        assert ApiToken.objects.get().last_used_at == start + timedelta(seconds=61)


def test_a_scope_that_the_token_lacks_is_named_and_the_thing_is_not_looked_up(cast):
    (request,) = asked(cast, 1)
    reader = program_of(cast.unit_lead, "read")
    refused = decide(reader, request)
    assert problem(refused) == (403, "scope")
    assert refused.json()["scope"] == "decide"
    absent = reader.post(f"{REQUESTS}R-99999/decisions/", {}, content_type=JSON)
    assert absent.content == refused.content
    assert decide(program_of(cast.unit_lead, "decide"), request).status_code == 201


def test_a_token_gives_no_more_than_its_person_and_is_no_second_pair_of_eyes(cast):
    request = submitted(cast.unit_lead, drafted(cast.unit_lead, cast.unit_remit))
    assert problem(decide(program_of(cast.unit_lead), request)) == (403, "denied")
    assert not request.decisions.exists()


def test_a_browser_needs_its_csrf_token_to_write(cast):
    (request,) = asked(cast, 1)
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.unit_lead)
    assert problem(decide(browser, request)) == (403, "csrf")
    assert not request.decisions.exists()
    token = browser.get("/signin/").cookies or browser.get("/me/").cookies
    assert token
    answer = decide(browser, request, headers={"X-CSRFToken": browser.cookies["csrftoken"].value})
    assert answer.status_code == 201, answer.content


# What is no request


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "expected"),
    [
        ("get", "/api/v1/nothing/", "", JSON, (404, "not-found")),
        ("get", "/api/v2/requests/", "", JSON, (404, "not-found")),
        ("get", "/api/v1/requests", "", JSON, (404, "not-found")),
        ("put", REQUESTS, "{}", JSON, (405, "method")),
        ("options", REQUESTS, "", JSON, (405, "method")),
        ("trace", REQUESTS, "", JSON, (405, "method")),
        ("post", "{request}decisions/", "verdict=approve", "application/x-www-form-urlencoded", (415, "media-type")),
        ("post", "{request}decisions/", "{", JSON, (400, "malformed")),
        ("post", "{request}decisions/", "[" * 100_000, JSON, (400, "malformed")),
        ("post", "{request}decisions/", '{"verdict": NaN}', JSON, (400, "malformed")),
        ("post", "{request}decisions/", b"\xff", JSON, (400, "malformed")),
        ("post", "{request}decisions/", "[]", JSON, (400, "malformed")),
        ("post", "{request}decisions/", '{"verdict": "approve", "stage": "x"}', JSON, (422, "invalid")),
        ("post", "{request}decisions/", '{"verdict": "bless"}', JSON, (422, "invalid")),
        ("post", "{request}decisions/", '{"verdict": "approve", "comment": "\\u0000"}', JSON, (422, "invalid")),
        ("post", "{request}decisions/", '{"verdict": "approve", "comment": "\\ud800"}', JSON, (422, "invalid")),
        ("post", "{request}decisions/?dry=1", '{"verdict": "approve"}', JSON, (422, "invalid")),
        ("get", REQUESTS + "?lits=waiting", "", JSON, (422, "invalid")),
        ("get", REQUESTS + "?list=nobody", "", JSON, (422, "invalid")),
        ("get", REQUESTS + "?limit=0", "", JSON, (422, "invalid")),
        ("get", REQUESTS + "?limit=201", "", JSON, (422, "invalid")),
        ("get", REQUESTS + "?limit=²", "", JSON, (422, "invalid")),
        ("get", REQUESTS + "?limit=1&limit=2", "", JSON, (422, "invalid")),
        ("get", REQUESTS + "?cursor=made-up", "", JSON, (422, "invalid")),
        ("get", REQUESTS + "?count=yes", "", JSON, (422, "invalid")),
        ("get", REQUESTS + "?fields=number,secret", "", JSON, (422, "invalid")),
    ],
)
def test_what_is_no_request_is_a_problem_and_does_nothing(cast, method, path, body, kind, expected):
    (request,) = asked(cast, 1)
    client = program_of(cast.unit_lead)
    before = LedgerEntry.objects.count()
    answer = client.generic(
        method.upper(), path.format(request=f"{REQUESTS}{request.number}/"), body, content_type=kind
    )
    assert problem(answer) == expected
    assert LedgerEntry.objects.count() == before


def test_too_large_a_body_and_an_unwanted_form_of_answer_are_problems(cast):
    (request,) = asked(cast, 1)
    client = program_of(cast.unit_lead)
    large = json.dumps({"verdict": "approve", "comment": "x" * django_settings.DATA_UPLOAD_MAX_MEMORY_SIZE})
    assert problem(client.post(f"{REQUESTS}{request.number}/decisions/", large, content_type=JSON)) == (
        413,
        "too-large",
    )
    assert problem(client.get(REQUESTS, headers={"Accept": "text/html"})) == (406, "not-acceptable")


def test_a_fault_is_a_problem_without_a_word_of_what_broke(cast, monkeypatch):
    client = program_of(cast.unit_lead)
    monkeypatch.setattr("governance.api.requests.LISTS", {})
    answer = client.get(REQUESTS)
    assert problem(answer) == (500, "fault")
    assert "KeyError" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


def test_an_address_names_its_methods(cast):
    answer = program_of(cast.unit_lead).put(REQUESTS)
    assert answer["Allow"] == "GET, HEAD"


# Pages


def test_pages_turn_both_ways_and_stay_put_while_rows_come(cast):
    numbers = [request.number for request in asked(cast, 5)][::-1]
    client = program_of(cast.unit_author)
    first = client.get(f"{REQUESTS}?limit=2&count=1").json()
    assert ([row["number"] for row in first["results"]], first["previous"], first["count"]) == (numbers[:2], None, 5)
    asked(cast, 1)
    second = client.get(first["next"]).json()
    assert [row["number"] for row in second["results"]] == numbers[2:4]
    assert "count" not in second
    last = client.get(second["next"]).json()
    assert ([row["number"] for row in last["results"]], last["next"]) == (numbers[4:], None)
    back = client.get(last["previous"]).json()
    assert [row["number"] for row in back["results"]] == numbers[2:4]
    again = client.get(client.get(back["previous"]).json()["next"]).json()
    assert [row["number"] for row in again["results"]] == numbers[2:4]


def test_a_cursor_belongs_to_its_list(cast):
    asked(cast, 2)
    client = program_of(cast.unit_author)
    cursor = client.get(f"{REQUESTS}?limit=1").json()["next"].partition("cursor=")[2]
    assert client.get(f"{REQUESTS}?cursor={cursor}").status_code == 200
    assert problem(client.get(f"{REQUESTS}?list=asked&cursor={cursor}")) == (422, "invalid")
    assert problem(client.get(f"{REQUESTS}?cursor={cursor[:-3]}abc")) == (422, "invalid")


def test_only_the_fields_that_were_asked_for_are_answered(cast):
    (request,) = asked(cast, 1)
    client = program_of(cast.unit_author)
    assert client.get(f"{REQUESTS}?fields=number,kind").json()["results"] == [
        {"number": request.number, "kind": "publication"}
    ]
    assert set(client.get(f"{REQUESTS}{request.number}/?fields=options").json()) == {"options"}


def test_a_list_costs_the_same_for_two_rows_and_for_ten(cast, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = program_of(cast.unit_author)
    costs = []
    for more in (2, 8):
        asked(cast, more)
        client.get(REQUESTS)
        with CaptureQueriesContext(
            connection,
        ) as found:
            rows = client.get(REQUESTS).json()["results"]
        costs.append(len(found))
    assert len(rows) == 10
    assert costs[0] == costs[1]


# ETags


def test_what_one_has_already_is_not_sent_again(cast):
    (request,) = asked(cast, 1)
    client = program_of(cast.unit_lead)
    path = f"{REQUESTS}{request.number}/"
    first = client.get(path)
    etag = first["ETag"]
    for named in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = client.get(path, headers={"If-None-Match": named})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", etag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    assert decide(client, request).status_code == 201
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


def test_every_answer_is_its_persons_alone(cast):
    answer = program_of(cast.unit_lead).get(REQUESTS)
    assert answer["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= {word.strip() for word in answer["Vary"].split(",")}


# Idempotency


def test_a_write_that_is_sent_twice_happens_once_and_is_answered_alike(cast):
    document = published(cast, "Backups")
    client = program_of(cast.unit_reader)
    body = {"document": document.number, "unit": "FIN", "proposal": "Weekly.", "reason": "Daily is too often."}
    key = {"Idempotency-Key": str(uuid4())}
    first = client.post("/api/v1/change-requests/", body, content_type=JSON, headers=key)
    assert first.status_code == 201, first.content
    second = client.post("/api/v1/change-requests/", body, content_type=JSON, headers=key)
    assert (second.status_code, second.json(), second["Location"], second["ETag"]) == (
        201,
        first.json(),
        first["Location"],
        first["ETag"],
    )
    assert second["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first
    assert Request.objects.filter(kind="change").count() == 1
    other = client.post("/api/v1/change-requests/", {**body, "reason": "x"}, content_type=JSON, headers=key)
    assert problem(other) == (422, "key-used")
    by_another = program_of(cast.unit_author).post("/api/v1/change-requests/", body, content_type=JSON, headers=key)
    assert by_another.status_code == 201
    assert "Idempotency-Replayed" not in by_another


def test_a_refusal_is_kept_too_and_a_fault_gives_the_key_back(cast, monkeypatch):
    (request,) = asked(cast, 1)
    client = program_of(cast.unit_lead)
    key = {"Idempotency-Key": "once"}
    refused = decide(client, request, headers=key, verdict="reject")
    assert problem(refused) == (422, "invalid")
    again = decide(client, request, headers=key, verdict="reject")
    assert (again.status_code, again.content, again["Content-Type"]) == (422, refused.content, refused["Content-Type"])
    key = {"Idempotency-Key": "twice"}
    with monkeypatch.context() as broken:
        broken.setattr("governance.api.requests.actions.decide", lambda **_: 1 / 0)
        assert problem(decide(client, request, headers=key)) == (500, "fault")
    assert decide(client, request, headers=key).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "ü", "a\tb"])
def test_a_key_that_is_none_is_refused(cast, key):
    (request,) = asked(cast, 1)
    assert problem(decide(program_of(cast.unit_lead), request, headers={"Idempotency-Key": key})) == (422, "invalid")
    assert not request.decisions.exists()


def test_after_a_crash_the_ledger_tells_whether_the_write_was_carried_out(cast):
    first, second = asked(cast, 2)
    client = program_of(cast.unit_lead)
    assert decide(client, first, headers={"Idempotency-Key": "a"}).status_code == 201
    assert decide(client, second, headers={"Idempotency-Key": "b"}, verdict="reject").status_code == 422
    # Both died before their answers were kept: the one after its COMMIT, the other before.
    long_ago = clock.database_now() - LONGEST_WRITE
    KeptAnswer.objects.update(status=None, body="", headers={})
    at_work = decide(client, first, headers={"Idempotency-Key": "a"})
    assert problem(at_work) == (409, "key-at-work")
    assert at_work["Retry-After"] == "2"
    KeptAnswer.objects.update(claimed_at=long_ago)
    assert problem(decide(client, first, headers={"Idempotency-Key": "a"})) == (409, "outcome-kept-no-answer")
    assert first.decisions.count() == 1
    assert decide(client, second, headers={"Idempotency-Key": "b"}, verdict="reject").status_code == 422


def test_answers_are_kept_for_a_day(cast):
    first, second = asked(cast, 2)
    client = program_of(cast.unit_lead)
    assert decide(client, first, headers={"Idempotency-Key": "a"}).status_code == 201
    assert decide(client, second, headers={"Idempotency-Key": "b"}).status_code == 201
    KeptAnswer.objects.filter(key="a").update(claimed_at=clock.database_now() - KEPT_FOR)
    assert forget_old_answers() == 1
    assert forget_old_answers() == 0
    assert list(KeptAnswer.objects.values_list("key", flat=True)) == ["b"]


# Throttling


def test_too_many_requests_are_told_when_to_come_back(cast, settings):
    settings.API_REQUESTS_A_MINUTE = 3
    with time_machine.travel(timezone.now(), tick=False) as now:
        client, second_token = program_of(cast.unit_lead), program_of(cast.unit_lead)
        answers = [client.get(REQUESTS) for _ in range(3)]
        assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0"]
        refused = second_token.get(REQUESTS)
        assert problem(refused) == (429, "too-many")
        assert 1 <= int(refused["Retry-After"]) <= 60
        assert refused["RateLimit-Limit"] == "3"
        assert program_of(cast.unit_author).get(REQUESTS).status_code == 200
        now.shift(int(refused["Retry-After"]))
        assert client.get(REQUESTS).status_code == 200


def test_guessing_at_tokens_is_counted_by_address(cast, settings):
    settings.API_REQUESTS_A_MINUTE_SIGNED_OUT = 3
    wrong = Client(headers={"Authorization": "Bearer remit_wrong"})
    with time_machine.travel(timezone.now(), tick=False):
        assert [wrong.get(REQUESTS).status_code for _ in range(4)] == [401, 401, 401, 429]
        assert Client().get(REQUESTS).status_code == 429
        assert program_of(cast.unit_lead).get(REQUESTS).status_code == 200
