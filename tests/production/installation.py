"""Remit as ``docker-compose.yml`` describes it, run as plain processes beside each other.

What the file says is taken as it stands: commands, variables, health checks, secrets from files. Only what a
container engine would give is given here: addresses, folders, a host name for each process, and a new process in place
of one that died (``restart: unless-stopped``).
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import psycopg
import redis

from tests.architecture.repository import ROOT
from tests.production import compose

HOST = "remit.example.org"
PATIENCE = 90.0
"""Seconds until what should come about by itself counts as not coming about: the machine may be busy."""
_OWN = ("REMIT_", "DATABASE_", "REDIS_", "DEMO_", "EMAIL_", "SECRET_", "DJANGO_", "PROMETHEUS_", "PG")

Answer = TypeVar("Answer")


def eventually(what: str, found: Callable[[], Answer], *, patience: float = PATIENCE) -> Answer:
    """Return the first answer that is true; fail, saying what was waited for, when none comes."""
    until = time.monotonic() + patience
    while True:
        answer = found()
        if answer:
            return answer
        assert time.monotonic() < until, f"Within {patience:.0f} s it did not come about that {what}."
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One started process, in a group of its own, with what it writes in a file."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self.name, self.command, self.environment = name, command, environment
        self.log = folder / f"{name}.log"
        with self.log.open("ab") as written:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=written, stderr=written, start_new_session=True
            )

    def says(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def lives(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """The process and what it started are gone at once, as when a container is killed."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def stop(self) -> int:
        """The process was asked to stop, as by a container engine; returns how it ended."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


class Installation:
    """Everything the file describes, with a database of its own and a Redis of its own."""

    def __init__(self, folder: Path, *, server: str, mail_port: int) -> None:
        self.folder = folder
        self.server = server
        self.database = f"remit_production_{os.getpid()}"
        self.web_port, self.redis_port = free_port(), free_port()
        self.running: dict[str, Running] = {}
        self.services = compose.services(
            REMIT_ALLOWED_HOSTS=HOST,
            REMIT_MAIL_FROM="Remit <remit@example.org>",
            EMAIL_URL=f"smtp://127.0.0.1:{mail_port}",
        )
        self._secrets = self._written_secrets()
        self.execute(f'CREATE DATABASE "{self.database}"', database=None)

    # --- What stands behind it

    def execute(self, statement: str, *parameters: Any, database: str | None = "") -> list[tuple[Any, ...]]:
        """The rows of a statement, on a connection of its own; on the server's own database for ``None``."""
        url = self.server if database is None else self.url(database or self.database)
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            cursor = connection.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, statement: str, *parameters: Any) -> Any:
        """The first column of the first row, or None."""
        rows = self.execute(statement, *parameters)
        return rows[0][0] if rows else None

    def url(self, database: str) -> str:
        return urlsplit(self.server)._replace(path=f"/{database}").geturl()

    def _written_secrets(self) -> dict[str, Path]:
        password = urlsplit(self.server).password or "not-asked-for"
        values = {"secret_key": "k7" * 40, "database_password": password, "metrics_token": "m3" * 20}
        _, files = compose.volumes_and_secrets()
        written = {}
        for name in files:
            written[name] = self.folder / f"secret-{name}"
            written[name].write_text(f"{values[name]}\n", encoding="utf-8")
        return written

    # --- What a container engine gives

    def _native(self, text: str, name: str) -> str:
        """An address or a folder of the containers as it is here."""
        at = urlsplit(self.server)
        # First, for what is put in place of the rest lies in that folder too.
        text = text.replace("/tmp/", f"{self.folder}/{name}-")
        for secret, path in self._secrets.items():
            text = text.replace(f"/run/secrets/{secret}", str(path))
        text = text.replace(
            "remit@database:5432/remit", f"{quote(at.username or '')}@{at.hostname}:{at.port or 5432}/{self.database}"
        )
        text = text.replace("redis:6379", f"127.0.0.1:{self.redis_port}")
        return text.replace("127.0.0.1:8000", f"127.0.0.1:{self.web_port}")

    def environment(self, name: str, **more: str) -> dict[str, str]:
        """The variables of one container: the image's, the service's and what only the platform knows."""
        service = self.services[name.partition("-")[0]]
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(_OWN)}
        said = {key: self._native(value, name) for key, value in service.environment.items()}
        return {
            **inherited,
            **compose.image_environment(),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOSTNAME": name,
            "REMIT_DATA": str(self.folder / "data"),
            "REMIT_STATIC_ROOT": str(self.folder / "static"),
            # Quicker than by default, so that nobody waits; what is proved does not depend on it.
            "REMIT_SWEEP_SECONDS": "2",
            "REMIT_HEARTBEAT_SECONDS": "2",
            "REMIT_LEASE_SECONDS": "6",
            **said,
            **more,
        }

    def command(self, name: str) -> list[str]:
        """The service's command with what is different here: ports, and a name for each worker."""
        service = self.services[name.partition("-")[0]]
        command = [self._native(part, name) for part in service.command]
        if service.name == "redis":
            return [*command, "--bind", "127.0.0.1", "--port", str(self.redis_port), "--dir", str(self.folder)]
        if service.name == "web":
            there = {"0.0.0.0": "127.0.0.1", "8000": str(self.web_port)}
            return [there.get(part, part) for part in command]
        return [*command, "--hostname", f"celery@{name}"] if service.name == "worker" else command

    def start(self, *names: str) -> None:
        """Each is started; a name is its service's, with a number where there are several."""
        for name in names:
            service = self.services[name.partition("-")[0]]
            own = self.environment(name) if service.name != "redis" else {"PATH": os.environ["PATH"]}
            self.running[name] = Running(name, self.command(name), own, self.folder)

    def healthy(self, name: str) -> bool:
        """Whether the service's own health check passes."""
        service = self.services[name.partition("-")[0]]
        test = [self._native(part, name) for part in service.healthcheck]
        environment = self.environment(name)
        if service.name == "redis":
            test[1:1] = ["-p", str(self.redis_port)]
        if service.name == "database":
            at = urlsplit(self.server)
            environment |= {"PGHOST": at.hostname or "", "PGPORT": str(at.port or 5432)}
        done = subprocess.run(test, cwd=ROOT, env=environment, capture_output=True, timeout=PATIENCE, check=False)
        return done.returncode == 0

    def run(self, *command: str, service: str = "web", **more: str) -> str:
        """What a command that ends wrote; fails with it where the command failed."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment(service, **more),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)[:200]} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    def prepare(self) -> None:
        """What comes before the first start: the image's static files and the service that prepares the database."""
        build = next(step for step in compose.image_steps() if "collectstatic" in step)
        done = subprocess.run(
            ["sh", "-c", self._native(build, "build")],
            cwd=ROOT,
            env={key: value for key, value in self.environment("web").items() if key in {"PATH", "REMIT_STATIC_ROOT"}},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        self.run(*self.command("prepare"), service="prepare")

    # --- What goes wrong

    def kill_redis(self) -> None:
        """Redis dies with what it did not write down, stays away for a moment, and is started again."""
        self.running["redis"].kill()
        time.sleep(1)
        self.start("redis")
        eventually("Redis answers again", self.redis_answers)

    def redis_answers(self) -> bool:
        try:
            return bool(redis.Redis(port=self.redis_port, socket_timeout=5).ping())
        except redis.RedisError:
            return False

    def cut_connections(self) -> int:
        """Every connection to the database is cut, in whatever it is doing; returns how many."""
        return len(
            self.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                self.database,
                database=None,
            )
        )

    def restart_killed(self, *names: str) -> None:
        """Each is killed and at once started again, as the platform would."""
        for name in names:
            self.running[name].kill()
        self.start(*names)

    def kill_web_process(self) -> None:
        """One of the processes that answer is killed; the server puts another in its place."""
        master = self.running["web"].process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text(encoding="ascii").split()
        if children:
            with suppress(ProcessLookupError):
                os.kill(int(children[0]), signal.SIGKILL)

    def remove(self) -> None:
        """Nothing of it is left: no process and no database."""
        for each in self.running.values():
            each.kill()
        self.execute(f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)', database=None)
