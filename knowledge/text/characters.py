"""Which characters a text may hold, and what becomes of the others.

Direction controls can make a text read differently from what it says, and a NUL breaks both databases.
Typed text with either is refused with a sentence; imported text is cleaned, because nobody is there to ask.
"""

import re
import unicodedata

MAX_TITLE = 300
"""Characters of a title."""
MAX_BODY = 1_000_000
"""Characters of a body that is typed or read as Markdown."""

_DIRECTION_CONTROLS = "\u202a-\u202e\u2066-\u2069"
_DIRECTION_MARKS = "\u061c\u200e\u200f"
_CONTROL_CODES = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
_HALVES = "\ud800-\udfff"

_DIRECTION = re.compile(f"[{_DIRECTION_CONTROLS}]")
_CONTROLS = re.compile(f"[{_CONTROL_CODES}]")
_SURROGATES = re.compile(f"[{_HALVES}]")
_UNWANTED = re.compile(f"[{_CONTROL_CODES}{_DIRECTION_CONTROLS}{_HALVES}\ufeff]")
_NOT_IN_A_LINE = re.compile(f"[\x00-\x1f\x7f-\x9f{_DIRECTION_CONTROLS}{_DIRECTION_MARKS}{_HALVES}\u2028\u2029\ufeff]+")
_LINE_ENDS = re.compile("\r\n?|\x85|\u2028|\u2029")


def clean_text(value: str) -> str:
    """Return the text with ``\\n`` line ends, without control characters, direction controls and byte-order marks.

    Tabs and line ends stay; the marks that languages written from right to left need (U+200E, U+200F) stay.
    """
    return _UNWANTED.sub("", _LINE_ENDS.sub("\n", value))


def clean_line(value: str, *, limit: int = MAX_TITLE) -> str:
    """Return the text as one line of at most ``limit`` characters, without controls and direction marks of any kind."""
    line = " ".join(_NOT_IN_A_LINE.sub(" ", unicodedata.normalize("NFC", value)).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def text_problem(value: str, *, limit: int = MAX_BODY) -> str | None:
    """Return a sentence that says why this typed text cannot be kept, or ``None`` when it can.

    ``limit`` counts characters.
    """
    if len(value) > limit:
        return f"This text has {len(value):,} characters; at most {limit:,} can be kept. Make it shorter."
    if "\x00" in value:
        return "This text holds a NUL character, which cannot be kept. Remove it; it is invisible, so retype that part."
    if _DIRECTION.search(value):
        return (
            "This text holds invisible characters that turn the direction of writing, so it could read differently "
            "from what it says. Remove them, or retype that part."
        )
    if _SURROGATES.search(value):
        return "This text holds half of a character. Retype that part."
    if _CONTROLS.search(value):
        return "This text holds a control character, which cannot be shown. Retype that part."
    return None


def title_problem(value: str) -> str | None:
    """Return a sentence that says why this cannot be a title (empty, long, several lines, controls), or ``None``."""
    if len(value) > MAX_TITLE:
        return f"A title has at most {MAX_TITLE} characters; this one has {len(value):,}."
    problem = text_problem(value, limit=MAX_TITLE)
    if problem is not None:
        return problem
    if not value.strip():
        return "Give it a title."
    if _LINE_ENDS.search(value) or "\n" in value:
        return "A title stands on one line."
    return None
