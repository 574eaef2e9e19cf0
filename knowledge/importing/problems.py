"""What an import could not take, or took in another form, said so that a person can act on it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Whether something was left out, or came along and is only worth knowing."""

    SKIPPED = "skipped"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing about one file: its path in the source, the reason as a sentence, and the commit it was seen in."""

    path: str
    reason: str
    severity: Severity = Severity.SKIPPED
    commit: str = ""

    @property
    def sentence(self) -> str:
        """Path, commit and reason in one line."""
        where = f"{self.path} in {self.commit[:10]}" if self.commit else self.path
        return f"{where}: {self.reason}"


class Unreadable(Exception):
    """A file, or one revision of it, cannot be taken; ``str(error)`` is the reason as a sentence."""


class SourceRefused(Exception):
    """The source as a whole cannot be read; ``str(error)`` says why and what to do next."""
