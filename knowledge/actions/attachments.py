"""Files of a draft: judged by name, size and first bytes, kept under a random name, and part of what is approved."""

import hashlib
import unicodedata
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any, BinaryIO
from uuid import UUID, uuid4

from django.core.files.base import ContentFile

from governance import ledger
from governance.errors import Invalid, NotAllowed
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions.drafts import refuse_stale, replace_draft
from knowledge.actions.recording import locked, title_of
from knowledge.actions.revisions import Content, metadata_of, without_files
from knowledge.models import Attachment, Document, Revision
from knowledge.text.characters import clean_line

LARGEST_FILE = 25 * 1024 * 1024
"""Bytes of one file."""
MOST_FILES = 100
LONGEST_NAME = 150
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file that is accepted: its media type and how its bytes begin (nothing: plain text in UTF-8).

    ``inline`` says that a browser may show it inside a page: bitmaps only, never what can carry a script.
    """

    media_type: str
    beginnings: tuple[bytes, ...] = ()
    inline: bool = False


_ZIP = (b"PK\x03\x04",)
_OFFICE = "application/vnd.openxmlformats-officedocument."
KINDS: dict[str, FileKind] = {
    "png": FileKind("image/png", (b"\x89PNG\r\n\x1a\n",), inline=True),
    "jpg": FileKind("image/jpeg", (b"\xff\xd8\xff",), inline=True),
    "jpeg": FileKind("image/jpeg", (b"\xff\xd8\xff",), inline=True),
    "gif": FileKind("image/gif", (b"GIF87a", b"GIF89a"), inline=True),
    "webp": FileKind("image/webp", (b"RIFF",), inline=True),
    "pdf": FileKind("application/pdf", (b"%PDF-",)),
    "docx": FileKind(_OFFICE + "wordprocessingml.document", _ZIP),
    "xlsx": FileKind(_OFFICE + "spreadsheetml.sheet", _ZIP),
    "pptx": FileKind(_OFFICE + "presentationml.presentation", _ZIP),
    "odt": FileKind("application/vnd.oasis.opendocument.text", _ZIP),
    "ods": FileKind("application/vnd.oasis.opendocument.spreadsheet", _ZIP),
    "svg": FileKind("image/svg+xml"),
    "csv": FileKind("text/csv"),
    "txt": FileKind("text/plain"),
    "md": FileKind("text/markdown"),
    "json": FileKind("application/json"),
    "yaml": FileKind("application/yaml"),
    "yml": FileKind("application/yaml"),
}
"""What may be attached, by the ending of its name."""


def attach_file(*, actor: Any, document: Document, base: UUID | str, name: str, file: BinaryIO) -> Revision:
    """The draft has the file under ``name``, as a new revision; a file of that name is replaced. Needs ``draft``.

    ``base`` as in ``save_draft``. Refuses a file whose ending is not accepted or whose bytes are not what its ending
    says, one that is too large, and an unfit name (``Invalid``).
    """
    with ledger.change(actor=actor) as change:
        known, draft = _draft(actor, document, base)
        safe_name = fit_name(name)
        attachment = store_file(safe_name, file)
        content = without_files(_content(known, draft), frozenset({safe_name}))
        if len(content.manifest) >= MOST_FILES:
            raise Invalid({"file": f"A draft has at most {MOST_FILES} files. Remove one first."})
        entry = manifest_entry(safe_name, attachment)
        manifest = sorted([*content.manifest, entry], key=lambda each: str(each["name"]))
        content = replace(content, manifest=manifest)
        if content.says_the_same_as(draft):
            change.nothing_happened()
            return draft
        return replace_draft(change, known, content, actor=actor)


def detach_file(*, actor: Any, document: Document, base: UUID | str, name: str) -> Revision:
    """The draft has no file of that name any more, as a new revision; revisions before it keep theirs."""
    with ledger.change(actor=actor) as change:
        known, draft = _draft(actor, document, base)
        if name not in {entry["name"] for entry in draft.manifest}:
            raise NotAllowed("The draft has no file of that name.")
        content = without_files(_content(known, draft), frozenset({name}))
        return replace_draft(change, known, content, actor=actor)


def store_file(name: str, file: BinaryIO) -> Attachment:
    """The bytes are kept once, under their SHA-256 and a random name outside every public folder.

    Refuses what ``attach_file`` refuses. Asks no right; ``name`` is fit.
    """
    kind = kind_of(name)
    data = _read(file)
    _refuse_untrue(kind, data)
    digest = hashlib.sha256(data).hexdigest()
    known = Attachment.objects.filter(sha256=digest).first()
    if known is not None:
        return known
    attachment = Attachment(sha256=digest, media_type=kind.media_type, size=len(data))
    attachment.file.save(uuid4().hex, ContentFile(data), save=False)
    attachment.save()
    return attachment


def manifest_entry(name: str, attachment: Attachment) -> dict[str, Any]:
    """A file as a revision's manifest lists it."""
    media_type = kind_of(name).media_type
    return {"media_type": media_type, "name": name, "sha256": attachment.sha256, "size": attachment.size}


def kind_of(name: str) -> FileKind:
    """The kind of file that the name's ending says; ``Invalid`` for one that is not accepted."""
    ending = PurePosixPath(name).suffix.removeprefix(".").lower()
    if ending not in KINDS:
        raise Invalid({"file": f"Files of this kind are not accepted. Choose one of: {', '.join(sorted(KINDS))}."})
    return KINDS[ending]


def fit_name(name: str) -> str:
    """The name without its folder and without signs that mean something to a computer or turn the writing round."""
    last = clean_line(name.replace("\\", "/").rpartition("/")[2], limit=LONGEST_NAME * 4)
    kept = "".join(sign for sign in last if sign not in '<>:"|?*#%' and unicodedata.category(sign)[0] != "C")
    kept = kept.strip(" .")
    if not PurePosixPath(kept).stem or kept.startswith("."):
        raise Invalid({"file": "Give the file a name."})
    if len(kept) > LONGEST_NAME:
        raise Invalid({"file": f"Shorten the file's name to {LONGEST_NAME} characters or fewer."})
    return kept


def _draft(actor: Any, document: Document, base: UUID | str) -> tuple[Document, Revision]:
    known = locked(document, with_requests=True)
    policy.require(actor, Right.DRAFT, known)
    if known.draft is None:
        raise NotAllowed(f"{title_of(known)} has no draft now. Start a revision first.")
    refuse_stale(known.draft, base)
    return known, known.draft


def _content(document: Document, draft: Revision) -> Content:
    return replace(Content.of(draft), metadata=metadata_of(document))


def _read(file: BinaryIO) -> bytes:
    """The bytes, never holding more than is accepted."""
    parts: list[bytes] = []
    size = 0
    while part := file.read(_CHUNK):
        size += len(part)
        if size > LARGEST_FILE:
            raise Invalid({"file": f"The file is larger than {LARGEST_FILE // 1024 // 1024} MB. Attach a smaller one."})
        parts.append(part)
    if not size:
        raise Invalid({"file": "The file is empty."})
    return b"".join(parts)


def _refuse_untrue(kind: FileKind, data: bytes) -> None:
    if kind.beginnings:
        true = data.startswith(kind.beginnings) and (kind.media_type != "image/webp" or data[8:12] == b"WEBP")
    else:
        true = _is_text(data)
    if not true:
        raise Invalid({"file": "The file is not what the ending of its name says. Check it, or rename it truly."})


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return "\x00" not in text
