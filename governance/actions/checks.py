"""What every action asks of the text that people type."""

import unicodedata
from collections.abc import Mapping

from governance.errors import Invalid

BIDI_CONTROLS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def text_problem(value: str, *, name: str, longest: int, required: bool = True) -> str | None:
    """Return what is wrong with a line of text called ``name``, or None. ``longest`` is in characters."""
    if required and not value.strip():
        return f"Enter {name}."
    if len(value) > longest:
        return f"Shorten {name} to {longest:,} characters or fewer; it has {len(value):,}."
    if "\x00" in value:
        return f"Remove the invisible NUL character from {name}."
    if any(sign in BIDI_CONTROLS for sign in value):
        return f"Remove the invisible text-direction characters from {name}."
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\r\t" for sign in value):
        return f"Remove the invisible control characters from {name}."
    return None


def reason_problem(reason: str, *, longest: int = 500) -> str | None:
    """Return what is wrong with a reason that may be left out, or None."""
    return text_problem(reason, name="the reason", longest=longest, required=False)


def refuse(problems: Mapping[str, str | None]) -> None:
    """Return if no field has a problem; raise ``Invalid`` with those that have."""
    found = {field: problem for field, problem in problems.items() if problem}
    if found:
        raise Invalid(found)
