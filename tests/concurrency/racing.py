"""Several people at the same moment: threads that keep their connections and begin each round together."""

import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from django.db import connection

from governance.errors import RemitError
from tests.proving.recording import Budget, count, record

ROUNDS = count("RACES", int(os.environ.get("REMIT_RACE_ROUNDS", "50")))
"""How often each race is run. ``make prove`` runs a thousand rounds of each."""
PATIENCE = 60
"""Seconds after which a round counts as hanging."""


@dataclass
class Outcome:
    """What the runners of one round met, in their order: what each returned, or what was raised."""

    returned: list[Any] = field(default_factory=list)
    raised: list[BaseException | None] = field(default_factory=list)

    @property
    def won(self) -> list[int]:
        """The places of those who were let through."""
        return [place for place, error in enumerate(self.raised) if error is None]

    @property
    def refused(self) -> list[RemitError]:
        """The sentences that the others were given."""
        return [error for error in self.raised if isinstance(error, RemitError)]

    def faults(self) -> list[str]:
        """Whatever is no refusal fit for a person: locks, deadlocks, broken constraints, bugs."""
        return [
            f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            for error in self.raised
            if error is not None and not isinstance(error, RemitError)
        ]


class Track:
    """Lanes, each a thread with a connection of its own, on which rounds are run one after another."""

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._start = threading.Barrier(lanes)
        self._work: list[Callable[[], Any] | None] = [None] * lanes
        self._ready = [threading.Semaphore(0) for _ in range(lanes)]
        self._done = threading.Semaphore(0)
        self._outcome = Outcome()
        self._threads = [threading.Thread(target=self._run, args=(lane,), daemon=True) for lane in range(lanes)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._work = [None] * self._lanes
        for ready in self._ready:
            ready.release()
        for thread in self._threads:
            thread.join(timeout=PATIENCE)

    def race(self, work: Sequence[Callable[[], Any]]) -> Outcome:
        """Run one callable on each lane, all let go together; returns what they met."""
        assert len(work) == self._lanes
        self._outcome = Outcome([None] * self._lanes, [None] * self._lanes)
        self._work = list(work)
        for ready in self._ready:
            ready.release()
        for _ in range(self._lanes):
            assert self._done.acquire(timeout=PATIENCE), "a lane hangs"
        return self._outcome

    def _run(self, lane: int) -> None:
        try:
            while True:
                self._ready[lane].acquire()
                work = self._work[lane]
                if work is None:
                    return
                self._start.wait(timeout=PATIENCE)
                try:
                    self._outcome.returned[lane] = work()
                except BaseException as error:
                    self._outcome.raised[lane] = error
                self._done.release()
        finally:
            connection.close()


@dataclass
class Campaign:
    """The rounds of one race, with everything odd that was seen."""

    rounds: int = ROUNDS
    anomalies: list[str] = field(default_factory=list)
    run: int = 0
    seconds: float = 0.0

    def each(self, one: Callable[[int], Sequence[str]]) -> Self:
        """Run ``one`` for each round; it returns what it found odd."""
        began, budget = time.monotonic(), Budget()
        for number in range(self.rounds):
            if budget.is_spent:
                self.rounds = number
                break
            self.anomalies += [f"round {number}: {each}" for each in one(number)]
            self.run += 1
        self.seconds = time.monotonic() - began
        record("races", rounds=self.run, anomalies=len(self.anomalies))
        return self
