"""What the units of the demo organisation have asked for: changes and exceptions at every stage. No Django here."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from config.demo.organisation import CONTENT
from governance.vocabulary import RiskLevel


class Kind(StrEnum):
    """What is asked for."""

    CHANGE = "change"
    EXCEPTION = "exception"


class Verdict(StrEnum):
    """What somebody decided."""

    APPROVE = "approve"
    SEND_BACK = "send_back"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class DemoDecision:
    """One person's answer on a day; a comment may be empty only where it approves."""

    by: str
    on: int
    verdict: Verdict
    comment: str


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """A request by a person of a unit about one clause of a document.

    A change has a ``proposal``; an exception has ``until``, a compensating ``control`` and a ``risk``.
    """

    key: str
    kind: Kind
    by: str
    unit: str
    document: str
    clause: str
    asked: int
    why: str
    proposal: str
    until: int | None
    control: str
    risk: RiskLevel | None
    decisions: tuple[DemoDecision, ...]
    withdrawn: int | None


@cache
def requests() -> tuple[DemoRequest, ...]:
    """Return all requests of the demo, oldest first, so that their numbers follow the calendar."""
    rows = tomllib.loads((CONTENT / "requests.toml").read_text(encoding="utf-8"))["requests"]
    return tuple(sorted((_request(row) for row in rows), key=lambda request: request.asked))


def _request(row: Mapping[str, Any]) -> DemoRequest:
    return DemoRequest(
        key=row["key"],
        kind=Kind(row["kind"]),
        by=row["by"],
        unit=row["unit"],
        document=row["document"],
        clause=row["clause"],
        asked=row["asked"],
        why=row["why"],
        proposal=row.get("proposal", ""),
        until=row.get("until"),
        control=row.get("control", ""),
        risk=RiskLevel(row["risk"]) if "risk" in row else None,
        decisions=tuple(
            DemoDecision(each["by"], each["on"], Verdict(each["verdict"]), each["comment"])
            for each in row.get("decisions", ())
        ),
        withdrawn=row.get("withdrawn"),
    )
