"""The one door to a source of documents: a folder, a Git repository or a bundle, read document by document.

``open_source`` plans first, from the history alone, so that progress can say how many of how many; texts are read as
they are asked for, one document at a time. What is broken is reported with its path and reason, and the rest is read.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from knowledge.importing import erb, links
from knowledge.importing.documents import (
    ImportPlan,
    PlannedDocument,
    PlannedRevision,
    SourceAttachment,
    SourceDocument,
    SourceRevision,
)
from knowledge.importing.folder import FolderSource
from knowledge.importing.front_matter import BadFrontMatter, FrontMatter, read_front_matter
from knowledge.importing.git_history import GitSource, is_bundle, is_repository
from knowledge.importing.patterns import DEFAULT_PATTERNS, PathFilter
from knowledge.importing.problems import Problem, Severity, SourceRefused, Unreadable
from knowledge.text.characters import clean_line, clean_text

MAX_BYTES = 50 * 1024 * 1024
"""Bytes of one file, a text or an image, unless the caller says otherwise."""


class _Files(Protocol):
    """What a folder and a repository both offer."""

    def plan(self, is_document: PathFilter) -> ImportPlan: ...

    def read(self, object_id: str, limit: int) -> tuple[bytes | None, int]: ...

    def expect(self, object_ids: Iterable[str]) -> None: ...

    def find(self, commit: str, paths: Sequence[str]) -> tuple[str, str, int] | None: ...


class Source:
    """An opened source. ``plan`` holds what it has; ``documents`` reads it; ``problems`` grows while it is read."""

    def __init__(self, files: _Files, plan: ImportPlan, *, max_bytes: int) -> None:
        self.plan = plan
        self.problems: list[Problem] = list(plan.problems)
        self._files = files
        self._max_bytes = max_bytes
        # Later pairs win: documents that are still there are named last.
        ordered = sorted(plan.documents, key=lambda document: document.retired is None)
        self._map = links.DocumentMap((path, document.key) for document in ordered for path in document.paths)
        self._images: dict[tuple[str, tuple[str, ...]], tuple[str, str, int] | None] = {}

    def documents(self, *, wanted: Callable[[PlannedDocument], bool] | None = None) -> Iterator[SourceDocument]:
        """Yield the documents one by one, read; those that are not ``wanted`` or cannot be read are passed over."""
        for planned in self.plan.documents:
            if wanted is None or wanted(planned):
                document = self.read(planned)
                if document is not None:
                    yield document

    def read(self, planned: PlannedDocument, *, after: str = "") -> SourceDocument | None:
        """Return a planned document with its revisions, or ``None`` if none of them can be read.

        With ``after``, the id of a commit, only the revisions behind that commit's are read; ``None`` without any.
        """
        waiting = _behind(planned.revisions, after)
        if not waiting:
            return None
        reading = _Reading(self, planned)
        if len(waiting) < len(planned.revisions):
            reading.remember(planned.revisions[-len(waiting) - 1])
        self._files.expect(revision.object_id for revision in waiting)
        for revision in waiting:
            reading.take(revision)
        document = reading.document()
        self.problems.extend(reading.problems)
        return document

    def attachment(self, attachment: SourceAttachment) -> bytes:
        """Return the bytes of an image; ``Unreadable`` when it is gone or larger than the limit."""
        content, size = self._files.read(attachment.object_id, self._max_bytes)
        if content is None:
            raise Unreadable(_too_large(size, self._max_bytes) if size >= 0 else "The image cannot be opened.")
        return content

    # --- For the reading of one document

    def text_of(self, revision: PlannedRevision) -> tuple[str, str, bool]:
        """Return a revision's text, the digest of its bytes, and whether characters were taken out of it."""
        content, size = self._files.read(revision.object_id, self._max_bytes)
        if content is None:
            raise Unreadable(_too_large(size, self._max_bytes) if size >= 0 else "The file cannot be opened.")
        if b"\0" in content:
            raise Unreadable("It holds a NUL byte, so it is not a text.")
        try:
            decoded = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(
                f"It is not UTF-8 (byte {error.start + 1:,}). Save it as UTF-8 and import again."
            ) from error
        if not decoded.strip():
            raise Unreadable("It is empty.")
        text = clean_text(decoded)
        visible = len(decoded) - decoded.count("\r\n")
        return text, hashlib.sha256(content).hexdigest(), len(text) != visible

    def link(self, href: str, base: str) -> str | None:
        """Return the placeholder for the imported document that a link means."""
        return self._map.find(href, base)

    def partial(self, name: str, base: str) -> str | None:
        """Return a link to the imported document that a partial is kept in."""
        address = self._map.find_partial(name, base)
        return f"[{_humanised(name)}]({address})" if address else None

    def image(self, source: str, base: str, commit: str) -> tuple[str, str, int] | None:
        """Return path, object and size of the image that a text shows, or ``None`` if the source does not hold it."""
        candidates = tuple(links.image_candidates(source, base))
        if (commit, candidates) not in self._images:
            self._images[commit, candidates] = self._files.find(commit, candidates)
        return self._images[commit, candidates]

    def fits(self, size: int) -> bool:
        """Whether a file of this size comes along."""
        return size <= self._max_bytes


@contextlib.contextmanager
def open_source(
    source: str | Path, patterns: Sequence[str] = DEFAULT_PATTERNS, *, max_bytes: int = MAX_BYTES
) -> Iterator[Source]:
    """Open a folder, a Git repository or a bundle on this machine, and plan what it holds.

    ``patterns`` say which paths are documents (``PathFilter``). Raises ``SourceRefused`` for what is none of the three,
    for a bad pattern, and for a history that Git cannot read. Addresses on the network are never followed.
    """
    path = Path(str(source)).expanduser()
    is_document = PathFilter(patterns)
    try:
        if "\x00" in str(source) or not path.exists():
            raise SourceRefused(
                "There is nothing at this path. Name a folder, a Git repository or a bundle on this machine; "
                "clone a repository that lies elsewhere first."
            )
        if path.is_file() and not is_bundle(path):
            raise SourceRefused("This file is no Git bundle. Name a folder, a Git repository or a bundle.")
        as_git = path.is_file() or is_repository(path)
    except OSError as error:
        raise SourceRefused(f"The source cannot be opened: {error.strerror or error}.") from error
    with GitSource(path) if as_git else FolderSource(path) as files:
        yield Source(files, files.plan(is_document), max_bytes=max_bytes)


def read_source(
    source: str | Path, patterns: Sequence[str] = DEFAULT_PATTERNS, *, max_bytes: int = MAX_BYTES
) -> Iterator[SourceDocument]:
    """Yield every document of a source, read; ``open_source`` also tells the plan and the problems."""
    with open_source(source, patterns, max_bytes=max_bytes) as opened:
        yield from opened.documents()


def _behind(revisions: Sequence[PlannedRevision], after: str) -> Sequence[PlannedRevision]:
    if not after:
        return revisions
    at = next((index for index, revision in enumerate(revisions) if revision.commit.id == after), None)
    return revisions if at is None else revisions[at + 1 :]


# --- One document


class _Reading:
    """Reads the revisions of one document, oldest first, and keeps what each knows for the next."""

    def __init__(self, source: Source, planned: PlannedDocument) -> None:
        self._source = source
        self._planned = planned
        self._revisions: list[SourceRevision] = []
        self._last_good: FrontMatter | None = None
        self.problems: list[Problem] = []

    def remember(self, revision: PlannedRevision) -> None:
        """Know what the revision before the first said, in case that one's front matter is broken."""
        with contextlib.suppress(Unreadable, BadFrontMatter):
            self._last_good = read_front_matter(self._source.text_of(revision)[0])[0]

    def take(self, revision: PlannedRevision) -> None:
        """Read one revision; what keeps it from being read is a problem."""
        try:
            text, digest, was_cleaned = self._source.text_of(revision)
        except Unreadable as error:
            self._report(revision, str(error), Severity.SKIPPED)
            return
        before = len(self.problems)
        if was_cleaned:
            self._report(revision, "Invisible control characters were taken out of its text.", Severity.NOTE)
        front_matter, body = self._front_matter(revision, text)
        if revision.path.lower().endswith(".erb"):
            body = self._without_ruby(revision, body, front_matter)
        body, attachments = self._linked(revision, body)
        commit = revision.commit
        self._revisions.append(
            SourceRevision(
                commit=commit.id,
                path=revision.path,
                digest=digest,
                title=front_matter.title or _first_heading(body) or _humanised(revision.path),
                body=body.strip("\n") + "\n" if body.strip() else "",
                front_matter=front_matter,
                author=commit.author,
                author_email=commit.author_email,
                authored_at=commit.authored_at,
                committed_at=commit.committed_at,
                message=commit.message,
                contributors=revision.contributors,
                attachments=attachments,
                problems=tuple(self.problems[before:]),
            )
        )

    def document(self) -> SourceDocument | None:
        """The document of all that was read; ``None`` when nothing was, or when no front matter ever was right."""
        planned = self._planned
        self.problems = _each_once(self.problems)
        if not self._revisions:
            return None
        if self._last_good is None:
            self.problems = [replace(problem, severity=Severity.SKIPPED) for problem in self.problems]
            return None
        if self._revisions[-1].commit != planned.revisions[-1].commit.id:
            newest = self._revisions[-1].commit[:10]
            reason = f"Its newest text cannot be read; the document is as it was in {newest}."
            self.problems.append(Problem(planned.path, reason, Severity.NOTE))
        return SourceDocument(
            key=planned.key,
            path=planned.path,
            previous_paths=planned.previous_paths,
            revisions=tuple(self._revisions),
            retirements=tuple(planned.retirements),
            retired=planned.retired,
            problems=tuple(self.problems),
        )

    def _front_matter(self, revision: PlannedRevision, text: str) -> tuple[FrontMatter, str]:
        """What the file says about itself; where that is broken, what it said before: its text is still readable."""
        try:
            front_matter, body = read_front_matter(text)
        except BadFrontMatter as error:
            self._report(revision, f"{error}", Severity.NOTE)
            known = self._last_good or FrontMatter()
            return replace(known, unparsed=error.source, notes=(*known.notes, str(error))), error.body
        for note in front_matter.notes:
            self._report(revision, note, Severity.NOTE)
        self._last_good = front_matter
        return front_matter, body

    def _without_ruby(self, revision: PlannedRevision, body: str, front_matter: FrontMatter) -> str:
        resolved = erb.resolve(body, front_matter.raw, partial=lambda name: self._source.partial(name, revision.path))
        if resolved.removed:
            shown = ", ".join(dict.fromkeys(resolved.removed))
            self._report(revision, f"Embedded code was taken out: {clean_line(shown, limit=400)}", Severity.NOTE)
        return resolved.text

    def _linked(self, revision: PlannedRevision, body: str) -> tuple[str, tuple[SourceAttachment, ...]]:
        found: dict[str, SourceAttachment] = {}

        def image(source: str) -> str | None:
            held = self._source.image(source, revision.path, revision.commit.id)
            if held is None:
                if links.image_candidates(source, revision.path):
                    self._report(revision, f"The image {clean_line(source)} is not in the source.", Severity.NOTE)
                return None
            path, object_id, size = held
            if not self._source.fits(size):
                self._report(revision, f"The image {path} is too large to come along.", Severity.NOTE)
                return None
            if path not in found:
                name = links.attachment_name(path, (attachment.name for attachment in found.values()))
                media_type = links.IMAGE_TYPES[Path(path).suffix.lower()]
                found[path] = SourceAttachment(name, path, object_id, size, media_type)
            return found[path].name

        rewritten = links.rewrite(body, link=lambda href: self._source.link(href, revision.path), image=image)
        return rewritten, tuple(found.values())

    def _report(self, revision: PlannedRevision, reason: str, severity: Severity) -> None:
        self.problems.append(Problem(revision.path, reason, severity, revision.commit.id))


def _each_once(problems: Sequence[Problem]) -> list[Problem]:
    """The problems with every note that revision after revision repeats only where it was seen last."""
    found: dict[object, Problem] = {}
    for problem in problems:
        of_one_kind = problem.reason if problem.severity is Severity.NOTE else problem
        found.pop(of_one_kind, None)
        found[of_one_kind] = problem
    return list(found.values())


def _too_large(size: int, limit: int) -> str:
    return f"It has {size / 1024 / 1024:,.1f} MB; at most {limit / 1024 / 1024:,.0f} MB can be imported."


_HEADING = re.compile(r"^#[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_SUFFIXES = re.compile(r"(?:\.(?:html|md|markdown|erb))+\Z", re.IGNORECASE)


def _first_heading(body: str) -> str:
    match = _HEADING.search(body[:5000])
    return clean_line(re.sub(r"[*_`]", "", match.group(1))) if match else ""


def _humanised(path: str) -> str:
    """A file's name as a title: ``docs/data-stores.md`` becomes ``Data stores``; an index has its folder's name."""
    parts = _SUFFIXES.sub("", path).split("/")
    name = parts[-2] if len(parts) > 1 and parts[-1].lower() in {"index", "readme"} else parts[-1]
    words = clean_line(re.sub(r"[-_.\s]+", " ", name))
    return words[:1].upper() + words[1:] or "Untitled"
