"""The front matter of a Markdown file: what it says about the document, in our words, and all that it says as it came.

YAML is read with every value as text, so that an id such as ``00018``, a version such as ``1.10`` and a country such as
``NO`` stay what they are. Dates and numbers are read from the keys that we know; the others are kept untouched.
"""

import calendar
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import yaml

from knowledge.text.characters import clean_line, clean_text

MAX_FRONT_MATTER = 64 * 1024
"""Characters."""
_MAX_VALUES = 10_000
_MAX_DEPTH = 20
_MAX_ALIASES = 10

KINDS_BY_LAYOUT: Mapping[str, str] = {
    "policy": "policy",
    "standard": "standard",
    "guideline": "guideline",
    "guide": "guideline",
    "guidance": "guideline",
    "principle": "guideline",
    "recommendation": "guideline",
    "procedure": "procedure",
    "runbook": "procedure",
    "pattern": "pattern",
    "decision": "decision_record",
    "adr": "decision_record",
    "strategy": "strategy",
}
"""The kind of document that a layout stands for."""


class BadFrontMatter(Exception):
    """The front matter cannot be read; ``str(error)`` is the reason, ``body`` and ``source`` are what was readable."""

    def __init__(self, reason: str, *, body: str, source: str) -> None:
        super().__init__(reason)
        self.body = body
        self.source = source


@dataclass(frozen=True, slots=True)
class ReviewInterval:
    """How long a document stands between two reviews, in months and days."""

    months: int = 0
    days: int = 0

    def after(self, day: date) -> date:
        """The day on which the next review is due; the last day of a month that is too short."""
        month = day.month - 1 + self.months
        year = min(day.year + month // 12, date.max.year - 1)
        number = month % 12 + 1
        last = calendar.monthrange(year, number)[1]
        return date(year, number, min(day.day, last)) + timedelta(days=self.days)

    @property
    def in_months(self) -> int:
        """The interval in whole months, at least 1; thirty days count as one."""
        return max(1, self.months + round(self.days / 30))


@dataclass(frozen=True, slots=True)
class RelatedLink:
    """A link that the front matter lists beside the text."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a file says about its document. Empty texts and ``None`` mean that it does not say.

    ``reviewed_on`` is the last review, ``review_due_on`` a next review that is named as a date, ``dated_on`` the date
    that the text gives itself. ``kind`` is a key of the document kinds, guessed from the layout. ``aliases`` are ids it
    had in its source. ``extra`` holds the keys that mean nothing to us and ``raw`` all of them, as plain values whose
    leaves are texts. ``notes`` are sentences on values that could not be understood; they are still in ``raw``.
    """

    title: str = ""
    description: str = ""
    reviewed_on: date | None = None
    review_due_on: date | None = None
    dated_on: date | None = None
    review_interval: ReviewInterval | None = None
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    layout: str = ""
    kind: str | None = None
    order: int | None = None
    related: tuple[RelatedLink, ...] = ()
    owner_note: str = ""
    is_withdrawn: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)
    unparsed: str = ""
    notes: tuple[str, ...] = ()

    @property
    def last_review(self) -> date | None:
        """The last review, else the date that the text gives itself."""
        return self.reviewed_on or self.dated_on

    @property
    def next_review(self) -> date | None:
        """The next review as far as the file says it: by a date, or by the last review and an interval."""
        if self.review_due_on is not None:
            return self.review_due_on
        if self.last_review is not None and self.review_interval is not None:
            return self.review_interval.after(self.last_review)
        return None


_OPENING = re.compile(r"---[ \t]*\n")
_CLOSING = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.MULTILINE)
_KEY_LINE = re.compile(r"[A-Za-z_][\w -]*:(?:\s|\Z)")


def read_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Return what the front matter says, and the body below it.

    ``text`` has ``\\n`` line ends. A text without front matter is all body. Raises ``BadFrontMatter`` for front matter
    that is no YAML mapping, is not closed, is larger than 64 KB, or unfolds to very much.
    """
    opening = _OPENING.match(text)
    if opening is None:
        return FrontMatter(), text
    closing = _CLOSING.search(text, opening.end())
    if closing is None:
        if _KEY_LINE.match(text, opening.end()):
            raise BadFrontMatter("The front matter is not closed by a line of three hyphens.", body=text, source="")
        return FrontMatter(), text
    source, body = text[opening.end() : closing.start()], text[closing.end() :]
    if len(source) > MAX_FRONT_MATTER:
        raise BadFrontMatter("The front matter is larger than 64 KB.", body=body, source=source[:MAX_FRONT_MATTER])
    try:
        return _said(source), body
    except _NoMapping:
        # Two rules with a sentence between them are text, not front matter.
        return FrontMatter(), text
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadFrontMatter(_reason(error), body=body, source=source) from error


@functools.lru_cache(maxsize=4)
def _said(source: str) -> FrontMatter:
    """What that front matter says; remembered for the next revision, most of which do not touch it."""
    return _understood(_load(source))


class _NoMapping(Exception):
    pass


class _TextLoader(yaml.SafeLoader):
    """Reads every plain value as text, and refuses texts that unfold to very much by references to themselves."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    aliases = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            self.aliases += 1
            if self.aliases > _MAX_ALIASES:
                raise ValueError(f"It refers to itself more than {_MAX_ALIASES} times.")
        return super().compose_node(parent, index)


def _load(source: str) -> dict[str, Any]:
    loader = _TextLoader(source)
    try:
        value = loader.get_single_data()
    finally:
        loader.dispose()
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _NoMapping
    plain = _plain(value, [_MAX_VALUES], 0)
    return plain if isinstance(plain, dict) else {}


def _plain(value: object, budget: list[int], depth: int) -> Any:
    """A value of only dictionaries, lists and texts; refuses too many of them."""
    budget[0] -= 1
    if budget[0] < 0 or depth > _MAX_DEPTH:
        raise ValueError("It holds too many values, or they lie too deep.")
    if isinstance(value, dict):
        return {str(key): _plain(each, budget, depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(each, budget, depth + 1) for each in value]
    return clean_text(_COMMENT.sub("", "" if value is None else str(value))).strip()


_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def _reason(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem:
        mark = error.problem_mark
        # The line is counted in the file, whose first line is the opening fence.
        place = f" in line {mark.line + 2}" if mark is not None else ""
        return f"The front matter is not valid YAML: {error.problem}{place}."
    if isinstance(error, RecursionError):
        return "The front matter is nested too deeply."
    if isinstance(error, ValueError):
        return f"The front matter cannot be read. {error}"
    return "The front matter is not valid YAML."


# --- Understanding the values

_KNOWN = frozenset(
    str.split(
        "title description summary last_reviewed_on last_reviewed reviewed_on expires review_by next_review_on "
        "review_on review_in review_interval date id ids alias aliases tags layout kind order weight related "
        "owner_slack owner"
    )
)


def _understood(raw: dict[str, Any]) -> FrontMatter:
    notes: list[str] = []
    layout = _line(raw.get("layout"))
    kind = KINDS_BY_LAYOUT.get((_line(raw.get("kind")) or layout).lower().replace("-", "_"))
    return FrontMatter(
        title=_line(raw.get("title")),
        description=_line(raw.get("description") or raw.get("summary"), limit=2000),
        reviewed_on=_date(raw, ("last_reviewed_on", "last_reviewed", "reviewed_on"), notes),
        review_due_on=_date(raw, ("expires", "review_by", "next_review_on", "review_on"), notes),
        dated_on=_date(raw, ("date",), notes),
        review_interval=_interval(raw, notes),
        aliases=_aliases(raw),
        tags=_texts(raw.get("tags")),
        layout=layout,
        kind=kind,
        order=_whole_number(raw.get("order") or raw.get("weight")),
        related=tuple(_related(raw.get("related"))),
        owner_note=_line(raw.get("owner_slack") or raw.get("owner"), limit=200),
        is_withdrawn=layout.lower() in {"withdrawn", "retired", "deprecated"},
        extra={key: value for key, value in raw.items() if key not in _KNOWN},
        raw=raw,
        notes=tuple(notes),
    )


def _line(value: object, *, limit: int = 300) -> str:
    return clean_line(value, limit=limit) if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    """A list of texts, also where it came as one text with commas; each once."""
    values = value.split(",") if isinstance(value, str) else value
    if not isinstance(values, list):
        return ()
    return tuple(dict.fromkeys(text for each in values if (text := _line(each, limit=100))))


def _aliases(raw: Mapping[str, Any]) -> tuple[str, ...]:
    found = [text for key in ("id", "ids", "alias", "aliases") for text in _texts(raw.get(key))]
    return tuple(dict.fromkeys(text for text in found if not text.upper().endswith("TBC")))


def _whole_number(value: object) -> int | None:
    return int(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value) else None


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?\Z")
_IN_WORDS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)? ([A-Za-z]{3,9})\.?,? (\d{4})\Z")
_AMERICAN = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\Z")
_MONTHS = {name.lower()[:3]: number for number, name in enumerate(calendar.month_name) if name}
_BY_THE_HISTORY = frozenset({"git last modified", "last modified", "created", "git created"})


def _date(raw: Mapping[str, Any], keys: tuple[str, ...], notes: list[str]) -> date | None:
    for key in keys:
        value = _line(raw.get(key))
        if not value or value.lower() in _BY_THE_HISTORY:
            continue
        found = read_date(value)
        if found is not None:
            return found
        notes.append(f"“{key}: {value}” is no date that can be read; it is kept as it came.")
    return None


def read_date(value: str) -> date | None:
    """Return the day that a text names, as ``2024-01-31``, ``31 January 2024`` or ``January 31, 2024``, or ``None``.

    ``01/02/2024`` is two different days in two countries, so it names none.
    """
    if match := _ISO.match(value):
        year, month, day = (int(part) for part in match.groups())
    elif match := _IN_WORDS.match(value):
        day, month, year = int(match.group(1)), _MONTHS.get(match.group(2).lower()[:3], 0), int(match.group(3))
    elif match := _AMERICAN.match(value):
        month, day, year = _MONTHS.get(match.group(1).lower()[:3], 0), int(match.group(2)), int(match.group(3))
    else:
        return None
    if month > 12 >= day:
        # The one reading that the calendar allows: day and month changed places.
        month, day = day, month
    try:
        return date(year, month, day)
    except ValueError:
        return None


_INTERVAL = re.compile(r"(\d{1,4})\s*(d|day|w|week|m|mo|month|y|year)s?\Z", re.IGNORECASE)
_NUMBER_WORDS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "six": 6, "twelve": 12}
_LONGEST = ReviewInterval(months=240)


def _interval(raw: Mapping[str, Any], notes: list[str]) -> ReviewInterval | None:
    value = _line(raw.get("review_in") or raw.get("review_interval"))
    if not value:
        return None
    found = read_interval(value)
    if found is None:
        notes.append(f"“review_in: {value}” is no interval that can be read; it is kept as it came.")
    return found


def read_interval(value: str) -> ReviewInterval | None:
    """Return the interval that a text names, such as ``6 months``, ``1 year``, ``90 days``; up to 20 years."""
    first, _, rest = value.strip().partition(" ")
    spelled = _NUMBER_WORDS.get(first.lower())
    match = _INTERVAL.match(f"{spelled} {rest}" if spelled else value.strip())
    if match is None:
        return None
    count, unit = int(match.group(1)), match.group(2).lower()[0]
    found = {
        "d": ReviewInterval(days=count),
        "w": ReviewInterval(days=7 * count),
        "m": ReviewInterval(months=count),
        "y": ReviewInterval(months=12 * count),
    }[unit]
    return found if count and found.in_months <= _LONGEST.months else None


def _related(value: object) -> list[RelatedLink]:
    """Every pair of a text and an address anywhere below the key, in order."""
    if isinstance(value, list):
        return [link for each in value for link in _related(each)]
    if not isinstance(value, dict):
        return []
    href = _line(value.get("href") or value.get("url"), limit=2000)
    if href:
        return [RelatedLink(_line(value.get("text") or value.get("title")) or href, href)]
    return [link for each in value.values() for link in _related(each)]
