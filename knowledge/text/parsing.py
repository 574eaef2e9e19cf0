"""A Markdown text as a stream of tokens, and the few ways in which the rest of this package walks through it."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from knowledge.text import raw_html
from knowledge.text.characters import MAX_BODY

_MAX_BRACKETS = 15_000
_MAX_MARKS = 120_000
_MARKS = "\n[*_`~<>|&\\:"


@dataclass(slots=True)
class Parsed:
    """The tokens of one body, with the environment that rendering them needs. Rendering changes the tokens."""

    body: str
    tokens: list[Token]
    env: dict[str, Any] = field(default_factory=dict)


_FOOTNOTES = ("[^", "^[")
_MEMORY = "remit.memory"


class Memory:
    """What the lines of one text were parsed to, for the next text of the same document.

    A history says most of its lines again and again, and reading what stands within a line takes half of the time of
    parsing. Holds the lines of the last text only, so it never grows beyond one. Not for two threads at once.
    """

    __slots__ = ("_last", "_now", "_parsed", "_references")

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], list[Token]] = {}
        self._now: dict[tuple[str, str], list[Token]] = {}
        self._parsed: list[tuple[tuple[str, str], Token]] = []
        self._references = ""

    def begin(self, env: dict[str, Any]) -> None:
        """The blocks of a text are known, and with them what its references lead to."""
        known = env.get("references") or {}
        # Not where they stand in the text, which moves with every line that is put above.
        self._references = repr([(label, each["href"], each.get("title")) for label, each in known.items()])
        self._now, self._parsed = {}, []

    def recall(self, token: Token) -> bool:
        """Whether the line stands parsed as it was before. One with footnotes, which are counted, never does."""
        key = self._key(token.content)
        if key is None:
            return False
        children = self._last.get(key)
        if children is None:
            self._parsed.append((key, token))
            return False
        self._now[key] = children
        # The tokens are shared, the list is not: whoever renders puts others into it and leaves these as they are.
        token.children = list(children)
        return True

    def end(self) -> None:
        """The text is parsed; its lines are remembered, and no others."""
        self._now.update((key, list(token.children or ())) for key, token in self._parsed)
        self._last, self._now, self._parsed = self._now, {}, []

    def _key(self, content: str) -> tuple[str, str] | None:
        if any(mark in content for mark in _FOOTNOTES):
            return None
        return content, self._references if "[" in content else ""


@dataclass(frozen=True, slots=True)
class Span:
    """A block: ``tokens[start:end]``, an opening token with all it encloses, or one token that stands alone."""

    start: int
    end: int


@functools.cache
def parser() -> MarkdownIt:
    """Return the one parser: CommonMark with tables, strike-through, footnotes and definition lists; no raw HTML."""
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": 40}).enable(["table", "strikethrough"])
    markdown.use(footnote_plugin).use(deflist_plugin)
    raw_html.install(markdown)
    markdown.core.ruler.at("inline", _parse_lines)
    # Which addresses are good is decided in one place, when links are rendered; the parser lets all of them through.
    setattr(markdown, "validateLink", lambda _url: True)  # noqa: B010 - a method is replaced on this one object
    return markdown


def can_be_parsed(body: str) -> bool:
    """Whether parsing this body takes bounded time, a few seconds at most; a longer or denser text stays unformatted.

    Time grows with the length of a text, but steeply so in some marks: a million brackets would take half a minute.
    """
    if len(body) > MAX_BODY or body.count("[") > _MAX_BRACKETS:
        return False
    return sum(map(body.count, _MARKS)) <= _MAX_MARKS


def parse(body: str, *, memory: Memory | None = None) -> Parsed:
    """Parse a body that ``can_be_parsed``; any text is Markdown, so nothing is refused.

    With a ``memory`` the lines that the text before had too are not parsed again; what comes out is the same.
    """
    env: dict[str, Any] = {}
    if memory is not None:
        env[_MEMORY] = memory
    tokens = parser().parse(body, env)
    if memory is not None:
        memory.end()
        del env[_MEMORY]
    return Parsed(body=body, tokens=tokens, env=env)


def _parse_lines(state: StateCore) -> None:
    """In the place of the parser's own rule: every line is parsed, or recalled."""
    memory: Memory | None = state.env.get(_MEMORY)
    if memory is not None:
        memory.begin(state.env)  # type: ignore[arg-type]
    for token in state.tokens:
        if token.type == "inline" and not (memory is not None and memory.recall(token)):
            token.children = token.children or []
            state.md.inline.parse(token.content, state.md, state.env, token.children)


def spans(tokens: Sequence[Token], start: int = 0, end: int | None = None) -> Iterator[Span]:
    """Yield the blocks of one level between two positions, in order."""
    position = start
    last = len(tokens) if end is None else end
    while position < last:
        begin = position
        depth: int = tokens[position].nesting
        position += 1
        while depth > 0 and position < last:
            depth += tokens[position].nesting
            position += 1
        yield Span(begin, position)


def inline_text(token: Token) -> str:
    """Return what a reader reads of an inline token: text, code and the descriptions of images, without mark-up."""
    return " ".join(_inline_parts(token.children or ()).split())


def _inline_parts(children: Sequence[Token]) -> str:
    parts: list[str] = []
    for child in children:
        if child.type in {"text", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"} or (child.type == "raw_tag" and child.meta["name"] == "br"):
            parts.append(" ")
        elif child.type == "image":
            parts.append(_inline_parts(child.children or ()))
    return "".join(parts)


def prose_of(token: Token) -> str:
    """Return an inline token's text without its code, in which a word in capitals requires nothing."""
    children = [child for child in token.children or () if child.type != "code_inline"]
    return " ".join(_inline_parts(children).split())
