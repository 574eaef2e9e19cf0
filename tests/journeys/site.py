"""Remit as a person starts it: a server process on a free port, with the demo organisation in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 300
"""Seconds until a server that does not get ready counts as broken: the machine may be busy with other tests."""
READY = "Remit is ready"
_OWN = ("REMIT_", "DATABASE_", "REDIS_", "DEMO_", "EMAIL_", "SECRET_", "DJANGO_")


class Broken(AssertionError):
    """The server did not start, or wrote down a fault."""


def environment(data: Path, port: int) -> dict[str, str]:
    """Return the variables of an embedded demo installation in ``data``; nothing of this process's own settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OWN)}
    return {
        **inherited,
        "REMIT_DATA": str(data),
        "REMIT_STATIC_ROOT": str(data / "static"),
        "REMIT_PORT": str(port),
        "DEMO_MODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def manage(data: Path, *arguments: str, port: int = 8000) -> str:
    """Run ``manage.py`` on the installation in ``data`` and return what it wrote; ``Broken`` when it failed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment(data, port),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode != 0:
        raise Broken(f"manage.py {' '.join(arguments)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def prepare(data: Path) -> None:
    """``data`` holds an installation with the demo organisation, ready to be copied and served."""
    data.mkdir(parents=True)
    manage(data, "migrate", "--no-input", "--verbosity", "0")
    manage(data, "collectstatic", "--no-input", "--verbosity", "0")
    manage(data, "demo")


class Site:
    """One running installation."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = _free_port()
        self.url = f"http://localhost:{self.port}"
        self.written: list[str] = []
        self._lines = Queue[str]()
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--no-prepare", "--port", str(self.port)],
            cwd=ROOT,
            env=environment(data, self.port),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.written.append(line)
            self._lines.put(line)
        self._lines.put("")

    def wait_until_ready(self) -> None:
        """Return when pages are served; ``Broken``, with what the server wrote, when that does not come about."""
        until = time.monotonic() + PATIENCE
        while (left := until - time.monotonic()) > 0:
            try:
                line = self._lines.get(timeout=left)
            except Empty:
                break
            if READY in line:
                return
            if not line:
                break
        raise Broken(f"The server did not get ready:\n{''.join(self.written[-60:])}")

    def manage(self, *arguments: str) -> str:
        """Run ``manage.py`` beside the running server, on the same data."""
        return manage(self.data, *arguments, port=self.port)

    def run_jobs(self, *jobs: str) -> str:
        """Run periodic jobs to their end, one after the other, as the timetable would, in a process of their own.

        A job is named by where it stands: ``knowledge.tasks.remind_of_reviews``. Returns what they answered.
        """
        modules = {job.rpartition(".")[0] for job in jobs}
        lines = [f"import {', '.join(sorted(modules))}", *(f"print({job}())" for job in jobs)]
        return self.manage("shell", "--verbosity", "0", "-c", "\n".join(lines)).strip()

    def mails(self, *, to: str) -> list[str]:
        """Return the mails that have left for an address, as they were written to files."""
        folder = self.data / "mail"
        texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*"))] if folder.is_dir() else []
        return [mail for text in texts for mail in text.split("-" * 79) if f"To: {to}" in mail or f"<{to}>" in mail]

    def faults(self) -> str:
        """Return what the server wrote about faults of its own; empty when there was none."""
        text = "".join(self.written)
        return text[-6000:] if "Traceback" in text or "Internal Server Error" in text else ""

    def stop(self) -> None:
        """End this server's process, and no other."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(PATIENCE)
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextmanager
def serving(template: Path, data: Path) -> Iterator[Site]:
    """Serve a copy of a prepared installation; afterwards the server is gone, and so is the copy."""
    shutil.copytree(template, data)
    site = Site(data)
    try:
        site.wait_until_ready()
        yield site
    finally:
        site.stop()
        shutil.rmtree(data, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
