"""Snippets: a passage round the words that were found, with the words marked. Pure; what comes out is safe HTML."""

import html
import re
import unicodedata
from functools import lru_cache

from knowledge.search.words import SearchQuery, fold

LENGTH = 220
"""Characters of a snippet, without its marks."""

_ENDINGS = tuple("ations ation ingly ments ment ings edly ers ing ies ed er es ly s".split())
_WORDS = re.compile(r"[^\W_]+")


def stem(word: str) -> str:
    """Return the part of a folded word that its other forms share, roughly as the databases' stemmers cut it."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= (3 if ending == "s" else 4):
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 4 and word[-1] in "ey" else word


def snippet(text: str, query: SearchQuery, *, length: int = LENGTH) -> str:
    """Return at most ``length`` characters of the text round the first found word, escaped, with ``<mark>``."""
    flat = " ".join(unicodedata.normalize("NFC", text).split())
    hits = [match.span() for match in _WORDS.finditer(flat) if _is_hit(match.group(), query.words)]
    start = _start(flat, hits[0][0] if hits else 0, length)
    end = min(len(flat), start + length)
    if end < len(flat):
        end = max(flat.rfind(" ", start, end), start + length // 2)
    parts: list[str] = ["… " if start else ""]
    position = start
    for hit_start, hit_end in hits:
        if hit_start < start or hit_end > end:
            continue
        parts.append(html.escape(flat[position:hit_start]))
        parts.append(f"<mark>{html.escape(flat[hit_start:hit_end])}</mark>")
        position = hit_end
    parts.append(html.escape(flat[position:end]))
    parts.append(" …" if end < len(flat) else "")
    return "".join(parts)


def _start(flat: str, first: int, length: int) -> int:
    if len(flat) <= length or first < length // 2:
        return 0
    earliest = max(0, min(first - length // 3, len(flat) - length))
    blank = flat.find(" ", earliest, first)
    return blank + 1 if blank >= 0 else earliest


def _is_hit(word: str, wanted: tuple[str, ...]) -> bool:
    folded = fold(word)
    return any(_matches(folded, each) for each in wanted)


@lru_cache(maxsize=4096)
def _matches(word: str, wanted: str) -> bool:
    return word == wanted or (len(wanted) > 2 and word.startswith(wanted)) or stem(word) == stem(wanted)
