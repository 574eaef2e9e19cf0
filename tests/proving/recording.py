"""How a campaign is given its counts and tells its figures: by the environment, and as lines of a file.

A test that is a part of a campaign asks for its count with ``count(name, small)`` and calls ``record``. In an ordinary
run the count is the small one and nothing is written; ``python -m tests.prove`` sets both.
"""

import json
import os
import time
from pathlib import Path

from django.db import connection

FIGURES = "REMIT_PROOF_FIGURES"
"""The file to which figures are added, one JSON object a line."""
SECONDS = "REMIT_PROOF_SECONDS"
"""How long one pass of a campaign may go on."""
PARTS = "REMIT_PROOF_PARTS"
"""Among how many tests that time is shared."""


def count(name: str, small: int) -> int:
    """How often: what ``make prove NAME=…`` says, else the small number of an ordinary run."""
    return int(os.environ.get(f"REMIT_PROVE_{name}") or small)


def record(campaign: str, **figures: int | float | str) -> None:
    """The figures are kept for the report; numbers of one campaign on one database are added up.

    With ``part`` they have a row of their own too; with ``within`` only that row, for another counts them already.
    """
    path = os.environ.get(FIGURES)
    if path:
        line = {"campaign": campaign, "database": connection.vendor, **figures}
        with Path(path).open("a") as file:
            file.write(json.dumps(line) + "\n")


class Budget:
    """Whether there is still time: a test's share of it, or the ``whole``. Without a limit there always is."""

    def __init__(self, *, whole: bool = False) -> None:
        parts = 1 if whole else int(os.environ.get(PARTS) or 1)
        seconds = float(os.environ.get(SECONDS) or 0) / parts
        self._end = time.monotonic() + seconds if seconds else None

    @property
    def is_spent(self) -> bool:
        """Whether the time has passed."""
        return self._end is not None and time.monotonic() > self._end
