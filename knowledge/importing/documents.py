"""What a source holds, before any of it is in the database: documents with their revisions, and the plan of both."""

from dataclasses import dataclass, field
from datetime import datetime

from knowledge.importing.front_matter import FrontMatter
from knowledge.importing.problems import Problem


@dataclass(frozen=True, slots=True)
class Contributor:
    """Who wrote a commit of a merged branch, or is named as co-author, as text; and what the commit says it did."""

    name: str
    subject: str
    commit: str
    authored_at: datetime


@dataclass(frozen=True, slots=True)
class SourceAttachment:
    """An image that a revision shows: the name that its text uses, and where the source keeps it. ``size`` in bytes."""

    name: str
    path: str
    object_id: str
    size: int
    media_type: str


@dataclass(frozen=True, slots=True)
class SourceCommit:
    """A commit as its source records it; names and messages are text that claims nothing."""

    id: str
    author: str
    author_email: str
    authored_at: datetime
    committed_at: datetime
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True, slots=True)
class Retirement:
    """That the source took a document away: when, in which commit, and what happened, as a sentence."""

    commit: SourceCommit
    reason: str


@dataclass(frozen=True, slots=True)
class PlannedRevision:
    """A change of a document that was found in the source and is still to be read."""

    commit: SourceCommit
    path: str
    object_id: str
    contributors: tuple[Contributor, ...] = ()


@dataclass(slots=True)
class PlannedDocument:
    """A document that was found in the source, with its changes from the oldest to the newest.

    ``key`` is the path that it began at, with ``#2`` and so on where an earlier document began there too; it stays the
    same however the source goes on. ``retired`` says that the source no longer holds it.
    """

    key: str
    path: str
    paths: list[str] = field(default_factory=list)
    revisions: list[PlannedRevision] = field(default_factory=list)
    retirements: list[Retirement] = field(default_factory=list)
    retired: Retirement | None = None

    @property
    def previous_paths(self) -> tuple[str, ...]:
        """The paths it had before its present or last one, oldest first."""
        return tuple(path for path in dict.fromkeys(self.paths) if path != self.path)


@dataclass(slots=True)
class ImportPlan:
    """All that a source holds, by its history alone: nothing of the texts is read yet.

    ``source_key`` is the same whenever this source is read again: its first commit, or the folder's name.
    """

    source_kind: str
    source_key: str
    head: str
    documents: list[PlannedDocument]
    problems: list[Problem]

    @property
    def current(self) -> int:
        """How many documents the source holds now."""
        return sum(document.retired is None for document in self.documents)

    @property
    def retired(self) -> int:
        """How many documents it held once."""
        return len(self.documents) - self.current

    @property
    def revisions(self) -> int:
        """How many changes of documents there are."""
        return sum(len(document.revisions) for document in self.documents)


@dataclass(frozen=True, slots=True)
class SourceRevision:
    """One text of a document, read and understood.

    ``commit`` is empty for a file of a folder, and ``authored_at`` then the time it was last written. ``digest`` is
    SHA-256 of the file's bytes. ``body`` is Markdown without front matter and embedded code, its links and images
    rewritten (``knowledge.importing.links``).
    """

    commit: str
    path: str
    digest: str
    title: str
    body: str
    front_matter: FrontMatter
    author: str
    author_email: str
    authored_at: datetime
    committed_at: datetime
    message: str
    contributors: tuple[Contributor, ...] = ()
    attachments: tuple[SourceAttachment, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document of the source with every revision that could be read, oldest first; at least one.

    ``retired`` says when and why the source took it away, and is ``None`` for a document that it still holds.
    ``problems`` are those of the document and of all its revisions.
    """

    key: str
    path: str
    previous_paths: tuple[str, ...]
    revisions: tuple[SourceRevision, ...]
    retirements: tuple[Retirement, ...] = ()
    retired: Retirement | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def newest(self) -> SourceRevision:
        """The last revision that could be read."""
        return self.revisions[-1]

    @property
    def deleted_at(self) -> datetime | None:
        """When the source took the document away, or ``None``."""
        return self.retired.commit.authored_at if self.retired else None
