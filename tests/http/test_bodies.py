"""What a form's body names or carries: things the sender may not see, stale texts, hostile files."""

import io
import re
import zipfile
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from governance.models import Request
from knowledge.actions.imports_sources import uploads
from knowledge.models import Attachment, Clause, Document, ImportBatch, Revision
from tests.http.answers import same_for_all, told
from tests.http.forms import FORMS, Form, zipped
from tests.http.surfaces import ABSENT_ID
from tests.http.test_hostile_forms import MARK, loud, page, rows, send
from tests.http.world import PIXEL, World, undone
from tests.knowledge.cast import remit

pytestmark = pytest.mark.django_db


def form_named(name: str) -> Form:
    return next(form for form in FORMS if form.name == name)


def as_absent(text: str, *, hidden: Any, absent: Any) -> str:
    """The answer with what was sent taken out, and the key that every drawn form has of its own."""
    text = re.sub(r'name="submission_key" value="[^"]*"', "KEY", same_for_all(text))
    return text.replace(str(hidden), "SENT").replace(str(absent), "SENT")


HIDDEN_IDS = (
    ("document-retire", "successor", lambda w: w.documents["lab"].number, "STD-9999"),
    ("document-retire", "successor", lambda w: w.documents["lab_waiting"].number, "STD-9999"),
    ("document-new", "remit", lambda w: remit("LAB").public_id, ABSENT_ID),
    ("document-new", "remit", lambda w: remit("LAB", "change").public_id, ABSENT_ID),
    ("import-new", "remit", lambda w: remit("LAB").pk, 999_999),
    ("ask-change", "unit", lambda w: "LAB", "NONE"),
    ("ask-exception", "unit", lambda w: "COE", "NONE"),
    ("ask-change", "clause", lambda w: _clause_of(w, "restricted"), ABSENT_ID),
    ("ask-exception", "clause", lambda w: _clause_of(w, "lab"), ABSENT_ID),
    ("ask-change", "ref", lambda w: w.documents["restricted"].number, "STD-9999"),
    ("ask-exception", "ref", lambda w: w.documents["draft"].number, "STD-9999"),
    ("owner", "person", lambda w: w.people["lab"].public_id, ABSENT_ID),
    ("owner", "deputy", lambda w: w.people["reader"].public_id, ABSENT_ID),
    ("document-edit", "base", lambda w: _revision_of(w, "lab"), ABSENT_ID),
    ("document-discard", "base", lambda w: _revision_of(w, "restricted"), ABSENT_ID),
    ("document-review", "seen", lambda w: _revision_of(w, "lab"), ABSENT_ID),
)
"""Form, field, something that its sender may not see, and something that is not there."""
IDS_PASSED_OVER = {
    (form.name, "submission_key"): "made by the form itself; names nothing that somebody could see"
    for form in FORMS
    if "submission_key" in form.ids
} | {
    ("plan-new", "units"): "sent by an administrator, to whom every unit is open",
    ("plan-new", "model_version"): "sent by an administrator, to whom every model is open",
    ("plan-new", "centre"): "sent by an administrator, to whom every unit is open",
    ("plan-new", "centre_knowledge"): "sent by an administrator, to whom every unit is open",
    ("unit-move", "parent"): "sent by an administrator, to whom every unit is open",
    ("membership-of-person", "unit"): "sent by an administrator, to whom every unit is open",
}
"""Ids in a form that are not tried, each with why."""


@pytest.mark.parametrize(("form", "field", "hidden", "absent"), HIDDEN_IDS)
def test_what_may_not_be_seen_is_refused_like_what_is_not_there(
    world: World, form: str, field: str, hidden: Any, absent: Any
):
    sent, known = form_named(form), hidden(world)
    role = "other" if (form, field) == ("ask-exception", "ref") else sent.role
    browser, before = loud(world.browser(role)), rows()
    answers = []
    for value in (known, absent):
        with undone():
            values = {**sent.values(world), field: str(value)}
            if field == "ref":
                values["unit"] = "HR" if role == "other" else "FIN"
            response = send(browser, sent, world, values)
            answers.append((response.status_code, as_absent(told(response), hidden=known, absent=absent)))
            assert rows() == before
            assert 400 <= response.status_code < 500
    assert answers[0] == answers[1]


def _clause_of(world: World, name: str) -> UUID:
    found = Clause.objects.filter(document=world.documents[name]).first()
    assert found is not None
    return found.public_id


def _revision_of(world: World, name: str) -> UUID:
    found = Revision.objects.filter(document=world.documents[name]).first()
    assert found is not None
    return found.public_id


def test_what_a_form_does_not_offer_cannot_be_set_by_it(world: World):
    """No field that the form does not show is taken over: not the number, the author, the state, nor a right."""
    browser = loud(world.browser("author"))
    form = form_named("document-new")
    extra = {
        "number": "STD-0001",
        "public_id": str(world.documents["lab"].public_id),
        "created_by": world.people["admin"].pk,
        "first_published_at": "2020-01-01",
        "in_force": Revision.objects.filter(publication__isnull=False).values_list("pk", flat=True)[0],
        "owner_person": world.people["lab"].pk,
        "is_superuser": "on",
        "actor": world.people["admin"].pk,
        "on_behalf_of": world.people["centre"].pk,
    }
    assert send(browser, form, world, {**form.values(world), **extra}).status_code == 302
    made = Document.objects.latest("pk")
    assert (made.created_by, made.first_published_at, made.in_force, made.owner_person) == (
        world.people["author"], None, None, None,
    )  # fmt: skip
    assert made.number not in ("STD-0001", world.documents["lab"].number)
    profile = form_named("profile")
    person = world.people["reader"]
    extra = {"email": "new@example.org", "is_staff": "on", "is_superuser": "on", "person": 1, "is_active": ""}
    assert send(loud(world.browser("reader")), profile, world, {**profile.values(world), **extra}).status_code == 302
    kept = type(person).objects.get(pk=person.pk)
    assert (kept.email, kept.is_staff, kept.is_superuser, kept.is_active, kept.person_id) == (
        person.email, False, False, True, person.person_id,
    )  # fmt: skip


@pytest.mark.parametrize("role", ["author", "lead", "reader", "admin", "auditor", "outsider"])
def test_nobody_decides_what_is_not_theirs_to_decide(world: World, role: str):
    """On the page and over the API: the author of a revision, and whoever holds no seat, change nothing."""
    request, before = world.requests["next"], rows()
    browser = loud(world.browser(role))
    page_form, api_form = form_named("decide"), form_named("api-decide")
    for form in (page_form, api_form):
        response = send(browser, form, world, form.values(world))
        assert response.status_code in (403, 404, 409, 422), (form.name, response.status_code)
    assert rows() == before
    assert Request.objects.get(pk=request.pk).status == "open"


def test_a_stale_edit_answers_with_both_texts(world: World):
    form = form_named("document-edit")
    writer, lead = loud(world.browser("writer")), loud(world.browser("lead"))
    stale = form.values(world)
    assert send(lead, form, world, {**stale, "body": "Systems MUST be theirs."}).status_code == 302
    before = rows()
    response = send(writer, form, world, {**stale, "body": f"Systems MUST be {MARK}."})
    assert response.status_code == 409
    assert MARK in page(response)
    assert "Systems MUST be theirs." in re.sub(r"<[^>]+>", "", page(response))
    assert rows() == before


def test_what_was_decided_meanwhile_is_a_conflict_that_keeps_the_comment(world: World):
    browser, before = loud(world.browser("centre")), rows()
    for name in ("decide", "api-decide"):
        form = form_named(name)
        values = {**form.values(world), "comment": f"{MARK} said", "seen_hash": "0" * 64}
        response = send(browser, form, world, values)
        assert response.status_code == 409
        assert MARK in response.content.decode()
        assert rows() == before
    plan = form_named("plan-step")
    values = {**plan.values(world), "step": "confirm", "seen_hash": "0" * 64, "comment": f"{MARK} said"}
    response = send(loud(world.browser("sponsor")), plan, world, values)
    assert response.status_code in (409, 422)
    assert rows() == before


HOSTILE_FILES = (
    ("../../../etc/cron.d/evil.png", PIXEL, "evil.png"),
    ("..\\..\\evil.png", PIXEL, None),
    ("/etc/passwd.png", PIXEL, "passwd.png"),
    ("page.html", b"<script>alert(1)</script>", ""),
    ("page.HTML", b"<script>alert(1)</script>", ""),
    ("run.exe", b"MZ", ""),
    ("picture.png", b"<html><script>alert(1)</script>", ""),
    ("picture.png.html", PIXEL, ""),
    ("none", PIXEL, ""),
    (".png", PIXEL, None),
    ("a\u202egnp.png", PIXEL, None),
    ('"><img src=x onerror=alert(1)>.png', PIXEL, None),
    ("x" * 240 + ".png", PIXEL, None),
    ("empty.txt", b"", ""),
    ("binary.txt", b"\x00\x01", ""),
    ("con.txt", b"text", None),
)
"""A file's name, its bytes, and under which name it is kept: none where it is refused, any where nothing is said."""


@pytest.mark.parametrize(("name", "data", "kept"), HOSTILE_FILES)
def test_an_attachment_is_kept_under_a_tame_name_or_refused(world: World, name: str, data: bytes, kept: str | None):
    form = form_named("document-edit")
    browser, before = loud(world.browser("writer")), rows()
    values = {**form.values(world), "step": "attach", "file": SimpleUploadedFile(name, data)}
    response = send(browser, form, world, values)
    assert response.status_code in (302, 422)
    draft = Document.objects.get(pk=world.documents["draft"].pk).draft
    assert draft is not None
    names = [entry["name"] for entry in draft.manifest]
    if response.status_code == 422:
        assert names == []
        assert rows()["knowledge.Attachment"] == before["knowledge.Attachment"]
        assert re.search(r'id="\w*file_error"', page(response))
        assert "A better title" in page(response)
        assert kept in ("", None)
        return
    assert kept != ""
    assert len(names) == 1
    assert kept in (None, names[0])
    assert not re.search(r"[/\\\x00-\x1f\u202a-\u202e\u2066-\u2069]", names[0])
    stored = Attachment.objects.latest("pk").file.name
    assert stored is not None
    assert re.fullmatch(r"attachments/[0-9a-f]{32}\w*", stored)
    assert b"<img src=x" not in browser.get(world.documents["draft"].get_absolute_url() + "edit/").content


@pytest.mark.parametrize("name", ["script.svg", "picture.png", "notes.txt"])
def test_a_file_can_do_nothing_in_the_browser(world: World, name: str):
    data = {"script.svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'}.get(name, PIXEL)
    data = b"<script>alert(1)</script>" if name == "notes.txt" else data
    form = form_named("document-edit")
    browser = loud(world.browser("writer"))
    sent = send(browser, form, world, {**form.values(world), "step": "attach", "file": SimpleUploadedFile(name, data)})
    assert sent.status_code == 302
    document = Document.objects.get(pk=world.documents["draft"].pk)
    assert document.draft is not None
    response = browser.get(f"/s/{document.number}/files/{document.draft.public_id}/{name}")
    assert response.status_code == 200
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    inline = not response.get("Content-Disposition", "").startswith("attachment")
    assert inline == (name == "picture.png")
    assert response["Content-Type"] == ("image/png" if inline else "application/octet-stream")
    for role in ("other", "outsider", "guest"):
        hidden = world.browser(role).get(f"/s/{document.number}/files/{document.draft.public_id}/{name}")
        assert hidden.status_code == 404


def _linked() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        entry = zipfile.ZipInfo("link.md")
        entry.external_attr = 0o120777 << 16
        archive.writestr(entry, "/etc/passwd")
    return held.getvalue()


GOOD = b"---\ntitle: One\n---\n\nIt MUST be.\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("up.zip", zipped({"../../evil.md": GOOD})),
        ("absolute.zip", zipped({"/etc/evil.md": GOOD})),
        ("drive.zip", zipped({"C:\\evil.md": GOOD})),
        ("bomb.zip", zipped({"bomb.md": b"0" * 40_000_000})),
        ("many.zip", zipped({f"{number}.md": b"" for number in range(5_100)})),
        ("deep.zip", zipped({"d/" * 30 + "deep.md": GOOD})),
        ("link.zip", _linked()),
        ("twice.zip", zipped({"a.md": GOOD, "A.md": GOOD})),
        ("cut.zip", zipped({"a.md": GOOD})[:-30]),
        ("nothing.zip", zipped({})),
        ("repository.zip", zipped({"HEAD": b"ref: main", "config": b"[core]", "objects/x": b"", "refs/x": b""})),
        ("text.zip", b"this is no zip"),
        ("empty.zip", b""),
        ("text.bundle", b"this is no bundle"),
        ("cut.bundle", b"# v2 git bundle\n" + b"0" * 40 + b" refs/heads/main\n\nPACK"),
        ("page.html", b"<script>alert(1)</script>"),
        ("..zip", zipped({"a.md": GOOD})[:40]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_hostile_archive_is_refused_at_its_field_and_nothing_of_it_stays(world: World, name: str, data: bytes):
    form = form_named("import-new")
    before, lying = rows(), set(uploads().iterdir()) if uploads().exists() else set()
    values = {**form.values(world), "source": SimpleUploadedFile(name, data)}
    response = send(loud(world.browser("centre")), form, world, values)
    assert response.status_code == 422, page(response)[-2000:]
    assert re.search(r'id="\w*source_error"', page(response))
    assert 'class="error-summary"' in page(response)
    assert rows() == before
    assert not ImportBatch.objects.exclude(pk=world.batches["import"].pk).exists()
    assert set(uploads().iterdir()) == lying


def test_the_owner_of_another_units_remit_imports_nothing_there(world: World):
    """The remit in the body decides, whatever else the sender may do elsewhere."""
    form, before = form_named("import-new"), rows()
    for role, wanted in (("centre", remit("LAB")), ("lab", remit("COE")), ("lead", remit("COE"))):
        response = send(loud(world.browser(role)), form, world, {**form.values(world), "remit": str(wanted.pk)})
        assert response.status_code in (403, 422)
    assert rows() == before
