"""Documents under governance."""

from knowledge.models.documents import (
    KINDS,
    Attachment,
    Clause,
    ClauseVersion,
    Document,
    DocumentAlias,
    ImportBatch,
    ImportedRevision,
    ImportedSource,
    Publication,
    ReviewConfirmation,
    ReviewReminder,
    Revision,
    RevisionAttachment,
)
from knowledge.models.search import SearchEntry

__all__ = [
    "KINDS",
    "Attachment",
    "Clause",
    "ClauseVersion",
    "Document",
    "DocumentAlias",
    "ImportBatch",
    "ImportedRevision",
    "ImportedSource",
    "Publication",
    "ReviewConfirmation",
    "ReviewReminder",
    "Revision",
    "RevisionAttachment",
    "SearchEntry",
]
