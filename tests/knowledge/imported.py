"""Small sources to import, and what an import left behind, for the tests of imports."""

from pathlib import Path
from typing import Any

from governance.models import Request
from knowledge.actions.imports import NewImport, import_documents
from knowledge.models import Document, ImportBatch
from tests.knowledge.cast import Cast
from tests.knowledge.importing.repository import Repository

LINKED = """---
title: Storing data
id: SEGAS-00018
tags: [Data, storage]
last_reviewed_on: 2025-03-01
review_in: 6 months
owner_slack: "#data"
colour: green
---
# Storing data

You MUST encrypt data at rest.

Read [how to name things](naming.md) and [what to log](later/logging.md).
"""

NAMING = """---
title: Naming
---
# Naming

Names MUST be plain. See [storing data](storing.md).
"""


def standards(folder: Path) -> Repository:
    """Two documents of three changes, one that was deleted, and one that came last but is linked from the first."""
    repository = Repository(folder)
    repository.save({"storing.md": "# Storing data\n\nData MUST be kept.\n"}, "Begin.", author="Ida Berg")
    repository.save({"naming.md": NAMING, "gone.md": "# Gone\n\nOld words.\n"}, "Name things.", author="Jo Dahl")
    repository.save({"storing.md": LINKED}, "Encrypt.\n\nThe long story.", author="Kim Lund")
    repository.save({"later/logging.md": "# Logging\n\nLogs SHOULD be kept for a year.\n"}, "Log.")
    repository.save({"gone.md": None}, "Not needed any more.")
    return repository


def wanted(cast: Cast, source: Path, **more: Any) -> NewImport:
    return NewImport(**{"source": str(source), "remit": cast.centre_remit, **more})


def imported(cast: Cast, source: Path, **more: Any) -> ImportBatch:
    """The source imported into the centre's remit by its lead."""
    return import_documents(actor=cast.centre_lead, new=wanted(cast, source, **more))


def request_about(batch: ImportBatch) -> Request:
    return Request.objects.filter(subject_id=batch.public_id).latest("pk")


def document(title: str) -> Document:
    return Document.objects.select_related("in_force", "draft", "remit__unit").get(title=title)
