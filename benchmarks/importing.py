"""What an import costs: a folder of Markdown files, to the last row of the search index."""

import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import Any

from django.db import connection

from accounts.models import User
from benchmarks.organisation import CENTRE, Organisation
from benchmarks.texts import TEXTS, texts
from governance import ledger
from governance.models import Remit
from governance.permissions import policy
from knowledge.actions.imports import NewImport, import_documents
from knowledge.models import ImportBatch, SearchEntry

_HEAD = "---\ntitle: Imported standard {number}\nkind: standard\n---\n\n"


class NotImported(Exception):
    """The batch is not what the folder holds."""


def take_in(made: Organisation, *, documents: int) -> dict[str, Any]:
    """Return documents a second and statements; the documents are of the organisation's usual texts, each once."""
    unit = next(each.id for each in made.units if each.kind == "department" and each.id != CENTRE)
    lead = next(post.person for post in made.posts if post.unit == unit and post.role == "lead")
    actor = User.objects.get(pk=lead)
    remit = Remit.objects.select_related("unit").get(unit=unit, capability="knowledge")
    _tell_everybody()
    indexed = SearchEntry.objects.count()
    with tempfile.TemporaryDirectory(prefix="remit-import-") as folder:
        _write(Path(folder), documents)
        statements: Counter[str] = Counter()

        def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            statements[sql.lstrip()[:6].upper()] += 1
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note), policy.one_request():
            begun = perf_counter()
            batch = import_documents(actor=actor, new=NewImport(source=folder, remit=remit, kind="standard"))
            seconds = perf_counter() - begun
        asked = sum(count for word, count in statements.items() if word not in ("BEGIN", "COMMIT", "SAVEPO", "RELEAS"))
    begun = perf_counter()
    _tell_everybody()
    told = perf_counter() - begun
    found = SearchEntry.objects.count() - indexed
    if batch.documents_new != documents or batch.state != ImportBatch.State.WAITING or found < documents:
        raise NotImported(f"{batch.documents_new} of {documents} documents, {batch.state}, {found} rows of search.")
    return {
        "documents": documents,
        "seconds": round(seconds, 2),
        "indexed_after_seconds": round(told, 2),
        "documents_per_second": round(documents / (seconds + told), 1),
        "statements_per_document": round(asked / documents, 1),
    }


def _tell_everybody() -> None:
    while ledger.deliver_due().done:
        pass


def _write(folder: Path, documents: int) -> None:
    for number in range(1, documents + 1):
        now, _ = texts()[number % TEXTS]
        text = f"{_HEAD.format(number=number)}{now.body}\nThis is import {number}.\n"
        (folder / f"standard-{number:05d}.md").write_text(text, encoding="utf-8")
