"""One document as each person sees it: its page, any version, its history, any two compared; unseen is as if absent."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.actions.requests import ask_exception, decide
from governance.models import RequestWaiting
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions.documents import add_alias, change_classification, change_owner
from knowledge.actions.drafts import save_draft
from knowledge.actions.reviews import confirm_review
from knowledge.models import Document, Publication, Revision
from knowledge.selectors.affected import affected_by
from knowledge.selectors.documents import document_page, drafts_of, find_document, rights_on_document
from knowledge.selectors.history import history
from knowledge.selectors.revisions import compare_revisions, revision_named, revisions_visible_to, writers_of
from knowledge.vocabulary import Status
from tests.knowledge.cast import TEXT, approved, drafted, in_days, next_version, published, submitted, unit

pytestmark = pytest.mark.django_db

BETTER = TEXT.replace("12 months", "6 months")


@pytest.fixture
def document(cast):
    """Two versions in force one after the other, and a third in review."""
    document = published(cast)
    approved(next_version(cast, document, BETTER), cast.centre_lead)
    next_version(cast, document, BETTER + "\nA secret plan MAY follow.\n")
    return Document.objects.get(pk=document.pk)


def test_the_version_in_force_is_read_with_who_approved_it(cast, document):
    page = document_page(cast.unit_reader, document.number)
    assert page.is_current
    assert "6 months" in page.revision.html
    assert page.approvers == ("Cora Centre",)
    assert (page.standing.status, page.standing.next, page.draft_request) == (Status.IN_FORCE, None, "")
    assert [each.publication.version_number for each in page.versions] == [2, 1]
    assert page.version_count == 2
    assert [(facts.unit.code, facts.applies) for facts in page.units] == [("FIN", True)]
    page = document_page(cast.centre_author, document.number.lower())
    assert (page.standing.next, page.draft_request) == (Status.IN_REVIEW, "R-3")
    assert page.sees_draft


def test_what_a_person_may_not_see_is_as_if_it_were_not_there(cast, document):
    hidden = drafted(cast.centre_author, cast.centre_remit, "Hidden")
    for actor in (cast.guest, cast.outsider, cast.admin):
        for reference in (document.number, "STD-9999", "", "\x00", "x" * 5000):
            with pytest.raises(Document.DoesNotExist) as absent:
                document_page(actor, reference)
            assert str(absent.value) == f"No document is called {reference!r}."
    with pytest.raises(Document.DoesNotExist):
        find_document(cast.unit_reader, hidden.number)
    assert find_document(cast.auditor, hidden.number) == hidden
    restricted = published(cast, "Restricted")
    add_alias(actor=cast.centre_lead, document=restricted, value="OLD-1")
    change_classification(actor=cast.centre_lead, document=restricted, classification="restricted")
    for reference in (restricted.number, "OLD-1"):
        with pytest.raises(Document.DoesNotExist):
            find_document(cast.unit_reader, reference)
        assert find_document(cast.centre_author, reference) == restricted


def test_any_version_is_read_by_its_name_and_drafts_only_by_rights(cast, document):
    assert "12 months" in document_page(cast.unit_reader, document.number, version="1").revision.body
    assert not document_page(cast.unit_reader, document.number, version="1").is_current
    today = in_days(0).isoformat()
    assert revision_named(cast.unit_reader, document, today).publication.version_number == 2
    assert revision_named(cast.unit_reader, document, "current") == document.in_force
    for name in ("draft", "r5", "r2", "approved", "3", "99999999999", "²", "-1", "r", "2020-01-01", "2099-01-01", "x"):
        with pytest.raises(Revision.DoesNotExist):
            revision_named(cast.unit_reader, document, name)
    assert revision_named(cast.centre_author, document, "draft") == document.draft
    assert revision_named(cast.centre_author, document, "r1").sequence == 1
    assert revisions_visible_to(cast.unit_reader, document).count() == 2
    assert revisions_visible_to(cast.auditor, document).count() == 5
    assert revisions_visible_to(cast.guest, document).count() == 0


def test_who_decides_reads_the_exact_revision_and_nothing_more_of_the_drafts(cast):
    document = published(cast)
    request = next_version(cast, document, BETTER)
    RequestWaiting.objects.create(request=request, user=cast.outsider, stage="centre", since=request.opened_at)
    document.refresh_from_db()
    assert revision_named(cast.outsider, document, "draft") == document.draft
    assert document_page(cast.outsider, document.number).sees_draft
    assert not revisions_visible_to(cast.outsider, document).filter(sequence=2).exists()


def test_any_two_versions_are_compared_and_a_draft_only_by_who_reads_it(cast, document):
    found = compare_revisions(cast.unit_reader, document, "1", "2")
    assert found.comparison.clause_counts.changed == 1
    assert (found.old.publication.version_number, found.new.publication.version_number) == (1, 2)
    with pytest.raises(Revision.DoesNotExist):
        compare_revisions(cast.unit_reader, document, "2", "draft")
    assert compare_revisions(cast.centre_author, document, "2", "draft").comparison.counts.added == 1
    owned = change_owner(actor=cast.centre_lead, document=document, role="author")
    approved(submitted_again(cast, owned), cast.centre_lead)
    fields = [change.key for change in compare_revisions(cast.unit_reader, document, "2", "3").comparison.metadata]
    assert "owner" in fields


def submitted_again(cast, document):
    document.refresh_from_db()
    save_draft(
        actor=cast.centre_author,
        document=document,
        base=document.draft.public_id,
        title=document.draft.title,
        body=document.draft.body + "\nMore.\n",
        reason="Again.",
    )
    return submitted(cast.centre_author, document)


def test_the_history_tells_every_revision_with_author_approvers_and_reason(cast, document):
    told = history(cast.auditor, document)
    assert told.whole
    assert [line.name for line in told.revisions] == ["r5", "r4", "2", "r2", "1"]
    second = told.revisions[2]
    assert (second.author, second.approvers, second.reason) == (
        "Carl Centre",
        ("Cora Centre",),
        "It must be better.",
    )
    assert [line.label for line in told.revisions] == ["Draft", "Saved draft", "In force", "Saved draft", "Replaced"]
    events = [line.entry.event for line in told.events]
    for event in ("document.created", "draft.saved", "draft.submitted", "approval.approved", "document.published"):
        assert event in events, event
    assert any(line.actor_name == "Carl Centre" for line in told.events)


def test_a_reader_is_told_of_published_versions_and_nothing_of_drafts(cast, document):
    confirm_review(actor=cast.centre_lead, document=document, seen=document.in_force.public_id, comment="Right.")
    told = history(cast.unit_reader, find_document(cast.unit_reader, document.number))
    assert not told.whole
    assert [line.name for line in told.revisions] == ["2", "1"]
    assert {line.entry.event for line in told.events} == {
        "document.published",
        "document.superseded",
        "review.confirmed",
    }
    assert "secret" not in repr(told.events)


def test_an_imported_version_says_that_its_approval_was_not_recorded(cast, document):
    Publication.objects.filter(version_number=1).update(basis=Publication.Basis.NOT_RECORDED)
    Revision.objects.filter(sequence=1).update(is_imported=True, source_author="Someone Else", source_message="First")
    line = history(cast.unit_reader, document).revisions[-1]
    assert (line.approval, line.author) == ("approval not recorded", "Someone Else")
    Publication.objects.filter(version_number=1).update(basis=Publication.Basis.ATTESTED)
    assert history(cast.unit_reader, document).revisions[-1].approval == "not approved"


def test_the_decision_page_says_whom_a_document_touches(cast, document):
    touched = affected_by(document)
    assert touched["names"] == ["Finance", "Organisation", "Payments", "People"]
    assert (touched["units"], touched["people"], touched["exceptions"]) == (4, 4, 0)
    own = affected_by(drafted(cast.unit_author, cast.unit_remit))
    assert own["names"] == ["Finance", "Payments"]


def test_exceptions_in_force_stand_on_the_page(cast, document):
    clause = document.in_force.clauses.first()
    request = ask_exception(
        actor=cast.unit_reader,
        subject=document,
        unit=unit("FIN"),
        reason="An old system.",
        until=in_days(30),
        compensating_control="A locked room.",
        risk="low",
        clause=clause.clause.public_id,
    )
    assert document_page(cast.unit_reader, document.number).exceptions == ()
    while request.status == "open":
        waiting = request.waiting.first().user
        request = decide(actor=waiting, request=request, verdict="approve", seen_hash=request.subject_hash)
    (shown,) = document_page(cast.unit_reader, document.number).exceptions
    assert shown.clause == clause.clause.public_id
    assert affected_by(document)["exceptions"] == 1


def test_authors_are_those_who_wrote_since_the_last_version(cast, document):
    assert writers_of(document, document.draft.public_id) == {cast.centre_author.person_id}
    assert writers_of(document, document.in_force.public_id) == {cast.centre_author.person_id}
    changed = drafted(cast.unit_author, cast.unit_remit)
    save_draft(actor=cast.unit_lead, document=changed, base=changed.draft.public_id, title="New", body="Other")
    changed.refresh_from_db()
    assert writers_of(changed, changed.draft.public_id) == {cast.unit_author.person_id, cast.unit_lead.person_id}


def test_my_drafts_are_those_i_wrote_with_where_they_stand(cast, document):
    own = drafted(cast.centre_author, cast.centre_remit, "Own")
    rows = {row.pk: row.approval for row in drafts_of(cast.centre_author)}
    assert rows == {document.pk: "open", own.pk: None}
    assert list(drafts_of(cast.centre_lead)) == list(drafts_of(cast.unit_reader)) == []


def test_every_button_has_its_reason(cast, document):
    rights = rights_on_document(cast.unit_reader, document)
    assert rights[Right.READ]
    assert not rights[Right.DRAFT]
    assert rights[Right.DRAFT].sentence


def test_a_page_and_a_history_keep_to_their_statements(cast, document):
    """With session and account two more: six for a page and a comparison; the history is one over its goal."""
    reader = cast.unit_reader
    document_page(reader, document.number)  # the person's standing is kept from here on
    for most, run in (
        (4, lambda: document_page(reader, document.number)),
        (4, lambda: compare_revisions(reader, find_document(reader, document.number), "1", "2")),
        (5, lambda: history(reader, find_document(reader, document.number))),
    ):
        with policy.one_request(), CaptureQueriesContext(connection) as captured:
            run()
        assert len(captured) <= most, [each["sql"] for each in captured]
