"""What every connection, every answer and every job relies on."""

from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from config import serving
from config.celery import app, jobs_at_start, timetable


def _pragmas() -> dict[str, Any]:
    with connection.cursor() as cursor:
        return {
            name: cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("foreign_keys", "recursive_triggers", "journal_mode")
        }


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_every_sqlite_connection_checks_keys_fires_triggers_on_replace_and_locks_at_once() -> None:
    seen: list[dict[str, Any]] = []

    def in_another_thread() -> None:
        seen.append(_pragmas())
        connection.close()

    thread = Thread(target=in_another_thread)
    thread.start()
    thread.join()
    expected = {"foreign_keys": 1, "recursive_triggers": 1, "journal_mode": "wal"}
    assert _pragmas() == expected
    assert seen == [expected]
    assert connection.transaction_mode == "IMMEDIATE"


@pytest.mark.postgresql
@pytest.mark.django_db
def test_postgresql_connections_come_from_a_pool() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.pool.get_stats()["pool_max"] >= 2


def test_an_answer_forbids_inline_code_foreign_origins_and_frames(client: Client) -> None:
    answer = client.get("/livez")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_every_job_of_the_timetable_is_a_task_that_a_worker_knows() -> None:
    app.loader.import_default_modules()
    assert [name for name, job in timetable().items() if job["task"] not in app.tasks] == []
    assert set(app.conf.beat_schedule) == set(timetable())
    assert "config.heartbeat" in jobs_at_start()


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://localhost:8000/"),
        ("0.0.0.0", "http://localhost:8000/"),
        ("192.0.2.7", "http://192.0.2.7:8000/"),
        ("2001:db8::7", "http://[2001:db8::7]:8000/"),
    ],
)
def test_the_address_shown_is_one_a_browser_can_open(host: str, shown: str) -> None:
    assert serving.address(host=host, port=8000) == shown


def test_the_welcome_says_how_to_sign_in_and_how_others_reach_it() -> None:
    demo = serving.welcome(host="127.0.0.1", port=8000, demo=True)
    assert "no password" in demo
    assert "REMIT_ALLOWED_HOSTS" not in demo
    own = serving.welcome(host="0.0.0.0", port=8000, demo=False)
    assert "e-mail address and password" in own
    assert "REMIT_ALLOWED_HOSTS" in own
