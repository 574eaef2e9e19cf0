"""Documents in a folder without history: each file is one document with one revision."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from knowledge.importing.documents import ImportPlan, PlannedDocument, PlannedRevision, SourceCommit
from knowledge.importing.patterns import PathFilter, is_safe_path
from knowledge.importing.problems import Problem, Severity, SourceRefused


class FolderSource:
    """A folder opened for reading, with the same doors as a repository. Nothing outside it is ever opened."""

    def __init__(self, source: Path) -> None:
        self._root = source.resolve()
        self.head = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is held open."""

    def plan(self, is_document: PathFilter) -> ImportPlan:
        """Return every matching file as a document; what cannot be one is among the problems."""
        documents: list[PlannedDocument] = []
        problems: list[Problem] = []
        for path in self._paths(is_document):
            reason = self._refusal(path)
            if reason is not None:
                problems.append(Problem(_shown(path), reason))
                continue
            written = datetime.fromtimestamp((self._root / path).stat().st_mtime, tz=UTC)
            commit = SourceCommit("", "", "", written, written, "")
            documents.append(PlannedDocument(path, path, [path], [PlannedRevision(commit, path, path)]))
        key = hashlib.sha256(f"folder:{self._root}".encode("utf-8", "surrogateescape")).hexdigest()[:40]
        problems.extend(self._inside_a_repository())
        return ImportPlan("folder", key, "", documents, problems)

    def read(self, object_id: str, limit: int) -> tuple[bytes | None, int]:
        """Return the bytes of a file and its size; no bytes when it is larger than ``limit`` or missing (size -1)."""
        if self._refusal(object_id) is not None:
            return None, -1
        try:
            with (self._root / object_id).open("rb") as file:
                content = file.read(limit + 1)
                size = os.fstat(file.fileno()).st_size
        except OSError:
            return None, -1
        return (None, max(size, len(content))) if len(content) > limit else (content, len(content))

    def expect(self, object_ids: Iterable[str]) -> None:
        """Nothing is fetched ahead from a folder."""

    def find(self, _commit: str, paths: Sequence[str]) -> tuple[str, str, int] | None:
        """Return path, path and size of the first of these that is a regular file in the folder, or ``None``."""
        found = next((path for path in paths if self._refusal(path) is None), None)
        return (found, found, (self._root / found).stat().st_size) if found is not None else None

    def _paths(self, is_document: PathFilter) -> Iterator[str]:
        def refuse(error: OSError) -> None:
            if Path(error.filename) == self._root:
                raise SourceRefused(f"The folder cannot be read: {error.strerror}.") from error

        for folder, folders, files in os.walk(self._root, onerror=refuse):
            folders.sort()
            base = Path(folder).relative_to(self._root).as_posix()
            for name in sorted(files):
                path = name if base == "." else f"{base}/{name}"
                if is_document(path):
                    yield path

    def _refusal(self, path: str) -> str | None:
        """Why the file at a path cannot be read, or ``None``."""
        if not is_safe_path(path) or _shown(path) != path:
            return "Its path holds characters that cannot be kept, or leads out of the source."
        whole = self._root / path
        try:
            if whole.is_symlink():
                return "This is a symbolic link, which is not followed."
            if not whole.resolve().is_relative_to(self._root):
                return "It lies outside the source."
            return None if stat.S_ISREG(whole.stat().st_mode) else "This is not an ordinary file."
        except (OSError, ValueError, RuntimeError):
            return "It cannot be opened."

    def _inside_a_repository(self) -> list[Problem]:
        """A note where a folder of a repository was named, whose history would come along with the whole."""
        for above in self._root.parents:
            if (above / ".git").exists():
                inside = self._root.relative_to(above).as_posix()
                reason = (
                    f"This folder lies in the Git repository {above}. To bring its history along, import that with the "
                    f"path pattern {inside}/**."
                )
                return [Problem(inside, reason, Severity.NOTE)]
        return []


def _shown(path: str) -> str:
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
