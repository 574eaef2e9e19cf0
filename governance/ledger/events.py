"""The events that may be recorded: declared once, in each package's ``events.py``; an unknown name raises at once.

A name is ``noun.past``, for example ``document.published``. Its sentence is a template over ``{actor}``,
``{subject}`` and, where someone acted for another, the reader adds the rest (``governance/selectors/ledger.py``).
"""

import re
from dataclasses import dataclass
from string import Formatter

NAME = re.compile(r"[a-z][a-z_]*(\.[a-z][a-z_]*)+")
PLACEHOLDERS = frozenset({"actor", "subject"})


class UnknownEvent(LookupError):
    """The event was never declared: a programming error, raised where it is used."""


@dataclass(frozen=True, slots=True)
class Event:
    """A declared event: its name, its label for lists and filters, and its sentence's template."""

    name: str
    label: str
    sentence: str


_registry: dict[str, Event] = {}


def declare(name: str, label: str, *, sentence: str) -> Event:
    """The event exists from now on; declaring it again with other words, or misspelling it, is refused."""
    if not NAME.fullmatch(name):
        raise ValueError(f"An event is named noun.past in small letters, not {name!r}.")
    unknown = {field for _, field, _, _ in Formatter().parse(sentence) if field is not None} - PLACEHOLDERS
    if unknown:
        raise ValueError(f"The sentence of {name} may use {{actor}} and {{subject}}, not {', '.join(sorted(unknown))}.")
    event = Event(name, label, sentence)
    if _registry.setdefault(name, event) != event:
        raise ValueError(f"The event {name} is declared twice with different words.")
    return event


def get(name: str) -> Event:
    """The declared event; raises ``UnknownEvent`` for any other name."""
    try:
        return _registry[name]
    except KeyError:
        raise UnknownEvent(f"No package declares the event {name!r}; add it to the package's events.py.") from None


def all_events() -> list[Event]:
    """Every declared event by name."""
    return [_registry[name] for name in sorted(_registry)]


def matching(pattern: str) -> list[Event]:
    """The events that a subscription hears: an exact name, a prefix such as ``document.``, or ``*`` for all.

    Raises ``UnknownEvent`` when there is none, for then the subscription would never be told anything.
    """
    found = [event for event in all_events() if covers(pattern, event.name)]
    if not found:
        raise UnknownEvent(f"No declared event matches {pattern!r}.")
    return found


def covers(pattern: str, name: str) -> bool:
    """Whether a subscription to the pattern hears the event; ``document.*`` means the same as ``document.``."""
    if pattern == "*":
        return True
    prefix = pattern.removesuffix("*")
    return name.startswith(prefix) if prefix.endswith(".") else name == pattern
