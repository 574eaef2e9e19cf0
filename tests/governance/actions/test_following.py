"""Whatever changes the organisation, the permissions and the running requests follow it in the same change."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import governance.actions
from accounts.actions import people
from accounts.models import User
from governance.actions import dates, delegations, memberships, operating_models, organisation_roles, units
from governance.actions.delegations import NewDelegation
from governance.actions.memberships import NewMembership
from governance.actions.units import NewUnit
from governance.errors import Denied, NotAllowed
from governance.models import (
    ConfirmationRequest,
    Delegation,
    LedgerEntry,
    Membership,
    OrganisationRoleHolding,
    PermissionState,
)
from governance.permissions.snapshots import load_snapshot
from governance.selectors.organisation import current_world
from governance.selectors.requests import waiting_for
from governance.vocabulary import OrganisationRole, Role, UnitKind
from tests.governance.actions.story import Story, under

pytestmark = pytest.mark.django_db


def _of(story: Story, name: str, unit: str) -> Membership:
    return Membership.objects.valid_at().get(user=story[name], unit__code=unit)


def _lead(story: Story, name: str) -> NewMembership:
    return NewMembership(user=story.person(name), unit=story.unit("FIN"), role=Role.LEAD)


def _sponsor(story: Story, name: str = "Fred") -> Any:
    return organisation_roles.grant_organisation_role(actor=story.ada, user=story[name], role=OrganisationRole.SPONSOR)


def _confirmed(story: Story) -> None:
    own = NewMembership(user=story.ada, unit=story.unit("FIN"), role=Role.LEAD)
    asked = memberships.grant_membership(actor=story.ada, membership=own)
    assert isinstance(asked, ConfirmationRequest)
    organisation_roles.decide_confirmation(actor=story["Sam"], asked=asked, confirmed=True)


def _ends_by_date(story: Story) -> None:
    """As when the last day of a membership has passed."""
    made = memberships.grant_membership(actor=story.ada, membership=_lead(story, "Lea"))
    Membership.objects.filter(pk=made.pk).update(valid_to=timezone.now())
    PermissionState.objects.update(next_boundary=timezone.now())
    assert dates.follow_dates()


def _delegated(story: Story) -> Delegation:
    remits, until = [story.remit("FIN")], timezone.now() + timedelta(days=3)
    new = NewDelegation(substitute=story["Ivan"], remits=remits, until=until)
    return delegations.delegate(actor=story["Finn"], delegation=new)


def _own_model(story: Story) -> None:
    toml = operating_models.dump(
        next(each for each in operating_models.load_builtin() if each.key == "decentralized")
    ).replace('key = "decentralized"', 'key = "our_own"')
    operating_models.add_model_version(actor=story.ada, toml=toml, source="ours")


def _builtin_models(story: Story) -> None:
    assert operating_models.install_builtin_models() == 0


def _off_and_on(story: Story) -> None:
    people.deactivate_account(actor=story.ada, user=story["Finn"])
    people.reactivate_account(actor=story.ada, user=story["Finn"])


CHANGES: dict[str, Callable[[Story], Any]] = {
    "accounts.actions.people.deactivate_account": lambda story: people.deactivate_account(
        actor=story.ada, user=story["Finn"]
    ),
    "accounts.actions.people.reactivate_account": _off_and_on,
    "governance.actions.dates.follow_dates": _ends_by_date,
    "governance.actions.delegations.delegate": _delegated,
    "governance.actions.delegations.end_delegation": lambda story: delegations.end_delegation(
        actor=story["Ivan"], delegation=_delegated(story)
    ),
    "governance.actions.memberships.grant_membership": lambda story: memberships.grant_membership(
        actor=story.ada, membership=_lead(story, "Lea")
    ),
    "governance.actions.memberships.grant_memberships": lambda story: memberships.grant_memberships(
        actor=story.ada, memberships=[_lead(story, "Lea"), _lead(story, "Lou")]
    ),
    "governance.actions.memberships.end_membership": lambda story: memberships.end_membership(
        actor=story.ada, membership=_of(story, "Finn", "FIN")
    ),
    "governance.actions.operating_models.add_model_version": _own_model,
    "governance.actions.operating_models.install_builtin_models": _builtin_models,
    "governance.actions.organisation_roles.grant_organisation_role": _sponsor,
    "governance.actions.organisation_roles.end_organisation_role": lambda story: (
        organisation_roles.end_organisation_role(
            actor=story.ada, holding=OrganisationRoleHolding.objects.get(pk=_sponsor(story).pk)
        )
    ),
    "governance.actions.organisation_roles.decide_confirmation": _confirmed,
    "governance.actions.transitions.apply_transition": lambda story: story.under("decentralized", centre="CEN"),
    "governance.actions.units.create_units": lambda story: units.create_units(
        actor=story.ada, units=[NewUnit(code="NEW", name="New", kind=UnitKind.TEAM, parent="FIN")]
    ),
    "governance.actions.units.create_unit": lambda story: units.create_unit(
        actor=story.ada, code="NEW", name="New", kind=UnitKind.TEAM, parent="FIN"
    ),
    "governance.actions.units.rename_unit": lambda story: units.rename_unit(
        actor=story.ada, unit=story.unit("FIN"), name="Money"
    ),
    "governance.actions.units.move_unit": lambda story: units.move_unit(
        actor=story.ada, unit=story.unit("FIN"), parent=story.unit("HR")
    ),
    "governance.actions.units.close_unit": lambda story: units.close_unit(
        actor=story.ada, unit=story.unit("PAY"), reason="It is over."
    ),
}
"""Every action that changes what the compiler reads, told once."""

INNER = "works within another action's change, which compiles"
ASKS = "puts down what somebody wants; nothing changes until a second person says so"
MOVES = "moves requests and changes nothing of the organisation, but for a revoked mandate, which compiles itself"
NAMES = "no relation, grant or route says it"
EXEMPT = {
    "accounts.actions.people.create_account": "an account belongs nowhere until it is given a membership or a role",
    "accounts.actions.people.change_profile": NAMES,
    "accounts.actions.people.change_password": NAMES,
    "governance.actions.confirmations.ask": ASKS,
    "governance.actions.confirmations.decide": "its effects compile: see decide_confirmation",
    "governance.actions.memberships.write_membership": INNER,
    "governance.actions.memberships.grant_confirmed": INNER,
    "governance.actions.organisation_roles.appoint_first_administrator": "the story of every test begins with it",
    "governance.actions.transitions.plan_transition": ASKS,
    "governance.actions.transitions.recalculate": ASKS,
    "governance.actions.transitions.send_for_confirmation": ASKS,
    "governance.actions.transitions.confirm_transition": ASKS,
    "governance.actions.transitions.refuse_transition": ASKS,
    "governance.actions.transitions.cancel_transition": ASKS,
    "governance.actions.units.end_row": INNER,
    "governance.actions.units.end_stray_mandates": INNER,
}
MOVING = ("governance.actions.requests", "governance.actions.running", "governance.actions.undoing")
"""Modules of which every function ``MOVES``."""


def written() -> set[str]:
    """Every public function of the actions that takes part in a change: it has an actor, a change, or opens one."""
    names = [f"governance.actions.{each.name}" for each in pkgutil.iter_modules(governance.actions.__path__)]
    found = set()
    for name in [*names, "accounts.actions.people"]:
        module = importlib.import_module(name)
        for each, function in inspect.getmembers(module, inspect.isfunction):
            own = function.__module__ == name and not each.startswith("_")
            taking = {"actor", "change"} & set(inspect.signature(function).parameters)
            if own and (taking or "ledger.change(" in inspect.getsource(function)):
                found.add(f"{name}.{each}")
    return found


def test_no_action_is_left_out() -> None:
    told = CHANGES.keys() | EXEMPT.keys()
    others = {"governance.actions.setting_up.may_act_alone", "governance.actions.setting_up.may_confirm"}
    left = {name for name in written() if not name.startswith(MOVING)} - told - others
    assert left == set(), "say what follows from it in CHANGES, or why nothing does in EXEMPT"
    assert told - written() == set(), "what is told here and is gone"


@under("centre_of_excellence")
@pytest.mark.parametrize("name", sorted(CHANGES))
def test_permissions_and_requests_follow(story, name):
    request = story.submitted("Fay", "FIN")
    CHANGES[name](story)
    now = timezone.now()
    kept, fresh = (replace(each, at=now) for each in (current_world().snapshot, load_snapshot()))
    assert kept == fresh, "what is kept in the process is what is stored"
    story.check(request, deep=True)


@under("centre_of_excellence")
class TestAccounts:
    def test_whoever_is_deactivated_is_waited_for_no_more_and_again_when_back(self, story):
        request = story.submitted("Fay", "FIN")
        story.delegates("Finn", "Ivan", story.remit("FIN"))
        assert story.waits_for(request) == {"Finn", "Ivan"}
        people.deactivate_account(actor=story.ada, user=story["Finn"], reason="Left.")
        gone = User.objects.get(pk=story["Finn"].pk)
        assert "Finn" not in story.waits_for(request)
        assert story.waits_for(request), "its reserve decides"
        assert not waiting_for(gone).exists()
        with pytest.raises(Denied):
            story.who["Finn"] = gone
            story.decides("Finn", request)
        people.reactivate_account(actor=story.ada, user=gone)
        story.who["Finn"] = User.objects.get(pk=gone.pk)
        later = story.submitted("Fay", "FIN")
        assert story.waits_for(later) == {"Finn", "Ivan"}
        story.check(request, deep=True)
        events = LedgerEntry.objects.filter(event__startswith="account.").order_by("pk")
        assert list(events.values_list("event", flat=True)) == ["account.deactivated", "account.reactivated"]

    def test_who_may_not_and_what_cannot_be(self, story):
        with pytest.raises(Denied):
            people.deactivate_account(actor=story["Finn"], user=story["Fay"])
        with pytest.raises(NotAllowed, match="your own"):
            people.deactivate_account(actor=story.ada, user=story.person("Ada2", same_as="Ada"))
        with pytest.raises(NotAllowed, match="active already"):
            people.reactivate_account(actor=story.ada, user=story["Fay"])
        assert not LedgerEntry.objects.filter(event__startswith="account.").exists()
