"""Links and images in imported texts: which document of the same source a link means, and which file an image is.

A link to another imported document becomes ``remit:doc:`` and that document's key, which survives renames; whoever
shows the text turns it into an address. An image becomes the name of the attachment that comes along.
"""

import bisect
import posixpath
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote, urlsplit

DOCUMENT_PREFIX = "remit:doc:"
"""What the address of a link to an imported document begins with; its key follows, percent-encoded."""

IMAGE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".svg": "image/svg+xml",
}
"""Media types of the images that come along, by the end of their names."""

Rewrite = Callable[[str], str | None]
"""From an address in the text to the one to write in its place, or ``None`` to leave it."""

_DESTINATION = r"(?P<space>\s*)(?P<target><[^<>\n]*>|[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)"
_INLINE = re.compile(rf"(?P<image>!\[[^\[\]]{{0,1000}}\]\()?(?(image)|\]\(){_DESTINATION}")
_DEFINITION = re.compile(r"^(?P<before> {0,3}\[[^\[\]\n]{1,999}\]:[ \t]*)(?P<target><[^<>\n]*>|\S+)", re.MULTILINE)
_MARKUP = re.compile(
    r"(?P<before><(?P<tag>a|img)\s(?:[^<>]{0,1000}?\s)?(?:href|src)\s*=\s*)(?P<quote>[\"'])(?P<target>[^\"'<>]*)(?P=quote)",
    re.IGNORECASE,
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TICKS = re.compile(r"`+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:|//|\\\\", re.IGNORECASE)
_SUFFIX = re.compile(r"\.(?:erb|md|markdown|html?)\Z", re.IGNORECASE)


def document_address(key: str, fragment: str = "") -> str:
    """Return the placeholder for a link to an imported document, and to a place in it."""
    return f"{DOCUMENT_PREFIX}{quote(key, safe='/')}{f'#{fragment}' if fragment else ''}"


def read_document_address(address: str) -> tuple[str, str] | None:
    """Return the key and the fragment of such a placeholder, or ``None`` for any other address."""
    if not address.startswith(DOCUMENT_PREFIX):
        return None
    key, _, fragment = address.removeprefix(DOCUMENT_PREFIX).partition("#")
    return unquote(key), fragment


def rewrite(body: str, *, link: Rewrite, image: Rewrite) -> str:
    """Return the text with the addresses of its links and images rewritten; code stays as it is."""
    parts: list[str] = []
    for text, is_code in _parts(body):
        if is_code:
            parts.append(text)
        else:
            parts.append(_rewrite_prose(text, link, image))
    return "".join(parts)


def replace_document_addresses(body: str, address_of: Callable[[str], str | None]) -> str:
    """Return the text with its placeholders replaced by what ``address_of`` gives for a key; unknown ones stay."""

    def final(address: str) -> str | None:
        found = read_document_address(address)
        target = address_of(found[0]) if found else None
        if found is None or target is None:
            return None
        return f"{target}#{found[1]}" if found[1] else target

    return rewrite(body, link=final, image=lambda _address: None)


def _parts(body: str) -> Iterable[tuple[str, bool]]:
    """The text in runs of lines, with whether they are code between fences."""
    gathered: list[str] = []
    fence = ""
    for line in body.splitlines(keepends=True):
        found = _FENCE.match(line)
        if fence:
            gathered.append(line)
            if found and found.group(1).startswith(fence) and not line.strip().strip(fence[0]):
                yield "".join(gathered), True
                gathered, fence = [], ""
        elif found:
            yield "".join(gathered), False
            gathered, fence = [line], found.group(1)
        else:
            gathered.append(line)
    yield "".join(gathered), bool(fence)


def _rewrite_prose(text: str, link: Rewrite, image: Rewrite) -> str:
    # A text without the mark that an expression looks for is not searched: most have none of some.
    for mark, expression in (("](", _INLINE), ("]:", _DEFINITION), ("<", _MARKUP)):
        if mark in text:
            text = _Rewriting(text, link, image).done(expression)
    return text


class _Rewriting:
    """One pass over a text. Where its code stands is found out once an address would change, which most do not."""

    def __init__(self, text: str, link: Rewrite, image: Rewrite) -> None:
        self._text, self._link, self._image = text, link, image
        self._codes: list[tuple[int, int]] | None = None

    def done(self, expression: re.Pattern[str]) -> str:
        """The text with every address that the expression finds rewritten."""
        return expression.sub(self._rewritten, self._text)

    def _rewritten(self, match: re.Match[str]) -> str:
        found = match.groupdict()
        written = found["target"]
        if self._is_code(match.start("target")):
            return match.group(0)
        bare = written[1:-1] if written.startswith("<") else written
        is_image = bool(found.get("image")) or (found.get("tag") or "").lower() == "img"
        target = (self._image if is_image else self._link)(bare)
        if target is None and not is_image and match.re is _DEFINITION:
            target = self._image(bare)
        if target is None:
            return match.group(0)
        start, end = match.start("target") - match.start(), match.end("target") - match.start()
        return f"{match.group(0)[:start]}{target}{match.group(0)[end:]}"

    def _is_code(self, position: int) -> bool:
        if self._codes is None:
            self._codes = _code_spans(self._text) if "`" in self._text else []
        at = bisect.bisect_right(self._codes, (position, len(self._text))) - 1
        return at >= 0 and self._codes[at][0] <= position < self._codes[at][1]


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Where code stands between back-ticks, as positions from and to."""
    runs = [(match.start(), match.end()) for match in _TICKS.finditer(text)]
    by_length: dict[int, list[int]] = {}
    for index, (start, end) in enumerate(runs):
        by_length.setdefault(end - start, []).append(index)
    codes: list[tuple[int, int]] = []
    index = 0
    while index < len(runs):
        start, end = runs[index]
        same = by_length[end - start]
        following = bisect.bisect_right(same, index)
        if following < len(same):
            index = same[following]
            codes.append((start, runs[index][1]))
        index += 1
    return codes


# --- Which document, which file


class DocumentMap:
    """Finds the document that a link means, by every path that any document of the source ever had."""

    def __init__(self, paths: Iterable[tuple[str, str]]) -> None:
        """Take pairs of path and key; a later pair wins over an earlier one for the same address."""
        self._keys = {_stem(path): key for path, key in paths}

    def find(self, href: str, base: str) -> str | None:
        """Return the placeholder for a link in the text at path ``base``, or ``None`` if it leads elsewhere."""
        if not href or href.startswith("#") or _SCHEME.match(href):
            return None
        try:
            parts = urlsplit(href)
        except ValueError:
            return None
        for candidate in _candidates(unquote(parts.path), base):
            key = self._keys.get(_stem(candidate))
            if key is not None:
                return document_address(key, parts.fragment)
        return None

    def find_partial(self, name: str, base: str) -> str | None:
        """Return the placeholder for the document that a partial of this name is kept in, or ``None``."""
        folder, _, file = name.rpartition("/")
        hidden = f"{folder}/_{file}" if folder else f"_{file}"
        for each in (name, hidden):
            for candidate in _candidates(f"/{each}", base):
                key = self._keys.get(_stem(candidate))
                if key is not None:
                    return document_address(key)
        return None


def image_candidates(source: str, base: str) -> list[str]:
    """Return the paths at which the image of a text at ``base`` may lie, most likely first; empty for a foreign one."""
    if not source or _SCHEME.match(source):
        return []
    try:
        path = unquote(urlsplit(source).path)
    except ValueError:
        return []
    if posixpath.splitext(path)[1].lower() not in IMAGE_TYPES:
        return []
    usual = [
        found
        for folder in ("images", "assets/images")
        for found in _candidates(f"/{folder}/{path.removeprefix('/')}", base)
    ]
    return list(dict.fromkeys([*_candidates(path, base), *usual]))


def attachment_name(path: str, taken: Iterable[str]) -> str:
    """Return a name for a file, fit to be written in a text, that differs from those taken."""
    parts = [re.sub(r"[^\w.-]+", "-", part).strip("-.") or "file" for part in path.split("/")]
    used = set(taken)
    for count in range(1, len(parts) + 1):
        name = "-".join(parts[-count:])
        if name not in used:
            return name
    stem, suffix = posixpath.splitext(parts[-1])
    number = 2
    while f"{stem}-{number}{suffix}" in used:
        number += 1
    return f"{stem}-{number}{suffix}"


def _stem(path: str) -> str:
    """A path without what differs between a file and the address of its page."""
    stem = path.strip("/")
    while (shorter := _SUFFIX.sub("", stem)) != stem:
        stem = shorter
    if stem == "index" or stem.endswith("/index"):
        stem = stem[: -len("index")].rstrip("/")
    return stem.lower()


def _candidates(path: str, base: str) -> list[str]:
    """The paths in the source that an address may mean, seen from the text at ``base``."""
    if not path or "\x00" in path or "\\" in path:
        return []
    folder = posixpath.dirname(base)
    if path.startswith("/"):
        # The site's root is some folder above the text; which one, the source does not say.
        parts = folder.split("/") if folder else []
        roots = ["/".join(parts[:count]) for count in range(len(parts) + 1)]
        found = [posixpath.normpath(posixpath.join(root, path.lstrip("/") or ".")) for root in roots]
    else:
        # A page may be served as a folder of its own, so that its addresses begin one level deeper.
        found = [posixpath.normpath(posixpath.join(start, path)) for start in (folder, _stem(base))]
    return [each for each in found if not each.startswith("..") and not each.startswith("/")]
