"""The deciding decision publishes; a later day is kept by the calendar; the version before stays readable."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import failpoints
from governance.actions.requests import decide, withdraw
from governance.errors import Conflict, Denied
from governance.models import LedgerEntry, Request
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions import publication
from knowledge.actions.drafts import save_draft, start_revision, submit_draft
from knowledge.actions.publication import put_in_force
from knowledge.days import add_months, today
from knowledge.models import Document, Publication, Revision
from tests.knowledge.cast import TEXT, approved, drafted, events_of, in_days, next_version, published, submitted

pytestmark = pytest.mark.django_db

MORE = TEXT + "\nMore.\n"


def test_the_last_decision_of_the_route_publishes_and_no_earlier_one(cast):
    document = drafted(cast.unit_author, cast.unit_remit)
    request = approved(submitted(cast.unit_author, document), cast.unit_lead)
    document.refresh_from_db()
    assert document.in_force is None
    assert not policy.can(cast.unit_reader, Right.READ, document)
    approved(request, cast.centre_lead)
    document.refresh_from_db()
    assert (document.draft, document.version_number, document.in_force_since) == (None, 1, today())
    assert document.in_force.public_id == request.subject_version
    assert document.first_published_at is not None
    assert document.next_review_on == add_months(today(), 12)
    assert policy.can(cast.unit_reader, Right.READ, document)
    made = Publication.objects.get()
    assert (made.basis, made.request, made.published_by) == ("approved", request, cast.centre_lead)
    assert events_of(document)[-2:] == ["document.approved", "document.published"]


def test_the_next_version_replaces_the_one_before_which_stays_on_record(cast):
    document = published(cast)
    first = document.in_force
    approved(next_version(cast, document, MORE), cast.centre_lead)
    document.refresh_from_db()
    assert (document.version_number, document.in_force.based_on.based_on) == (2, first)
    one, two = Publication.objects.order_by("version_number")
    assert (one.effective_to, two.effective_from, two.effective_to) == (today(), today(), None)
    assert Revision.objects.get(pk=first.pk).body == TEXT
    assert "document.superseded" in events_of(document)


def test_a_later_day_is_kept_by_the_calendar_once(cast):
    document = published(cast)
    first = document.in_force
    approved(next_version(cast, document, MORE, effective_on=in_days(10)), cast.centre_lead)
    document.refresh_from_db()
    assert document.in_force == first
    assert document.draft is None
    assert document.approved is not None
    assert Publication.objects.count() == 1, "a version is numbered when it is published"
    assert put_in_force() == 0
    later = datetime.now(UTC) + timedelta(days=10)
    with time_machine.travel(later, tick=False):
        assert put_in_force() == 1
        assert put_in_force() == 0
        document.refresh_from_db()
        assert (document.version_number, document.approved, document.in_force_since) == (2, None, today())
    two = Publication.objects.get(version_number=2)
    assert two.published_by == cast.centre_lead
    assert LedgerEntry.objects.filter(event="document.published", actor="system").count() == 1


def test_a_version_approved_meanwhile_overtakes_the_one_that_waits(cast):
    document = published(cast)
    approved(next_version(cast, document, MORE, effective_on=in_days(10)), cast.centre_lead)
    document.refresh_from_db()
    draft = start_revision(actor=cast.centre_author, document=document)
    assert draft.body == document.approved.body, "from the version that was approved last"
    document.refresh_from_db()
    save_draft(
        actor=cast.centre_author,
        document=document,
        base=draft.public_id,
        title=draft.title,
        body=MORE + "\nEven more.\n",
        reason="Sooner.",
    )
    approved(submitted(cast.centre_author, document), cast.centre_lead)
    document.refresh_from_db()
    assert "Even more" in document.in_force.body
    with time_machine.travel(datetime.now(UTC) + timedelta(days=11), tick=False):
        assert put_in_force() == 0
    document.refresh_from_db()
    assert "Even more" in document.in_force.body


def test_nobody_decides_on_what_they_wrote_whoever_submits_it(cast):
    document = drafted(cast.centre_lead, cast.centre_remit)
    request = submitted(cast.centre_author, document)
    assert set(request.waiting.values_list("user", flat=True)) == {cast.other_centre_lead.pk}
    with pytest.raises(Denied):
        approved(request, cast.centre_lead)
    with pytest.raises(Denied):
        approved(request, cast.centre_author)
    approved(request, cast.other_centre_lead)
    document.refresh_from_db()
    assert document.in_force is not None


def test_a_decision_on_another_text_than_was_read_is_refused(cast):
    document = published(cast)
    request = next_version(cast, document, MORE)
    with pytest.raises(Conflict):
        decide(actor=cast.centre_lead, request=request, verdict="approve", seen_hash="0" * 64)
    document.refresh_from_db()
    assert document.version_number == 1


@pytest.mark.parametrize("verdict", ["request_changes", "reject"])
def test_a_request_that_is_not_approved_keeps_the_draft(cast, verdict):
    document = published(cast)
    request = next_version(cast, document, MORE)
    decide(
        actor=cast.centre_lead,
        request=request,
        verdict=verdict,
        comment="Not yet.",
        seen_hash=request.subject_hash,
    )
    document.refresh_from_db()
    assert document.draft.body.strip() == MORE.strip()
    assert document.version_number == 1


def test_a_withdrawn_request_keeps_the_draft(cast):
    document = published(cast)
    request = next_version(cast, document, MORE)
    withdraw(actor=cast.centre_author, request=request)
    document.refresh_from_db()
    assert document.draft is not None
    assert Request.objects.get(pk=request.pk).status == "withdrawn"


def test_killed_while_it_publishes_nothing_is_torn(cast):
    document = drafted(cast.centre_author, cast.centre_remit)
    request = submitted(cast.centre_author, document)
    with failpoints.armed(publication.VERSION_IN_FORCE), pytest.raises(failpoints.FailpointReached):
        approved(request, cast.centre_lead)
    document.refresh_from_db()
    request.refresh_from_db()
    assert (document.in_force, request.status, Publication.objects.count()) == (None, "open", 0)
    approved(request, cast.centre_lead)
    document.refresh_from_db()
    assert document.version_number == 1


def test_submitting_and_publishing_keep_to_their_statements(cast):
    document = published(cast)
    withdraw(actor=cast.centre_author, request=next_version(cast, document, MORE))
    document = Document.objects.select_related("draft").get(pk=document.pk)
    base = document.draft.public_id
    submitting = statements(lambda: submit_draft(actor=cast.centre_author, document=document, base=base))
    request = Request.objects.get(status="open")
    deciding = statements(lambda: approved(request, cast.centre_lead))
    assert len([sql for sql in submitting if "knowledge_" in sql.split("WHERE")[0]]) == 2, "the lock and the writers"
    assert len([sql for sql in deciding if "knowledge_" in sql.split("WHERE")[0]]) <= 6
    # With session and account two more. The goals are 10 and 16.
    assert len(submitting) <= 13
    assert len(deciding) <= 16


def statements(run):
    """What was asked of the database, but for the bare locks, which SQLite has none of."""
    with policy.one_request(), CaptureQueriesContext(connection) as captured:
        run()
    quiet = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT", "ROLLBACK", 'SELECT "knowledge_document"."id" AS "pk"')
    return [each["sql"] for each in captured if not each["sql"].startswith(quiet) and "pg_advisory" not in each["sql"]]
