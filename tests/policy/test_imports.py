"""An import is seen with the drafts of its remit and by whom it waits for, who may then read what it brings."""

import pytest
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from governance.models import RequestWaiting
from governance.permissions import policy
from governance.rights import Right
from governance.selectors.organisation import _worlds
from knowledge.models import ClauseVersion, Document, ImportBatch, Revision
from tests.knowledge.cast import approved, make_cast
from tests.knowledge.imported import document, imported, request_about, standards

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    policy.forget()
    _worlds.clear()
    return make_cast()


@pytest.fixture
def batch(cast, tmp_path):
    return imported(cast, standards(tmp_path / "source").folder)


def assert_one_answer() -> None:
    """``can``, ``visible`` and ``who_can`` agree on the batch and on all that it brought, for everybody."""
    actors = [*User.objects.all(), AnonymousUser()]
    for model in (ImportBatch, Document, Revision, ClauseVersion):
        rows = list(model.objects.all())
        for right in Right:
            for row in rows:
                holders = set(policy.who_can(right, row).values_list("pk", flat=True))
                for actor in actors:
                    allowed = bool(policy.can(actor, right, row))
                    seen = policy.visible(actor, model.objects.filter(pk=row.pk), right).exists()
                    assert allowed == seen, (right, row, actor)
                    assert allowed == (actor.pk in holders), (right, row, actor)


def test_one_answer_before_and_after_the_approval(cast, batch):
    assert_one_answer()
    approved(request_about(batch), cast.other_centre_lead)
    assert_one_answer()


def test_whom_an_import_waits_for_reads_it_and_what_it_brings_and_nobody_else_does(cast, batch):
    reserve = cast.other_reader
    naming, old = document("Naming"), Revision.objects.get(document=document("Storing data"), sequence=1)
    for thing in (batch, naming, naming.draft, old):
        assert not policy.can(reserve, Right.READ_DRAFT, thing)
    request = request_about(batch)
    RequestWaiting.objects.create(request=request, user=reserve, stage=request.stage, since=request.opened_at)
    policy.forget()
    for thing in (batch, naming, naming.draft):
        assert policy.can(reserve, Right.READ_DRAFT, thing)
        assert policy.can(reserve, Right.READ, thing)
    assert not policy.can(reserve, Right.READ_DRAFT, old), "only the revision that is decided on"
    assert not policy.can(cast.unit_reader, Right.READ, naming)
    assert_one_answer()


def test_a_batch_is_never_published(cast, batch):
    approved(request_about(batch), cast.other_centre_lead)
    for person in User.objects.all():
        assert not policy.can(person, Right.READ, batch)
    assert policy.can(cast.auditor, Right.READ_DRAFT, batch)
