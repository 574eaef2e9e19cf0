"""What stands beside a document's text: owner, classification, review interval, tags; each change on record."""

import pytest

from governance.errors import Denied, Invalid
from governance.models import LedgerPayload
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions.documents import (
    add_alias,
    change_classification,
    change_owner,
    change_review_interval,
    change_tags,
)
from knowledge.days import add_months, today
from knowledge.selectors.documents import find_document
from knowledge.selectors.owners import owners_of
from tests.knowledge.cast import drafted, events_of, published

pytestmark = pytest.mark.django_db


def test_a_document_is_owned_by_a_post_or_by_name_and_only_by_who_can_read_it(cast):
    document = published(cast)
    assert set(owners_of(document)) == {cast.centre_lead, cast.other_centre_lead}
    with pytest.raises(Denied):
        change_owner(actor=cast.centre_author, document=document, role="lead", person=cast.centre_author)
    with pytest.raises(Invalid) as refused:
        change_owner(actor=cast.centre_lead, document=document, role="lead", person=cast.outsider)
    assert "owner_person" in refused.value.fields
    document = change_owner(actor=cast.centre_lead, document=document, role="lead", person=cast.centre_author)
    assert list(owners_of(document)) == [cast.centre_author]
    document = change_owner(
        actor=cast.centre_lead, document=document, role="author", person=cast.centre_author, deputy=cast.unit_reader
    )
    assert set(owners_of(document)) == {cast.centre_author, cast.unit_reader}
    document = change_owner(actor=cast.centre_lead, document=document, role="author")
    assert set(owners_of(document)) == {cast.centre_lead, cast.other_centre_lead, cast.centre_author}
    assert events_of(document).count("document.owner_changed") == 3
    change_owner(actor=cast.centre_lead, document=document, role="author")
    assert events_of(document).count("document.owner_changed") == 3, "nothing happened"
    assert '"role":"author"' in LedgerPayload.objects.order_by("-pk").first().body


def test_a_draft_is_managed_by_who_drafts_and_a_published_document_by_who_publishes(cast):
    draft = drafted(cast.unit_author, cast.unit_remit)
    change_tags(actor=cast.unit_author, document=draft, tags=["Security", "security ", "Keys"])
    draft.refresh_from_db()
    assert draft.tags == ["security", "keys"]
    document = published(cast)
    with pytest.raises(Denied):
        change_tags(actor=cast.centre_author, document=document, tags=["x"])
    change_tags(actor=cast.centre_lead, document=document, tags=["x"])
    with pytest.raises(Denied):
        change_tags(actor=cast.unit_lead, document=document, tags=["y"])


def test_a_restricted_document_is_closed_to_readers_and_must_stay_open_to_its_owner(cast):
    document = published(cast)
    assert policy.can(cast.unit_reader, Right.READ, document)
    change_owner(actor=cast.centre_lead, document=document, role="lead", person=cast.unit_reader)
    with pytest.raises(Invalid):
        change_classification(actor=cast.centre_lead, document=document, classification="restricted")
    change_owner(actor=cast.centre_lead, document=document, role="lead")
    with pytest.raises(Denied):
        change_classification(actor=cast.unit_lead, document=document, classification="restricted")
    document = change_classification(actor=cast.centre_lead, document=document, classification="restricted")
    assert not policy.can(cast.unit_reader, Right.READ, document)
    assert policy.can(cast.centre_author, Right.READ, document)
    assert "document.reclassified" in events_of(document)


def test_a_new_interval_moves_the_next_review(cast):
    document = published(cast)
    document = change_review_interval(actor=cast.centre_lead, document=document, months=6)
    assert document.next_review_on == add_months(today(), 6)
    for months in (0, 121):
        with pytest.raises(Invalid):
            change_review_interval(actor=cast.centre_lead, document=document, months=months)


def test_another_reference_finds_the_document(cast):
    document = published(cast)
    add_alias(actor=cast.centre_lead, document=document, value="SEGAS-00018")
    add_alias(actor=cast.centre_lead, document=document, value="SEGAS-00018")
    assert find_document(cast.unit_reader, "segas-00018") == document
    assert events_of(document).count("document.alias_added") == 1
