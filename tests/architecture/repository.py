"""Which files are the project's own."""

import os
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_NOT_OURS = {".git", ".venv", "data", "var", "staticfiles", "__pycache__"}


@cache
def files() -> tuple[Path, ...]:
    """Return every file in version control; without Git, every file that would be."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout.split("\0")
        found = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        found = []
        for folder, below, names in os.walk(ROOT):
            below[:] = [name for name in below if name not in _NOT_OURS and not name.endswith("_cache")]
            found += [Path(folder, name) for name in names if not name.endswith(".pyc")]
    return tuple(path for path in sorted(found) if path.is_file())


def texts() -> list[tuple[str, str]]:
    """Return (path within the project, content) of every file that is text."""
    read = []
    for path in files():
        try:
            read.append((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return read
