"""The clauses of a text: which requirements it makes, where each is found, and which clause of an older text it was.

A clause is a heading, a paragraph or a list item with a word of RFC 2119 in capitals, or one that carries a number of
its own such as ``3.1``. Its number and its anchor belong to one revision and may shift when text is put before it; what
stays is its identity, which ``match_clauses`` carries from one revision to the next.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from markdown_it.token import Token

from knowledge.text.parsing import Parsed, Span, can_be_parsed, inline_text, parse, prose_of, spans


class Level(StrEnum):
    """How binding a clause is."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Host(StrEnum):
    """What carries a clause in the text."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    INNER_ITEM = "inner_item"


@dataclass(frozen=True, slots=True)
class Clause:
    """One addressable requirement of one text.

    ``number`` is unique in the text, such as ``3.1``; ``anchor`` is ``c`` and the number. ``level`` is ``None`` for a
    numbered clause that says neither must, should nor may; ``keyword`` is the word itself, such as ``must not``.
    ``line`` and ``end_line`` are lines of the body, counted from 0, the end excluded.
    """

    number: str
    level: Level | None
    keyword: str
    text: str
    heading_path: tuple[str, ...]
    anchor: str
    line: int
    end_line: int

    @property
    def heading(self) -> str:
        """The headings above the clause in one line, for example ``Keys › Rotation``."""
        return " › ".join(self.heading_path)

    @property
    def fingerprint(self) -> str:
        """A digest of what the clause says, the same in whatever place; 32 hexadecimal digits."""
        return hashlib.sha256(_normal(self.text).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading: its level (2 to 6), text with number, anchor, and the position of its opening token."""

    level: int
    text: str
    anchor: str
    number: str
    start: int
    number_is_added: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A clause with the positions of the tokens that carry it."""

    clause: Clause
    host: Host
    span: Span


@dataclass(frozen=True, slots=True)
class Structure:
    """The sections and clauses of a text, in its order. ``title_end`` is the position after a leading title."""

    sections: tuple[Section, ...]
    clauses: tuple[Placed, ...]
    title_end: int


_KEYWORDS: dict[str, Level] = {
    "MUST NOT": Level.MUST,
    "MUST": Level.MUST,
    "SHALL NOT": Level.MUST,
    "SHALL": Level.MUST,
    "REQUIRED": Level.MUST,
    "SHOULD NOT": Level.SHOULD,
    "SHOULD": Level.SHOULD,
    "NOT RECOMMENDED": Level.SHOULD,
    "RECOMMENDED": Level.SHOULD,
    "MAY": Level.MAY,
    "OPTIONAL": Level.MAY,
}
_KEYWORD = re.compile(rf"(?<![\w-])(?:{'|'.join(key.replace(' ', ' +') for key in _KEYWORDS)})(?![\w-])")
_STRENGTH = list(Level)
_RFC = re.compile(r"\bRFC\s?(?:2119|8174)\b|\bBCP\s?14\b")
_KEY_WORDS = re.compile(r"\bkey ?words?\b", re.IGNORECASE)
_CLAUSE_NUMBER = re.compile(r"§?(\d{1,3}(?:\.\d{1,3}){1,4})[.):]?\s+(?=\S)")
_SECTION_NUMBER = re.compile(r"(\d{1,3})([.):]?)\s+(?=\S)")
_SLUG_DROPPED = re.compile(r"[^\w\s-]")
_MAX_SLUG = 80


def find_clauses(body: str) -> tuple[Clause, ...]:
    """Return the clauses of a body in its order; their numbers and anchors are unique. An unformatted text has none."""
    if not can_be_parsed(body):
        return ()
    return tuple(placed.clause for placed in structure_of(parse(body)).clauses)


def keyword_of(text: str) -> tuple[Level | None, str]:
    """Return the strongest level that a text in prose states, with its word in small letters; ``(None, "")`` without.

    A sentence wholly in capitals, and the sentence that explains the words, state none.
    """
    found = [" ".join(match.group().split()) for match in _KEYWORD.finditer(text)]
    if not found or text.upper() == text or (_RFC.search(text) and _KEY_WORDS.search(text)):
        return None, ""
    word = min(found, key=lambda each: _STRENGTH.index(_KEYWORDS[each]))
    return _KEYWORDS[word], word.lower()


def slug(text: str) -> str:
    """Return a text as the part of an address that names a heading: small letters, digits and hyphens; may be empty."""
    kept = _SLUG_DROPPED.sub("", unicodedata.normalize("NFC", text).lower())
    return re.sub(r"[\s]+", "-", kept.strip())[:_MAX_SLUG].strip("-")


def structure_of(parsed: Parsed) -> Structure:
    """Return the sections and clauses of a parsed text, numbered."""
    return _Reader(parsed.tokens).read()


class _Reader:
    """Walks once through the blocks and numbers what it finds."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.sections: list[Section] = []
        self.placed: list[Placed] = []
        self.path: list[tuple[int, str]] = []
        self.open_levels: list[int] = []
        self.numbers: set[str] = set()
        self.anchors: dict[str, int] = {}
        self.counted_below: dict[str, int] = {}
        self.section_number = 0
        self.ordinal = 0
        self.title_end = 0
        self.section_level = 2
        self.parent: _Parent | None = None

    def read(self) -> Structure:
        top = list(spans(self.tokens))
        headings = [span for span in top if self.tokens[span.start].type == "heading_open"]
        if headings and headings[0] == top[0] and self._level(headings[0]) == 1:
            self.title_end = top[0].end
            headings = headings[1:]
            top = top[1:]
        self.section_level = min((self._level(span) for span in headings), default=0)
        for span in top:
            self._block(span)
        self._close_parent()
        self.placed.sort(key=lambda placed: placed.span.start)
        return Structure(self._numbered_sections(), tuple(self.placed), self.title_end)

    def _level(self, span: Span) -> int:
        return int(self.tokens[span.start].tag[1:])

    def _block(self, span: Span) -> None:
        kind = self.tokens[span.start].type
        if kind == "heading_open":
            self._heading(span)
        elif kind == "paragraph_open":
            self._candidate(span, self.tokens[span.start + 1], Host.PARAGRAPH)
        elif kind in {"bullet_list_open", "ordered_list_open"}:
            self._list(span, Host.ITEM, None)

    def _heading(self, span: Span) -> None:
        self._close_parent()
        level = self._level(span)
        inline = self.tokens[span.start + 1]
        text = inline_text(inline)
        self.path = [(depth, title) for depth, title in self.path if depth < level]
        number = ""
        added = False
        if level <= self.section_level:
            number, added = self._section_number(text)
        self.sections.append(
            Section(self._shown_level(level), text, self._section_anchor(text), number, span.start, added)
        )
        word_level, word = keyword_of(prose_of(inline))
        own = _CLAUSE_NUMBER.match(text)
        if word_level is not None or own is not None:
            clause_number = self._number(own.group(1) if own else number)
            clause = self._clause(clause_number, word_level, word, text[own.end() :] if own else text, span)
            self.parent = _Parent(Placed(clause, Host.HEADING, span), pending=word_level is None)
        if text:
            self.path.append((level, text))

    def _shown_level(self, level: int) -> int:
        """The level on the page, whose title has the first: one below the heading above, so that none is left out."""
        while self.open_levels and self.open_levels[-1] >= level:
            self.open_levels.pop()
        self.open_levels.append(level)
        return min(6, 1 + len(self.open_levels))

    def _section_number(self, text: str) -> tuple[str, bool]:
        self.ordinal = 0
        own = _SECTION_NUMBER.match(text)
        if own is not None:
            value = int(own.group(1))
            if value == self.section_number + 1 or (own.group(2) and value > self.section_number):
                self.section_number = value
                return str(value), False
        self.section_number += 1
        return str(self.section_number), True

    def _section_anchor(self, text: str) -> str:
        base = f"s-{slug(text) or len(self.sections) + 1}"
        anchor = base
        while anchor in self.anchors:
            self.anchors[base] += 1
            anchor = f"{base}-{self.anchors[base]}"
        self.anchors[anchor] = 1
        return anchor

    def _list(self, span: Span, host: Host, above: Clause | None) -> None:
        for item in spans(self.tokens, span.start + 1, span.end - 1):
            clause: Clause | None = None
            for part in spans(self.tokens, item.start + 1, item.end - 1):
                kind = self.tokens[part.start].type
                if kind == "paragraph_open" and clause is None and not _only_points(self.tokens[part.start + 1]):
                    clause = self._candidate(item, self.tokens[part.start + 1], host, above)
                elif kind in {"bullet_list_open", "ordered_list_open"}:
                    self._list(part, Host.INNER_ITEM, clause or above)

    def _candidate(self, span: Span, inline: Token, host: Host, above: Clause | None = None) -> Clause | None:
        """Make a clause of this block if it is one."""
        text = inline_text(inline)
        level, word = keyword_of(prose_of(inline))
        own = _CLAUSE_NUMBER.match(text)
        if level is None and (own is None or not self._belongs_here(own.group(1))):
            return None
        stated = text[own.end() :] if own else text
        if self.parent is not None and self.parent.pending:
            # A numbered heading gives its number to the first requirement below it.
            number = self.parent.placed.clause.number
            self.parent = _Parent(self.parent.placed, pending=False, taken=True)
        elif own is not None:
            number = self._number(own.group(1))
        elif above is not None:
            number = self._below(above.number)
        elif self.parent is not None:
            number = self._below(self.parent.placed.clause.number)
        else:
            number = self._number("")
        clause = self._clause(number, level, word, stated, span)
        self.placed.append(Placed(clause, host, span))
        return clause

    def _belongs_here(self, number: str) -> bool:
        return self.section_number == 0 or number.split(".", maxsplit=1)[0] == str(self.section_number)

    def _number(self, wanted: str) -> str:
        """A free number: the wanted one, or the next of this section."""
        if wanted and wanted not in self.numbers:
            self.numbers.add(wanted)
            return wanted
        while True:
            self.ordinal += 1
            number = f"{self.section_number}.{self.ordinal}" if self.section_level else str(self.ordinal)
            if number not in self.numbers:
                self.numbers.add(number)
                return number

    def _below(self, number: str) -> str:
        count = self.counted_below.get(number, 0) + 1
        while (below := f"{number}.{count}") in self.numbers:
            count += 1
        self.counted_below[number] = count
        self.numbers.add(below)
        return below

    def _clause(self, number: str, level: Level | None, word: str, text: str, span: Span) -> Clause:
        lines = self.tokens[span.start].map or [0, 0]
        path = tuple(title for _, title in self.path)
        return Clause(number, level, word, text, path, f"c{number}", lines[0], lines[1])

    def _close_parent(self) -> None:
        if self.parent is not None and not self.parent.taken:
            self.placed.append(self.parent.placed)
        self.parent = None

    def _numbered_sections(self) -> tuple[Section, ...]:
        """The sections, with numbers in their texts where the document has clauses that the numbers serve."""
        if self.placed:
            return tuple(self.sections)
        return tuple(
            Section(each.level, each.text, each.anchor, "", each.start, number_is_added=False) for each in self.sections
        )


@dataclass(frozen=True, slots=True)
class _Parent:
    """A heading that is a clause, or that waits for one to take its number."""

    placed: Placed
    pending: bool
    taken: bool = False


def _only_points(inline: Token) -> bool:
    """Whether a list item is nothing but a link to a place in the same text: an entry of a list of contents."""
    depth = 0
    pointed = False
    for child in inline.children or ():
        if child.type == "link_open":
            depth += 1
            pointed = str(child.attrGet("href") or "").startswith("#")
            if not pointed:
                return False
        elif child.type == "link_close":
            depth -= 1
        elif depth == 0 and child.content.strip(" .,;:"):
            return False
    return pointed


# --- Identity from revision to revision

_LIKE = 0.6
"""How alike two texts of one clause are at least, from 0 to 1."""
_LIKE_IN_PLACE = 0.4
"""The same for two clauses with the same number under the same heading."""
_MAX_PAIRS = 10_000


def match_clauses(old: Sequence[Clause], new: Sequence[Clause]) -> dict[str, str]:
    """Return which clause of an older text each clause of a newer one is: new anchor to old anchor.

    Each old clause is used once. A clause that says the same is the same wherever it stands; then the most similar are
    paired, more readily where number and heading agree. A new clause that is not in the mapping is new.
    """
    pairs: dict[str, str] = {}
    left_old = dict.fromkeys(range(len(old)))
    left_new = dict.fromkeys(range(len(new)))
    for identity in (_exactly_in_place, _exactly_under_heading, _exactly):
        waiting: dict[object, list[int]] = {}
        for index in left_old:
            waiting.setdefault(identity(old[index]), []).append(index)
        for queue in waiting.values():
            queue.reverse()
        for index in list(left_new):
            same = waiting.get(identity(new[index]))
            if same:
                taken = same.pop()
                pairs[new[index].anchor] = old[taken].anchor
                del left_old[taken], left_new[index]
    for likeness, old_index, new_index in _candidates(old, new, left_old, left_new):
        if likeness and old_index in left_old and new_index in left_new:
            pairs[new[new_index].anchor] = old[old_index].anchor
            del left_old[old_index], left_new[new_index]
    return pairs


def _exactly_in_place(clause: Clause) -> object:
    return clause.fingerprint, clause.anchor


def _exactly_under_heading(clause: Clause) -> object:
    return clause.fingerprint, clause.heading_path


def _exactly(clause: Clause) -> object:
    return clause.fingerprint


def _candidates(
    old: Sequence[Clause], new: Sequence[Clause], left_old: Iterable[int], left_new: Iterable[int]
) -> list[tuple[float, int, int]]:
    """Pairs that are alike enough, most alike first."""
    olds = [(index, words, frozenset(words)) for index in left_old for words in [_words(old[index].text)]]
    news = [(index, words, frozenset(words)) for index in left_new for words in [_words(new[index].text)]]
    everything = len(olds) * len(news) <= _MAX_PAIRS
    found: list[tuple[float, int, int]] = []
    for new_index, new_words, new_set in news:
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(new_words)
        for old_index, old_words, old_set in olds:
            in_place = _same_place(old[old_index], new[new_index])
            if not everything and not in_place and abs(old_index - new_index) > _MAX_PAIRS // max(len(olds), 1):
                continue
            needed = _LIKE_IN_PLACE if in_place else _LIKE
            if 2 * len(old_set & new_set) < needed * max(len(old_set), len(new_set)):
                continue
            matcher.set_seq1(old_words)
            if matcher.real_quick_ratio() < needed or matcher.quick_ratio() < needed:
                continue
            likeness = matcher.ratio()
            if likeness >= needed:
                found.append((likeness + (0.2 if in_place else 0.0), old_index, new_index))
    return sorted(found, key=lambda each: (-each[0], each[2], each[1]))


def _same_place(old: Clause, new: Clause) -> bool:
    return old.anchor == new.anchor and (old.heading_path == new.heading_path or not old.heading_path)


def _words(text: str) -> list[str]:
    return _normal(text).split()[:400]


def _normal(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.casefold()).split())
