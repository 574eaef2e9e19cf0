"""An import that dies at any place goes on from there, and ends as one that never died."""

import os
import traceback
from collections.abc import Callable

import pytest
from django.db import connections

from governance import failpoints
from governance.failpoints import FailpointReached, armed
from governance.ledger.verify import verify_ledger
from governance.models import LedgerEntry, Request
from knowledge.actions import imports, imports_documents
from knowledge.models import Clause, ClauseVersion, Document, ImportBatch, ImportedRevision, ImportedSource, Revision
from tests.knowledge.cast import Cast, approved, make_cast
from tests.knowledge.imported import imported, request_about, standards
from tests.knowledge.importing.repository import Repository

POINTS = [name for name in failpoints.names() if name.startswith("import.") and name != "import.taking_force"]
DAYS = 5


def source_of(folder, words: str = "") -> Repository:
    """The standards, with a document of so many changes that it is written in several chunks."""
    made = standards(folder)
    for day in range(DAYS):
        made.save({"storing.md": f"# Storing data\n\nData MUST be kept {day} days{words}.\n"})
    return made


def assert_whole(batch: ImportBatch) -> None:
    """Everything of the source is there once, whatever happened on the way."""
    batch.refresh_from_db()
    assert (batch.state, batch.documents_done, batch.documents_new, batch.revisions_new) == ("waiting", 4, 4, 5 + DAYS)
    sources = ImportedSource.objects.filter(source_key=batch.source_key).order_by("path")
    told = [(each.path, each.revisions, each.is_retired) for each in sources]
    assert told == [
        ("gone.md", 1, True),
        ("later/logging.md", 1, False),
        ("naming.md", 1, False),
        ("storing.md", 2 + DAYS, False),
    ]
    documents = Document.objects.filter(source__in=sources)
    storing = documents.get(title="Storing data")
    revisions = list(Revision.objects.filter(document=storing).order_by("sequence"))
    assert [each.sequence for each in revisions] == list(range(1, 3 + DAYS))
    assert [each.based_on for each in revisions] == [None, *revisions[:-1]]
    assert len({each.source_commit for each in revisions}) == 2 + DAYS
    assert storing.draft == revisions[-1]
    versions = ClauseVersion.objects.filter(revision__document=storing)
    assert versions.count() == 2 + DAYS
    assert versions.values("clause").distinct().count() == Clause.objects.filter(document=storing).count()
    entries = ImportedRevision.objects.filter(batch=batch)
    assert sorted(entries.values_list("revision__sequence", "retires")) == [
        (1, False),
        (1, False),
        (1, True),
        (2 + DAYS, False),
    ]
    assert documents.get(title="Gone").is_retired
    assert set(batch.numbers.values()) == set(documents.values_list("number", flat=True))
    added = LedgerEntry.objects.filter(stream__name=f"import_batch:{batch.public_id}", event="import.revision_added")
    assert added.count() == 5 + DAYS
    assert Request.objects.filter(subject_id=batch.public_id).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("point", POINTS)
def test_an_import_that_fails_at_any_place_goes_on_from_there(cast, tmp_path, monkeypatch, point):
    monkeypatch.setattr(imports_documents, "CHUNK", 2)
    source = source_of(tmp_path / "source")
    with armed(point), pytest.raises(FailpointReached):
        imported(cast, source.folder)
    stopped = ImportBatch.objects.first()
    # A batch that failed while it was begun was never there; one that failed at its end waits to end once more.
    assert stopped is None or stopped.state == "stopped"
    assert (stopped is None) == (point == imports.STARTED)
    assert_whole(imported(cast, source.folder))
    assert ImportBatch.objects.count() == 1


@pytest.mark.django_db
def test_an_approval_that_fails_in_the_middle_brings_nothing_into_force(cast, tmp_path):
    batch = imported(cast, source_of(tmp_path / "source").folder)
    with armed("import.taking_force"), pytest.raises(FailpointReached):
        approved(request_about(batch), cast.other_centre_lead)
    assert not Document.objects.filter(first_published_at__isnull=False).exists()
    batch.refresh_from_db()
    assert batch.state == "waiting"
    approved(request_about(batch), cast.other_centre_lead)
    assert Document.objects.filter(in_force__isnull=False).count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_at_any_place_is_carried_on_by_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(imports_documents, "CHUNK", 2)
    cast = make_cast()
    for number, point in enumerate(POINTS):
        source = source_of(tmp_path / f"source-{number}", words=f" and {number} hours")
        source.git("commit", "--quiet", "--amend", "--allow-empty", "-m", "Apart")
        _assert_killed_and_carried_on(cast, _apart(source, number), point)
    assert verify_ledger().holds


def _apart(source: Repository, number: int) -> Repository:
    """The same source under another first commit, so that it is another source."""
    source.git("checkout", "--quiet", "--orphan", "other")
    source.git("reset", "--quiet", "--hard")
    source.day = 1_000 * (number + 1)
    source.git("commit", "--quiet", "--allow-empty", "-m", f"Source {number}")
    source.git("rebase", "--quiet", "--root", "--onto", "other", "main")
    return source


def _assert_killed_and_carried_on(cast: Cast, source: Repository, point: str) -> None:
    def work() -> None:
        with armed(point, "exit"):
            imported(cast, source.folder)

    assert in_child(work) == failpoints.EXIT_CODE, point
    assert_whole(imported(cast, source.folder))


def in_child(work: Callable[[], None]) -> int:
    """Run the work in a process of its own; returns its exit code."""
    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
