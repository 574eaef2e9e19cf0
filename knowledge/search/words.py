"""Words as search compares them, and a person's query as terms; nothing a person types can break either database.

Pure: no Django. Operators, quotes and wildcards of the databases never pass: a term is letters and digits.
"""

import re
import unicodedata
from dataclasses import dataclass

MOST_TERMS = 12
LONGEST_QUERY = 300
MOST_INDEXED_BYTES = 500_000
"""PostgreSQL refuses a vector of a megabyte; what stands after this in a text is not searched."""

_WORD = re.compile(r"[^\W_]+")
_PHRASE = re.compile(r'"([^"]*)"')
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand next to each other, in this order."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What a person looks for: every term must be found. ``text`` is what was typed, cleaned, to show again."""

    text: str
    terms: tuple[Term, ...]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not self.terms

    @property
    def words(self) -> tuple[str, ...]:
        """Every word of every term, each once."""
        return tuple(dict.fromkeys(word for term in self.terms for word in term.words))


def parse_query(typed: str) -> SearchQuery:
    """Return what a person typed as terms: ``"in quotes"`` is one term, as is a reference such as ``STD-0001``.

    Never raises. A quote without its partner counts as a blank; everything but letters and digits separates words.
    """
    text = " ".join(typed[: LONGEST_QUERY * 4].replace("\x00", " ").translate(_QUOTES).split())[:LONGEST_QUERY]
    text = text.encode("utf-8", "ignore").decode("utf-8")
    terms: list[Term] = []

    def add(part: str) -> None:
        words = tuple(_WORD.findall(fold(part)))
        if words and len(terms) < MOST_TERMS:
            terms.append(Term(words[:MOST_TERMS]))

    position = 0
    for phrase in _PHRASE.finditer(text):
        for part in text[position : phrase.start()].split():
            add(part)
        add(phrase.group(1))
        position = phrase.end()
    for part in text[position:].split():
        add(part)
    return SearchQuery(text, tuple(dict.fromkeys(terms)))


def fold(text: str) -> str:
    """Return the text in small letters without accents."""
    if text.isascii():  # as most texts are: nothing in them has an accent
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def indexed(text: str) -> str:
    """Return the words of a text, folded, in their order, as the index keeps them."""
    words = " ".join(_WORD.findall(fold(text)))
    return words.encode()[:MOST_INDEXED_BYTES].decode(errors="ignore")


def indexed_reference(reference: str) -> str:
    """Return a reference as the index keeps it: in its parts and joined, so ``STD-0001``, ``0001`` and ``std1`` do."""
    parts = _WORD.findall(fold(reference))
    plain = [part.lstrip("0") for part in parts if part.isdigit() and part.lstrip("0") and part.startswith("0")]
    joined = ["".join(parts)] if len(parts) > 1 else []
    without_zeros = "".join(part.lstrip("0") if part.isdigit() else part for part in parts)
    return " ".join([*parts, *joined, *plain, *([without_zeros] if plain else [])])
