"""What Prometheus reads: who may, what stands in it, and what never does."""

import re
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from config.environment import Environment
from config.job_counts import count_job, counted
from governance import ledger
from governance.models import Delivery

pytestmark = pytest.mark.django_db

TOKEN = "t" * 30


@pytest.fixture(autouse=True)
def _door(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    settings.METRICS_NETWORKS = []


def read() -> str:
    answer = Client().get("/metrics", HTTP_AUTHORIZATION=f"Bearer {TOKEN}")
    assert answer.status_code == 200
    return answer.content.decode()


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not there:\n{text[-3000:]}"
    return float(found[1])


def test_only_the_token_or_an_allowed_address_reads_them_and_for_others_there_is_no_such_page(settings: Any) -> None:
    absent = Client().get("/no-such-page/")
    for headers in ({}, {"HTTP_AUTHORIZATION": "Bearer no"}, {"HTTP_AUTHORIZATION": f"Basic {TOKEN}"}):
        refused = Client().get("/metrics", **headers)
        assert (refused.status_code, absent.status_code) == (404, 404)
        assert b"remit_" not in refused.content
    settings.METRICS_NETWORKS = Environment({"N": "10.1.0.0/16"}).networks("N")
    assert Client().get("/metrics", REMOTE_ADDR="10.2.0.1").status_code == 404
    assert Client().get("/metrics", REMOTE_ADDR="10.1.7.7").status_code == 200
    for mark in ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED", "HTTP_X_REAL_IP"):
        passed_on = Client().get("/metrics", REMOTE_ADDR="10.1.7.7", **{mark: "10.1.7.7"})
        assert passed_on.status_code == 404, f"{mark} says that a proxy passed it on"


def test_without_a_door_nobody_reads_them(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 404


def test_an_answer_is_counted_by_route_with_its_time_and_statements() -> None:
    name = 'remit_requests_total{method="GET",route="sign-in",status="200"}'
    before = value(read(), name) if name in read() else 0
    Client().get("/signin/?next=/s/STD-0001/")
    reader = Client()
    reader.force_login(get_user_model().objects.create_user("reader@example.org", name="A Reader"))
    reader.get("/s/STD-0001/")
    Client().generic("BREW", "/signin/")
    text = read()
    assert value(text, name) == before + 1
    assert value(text, 'remit_request_seconds_count{method="GET",route="sign-in"}') >= 1
    assert value(text, 'remit_request_statements_total{method="GET",route="document"}') > 0
    assert 'method="other"' in text
    assert "BREW" not in text
    assert "STD-0001" not in text


def test_labels_name_no_person_no_document_and_no_typed_address() -> None:
    person = get_user_model().objects.create_user("zqperson@example.org", name="Zq Person")
    client = Client()
    client.force_login(person)
    for path in ("/s/ZQ-9999/", "/people/zqtyped/", "/library/?q=zqword", "/zqnowhere"):
        client.get(path)
    text = read().casefold()
    assert "zq" not in text
    labels = set(re.findall(r'(\w+)="', text))
    assert labels <= {"route", "method", "status", "le", "task", "outcome", "outbox", *_of_python(text)}


def _of_python(text: str) -> set[str]:
    """Labels of the interpreter's own metrics, which stand there where one process serves."""
    lines = [line for line in text.splitlines() if line.startswith(("python_", "process_"))]
    return set(re.findall(r'(\w+)="', "\n".join(lines)))


def test_what_is_owed_and_what_was_given_up_is_told() -> None:
    waiting = Delivery.objects.filter(state="pending").count()
    assert value(read(), 'remit_outbox_waiting{outbox="deliveries"}') == waiting
    entry = _an_entry()
    Delivery.objects.create(entry=entry, handler="tests.slow", not_before=ledger.database_now())
    Delivery.objects.create(entry=entry, handler="tests.dead", not_before=ledger.database_now(), state="dead")
    text = read()
    assert value(text, 'remit_outbox_waiting{outbox="deliveries"}') >= 1
    assert value(text, 'remit_outbox_oldest_seconds{outbox="deliveries"}') >= 0
    assert value(text, 'remit_outbox_dead{outbox="deliveries"}') == 1
    assert value(text, 'remit_outbox_dead{outbox="mail"}') == 0
    assert value(text, "remit_database_up") == 1


def _an_entry() -> Any:
    from governance.models import LedgerEntry
    from tests.knowledge.cast import make_cast

    make_cast()
    return LedgerEntry.objects.first()


def test_jobs_are_counted_by_how_they_ended() -> None:
    before = {(each.task, each.outcome): each.count for each in counted(["config.heartbeat"])[0]}
    count_job("config.heartbeat", outcome="SUCCESS", seconds=0.25)
    count_job("config.heartbeat", outcome="FAILURE", seconds=0.5)
    count_job("config.heartbeat", outcome="something else", seconds=9)
    text = read()
    for outcome in ("SUCCESS", "FAILURE"):
        name = f'remit_jobs_total{{outcome="{outcome.lower()}",task="config.heartbeat"}}'
        assert value(text, name) == before.get(("config.heartbeat", outcome), 0) + 1
    assert value(text, 'remit_job_seconds_total{task="config.heartbeat"}') >= 0.75
