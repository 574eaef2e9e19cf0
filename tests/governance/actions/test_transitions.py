"""A change of model is planned, confirmed by a second person, applied exactly as planned; killed anywhere, untorn."""

from io import StringIO

import pytest
from django.core.management import call_command

from accounts.models import User
from governance import failpoints
from governance.actions.memberships import NewMembership, grant_memberships
from governance.actions.operating_models import install_builtin_models
from governance.actions.organisation_roles import appoint_first_administrator, grant_organisation_role
from governance.actions.transitions import (
    apply_transition,
    confirm_transition,
    out_of_date,
    plan_transition,
    recalculate,
    send_for_confirmation,
)
from governance.actions.units import NewUnit, create_units
from governance.errors import Conflict, Denied, Invalid, NotAllowed
from governance.models import Assignment, BusinessUnit, Mandate, OperatingModelVersion, Remit, RemitGroupPermission
from governance.permissions import policy
from governance.permissions.projecting import PlannedAssignment
from governance.rights import Right
from governance.vocabulary import OrganisationRole, Role, UnitKind

pytestmark = pytest.mark.django_db


def unit(code):
    return BusinessUnit.objects.get(code=code)


def version(key):
    return OperatingModelVersion.objects.get(family__key=key)


def switch(model, centre="CEN", *, of="ORG"):
    return [PlannedAssignment(unit=unit(of).pk, model_version=version(model).pk, centre=unit(centre).pk)]


@pytest.fixture
def cast():
    ada = User.objects.create_user("ada@example.org", name="Ada Admin")
    sam = User.objects.create_user("sam@example.org", name="Sam Sponsor")
    eve = User.objects.create_user("eve@example.org", name="Eve Lead")
    appoint_first_administrator(user=ada)
    install_builtin_models()
    create_units(
        actor=ada,
        units=[
            NewUnit(code="ORG", name="Organisation", kind=UnitKind.ORGANISATION),
            NewUnit(code="COE", name="Excellence", kind=UnitKind.CENTRE_OF_EXCELLENCE, parent="ORG"),
            NewUnit(code="CEN", name="Central team", kind=UnitKind.CENTRAL_TEAM, parent="ORG"),
            NewUnit(code="FIN", name="Finance", kind=UnitKind.DEPARTMENT, parent="ORG"),
        ],
    )
    grant_memberships(actor=ada, memberships=[NewMembership(user=eve, unit=unit("FIN"), role=Role.LEAD)])
    apply_transition(
        actor=ada,
        transition=plan_transition(
            actor=ada, title="Start", reason="The first model.", changes=switch("centre_of_excellence", "COE")
        ),
    )
    grant_organisation_role(actor=ada, user=sam, role=OrganisationRole.SPONSOR)
    return ada, sam, eve


def knowledge(code):
    return Remit.objects.get(unit__code=code, capability="knowledge")


def test_a_plan_is_confirmed_by_a_second_person_and_takes_effect_at_once(cast):
    ada, sam, eve = cast
    assert not policy.can(eve, Right.PUBLISH, knowledge("FIN")), "joint: the centre publishes"
    plan = plan_transition(actor=ada, title="Devolve", reason="Nearer to the work.", changes=switch("devolved"))
    assert plan.plan["totals"]["gained"] > 0
    with pytest.raises(NotAllowed):
        apply_transition(actor=ada, transition=plan)
    send_for_confirmation(actor=ada, transition=plan)
    with pytest.raises(Denied):
        confirm_transition(actor=ada, transition=plan, seen_hash=plan.plan_hash)
    with pytest.raises(Conflict):
        confirm_transition(actor=sam, transition=plan, seen_hash="0" * 64)
    confirm_transition(actor=sam, transition=plan, seen_hash=plan.plan_hash)
    apply_transition(actor=ada, transition=plan)
    assert policy.can(eve, Right.PUBLISH, knowledge("FIN")), "delegated, with the mandate that the plan created"
    assert Mandate.objects.valid_at().filter(remit=knowledge("FIN"), centre=unit("CEN")).count() == 1
    assert Assignment.objects.filter(unit=unit("ORG")).count() == 2, "the old assignment stays on record"
    call_command("verify_permissions", stdout=StringIO())
    call_command("verify_ledger", stdout=StringIO())


def test_a_plan_whose_base_moved_is_refused_until_it_is_recalculated(cast):
    ada, sam, _ = cast
    plan = plan_transition(actor=ada, title="Devolve", reason="Nearer.", changes=switch("devolved"))
    send_for_confirmation(actor=ada, transition=plan)
    confirm_transition(actor=sam, transition=plan, seen_hash=plan.plan_hash)
    create_units(actor=ada, units=[NewUnit(code="NEW", name="New", kind=UnitKind.TEAM, parent="FIN")])
    assert "1 unit changed" in out_of_date(plan)
    with pytest.raises(Conflict):
        apply_transition(actor=ada, transition=plan)
    fresh = recalculate(actor=ada, transition=plan)
    assert fresh.state == "draft"
    assert fresh.confirmed_by is None
    with pytest.raises(NotAllowed):
        apply_transition(actor=ada, transition=fresh)


def test_an_assignment_without_the_centre_it_needs_is_refused(cast):
    ada, _, _ = cast
    with pytest.raises(Invalid):
        plan_transition(actor=ada, title="x", reason="y", changes=switch("devolved", "COE"))
    with pytest.raises(Invalid):
        plan_transition(actor=ada, title="x", reason="y", changes=switch("independent", "COE"))


def stored():
    return (
        sorted(RemitGroupPermission.objects.values_list("group__name", "content_object_id", "permission_id")),
        sorted(Assignment.objects.values_list("pk", "valid_to")),
        Mandate.objects.count(),
        sorted(Remit.objects.values_list("pk", "mode", "effective_mode", "centre_id")),
    )


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in failpoints.names()
        if name.startswith(("transition.", "permissions.", "ledger.")) and name != "ledger.after_commit"
    ],
)
def test_killed_at_any_failpoint_a_switch_leaves_nothing_torn(cast, name):
    ada, sam, _ = cast
    plan = plan_transition(actor=ada, title="Devolve", reason="Nearer.", changes=switch("devolved"))
    send_for_confirmation(actor=ada, transition=plan)
    confirm_transition(actor=sam, transition=plan, seen_hash=plan.plan_hash)
    before = stored()
    with pytest.raises(failpoints.FailpointReached), failpoints.armed(name):
        apply_transition(actor=ada, transition=plan)
    assert stored() == before
    call_command("verify_permissions", stdout=StringIO())
    call_command("verify_ledger", stdout=StringIO())
    apply_transition(actor=ada, transition=plan)
    call_command("verify_permissions", stdout=StringIO())
    call_command("verify_ledger", stdout=StringIO())
    assert knowledge("FIN").effective_mode == "delegated"
