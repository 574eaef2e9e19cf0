"""Opening what is imported: which source it is, what of it is new, and the number that each new document will have.

Inner to the import actions: asks no right and writes nothing.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from governance.errors import Invalid
from governance.models import Remit
from knowledge.actions.attachments import LARGEST_FILE
from knowledge.importing.documents import PlannedDocument
from knowledge.importing.front_matter import BadFrontMatter, read_front_matter
from knowledge.importing.patterns import PathFilter
from knowledge.importing.problems import Problem, SourceRefused, Unreadable
from knowledge.importing.reader import Source, open_source
from knowledge.models import ImportedSource

DEFAULT_KIND = "standard"
"""The kind of a document that does not say its own."""
LONGEST_KEY = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document of the source that has something new, or may have: a folder's files are known once they are read."""

    planned: PlannedDocument
    known: ImportedSource | None

    @property
    def after(self) -> str:
        """The commit up to which the document was read before; empty where it was not."""
        if self.known is None or not self.known.last_commit:
            return ""
        ids = [revision.commit.id for revision in self.planned.revisions]
        if self.known.last_commit in ids:
            return self.known.last_commit
        # The history was rewritten: only its newest text can be new, and the digest says whether it is.
        return ids[-2] if len(ids) > 1 else ""

    @property
    def is_rewritten(self) -> bool:
        """Whether the source no longer holds the commit up to which it was read."""
        return (
            self.known is not None
            and bool(self.known.last_commit)
            and all(revision.commit.id != self.known.last_commit for revision in self.planned.revisions)
        )


def uploads() -> Path:
    """The folder in which uploaded sources lie until they are imported, each in a folder of its own."""
    return Path(settings.DATA_DIR) / "imports"


def is_upload(source: str) -> bool:
    """Whether the source was uploaded, and so is thrown away once it is imported."""
    return Path(source).resolve().is_relative_to(uploads().resolve())


def patterns_of(path_glob: str) -> Sequence[str]:
    """The path patterns, one on each line; refuses (``Invalid``) those that cannot be read."""
    patterns = [line.strip() for line in path_glob.splitlines() if line.strip()]
    try:
        return PathFilter(patterns).patterns
    except SourceRefused as error:
        raise Invalid({"path_glob": str(error)}) from error


@contextmanager
def opened(source: str, path_glob: str) -> Iterator[Source]:
    """The source is open while the block runs; ``Invalid`` where it cannot be read."""
    patterns = patterns_of(path_glob)
    try:
        with open_source(source, patterns, max_bytes=LARGEST_FILE) as found:
            if is_upload(source):
                found.problems[:] = [each for each in found.problems if not each.reason.startswith("This folder lies")]
            yield found
    except SourceRefused as error:
        raise Invalid({"source": str(error)}) from error


def key_of(source: Source, path: str, remit: Remit) -> str:
    """What makes it the same source again: its first commit, or its name; in each remit by itself, so that nobody
    learns from one remit what was imported into another."""
    key = source.plan.source_key
    if source.plan.source_kind == "folder" and is_upload(path):
        key = hashlib.sha256(f"upload:{Path(path).name}".encode("utf-8", "replace")).hexdigest()
    return f"{key[:40]}@{remit.pk}"


def known_sources(key: str) -> dict[str, ImportedSource]:
    """What was imported of this source before, by the documents' keys in it."""
    found = ImportedSource.objects.filter(source_key=key)
    return {each.path: each for each in found.select_related("document__owner_person", "document__owner_deputy")}


def waiting_in(source: Source, known: Mapping[str, ImportedSource]) -> list[Waiting]:
    """The documents that are new or have changed since, in the source's order."""
    return [
        Waiting(planned, known.get(planned.key))
        for planned in source.plan.documents
        if len(planned.key) <= LONGEST_KEY and _may_have_news(planned, known.get(planned.key))
    ]


def unfit_keys(source: Source) -> list[Problem]:
    """The documents whose path cannot be kept."""
    reason = f"Its path is longer than {LONGEST_KEY:,} characters."
    return [Problem(planned.path[:200], reason) for planned in source.plan.documents if len(planned.key) > LONGEST_KEY]


def kind_in(source: Source, planned: PlannedDocument, given: str) -> str | None:
    """The kind of a document: the one given, else what its newest readable text says, else a standard.

    ``None`` where no text of it can be read, so that it needs no number.
    """
    for revision in reversed(planned.revisions):
        try:
            text, _, _ = source.text_of(revision)
            front_matter, _ = read_front_matter(text)
        except (Unreadable, BadFrontMatter):
            continue
        return given or front_matter.kind or DEFAULT_KIND
    return None


def _may_have_news(planned: PlannedDocument, known: ImportedSource | None) -> bool:
    if known is None or not planned.revisions[-1].commit.id:
        return True
    return known.last_commit != planned.revisions[-1].commit.id or known.is_retired != (planned.retired is not None)


__all__ = [
    "DEFAULT_KIND",
    "Waiting",
    "is_upload",
    "key_of",
    "kind_in",
    "known_sources",
    "opened",
    "patterns_of",
    "unfit_keys",
    "uploads",
    "waiting_in",
]
