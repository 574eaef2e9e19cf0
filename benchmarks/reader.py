"""``python -m benchmarks.reader PERSON SESSION``: somebody who reads the library, again and again, until told to stop.

Prints a line when the first page is there, and then, when its input ends, every page as [moment, seconds, status].
"""

import json
import sys
from threading import Event, Thread
from time import monotonic
from typing import Any


def main(person: int, session: str) -> None:
    """Read until the input ends."""
    import django

    django.setup()
    from benchmarks.serving import Server

    server = Server({person: session})
    server.get(person, "/library/")
    ended = Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    Thread(target=wait, daemon=True).start()
    print("ready", flush=True)
    pages: list[tuple[float, float, int]] = []
    while not ended.is_set():
        at = monotonic()
        answer = server.get(person, "/library/")
        pages.append((at, answer.seconds, answer.status))
        ended.wait(0.01)
    print(json.dumps(pages), flush=True)


class Reader:
    """The reader as a process of its own; ``pages_between`` tells what it saw, once it was stopped."""

    def __init__(self, person: int, session: str) -> None:
        import subprocess

        command = [sys.executable, "-m", "benchmarks.reader", str(person), session]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self._pages: list[tuple[float, float, int]] = []

    def stop(self) -> None:
        """The process has ended."""
        said, _ = self._process.communicate(timeout=60)
        self._pages = [tuple(page) for page in json.loads(said)]

    def pages_between(self, begun: float, ended: float) -> list[tuple[float, float, int]]:
        """The pages that overlap this stretch of the monotonic clock."""
        return [page for page in self._pages if page[0] < ended and page[0] + page[1] > begun]


def told(pages: list[tuple[float, float, int]]) -> dict[str, Any]:
    """How many pages there were, how long one took and how long the longest."""
    from statistics import median

    seconds = [page[1] for page in pages]
    return {
        "pages": len(pages),
        "median_ms": round(median(seconds) * 1000, 1) if seconds else None,
        "longest_ms": round(max(seconds) * 1000, 1) if seconds else None,
        "all_answered": all(page[2] == 200 for page in pages),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
