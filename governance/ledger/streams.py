"""What a chain of entries is about: ``kind:id``."""

import re
from dataclasses import dataclass
from uuid import UUID

_KIND = re.compile(r"[a-z][a-z_]{0,39}")
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,77}")


@dataclass(frozen=True, slots=True, order=True)
class Stream:
    """One thing's chain; two writers of the same stream wait for each other, writers of different ones do not."""

    kind: str
    key: str

    @property
    def name(self) -> str:
        """``kind:key``, as stored and hashed."""
        return f"{self.kind}:{self.key}"

    def __str__(self) -> str:
        return self.name


def stream(kind: str, key: UUID | str | int) -> Stream:
    """The stream of the thing; refuses a kind or a key that would not be one plain word."""
    text = str(key)
    if not _KIND.fullmatch(kind):
        raise ValueError(f"A stream's kind is one small word such as document, not {kind!r}.")
    if not _KEY.fullmatch(text):
        raise ValueError(f"A stream's key is a public id or a code, not {text!r}.")
    return Stream(kind, text)


def parse(name: str) -> Stream:
    """The stream of a stored name."""
    kind, _, key = name.partition(":")
    return stream(kind, key)
