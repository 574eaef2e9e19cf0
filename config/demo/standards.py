"""The standards of the demo organisation, with all their versions: Markdown with a TOML head. No Django here.

A file holds the newest text. What an earlier version said is got back by undoing, newest first, the changes that each
later version names; so a text is kept once, however many versions it has.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from config.demo.organisation import CONTENT
from governance.vocabulary import Capability, Classification

_MARK = "+++\n"
_DAYS_IN_MONTH = 365 / 12
_DAYS_OF_WRITING = 6
"""How long before its submission a version was begun, where its file does not say."""


class State(StrEnum):
    """Where a standard stands today."""

    IN_FORCE = "in_force"
    DRAFT = "draft"
    IN_APPROVAL = "in_approval"
    OVERDUE = "overdue"
    RETIRED = "retired"
    REPLACED = "replaced"


class Pending(StrEnum):
    """What keeps a newest version from being in force."""

    DRAFT = "draft"
    APPROVAL = "approval"


class Unclear(ValueError):
    """A data file of the demo says something that cannot be read in exactly one way."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version as it read: who wrote it, who approved it in which order, when, and why.

    ``approvers`` are those who have approved so far; a version with ``pending`` has no day in force, and ``planned`` is
    the day on which it would take effect.
    """

    number: int
    body: str
    author: str
    reason: str
    approvers: tuple[str, ...]
    written: int
    submitted: int | None
    in_force: int | None
    planned: int | None
    pending: Pending | None
    reviewed: tuple[str, int] | None = None
    """Who reviewed it after publication under a mandate, and on which day."""

    @property
    def approved(self) -> tuple[tuple[str, int], ...]:
        """Who approved on which day, in order; the last approval of a version in force is its first day in force."""
        if self.submitted is None:
            return ()
        if self.in_force is None:
            return tuple((who, min(self.submitted + turn + 1, -1)) for turn, who in enumerate(self.approvers))
        span, turns = self.in_force - self.submitted, len(self.approvers)
        return tuple((who, self.submitted + span * (turn + 1) // turns) for turn, who in enumerate(self.approvers))


@dataclass(frozen=True, slots=True)
class Standard:
    """A controlled document of the invented group; ``versions`` is oldest first and never empty."""

    number: int
    key: str
    title: str
    kind: str
    topic: str
    tags: tuple[str, ...]
    owner: str
    owner_person: str | None
    capability: Capability
    classification: Classification
    review_months: int
    confirmed: int | None
    state: State
    retired: int | None
    successor: str | None
    applies_to: str
    versions: tuple[Version, ...]

    @property
    def published(self) -> tuple[Version, ...]:
        """The versions that are or were in force, oldest first."""
        return tuple(version for version in self.versions if version.in_force is not None)

    @property
    def review_due(self) -> int | None:
        """The day of the next review, from the last confirmation or version; none if never in force or retired."""
        if not self.published or self.retired is not None:
            return None
        last = max(self.published[-1].in_force or 0, self.confirmed if self.confirmed is not None else -10_000)
        return round(last + self.review_months * _DAYS_IN_MONTH)


@cache
def standards() -> tuple[Standard, ...]:
    """Return all standards of the demo by number."""
    return tuple(read_standard(path) for path in sorted((CONTENT / "standards").glob("*.md")))


def read_standard(path: Path) -> Standard:
    """Return the standard that a file holds, with all its versions.

    Raises ``Unclear`` where the head is missing, or a change cannot be undone in exactly one place.
    """
    parts = path.read_text(encoding="utf-8").split(_MARK, 2)
    if len(parts) != 3 or parts[0]:
        raise Unclear(f"{path.name}: the file must begin with a head between two lines of +++.")
    head = tomllib.loads(parts[1])
    try:
        versions = versions_of(parts[2], head["versions"])
    except Unclear as error:
        raise Unclear(f"{path.name}: {error}") from error
    return Standard(
        number=head["number"],
        key=head["key"],
        title=head["title"],
        kind=head["kind"],
        topic=head["topic"],
        tags=tuple(head["tags"]),
        owner=head["owner"],
        owner_person=head.get("owner_person"),
        capability=Capability(head["capability"]),
        classification=Classification(head.get("classification", Classification.INTERNAL)),
        review_months=head["review_months"],
        confirmed=head.get("confirmed"),
        state=State(head["state"]),
        retired=head.get("retired"),
        successor=head.get("successor"),
        applies_to=head["applies_to"],
        versions=versions,
    )


def versions_of(newest: str, rows: Iterable[Mapping[str, Any]]) -> tuple[Version, ...]:
    """Return the versions, oldest first, given the newest text and what each version changed from the one before.

    Raises ``Unclear`` where the text that a change put in is not found exactly once.
    """
    numbered = list(enumerate(rows, start=1))
    body = newest
    found: list[Version] = []
    for number, row in reversed(numbered):
        found.append(_version(number, row, body))
        for change in reversed(row.get("changes", [])):
            body = _undone(body, number, was=change["was"], now=change["now"])
    return tuple(reversed(found))


def _undone(body: str, number: int, *, was: str, now: str) -> str:
    count = body.count(now) if now else 0
    if count != 1:
        raise Unclear(f"version {number}: “{now[:60]}” stands {count} times in the text and must stand once.")
    return body.replace(now, was)


def _version(number: int, row: Mapping[str, Any], body: str) -> Version:
    submitted: int | None = row.get("submitted")
    return Version(
        number=number,
        body=body,
        author=row["author"],
        reason=row["reason"],
        approvers=tuple(row["by"]),
        written=row["written"] if submitted is None else submitted - _DAYS_OF_WRITING,
        submitted=submitted,
        in_force=row.get("in_force"),
        planned=row.get("planned"),
        pending=Pending(row["pending"]) if "pending" in row else None,
        reviewed=(row["reviewed"]["by"], row["reviewed"]["on"]) if "reviewed" in row else None,
    )
