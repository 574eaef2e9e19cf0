"""Which paths of a source are documents."""

import functools
import re
from collections.abc import Sequence

from knowledge.importing.problems import SourceRefused

DEFAULT_PATTERNS = ("*.md", "*.markdown", "*.md.erb", "*.html.md.erb")
"""Markdown as it is found in the wild; at any depth."""

_LEFT_OUT = frozenset({"node_modules", "vendor", "__pycache__"})
_MAX_PATTERN = 500


class PathFilter:
    """Says which paths are documents.

    A pattern without a slash matches a file's name at any depth, one with a slash the whole path from the source's
    root. ``*`` and ``?`` stop at a slash, ``**`` does not; capital letters do not matter. Hidden folders and those that
    hold other people's packages are left out unless a pattern names them.
    """

    def __init__(self, patterns: Sequence[str] = DEFAULT_PATTERNS) -> None:
        self.patterns = tuple(pattern for pattern in patterns if pattern) or DEFAULT_PATTERNS
        for pattern in self.patterns:
            _check(pattern)
        self._expressions = [_expression(pattern) for pattern in self.patterns]
        self._named = {part.lower() for pattern in self.patterns for part in pattern.split("/")}

    def __call__(self, path: str) -> bool:
        """Whether the file at this path, with slashes and from the source's root, is a document."""
        parts = path.split("/")
        if any(self._is_left_out(part) for part in parts[:-1]) or parts[-1].startswith("."):
            return False
        return any(expression.match(path) for expression in self._expressions)

    def _is_left_out(self, folder: str) -> bool:
        return (folder.startswith(".") or folder.lower() in _LEFT_OUT) and folder.lower() not in self._named


def _check(pattern: str) -> None:
    if len(pattern) > _MAX_PATTERN or "\x00" in pattern:
        raise SourceRefused(f"A path pattern has at most {_MAX_PATTERN} characters and no NUL.")
    if pattern.startswith(("/", "~")) or ".." in pattern.split("/"):
        raise SourceRefused(
            f"The path pattern “{pattern}” leads out of the source. Write it from the source's root, like docs/**/*.md."
        )


@functools.lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    whole = pattern.removeprefix("./")
    if whole.endswith("/"):
        whole += "**"
    written = "".join(_piece(piece) for piece in re.findall(r"\*\*/|\*+|\?|[^*?]+", whole))
    anywhere = "" if "/" in whole else "(?:.*/)?"
    return re.compile(f"{anywhere}{written}\\Z", re.IGNORECASE | re.DOTALL)


def _piece(piece: str) -> str:
    if piece == "**/":
        return "(?:.*/)?"
    if piece == "*":
        return "[^/]*"
    if piece.startswith("**"):
        return ".*"
    return "[^/]" if piece == "?" else re.escape(piece)


def is_safe_path(path: str) -> bool:
    """Whether a path stays inside its source: relative, without ``..``, NUL, back-slashes or control characters."""
    parts = path.split("/")
    return bool(path) and not path.startswith("/") and ".." not in parts and not re.search(r"[\x00-\x1f\x7f\\]", path)
