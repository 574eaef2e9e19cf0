"""Drafts: one at a time, every save a new revision, an approval bound to the exact one."""

from uuid import uuid4

import pytest

from governance import ledger
from governance.errors import Conflict, Denied, Invalid, NotAllowed
from governance.models import Request
from knowledge.actions.documents import NewDocument, create_document
from knowledge.actions.drafts import discard_draft, save_draft, start_revision, submit_draft
from knowledge.models import ClauseVersion, Document, Revision
from tests.knowledge.cast import TEXT, approved, drafted, events_of, in_days, next_version, published, submitted

pytestmark = pytest.mark.django_db


def save(actor, document, body, **more):
    document.refresh_from_db()
    kept = {"base": document.draft.public_id, "title": document.draft.title, "reason": document.draft.reason, **more}
    return save_draft(actor=actor, document=document, body=body, **kept)


def test_an_author_creates_a_document_under_the_next_number_and_a_reader_does_not(cast):
    first = drafted(cast.unit_author, cast.unit_remit, "First")
    second = drafted(cast.unit_author, cast.unit_remit, "Second")
    policy = drafted(cast.unit_author, cast.unit_remit, "Third", kind="policy")
    assert (first.number, second.number, policy.number) == ("STD-0001", "STD-0002", "POL-0001")
    assert first.draft.sequence == 1
    assert first.review_months == 12
    assert events_of(first) == ["document.created"]
    for actor in (cast.unit_reader, cast.other_reader, cast.guest, cast.auditor, cast.admin, cast.outsider):
        with pytest.raises(Denied):
            drafted(actor, cast.unit_remit, "Never")
    assert Document.objects.count() == 3


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "x" * 301),
        ("title", "one\x00two"),
        ("title", "turned \u202e round"),
        ("body", "nul \x00"),
        ("body", "x" * 1_000_001),
        ("kind", "novel"),
        ("classification", "secret"),
        ("review_months", 0),
        ("owner_role", "king"),
        ("tags", ["x" * 51]),
    ],
)
def test_what_cannot_be_kept_is_refused_at_its_field_and_nothing_is_half_saved(cast, field, value):
    fields = {"kind": "standard", "title": "Fine", field: value}
    with pytest.raises(Invalid) as refused:
        create_document(actor=cast.unit_author, new=NewDocument(remit=cast.unit_remit, **fields))
    assert field in refused.value.fields
    assert not Document.objects.exists()
    assert drafted(cast.unit_author, cast.unit_remit).number == "STD-0001", "no number was lost"


def test_every_save_is_a_new_revision_and_an_unchanged_one_is_none(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    first = document.draft
    assert save(cast.unit_author, document, TEXT) == first
    second = save(cast.centre_author, document, TEXT + "\nMore.\n")
    assert (second.sequence, second.based_on) == (2, first)
    assert second.content_hash != first.content_hash
    document.refresh_from_db()
    assert document.draft == second
    with pytest.raises(TypeError):
        second.save()
    assert events_of(document) == ["document.created", "draft.saved"]


def test_a_stale_save_is_refused_with_both_texts_and_the_same_text_twice_is_one(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    opened = document.draft.public_id
    theirs = save(cast.unit_author, document, "theirs")
    with pytest.raises(Conflict) as refused:
        save(cast.unit_lead, document, "mine", base=opened)
    assert (refused.value.theirs, refused.value.yours) == ("theirs", "mine")
    assert "Fay Finance" in str(refused.value)
    assert save(cast.unit_author, document, "theirs", base=opened) == theirs, "the same form sent twice"
    assert Revision.objects.filter(document=document).count() == 2


def test_a_reader_neither_saves_nor_discards_nor_submits(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    for actor in (cast.unit_reader, cast.other_reader, cast.guest, cast.auditor):
        with pytest.raises(Denied):
            save(actor, document, "mine")
        with pytest.raises(Denied):
            discard_draft(actor=actor, document=document, base=document.draft.public_id)
        with pytest.raises(Denied):
            submit_draft(actor=actor, document=document, base=document.draft.public_id)


def test_clauses_keep_their_identity_when_words_and_numbers_change(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    before = {version.text: version for version in ClauseVersion.objects.filter(revision=document.draft)}
    assert len(before) == 3
    changed = TEXT.replace("12 months", "6 months").replace("## Keys", "## Names\n\nNames MUST be kept.\n\n## Keys")
    draft = save(cast.unit_author, document, changed)
    after = {version.text: version for version in ClauseVersion.objects.filter(revision=draft)}
    rotated = next(version for text, version in after.items() if "6 months" in text)
    old = next(version for text, version in before.items() if "12 months" in text)
    assert rotated.clause_id == old.clause_id
    assert rotated.number != old.number
    new = next(version for text, version in after.items() if "Names" in text)
    assert new.clause_id not in {version.clause_id for version in before.values()}


def test_a_submission_waits_for_those_whom_the_model_names_and_counts_once(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    key = uuid4()
    request = submit_draft(actor=cast.unit_author, document=document, base=document.draft.public_id, submission_key=key)
    again = submit_draft(actor=cast.unit_author, document=document, base=document.draft.public_id, submission_key=key)
    assert again == request
    assert Request.objects.count() == 1
    assert request.subject_hash == document.draft.content_hash
    assert set(request.waiting.values_list("user", flat=True)) == {cast.unit_lead.pk}
    with pytest.raises(NotAllowed):
        submit_draft(actor=cast.unit_author, document=document, base=document.draft.public_id, submission_key=uuid4())
    with pytest.raises(Denied):
        approved(request, cast.unit_author)
    other = drafted(cast.unit_author, cast.unit_remit, "Other")
    with pytest.raises(Conflict):
        submit_draft(actor=cast.unit_author, document=other, base=other.draft.public_id, submission_key=key)


def test_what_is_not_ready_is_not_submitted_and_says_what_is_missing(cast):
    document = drafted(cast.unit_author, cast.unit_remit, body="", reason="", effective_on=in_days(-1))
    with pytest.raises(Invalid) as refused:
        submit_draft(actor=cast.unit_author, document=document, base=document.draft.public_id)
    assert set(refused.value.fields) == {"body", "reason", "effective_on"}
    assert not Request.objects.exists()


def test_an_edit_voids_the_approval_and_what_was_voted(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    request = approved(submitted(cast.unit_author, document), cast.unit_lead)
    assert request.status == "open"
    draft = save(cast.unit_author, document, TEXT + "\nMore.\n")
    request.refresh_from_db()
    assert request.status == "voided"
    with pytest.raises((NotAllowed, Conflict)):
        approved(request, cast.centre_lead)
    document.refresh_from_db()
    assert document.draft == draft
    assert document.in_force is None
    fresh = submitted(cast.unit_author, document)
    assert fresh.subject_hash == draft.content_hash
    assert set(fresh.waiting.values_list("user", flat=True)) == {cast.unit_lead.pk}, "the first stage again"


def test_a_revision_starts_from_the_version_in_force_once_and_that_stays_live(cast):
    document = published(cast)
    draft = start_revision(actor=cast.centre_author, document=document)
    document.refresh_from_db()
    assert (draft.body, draft.based_on) == (document.in_force.body, document.in_force)
    assert document.draft == draft
    same = set(ClauseVersion.objects.filter(revision=document.in_force).values_list("clause", flat=True))
    assert set(ClauseVersion.objects.filter(revision=draft).values_list("clause", flat=True)) == same
    with pytest.raises(Conflict):
        start_revision(actor=cast.other_centre_lead, document=document)
    with pytest.raises(Denied):
        start_revision(actor=cast.unit_author, document=document)
    with pytest.raises(Invalid):
        submitted(cast.centre_author, document)


def test_a_discarded_draft_leaves_the_version_in_force_and_voids_its_approval(cast):
    document = published(cast)
    request = next_version(cast, document, TEXT + "\nMore.\n")
    document.refresh_from_db()
    discarded = document.draft
    with pytest.raises(Conflict):
        discard_draft(actor=cast.centre_author, document=document, base=uuid4())
    discard_draft(actor=cast.centre_author, document=document, base=discarded.public_id)
    document.refresh_from_db()
    request.refresh_from_db()
    assert document.draft is None
    assert document.in_force is not None
    assert not document.is_retired
    assert request.status == "voided"
    assert Revision.objects.filter(pk=discarded.pk).exists(), "nothing is deleted"


def test_discarding_the_only_draft_closes_the_document_and_keeps_its_number(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    discard_draft(actor=cast.unit_author, document=document, base=document.draft.public_id)
    document.refresh_from_db()
    assert document.is_retired
    with pytest.raises(NotAllowed):
        start_revision(actor=cast.unit_author, document=document)
    assert drafted(cast.unit_author, cast.unit_remit).number == "STD-0002"


def test_a_draft_sent_back_is_edited_and_submitted_again(cast):
    from governance.actions.requests import decide

    document = drafted(cast.unit_author, cast.unit_remit)
    request = submitted(cast.unit_author, document)
    request = decide(
        actor=cast.unit_lead,
        request=request,
        verdict="request_changes",
        comment="Say which systems.",
        seen_hash=request.subject_hash,
    )
    document.refresh_from_db()
    assert document.draft.public_id == request.subject_version
    assert "draft.returned" in events_of(document)
    save(cast.unit_author, document, TEXT + "\nAll of them.\n")
    assert approved(submitted(cast.unit_author, document), cast.unit_lead, cast.centre_lead).status == "approved"


def test_writing_needs_a_transaction_of_its_own(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    with ledger.change(actor=cast.unit_author) as change:
        change.nothing_happened()
        with pytest.raises(ledger.NestedChange):
            save(cast.unit_author, document, "inside")
