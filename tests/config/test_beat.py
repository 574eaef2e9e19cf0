"""Of several beats one works; when it stops, dies or hangs, another does."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from config.beat import _RENEW, WAIT, OneBeat
from config.celery import app
from governance import ledger
from governance.heartbeats import BEAT, BEAT_LEASE, beat_age
from governance.models import JobHeartbeat

pytestmark = pytest.mark.django_db


class Beat(OneBeat):
    """A beat that writes down what it would send, and whose connection is the test's."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        super().__init__(app, lazy=True)
        self.data = {"look": self.Entry(name="look", task="config.heartbeat", schedule=30, app=app)}
        self.data["look"].last_run_at -= timedelta(hours=1)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        self.sent.append(entry.name)

    @property
    def producer(self) -> None:
        return None

    def renew_now(self) -> None:
        self._renew_at = 0.0


@pytest.fixture(autouse=True)
def _one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.beat.close_old_connections", lambda: None)
    monkeypatch.setattr("config.beat.connection.close", lambda: None)


def test_of_two_beats_one_sends_and_the_other_waits() -> None:
    first, second = Beat(), Beat()
    first.tick()
    assert second.tick() == WAIT
    assert (first.sent, second.sent) == (["look"], [])
    assert beat_age() is not None


def test_a_beat_that_stops_hands_over_at_once() -> None:
    first, second = Beat(), Beat()
    first.tick()
    first.close()
    assert beat_age() is None
    second.tick()
    assert second.sent == ["look"]


def test_a_beat_that_died_is_replaced_when_its_lease_is_over_and_does_nothing_if_it_only_hung() -> None:
    first, second = Beat(), Beat()
    first.tick()
    JobHeartbeat.objects.filter(name=BEAT).update(lease_until=ledger.database_now() - timedelta(seconds=1))
    second.tick()
    assert second.sent == ["look"]
    first.sent.clear()
    first.renew_now()
    assert first.tick() == WAIT
    assert first.sent == []


def test_another_takes_over_within_a_minute() -> None:
    assert _RENEW + WAIT < BEAT_LEASE, "a lease that is renewed in time is never lost"
    assert BEAT_LEASE + WAIT < 60


def test_a_lease_is_renewed_before_it_ends_and_its_age_stays_young() -> None:
    beat = Beat()
    beat.tick()
    soon = ledger.database_now() + timedelta(seconds=3)
    JobHeartbeat.objects.filter(name=BEAT).update(lease_until=soon)
    beat.renew_now()
    beat.tick()
    assert JobHeartbeat.objects.get(name=BEAT).lease_until > soon
    age = beat_age()
    assert age is not None
    assert age < 5


def test_without_the_database_nothing_is_sent_and_the_beat_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    beat = Beat()

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patched:
        patched.setattr("config.beat.take_lease", away)
        assert beat.tick() == WAIT
    assert beat.sent == []
    beat.tick()
    assert beat.sent == ["look"]


def test_each_look_touches_the_file_that_the_platform_watches(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    alive = tmp_path / "alive"
    monkeypatch.setenv("REMIT_ALIVE_FILE", str(alive))
    working, standing_by = Beat(), Beat()
    working.tick()
    alive.unlink()
    standing_by.tick()
    assert alive.exists()


def test_a_message_of_the_timetable_expires_when_the_next_is_due() -> None:
    app.loader.import_default_modules()
    assert {job["options"].get("expires") for job in app.conf.beat_schedule.values()} == {
        float(job["schedule"]) for job in app.conf.beat_schedule.values()
    }
    assert app.conf.beat_scheduler == "config.beat:OneBeat"
