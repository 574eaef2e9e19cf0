"""A file that is larger than its limit is stopped while it comes in: a page that says so, and nothing is kept."""

import tempfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from config import uploads
from governance.models import LedgerEntry
from knowledge.models import Attachment, ImportBatch, Revision
from tests.knowledge.cast import drafted
from tests.knowledge.cast import make_cast as cast_made
from tests.knowledge.views.test_editing import draft_form

pytestmark = pytest.mark.django_db
LIMIT = 100_000
TYPED = "A sentence that somebody typed and wants to keep."


@pytest.fixture
def person():
    return cast_made()


@pytest.fixture
def client(person):
    client = Client()
    client.force_login(person.centre_lead)
    return client


@pytest.fixture
def small(monkeypatch, tmp_path):
    """Limits that a test can pass, and a folder of its own for what is received."""
    monkeypatch.setattr(uploads, "LARGEST_FILE", LIMIT)
    monkeypatch.setattr(uploads, "LIMITS", {"source": LIMIT})
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def received(monkeypatch):
    """How many bytes the handlers that keep them were given."""
    counted = []
    real = uploads.LimitedUploads.receive_data_chunk

    def count(self, raw, start):
        passed = real(self, raw, start)
        counted.append(len(passed))
        return passed

    monkeypatch.setattr(uploads.LimitedUploads, "receive_data_chunk", count)
    return counted


@pytest.mark.parametrize("times", [1.5, 50])
def test_a_file_that_is_too_large_is_refused_with_a_page_and_nothing_is_kept(
    person, client, small, monkeypatch, settings, times
):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 10  # so that it is written to a file from its first byte
    counted = received(monkeypatch)
    document = drafted(person.centre_lead, person.centre_remit, "With a file")
    before = (Revision.objects.count(), LedgerEntry.objects.count())
    file = SimpleUploadedFile("a.txt", b"x" * int(LIMIT * times))
    answer = client.post(f"{document.get_absolute_url()}edit/", draft_form(document, body=TYPED, file=file))
    page = answer.content.decode()
    assert answer.status_code == 413
    assert "The file is too large" in page
    assert "97.7" in page, "the limit, in kilobytes"
    assert "nothing was saved" in page
    assert TYPED in page
    assert (Revision.objects.count(), LedgerEntry.objects.count()) == before
    assert not Attachment.objects.exists()
    assert list(small.iterdir()) == [], "what was received of it is gone"
    assert sum(counted) <= LIMIT, "no more than the limit was ever kept"


def test_a_source_that_is_too_large_is_refused_and_one_that_fits_is_not(person, client, small):
    for times, status in ((1.2, 413), (0.5, 422)):
        file = SimpleUploadedFile("a.bundle", b"x" * int(LIMIT * times))
        sent = {"source": file, "remit": person.centre_remit.pk, "kind": "", "path_glob": TYPED, "attestation": ""}
        answer = client.post("/library/imports/new/", sent)
        assert answer.status_code == status
        assert TYPED in answer.content.decode()
        assert not ImportBatch.objects.exists()
