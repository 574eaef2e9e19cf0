"""A Markdown text as a page: safe HTML in the shape of the reading page, its contents, clauses, links and plain text.

``render`` never raises and its time grows with the length of the text. The parser knows no raw HTML, every address is
judged here, and what comes out passes an allow-list once more, so that one mistake alone opens nothing.
"""

import html as entities
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote

import nh3
from markdown_it.token import Token

from knowledge.text.characters import clean_text
from knowledge.text.clauses import Clause, Host, Placed, Section, Structure, slug, structure_of
from knowledge.text.parsing import Memory, Parsed, Span, can_be_parsed, inline_text, parse, parser, spans
from knowledge.text.raw_html import TAGS_KEPT_INLINE, attribute, clean_fragment, text_of_fragment

RENDERER_VERSION = 1
"""Raised whenever the same text would give other HTML, so that stored HTML can be told to be old."""

Resolver = Callable[[str], str | None]
"""From an address in the text to one on this site, or ``None`` when it leads nowhere."""

MAX_SUMMARY = 300
_IN_SHORT = re.compile(r"\Ain (?:short|brief)[.:]\s+", re.IGNORECASE)
_MAX_IN_SHORT = 600


class Heading(NamedTuple):
    """An entry of the list of contents; ``level`` runs from 2."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a body becomes. ``html`` is safe to put into a page as it is.

    ``links`` and ``images`` are the addresses as they stand in the text. ``plain`` is what search reads.
    ``summary`` is the first paragraph in at most 300 characters, empty when the text begins otherwise.
    """

    html: str
    contents: tuple[Heading, ...] = ()
    clauses: tuple[Clause, ...] = ()
    links: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    plain: str = ""
    summary: str = ""


def render(
    body: str,
    *,
    link_resolver: Resolver | None = None,
    image_resolver: Resolver | None = None,
    title: str | None = None,
    memory: Memory | None = None,
) -> Rendered:
    """Return a body as safe HTML with all that the reading page and the search need.

    A leading heading of the first level is the document's title and is left to the page, unless ``title`` is given and
    says something else. ``http``, ``https`` and
    ``mailto`` links stay; every other address is shown to ``link_resolver`` and becomes plain text when that has no
    answer. Images appear only where ``image_resolver`` gives an address on this site; others leave their description.
    A body that is too long or too dense to be parsed in bounded time is shown as unformatted text. Whoever renders many
    texts of one document gives all of them the same ``memory``; it changes the time that is taken and nothing else.
    """
    text = clean_text(body)
    if not can_be_parsed(text):
        return Rendered(html=_unformatted(text), plain=text)
    parsed = parse(text, memory=memory)
    structure = structure_of(parsed)
    plain = _plain(parsed.tokens)
    page = _Page(parsed, structure, link_resolver, image_resolver)
    page.begin(title)
    html = _sanitise(page.html())
    return Rendered(
        html=html,
        contents=tuple(Heading(each.level, _numbered(each), each.anchor) for each in structure.sections if each.text),
        clauses=tuple(placed.clause for placed in structure.clauses),
        links=tuple(dict.fromkeys(page.links)),
        images=tuple(dict.fromkeys(page.images)),
        plain=plain,
        summary=page.summary,
    )


def add_to_clauses(html: str, extras: Mapping[str, str]) -> str:
    """Return rendered HTML with more at the end of its clauses: anchor to HTML that the caller vouches for.

    Menus, notes in the margin and the like differ from reader to reader, so they are not part of what is stored.
    Anchors without a section of their own (clauses in nested lists) and unknown anchors are passed over.
    """
    if not extras:
        return html

    def with_extra(match: re.Match[str]) -> str:
        extra = extras.get(entities.unescape(match.group("anchor")), "")
        return f"{match.group('opening')}{match.group('inside')}{extra}</section>"

    return _CLAUSE_SECTION.sub(with_extra, html)


# --- What may come out

_CLAUSE_SECTION = re.compile(
    r'(?P<opening><section class="clause" id="(?P<anchor>[^"]+)"[^>]*>)(?P<inside>.*?)</section>', re.DOTALL
)
_TAGS = set(
    str.split(
        "a abbr b blockquote br caption code dd del div dl dt em h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre s section "
        "span strong sub sup table tbody td tfoot th thead tr ul"
    )
)
_ATTRIBUTES = {
    "*": {"id"},
    "a": {"href", "title", "rel"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "section": {"aria-label"},
    "div": {"aria-label"},
    "pre": {"aria-label"},
}
_ATTRIBUTE_VALUES = {
    "div": {"tabindex": {"0"}, "role": {"group"}},
    "pre": {"tabindex": {"0"}, "role": {"group"}},
    "th": {"scope": {"col", "row"}},
    "img": {"loading": {"lazy"}},
}
_CLASSES = {
    "section": {"clause", "footnotes"},
    "div": {"clause-mark", "table-scroll"},
    "a": {"clause-number", "footnote-backref"},
    "span": {"level", "must", "should", "may", "clause-mark"},
    "p": {"in-short"},
    "sup": {"footnote-ref"},
    "li": {"clause-item", "footnote-item"},
}


def _sanitise(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        tag_attribute_values=_ATTRIBUTE_VALUES,
        allowed_classes=_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def _unformatted(text: str) -> str:
    return f'<pre tabindex="0" role="group" aria-label="Unformatted text">{entities.escape(text)}</pre>'


def _numbered(section: Section) -> str:
    return f"{section.number} {section.text}" if section.number_is_added else section.text


def _plain(tokens: Sequence[Token]) -> str:
    parts: list[str] = []
    for token in tokens:
        if token.type == "inline":
            parts.append(inline_text(token))
        elif token.type in {"fence", "code_block"}:
            parts.append(token.content.strip())
        elif token.type == "raw_html":
            parts.append(text_of_fragment(token.content))
    return "\n".join(part for part in parts if part)


# --- Addresses

_OPEN_SCHEME = re.compile(r"(?:https?://|mailto:)[^\s/]", re.IGNORECASE)
_WEB_SCHEME = re.compile(r"https?://[^\s/]", re.IGNORECASE)
_OWN_ADDRESS = re.compile(r"(?:/(?![/\\])|#|\?)[^\s\\]*\Z|https?://\S+\Z")


def _bare(address: str) -> str:
    """The address as a browser reads it: without the blanks and controls that browsers leave out."""
    return re.sub(r"[\x00-\x20\x7f-\xa0]+", "", address)


@dataclass(slots=True)
class _Addresses:
    """Judges every address of one text and remembers those it saw."""

    anchors: Mapping[str, str]
    link_resolver: Resolver | None
    image_resolver: Resolver | None
    links: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)

    def link(self, href: str) -> str | None:
        """Where a link may lead, or ``None``."""
        address = _bare(href)
        if not address:
            return None
        if address.startswith("#"):
            return self._inside(address[1:])
        self.links.append(href)
        if _OPEN_SCHEME.match(address):
            return address
        return _resolved(self.link_resolver, href)

    def image(self, source: str) -> str | None:
        """The address of an own attachment, or ``None``."""
        self.images.append(source)
        found = _resolved(self.image_resolver, source)
        return found if found is not None and found.startswith("/") else None

    def _inside(self, fragment: str) -> str | None:
        wanted = unquote(fragment)
        found = self.anchors.get(wanted) or self.anchors.get(_loose(wanted))
        return f"#{found}" if found else None


def _resolved(resolver: Resolver | None, address: str) -> str | None:
    found = resolver(address) if resolver is not None else None
    return found if found is not None and _OWN_ADDRESS.match(found) else None


def _loose(fragment: str) -> str:
    """A fragment with only its letters and digits: sites differ in how they make anchors of headings."""
    return re.sub(r"[\W_]+", "", fragment.casefold())


def _anchors(structure: Structure, body_title: str) -> dict[str, str]:
    """Every way in which a place of the text may be pointed at, to the anchor that it has."""
    found: dict[str, str] = {}
    for section in structure.sections:
        for name in (section.anchor, section.anchor.removeprefix("s-"), slug(section.text), _loose(section.text)):
            found.setdefault(name, section.anchor)
    for placed in structure.clauses:
        found.setdefault(placed.clause.anchor, placed.clause.anchor)
        found.setdefault(_loose(placed.clause.text), placed.clause.anchor)
    if structure.sections and body_title:
        found.setdefault(slug(body_title), structure.sections[0].anchor)
    found.pop("", None)
    return found


# --- The page


class _Page:
    """Writes the HTML of one parsed text, block by block."""

    def __init__(
        self, parsed: Parsed, structure: Structure, link_resolver: Resolver | None, image_resolver: Resolver | None
    ) -> None:
        self.tokens = parsed.tokens
        self.env = parsed.env
        self.structure = structure
        title = inline_text(self.tokens[1]) if structure.title_end > 1 else ""
        self.addresses = _Addresses(_anchors(structure, title), link_resolver, image_resolver)
        self.sections = {section.start: section for section in structure.sections}
        self.placed = {placed.span.start: placed for placed in structure.clauses}
        self.parts: list[str] = []
        self.in_clause = False
        self.tables = 0
        self.codes = 0
        self.summary = ""

    @property
    def links(self) -> list[str]:
        return self.addresses.links

    @property
    def images(self) -> list[str]:
        return self.addresses.images

    def begin(self, title: str | None) -> None:
        """Make the tokens ready, and write a leading heading that says something else than the page's title."""
        written = inline_text(self.tokens[1]) if self.structure.title_end > 1 else ""
        self._prepare()
        if title is not None and written and _loose(written) != _loose(title):
            self._write(0, self.structure.title_end)

    def html(self) -> str:
        """The whole text, not yet sanitised."""
        first = True
        for span in spans(self.tokens, self.structure.title_end):
            self._block(span, first=first)
            first = False
        self._end_clause()
        return "".join(self.parts)

    def _block(self, span: Span, *, first: bool) -> None:
        kind = self.tokens[span.start].type
        placed = self.placed.get(span.start)
        if kind == "heading_open":
            self._end_clause()
            self._heading(span, placed)
        elif placed is not None:
            self._end_clause()
            self._begin_clause(placed.clause)
            self._write(span.start, span.end)
            self._end_clause()
        elif kind in {"bullet_list_open", "ordered_list_open"}:
            self._list(span)
        else:
            if self.tokens[span.start].tag == "section":
                self._end_clause()
            if first and kind == "paragraph_open":
                self._lead(span)
            self._write(span.start, span.end)

    def _lead(self, span: Span) -> None:
        text = _IN_SHORT.sub("", inline_text(self.tokens[span.start + 1]), count=1)
        self.summary = text if len(text) <= MAX_SUMMARY else f"{text[: MAX_SUMMARY - 1].rstrip()}…"
        if text and len(text) <= _MAX_IN_SHORT:
            self.tokens[span.start].attrSet("class", "in-short")

    def _heading(self, span: Span, placed: Placed | None) -> None:
        if placed is not None:
            self._begin_clause(placed.clause)
        self._write(span.start, span.end)

    def _list(self, span: Span) -> None:
        """Write a list; items that are clauses step out of it, the others stay together in lists between them."""
        items = list(spans(self.tokens, span.start + 1, span.end - 1))
        if not any(item.start in self.placed for item in items):
            self._write(span.start, span.end)
            return
        opening = self.tokens[span.start]
        open_list = False
        for index, item in enumerate(items):
            placed = self.placed.get(item.start)
            if placed is None and not open_list:
                if opening.type == "ordered_list_open":
                    opening.attrSet("start", str(int(self._first_number(opening)) + index))
                self._write(span.start, span.start + 1)
                open_list = True
            if placed is not None and open_list:
                self._write(span.end - 1, span.end)
                open_list = False
            if placed is None:
                self._write(item.start, item.end)
            else:
                self._end_clause()
                self._begin_clause(placed.clause)
                self._show_paragraphs(item)
                self._write(item.start + 1, item.end - 1)
                self._end_clause()
        if open_list:
            self._write(span.end - 1, span.end)

    def _show_paragraphs(self, item: Span) -> None:
        """Give the text of an item that leaves its list the paragraphs that a tight list leaves out."""
        for part in spans(self.tokens, item.start + 1, item.end - 1):
            if self.tokens[part.start].type == "paragraph_open":
                self.tokens[part.start].hidden = self.tokens[part.end - 1].hidden = False

    def _first_number(self, opening: Token) -> int:
        if "first" not in opening.meta:
            opening.meta = {**opening.meta, "first": int(opening.attrGet("start") or 1)}
        return int(opening.meta["first"])

    def _begin_clause(self, clause: Clause) -> None:
        anchor = entities.escape(clause.anchor)
        number = entities.escape(clause.number)
        self.parts.append(
            f'<section class="clause" id="{anchor}" aria-label="Clause {number}">'
            f'<div class="clause-mark">{_mark(clause)}</div>'
        )
        self.in_clause = True

    def _end_clause(self) -> None:
        if self.in_clause:
            self.parts.append("</section>\n")
            self.in_clause = False

    def _write(self, start: int, end: int) -> None:
        markdown = parser()
        self.parts.append(markdown.renderer.render(self.tokens[start:end], markdown.options, self.env))

    # --- Before writing: what the tokens must say

    def _prepare(self) -> None:
        for position, token in enumerate(self.tokens):
            if token.type == "inline":
                token.children = self._inline(token.children or [])
            elif token.type == "heading_open":
                self._prepare_heading(position, token)
            elif token.type == "list_item_open":
                self._prepare_item(position, token)
            else:
                self._prepare_block(token)

    def _prepare_heading(self, position: int, token: Token) -> None:
        inline, closing = self.tokens[position + 1], self.tokens[position + 2]
        section = self.sections.get(position)
        if section is None:
            # The title, or a heading inside a list or a quotation, which has no place in the order of headings.
            token.tag = closing.tag = "h2" if position == 0 else "p"
            if position:
                inline.children = [_html("<strong>"), *(inline.children or []), _html("</strong>")]
            return
        token.tag = closing.tag = f"h{section.level}"
        token.attrSet("id", section.anchor)
        if section.number_is_added:
            inline.children = [_text(f"{section.number} "), *(inline.children or [])]

    def _prepare_item(self, position: int, token: Token) -> None:
        """Give an item of a nested list that is a clause its anchor and mark; it cannot step out of its list."""
        placed = self.placed.get(position)
        if placed is None or placed.host is not Host.INNER_ITEM:
            return
        token.attrSet("id", placed.clause.anchor)
        token.attrSet("class", "clause-item")
        inline = next(each for each in self.tokens[position:] if each.type == "inline")
        inline.children = [_html(f'<span class="clause-mark">{_mark(placed.clause)}</span> '), *(inline.children or [])]

    def _prepare_block(self, token: Token) -> None:
        if token.type == "footnote_block_open":
            token.type, token.tag = "safe_html", "section"
            token.content = '<section class="footnotes" aria-label="Footnotes"><ol>\n'
        elif token.type == "raw_html":
            token.type = "safe_html"
            token.content = clean_fragment(token.content, self.addresses.link)
        elif token.type == "table_open":
            self.tables += 1
            token.type = "safe_html"
            token.nesting = 1
            token.content = (
                f'<div class="table-scroll" tabindex="0" role="group" aria-label="Table {self.tables}"><table>\n'
            )
        elif token.type == "table_close":
            token.type = "safe_html"
            token.content = "</table></div>\n"
        elif token.type in {"th_open", "td_open"}:
            token.attrs = {"scope": "col"} if token.type == "th_open" else {}
        elif token.type in {"fence", "code_block"}:
            self.codes += 1
            opening = f'<pre tabindex="0" role="group" aria-label="Example {self.codes}">'
            token.type = "safe_html"
            token.content = f"{opening}<code>{entities.escape(token.content)}</code></pre>\n"

    def _inline(self, children: list[Token]) -> list[Token]:
        """Judge links and images, and pair the tags of raw HTML."""
        return _Inline(self.addresses).walk(children)


class _Inline:
    """Goes once through the children of a line."""

    def __init__(self, addresses: _Addresses) -> None:
        self.addresses = addresses
        self.out: list[Token] = []
        self.links: list[bool] = []
        self.tags: list[tuple[str, int]] = []

    def walk(self, children: list[Token]) -> list[Token]:
        for child in children:
            if child.type == "link_open":
                self._open_link(str(child.attrGet("href") or ""), str(child.attrGet("title") or ""))
            elif child.type == "link_close":
                self._close_link()
            elif child.type == "image":
                self._image(str(child.attrGet("src") or ""), _alternative(child), str(child.attrGet("title") or ""))
            elif child.type == "raw_tag":
                self._raw_tag(child)
            else:
                self.out.append(child)
        for _name, position in self.tags:
            self.out[position] = _text(self.out[position].content)
        while self.links:
            self._close_link()
        return self.out

    def _open_link(self, href: str, title: str) -> None:
        address = self.addresses.link(href)
        inside = any(self.links)
        self.links.append(address is not None and not inside)
        if address is None or inside:
            return
        rel = "" if address.startswith(("/", "#", "?")) else ' rel="noopener noreferrer"'
        shown = f' title="{entities.escape(title)}"' if title else ""
        self.out.append(_html(f'<a href="{entities.escape(address)}"{shown}{rel}>'))

    def _close_link(self) -> None:
        if self.links and self.links.pop():
            self.out.append(_html("</a>"))

    def _image(self, source: str, alternative: str, title: str) -> None:
        address = self.addresses.image(source)
        if address is not None:
            shown = f' title="{entities.escape(title)}"' if title else ""
            self.out.append(
                _html(
                    f'<img src="{entities.escape(address)}" alt="{entities.escape(alternative)}"{shown} loading="lazy">'
                )
            )
            return
        label = _text(f"[Image: {alternative}]" if alternative else "[Image]")
        if (
            _OPEN_SCHEME.match(_bare(source))
            and not _bare(source).lower().startswith("mailto:")
            and not any(self.links)
        ):
            # The picture lies elsewhere: loading it would tell that place who reads this. A link leaves the choice.
            self.out.append(_html(f'<a href="{entities.escape(_bare(source))}" rel="noopener noreferrer">'))
            self.out.append(label)
            self.out.append(_html("</a>"))
        else:
            self.out.append(label)

    def _raw_tag(self, token: Token) -> None:
        name: str = token.meta["name"]
        if name == "br":
            self.out.append(_html("<br>\n"))
        elif name == "img":
            values = token.meta["attributes"]
            self._image(*(entities.unescape(attribute(values, each)) for each in ("src", "alt", "title")))
        elif name == "a":
            self._raw_link(token)
        elif token.meta["closes"]:
            self._close_tag(name, token.content)
        else:
            self.tags.append((name, len(self.out)))
            self.out.append(_html(token.content))

    def _raw_link(self, token: Token) -> None:
        href = entities.unescape(attribute(token.meta["attributes"], "href"))
        if token.meta["closes"]:
            if self.links:
                self._close_link()
            else:
                self.out.append(_text(token.content))
        elif href:
            self._open_link(href, "")
        else:
            self.out.append(_text(token.content))

    def _close_tag(self, name: str, written: str) -> None:
        if not self.tags or self.tags[-1][0] != name:
            self.out.append(_text(written))
            return
        _name, position = self.tags.pop()
        kept = name in TAGS_KEPT_INLINE
        self.out[position] = _html(f"<{name}>" if kept else "")
        self.out.append(_html(f"</{name}>" if kept else ""))


def _mark(clause: Clause) -> str:
    number = entities.escape(clause.number)
    level = f'<span class="level {clause.level}">{entities.escape(clause.keyword)}</span>' if clause.level else ""
    return f'<a class="clause-number" href="#{entities.escape(clause.anchor)}">§{number}</a>{level}'


def _alternative(image: Token) -> str:
    return " ".join("".join(child.content for child in image.children or ()).split())


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _html(content: str) -> Token:
    """A piece of HTML that this module wrote itself."""
    return Token("safe_html", "", 0, content=content)


def _write_safe_html(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    return tokens[index].content


parser().add_render_rule("safe_html", _write_safe_html)
