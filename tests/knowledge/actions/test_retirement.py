"""Retirement: approved like a version, then a tombstone that keeps number, history and successor."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from governance.actions.requests import decide
from governance.errors import Denied, Invalid, NotAllowed
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions.drafts import start_revision
from knowledge.actions.publication import put_in_force
from knowledge.actions.retirement import propose_retirement
from knowledge.models import Document, Publication
from knowledge.selectors.documents import document_page
from knowledge.vocabulary import Status
from tests.knowledge.cast import TEXT, approved, drafted, events_of, in_days, next_version, published

pytestmark = pytest.mark.django_db


def propose(actor, document, **more):
    return propose_retirement(actor=actor, document=document, reason="Replaced by law.", **more)


def test_a_publisher_proposes_and_another_decides_and_the_tombstone_stays(cast):
    document, successor = published(cast), published(cast, "Keys")
    for actor in (cast.unit_lead, cast.centre_author, cast.unit_reader):
        with pytest.raises(Denied):
            propose(actor, document)
    request = propose(cast.other_centre_lead, document, successor=successor)
    with pytest.raises(NotAllowed):
        propose(cast.other_centre_lead, document)
    with pytest.raises(Denied):
        approved(request, cast.other_centre_lead)
    document.refresh_from_db()
    assert document.in_force is not None
    approved(request, cast.centre_lead)
    document.refresh_from_db()
    request.refresh_from_db()
    assert request.status == "approved"
    assert (document.is_retired, document.in_force, document.successor) == (True, None, successor)
    assert document.next_review_on is None
    assert Publication.objects.get(document=document).effective_to is not None
    assert policy.can(cast.unit_reader, Right.READ, document)
    page = document_page(cast.unit_reader, document.number)
    assert page.standing.status == Status.REPLACED
    assert page.revision is not None
    assert not page.is_current
    assert "document.retired" in events_of(document)
    with pytest.raises(NotAllowed):
        start_revision(actor=cast.centre_author, document=document)


def test_a_retirement_that_is_not_approved_leaves_the_document_as_it_was(cast):
    document, successor = published(cast), published(cast, "Keys")
    request = propose(cast.other_centre_lead, document, successor=successor)
    decide(actor=cast.centre_lead, request=request, verdict="reject", comment="No.", seen_hash=request.subject_hash)
    document.refresh_from_db()
    assert (document.is_retired, document.successor) == (False, None)
    assert document.in_force is not None


def test_an_unfit_proposal_is_refused(cast):
    document = published(cast)
    draft = drafted(cast.centre_author, cast.centre_remit, "Draft")
    with pytest.raises(Invalid) as refused:
        propose_retirement(
            actor=cast.centre_lead, document=document, reason=" ", successor=draft, effective_on=in_days(-1)
        )
    assert set(refused.value.fields) == {"reason", "successor", "effective_on"}
    with pytest.raises(NotAllowed):
        propose(cast.centre_lead, draft)


def test_a_later_day_is_kept_by_the_calendar_unless_another_version_came(cast):
    document, other = published(cast), published(cast, "Other")
    for each in (document, other):
        approved(propose(cast.other_centre_lead, each, effective_on=in_days(5)), cast.centre_lead)
    approved(next_version(cast, other, TEXT + "\nMore.\n"), cast.centre_lead)
    assert put_in_force() == 0
    with time_machine.travel(datetime.now(UTC) + timedelta(days=5), tick=False):
        assert put_in_force() == 1
        assert put_in_force() == 0
    assert Document.objects.get(pk=document.pk).is_retired
    assert not Document.objects.get(pk=other.pk).is_retired


def test_a_new_version_voids_a_retirement_that_waits(cast):
    document = published(cast)
    version = next_version(cast, document, TEXT + "\nMore.\n")
    request = propose(cast.other_centre_lead, document)
    version.refresh_from_db()
    assert version.status == "open"
    approved(version, cast.centre_lead)
    request.refresh_from_db()
    assert request.status == "voided"


def test_a_retirement_ends_the_draft_and_its_approval(cast):
    document = published(cast)
    version = next_version(cast, document, TEXT + "\nMore.\n")
    approved(propose(cast.other_centre_lead, document), cast.centre_lead)
    document.refresh_from_db()
    version.refresh_from_db()
    assert (document.draft, version.status) == (None, "voided")
