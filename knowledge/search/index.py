"""Keeping the search entries true to the documents."""

from collections.abc import Iterable, Iterator
from itertools import islice

from django.db import transaction
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery

from knowledge.models import Document, DocumentAlias, Publication, Revision, SearchEntry
from knowledge.search import tables
from knowledge.search.words import indexed, indexed_reference

_BATCH = 50


def index_documents(documents: "QuerySet[Document]") -> int:
    """The search entries of these documents say what the documents say; returns how many documents were read."""
    read = 0
    for batch in _batches(documents.order_by("pk").values_list("pk", flat=True)):
        _index(batch)
        read += len(batch)
    return read


def rebuild() -> int:
    """Every document is found by its words as they are now; returns how many documents there are."""
    with transaction.atomic():
        SearchEntry.objects.all().delete()
        read = index_documents(Document.objects.all())
    tables.refill()
    return read


def _batches(ids: Iterable[int]) -> Iterator[list[int]]:
    remaining = iter(ids)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _index(ids: list[int]) -> None:
    entries = list(_entries(list(_read(ids))))
    kept = Q(pk__in=[])
    for entry in entries:
        kept |= Q(document=entry.document_id, is_draft=entry.is_draft)
    SearchEntry.objects.filter(document__in=ids).exclude(kept).delete()
    SearchEntry.objects.bulk_create(
        entries,
        update_conflicts=True,
        unique_fields=["document", "is_draft"],
        update_fields=["number", "title", "names", "text"],
    )


def _read(ids: list[int]) -> "QuerySet[Document]":
    last = Publication.objects.filter(document=OuterRef("pk")).order_by("-version_number").values("revision_id")[:1]
    return (
        Document.objects.filter(pk__in=ids)
        .annotate(last_published=Subquery(last))
        .prefetch_related(Prefetch("aliases", queryset=DocumentAlias.objects.order_by("pk")))
    )


def _entries(documents: list[Document]) -> Iterator[SearchEntry]:
    """The entry of each text in force (of a retired document: of its last), and of each draft or what waits."""
    wanted = [(document, revision, is_draft) for document in documents for revision, is_draft in _texts(document)]
    found = Revision.objects.filter(pk__in=[revision for _, revision, _ in wanted])
    texts = {pk: (title, plain) for pk, title, plain in found.values_list("pk", "title", "plain")}
    for document, revision, is_draft in wanted:
        title, plain = texts[revision]
        aliases = [indexed_reference(alias.value) for alias in document.aliases.all()]
        yield SearchEntry(
            document=document,
            is_draft=is_draft,
            number=indexed_reference(document.number),
            title=indexed(title),
            names=" ".join([*aliases, *(indexed(str(tag)) for tag in document.tags)]),
            text=indexed(plain),
        )


def _texts(document: Document) -> Iterator[tuple[int, bool]]:
    published = document.in_force_id or getattr(document, "last_published", None)
    if published is not None:
        yield published, False
    unpublished = document.draft_id or document.approved_id
    if unpublished is not None and unpublished != published:
        yield unpublished, True
