"""An uploaded source, laid aside until it is imported. Its name is kept, for by it the same source is known again."""

import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

from governance.errors import Invalid
from knowledge.actions.attachments import fit_name
from knowledge.actions.imports_sources import is_upload, uploads
from knowledge.importing.archive import unpack
from knowledge.importing.git_history import is_bundle
from knowledge.importing.problems import SourceRefused


def lay_aside(upload: Any) -> str:
    """Return the path of the uploaded bundle, or of the folder that the uploaded zip held.

    ``upload`` has a ``name`` and ``chunks()``. Refuses (``Invalid``) what is neither, and an archive that could harm;
    then nothing of it is left.
    """
    try:
        name = fit_name(upload.name)
    except Invalid as error:
        raise Invalid({"source": str(error)}) from error
    place = uploads() / uuid4().hex
    place.mkdir(parents=True, mode=0o700)
    try:
        return str(_placed(upload, name, place))
    except SourceRefused as error:
        shutil.rmtree(place, ignore_errors=True)
        raise Invalid({"source": str(error)}) from error
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def throw_away(source: str) -> None:
    """An uploaded source that will not be imported is gone; another is left alone."""
    if is_upload(source):
        shutil.rmtree(Path(source).parent, ignore_errors=True)


def _placed(upload: Any, name: str, place: Path) -> Path:
    file = place / name
    with file.open("xb") as written:
        for part in upload.chunks():
            written.write(part)
    if is_bundle(file):
        return file
    if not name.lower().endswith(".zip"):
        raise SourceRefused("This file is no Git bundle. Make one with: git bundle create history.bundle --all")
    folder = place / (name[: -len(".zip")].strip(" .") or "folder")
    unpack(file, folder)
    file.unlink()
    return folder
