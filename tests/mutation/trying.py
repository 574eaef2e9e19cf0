"""Tries changes in a process of their own, and says what became of each."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.mutation.areas import Area
from tests.mutation.mutants import ROOT, Mutant
from tests.mutation.running import KILLED, STOPPED, SURVIVED

OWN = ("DATABASE_URL", "REDIS_URL", "REMIT_ENV", "DEMO_MODE", "REMIT_DATA", "SECRET_KEY", "EMAIL_URL")


@dataclass(frozen=True)
class Answer:
    """What became of one change. ``by`` is the test that noticed it."""

    key: str
    module: str
    line: int
    result: str
    by: str
    seconds: float

    @property
    def is_noticed(self) -> bool:
        """Whether a test failed, or did not come to its end."""
        return self.result in (KILLED, STOPPED)


@dataclass(frozen=True)
class Score:
    """How many changes were made and how many were noticed."""

    mutants: int
    killed: int
    stopped: int
    survived: int

    @property
    def percent(self) -> float:
        """The share of those noticed; those that hang are among them, those that change nothing are not."""
        return 100 * (self.killed + self.stopped) / self.mutants if self.mutants else 100.0


def tried(area: Area, mutants: Sequence[Mutant], folder: Path, *, whole: bool) -> list[Answer]:
    """The answers for these changes of the area. Raises ``RuntimeError`` where the tests fail without any."""
    out = folder / f"{area.key}.jsonl"
    out.touch()
    job = folder / f"{area.key}.json"
    job.write_text(
        json.dumps({"area": asdict(area), "mutants": [each.key for each in mutants], "out": str(out), "whole": whole})
    )
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    environment = {name: value for name, value in environment.items() if not name.startswith(("REMIT_PRO", "PYTEST"))}
    command = [sys.executable, "-m", "tests.mutation.running", str(job)]
    done = subprocess.run(command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    answers = [Answer(**json.loads(line)) for line in out.read_text().splitlines()]
    if done.returncode or len(answers) != len(mutants):
        said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        raise RuntimeError(f"{len(answers)} of {len(mutants)} changes of {area.key} were tried.\n{said}")
    return answers


def score(answers: Sequence[Answer]) -> Score:
    """The answers counted."""
    counts = {result: sum(each.result == result for each in answers) for result in (KILLED, STOPPED, SURVIVED)}
    return Score(len(answers), counts[KILLED], counts[STOPPED], counts[SURVIVED])
