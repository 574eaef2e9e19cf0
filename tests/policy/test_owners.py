"""Who may confirm a review as the document's owner: a post, or a person by name, and what neither can be."""

from contextlib import contextmanager

import pytest
from django.utils import timezone

from accounts.models import User
from governance.models import BusinessUnit, Remit
from governance.permissions import policy
from governance.rights import Right
from knowledge.models import Document
from tests.oracle.organisations import TOLD
from tests.policy.stored import for_this_example

pytestmark = pytest.mark.django_db


@contextmanager
def published(model, unit="NORTH", **more):
    """A document in force in the told organisation under the model, open to everybody who is in it."""
    with for_this_example(TOLD[model]()):
        more = {"kind": "standard", "title": "Naming", "classification": "internal", **more}
        remit = Remit.objects.get(unit__code=unit, capability="knowledge")
        now = timezone.now()
        yield Document.objects.create(number="STD-1", remit=remit, first_published_at=now, updated_at=now, **more)


def person(name):
    return User.objects.get(name=name.capitalize())


def confirms(name, document):
    """Whether the person may confirm a review, by each of the three answers, which agree."""
    document = Document.objects.get(pk=document.pk)
    who = person(name)
    by_can = bool(policy.can(who, Right.CONFIRM_REVIEW, document))
    assert by_can == policy.visible(who, Document.objects.all(), Right.CONFIRM_REVIEW).exists()
    assert by_can == policy.who_can(Right.CONFIRM_REVIEW, document).filter(pk=who.pk).exists()
    return by_can


def named(document, name):
    document.owner_person = person(name)
    document.save()
    return document


def test_the_post_owns_also_where_the_mode_gives_the_unit_nothing():
    with published("centralized", owner_role="author") as document:
        assert confirms("north author", document)
        assert confirms("north lead", document)
        assert confirms("reaching author", document)
        assert not confirms("north reader", document)
        assert not confirms("south lead", document)


def test_an_auditor_named_as_the_owner_still_only_reads():
    with published("centralized", classification="public") as document:
        assert confirms("south author", named(document, "south author"))
        assert policy.can(person("auditor"), Right.READ, document)
        assert not confirms("auditor", named(document, "auditor"))
        assert not confirms("auditor's other", named(document, "auditor's other"))


def test_an_outside_guest_named_as_the_owner_still_drafts_and_reads_at_most():
    with published("independent") as document:
        assert policy.can(person("agency reader"), Right.READ, document)
        assert not confirms("agency reader", named(document, "agency reader"))
        assert confirms("team reader", named(document, "team reader"))


def test_nothing_is_owned_in_a_closed_unit_nor_without_a_model():
    with published("centralized") as document:
        assert confirms("south lead", named(document, "south lead"))
        BusinessUnit.objects.filter(code="NORTH").update(closed_at=timezone.now())
        assert not confirms("south lead", document)
        BusinessUnit.objects.filter(code="NORTH").update(closed_at=None)
        Remit.objects.update(model_version=None, mode="", effective_mode="")
        assert not confirms("south lead", document)
