"""Embedded Ruby in Markdown sources: what can be known is put in its place, the rest is taken out and reported.

Nothing is executed. A tag is understood only by its shape: a value of the page's front matter, a partial, a link, an
image, or a helper that shows a sentence given to it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_TAG = re.compile(r"<%%|<%(?P<sign>[=#-]?)(?P<code>.*?)%>", re.DOTALL)
_PAGE_VALUE = re.compile(r"(?:current_page|page)\.(?:data|metadata\[:page\])(?:\.|\[:?[\"']?)(\w+)[\"']?\]?\Z")
_CALL = re.compile(r"(\w+[?!]?)\s*\(?\s*(.*?)\)?\Z", re.DOTALL)
_TEXT = r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\""
_ARGUMENT = re.compile(rf"(?:(\w+):\s*|:(\w+)\s*=>\s*)?(?:{_TEXT}|:(\w+))\s*(?:,|\Z)", re.DOTALL)
_ANCHOR = re.compile(r"<a\s[^<>]*?href\s*=\s*[\"']([^\"'<>]*)[\"'][^<>]*>(.*?)</a>", re.IGNORECASE | re.DOTALL)
_SENTENCE_HELPERS = re.compile(r"\w*(?:text|warning|inset|notice|callout|banner|alert|panel)\w*\Z")
_MAX_SHOWN = 80


@dataclass(slots=True)
class Resolved:
    """A text without embedded Ruby, and the tags that were taken out of it without anything in their place."""

    text: str
    removed: list[str] = field(default_factory=list)


def resolve(text: str, values: Mapping[str, Any], *, partial: Callable[[str], str | None] | None = None) -> Resolved:
    """Return the text with its tags resolved or removed.

    ``values`` is the page's front matter. ``partial`` gives what stands in for a partial by its name, such as a link to
    the document it is kept in, or ``None`` when it is not part of the source. ``<%%`` is a written-out ``<%``.
    """
    resolved = Resolved(text)

    def answer(match: re.Match[str]) -> str:
        if match.group(0) == "<%%":
            return "<%"
        code = (match.group("code") or "").rstrip("-= \n\t").strip()
        if match.group("sign") == "#":
            return ""
        if match.group("sign") != "=":
            resolved.removed.append(_shown(match.group(0)))
            return ""
        found = _value(code, values, partial)
        if found is None:
            resolved.removed.append(_shown(match.group(0)))
            return ""
        return found

    # Behind the last closing sign no tag can end; looking there from every opening one would take quadratic time.
    end = text.rfind("%>") + 2 if "%>" in text else 0
    resolved.text = _TAG.sub(answer, text[:end]) + text[end:].replace("<%%", "<%")
    return resolved


def _value(code: str, values: Mapping[str, Any], partial: Callable[[str], str | None] | None) -> str | None:
    page = _PAGE_VALUE.match(code)
    if page is not None:
        value = values.get(page.group(1))
        return value if isinstance(value, str) else None
    call = _CALL.match(code)
    if call is None:
        return None
    name, (positional, named) = call.group(1), _arguments(call.group(2))
    if not positional:
        return None
    if name in {"partial", "render"} and partial is not None:
        return partial(positional[0])
    return _shown_by(name, positional, named)


def _shown_by(helper: str, positional: list[str], named: dict[str, str]) -> str | None:
    """What a helper shows, in Markdown, or ``None`` for a helper that is not known."""
    if helper == "link_to" and len(positional) > 1:
        return f"[{positional[0]}]({positional[1]})"
    if helper == "image_tag":
        return f"![{named.get('alt', '')}]({positional[0]})"
    if helper == "mail_to":
        return f"[{positional[-1]}](mailto:{positional[0]})"
    return _sentence(helper, positional[0]) if _SENTENCE_HELPERS.match(helper) else None


def _arguments(written: str) -> tuple[list[str], dict[str, str]]:
    positional: list[str] = []
    named: dict[str, str] = {}
    position = 0
    while match := _ARGUMENT.match(written, position):
        key, old_key, single, double, symbol = match.groups()
        text = next((each for each in (single, double, symbol) if each is not None), "")
        value = re.sub(r"\\(['\"\\])", r"\1", text)
        if key or old_key:
            named[key or old_key] = value
        else:
            positional.append(value)
        position = match.end()
        while position < len(written) and written[position].isspace():
            position += 1
    return positional, named


def _sentence(helper: str, text: str) -> str:
    """A sentence that a helper shows in a box: a quotation, marked as a warning where the helper is one."""
    told = " ".join(_ANCHOR.sub(r"[\2](\1)", text).split())
    return f"> **Warning:** {told}" if "warning" in helper else f"> {told}"


def _shown(tag: str) -> str:
    line = " ".join(tag.split())
    return line if len(line) <= _MAX_SHOWN else f"{line[: _MAX_SHOWN - 1]}…"
