"""HTML that stands in a Markdown source: comments are left out, harmless mark-up is kept, all else is shown as text.

The parser runs with ``html=False``. The two rules here take the places of its HTML rules, so that a table written in
HTML still reads as a table, while ``<script>`` or a placeholder such as ``<your name>`` appears as it was typed.
"""

import html
import re
from collections.abc import Callable

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_KEPT = frozenset(
    str.split(
        "a abbr b blockquote br caption code dd del dl dt em h2 h3 h4 h5 h6 hr i ins kbd li ol p pre s strong sub sup "
        "table tbody td tfoot th thead tr ul"
    )
)
_UNWRAPPED = frozenset(
    str.split("article aside center col colgroup div font footer header main nav section small span u")
)
_BLOCK_STARTS = frozenset(
    str.split(
        "article aside blockquote center dd div dl dt footer h2 h3 h4 h5 h6 header li main nav ol p section table "
        "tbody td tfoot th thead tr ul"
    )
)
_TAG_NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
_OPENING = re.compile(r"</?([a-zA-Z][\w-]*)(?=[\s/>])")
_INLINE_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s[^<>]{0,2000})?)/?>")
_INLINE_NAMES = frozenset(str.split("a abbr b br code del em font i img ins kbd s small span strong sub sup u"))

TAGS_KEPT_INLINE = frozenset(str.split("abbr b code del em i ins kbd s strong sub sup"))
"""Tags of which a matched pair inside a line is kept, without its attributes."""


def install(parser: MarkdownIt) -> None:
    """Give the parser the two rules in place of its own for HTML."""
    parser.block.ruler.at("html_block", _block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.inline.ruler.at("html_inline", _inline)


def clean_fragment(fragment: str, link: Callable[[str], str | None]) -> str:
    """Return a block of HTML with only harmless tags, balanced, its links judged by ``link``."""

    def judged(_tag: str, name: str, value: str) -> str | None:
        return link(value) if name == "href" else value

    return nh3.clean(
        fragment,
        tags=set(_KEPT),
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        attribute_filter=judged,
        # What a link may lead to is for ``link`` to say; the page is sanitised once more as a whole.
        url_schemes={"http", "https", "mailto", "remit"},
        link_rel=None,
    )


def text_of_fragment(fragment: str) -> str:
    """Return what a reader reads of a block of HTML."""
    return " ".join(html.unescape(nh3.clean(fragment.replace("<", " <"), tags=set())).split())


def attribute(attributes: str, name: str) -> str:
    """Return the value of one attribute in the text between a tag's name and its end, or an empty text."""
    found = re.search(rf"""\s{name}\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""", attributes, re.IGNORECASE)
    return next((value for value in found.groups() if value is not None), "") if found else ""


def _comment_end(source: str, start: int, env: dict[str, object]) -> int:
    """Where the comment that starts here ends, or -1. Remembers that none ends, so that the search stays linear."""
    if env.get("no_comment_ends_after", len(source) + 1) <= start:  # type: ignore[operator]
        return -1
    end = source.find("-->", start + 4)
    if end < 0:
        env["no_comment_ends_after"] = start
        return -1
    return end + 3


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    if not state.src.startswith("<", start):
        return False
    if state.src.startswith("<!--", start):
        return _block_comment(state, start, start_line, end_line, silent)
    return _block_mark_up(state, start, start_line, end_line, silent)


def _block_comment(state: StateBlock, start: int, start_line: int, end_line: int, silent: bool) -> bool:
    end = _comment_end(state.src, start, state.env)  # type: ignore[arg-type]
    if end < 0:
        return False
    line = start_line
    while line < end_line and state.eMarks[line] < end:
        line += 1
    if line >= end_line or state.src[end : state.eMarks[line]].strip():
        return False
    if not silent:
        state.line = line + 1
    return True


def _block_mark_up(state: StateBlock, start: int, start_line: int, end_line: int, silent: bool) -> bool:
    opening = _OPENING.match(state.src, start, state.eMarks[start_line])
    if opening is None or opening.group(1).lower() not in _BLOCK_STARTS:
        return False
    line = start_line
    while line < end_line and not state.isEmpty(line) and state.sCount[line] >= state.blkIndent:
        line += 1
    fragment = state.getLines(start_line, line, state.blkIndent, False)
    if not {name.lower() for name in _TAG_NAME.findall(fragment)} <= _KEPT | _UNWRAPPED:
        return False
    if not silent:
        token = state.push("raw_html", "", 0)
        token.map = [start_line, line]
        token.content = fragment
        state.line = line
    return True


def _inline(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("<", state.pos):
        return False
    if state.src.startswith("<!--", state.pos):
        # The memory is per inline text, so its key holds the text's identity.
        memory = state.env.setdefault("comments", {})
        if memory.get("of") is not state.src:
            memory.clear()
            memory["of"] = state.src
        end = _comment_end(state.src, state.pos, memory)
        if end < 0:
            return False
        state.pos = end
        return True
    found = _INLINE_TAG.match(state.src, state.pos, state.posMax)
    if found is None or found.group(2).lower() not in _INLINE_NAMES:
        return False
    if not silent:
        token = state.push("raw_tag", "", 0)
        token.content = found.group(0)
        token.meta = {"name": found.group(2).lower(), "closes": bool(found.group(1)), "attributes": found.group(3)}
    state.pos = found.end()
    return True
