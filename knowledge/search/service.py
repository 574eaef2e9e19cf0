"""Finding documents by words, each person only among what they may see: the filter stands in the same statement."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from governance.permissions import policy
from governance.rights import Right
from knowledge.models import Document, SearchEntry
from knowledge.search import tables
from knowledge.search.words import SearchQuery, Term

MOST_HITS = 2_000
"""So many of the newest hits are ranked and counted; ranking every hit of a common word costs more than it tells."""


@dataclass(frozen=True, slots=True)
class Hits:
    """The documents found, best first. ``drafts`` are those found only by the words of their draft.

    ``more`` says that there are more than were ranked: show the count as ``2,000+``.
    """

    ids: tuple[int, ...]
    drafts: frozenset[int]
    more: bool

    @property
    def total(self) -> int:
        """How many documents were found and ranked."""
        return len(self.ids)


NOTHING = Hits((), frozenset(), more=False)


def find(actor: Any, query: SearchQuery, *, among: "QuerySet[Document] | None" = None) -> Hits:
    """Return what ``actor`` finds by the query: published text with ``read``, draft text with ``read_draft``.

    Every term must be found, in the number, title, other references, tags or text; the last word may be a beginning.
    ``among`` narrows the documents further. One statement.
    """
    if query.is_empty:
        return NOTHING
    entries = _visible_entries(actor)
    if among is not None:
        entries = entries.filter(Exists(among.filter(pk=OuterRef("document_id"))))
    rows = list(_matching(entries, query)[: MOST_HITS + 1])
    return _ranked(rows[:MOST_HITS], more=len(rows) > MOST_HITS)


def beginning_with(actor: Any, query: SearchQuery, *, limit: int = 8) -> list[int]:
    """Return the ids of documents in whose number, title or names every typed word begins a word; one statement."""
    if query.is_empty:
        return []
    entries = _visible_entries(actor)
    if connection.vendor == "postgresql":
        asked = " & ".join(f"{word}:*" for word in query.words)
        where, params, join = [f"{tables.TABLE}.beginnings @@ to_tsquery('simple', %s)"], [asked], None
    else:
        asked = " AND ".join(f'"{word}" *' for word in query.words)
        where = [f"{tables.SUGGEST} MATCH %s", f"{tables.SUGGEST}.rowid = {tables.TABLE}.id"]
        params, join = [asked], [tables.SUGGEST]
    found = entries.extra(where=where, params=params, tables=join).order_by("is_draft", "-document_id")  # noqa: S610 - fixed SQL, the words are a parameter
    ids = dict.fromkeys(found.values_list("document_id", flat=True)[: limit * 2])
    return list(ids)[:limit]


def _visible_entries(actor: Any) -> "QuerySet[SearchEntry]":
    """The rows whose words ``actor`` may know."""
    this = Document.objects.filter(pk=OuterRef("document_id"))
    published = Q(is_draft=False) & Exists(policy.visible(actor, this, Right.READ))
    drafts = Q(is_draft=True) & Exists(policy.visible(actor, this, Right.READ_DRAFT))
    return SearchEntry.objects.filter(published | drafts)


def _matching(entries: "QuerySet[SearchEntry]", query: SearchQuery) -> "QuerySet[SearchEntry, tuple[Any, ...]]":
    """The matching rows as (document, is draft, score), the newest first; a smaller score is better."""
    if connection.vendor == "postgresql":
        asked = f"to_tsquery('{tables.CONFIGURATION}', %s)"
        text = " & ".join(_postgresql_term(term, last=term is query.terms[-1]) for term in query.terms)
        found = entries.extra(  # noqa: S610 - fixed SQL, the words are a parameter
            select={"score": f"-ts_rank({tables.TABLE}.vector, {asked})"},
            select_params=[text],
            where=[f"{tables.TABLE}.vector @@ {asked}"],
            params=[text],
        )
    else:
        text = " AND ".join(_sqlite_term(term, last=term is query.terms[-1]) for term in query.terms)
        found = entries.extra(  # noqa: S610 - fixed SQL, the words are a parameter
            select={"score": f"bm25({tables.SEARCH}, 10.0, 6.0, 4.0, 1.0)"},
            where=[f"{tables.SEARCH} MATCH %s", f"{tables.SEARCH}.rowid = {tables.TABLE}.id"],
            params=[text],
            tables=[tables.SEARCH],
        )
    return found.order_by("-pk").values_list("document_id", "is_draft", "score")


def _sqlite_term(term: Term, *, last: bool) -> str:
    phrase = f'"{" ".join(term.words)}"'
    return f'({phrase} OR "{_beginning(term)}" *)' if last else phrase


def _postgresql_term(term: Term, *, last: bool) -> str:
    phrase = " <-> ".join(term.words)
    beginning = " <-> ".join(_beginning(term).split())
    return f"(({phrase}) | ({beginning}:*))" if last else f"({phrase})"


def _beginning(term: Term) -> str:
    """The term as the beginning of a longer one. Both stemmers would turn a final y into an i and find nothing."""
    *before, word = term.words
    return " ".join([*before, word.rstrip("yei") if len(word) > 3 and len(word.rstrip("yei")) > 2 else word])


def _ranked(rows: list[tuple[Any, ...]], *, more: bool) -> Hits:
    best: dict[int, tuple[float, bool]] = {}
    for document, is_draft, score in rows:
        known = best.get(document)
        # The published text speaks for a document whose draft says the same words.
        if known is None or (known[1] and not is_draft) or (known[1] == is_draft and score < known[0]):
            best[document] = (score, is_draft)
    order = sorted(best, key=lambda document: (best[document][0], -document))
    return Hits(tuple(order), frozenset(each for each in order if best[each][1]), more)


__all__ = ["MOST_HITS", "NOTHING", "Hits", "beginning_with", "find"]
