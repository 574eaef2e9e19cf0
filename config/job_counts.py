"""How many jobs ended how, counted in the cache: the one place that all workers and all web servers share.

Written by whatever runs a job, read by ``/metrics``. In Redis the counts outlive every process but Redis itself; a
count that begins anew at nought is what whoever reads counters expects.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

# Django's own way to the cache; the settings are needed only once something is counted.
from django.core.cache import cache

OUTCOMES: Final = ("SUCCESS", "FAILURE", "RETRY", "REJECTED", "IGNORED")


@dataclass(frozen=True, slots=True)
class JobCount:
    """How often a task ended this way."""

    task: str
    outcome: str
    count: int


def count_job(task: str, *, outcome: str, seconds: float) -> None:
    """One more job of this task ended so, after these seconds."""
    if outcome not in OUTCOMES:
        return
    _add(_count_key(task, outcome), 1)
    _add(_time_key(task), max(0, round(seconds * 1000)))


def counted(tasks: Collection[str]) -> tuple[list[JobCount], dict[str, float]]:
    """Return the counts of these tasks that are not nought, and each task's seconds in all; one question."""
    counts = {_count_key(task, outcome): (task, outcome) for task in tasks for outcome in OUTCOMES}
    times = {_time_key(task): task for task in tasks}
    found = cache.get_many([*counts, *times])
    return (
        [JobCount(*counts[key], count=int(value)) for key, value in found.items() if key in counts],
        {times[key]: int(value) / 1000 for key, value in found.items() if key in times},
    )


def _add(key: str, more: int) -> None:
    cache.add(key, 0, timeout=None)
    try:
        cache.incr(key, more)
    except ValueError:
        # Lost between the two: this once is not counted.
        return


def _count_key(task: str, outcome: str) -> str:
    return f"jobs.{task}.{outcome}"


def _time_key(task: str) -> str:
    return f"jobs.{task}.milliseconds"
