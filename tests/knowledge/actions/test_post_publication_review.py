"""In mode delegated the unit publishes alone; the centre reviews after, and may withdraw what was published."""

import pytest

from governance.actions.memberships import NewMembership, grant_memberships
from governance.actions.requests import record_review
from governance.actions.units import NewUnit, create_units
from governance.errors import Denied
from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from governance.vocabulary import Role, UnitKind
from knowledge.models import Publication
from tests.knowledge.cast import TEXT, approved, assign, drafted, events_of, submitted, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def devolved(cast):
    """Finance is devolved under a central team, which Otto leads."""
    create_units(
        actor=cast.admin,
        units=[NewUnit(code="CEN", name="Central team", kind=UnitKind.CENTRAL_TEAM, parent="ORG")],
    )
    grant_memberships(
        actor=cast.admin, memberships=[NewMembership(user=cast.outsider, unit=unit("CEN"), role=Role.LEAD)]
    )
    assign("devolved", "CEN", actor=cast.admin, of="FIN")
    return cast


def test_the_unit_publishes_alone_and_the_centre_may_withdraw(devolved):
    document = drafted(devolved.unit_author, devolved.unit_remit)
    request = approved(submitted(devolved.unit_author, document), devolved.unit_lead)
    document.refresh_from_db()
    request.refresh_from_db()
    assert (request.status, request.review_open, document.version_number) == ("approved", True, 1)
    assert policy.can(devolved.unit_reader, Right.READ, document)
    with pytest.raises(Denied):
        record_review(actor=devolved.unit_lead, request=request, outcome="withdraw", comment="Mine.")
    record_review(actor=devolved.outsider, request=request, outcome="withdraw", comment="Not ours to say.")
    document.refresh_from_db()
    assert (document.in_force, document.is_retired) == (None, True)
    assert Publication.objects.get().effective_to is not None
    assert "document.retired" in events_of(document)


def test_an_accepted_review_changes_nothing(devolved):
    document = drafted(devolved.unit_author, devolved.unit_remit, body=TEXT)
    request = approved(submitted(devolved.unit_author, document), devolved.unit_lead)
    record_review(actor=devolved.outsider, request=request, outcome="accept")
    document.refresh_from_db()
    assert document.in_force is not None
    assert not Request.objects.get(pk=request.pk).review_open
