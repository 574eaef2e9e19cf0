"""Files: judged by name, size and bytes, part of the hash, fetched only with their revision."""

from io import BytesIO
from pathlib import Path

import pytest

from governance.errors import Conflict, Denied, Invalid
from knowledge.actions import attachments
from knowledge.actions.attachments import attach_file, detach_file, fit_name, kind_of
from knowledge.actions.drafts import save_draft
from knowledge.actions.revisions import rendered_for
from knowledge.models import Attachment, Revision, RevisionAttachment
from knowledge.selectors.revisions import attachment_named
from tests.knowledge.cast import approved, drafted, submitted

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


def attach(actor, document, name="chart.png", data=PNG):
    document.refresh_from_db()
    return attach_file(actor=actor, document=document, base=document.draft.public_id, name=name, file=BytesIO(data))


def test_a_file_is_part_of_the_draft_and_of_its_hash(cast):
    document = drafted(cast.unit_author, cast.unit_remit, body="![Chart](chart.png) and ![Other](other.png)")
    before = document.draft
    assert "<img" not in before.html
    with pytest.raises(Denied):
        attach(cast.unit_reader, document)
    draft = attach(cast.unit_author, document)
    assert draft.content_hash != before.content_hash
    assert draft.html.count("<img") == 1
    assert f"/s/{document.number}/files/{draft.public_id}/chart.png" in draft.html
    assert attach(cast.unit_author, document) == draft, "the same file again is no new revision"
    stored = Attachment.objects.get()
    assert "chart" not in stored.file.name
    assert "." not in Path(stored.file.name).name
    document.refresh_from_db()
    kept = save_draft(
        actor=cast.unit_author, document=document, base=draft.public_id, title="New title", body=draft.body
    )
    assert kept.manifest == draft.manifest
    assert kept.attachments.count() == 1
    without = detach_file(actor=cast.unit_author, document=document, base=kept.public_id, name="chart.png")
    assert (without.manifest, RevisionAttachment.objects.filter(revision=kept).count()) == ([], 1)
    with pytest.raises(Conflict):
        detach_file(actor=cast.unit_author, document=document, base=kept.public_id, name="chart.png")


def test_a_file_is_fetched_only_by_who_may_read_its_revision(cast):
    document = drafted(cast.centre_author, cast.centre_remit)
    draft = attach(cast.centre_author, document)
    assert attachment_named(cast.centre_lead, draft.public_id, "chart.png").attachment.size == len(PNG)
    for actor in (cast.unit_reader, cast.guest, cast.outsider, cast.admin):
        with pytest.raises(RevisionAttachment.DoesNotExist):
            attachment_named(actor, draft.public_id, "chart.png")
    approved(submitted(cast.centre_author, document), cast.centre_lead)
    assert attachment_named(cast.unit_reader, draft.public_id, "chart.png")
    with pytest.raises(RevisionAttachment.DoesNotExist):
        attachment_named(cast.outsider, draft.public_id, "chart.png")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("page.html", b"<script>"),
        ("run.exe", b"MZ"),
        ("chart.png", b"<svg onload=alert(1)>"),
        ("report.pdf", b"PK\x03\x04"),
        ("chart.webp", b"RIFF0000AVI "),
        ("notes.txt", b"\xff\xfe"),
        ("notes.txt", b"nul \x00"),
        ("empty.txt", b""),
        ("..", b"x"),
        (".png", PNG),
        ("a" * 200 + ".png", PNG),
        ("noending", b"x"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(cast, name, data):
    document = drafted(cast.unit_author, cast.unit_remit)
    with pytest.raises(Invalid) as refused:
        attach(cast.unit_author, document, name, data)
    assert "file" in refused.value.fields
    assert not Attachment.objects.exists()


def test_a_file_that_is_too_large_is_refused_before_it_is_held(cast, monkeypatch):
    monkeypatch.setattr(attachments, "LARGEST_FILE", 100)
    document = drafted(cast.unit_author, cast.unit_remit)
    with pytest.raises(Invalid):
        attach(cast.unit_author, document, "notes.txt", b"x" * 101)


def test_names_are_made_fit_and_nothing_with_a_script_is_shown_inside_a_page():
    assert fit_name("../../etc/pass\u202ewd.txt") == "etc/passwd.txt".rpartition("/")[2].replace("passwd", "pass wd")
    assert fit_name('C:\\a\\b<">.png') == "b.png"
    assert not kind_of("x.svg").inline
    assert not kind_of("x.pdf").inline
    assert kind_of("x.PNG").inline


def test_a_bitmap_is_shown_in_the_page_and_a_drawing_that_can_carry_a_script_is_not():
    revision = Revision(
        title="Pictures",
        body="![A plan](plan.png) and ![A chart](chart.svg)",
        manifest=[{"name": "plan.png"}, {"name": "chart.svg"}],
    )
    html = rendered_for("STD-0001", revision).html
    assert html.count("<img") == 1
    assert "plan.png" in html
    assert "A chart" in html
