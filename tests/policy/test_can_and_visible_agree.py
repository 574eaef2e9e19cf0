"""``can``, ``visible`` and ``who_can`` give one answer, for every right, person and thing, under every model."""

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from governance.models import PermissionState, Remit
from governance.permissions import policy
from governance.rights import Right
from knowledge.models import Document, Revision
from tests.governance.organisations import snapshots
from tests.knowledge.cast import make_cast, published
from tests.policy.stored import for_this_example, tell_the_planner, write_documents

pytestmark = pytest.mark.django_db

DOCUMENTS = 8


@settings(
    max_examples=12, phases=[Phase.explicit, Phase.generate], deadline=None, suppress_health_check=list(HealthCheck)
)
@given(snapshot=snapshots(), random=st.randoms(use_true_random=False))
def test_can_visible_and_who_can_agree(snapshot, random):
    with for_this_example(snapshot):
        users = [user.id for user in snapshot.users]
        write_documents(random.choice, users, count=DOCUMENTS)
        tell_the_planner()
        actors = [*User.objects.filter(pk__in=random.sample(users, min(8, len(users)))), AnonymousUser()]
        remits = random.sample(list(Remit.objects.select_related("unit")), 8)
        documents = list(Document.objects.select_related("remit__unit", "draft", "owner_person", "owner_deputy"))
        revisions = list(Revision.objects.select_related("document__remit__unit"))
        for right in Right:
            for model, rows in ((Remit, remits), (Document, documents), (Revision, revisions)):
                holders = {row.pk: set(policy.who_can(right, row).values_list("pk", flat=True)) for row in rows}
                for actor in actors:
                    shown = set(policy.visible(actor, model.objects.all(), right).values_list("pk", flat=True))
                    for row in rows:
                        allowed = bool(policy.can(actor, right, row))
                        assert allowed == (row.pk in shown), (right, model.__name__, actor, row.pk)
                        if not actor.is_anonymous:
                            assert allowed == (actor.pk in holders[row.pk]), (right, model.__name__, actor, row.pk)


def test_an_account_that_is_not_active_reads_not_even_what_everybody_may():
    cast = make_cast()
    document = published(cast)
    Document.objects.update(classification="public")
    PermissionState.objects.update(public_reading=True)
    document.refresh_from_db()
    assert policy.can(AnonymousUser(), Right.READ, document)
    cast.unit_reader.is_active = False
    assert not policy.can(cast.unit_reader, Right.READ, document)
    assert not policy.visible(cast.unit_reader, Document.objects.all()).exists()


def test_a_wide_person_is_filtered_by_the_other_shape_with_the_same_answer(monkeypatch):
    cast = make_cast()
    for right in Right:
        narrow = set(policy.visible(cast.centre_lead, Remit.objects.all(), right).values_list("pk", flat=True))
        monkeypatch.setattr(policy, "NARROW", -1)
        wide = set(policy.visible(cast.centre_lead, Remit.objects.all(), right).values_list("pk", flat=True))
        monkeypatch.undo()
        assert narrow == wide
