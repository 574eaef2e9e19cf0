"""People at the same moment: one effect, nothing lost, nothing torn, nobody waits for nobody."""

import threading
from collections import Counter
from uuid import uuid4

import pytest
from django.db import connection

from governance.actions.requests import decide
from governance.errors import RemitError
from governance.ledger.verify import verify_ledger
from governance.models import Request
from governance.permissions import policy
from governance.selectors import organisation
from knowledge.actions.drafts import save_draft, start_revision, submit_draft
from knowledge.actions.publication import put_in_force
from knowledge.actions.reviews import remind_due_reviews
from knowledge.models import Document, Publication, ReviewReminder, Revision
from tests.knowledge.cast import TEXT, drafted, in_days, make_cast, published, submitted

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROUNDS = 5


@pytest.fixture
def people(transactional_db):
    policy.forget()
    organisation._worlds.clear()
    return make_cast()


def at_once(*work):
    """Run all the work in threads begun together; return what each raised, None for what went well."""
    start = threading.Barrier(len(work))
    raised = [None] * len(work)

    def run(place, task):
        try:
            start.wait(timeout=30)
            task()
        except Exception as error:
            raised[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    assert all(error is None or isinstance(error, RemitError) for error in raised), raised
    return raised


def test_one_form_sent_twice_is_one_request_and_two_forms_are_one_too(people):
    for number in range(ROUNDS):
        document = drafted(people.unit_author, people.unit_remit, f"Standard {number}")
        base, key = document.draft.public_id, uuid4()

        def submit(with_key, document=document, base=base):
            return lambda: submit_draft(actor=people.unit_author, document=document, base=base, submission_key=with_key)

        same = at_once(submit(key), submit(key))
        assert Request.objects.filter(subject_id=document.public_id).count() == 1
        assert same == [None, None] or Counter(type(error).__name__ for error in same)["NoneType"] == 1
        assert [type(each).__name__ for each in at_once(submit(uuid4()), submit(uuid4()))] == ["NotAllowed"] * 2


def test_of_two_saves_at_once_one_is_kept_and_the_other_told(people):
    document = drafted(people.unit_author, people.unit_remit)
    for number in range(ROUNDS):
        document.refresh_from_db()

        def save(actor, body, base=document.draft.public_id):
            return lambda: save_draft(actor=actor, document=document, base=base, title="Title", body=body, reason="Why")

        raised = at_once(
            save(people.unit_author, f"{TEXT}\nOne {number}.\n"), save(people.centre_author, f"{TEXT}\nTwo {number}.\n")
        )
        assert sorted(type(error).__name__ for error in raised) == ["Conflict", "NoneType"]
    assert Revision.objects.filter(document=document).count() == 1 + ROUNDS


def test_an_edit_against_the_deciding_vote_never_publishes_what_was_not_approved(people):
    for number in range(ROUNDS):
        document = drafted(people.centre_author, people.centre_remit, f"Standard {number}")
        request = submitted(people.centre_author, document)
        base = Document.objects.get(pk=document.pk).draft.public_id

        def edit(document=document, base=base):
            save_draft(
                actor=people.other_centre_lead, document=document, base=base, title="Edited", body=TEXT, reason="Why"
            )

        def approve(request=request):
            decide(actor=people.centre_lead, request=request, verdict="approve", seen_hash=request.subject_hash)

        at_once(edit, approve)
        document.refresh_from_db()
        request.refresh_from_db()
        if request.status == "approved":
            assert document.in_force.content_hash == request.subject_hash
            assert document.draft is None
        else:
            assert request.status == "voided"
            assert document.in_force is None
            assert document.draft.title == "Edited"
    assert not verify_ledger().problems


def test_two_revisions_are_never_started_and_two_jobs_do_one_thing(people):
    document = published(people)
    raised = at_once(*[lambda: start_revision(actor=people.centre_author, document=document)] * 3)
    assert sum(error is None for error in raised) == 1
    Document.objects.filter(pk=document.pk).update(next_review_on=in_days(-1))
    at_once(remind_due_reviews, remind_due_reviews, put_in_force, put_in_force)
    assert ReviewReminder.objects.count() == 2
    assert Publication.objects.count() == 1
