"""An uploaded zip of a folder, unpacked only after its list of contents was judged: number, size, depth and names.

Nothing is read before the list was judged, and what is read is counted again, for a list can lie.
"""

import stat
import zipfile
from pathlib import Path
from typing import IO

from knowledge.importing.git_history import is_repository
from knowledge.importing.patterns import is_safe_path
from knowledge.importing.problems import SourceRefused

MOST_FILES = 5_000
MOST_BYTES = 200 * 1024 * 1024
"""Bytes of all files together, unpacked."""
MOST_DEPTH = 20
MOST_RATIO = 100
"""How many times larger than packed a file may be; small files may be more."""
_SMALL = 1024 * 1024
_CHUNK = 256 * 1024
_ENCRYPTED = 0x1


def unpack(archive: Path, folder: Path) -> None:
    """The archive's files lie in ``folder``, which is empty or missing, under the names they had in it.

    Refuses (``SourceRefused``) what is no zip, is encrypted or damaged, holds too much, names a file twice, holds
    symbolic links, or names files outside itself; then ``folder`` may hold a part of it. A Git repository inside is
    left out; one as the whole is refused, for its settings could be somebody's programs.
    """
    try:
        with zipfile.ZipFile(archive) as zipped:
            entries = [entry for entry in zipped.infolist() if not entry.is_dir()]
            _judge(entries)
            left = MOST_BYTES
            for entry in entries:
                if ".git" in entry.filename.lower().split("/"):
                    continue
                target = folder / entry.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with zipped.open(entry) as packed, target.open("xb") as file:
                    left -= _copy(packed, file, most=min(left, entry.file_size))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise SourceRefused("The archive is damaged, or is no zip. Pack the folder again.") from error
    except RuntimeError as error:
        raise SourceRefused("The archive is encrypted. Pack the folder without a password.") from error
    folder.mkdir(parents=True, exist_ok=True)
    if is_repository(folder):
        raise SourceRefused("This is a Git repository. Make a bundle of it and upload that: its history comes along.")


def _judge(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_FILES:
        raise SourceRefused(f"The archive holds {len(entries):,} files; at most {MOST_FILES:,} are accepted.")
    if sum(entry.file_size for entry in entries) > MOST_BYTES:
        raise SourceRefused(f"The archive holds more than {MOST_BYTES // 1024 // 1024} MB. Upload it in parts.")
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        shown = name[:100].encode("utf-8", "replace").decode()
        if not is_safe_path(name) or "\\" in name or ":" in name or len(name.split("/")) > MOST_DEPTH:
            raise SourceRefused(f"The archive names a file outside itself, or too deep: {shown!r}. Nothing was taken.")
        if name.lower() in seen:
            raise SourceRefused(f"The archive holds {shown!r} twice. Nothing was taken.")
        seen.add(name.lower())
        if entry.flag_bits & _ENCRYPTED:
            raise SourceRefused("The archive is encrypted. Pack the folder without a password.")
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind and not stat.S_ISREG(kind):
            raise SourceRefused(f"The archive holds a link or a device: {shown!r}. Nothing was taken.")
        if entry.file_size > _SMALL and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            raise SourceRefused(f"The archive holds a file that unfolds to very much: {shown!r}. Nothing was taken.")


def _copy(packed: IO[bytes], file: IO[bytes], *, most: int) -> int:
    written = 0
    while part := packed.read(_CHUNK):
        written += len(part)
        if written > most:
            raise zipfile.BadZipFile("It is larger than its list of contents says.")
        file.write(part)
    return written
