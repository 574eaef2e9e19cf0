"""The sizes of organisation that are measured, and the shape that all of them share."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Size:
    """An organisation: its units (root and centre among them), its people and its documents."""

    name: str
    units: int
    people: int
    documents: int


SIZES: Final = {
    size.name: size
    for size in (
        Size("tiny", units=24, people=120, documents=400),
        Size("10k", units=200, people=2_000, documents=10_000),
        Size("100k", units=1_000, people=10_000, documents=100_000),
        Size("1m", units=10_000, people=50_000, documents=1_000_000),
    )
}

DIVISIONS: Final = 7
"""A division is about 14 % of the organisation, at every size."""
TEAMS_PER_DEPARTMENT: Final = 10
CENTRE_DOCUMENTS: Final = 500
"""The centre's own standards, at most (a fiftieth of the documents where that is less): not a share of all."""

RARE: Final = "quincunx"
RARE_DOCUMENTS: Final = 20
COMMON: Final = "telemetry"
COMMON_EVERY: Final = 10
