"""Revisions: the ones a person may read, found as people name them, compared, and who wrote them."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from governance.permissions import policy
from governance.rights import Right
from knowledge.days import today
from knowledge.models import ClauseVersion, Document, Publication, Revision, RevisionAttachment
from knowledge.text.diff import Comparison, compare

_SEQUENCE = re.compile(r"r(\d{1,9})")
_TEXTS = ("body", "html", "plain", "contents")


_SAID_BY_SOURCES = ("last_reviewed_on", "next_review_on")


@dataclass(frozen=True, slots=True)
class Compared:
    """Two revisions of a document, the older named first, with what changed from one to the other."""

    document: Document
    old: Revision
    new: Revision
    comparison: Comparison

    @property
    def same_metadata(self) -> bool:
        """Whether nothing beside the text changed."""
        return not self.comparison.metadata


def revisions_visible_to(actor: Any, document: Document) -> "QuerySet[Revision]":
    """Return the revisions of the document that the actor may read: published ones, and all others with the drafts."""
    of_document = Revision.objects.filter(document=document)
    return (
        policy.visible(actor, of_document, Right.READ, Right.READ_DRAFT)
        .select_related("publication", "document__remit__unit", "created_by")
        .order_by("-sequence")
    )


def revision_named(actor: Any, document: Document, name: str) -> Revision:
    """Return the revision that people call so; raises ``Revision.DoesNotExist`` for what is unknown or not for them.

    A version number (``3``), ``draft``, ``approved``, ``current`` (in force), ``r12`` (the twelfth saved text), or a
    day (``2026-05-01``: the version in force on it).
    """
    wanted = _condition(document, name.strip().lower())
    if wanted is None:
        raise Revision.DoesNotExist(f"No revision is called {name!r}.")
    found = revisions_visible_to(actor, document).filter(wanted).first()
    if found is None:
        raise Revision.DoesNotExist(f"No revision is called {name!r}.")
    return found


def revision_by_id(actor: Any, document: Document, public_id: UUID) -> Revision | None:
    """Return that revision of the document if the actor may read it."""
    return revisions_visible_to(actor, document).filter(public_id=public_id).first()


def names_of_revisions(actor: Any, document: Document, *, most: int = 300) -> list[dict[str, Any]]:
    """Return the newest revisions that the actor may read, as rows of names and dates for a list to choose from."""
    of_version = ("publication__version_number", "publication__effective_from")
    named = ("pk", "sequence", "created_at", "source_date", *of_version)
    return list(revisions_visible_to(actor, document).select_related(None).values(*named)[:most])


def compare_revisions(actor: Any, document: Document, old: str, new: str) -> Compared:
    """Return what changed between two revisions of the document, each named as in ``revision_named``."""
    before, after = revision_named(actor, document, old), revision_named(actor, document, new)
    return Compared(document, before, after, compared(before, after))


def compared(before: Revision | None, after: Revision) -> Comparison:
    """Return what changed from one revision to another; from nothing, everything is new. Asks no permission."""
    old_facts, new_facts = facts_of(before) if before is not None else {}, facts_of(after)
    if before is not None and before.is_imported != after.is_imported:
        # What only a source says of a document is not taken away by the first revision that is written here.
        for name in _SAID_BY_SOURCES:
            old_facts.pop(name, None)
            new_facts.pop(name, None)
    return compare(before.body if before is not None else "", after.body, old_facts, new_facts)


def facts_of(revision: Revision) -> dict[str, Any]:
    """What a revision says beside its text, in words for a comparison."""
    known = {name: said for name, said in revision.metadata.items() if name != "front_matter"}
    facts: dict[str, Any] = {"title": revision.title, **known}
    if revision.effective_on is not None:
        facts["effective_on"] = revision.effective_on.isoformat()
    if revision.linked_url:
        facts["linked_url"] = revision.linked_url
    if revision.manifest:
        facts["files"] = [f"{entry['name']} ({str(entry['sha256'])[:12]})" for entry in revision.manifest]
    return facts


def clauses_of(revision: Revision) -> "QuerySet[ClauseVersion]":
    """Return what the revision's clauses say, in their order. The caller found the revision by rights."""
    return ClauseVersion.objects.filter(revision=revision).select_related("clause").order_by("order")


def attachment_named(actor: Any, revision_id: UUID, name: str) -> RevisionAttachment:
    """Return the file of that name of a revision which the actor may read; else ``RevisionAttachment.DoesNotExist``."""
    files = RevisionAttachment.objects.filter(revision__public_id=revision_id, name=name)
    visible = policy.visible(actor, files, Right.READ, Right.READ_DRAFT)
    return visible.select_related("attachment", "revision__document").get()


def writers_of(document: Document, version: UUID) -> frozenset[int]:
    """Return the natural persons who saved that revision or one it grew from, back to the last published one."""
    rows = {
        row["pk"]: row
        for row in Revision.objects.filter(document=document).values(
            "pk", "public_id", "based_on_id", "created_by__person_id", "publication__pk"
        )
    }
    current = next((row for row in rows.values() if row["public_id"] == version), None)
    persons: set[int] = set()
    first = True
    while current is not None and (first or current["publication__pk"] is None):
        if current["created_by__person_id"] is not None:
            persons.add(current["created_by__person_id"])
        current = rows.get(current["based_on_id"])
        first = False
    return frozenset(persons)


def publications_of(document: Document) -> "QuerySet[Publication]":
    """Return the document's publications, newest version first, without their texts. Asks no permission."""
    return (
        Publication.objects.filter(document=document)
        .select_related("revision", "published_by", "request")
        .defer(*(f"revision__{name}" for name in _TEXTS))
        .order_by("-version_number")
    )


def _condition(document: Document, name: str) -> Q | None:
    pointers = {"draft": document.draft_id, "approved": document.approved_id, "current": document.in_force_id}
    if name in pointers:
        return Q(pk=pointers[name]) if pointers[name] is not None else None
    if name.isdecimal() and name.isascii() and len(name) < 10:
        return Q(publication__version_number=int(name))
    sequence = _SEQUENCE.fullmatch(name)
    if sequence is not None:
        return Q(sequence=int(sequence.group(1)))
    try:
        day = date.fromisoformat(name)
    except ValueError:
        return None
    after = Q(publication__effective_to__isnull=True) | Q(publication__effective_to__gt=day)
    return Q(publication__effective_from__lte=day) & after if day <= today() else None
