"""The goals, each as one number of a result beside what it must not pass. ``None`` where a result does not tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KINDS = {"unit": "one unit", "division": "one division", "centre": "the centre", "auditor": "everything (auditor)"}
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """What is measured, the figure of a result, and its bound."""

    words: str
    figure: Callable[[Result], float | None]
    bound: float
    at_least: bool = False
    digits: int = 2

    @property
    def bound_words(self) -> str:
        """The bound as the table shows it."""
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"

    def said(self, result: Result) -> str:
        """The figure, and whether the goal is missed."""
        found = self.figure(result)
        if found is None:
            return ""
        is_met = found >= self.bound if self.at_least else found <= self.bound
        shown = f"{found:,.{self.digits}f}"
        return shown if is_met else f"**{shown}** missed"


def ms(result: Result, name: str, kind: str) -> float | None:
    """The milliseconds of one case."""
    found = result.get("reading", {}).get("measured", {}).get(f"{name} {kind}")
    return float(found["ms"]) if found else None


def over(name: str, other: str) -> Callable[[Result], float | None]:
    """How many times the other's cost the one has, for whom it is the worst."""

    def figure(result: Result) -> float | None:
        pairs = [(ms(result, name, kind), ms(result, other, kind)) for kind in KINDS]
        found = [one / two for one, two in pairs if one is not None and two is not None]
        return max(found, default=None)

    return figure


def part(name: str, key: str) -> Callable[[Result], float | None]:
    """A number that a part says of itself."""
    return lambda result: result.get(name, {}).get(key)


def _times_guardian(result: Result) -> float | None:
    slow, fast = ms(result, "list guardian document", "division"), ms(result, "list", "division")
    return slow / fast if slow is not None and fast is not None else None


def _rate_of_guardian(result: Result) -> float | None:
    rates = result.get("serving", {}).get("requests_per_second", {})
    if "list guardian document" not in rates:
        return None
    return float(rates["list"]) / float(rates["list guardian document"])


def _heaviest(name: str) -> Callable[[Result], float | None]:
    def figure(result: Result) -> float | None:
        weights = result.get("reading", {}).get("bytes", {})
        found = [weights[f"{name} {kind}"] / 1000 for kind in KINDS if f"{name} {kind}" in weights]
        return max(found, default=None)

    return figure


def _statements(name: str) -> Callable[[Result], float | None]:
    def figure(result: Result) -> float | None:
        counts = result.get("reading", {}).get("statements", {})
        return max((counts[f"{name} {kind}"] for kind in KINDS if f"{name} {kind}" in counts), default=None)

    return figure


def _longest_meanwhile(result: Result) -> float | None:
    """The longest page during the switch, as a part of the time that the switch took."""
    switching = result.get("switching", {})
    longest = switching.get("meanwhile", {}).get("longest_ms")
    return longest / 1000 / switching["apply_seconds"] if longest is not None else None


GOALS = (
    Goal("list: times F1", over("list", "floor"), 2),
    Goal("list: times SQL by hand in Django", over("list", "list by hand"), 1.3),
    Goal("list: so many times faster than guardian's rights on each document", _times_guardian, 8, at_least=True),
    Goal("list, eight clients: so many times guardian's pages a second", _rate_of_guardian, 12, at_least=True),
    Goal("list: statements, session and shell included", _statements("list"), 8, digits=0),
    Goal("document: times F1", over("document", "floor"), 1.5),
    Goal("document: statements", _statements("document"), 8, digits=0),
    Goal("search, rare word: times the list", over("search rare", "list"), 2),
    Goal("search, a word in every tenth: times the list", over("search common", "list"), 3),
    Goal("history: times F1", over("history", "floor"), 1.5),
    Goal("diff of 4 kB: times F1", over("diff", "floor"), 2),
    Goal("submit and approve: of the rate by hand", part("writing", "of_the_rate_by_hand"), 0.6, at_least=True),
    Goal("submit: statements", part("writing", "submit_statements"), 10, digits=0),
    Goal("the decision that publishes: statements", part("writing", "decide_statements"), 16, digits=0),
    Goal("switch of the whole model: times the same rows by SQL", part("switching", "times_raw"), 3),
    Goal("switch: statements", part("switching", "apply_statements"), 24, digits=0),
    Goal("switch with nothing changed: rows touched", part("switching", "unchanged_rows_touched"), 0, digits=0),
    Goal("switch: longest page meanwhile, of its time", _longest_meanwhile, 0.5),
    Goal("due reviews: times the same rows by SQL", part("reviewing", "times_by_hand"), 3),
    Goal("import: documents a second, index included", part("importing", "documents_per_second"), 500, at_least=True),
    Goal("cold start: times bare Django, guardian and DRF", part("starting", "times_bare"), 2),
    Goal("memory of two workers: times bare", part("serving", "memory_times_bare"), 1.4),
    Goal("list: kB of HTML", _heaviest("list"), 15, digits=1),
    Goal("document: kB of HTML", _heaviest("document"), 25, digits=1),
)
