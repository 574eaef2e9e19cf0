"""Reviews: the owner is told once, also when the job runs twice or dies, and confirms; then the reminders stop."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance import failpoints
from governance.actions.memberships import end_membership
from governance.errors import Conflict, Denied, Invalid, NotAllowed
from governance.models import LedgerEntry, Membership
from knowledge.actions import reviews
from knowledge.actions.documents import change_owner
from knowledge.actions.retirement import propose_retirement
from knowledge.actions.reviews import confirm_review, remind_due_reviews
from knowledge.days import add_months, today
from knowledge.models import Document, ReviewReminder
from knowledge.selectors.reviews import reviews_due, reviews_waiting_for
from knowledge.tasks import remind_of_reviews
from tests.knowledge.cast import approved, drafted, in_days, published

pytestmark = pytest.mark.django_db


def due(cast, title="Encryption of personal data", *, days):
    document = published(cast, title)
    Document.objects.filter(pk=document.pk).update(next_review_on=in_days(days))
    document.refresh_from_db()
    return document


def told():
    return sorted(ReviewReminder.objects.values_list("document__title", "user__name", "kind"))


def test_owners_are_told_of_what_is_due_and_overdue_once_each(cast):
    due(cast, "Due", days=14)
    due(cast, "Overdue", days=-1)
    due(cast, "Later", days=15)
    assert remind_due_reviews() == 4
    both = ("Cleo Centre", "Cora Centre")
    expected = [("Due", name, "due") for name in both] + [("Overdue", name, "overdue") for name in both]
    assert told() == sorted(expected)
    assert LedgerEntry.objects.filter(event="review.due").count() == 1
    assert LedgerEntry.objects.filter(event="review.overdue").count() == 1
    assert remind_due_reviews() == 0
    assert LedgerEntry.objects.filter(event__startswith="review.").count() == 2
    with CaptureQueriesContext(connection) as captured:
        remind_due_reviews()
    assert not [each for each in captured if each["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert remind_of_reviews() == "0 reminded"


def test_a_due_review_that_becomes_overdue_is_told_again_and_a_new_owner_hears_of_it(cast):
    document = due(cast, days=3)
    assert remind_due_reviews() == 2
    later = datetime.now(UTC) + timedelta(days=4)
    assert remind_due_reviews(later) == 2
    change_owner(actor=cast.centre_lead, document=document, role="lead", person=cast.centre_author)
    assert remind_due_reviews(later) == 1
    assert remind_due_reviews(later) == 0


@pytest.mark.parametrize("place", [reviews.CHUNK_CLAIMED, reviews.REMINDERS_WRITTEN, reviews.CHUNK_COMMITTED])
def test_killed_in_the_middle_nobody_is_forgotten_and_nobody_is_told_twice(cast, place, monkeypatch):
    for number in range(3):
        due(cast, f"Standard {number}", days=-1)
    monkeypatch.setattr(reviews, "_CHUNK", 1)
    with failpoints.armed(place), pytest.raises(failpoints.FailpointReached):
        remind_due_reviews()
    remind_due_reviews()
    assert len(told()) == 6
    assert LedgerEntry.objects.filter(event="review.overdue").count() == 3


def test_drafts_retired_and_closed_posts_are_passed_over(cast):
    document = due(cast, "Retired", days=-1)
    drafted(cast.centre_author, cast.centre_remit, "Draft")
    request = propose_retirement(actor=cast.other_centre_lead, document=document, reason="Done.")
    approved(request, cast.centre_lead)
    standing = due(cast, "Standing", days=-1)
    end_membership(actor=cast.admin, membership=Membership.objects.get(user=cast.other_centre_lead))
    assert remind_due_reviews() == 1
    assert told() == [("Standing", "Cora Centre", "overdue")]
    assert [each.document for each in reviews_waiting_for(cast.centre_lead)] == [standing]


def test_the_owner_confirms_and_the_next_review_is_set(cast):
    document = due(cast, days=-3)
    remind_due_reviews()
    seen = document.in_force.public_id
    for actor in (cast.unit_reader, cast.centre_author, cast.unit_lead, cast.auditor, cast.guest):
        with pytest.raises(Denied):
            confirm_review(actor=actor, document=document, seen=seen)
    with pytest.raises(Conflict):
        confirm_review(actor=cast.centre_lead, document=document, seen=uuid4())
    with pytest.raises(Invalid):
        confirm_review(actor=cast.centre_lead, document=document, seen=seen, next_review_on=in_days(5000))
    confirmation = confirm_review(actor=cast.centre_lead, document=document, seen=seen, comment="Still right.")
    document.refresh_from_db()
    assert confirmation.was_due_on == in_days(-3)
    assert document.next_review_on == add_months(today(), 12) == confirmation.next_review_on
    assert remind_due_reviews() == 0
    assert reviews_waiting_for(cast.centre_lead) == []


def test_an_owner_by_name_confirms_though_only_a_reader(cast):
    document = due(cast, days=-3)
    change_owner(actor=cast.centre_lead, document=document, role="lead", person=cast.unit_reader)
    confirm_review(actor=cast.unit_reader, document=document, seen=document.in_force.public_id)
    with pytest.raises((Denied, NotAllowed)):
        draft = drafted(cast.centre_author, cast.centre_remit, "Draft")
        confirm_review(actor=cast.centre_lead, document=draft, seen=draft.draft.public_id)


def test_what_is_due_is_listed_for_those_who_may_read_it(cast):
    document = due(cast, days=-3)
    assert [(each.document, each.days) for each in reviews_due(cast.unit_reader)] == [(document, -3)]
    assert reviews_due(cast.unit_reader, mine=True) == []
    assert len(reviews_due(cast.centre_lead, mine=True)) == 1
    assert reviews_due(cast.guest) == []
    assert reviews_due(cast.outsider) == []
