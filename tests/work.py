"""How much work something is, told without a clock: calls are counted, and what never ends is stopped."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

# Far above what these tests need on any machine, far below what hostile text costs where nothing bounds it.
LIMIT = 60


def calls_of(function: Callable[[], Any]) -> int:
    """Return how many calls, of Python's functions and of C's, ``function`` makes: the same number on any machine."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(before)
    return calls


@contextmanager
def bounded(limit: float = LIMIT) -> Iterator[None]:
    """Stop what is inside after ``limit`` seconds of the processor's time: a guard against no end, no measurement."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"No end after {limit:g} seconds of the processor's time.")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
