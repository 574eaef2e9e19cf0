"""Imports over the API: from the server's sources and from uploads, watched to their end, and asked for again."""

import io
import zipfile

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.actions.requests import decide
from governance.models import Request
from knowledge.actions.imports import run_import
from knowledge.actions.imports_sources import uploads
from knowledge.models import ImportBatch
from tests.api.clients import JSON, problem, program_of
from tests.knowledge.cast import make_cast

pytestmark = pytest.mark.django_db
IMPORTS = "/api/v1/imports/"
PLACE = {"unit": "COE", "capability": "knowledge"}


@pytest.fixture
def cast(settings, tmp_path, monkeypatch):
    cache.clear()
    settings.IMPORT_ROOTS = (str(tmp_path / "offered"),)
    settings.DATA_DIR = tmp_path / "data"
    source = tmp_path / "offered" / "standards"
    source.mkdir(parents=True)
    (source / "keys.md").write_text("---\ntitle: Keys\n---\n\nKeys MUST be rotated.\n")
    monkeypatch.setattr("knowledge.api.imports.run_import_soon", lambda pk: None)
    return make_cast()


def bundle(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.md", text)
    return SimpleUploadedFile("notes.zip", packed.getvalue(), content_type="application/zip")


def run(number):
    batch = ImportBatch.objects.get(number=number)
    return run_import(actor=batch.imported_by, batch=batch)


def test_a_source_of_the_server_is_imported_and_watched_by_who_may(cast):
    reader, lead = program_of(cast.unit_reader), program_of(cast.centre_lead)
    assert problem(reader.get(f"{IMPORTS}sources/")) == (403, "denied")
    assert problem(reader.post(IMPORTS, {**PLACE, "folder": "offered/standards"}, content_type=JSON)) == (403, "denied")
    assert lead.get(f"{IMPORTS}sources/").json()["results"] == [{"name": "offered/standards"}]
    absent = lead.post(IMPORTS, {**PLACE, "folder": "/etc"}, content_type=JSON)
    assert (problem(absent), set(absent.json()["fields"])) == ((422, "invalid"), {"folder"})
    elsewhere = {"unit": "FIN", "capability": "strategy", "folder": "offered/standards"}
    assert problem(lead.post(IMPORTS, elsewhere, content_type=JSON)) == (403, "denied")
    assert not ImportBatch.objects.exists()

    begun = lead.post(IMPORTS, {**PLACE, "folder": "offered/standards"}, content_type=JSON)
    assert begun.status_code == 201, begun.content
    address = begun["Location"]
    assert lead.get(address).json()["state"] == "running"
    assert reader.get(address).status_code == 404
    run(begun.json()["number"])
    ended = lead.get(address).json()
    assert (ended["state"], ended["document_count"], ended["problems"]) == ("waiting", 1, [])
    assert ended["documents"][0]["title"] == "Keys"
    assert ended["request"] == Request.objects.get().number


def test_an_upload_is_imported_and_what_is_none_leaves_nothing_behind(cast):
    lead = program_of(cast.centre_lead)
    for file in (
        SimpleUploadedFile("notes.txt", b"no archive"),
        SimpleUploadedFile("notes.zip", b"no archive"),
        bundle(),
    ):
        refused = lead.post(f"{IMPORTS}uploads/", {**PLACE, "file": file})
        assert (problem(refused), set(refused.json()["fields"])) == ((422, "invalid"), {"file"})
    assert not ImportBatch.objects.exists()
    assert not uploads().exists() or not list(uploads().iterdir())
    begun = lead.post(f"{IMPORTS}uploads/", {**PLACE, "file": bundle(keys="Keys MUST be long.")})
    assert begun.status_code == 201, begun.content
    assert run(begun.json()["number"]).state == ImportBatch.State.WAITING


def test_a_refused_import_is_asked_for_again_and_a_stopped_one_goes_on(cast):
    lead = program_of(cast.centre_lead)
    begun = lead.post(IMPORTS, {**PLACE, "folder": "offered/standards"}, content_type=JSON)
    address = begun["Location"]
    assert problem(lead.post(f"{address}request/")) == (409, "not-possible")
    ImportBatch.objects.update(state=ImportBatch.State.STOPPED)
    assert problem(program_of(cast.auditor).post(f"{address}continuation/")) == (403, "denied")
    assert lead.post(f"{address}continuation/").json()["state"] == "running"
    run(begun.json()["number"])
    assert problem(lead.post(f"{address}continuation/")) == (409, "not-possible")
    asked = Request.objects.get()
    said = {"verdict": "reject", "comment": "Not these.", "seen_hash": asked.subject_hash}
    decide(actor=cast.other_centre_lead, request=asked, **said)
    assert lead.get(address).json()["state"] == "refused"
    assert problem(program_of(cast.auditor).post(f"{address}request/")) == (403, "denied")
    asked = lead.post(f"{address}request/")
    assert asked.status_code == 201, asked.content
    assert lead.get(address).json()["request"] == asked.json()["number"]
