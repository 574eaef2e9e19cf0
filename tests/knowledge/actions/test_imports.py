"""An import brings every document with its whole history, claims no approval, and takes force with one decision."""

from datetime import UTC, date, datetime

import pytest

from governance.actions.requests import decide, withdraw
from governance.errors import Denied, Invalid, NotAllowed
from governance.models import LedgerEntry, NumberSeries, Request
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions.documents import change_tags
from knowledge.actions.drafts import discard_draft, save_draft, submit_draft
from knowledge.actions.imports import ask_again, import_documents, preview_import
from knowledge.actions.reviews import confirm_review
from knowledge.days import today
from knowledge.models import (
    Attachment,
    ClauseVersion,
    Document,
    ImportBatch,
    ImportedRevision,
    ImportedSource,
    Publication,
    Revision,
    RevisionAttachment,
)
from knowledge.selectors.documents import find_document
from knowledge.selectors.revisions import compared
from tests.knowledge.cast import approved, in_days, remit
from tests.knowledge.imported import LINKED, document, imported, request_about, standards, wanted

pytestmark = pytest.mark.django_db

PIXEL = bytes.fromhex("89504e470d0a1a0a") + b"an invented picture"


@pytest.fixture
def source(tmp_path):
    return standards(tmp_path / "source")


def test_every_change_becomes_a_revision_with_the_word_of_its_source(cast, source):
    head = source.git("rev-parse", "HEAD~2")
    batch = imported(cast, source.folder)
    assert (batch.number, batch.state, batch.documents_new, batch.revisions_new) == ("I-1", "waiting", 4, 5)
    assert (batch.documents_done, batch.documents_total) == (4, 4)
    first, second = Revision.objects.filter(document=document("Storing data")).order_by("sequence")
    assert (first.source_author, second.source_author) == ("Ida Berg", "Kim Lund")
    assert (second.source_commit, second.source_path) == (head, "storing.md")
    assert second.source_message.startswith("Encrypt.\n\nThe long story.")
    assert second.source_date == datetime.fromtimestamp(1_600_000_000 + 3 * 86_400, tz=UTC)
    assert second.created_at == second.source_date < second.recorded_at
    assert (second.based_on, second.created_by, second.is_imported) == (first, cast.centre_lead, True)
    assert second.metadata["front_matter"]["colour"] == "green"
    assert len(second.content_hash) == 64
    assert "encrypt data at rest" in second.plain
    assert second.html


def test_the_clauses_keep_their_identity_through_the_history(cast, source):
    imported(cast, source.folder)
    source.save({"storing.md": LINKED + "\nBackups MUST be encrypted too.\n"})
    imported(cast, source.folder)
    encrypt = ClauseVersion.objects.filter(text__contains="encrypt data at rest").order_by("revision__sequence")
    assert len(encrypt) == 2
    assert len({version.clause_id for version in encrypt}) == 1


def test_what_the_source_says_beside_the_text_is_kept(cast, source):
    imported(cast, source.folder)
    storing = document("Storing data")
    assert (storing.kind, storing.number, storing.tags) == ("standard", "STD-0004", ["data", "storage"])
    assert (storing.owner_note, storing.extra) == ("#data", {"colour": "green"})
    assert (storing.last_reviewed_on, storing.next_review_on) == (date(2025, 3, 1), date(2025, 9, 1))
    assert (storing.review_months, storing.review_is_estimated) == (6, False)
    naming = document("Naming")
    assert (naming.next_review_on, naming.review_is_estimated) == (date(2021, 9, 15), True)


def test_links_lead_to_the_documents_that_they_mean_also_ahead(cast, source):
    imported(cast, source.folder)
    storing, naming, logging = document("Storing data"), document("Naming"), document("Logging")
    body = Revision.objects.filter(document=storing).latest("sequence")
    assert f"(/s/{naming.number}/)" in body.body
    assert f"(/s/{logging.number}/)" in body.body
    assert f'href="/s/{logging.number}/"' in body.html
    assert f"(/s/{storing.number}/)" in Revision.objects.get(document=naming).body


def test_an_image_comes_along_once(cast, source):
    text = "# Shown\n\n![A picture](images/one.png)\n"
    source.save({"shown.md": text, "other.md": text.replace("Shown", "Other"), "images/one.png": PIXEL})
    source.save({"shown.md": text + "\nMore.\n"})
    batch = imported(cast, source.folder)
    assert Attachment.objects.count() == 1
    assert RevisionAttachment.objects.count() == 3
    assert f"/files/{document('Other').draft.public_id}/one.png" in document("Other").draft.html
    assert batch.problems == []


def test_a_picture_that_is_none_is_left_out_and_named(cast, source):
    source.save({"shown.md": "# Shown\n\n![A picture](one.png)\n", "one.png": b"no picture"})
    batch = imported(cast, source.folder)
    assert [each["reason"] for each in batch.problems if "one.png" in each["reason"]]
    assert "<img" not in document("Shown").draft.html


def test_nothing_is_in_force_or_open_to_readers_before_the_approval(cast, source):
    batch = imported(cast, source.folder)
    storing = document("Storing data")
    assert (storing.in_force, storing.first_published_at) == (None, None)
    assert not Publication.objects.exists()
    for person in (cast.unit_reader, cast.other_reader, cast.unit_lead):
        assert not policy.can(person, Right.READ, storing)
        with pytest.raises(Document.DoesNotExist):
            find_document(person, "SEGAS-00018")
    request = request_about(batch)
    assert (request.kind, request.status, request.subject_hash) == ("import", "open", batch.content_hash)
    with pytest.raises(Denied):
        decide(actor=cast.centre_lead, request=request, verdict="approve", seen_hash=request.subject_hash)


def test_one_approval_takes_the_batch_into_force_with_its_history(cast, source):
    batch = imported(cast, source.folder)
    approved(request_about(batch), cast.other_centre_lead)
    batch.refresh_from_db()
    assert batch.state == "in_force"
    storing = document("Storing data")
    assert (storing.version_number, storing.approval_recorded, storing.in_force_since) == (2, True, today())
    assert storing.in_force.sequence == 2
    assert storing.draft is None
    one, two = Publication.objects.filter(document=storing).order_by("version_number")
    assert (one.basis, one.effective_from, one.effective_to) == ("not_recorded", date(2020, 9, 14), date(2020, 9, 16))
    assert (two.basis, two.effective_from, two.effective_to) == ("approved", today(), None)
    assert two.request == request_about(batch)
    assert storing.next_review_on == date(2025, 9, 1), "the review date of the source stays"
    assert find_document(cast.unit_reader, "segas-00018") == storing
    assert policy.can(cast.unit_reader, Right.READ, one.revision)


def test_what_the_source_deleted_is_a_tombstone_whose_history_can_be_read(cast, source):
    batch = imported(cast, source.folder)
    gone = document("Gone")
    assert gone.is_retired
    assert not policy.can(cast.unit_reader, Right.READ, gone)
    approved(request_about(batch), cast.other_centre_lead)
    gone = document("Gone")
    assert (gone.in_force, gone.draft, gone.is_retired) == (None, None, True)
    assert gone.retired_at.date() == date(2020, 9, 18)
    assert gone.retired_reason == "The file was deleted."
    publication = Publication.objects.get(document=gone)
    assert (publication.basis, publication.effective_to) == ("not_recorded", date(2020, 9, 18))
    assert policy.can(cast.unit_reader, Right.READ, gone)


def test_the_ledger_holds_each_revision_under_the_date_of_its_source(cast, source):
    batch = imported(cast, source.folder)
    entries = LedgerEntry.objects.filter(stream__name=f"import_batch:{batch.public_id}").order_by("sequence")
    assert [entry.event for entry in entries].count("import.revision_added") == 5
    added = entries.filter(event="import.revision_added").first()
    assert added.occurred_at < added.recorded_at
    assert {entry.actor for entry in entries} == {str(cast.centre_lead.public_id)}


def test_running_it_again_finds_nothing_new(cast, source):
    imported(cast, source.folder)
    before = (Revision.objects.count(), Document.objects.count(), NumberSeries.objects.get(key="STD").last)
    again = imported(cast, source.folder)
    assert (again.state, again.revisions_new, again.documents_done) == ("nothing_new", 0, 4)
    assert before == (Revision.objects.count(), Document.objects.count(), NumberSeries.objects.get(key="STD").last)
    assert not Request.objects.filter(subject_id=again.public_id).exists()


def test_a_source_that_went_on_continues_its_documents(cast, source):
    approved(request_about(imported(cast, source.folder)), cast.other_centre_lead)
    first = document("Storing data").in_force
    source.save({"storing.md": LINKED.replace("6 months", "12 months") + "\nMore.\n"})
    source.save({"storing.md": LINKED.replace("6 months", "12 months") + "\nEven more.\n", "naming.md": None})
    batch = imported(cast, source.folder)
    assert (batch.documents_new, batch.revisions_new, batch.state) == (0, 2, "waiting")
    storing = document("Storing data")
    assert (storing.in_force, storing.draft.sequence, storing.review_months) == (first, 4, 6)
    assert not document("Naming").is_retired
    approved(request_about(batch), cast.other_centre_lead)
    storing = document("Storing data")
    assert (storing.in_force.sequence, storing.version_number, storing.draft) == (4, 4, None)
    assert (storing.review_months, storing.next_review_on) == (12, date(2026, 3, 1))
    between = Publication.objects.get(document=storing, version_number=3)
    assert between.effective_from == between.effective_to, "it was never in force here"
    assert Publication.objects.get(document=storing, version_number=2).effective_to == today()
    assert document("Naming").is_retired


def test_what_was_changed_here_meanwhile_stays(cast, source):
    approved(request_about(imported(cast, source.folder)), cast.other_centre_lead)
    storing = document("Storing data")
    change_tags(actor=cast.centre_lead, document=storing, tags=["ours"])
    confirm_review(
        actor=cast.centre_lead,
        document=storing,
        seen=storing.in_force.public_id,
        comment="Read it all.",
        next_review_on=in_days(100),
    )
    source.save({"storing.md": LINKED + "\nMore.\n"})
    approved(request_about(imported(cast, source.folder)), cast.other_centre_lead)
    storing = document("Storing data")
    assert (storing.tags, storing.next_review_on) == (["ours"], in_days(100))
    assert storing.in_force.sequence == 3


def test_a_rename_goes_on_with_the_same_document(cast, source):
    imported(cast, source.folder)
    source.move("naming.md", "names/naming.md")
    batch = imported(cast, source.folder)
    assert (batch.documents_new, batch.revisions_new) == (0, 1)
    assert Revision.objects.filter(document=document("Naming")).count() == 2


def test_a_rewritten_history_brings_only_its_newest_text(cast, source):
    imported(cast, source.folder)
    source.git("reset", "--quiet", "--hard", "HEAD~2")
    source.save({"later/logging.md": "# Logging\n\nLogs SHOULD be kept for a year.\n"}, "Log, told anew.")
    assert imported(cast, source.folder).revisions_new == 0
    source.git("commit", "--quiet", "--amend", "-m", "Log, told a third time.")
    source.save({"later/logging.md": "# Logging\n\nLogs SHOULD be kept for two years.\n"}, "Longer.")
    batch = imported(cast, source.folder)
    assert batch.revisions_new == 1
    assert Revision.objects.filter(document=document("Logging")).count() == 2
    assert any("rewritten" in each["reason"] for each in batch.problems)


def test_the_same_source_in_another_remit_is_another_import(cast, source):
    imported(cast, source.folder)
    other = import_documents(actor=cast.centre_lead, new=wanted(cast, source.folder, remit=remit("FIN")))
    assert (other.documents_new, Document.objects.count()) == (4, 8)


# --- Folders


def test_a_folder_is_imported_and_only_its_changes_again(cast, tmp_path):
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "one.md").write_text("# One\n\nA text.\n")
    (folder / "two.md").write_text("# Two\n\nA text.\n")
    assert imported(cast, folder).revisions_new == 2
    assert imported(cast, folder).state == "nothing_new"
    (folder / "two.md").write_text("# Two\n\nAnother text.\n")
    batch = imported(cast, folder)
    assert (batch.documents_new, batch.revisions_new, batch.state) == (0, 1, "waiting")
    assert Revision.objects.filter(document=document("Two")).count() == 2


# --- By whose word


def test_a_publisher_takes_it_into_force_on_their_word_and_it_shows(cast, source):
    batch = imported(cast, source.folder, attestation="In force since 2020 in the old wiki.")
    assert batch.state == "in_force"
    storing = document("Storing data")
    assert (storing.approval_recorded, storing.in_force_since) == (False, today())
    publication = Publication.objects.get(revision=storing.in_force)
    assert (publication.basis, publication.request) == ("attested", None)
    assert publication.attestation == "In force since 2020 in the old wiki."
    assert not Request.objects.exists()
    assert policy.can(cast.unit_reader, Right.READ, storing)


@pytest.mark.parametrize("who", ["centre_author", "unit_lead", "unit_reader", "outsider", "admin", "auditor", "guest"])
def test_who_may_not_import_leaves_nothing(cast, source, who):
    with pytest.raises(Denied):
        import_documents(actor=getattr(cast, who), new=wanted(cast, source.folder))
    assert not ImportBatch.objects.exists()


def test_an_import_into_a_unit_waits_for_both_of_its_deciders(cast, source):
    batch = imported(cast, source.folder, remit=cast.unit_remit)
    request = approved(request_about(batch), cast.unit_lead)
    assert (request.status, document("Naming").in_force) == ("open", None)
    approved(request, cast.other_centre_lead)
    assert document("Naming").in_force is not None


def test_a_refused_import_stays_as_drafts_and_can_be_asked_for_again(cast, source):
    batch = imported(cast, source.folder)
    request = request_about(batch)
    decide(
        actor=cast.other_centre_lead, request=request, verdict="reject", comment="No.", seen_hash=request.subject_hash
    )
    batch.refresh_from_db()
    assert (batch.state, document("Naming").in_force) == ("refused", None)
    with pytest.raises(Denied):
        ask_again(actor=cast.centre_author, batch=batch)
    again = ask_again(actor=cast.centre_lead, batch=batch)
    assert again != request
    approved(again, cast.other_centre_lead)
    assert document("Naming").in_force is not None
    with pytest.raises(NotAllowed):
        ask_again(actor=cast.centre_lead, batch=batch)


def test_an_import_taken_back_is_not_in_force(cast, source):
    batch = imported(cast, source.folder)
    withdraw(actor=cast.centre_lead, request=request_about(batch), comment="Wrong branch.")
    batch.refresh_from_db()
    assert batch.state == "refused"
    assert not Publication.objects.exists()


# --- Beside the drafts that people write


def test_a_draft_is_not_submitted_past_the_import_it_came_with(cast, source):
    batch = imported(cast, source.folder)
    naming = document("Naming")
    with pytest.raises(NotAllowed, match=batch.number):
        submit_draft(actor=cast.centre_author, document=naming, base=naming.draft.public_id, reason="Now.")


def test_a_draft_that_was_edited_meanwhile_stays_a_draft(cast, source):
    batch = imported(cast, source.folder)
    naming = document("Naming")
    newest = naming.draft
    edited = save_draft(
        actor=cast.centre_author, document=naming, base=newest.public_id, title="Naming", body="Mine.", reason="Better."
    )
    approved(request_about(batch), cast.other_centre_lead)
    naming = document("Naming")
    assert (naming.in_force, naming.draft) == (newest, edited)


def test_a_document_that_was_closed_meanwhile_is_passed_over(cast, source):
    batch = imported(cast, source.folder)
    naming = document("Naming")
    discard_draft(actor=cast.centre_author, document=naming, base=naming.draft.public_id)
    approved(request_about(batch), cast.other_centre_lead)
    naming = document("Naming")
    assert (naming.in_force, naming.is_retired) == (None, True)
    assert document("Logging").in_force is not None


# --- Bad input


def test_broken_files_are_named_and_the_rest_is_imported(cast, source):
    source.save(
        {
            "latin.md": "# Caf\xe9\n".encode("latin-1"),
            "empty.md": "",
            "nul.md": b"# A\x00B\n",
            "yaml.md": "---\ntitle: [\n---\n# Broken\n",
            "large.md": "# Large\n\n" + "word " * 250_000,
        }
    )
    batch = imported(cast, source.folder)
    skipped = {each["path"]: each["reason"] for each in batch.problems if each["severity"] == "skipped"}
    assert set(skipped) == {"latin.md", "empty.md", "nul.md", "yaml.md", "large.md"}
    assert "UTF-8" in skipped["latin.md"]
    assert "characters" in skipped["large.md"]
    assert (batch.documents_new, batch.documents_done) == (4, 9)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"source": "/nowhere/at/all"}, "source"),
        ({"source": ""}, "source"),
        ({"source": "a\x00b"}, "source"),
        ({"kind": "poem"}, "kind"),
        ({"path_glob": "../*.md"}, "path_glob"),
        ({"path_glob": "*.nothing"}, "source"),
        ({"attestation": "turned \u202e round"}, "attestation"),
    ],
)
def test_what_cannot_be_imported_is_refused_at_its_field(cast, source, more, field):
    with pytest.raises(Invalid) as refused:
        imported(cast, more.pop("source", source.folder), **more)
    assert field in refused.value.fields
    assert not ImportBatch.objects.exists()


def test_a_dry_run_writes_nothing(cast, source):
    before = LedgerEntry.objects.count()
    found = preview_import(actor=cast.centre_lead, new=wanted(cast, source.folder))
    assert (found.current, found.retired, found.documents_new, found.revisions_new) == (3, 1, 4, 5)
    tables = (ImportBatch, Document, Revision, ImportedSource, ImportedRevision, NumberSeries.objects.filter(key="STD"))
    assert not any(getattr(table, "objects", table).exists() for table in tables)
    assert LedgerEntry.objects.count() == before
    imported(cast, source.folder)
    assert preview_import(actor=cast.centre_lead, new=wanted(cast, source.folder)).is_nothing


def test_a_comparison_shows_what_the_source_changed_and_no_front_matter(cast, source):
    imported(cast, source.folder)
    storing = document("Storing data")
    first, second = Revision.objects.filter(document=storing).order_by("sequence")
    changed = {each.key: each.new for each in compared(first, second).metadata}
    assert changed["tags"] == "data, storage"
    assert changed["last_reviewed_on"] == "2025-03-01"
    assert "front_matter" not in changed
    mine = save_draft(
        actor=cast.centre_author,
        document=storing,
        base=second.public_id,
        title="Storing data",
        body="Mine.",
        reason="x",
    )
    assert {each.key for each in compared(second, mine).metadata} == set()
