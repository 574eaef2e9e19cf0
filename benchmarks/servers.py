"""What a server of two processes costs and carries: starting, memory, and throughput with eight clients."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from threading import Thread
from time import monotonic, perf_counter, sleep
from typing import Any

from django.conf import settings

CLIENTS = 8
WORKERS = 2
STARTS = 5
_ROOT = Path(__file__).parent.parent
_PRODUCT, _BARE = "benchmarks.wsgi", "benchmarks.bare.wsgi"
_FIRST = {_PRODUCT: "/signin/", _BARE: "/"}


class NotServed(Exception):
    """A server did not come up, or answered otherwise than with a page."""


def start() -> dict[str, Any]:
    """Return the seconds from nothing to the first answer, beside a bare Django with guardian and DRF, in turns."""
    taken: dict[str, list[float]] = {module: [] for module in _FIRST}
    for turn in range(STARTS + 1):
        for module, path in _FIRST.items():
            begun = perf_counter()
            command = [sys.executable, "-m", "benchmarks.first_answer", module, path]
            code = subprocess.run(command, env=_environment(module), cwd=_ROOT, check=False).returncode
            if code:
                raise NotServed(f"{module} did not answer {path}.")
            if turn:  # the first finds its files on the disk
                taken[module].append(perf_counter() - begun)
    product, bare = (median(taken[module]) for module in (_PRODUCT, _BARE))
    return {
        "start_seconds": round(product, 2),
        "bare_start_seconds": round(bare, 2),
        "times_bare": round(product / bare, 2),
    }


def serve(cases: dict[str, Callable[[int], str]], cookies: list[str], *, seconds: float, rounds: int) -> dict[str, Any]:
    """Return requests a second of each case with eight clients, and the memory of the two workers afterwards.

    ``cases`` are paths by turn; the person of the turn has the cookie of that turn. Cases take turns.
    """
    found: dict[str, Any] = {"clients": CLIENTS, "workers": WORKERS}
    with _served(_BARE) as (port, master):
        _crowd(port, lambda turn: "/", cookies, seconds=1.0)
        bare = _memory(master)
    with _served(_PRODUCT) as (port, master):
        for path in cases.values():
            _crowd(port, path, cookies, seconds=min(1.0, seconds))
        rates: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(rounds):
            for name, path in cases.items():
                rates[name].append(_crowd(port, path, cookies, seconds=seconds))
        memory = _memory(master)
    found["requests_per_second"] = {name: round(median(each), 1) for name, each in rates.items()}
    found["least_and_most"] = {name: [round(min(each), 1), round(max(each), 1)] for name, each in rates.items()}
    if bare and memory:
        found |= {
            "workers_mb": round(memory),
            "bare_workers_mb": round(bare),
            "memory_times_bare": round(memory / bare, 2),
        }
    return found


def cookie(session: str) -> str:
    """The header of a signed-in person."""
    return f"{settings.SESSION_COOKIE_NAME}={session}"


def _environment(module: str) -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": module.replace(".wsgi", ".settings")}


@contextmanager
def _served(module: str) -> Iterator[tuple[int, int]]:
    """The port and the process id of a gunicorn with two sync workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="remit-gunicorn-") as folder:
        config = Path(folder) / "gunicorn.py"
        config.write_text(
            f'bind = "127.0.0.1:{port}"\nworkers = {WORKERS}\nworker_class = "sync"\nloglevel = "error"\n'
            "control_socket_disable = True\ntimeout = 120\n"
        )
        command = [sys.executable, "-m", "gunicorn", "-c", str(config), f"{module}:application"]
        server = subprocess.Popen(command, env=_environment(module), cwd=_ROOT)
        try:
            _wait_for(port, server)
            yield port, server.pid
        finally:
            server.terminate()
            server.wait(timeout=60)


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    until = monotonic() + 60
    while monotonic() < until and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            sleep(0.1)
        else:
            return
    raise NotServed("The server did not come up.")


def _crowd(port: int, path: Callable[[int], str], cookies: list[str], *, seconds: float) -> float:
    """Return how many pages a second the clients got. Whatever is in hand at the end is waited for and counted."""
    until = perf_counter() + seconds
    counts = [0] * CLIENTS
    problems: list[str] = []

    def client(place: int) -> None:
        turn = place
        try:
            while perf_counter() < until and not problems:
                status = _get(port, path(turn), cookies[turn % len(cookies)])
                if status != b"200":
                    problems.append(f"{path(turn)} answered {status!r}.")
                counts[place] += 1
                turn += CLIENTS
        except OSError as error:
            problems.append(f"{path(turn)}: {error}")

    begun = perf_counter()
    threads = [Thread(target=client, args=(place,)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise NotServed(problems[0])
    return sum(counts) / (perf_counter() - begun)


def _get(port: int, path: str, cookies: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=120) as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html, application/json\r\n"
            f"Cookie: {cookies}\r\nConnection: close\r\n\r\n".encode()
        )
        first = connection.recv(65536)
        while connection.recv(65536):
            pass
    return first[9:12]


def _memory(master: int) -> float:
    """Return the resident megabytes of the workers together; 0 where the system does not tell."""
    try:
        workers = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in workers]
    except OSError:
        return 0.0
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20
