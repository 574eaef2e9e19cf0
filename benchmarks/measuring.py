"""Measuring several things fairly: in turns, after a warm-up, as a median of rounds with the least and the greatest."""

import gc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds: the median of the rounds' medians, and the least and greatest of these."""

    ms: float
    least: float
    most: float
    times: int

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def in_turns(
    cases: dict[str, Callable[[int], float]], *, turns: int, rounds: int = ROUNDS, warm: int = 2
) -> dict[str, Measured]:
    """Return how long each case took. A case is a function of its turn and returns seconds.

    The cases take turns, so that what disturbs the machine disturbs all of them alike.
    """
    for turn in range(warm):
        for case in cases.values():
            case(turn)
    medians: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(rounds):
        taken: dict[str, list[float]] = {name: [] for name in cases}
        gc.collect()
        for turn in range(turns):
            for name, case in cases.items():
                taken[name].append(case(turn))
        for name, seconds in taken.items():
            medians[name].append(median(seconds) * 1000)
    return {name: _measured(found, turns * rounds) for name, found in medians.items()}


def _measured(medians: Sequence[float], times: int) -> Measured:
    return Measured(round(median(medians), 3), round(min(medians), 3), round(max(medians), 3), times)
