"""The library: what a person may see of it, filtered, searched, sorted, counted and paged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, CharField, Count, F, Func, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Greatest, JSONObject, Lower, StrIndex, Substr
from django.utils.safestring import SafeString, mark_safe

from governance.models import BusinessUnit
from governance.permissions import policy
from governance.permissions.standing import standing_of as standing_of_person
from governance.rights import Right
from governance.vocabulary import Capability
from knowledge.days import today
from knowledge.models import KINDS, ClauseVersion, Document
from knowledge.search import service
from knowledge.search.marking import snippet, stem
from knowledge.search.words import SearchQuery, parse_query
from knowledge.selectors.affected import remits_applying_to
from knowledge.selectors.statuses import (
    Standing,
    has_status,
    import_waits,
    standing_of,
    standing_of_row,
    with_standing,
    with_status,
)
from knowledge.vocabulary import IN_FORCE_STATUSES, REVIEW_NOTICE_DAYS, Status

PAGE_SIZE = 25
MOST_COUNTED = 1_000
"""So many documents are counted, and described by facets: beyond, the page says ``1,000+`` and no facet says a number.
Counting all that a wide person may see would cost more than showing them any page of it."""
LARGEST_PAGE = 100
SORTS: Mapping[str, tuple[str, ...]] = {
    "updated": ("-updated_at", "-pk"),
    "title": ("title", "pk"),
    "number": ("number",),
    "review": ("next_review_on", "pk"),
    "unit": ("remit__unit__name", "title", "pk"),
    "newest": ("-first_published_at", "-pk"),
}
REVIEW_FILTERS: Mapping[str, str] = {
    "overdue": "Overdue",
    "30": "Due in 30 days",
    "60": "Due in 60 days",
    "90": "Due in 90 days",
    "none": "No date set",
}
NO_SNIPPET = SafeString("")
_MANY_REMITS = 100
"""Whoever sees more remits than these is asked first whether they see more documents than are counted."""
_RECENT = 100
"""Of a list of many, so many of the latest changes say which units and tags are offered."""
_OFFERED = 10
_SEEN_ROUND = 80
_EXCERPT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFilters:
    """Which documents: each that is given narrows the list; several values of one filter widen it.

    ``applies_to`` and ``units`` are unit codes; ``owner`` is an account's public id or ``me``; ``review`` a key of
    ``REVIEW_FILTERS``. What is unknown finds nothing. ``sort`` is a key of ``SORTS`` or ``relevance``.
    """

    text: str = ""
    applies_to: str = ""
    units: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    owner: str = ""
    review: str = ""
    tags: tuple[str, ...] = ()
    sort: str = ""
    page: int = 1
    page_size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the library. ``snippet`` is safe HTML with marks, empty without a search; ``anchor`` leads to its
    clause, numbered ``clause``."""

    document: Document
    standing: Standing
    url: str
    snippet: SafeString = NO_SNIPPET
    clause: str = ""
    anchor: str = ""
    from_draft: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the library. ``more`` says that there are more than were counted: show ``1,000+``."""

    rows: tuple[Row, ...]
    total: int
    more: bool
    number: int
    pages: int
    size: int
    query: SearchQuery

    @property
    def first(self) -> int:
        """The place of the first row among all, from 1; 0 on an empty page."""
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The place of the last row among all."""
        return (self.number - 1) * self.size + len(self.rows)


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet with how many documents have it."""

    value: str
    label: str
    count: int
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Facets:
    """What the list can be narrowed by; each facet counts under all filters but its own.

    ``more`` says that there are more documents than are counted: then every count is 0 and none is shown, every
    subject, kind and status is offered, and the units and tags of the latest changes.
    """

    total: int
    more: bool = False
    statuses: tuple[Choice, ...] = ()
    units: tuple[Choice, ...] = ()
    capabilities: tuple[Choice, ...] = ()
    kinds: tuple[Choice, ...] = ()
    reviews: tuple[Choice, ...] = ()
    tags: tuple[Choice, ...] = ()


def documents_visible_to(actor: Any) -> "QuerySet[Document]":
    """Return the documents that the actor may see at all: published ones, and those whose draft they may read."""
    return policy.visible(actor, Document.objects.all(), Right.READ, Right.READ_DRAFT)


def library(actor: Any, filters: LibraryFilters | None = None) -> Page:
    """Return one page of what the actor may see of the library, in at most three statements.

    A page beyond the last is the last. With a text the default order is by relevance, else the newest change first.
    """
    wanted = filters or LibraryFilters()
    query = parse_query(wanted.text)
    if not query.is_empty:
        among = _filtered(actor, Document.objects.all(), wanted) if _narrows(wanted) else None
        hits = service.find(actor, query, among=among)
        return _found_page(actor, wanted, query, hits, hits.ids)
    documents = _listed(actor, wanted, documents_visible_to(actor))
    return _listed_page(actor, wanted, query, documents, _counted(documents))


def library_with_facets(actor: Any, filters: LibraryFilters | None = None) -> tuple[Page, Facets]:
    """Return the page of ``library`` and its ``facets``, of the same documents and in three statements.

    The words are looked for once. (One more statement with ``applies_to``, and one for a search that finds more than
    are ranked and is narrowed.)
    """
    wanted = filters or LibraryFilters()
    query = parse_query(wanted.text)
    if query.is_empty:
        seen = documents_visible_to(actor)
        found = _facets_of_list(actor, wanted, seen)
        listed = _listed(actor, wanted, seen)
        total = found.total
        if found.more:
            total = _counted(listed) if _narrows(replace(wanted, applies_to="", owner="")) else MOST_COUNTED + 1
        return _listed_page(actor, wanted, query, listed, total), found
    hits = service.find(actor, query)
    cells = _cells_of_hits(actor, wanted, hits)
    found = _facets_of_hits(cells, wanted)
    if hits.more and _narrows(wanted):
        # Older documents than were ranked may pass the filters: only the database knows them.
        return library(actor, wanted), found
    chosen = _Chosen(wanted)
    kept = {cell.document for cell in cells if chosen.keeps(cell) and _has_a_tag(cell, wanted)}
    return _found_page(actor, wanted, query, hits, tuple(pk for pk in hits.ids if pk in kept)), found


def documents_matching(actor: Any, filters: LibraryFilters) -> "QuerySet[Document]":
    """Return what the actor may see of the library under the filters, in no order, each with everything that a row
    shows (``standing_of_row`` reads it). Order and page are the caller's."""
    found = _filtered(actor, documents_visible_to(actor), filters)
    query = parse_query(filters.text)
    if not query.is_empty:
        found = found.filter(pk__in=service.find(actor, query).ids)
    elif filters.text.strip():
        found = found.none()  # something was typed, but no letter and no digit of it
    return _presented(actor, found)


def facets(actor: Any, filters: LibraryFilters | None = None) -> Facets:
    """Return what the list can be narrowed by, with counts, in at most two statements (one more for ``applies_to``)."""
    wanted = filters or LibraryFilters()
    query = parse_query(wanted.text)
    if query.is_empty:
        return _facets_of_list(actor, wanted, documents_visible_to(actor))
    return _facets_of_hits(_cells_of_hits(actor, wanted, service.find(actor, query)), wanted)


def suggestions(actor: Any, typed: str, *, limit: int = 8) -> list[Row]:
    """Return documents in whose number, title, other reference or tag every typed word begins a word; two statements.

    Nobody is suggested what they could not find.
    """
    ids = service.beginning_with(actor, parse_query(typed), limit=limit)
    if not ids:
        return []
    found = {document.pk: document for document in _presented(actor, Document.objects.filter(pk__in=ids))}
    documents = [found[pk] for pk in ids if pk in found]
    return [Row(each, standing_of_row(each), each.get_absolute_url()) for each in documents]


# --- a list


def _listed(actor: Any, wanted: LibraryFilters, seen: "QuerySet[Document]") -> "QuerySet[Document]":
    documents = _filtered(actor, seen, wanted)
    # Something was typed, but no letter and no digit of it.
    return documents.none() if wanted.text.strip() else documents


def _counted(documents: "QuerySet[Document]") -> int:
    """How many documents there are, up to one more than are counted."""
    return documents.order_by().values("pk")[: MOST_COUNTED + 1].count()


def _listed_page(
    actor: Any, wanted: LibraryFilters, query: SearchQuery, documents: "QuerySet[Document]", counted: int
) -> Page:
    total = min(counted, MOST_COUNTED)
    size = _size(wanted)
    pages = max(1, -(-total // size))
    number = min(max(wanted.page, 1), pages)
    start = (number - 1) * size
    ordered = _ordered(_presented(actor, documents), wanted.sort)[start : start + size] if total else ()
    rows = tuple(Row(document, standing_of_row(document), document.get_absolute_url()) for document in ordered)
    return Page(rows, total, counted > MOST_COUNTED, number, pages, size, query)


def _size(wanted: LibraryFilters) -> int:
    return min(max(wanted.page_size, 1), LARGEST_PAGE)


# --- a search


def _found_page(
    actor: Any, wanted: LibraryFilters, query: SearchQuery, hits: service.Hits, kept: tuple[int, ...]
) -> Page:
    """The page of a search; ``kept`` are the hits that pass the filters, best first."""
    size = _size(wanted)
    pages = max(1, -(-len(kept) // size))
    number = min(max(wanted.page, 1), pages)
    start = (number - 1) * size
    by_relevance = wanted.sort in ("", "relevance") or wanted.sort not in SORTS
    ids = kept[start : start + size] if by_relevance else kept
    found = _with_passages(_presented(actor, Document.objects.filter(pk__in=ids)), query, hits.drafts)
    if by_relevance:
        order = {pk: place for place, pk in enumerate(ids)}
        documents = sorted(found, key=lambda document: order[document.pk])
    else:
        documents = list(_ordered(found, wanted.sort)[start : start + size])
    rows = tuple(_found_row(document, query, hits.drafts) for document in documents)
    return Page(rows, len(kept), hits.more, number, pages, size, query)


def _with_passages(documents: "QuerySet[Document]", query: SearchQuery, drafts: frozenset[int]) -> "QuerySet[Document]":
    """The documents with the clause that holds most of the words, and a passage of the text for where none does."""
    stems = [stem(word) for word in query.words]
    score: Any = Value(0)
    holds = Q(pk__in=[])
    for each in stems:
        condition = Q(text__icontains=each)
        holds |= condition
        score = score + Case(When(condition, then=Value(1)), default=Value(0))
    clause = (
        ClauseVersion.objects.filter(holds, revision=OuterRef("hit_revision"))
        .annotate(score=score)
        .order_by("-score", "order")
    )
    in_draft = Q(pk__in=sorted(drafts)) if drafts else Q(pk__in=[])
    passages = {}
    for name in ("draft", "in_force"):
        place = StrIndex(Lower(f"{name}__plain"), Value(stems[0]))
        passages[name] = Substr(f"{name}__plain", Greatest(place - _SEEN_ROUND, Value(1)), _EXCERPT)
    return documents.annotate(
        hit_revision=Case(When(in_draft, then=F("draft_id")), default=F("in_force_id")),
        clause_hit=Subquery(clause.values(hit=JSONObject(text="text", number="number", anchor="anchor"))[:1]),
        passage=Case(When(in_draft, then=passages["draft"]), default=passages["in_force"], output_field=CharField()),
    )


def _found_row(document: Document, query: SearchQuery, drafts: frozenset[int]) -> Row:
    found: Any = document
    url = document.get_absolute_url()
    from_draft = document.pk in drafts
    if found.clause_hit:
        text, clause, anchor = (str(found.clause_hit[key]) for key in ("text", "number", "anchor"))
    else:
        text, clause, anchor = found.passage or "", "", ""
    passage = mark_safe(snippet(text, query)) if text else NO_SNIPPET  # noqa: S308 - escaped by snippet
    return Row(document, standing_of_row(document), url, passage, clause, anchor, from_draft)


# --- filters


def _narrows(wanted: LibraryFilters) -> bool:
    return any(
        (
            wanted.applies_to,
            wanted.units,
            wanted.capabilities,
            wanted.kinds,
            wanted.statuses,
            wanted.owner,
            wanted.review,
            wanted.tags,
        )
    )


def _presented(actor: Any, documents: "QuerySet[Document]") -> "QuerySet[Document]":
    """The documents with everything that a row shows."""
    told = with_standing(actor, documents).annotate(import_waits=import_waits())
    return told.select_related("remit__unit").defer("extra", "retired_reason", "owner_note")


def _ordered(documents: "QuerySet[Document]", sort: str) -> "QuerySet[Document]":
    order = SORTS.get(sort, SORTS["updated"])
    if sort == "review":
        return documents.order_by(F("next_review_on").asc(nulls_last=True), "pk")
    return documents.order_by(*order)


def _filtered(actor: Any, documents: "QuerySet[Document]", wanted: LibraryFilters) -> "QuerySet[Document]":
    found = _among_applying(documents, wanted)
    if wanted.units:
        found = found.filter(remit__unit__code__in=wanted.units)
    if wanted.capabilities:
        found = found.filter(remit__capability__in=wanted.capabilities)
    if wanted.kinds:
        found = found.filter(kind__in=wanted.kinds)
    if wanted.owner:
        found = found.filter(_owned_by(actor, wanted.owner))
    if wanted.review:
        found = found.filter(_review_condition(wanted.review, today()))
    if wanted.tags:
        found = found.filter(_tagged(wanted.tags))
    if wanted.statuses:
        known = [Status(value) for value in wanted.statuses if value in set(Status)]
        condition = Q(pk__in=[])
        for status in known:
            condition |= has_status(status)
        found = with_status(actor, found).filter(condition)
    return found


def _among(documents: "QuerySet[Document]", actor: Any, wanted: LibraryFilters) -> "QuerySet[Document]":
    """Under the filters that are no facets, but for the text: the unit it applies to, the owner."""
    found = _among_applying(documents, wanted)
    if wanted.owner:
        found = found.filter(_owned_by(actor, wanted.owner))
    return found.none() if wanted.text.strip() and parse_query(wanted.text).is_empty else found


def _among_applying(documents: "QuerySet[Document]", wanted: LibraryFilters) -> "QuerySet[Document]":
    if not wanted.applies_to:
        return documents
    unit = BusinessUnit.objects.filter(code=wanted.applies_to).first()
    return documents.filter(remit__in=remits_applying_to(unit)) if unit is not None else documents.none()


def _owned_by(actor: Any, owner: str) -> Q:
    if owner == "me":
        return Q(owner_person=actor.pk) | Q(owner_deputy=actor.pk) if actor.pk else Q(pk__in=[])
    try:
        public_id = UUID(owner)
    except ValueError:
        return Q(pk__in=[])
    return Q(owner_person__public_id=public_id) | Q(owner_deputy__public_id=public_id)


def _review_condition(review: str, day: date) -> Q:
    reviewed = Q(in_force__isnull=False, retired_at__isnull=True)
    if review == "overdue":
        return reviewed & Q(next_review_on__lt=day)
    if review == "none":
        return reviewed & Q(next_review_on__isnull=True)
    if review in REVIEW_FILTERS:
        return reviewed & Q(next_review_on__gte=day, next_review_on__lte=day + timedelta(days=int(review)))
    return Q(pk__in=[])


# --- facets


@dataclass(frozen=True, slots=True)
class _Cell:
    """How many documents agree in everything that a facet looks at."""

    unit: str
    unit_name: str
    capability: str
    kind: str
    status: str
    draft_status: str
    review: str
    count: int
    document: int = 0
    tags: tuple[str, ...] = ()

    @property
    def statuses(self) -> frozenset[str]:
        """Every word under which the documents are found, as in ``has_status`` of the selectors."""
        words = {self.status, self.draft_status} - {""}
        return frozenset(words | {Status.IN_FORCE.value} if self.status in IN_FORCE_STATUSES else words)

    def has_status(self, status: str) -> bool:
        return status in self.statuses

    def has_review(self, review: str) -> bool:
        if review in ("overdue", "none"):
            return self.review == review
        return self.review in {"30", "60", "90"} and int(self.review) <= int(review)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The filters that are facets, asked of a cell."""

    filters: LibraryFilters
    values: Mapping[str, tuple[str, ...]] = field(init=False)
    picked: Mapping[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        values = {
            "unit": self.filters.units,
            "capability": self.filters.capabilities,
            "kind": self.filters.kinds,
            "status": self.filters.statuses,
            "review": (self.filters.review,) if self.filters.review else (),
        }
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "picked", {facet: wanted for facet, wanted in values.items() if wanted})

    def keeps(self, cell: _Cell, *, but: str = "") -> bool:
        """Whether the cell passes every facet's filter but one."""
        return all(
            facet == but or any(_has(cell, facet, value) for value in picked) for facet, picked in self.picked.items()
        )


def _has(cell: _Cell, facet: str, value: str) -> bool:
    if facet == "status":
        return cell.has_status(value)
    if facet == "review":
        return value in REVIEW_FILTERS and cell.has_review(value)
    return bool(getattr(cell, facet) == value)


def _facets_of_list(actor: Any, wanted: LibraryFilters, seen: "QuerySet[Document]") -> Facets:
    documents = _among(seen, actor, wanted)
    tagged = documents.filter(_tagged(wanted.tags)) if wanted.tags else documents
    if _sees_many_remits(actor) and _counted(tagged) > MOST_COUNTED:
        return _uncounted(documents, wanted)
    newest = tagged.order_by(*SORTS["updated"])[: MOST_COUNTED + 1]
    cells = _cells(actor, Document.objects.filter(pk__in=newest.values("pk")))
    if sum(cell.count for cell in cells) > MOST_COUNTED:
        return _uncounted(documents, wanted)
    return _facets(cells, wanted, _tags_of(actor, documents, wanted))


def _sees_many_remits(actor: Any) -> bool:
    held = standing_of_person(actor)
    remits = held.reach(Right.READ).remits if held is not None else frozenset()
    return remits is None or len(remits) > _MANY_REMITS


def _uncounted(documents: "QuerySet[Document]", wanted: LibraryFilters) -> Facets:
    """What a list of many can be narrowed by: every subject, kind and status, and whose documents changed last."""
    chosen = _Chosen(wanted)
    recent = documents.order_by(*SORTS["updated"])[:_RECENT]
    units: Counter[tuple[str, str]] = Counter()
    tags: Counter[str] = Counter()
    for code, name, tagged in recent.values_list("remit__unit__code", "remit__unit__name", "tags"):
        units[code, name] += 1
        tags.update(str(tag) for tag in tagged)

    def offered(facet: str, labels: Mapping[str, str]) -> tuple[Choice, ...]:
        return tuple(Choice(value, label, 0, value in chosen.values[facet]) for value, label in labels.items())

    common = dict(unit for unit, _ in units.most_common(_OFFERED))
    named = {code: code for code in wanted.units if code not in common}
    return Facets(
        total=MOST_COUNTED,
        more=True,
        statuses=offered("status", {status.value: status.label for status in Status}),
        units=offered("unit", {**named, **dict(sorted(common.items(), key=lambda item: item[1].casefold()))}),
        capabilities=offered("capability", {each.value: each.label for each in Capability}),
        kinds=offered("kind", {key: value[0] for key, value in KINDS.items()}),
        reviews=offered("review", REVIEW_FILTERS),
        tags=tuple(
            Choice(tag, tag, 0, tag in wanted.tags)
            for tag in dict.fromkeys([*wanted.tags, *(tag for tag, _ in tags.most_common(_OFFERED))])
        ),
    )


def _facets_of_hits(cells: list[_Cell], wanted: LibraryFilters) -> Facets:
    chosen = _Chosen(wanted)
    tags = [cell.tags for cell in cells if chosen.keeps(cell)]
    return _facets([cell for cell in cells if _has_a_tag(cell, wanted)], wanted, tags)


def _cells_of_hits(actor: Any, wanted: LibraryFilters, hits: service.Hits) -> list[_Cell]:
    return _cells(actor, _among(Document.objects.filter(pk__in=hits.ids), actor, wanted), each=True)


def _facets(cells: list[_Cell], wanted: LibraryFilters, tags: "Sequence[Sequence[str]]") -> Facets:
    """The facets of cells that have a wanted tag; ``tags`` are those of each document that passes all other filters."""
    chosen = _Chosen(wanted)
    return Facets(
        total=sum(cell.count for cell in cells if chosen.keeps(cell)),
        statuses=_status_choices(cells, chosen),
        units=_choices(cells, chosen, "unit", {cell.unit: cell.unit_name for cell in cells}),
        capabilities=_choices(cells, chosen, "capability", {each.value: each.label for each in Capability}),
        kinds=_choices(cells, chosen, "kind", {key: value[0] for key, value in KINDS.items()}),
        reviews=_review_choices(cells, chosen),
        tags=_tag_choices(tags, wanted),
    )


def _cells(actor: Any, documents: "QuerySet[Document]", *, each: bool = False) -> list[_Cell]:
    """What the facets count; with ``each`` one cell for every document, with its tags: for the few of a search.

    The database groups plain columns; the words follow here.
    """
    day = today()
    reviews = [When(_review_condition(key, day), then=Value(key)) for key in ("overdue", "30", "60", "90", "none")]
    notice = day + timedelta(days=REVIEW_NOTICE_DAYS)
    is_there = {f"has_{name}": Q(**{f"{name}__isnull": False}) for name in _POINTERS}
    rows = (
        with_standing(actor, documents)
        .annotate(
            review_bucket=Case(*reviews, default=Value(""), output_field=CharField()),
            is_due=Case(When(next_review_on__lte=notice, then=Value(True)), default=Value(False)),
            **{name: Case(When(q, then=Value(True)), default=Value(False)) for name, q in is_there.items()},
        )
        .order_by()
    )
    columns = (*_CELL, *is_there)
    if each:
        found = rows.values_list(*columns, "pk", "tags")
        return [_cell(said, 1, day, document, _words_of(tags)) for *said, document, tags in found]
    return [_cell(said, count, day) for *said, count in rows.values_list(*columns).annotate(count=Count("pk"))]


_CELL = (
    *("remit__unit__code", "remit__unit__name", "remit__capability", "kind"),
    *("review_bucket", "is_due", "sees_draft", "approval"),
)


def _cell(said: Sequence[Any], count: int, day: date, document: int = 0, tags: tuple[str, ...] = ()) -> _Cell:
    unit, unit_name, capability, kind, review, is_due, sees_draft, approval, *has = said
    status, draft_status = _words(review, is_due, sees_draft, approval, tuple(has), day)
    return _Cell(unit, unit_name, capability, kind, status, draft_status, review, count, document, tags)


_POINTERS = ("draft", "approved", "in_force", "retired_at", "successor")


@dataclass(frozen=True, slots=True)
class _Alike:
    """What decides where a document stands, of documents that stand alike."""

    draft_id: int | None
    approved_id: int | None
    in_force_id: int | None
    is_retired: bool
    successor_id: int | None
    next_review_on: date | None


@lru_cache(maxsize=2_048)
def _words(
    review: str, is_due: bool, sees_draft: bool, approval: str | None, has: tuple[bool, ...], day: date
) -> tuple[str, str]:
    """The status and the draft's status of documents that stand alike; an empty one where there is no draft."""
    draft, approved, in_force, retired, successor = has
    due = (day - timedelta(days=1) if review == "overdue" else day) if is_due else None
    one = _Alike(int(draft) or None, int(approved) or None, int(in_force) or None, retired, int(successor) or None, due)
    standing = standing_of(one, sees_draft=sees_draft, approval=approval, day=day)
    following = standing.next
    if following is None and sees_draft and not in_force and not retired and (draft or approved):
        following = standing.status
    return standing.status.value, following.value if following is not None else ""


def _words_of(tags: Any) -> tuple[str, ...]:
    return tuple(str(tag) for tag in tags)


def _has_a_tag(cell: _Cell, wanted: LibraryFilters) -> bool:
    return not wanted.tags or any(tag in wanted.tags for tag in cell.tags)


def _choices(cells: list[_Cell], chosen: _Chosen, facet: str, labels: Mapping[str, str]) -> tuple[Choice, ...]:
    counts: Counter[str] = Counter()
    for cell in cells:
        if chosen.keeps(cell, but=facet):
            counts[getattr(cell, facet)] += cell.count
    values = [value for value in labels if counts[value] or value in chosen.values[facet]]
    values.sort(key=lambda value: labels[value].casefold())
    return tuple(Choice(value, labels[value], counts[value], value in chosen.values[facet]) for value in values)


def _status_choices(cells: list[_Cell], chosen: _Chosen) -> tuple[Choice, ...]:
    counts: Counter[str] = Counter()
    for cell in cells:
        if chosen.keeps(cell, but="status"):
            for status in cell.statuses:
                counts[status] += cell.count
    picked = chosen.values["status"]
    return tuple(
        Choice(status.value, status.label, counts[status], status.value in picked)
        for status in Status
        if counts[status] or status.value in picked
    )


def _review_choices(cells: list[_Cell], chosen: _Chosen) -> tuple[Choice, ...]:
    picked = chosen.values["review"]
    counts = {
        key: sum(cell.count for cell in cells if chosen.keeps(cell, but="review") and cell.has_review(key))
        for key in REVIEW_FILTERS
    }
    return tuple(
        Choice(key, label, counts[key], key in picked)
        for key, label in REVIEW_FILTERS.items()
        if counts[key] or key in picked
    )


def _tags_of(actor: Any, documents: "QuerySet[Document]", wanted: LibraryFilters) -> list[tuple[str, ...]]:
    """The tags of every tagged document that passes all filters but that of tags."""
    tagged = _filtered(actor, documents, replace(wanted, tags=(), applies_to="", owner=""))
    return [_words_of(tags) for tags in tagged.exclude(tags=[]).order_by().values_list("tags", flat=True)]


def _tag_choices(tagged: "Sequence[Sequence[str]]", wanted: LibraryFilters) -> tuple[Choice, ...]:
    counts: Counter[str] = Counter()
    for tags in tagged:
        counts.update(set(tags))
    shown = sorted(counts, key=lambda tag: (-counts[tag], tag))[:30]
    return tuple(Choice(tag, tag, counts[tag], tag in wanted.tags) for tag in dict.fromkeys([*wanted.tags, *shown]))


class _HasTag(Func):
    """Whether a document's list of tags holds a tag: ``_HasTag("tags", Value(tag))``."""

    output_field = BooleanField()
    template = "EXISTS (SELECT 1 FROM json_each(%(expressions)s))"
    arg_joiner = ") AS tag WHERE tag.value IN ("

    def as_postgresql(self, compiler: Any, database: Any, **context: Any) -> Any:
        """The same with PostgreSQL's function."""
        return self.as_sql(
            compiler,
            database,
            template="EXISTS (SELECT 1 FROM jsonb_array_elements_text(%(expressions)s))",
            arg_joiner=") AS tag(value) WHERE tag.value IN (",
            **context,
        )


def _tagged(tags: tuple[str, ...]) -> Q:
    """The condition that a document has one of these tags."""
    condition = Q(pk__in=[])
    for tag in tags:
        condition |= Q(_HasTag("tags", Value(tag)))
    return condition
