"""What a source says of a document beside its text, in the words that documents here are described in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from governance.errors import Invalid
from knowledge.actions.documents import clean_tags
from knowledge.days import add_months
from knowledge.importing.documents import SourceRevision
from knowledge.importing.front_matter import FrontMatter
from knowledge.models import KINDS, Document
from knowledge.text.characters import clean_line

FIELDS = (
    "tags",
    "extra",
    "owner_note",
    "review_months",
    "last_reviewed_on",
    "next_review_on",
    "review_is_estimated",
)
"""The columns of a document that an import fills."""
_DATES = frozenset({"last_reviewed_on", "next_review_on"})


def facts_of(revision: SourceRevision, kind: str) -> dict[str, Any]:
    """The facts as JSON. A next review that the source does not fix is counted by the interval of the kind, from the
    last review or else the last change, and marked as estimated."""
    said = revision.front_matter
    months = said.review_interval.in_months if said.review_interval else KINDS[kind][2]
    due = said.next_review
    return {
        "tags": tags_of(said),
        "extra": dict(said.extra),
        "owner_note": said.owner_note,
        "review_months": months,
        "last_reviewed_on": said.last_review.isoformat() if said.last_review else None,
        "next_review_on": (due or add_months(said.last_review or revision.committed_at.date(), months)).isoformat(),
        "review_is_estimated": due is None,
    }


def metadata_of_source(base: Mapping[str, Any], facts: Mapping[str, Any], said: FrontMatter) -> dict[str, Any]:
    """The metadata that the revision keeps and that its hash covers: everything the front matter said, as it came."""
    metadata = {**base, "tags": facts["tags"], "review_months": facts["review_months"]}
    if facts["last_reviewed_on"]:
        metadata["last_reviewed_on"] = facts["last_reviewed_on"]
    if not facts["review_is_estimated"]:
        metadata["next_review_on"] = facts["next_review_on"]
    if said.raw or said.unparsed:
        metadata["front_matter"] = dict(said.raw) or {"unreadable": said.unparsed}
    return metadata


def tags_of(said: FrontMatter) -> list[str]:
    """The tags, without those that cannot be kept; the front matter keeps them as they came."""
    kept: list[str] = []
    for tag in said.tags:
        try:
            kept = clean_tags([*kept, tag])
        except Invalid:
            continue
    return kept


def aliases_of(said: FrontMatter) -> list[str]:
    """The ids that the document had in its source."""
    return [alias for alias in (clean_line(each, limit=200) for each in said.aliases) if alias]


def write_facts(document: Document, facts: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> list[str]:
    """The document, unsaved, says what the source says; returns the columns that changed.

    With ``before``, what the source said at the last import, only what it says otherwise now is taken over: what was
    changed here meanwhile stays.
    """
    changed = []
    for name in FIELDS:
        if name not in facts or (before is not None and before.get(name) == facts[name]):
            continue
        value = facts[name]
        if name in _DATES:
            value = date.fromisoformat(value) if value else None
        if getattr(document, name) != value:
            setattr(document, name, value)
            changed.append(name)
    return changed
