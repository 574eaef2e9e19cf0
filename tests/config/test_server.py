"""The embedded server as a person starts it: a real process on a free port, with a data folder of its own."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import pytest
import redis

from config.celery import app
from config.tasks import heartbeat

ROOT = Path(__file__).resolve().parent.parent.parent
# Generous: the machine may be busy with the rest of the suite.
PATIENCE = 90


def _environment(data: Path, **more: str) -> dict[str, str]:
    inherited = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("REMIT_", "DATABASE_", "REDIS_", "DEMO_", "EMAIL_", "SECRET_", "DJANGO_"))
    }
    return {**inherited, "REMIT_DATA": str(data), "REMIT_STATIC_ROOT": str(data / "static"), **more}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server:
    """A started server and what it writes, line by line."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port, self.lines = process, port, Queue[str]()
        self.written: list[str] = []
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)

    def wait_for(self, text: str) -> None:
        """Return when a line not yet read holds the text; fail with what was written when none comes."""
        until = time.monotonic() + PATIENCE
        while (left := until - time.monotonic()) > 0:
            try:
                line = self.lines.get(timeout=left)
            except Empty:
                break
            self.written.append(line)
            if text in line:
                return
        pytest.fail(f"{text!r} was not written within {PATIENCE} s:\n{''.join(self.written[-60:])}")

    def get(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()


@contextmanager
def _started(data: Path, *command: str, port: int = 0, **more: str) -> Iterator[_Server]:
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=_environment(data, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _Server(process, port)
    finally:
        process.kill()
        process.wait(PATIENCE)


def _status(port: int, *lines: str) -> int:
    """The status of the answer to a request of these lines, sent as they stand."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as raw:
        raw.sendall("\r\n".join([*lines, "Host: localhost", "Connection: close", "", ""]).encode())
        return int(raw.recv(4096).split()[1])


def _serving(data: Path, **more: str) -> AbstractContextManager[_Server]:
    port = _free_port()
    return _started(data, "manage.py", "serve", "--port", str(port), port=port, **more)


def _manage(data: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=_environment(data, **more),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_server_runs_jobs_and_keeps_the_timetable_in_its_own_process(tmp_path: Path) -> None:
    with _serving(tmp_path, REMIT_HEARTBEAT_SECONDS="1", REMIT_LOG_LEVEL="info") as server:
        server.wait_for("Bringing the database up to date")
        server.wait_for(f"Remit is ready:  http://localhost:{server.port}/")
        assert server.get("/livez")[0] == 200
        for _ in range(2):
            server.wait_for("Scheduler: Sending due task config.heartbeat")
            server.wait_for("Task config.heartbeat")
            server.wait_for("succeeded")
        answered, text = server.get("/readyz")
        assert (answered, json.loads(text)["ready"]) == (200, True)
        assert _status(server.port, "GET /livez HTTP/1.1", *(f"X-Own-{index}: 1" for index in range(40))) == 200
        assert _status(server.port, "GET /livez HTTP/1.1", *(f"X-Own-{index}: 1" for index in range(90))) // 100 == 4
        assert _status(server.port, f"GET /livez?{'q' * 5000} HTTP/1.1") // 100 == 4
        server.process.terminate()
        assert server.process.wait(PATIENCE) == 0
    assert (tmp_path / "remit.sqlite3").exists()


@pytest.mark.redis
def test_with_a_redis_a_worker_of_its_own_runs_what_another_process_sends(tmp_path: Path, redis_url: str) -> None:
    queue = f"remit-test-{os.getpid()}"
    worker = ("-m", "celery", "-A", "config", "worker", "-l", "info", "-c", "1", "-P", "threads", "-Q", queue)
    assert _manage(tmp_path, "manage.py", "migrate", "--verbosity", "0").returncode == 0
    with _started(tmp_path, *worker, REDIS_URL=redis_url, REMIT_LOG_LEVEL="info") as started:
        started.wait_for("ready.")
        with app.connection_for_write(redis_url) as connection:
            sent = heartbeat.apply_async(connection=connection, queue=queue)
        started.wait_for(f"Task config.heartbeat[{sent.id}] succeeded")
    server = redis.Redis.from_url(redis_url)
    server.delete(*server.scan_iter(f"*{queue}*"))


@pytest.mark.parametrize("command", [["manage.py", "serve", "--no-prepare", "--port"], ["gunicorn"]])
def test_more_than_one_web_worker_is_refused_while_jobs_live_in_memory(tmp_path: Path, command: list[str]) -> None:
    port = _free_port()
    if command == ["gunicorn"]:
        refused = _manage(
            tmp_path, "-m", "gunicorn", "-c", "config/gunicorn.py", "--workers", "3", REMIT_PORT=str(port)
        )
        assert "3 web workers were asked for" in refused.stderr
    else:
        refused = _manage(tmp_path, *command, str(port), REMIT_WEB_WORKERS="2")
        assert "2 web workers were asked for" in refused.stderr
    assert refused.returncode != 0
    assert "REDIS_URL" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_in_use_is_refused_before_anything_is_prepared_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = _manage(tmp_path, "manage.py", "serve", "--port", str(taken.getsockname()[1]))
    assert refused.returncode != 0
    assert "make run PORT=8001" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "remit.sqlite3").exists()


def test_production_without_its_variables_does_not_start_and_says_which_are_missing(tmp_path: Path) -> None:
    refused = _manage(tmp_path, "manage.py", "check", REMIT_ENV="production", SECRET_KEY="k" * 60)
    assert refused.returncode != 0
    for name in ("DATABASE_URL", "REDIS_URL", "REMIT_ALLOWED_HOSTS", "EMAIL_URL", "REMIT_MAIL_FROM"):
        assert f"  {name}: " in refused.stderr
    assert "  SECRET_KEY: " not in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("switch", ["DEMO_MODE", "REMIT_DEBUG"])
def test_production_refuses_what_is_for_trying_out(tmp_path: Path, switch: str) -> None:
    refused = _manage(
        tmp_path,
        "manage.py",
        "check",
        REMIT_ENV="production",
        SECRET_KEY="k" * 60,
        DATABASE_URL="postgres://nobody@127.0.0.1/nothing",
        REDIS_URL="redis://127.0.0.1:1/0",
        REMIT_ALLOWED_HOSTS="remit.example.org",
        EMAIL_URL="consolemail://",
        REMIT_MAIL_FROM="remit@example.org",
        **{switch: "1"},
    )
    assert refused.returncode != 0
    assert switch in refused.stderr
