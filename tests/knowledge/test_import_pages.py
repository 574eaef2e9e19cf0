"""The pages of imports: upload, watch, decide; and nothing for those who may not see."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.actions.requests import decide
from governance.models import Request
from knowledge import tasks
from knowledge.actions import imports_uploads
from knowledge.actions.imports import start_import
from knowledge.actions.imports_sources import uploads
from knowledge.models import Document, ImportBatch
from tests.knowledge.cast import approved
from tests.knowledge.imported import document, imported, request_about, standards, wanted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(settings, tmp_path):
    """What other tests of this process uploaded lies elsewhere."""
    settings.DATA_DIR = tmp_path / "data"


@pytest.fixture
def source(tmp_path):
    return standards(tmp_path / "source")


@pytest.fixture
def asked(monkeypatch):
    """The batches that a worker was told of."""
    told: list[int] = []
    monkeypatch.setattr("knowledge.views.imports.run_import_soon", told.append)
    return told


def as_upload(path, name="standards.bundle"):
    return SimpleUploadedFile(name, path.read_bytes())


def zip_of(files, name="standards.zip"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return SimpleUploadedFile(name, packed.getvalue())


def sent(client, cast, upload=None, **more):
    values = {"remit": cast.centre_remit.pk, "kind": "", "path_glob": "", "attestation": "", **more}
    if upload is not None:
        values["source"] = upload
    return client.post("/library/imports/new/", values)


def test_an_uploaded_bundle_is_imported_by_a_job_and_thrown_away(client, cast, source, tmp_path, asked):
    client.force_login(cast.centre_lead)
    answer = sent(client, cast, as_upload(source.bundle(tmp_path / "history.bundle")))
    batch = ImportBatch.objects.get()
    assert (answer.status_code, answer.url, asked) == (302, "/library/imports/I-1/", [batch.pk])
    assert (batch.state, batch.in_background, batch.name) == ("running", True, "standards.bundle")
    page = client.get(answer.url).content.decode()
    assert 'hx-trigger="every 2s"' in page
    assert "<noscript><meta" in page
    assert "of 4 documents" in page
    tasks.run_import(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.revisions_new) == ("waiting", 5)
    assert not list(uploads().iterdir())
    page = client.get(answer.url).content.decode()
    assert "every 2s" not in page
    assert f"/requests/{request_about(batch).number}/" in page
    assert "Storing data" in page
    assert str(uploads()) not in page


def test_the_part_that_changes_is_asked_for_alone(client, cast, source):
    batch = start_import(actor=cast.centre_lead, new=wanted(cast, source.folder))
    client.force_login(cast.centre_lead)
    part = client.get(batch.get_absolute_url(), headers={"HX-Request": "true"})
    assert part.content.decode().strip().startswith('<div id="import"')
    assert "HX-Request" in part.headers["Vary"]


def test_a_zip_uploaded_again_brings_only_what_changed(client, cast, asked):
    client.force_login(cast.centre_lead)
    for text, state in (("A text.", "waiting"), ("A text.", "nothing_new"), ("Another text.", "waiting")):
        sent(client, cast, zip_of({"docs/one.md": f"# One\n\n{text}\n"}))
        batch = ImportBatch.objects.latest("pk")
        tasks.run_import(batch.pk)
        batch.refresh_from_db()
        assert batch.state == state
    assert Document.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("standards.exe", b"MZ", "Choose a Git bundle"),
        ("standards.bundle", b"no bundle", "no Git bundle"),
        ("standards.zip", b"no zip", "damaged"),
        ("standards.bundle", b"# v2 git bundle\nrubbish\n", "Git cannot read"),
        ("standards.zip", b"", "empty"),
    ],
)
def test_a_bad_upload_is_refused_at_its_field_and_leaves_nothing(client, cast, asked, name, content, told):
    client.force_login(cast.centre_lead)
    answer = sent(client, cast, SimpleUploadedFile(name, content), path_glob="docs/**")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert told in page
    assert "docs/**" in page, "what was typed stays"
    assert not ImportBatch.objects.exists()
    assert not uploads().exists() or not list(uploads().iterdir())
    assert asked == []


def test_nothing_chosen_or_a_remit_of_others_is_refused(client, cast, source, tmp_path, asked):
    client.force_login(cast.centre_lead)
    assert "Choose what to import." in sent(client, cast).content.decode()
    bundle = source.bundle(tmp_path / "history.bundle")
    client.force_login(cast.unit_lead)
    assert sent(client, cast, as_upload(bundle)).status_code == 422, "it may import, but not there"
    client.force_login(cast.unit_author)
    assert sent(client, cast, as_upload(bundle)).status_code == 403
    assert not ImportBatch.objects.exists()


def test_a_folder_below_a_root_can_be_chosen_and_no_other(client, cast, source, tmp_path, settings, asked):
    client.force_login(cast.centre_lead)
    assert "on the server" not in client.get("/library/imports/new/").content.decode()
    settings.IMPORT_ROOTS = [str(tmp_path)]
    (tmp_path / "link").symlink_to("/etc")
    page = client.get("/library/imports/new/").content.decode()
    assert str(source.folder) in page
    assert str(tmp_path / "link") not in page
    assert sent(client, cast, folder="/etc").status_code == 422
    assert sent(client, cast, folder=str(source.folder)).status_code == 302
    assert (ImportBatch.objects.get().name, asked) == ("source", [ImportBatch.objects.get().pk])


def test_those_who_may_not_see_an_import_find_nothing(client, cast, source):
    batch = imported(cast, source.folder)
    for person in (cast.outsider, cast.unit_reader, cast.other_reader, cast.guest, cast.admin, cast.unit_lead):
        client.force_login(person)
        hidden, absent = client.get(batch.get_absolute_url()), client.get("/library/imports/I-99/")
        assert (hidden.status_code, absent.status_code) == (404, 404), person
        assert "Naming" not in hidden.content.decode()
        assert batch.number not in client.get("/library/imports/").content.decode()
        assert client.get(f"/requests/{request_about(batch).number}/").status_code == 404
        assert client.get("/library/imports/new/").status_code == (200 if person == cast.unit_lead else 403)
    for person in (cast.centre_author, cast.other_centre_lead, cast.auditor):
        client.force_login(person)
        assert "Naming" in client.get(batch.get_absolute_url()).content.decode()
        assert batch.number in client.get("/library/imports/").content.decode()
    client.logout()
    assert client.get(batch.get_absolute_url()).status_code == 302


def test_the_decision_page_lists_what_takes_force(client, cast, source):
    batch = imported(cast, source.folder)
    request = request_about(batch)
    client.force_login(cast.other_centre_lead)
    page = client.get(request.get_absolute_url()).content.decode()
    assert "Approve and take into force" in page
    assert "Storing data" in page
    assert "To be retired" in page
    client.post(request.get_absolute_url(), {"step": "approve", "seen_hash": request.subject_hash, "comment": ""})
    assert document("Naming").in_force is not None
    assert "Approved and in force." in client.get(batch.get_absolute_url()).content.decode()


def test_a_refused_import_is_put_to_the_deciders_again(client, cast, source):
    batch = imported(cast, source.folder)
    request = request_about(batch)
    decide(actor=cast.other_centre_lead, request=request, verdict="reject", comment="No.", seen_hash=batch.content_hash)
    client.force_login(cast.centre_author)
    assert "Ask for approval again" not in client.get(batch.get_absolute_url()).content.decode()
    assert client.post(batch.get_absolute_url(), {"step": "ask"}).status_code == 403
    client.force_login(cast.centre_lead)
    assert "Ask for approval again" in client.get(batch.get_absolute_url()).content.decode()
    client.post(batch.get_absolute_url(), {"step": "ask"})
    assert Request.objects.filter(subject_id=batch.public_id, status="open").count() == 1


def test_a_stopped_import_is_carried_on(client, cast, source, asked):
    batch = start_import(actor=cast.centre_lead, new=wanted(cast, source.folder, in_background=True))
    moved = source.folder.rename(source.folder.with_name("moved"))
    assert "nothing at this path" in tasks.run_import(batch.pk)
    batch.refresh_from_db()
    assert batch.state == "stopped"
    client.force_login(cast.centre_lead)
    page = client.get(batch.get_absolute_url()).content.decode()
    assert "nothing at this path" in page
    assert "Carry the import on" in page
    moved.rename(source.folder)
    client.post(batch.get_absolute_url(), {"step": "continue"})
    assert asked == [batch.pk]
    tasks.run_import(batch.pk)
    approved(request_about(batch), cast.other_centre_lead)
    assert document("Naming").in_force is not None


def test_a_job_that_died_is_begun_again_by_the_timetable(cast, source, monkeypatch):
    batch = start_import(actor=cast.centre_lead, new=wanted(cast, source.folder, in_background=True))
    by_hand = start_import(actor=cast.centre_lead, new=wanted(cast, source.folder, remit=cast.unit_remit))
    told: list[int] = []
    monkeypatch.setattr(tasks.run_import, "delay", told.append)
    tasks.carry_on_imports()
    assert told == [batch.pk]
    assert by_hand.state == "running"


def test_an_upload_that_is_no_longer_wanted_is_thrown_away_and_nothing_else(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    imports_uploads.throw_away(str(kept))
    assert kept.exists()
