"""Making a revision: its hash, its HTML, its clauses with the identities they had. Inner to other actions."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from knowledge.models import Attachment, Clause, ClauseVersion, Document, Revision, RevisionAttachment
from knowledge.text import clauses as texts
from knowledge.text.clauses import Level, match_clauses
from knowledge.text.markdown import RENDERER_VERSION, Rendered, render
from knowledge.text.parsing import Memory

BITMAPS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
"""Only these are shown inside a page. A drawing that can carry a script is never: its words stand in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a revision says. ``manifest`` lists its files: name, SHA-256, bytes and media type, in order of name."""

    title: str
    body: str
    metadata: Mapping[str, Any] = field(default_factory=dict)
    manifest: Sequence[Mapping[str, Any]] = ()
    effective_on: date | None = None
    reason: str = ""
    content_kind: str = Revision.Content.AUTHORED
    linked_url: str = ""

    @classmethod
    def of(cls, revision: Revision) -> "Content":
        """What that revision says."""
        return cls(
            title=revision.title,
            body=revision.body,
            metadata=revision.metadata,
            manifest=revision.manifest,
            effective_on=revision.effective_on,
            reason=revision.reason,
            content_kind=revision.content_kind,
            linked_url=revision.linked_url,
        )

    @property
    def hash(self) -> str:
        """SHA-256 over everything an approval is about: kind, title, body, metadata, effective date and files."""
        said = {
            "body": self.body,
            "content_kind": str(self.content_kind),
            "effective_on": self.effective_on.isoformat() if self.effective_on else None,
            "linked_url": self.linked_url,
            "manifest": [dict(entry) for entry in self.manifest],
            "metadata": dict(self.metadata),
            "title": self.title,
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(b"remit.revision\x00" + text.encode()).hexdigest()

    def says_the_same_as(self, revision: Revision) -> bool:
        """Whether saving this over the revision would change nothing, the reason given included."""
        return self.hash == revision.content_hash and self.reason == revision.reason


def metadata_of(document: Document) -> dict[str, Any]:
    """What is known about the document beside its text, as a revision keeps it for comparison."""
    return {
        "classification": document.classification,
        "kind": document.kind,
        "language": document.language,
        "owner": _owner_words(document),
        "review_months": document.review_months,
        "tags": list(document.tags),
    }


def attachment_url(number: str, revision: Revision, name: str) -> str:
    """The address of a revision's file; who may read the revision may fetch it."""
    return f"/s/{number}/files/{revision.public_id}/{quote(name)}"


def unsaved_revision(
    document: Document, content: Content, *, sequence: int, now: datetime
) -> tuple[Revision, Rendered]:
    """A revision with all that follows from its content, not saved, and what its text was rendered to."""
    revision = Revision(
        document=document,
        sequence=sequence,
        content_kind=content.content_kind,
        title=content.title,
        body=content.body,
        linked_url=content.linked_url,
        metadata=dict(content.metadata),
        manifest=[dict(entry) for entry in content.manifest],
        content_hash=content.hash,
        reason=content.reason,
        effective_on=content.effective_on,
        created_at=now,
    )
    rendered = rendered_for(document.number, revision)
    revision.html = rendered.html
    revision.plain = rendered.plain
    revision.contents = contents_of(rendered)
    return revision, rendered


def rendered_for(number: str, revision: Revision, *, memory: Memory | None = None) -> Rendered:
    """The revision's body rendered with its own files and with references to other documents as links.

    ``memory`` is what the other texts of the document, rendered one after the other, have in common.
    """
    names = {str(entry["name"]) for entry in revision.manifest}

    def image(source: str) -> str | None:
        name = source.removeprefix("./")
        return attachment_url(number, revision, name) if name in names and name.lower().endswith(BITMAPS) else None

    def link(address: str) -> str | None:
        name = address.removeprefix("./")
        if name in names:
            return attachment_url(number, revision, name)
        return address if address.startswith(("/s/", "#")) else None

    return render(revision.body, title=revision.title, image_resolver=image, link_resolver=link, memory=memory)


def contents_of(rendered: Rendered) -> list[dict[str, Any]]:
    """The list of contents as a revision keeps it."""
    return [{"level": each.level, "text": each.text, "anchor": each.anchor} for each in rendered.contents]


def save_revision(
    document: Document, content: Content, *, sequence: int, author: Any, now: datetime, based_on: Revision | None
) -> Revision:
    """The revision, its files and clauses are in the database; a clause that was in ``based_on`` keeps its identity."""
    revision, rendered = unsaved_revision(document, content, sequence=sequence, now=now)
    revision.created_by = author
    revision.based_on = based_on
    revision.save()
    _save_clauses(document, revision, rendered, based_on)
    if content.manifest:
        _save_files(revision, content.manifest)
    return revision


def clause_rows(
    document: Document, revision: Revision, found: Sequence[texts.Clause], before: Sequence[ClauseVersion]
) -> tuple[list[Clause], list[ClauseVersion]]:
    """The new identities and the clause versions of a revision, none saved. ``before`` are those of the text it is
    based on; a clause matched there keeps its identity. Save the identities first."""
    identities = {version.anchor: version.clause_id for version in before}
    pairs = match_clauses([as_text(version) for version in before], list(found))
    new: list[Clause] = []
    versions: list[ClauseVersion] = []
    for order, clause in enumerate(found):
        if len(clause.number) > 32 or len(clause.anchor) > 120:
            continue  # nested so deep that nobody can say its number aloud
        version = ClauseVersion(
            revision=revision,
            order=order,
            number=clause.number,
            anchor=clause.anchor,
            level=clause.level.value if clause.level else "",
            heading=clause.heading[:300],
            text=clause.text,
        )
        known = pairs.get(clause.anchor)
        if known is not None:
            version.clause_id = identities[known]
        else:
            version.clause = Clause(document=document)
            new.append(version.clause)
        versions.append(version)
    return new, versions


def as_text(version: ClauseVersion) -> texts.Clause:
    """The stored clause as the pure code compares it."""
    return texts.Clause(
        number=version.number,
        level=Level(version.level) if version.level else None,
        keyword="",
        text=version.text,
        heading_path=tuple(version.heading.split(" › ")) if version.heading else (),
        anchor=version.anchor,
        line=0,
        end_line=0,
    )


def without_files(content: Content, names: frozenset[str]) -> Content:
    """The content without those files."""
    return replace(content, manifest=[entry for entry in content.manifest if entry["name"] not in names])


def _save_clauses(document: Document, revision: Revision, rendered: Rendered, based_on: Revision | None) -> None:
    if not rendered.clauses:
        return
    before = list(ClauseVersion.objects.filter(revision=based_on)) if based_on is not None else []
    new, versions = clause_rows(document, revision, rendered.clauses, before)
    Clause.objects.bulk_create(new)
    for version in versions:
        if version.clause_id is None:
            version.clause_id = version.clause.pk
    ClauseVersion.objects.bulk_create(versions)


def _save_files(revision: Revision, manifest: Sequence[Mapping[str, Any]]) -> None:
    known = dict(
        Attachment.objects.filter(sha256__in=[entry["sha256"] for entry in manifest]).values_list("sha256", "pk")
    )
    RevisionAttachment.objects.bulk_create(
        RevisionAttachment(revision=revision, attachment_id=known[entry["sha256"]], name=entry["name"])
        for entry in manifest
    )


def _owner_words(document: Document) -> str:
    named = [person.get_full_name() for person in (document.owner_person, document.owner_deputy) if person is not None]
    return ", deputy ".join(named) if named else f"{document.owner_role} of {document.remit.unit.name}"


__all__ = [
    "RENDERER_VERSION",
    "Content",
    "as_text",
    "attachment_url",
    "clause_rows",
    "contents_of",
    "metadata_of",
    "rendered_for",
    "save_revision",
    "unsaved_revision",
    "without_files",
]
