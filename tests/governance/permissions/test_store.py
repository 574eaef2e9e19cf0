"""Compiled permissions are stored by difference and verified."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from governance import ledger
from governance.actions.memberships import NewMembership, end_membership, grant_memberships
from governance.actions.operating_models import install_builtin_models
from governance.actions.organisation_roles import appoint_first_administrator
from governance.actions.units import NewUnit, close_unit, create_units, move_unit
from governance.errors import Denied, Invalid
from governance.models import Assignment, BusinessUnit, OperatingModelVersion, Remit, RemitGroupPermission
from governance.permissions import policy, store
from governance.rights import Right
from governance.vocabulary import Role, UnitKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation():
    administrator = User.objects.create_user("ada@example.org", name="Ada Admin")
    appoint_first_administrator(user=administrator)
    install_builtin_models()
    create_units(
        actor=administrator,
        units=[
            NewUnit(code="ORG", name="Organisation", kind=UnitKind.ORGANISATION),
            NewUnit(code="COE", name="Centre", kind=UnitKind.CENTRE_OF_EXCELLENCE, parent="ORG"),
            NewUnit(code="FIN", name="Finance", kind=UnitKind.DEPARTMENT, parent="ORG"),
            NewUnit(code="HR", name="People", kind=UnitKind.DEPARTMENT, parent="ORG"),
        ],
    )
    return administrator


def under(model: str, *, unit: str = "ORG", centre: str = "COE") -> None:
    with ledger.change(actor=ledger.SYSTEM) as change:
        Assignment.objects.create(
            unit=BusinessUnit.objects.get(code=unit),
            model_version=OperatingModelVersion.objects.get(family__key=model),
            centre=BusinessUnit.objects.get(code=centre) if centre else None,
        )
        store.recompile(change)


def remit(code: str, capability: str = "knowledge") -> Remit:
    return Remit.objects.get(unit__code=code, capability=capability)


def test_a_membership_gives_its_rights_at_once_and_takes_them_at_its_end(organisation):
    under("centre_of_excellence")
    person = User.objects.create_user("eve@example.org", name="Eve Author")
    assert not policy.can(person, Right.DRAFT, remit("FIN"))
    (membership,) = grant_memberships(
        actor=organisation,
        memberships=[NewMembership(user=person, unit=BusinessUnit.objects.get(code="FIN"), role=Role.AUTHOR)],
    )
    assert policy.can(person, Right.DRAFT, remit("FIN"))
    assert not policy.can(person, Right.DRAFT, remit("HR"))
    assert not policy.can(person, Right.DECIDE, remit("FIN"))
    assert policy.can(person, Right.READ, remit("COE")), "a governed unit reads its centre's documents"
    end_membership(actor=organisation, membership=membership)
    assert not policy.can(person, Right.DRAFT, remit("FIN"))
    call_command("verify_permissions", stdout=StringIO())


def test_compiling_again_touches_nothing(organisation):
    under("centre_of_excellence")
    before = list(RemitGroupPermission.objects.order_by("pk").values_list("pk", flat=True))
    with ledger.change(actor=ledger.SYSTEM) as change:
        applied = store.recompile(change)
        change.nothing_happened()
    assert applied.touched == 0
    assert list(RemitGroupPermission.objects.order_by("pk").values_list("pk", flat=True)) == before


def test_verify_names_a_grant_written_past_remit(organisation):
    under("centre_of_excellence")
    row = RemitGroupPermission.objects.first()
    row.delete()
    with pytest.raises(CommandError):
        call_command("verify_permissions", stdout=StringIO(), stderr=StringIO())
    call_command("compile_permissions", stdout=StringIO())
    call_command("verify_permissions", stdout=StringIO())


def test_only_an_administrator_changes_the_tree_and_never_into_a_loop(organisation):
    finance, root = BusinessUnit.objects.get(code="FIN"), BusinessUnit.objects.get(code="ORG")
    hr = BusinessUnit.objects.get(code="HR")
    with pytest.raises(Denied):
        move_unit(actor=User.objects.create_user("x@example.org"), unit=finance, parent=hr)
    move_unit(actor=organisation, unit=finance, parent=hr)
    with pytest.raises(Invalid):
        move_unit(actor=organisation, unit=hr, parent=finance)
    close_unit(actor=organisation, unit=finance, reason="merged")
    finance.refresh_from_db()
    assert finance.is_closed
    assert finance.periods.count() == 3
    assert root.below.count() == 4


def test_an_unknown_right_raises_at_once(organisation):
    with pytest.raises(ValueError, match="no right"):
        policy.can(organisation, "invented", remit("FIN"))
    assert not policy.can(organisation, Right.READ, remit("FIN")), "an administrator holds no right on documents"
