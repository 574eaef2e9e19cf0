"""The texts of documents: a few, rendered by the product's own code, and told apart by their last paragraph."""

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from benchmarks.sizes import COMMON, COMMON_EVERY
from knowledge.text.markdown import render

TEXTS = 40
LONG_EVERY = 5
"""One text in five has about 4 kB and an earlier version beside it; the others have about 800 bytes."""
_WORDS = 2_000
_SYLLABLES = "ba de fi go lu ma ne pi ro su ta ve wi zo kra ble sto tri plu gan".split()


@dataclass(frozen=True, slots=True)
class Text:
    """A text as a revision keeps it, without the last paragraph; ``clauses`` are (number, anchor, level, heading,
    text)."""

    body: str
    html: str
    plain: str
    contents: list[dict[str, Any]]
    clauses: tuple[tuple[str, str, str, str, str], ...]


@cache
def texts() -> tuple[tuple[Text, Text | None], ...]:
    """Return every text, each with its earlier version or None."""
    return tuple(_pair(number) for number in range(TEXTS))


def last_paragraph(number: str, rare: str, *, is_draft: bool = False) -> str:
    """What only this document says; its draft says more, for a draft that changes nothing is not submitted."""
    return f"This is {number}{' ' + rare if rare else ''}{', and more is to come' if is_draft else ''}."


@cache
def _vocabulary() -> tuple[str, ...]:
    rng = random.Random("vocabulary")
    return tuple("".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(2, 4))) for _ in range(_WORDS))


def _pair(number: int) -> tuple[Text, Text | None]:
    is_long = number % LONG_EVERY == 0
    paragraphs = _paragraphs(random.Random(f"text {number}"), 22 if is_long else 4)
    if number % COMMON_EVERY == 1:
        paragraphs[0] += f" All {COMMON} is kept."
    now = _rendered(paragraphs)
    if not is_long:
        return now, None
    earlier = [part.replace(" must ", " should ") if place % 4 == 1 else part for place, part in enumerate(paragraphs)]
    return now, _rendered(earlier[:-1])


def _paragraphs(rng: random.Random, count: int) -> list[str]:
    words = _vocabulary()

    def sentence() -> str:
        chosen = [words[min(int(rng.paretovariate(0.8)) - 1, _WORDS - 1)] for _ in range(rng.randint(8, 14))]
        chosen.insert(3, "must")
        return " ".join(chosen).capitalize() + "."

    parts = []
    for place in range(count):
        heading = f"## {words[rng.randrange(_WORDS)].capitalize()} {place + 1}\n\n" if place % 4 == 0 else ""
        verb = ("MUST", "SHOULD", "MAY")[place % 3]
        parts.append(f"{heading}Teams {verb} {words[rng.randrange(_WORDS)]}. {sentence()} {sentence()}")
    return parts


def _rendered(paragraphs: list[str]) -> Text:
    body = "\n\n".join(paragraphs) + "\n"
    found = render(body, title="A standard")
    contents = [{"level": each.level, "text": each.text, "anchor": each.anchor} for each in found.contents]
    clauses = tuple(
        (
            each.number[:32],
            each.anchor[:120],
            each.level.value if each.level else "",
            " › ".join(each.heading_path)[:300],
            each.text,
        )
        for each in found.clauses
    )
    return Text(body, found.html, found.plain, contents, clauses)
