"""What the platform is told: whether the process lives, and whether all that Remit needs holds."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from config import health
from governance import ledger
from governance.heartbeats import BEAT, BEAT_LEASE, worker_seen
from governance.ledger import triggers
from governance.locks import give_back_lease, take_lease
from governance.models import JobHeartbeat, WorkerHeartbeat

pytestmark = pytest.mark.django_db

NAMES = ["database", "migrations", "triggers", "broker", "beat", "worker"]


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    health._last = (0.0, [])
    yield
    health._last = (0.0, [])


@pytest.fixture
def alive() -> None:
    take_lease(BEAT, seconds=BEAT_LEASE)
    worker_seen("celery@here")


def ask(path: str = "/readyz") -> tuple[int, dict[str, str]]:
    """The answer's status, and the reason of each check that does not hold."""
    health._last = (0.0, [])
    answer = Client().get(path)
    said = answer.json()
    assert said["ready"] is (answer.status_code == 200)
    return answer.status_code, {each["name"]: each["reason"] for each in said["checks"] if each["state"] != "ok"}


@pytest.mark.usefixtures("alive")
def test_every_check_is_named_with_its_state_and_all_of_them_make_it_ready() -> None:
    answer = Client().get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["checks"] == [{"name": name, "state": "ok", "reason": ""} for name in NAMES]
    assert "no-store" in answer.headers["Cache-Control"]


def test_without_beat_and_worker_it_is_not_ready_and_a_load_balancer_may_leave_them_out() -> None:
    status, amiss = ask()
    assert (status, sorted(amiss)) == (503, ["beat", "worker"])
    assert ask("/readyz?exclude=beat&exclude=worker") == (200, {})
    refused = Client().get("/readyz?exclude=everything")
    assert refused.status_code == 400
    assert "database, migrations" in refused.json()["reason"]


@pytest.mark.usefixtures("alive")
def test_a_beat_and_a_worker_that_were_not_heard_lately_are_named_with_their_age() -> None:
    past = ledger.database_now() - timedelta(minutes=10)
    JobHeartbeat.objects.filter(name=BEAT).update(lease_until=past)
    WorkerHeartbeat.objects.update(seen_at=past)
    status, amiss = ask()
    assert status == 503
    assert amiss["beat"].startswith("The beat was last heard 63")
    assert amiss["worker"].startswith("No worker was heard for 60")


def test_a_beat_that_was_stopped_is_not_taken_for_one_that_works() -> None:
    lease = take_lease(BEAT, seconds=BEAT_LEASE)
    assert lease is not None
    assert "beat" not in ask()[1]
    give_back_lease(lease)
    assert ask()[1]["beat"] == "No beat works: jobs of the timetable wait."


@pytest.mark.usefixtures("alive")
def test_a_database_older_than_the_release_is_named_without_its_migrations() -> None:
    MigrationRecorder.Migration.objects.filter(app="governance", name="0001_initial").delete()
    status, amiss = ask()
    assert status == 503
    assert list(amiss) == ["migrations"]
    assert "0001" not in amiss["migrations"]


@pytest.mark.usefixtures("alive")
def test_a_ledger_without_its_triggers_is_not_ready() -> None:
    triggers.lift()
    try:
        assert list(ask()[1]) == ["triggers"]
    finally:
        triggers.install()
    assert ask() == (200, {})


@pytest.mark.usefixtures("alive")
def test_a_broker_that_does_not_answer_is_named_without_its_address(settings: Any) -> None:
    settings.CELERY_BROKER_URL = "redis://:secret@127.0.0.1:1/0"
    health._redis.cache_clear()
    try:
        answer = Client().get("/readyz")
        assert answer.status_code == 503
        assert {"name": "broker", "state": "failing", "reason": "The broker does not answer: jobs wait."} in (
            answer.json()["checks"]
        )
        assert "secret" not in answer.content.decode()
        assert "127.0.0.1" not in answer.content.decode()
    finally:
        health._redis.cache_clear()


@pytest.mark.usefixtures("alive")
def test_without_the_database_only_that_is_told_and_the_process_still_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise OperationalError('connection to server at "10.1.2.3", password "secret"')

    monkeypatch.setattr("config.health.connection.cursor", away)
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    states = {each["name"]: each["state"] for each in answer.json()["checks"]}
    assert states == dict.fromkeys(NAMES, "unknown") | {"database": "failing", "broker": "ok"}
    assert "10.1.2.3" not in answer.content.decode()
    assert "secret" not in answer.content.decode()
    assert Client().get("/livez").json() == {"live": True}


@pytest.mark.usefixtures("alive")
def test_whoever_asks_often_asks_the_database_once_a_second(django_assert_num_queries: Any) -> None:
    Client().get("/readyz")
    with django_assert_num_queries(0):
        assert Client().get("/readyz").status_code == 200


def test_a_worker_that_was_not_seen_for_a_day_is_forgotten() -> None:
    worker_seen("celery@old")
    WorkerHeartbeat.objects.update(seen_at=ledger.database_now() - timedelta(days=2))
    worker_seen("celery@new")
    worker_seen("celery@new")
    assert list(WorkerHeartbeat.objects.values_list("name", flat=True)) == ["celery@new"]
