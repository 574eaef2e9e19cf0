"""The history of documents in a Git repository or a bundle, read with the ``git`` program.

A source may come from anybody. So it is never worked in: a bare clone in a temporary folder borrows its objects, no
hook, filter, text conversion, setting of the user or network protocol is in force, and every argument that comes from
outside is an absolute path behind ``--``.

Along the first parents from the oldest commit to the newest, every change to a matching file is a revision: a commit
that was made there, or a branch that was merged, whose own commits are then the revision's contributors. Renames carry
a document on; a file that is deleted retires it, and the same path added again brings it back.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from knowledge.importing.documents import (
    Contributor,
    ImportPlan,
    PlannedDocument,
    PlannedRevision,
    Retirement,
    SourceCommit,
)
from knowledge.importing.patterns import PathFilter, is_safe_path
from knowledge.importing.problems import Problem, Severity, SourceRefused
from knowledge.text.characters import clean_line, clean_text

_CLONE_SECONDS = 900
_CHUNK = 1 << 16
_QUESTION = 16_000
"""Bytes of names that Git is asked about at once. Its answers repeat them and fit into the pipe with them: where both
sides wait to write, nobody reads."""
_AHEAD = 64
"""Files that Git is asked for at once. Their names, 4 kB, fit into the pipe, so that nobody waits to write them."""
_MAX_MESSAGE = 20_000
_BUNDLE = re.compile(rb"# v[23] git bundle\n")
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_FIELDS = ("%H", "%P", "%an", "%ae", "%at", "%ct", "%B")
_CO_AUTHOR = re.compile(r"^co-authored-by:[ \t]*([^<\n]+)", re.IGNORECASE | re.MULTILINE)
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.quotePath=false",
    "log.showRoot=true",
    "log.showSignature=false",
    "i18n.logOutputEncoding=UTF-8",
    "diff.renameLimit=5000",
    "protocol.allow=never",
    "protocol.file.allow=always",
)


def is_bundle(path: Path) -> bool:
    """Whether the file is a Git bundle."""
    try:
        with path.open("rb") as file:
            return _BUNDLE.match(file.read(16)) is not None
    except OSError:
        return False


def is_repository(path: Path) -> bool:
    """Whether the folder is the root of a Git repository, with a working tree or bare."""
    if (path / ".git").exists():
        return True
    return (path / "HEAD").is_file() and (path / "objects").is_dir() and (path / "refs").is_dir()


class GitSource:
    """A repository opened for reading; a context manager, for its temporary clone is removed at the end."""

    def __init__(self, source: Path) -> None:
        self._source = source.resolve()
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._objects: _Objects | None = None
        self._names: _Objects | None = None
        self._git_dir = Path()
        self._regular: dict[tuple[str, str], bool] = {}
        self.head = ""

    def __enter__(self) -> Self:
        if shutil.which("git") is None:
            raise SourceRefused(
                "Git is not installed here, so no history can be read. Install git, or import a folder."
            )
        self._scratch = tempfile.TemporaryDirectory(prefix="remit-import-")
        try:
            self._clone(Path(self._scratch.name))
            self.head = self._find_head()
            self._objects = _Objects(self._command("cat-file", "--batch"), self._environment())
            self._names = _Objects(self._command("cat-file", "--batch-check"), self._environment())
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (self._objects, self._names):
            if process is not None:
                process.close()
        if self._scratch is not None:
            self._scratch.cleanup()

    def plan(self, is_document: PathFilter) -> ImportPlan:
        """Return every document of the history with all its changes, without reading any text."""
        commits = self._commits(is_document)
        history = _History(is_document)
        line = _first_parents(commits, self.head)
        merged = _Merged(commits)
        for commit in line:
            history.take(commit, merged.into(commit))
        documents = sorted(history.documents, key=lambda document: document.key)
        root = line[0].id if line else self.head
        return ImportPlan("git", root, self.head, documents, history.problems)

    def read(self, object_id: str, limit: int) -> tuple[bytes | None, int]:
        """Return the bytes of a file and its size; no bytes when it is larger than ``limit`` or missing (size -1)."""
        if self._objects is None:
            raise ValueError("The source is not open.")
        return self._objects.read(object_id, limit)

    def expect(self, object_ids: Iterable[str]) -> None:
        """These files will be read next, in this order: Git looks for them while the ones before are worked on."""
        if self._objects is not None:
            self._objects.expect(object_ids)

    def find(self, commit: str, paths: Sequence[str]) -> tuple[str, str, int] | None:
        """Return path, object and size of the first of these that is a regular file in a commit, or ``None``."""
        safe = [path for path in paths if is_safe_path(path)]
        if self._names is None or not safe or not _HASH.match(commit):
            return None
        for path, blob in zip(safe, self._names.blobs([f"{commit}:{path}" for path in safe]), strict=True):
            if blob is not None and self._is_regular(commit, path, blob[0]):
                return path, *blob
        return None

    def _is_regular(self, commit: str, path: str, object_id: str) -> bool:
        """Whether it is no symbolic link. Only ls-tree tells, and it is asked once for what stays as it is."""
        known = self._regular.get((path, object_id))
        if known is None:
            shown = self._run("ls-tree", "--full-tree", "-z", commit, "--", path)
            known = re.match(rb"100(?:644|755|664) blob ", shown) is not None
            self._regular[path, object_id] = known
        return known

    # --- The program

    def _clone(self, scratch: Path) -> None:
        self._git_dir = scratch / "clone.git"
        share = () if self._source.is_file() else ("--shared",)
        command = [*self._base(), "clone", "--quiet", "--bare", *share, "--", str(self._source), str(self._git_dir)]
        try:
            done = subprocess.run(  # noqa: S603 - no shell; the only outside value is an absolute path behind "--"
                command, env=self._environment(), capture_output=True, timeout=_CLONE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise SourceRefused("Git did not finish reading the source in 15 minutes.") from error
        if done.returncode:
            raise SourceRefused(f"Git cannot read this source: {_told(done.stderr)}")

    def _find_head(self) -> str:
        found = self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False).decode().strip()
        if _HASH.match(found):
            return found
        names = self._run("for-each-ref", "--format=%(refname:short)", "refs/heads").decode("utf-8", "replace").split()
        chosen = next((name for name in ("main", "master", *names[:1]) if name in names), None)
        if chosen is None or (len(names) > 1 and chosen not in {"main", "master"}):
            raise SourceRefused(
                "The source has no commit yet."
                if not names
                else "The source does not say which branch is its main one."
            )
        return self._run("rev-parse", "--verify", f"refs/heads/{chosen}^{{commit}}").decode().strip()

    def _base(self) -> list[str]:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        return [shutil.which("git") or "git", "--no-pager", *settings]

    def _command(self, *arguments: str) -> list[str]:
        return [*self._base(), f"--git-dir={self._git_dir}", *arguments]

    def _environment(self) -> dict[str, str]:
        home = self._scratch.name if self._scratch else "/nonexistent"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "LC_ALL": "C",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "true",
            "GIT_ALLOW_PROTOCOL": "file",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_LITERAL_PATHSPECS": "1",
        }

    def _run(self, *arguments: str, check: bool = True) -> bytes:
        done = subprocess.run(  # noqa: S603 - no shell; arguments are ours or checked
            self._command(*arguments), env=self._environment(), capture_output=True, timeout=_CLONE_SECONDS, check=False
        )
        if check and done.returncode:
            raise SourceRefused(f"Git cannot read this source: {_told(done.stderr)}")
        return done.stdout

    def _commits(self, is_document: PathFilter) -> dict[str, "_Commit"]:
        """Every commit that the head reaches, with its changes to documents against its first parent."""
        command = self._command(
            "log",
            "-z",
            "--raw",
            "--no-abbrev",
            "--find-renames",
            "-l5000",
            "--diff-merges=first-parent",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--no-notes",
            f"--format={'%x00'.join(_FIELDS)}",
            self.head,
        )
        commits: dict[str, _Commit] = {}
        with tempfile.TemporaryFile() as complaints:
            with subprocess.Popen(  # noqa: S603 - no shell; every argument is ours
                command, env=self._environment(), stdout=subprocess.PIPE, stderr=complaints
            ) as process:
                if process.stdout is not None:
                    for commit in _parsed(_pieces(process.stdout), is_document):
                        commits[commit.id] = commit
            if process.returncode:
                complaints.seek(0)
                raise SourceRefused(f"Git cannot read this history: {_told(complaints.read(4000))}")
        return commits


def _told(complaint: bytes) -> str:
    """What Git said, in one line."""
    if b"dubious ownership" in complaint:
        return (
            "the repository belongs to another user of this machine. Import as that user, or make a bundle of it "
            "(git bundle create history.bundle --all) and import that."
        )
    lines = [line for line in complaint.decode("utf-8", "replace").splitlines() if line.strip()]
    return clean_line(lines[-1] if lines else "it gave no reason.", limit=400)


# --- Objects


class _Objects:
    """One ``git cat-file`` that stays open and is asked for one object after the other, or for many ahead."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._wanted: deque[str] = deque()
        self._asked: deque[str] = deque()
        self._process = subprocess.Popen(  # noqa: S603 - no shell; every argument is ours
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def expect(self, object_ids: Iterable[str]) -> None:
        self._wanted = deque(each for each in object_ids if _HASH.match(each))

    def read(self, object_id: str, limit: int) -> tuple[bytes | None, int]:
        if not _HASH.match(object_id):
            return None, -1
        if not self._asked and self._wanted and self._wanted[0] == object_id:
            self._ask([self._wanted.popleft() for _ in range(min(_AHEAD, len(self._wanted)))])
        if not self._asked or self._asked[0] != object_id:
            self._forget()
            self._ask([object_id])
        self._asked.popleft()
        return self._answer(limit)

    def _ask(self, object_ids: Sequence[str]) -> None:
        asked, _answered = self._pipes()
        asked.write("".join(f"{each}\n" for each in object_ids).encode())
        asked.flush()
        self._asked.extend(object_ids)

    def _forget(self) -> None:
        """What was asked ahead and is not wanted after all is read away."""
        while self._asked:
            self._asked.popleft()
            self._answer(0)

    def _answer(self, limit: int) -> tuple[bytes | None, int]:
        _asked, answered = self._pipes()
        header = answered.readline().split()
        if len(header) != 3 or not header[2].isdigit():
            return None, -1
        size = int(header[2])
        if size > limit or header[1] != b"blob":
            self._pass_over(answered, size + 1)
            return None, size
        content = answered.read(size)
        answered.read(1)
        return content, size

    def blobs(self, names: Sequence[str]) -> list[tuple[str, int] | None]:
        """Object and size where an expression such as ``commit:path`` names a file; for a process that only checks."""
        asked, answered = self._pipes()
        found: list[tuple[str, int] | None] = []
        for part in _parts([f"{name}\n".encode("utf-8", "replace") for name in names]):
            asked.write(b"".join(part))
            asked.flush()
            for _name in part:
                blob = re.match(rb"([0-9a-f]{40,64}) blob (\d+)\n", answered.readline())
                found.append((blob.group(1).decode(), int(blob.group(2))) if blob else None)
        return found

    def close(self) -> None:
        asked, answered = self._pipes()
        asked.close()
        answered.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process.stdin is None or self._process.stdout is None:
            raise ValueError("The process has no pipes.")
        return self._process.stdin, self._process.stdout

    def _pass_over(self, answered: IO[bytes], size: int) -> None:
        left = size
        while left > 0:
            left -= len(answered.read(min(_CHUNK, left)) or b"\0" * left)


def _parts(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    """The lines in runs that fit into a pipe; a longer line is a run of its own."""
    run: list[bytes] = []
    for line in lines:
        if run and sum(map(len, run)) + len(line) > _QUESTION:
            yield run
            run = []
        run.append(line)
    if run:
        yield run


# --- The log


@dataclass(frozen=True, slots=True)
class _Entry:
    """A change of one path in one commit, as Git writes it."""

    status: str
    mode: str
    object_id: str
    old_path: str
    path: str


@dataclass(slots=True)
class _Commit:
    id: str
    parents: tuple[str, ...]
    details: SourceCommit
    entries: list[_Entry] = field(default_factory=list)

    @property
    def paths(self) -> set[str]:
        return {path for entry in self.entries for path in (entry.old_path, entry.path)}


def _pieces(stream: IO[bytes]) -> Iterator[str]:
    """The output cut at its NULs."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        for piece in whole:
            yield piece.decode("utf-8", "surrogateescape")
    if rest:
        yield rest.decode("utf-8", "surrogateescape")


def _parsed(pieces: Iterator[str], is_document: Callable[[str], bool]) -> Iterator[_Commit]:
    commit: _Commit | None = None
    for piece in pieces:
        text = piece.lstrip("\n")
        if text.startswith(":"):
            if commit is not None:
                _take_entry(commit, text, pieces, is_document)
        elif _HASH.match(text):
            if commit is not None:
                yield commit
            commit = _begun(text, [next(pieces, "") for _ in _FIELDS[1:]])
    if commit is not None:
        yield commit


def _begun(commit_id: str, fields: list[str]) -> _Commit:
    parents, name, email, authored, committed, message = fields
    details = SourceCommit(
        id=commit_id,
        author=clean_line(_shown(name), limit=200),
        author_email=clean_line(_shown(email), limit=200),
        authored_at=_time(authored),
        committed_at=_time(committed),
        message=clean_text(_shown(message)).strip()[:_MAX_MESSAGE],
    )
    return _Commit(commit_id, tuple(parents.split()), details)


def _take_entry(commit: _Commit, header: str, pieces: Iterator[str], is_document: Callable[[str], bool]) -> None:
    _old_mode, mode, _old_object, object_id, status = header[1:].split(" ")
    old_path = next(pieces, "")
    path = next(pieces, "") if status[0] in "RC" else old_path
    if is_document(path) or is_document(old_path):
        commit.entries.append(_Entry(status[0], mode, object_id, old_path, path))


def _time(seconds: str) -> datetime:
    """A time of the history; one that no calendar knows becomes the beginning of 1970."""
    try:
        return datetime.fromtimestamp(int(seconds), tz=UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, tz=UTC)


def _shown(text: str) -> str:
    """A text whose bytes were not UTF-8 with marks in their places."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _first_parents(commits: dict[str, _Commit], head: str) -> list[_Commit]:
    """The line of first parents, oldest commit first; a shallow history begins where it was cut."""
    line: list[_Commit] = []
    at: str | None = head
    while at is not None and at in commits:
        line.append(commits[at])
        at = commits[at].parents[0] if commits[at].parents else None
    line.reverse()
    return line


class _Merged:
    """Says which commits a merge brought; asked along the first parents, each commit is looked at once."""

    def __init__(self, commits: dict[str, _Commit]) -> None:
        self._commits = commits
        self._seen: set[str] = set()

    def into(self, merge: _Commit) -> list[_Commit]:
        """The commits of the merged branches, without merges, oldest first."""
        self._seen.add(merge.id)
        found: list[_Commit] = []
        waiting = list(merge.parents[1:])
        while waiting:
            at = waiting.pop()
            commit = self._commits.get(at)
            if at in self._seen or commit is None:
                continue
            self._seen.add(at)
            waiting.extend(commit.parents)
            if len(commit.parents) < 2:
                found.append(commit)
        return sorted(found, key=lambda commit: (commit.details.authored_at, commit.id))


def _contributors(change: _Commit, entry: _Entry, merged: Sequence[_Commit]) -> tuple[Contributor, ...]:
    """Who wrote what a merge brought to one file: those whose commits touched it, else all; and named co-authors."""
    touching = [commit for commit in merged if commit.paths & {entry.path, entry.old_path}]
    found = [
        Contributor(commit.details.author, clean_line(commit.details.subject), commit.id, commit.details.authored_at)
        for commit in touching or merged
    ]
    for commit in [*(touching or merged), change]:
        for name in _CO_AUTHOR.findall(commit.details.message):
            details = commit.details
            found.append(Contributor(clean_line(name), clean_line(details.subject), commit.id, details.authored_at))
    return tuple(dict.fromkeys(found))


# --- From changes of paths to documents


class _History:
    """Follows documents through the changes of paths, commit by commit."""

    def __init__(self, is_document: PathFilter) -> None:
        self.documents: list[PlannedDocument] = []
        self.problems: list[Problem] = []
        self._is_document = is_document
        self._live: dict[str, PlannedDocument] = {}
        self._gone: dict[str, PlannedDocument] = {}
        self._began: dict[str, int] = {}

    def take(self, commit: _Commit, merged: Sequence[_Commit]) -> None:
        """Take one commit: first everything that leaves its path, then everything that comes to one."""
        left: dict[str, PlannedDocument] = {}
        for entry in commit.entries:
            if entry.status in "DR" and entry.old_path in self._live:
                left[entry.old_path] = self._live.pop(entry.old_path)
        for entry in commit.entries:
            if entry.status == "D":
                self._retire(left.get(entry.path), entry.path, commit, "The file was deleted.")
            elif entry.status == "R":
                self._rename(left.get(entry.old_path), entry, commit, merged)
            else:
                self._arrive(self._live.get(entry.path), entry, commit, merged)

    def _rename(
        self, document: PlannedDocument | None, entry: _Entry, commit: _Commit, merged: Sequence[_Commit]
    ) -> None:
        if self._is_document(entry.path):
            self._arrive(document, entry, commit, merged)
        else:
            reason = f"The file was moved to {_shown(entry.path)}, which the path pattern leaves out."
            self._retire(document, entry.old_path, commit, reason)

    def _arrive(
        self, document: PlannedDocument | None, entry: _Entry, commit: _Commit, merged: Sequence[_Commit]
    ) -> None:
        refusal = _refusal(entry)
        if refusal is not None:
            self.problems.append(Problem(_shown(entry.path), refusal, Severity.SKIPPED, commit.id))
            self._live.pop(entry.path, None)
            self._retire(document, entry.path, commit, refusal)
            return
        if document is None:
            document = self._gone.pop(entry.path, None) or self._begin(entry.path)
        document.path = entry.path
        document.paths.append(entry.path)
        document.retired = None
        document.revisions.append(
            PlannedRevision(commit.details, entry.path, entry.object_id, _contributors(commit, entry, merged))
        )
        self._live[entry.path] = document

    def _begin(self, path: str) -> PlannedDocument:
        self._began[path] = self._began.get(path, 0) + 1
        key = path if self._began[path] == 1 else f"{path}#{self._began[path]}"
        document = PlannedDocument(key=key, path=path)
        self.documents.append(document)
        return document

    def _retire(self, document: PlannedDocument | None, path: str, commit: _Commit, reason: str) -> None:
        if document is None:
            return
        document.retired = Retirement(commit.details, reason)
        document.retirements.append(document.retired)
        self._gone[path] = document


def _refusal(entry: _Entry) -> str | None:
    """Why the file that an entry brings cannot be a document, or ``None``."""
    if entry.mode == "120000":
        return "This is a symbolic link, which is not followed."
    if entry.mode == "160000":
        return "This is another repository (a submodule). Import that by itself."
    if not is_safe_path(entry.path) or _shown(entry.path) != entry.path:
        return "Its path holds characters that cannot be kept, or leads out of the source."
    return None
