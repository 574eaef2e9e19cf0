"""A tiny organisation to open its pages in: Finance and Retail under a centre of excellence, and one person of each
kind."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from governance.actions.memberships import NewMembership, grant_memberships
from governance.actions.operating_models import install_builtin_models
from governance.actions.organisation_roles import appoint_first_administrator, grant_organisation_role
from governance.actions.transitions import (
    apply_transition,
    confirm_transition,
    plan_transition,
    send_for_confirmation,
)
from governance.actions.units import NewUnit, create_units
from governance.models import BusinessUnit, OperatingModelVersion
from governance.permissions.projecting import PlannedAssignment
from governance.vocabulary import OrganisationRole, Role, UnitKind

LONG_NAME = "Retail energy, customer service and field operations of the northern and western regions"


class Cast(SimpleNamespace):
    """The people by first name, with what tests ask for again and again."""

    def unit(self, code: str) -> BusinessUnit:
        return BusinessUnit.objects.get(code=code)

    def version(self, key: str) -> OperatingModelVersion:
        return OperatingModelVersion.objects.get(family__key=key)

    def browser(self, name: str) -> Client:
        """A browser in which the person is signed in; nobody is for an empty name."""
        client = Client()
        if name:
            client.force_login(getattr(self, name))
        return client

    def switch(self, model: str, centre: str, *, of: str) -> list[PlannedAssignment]:
        return [
            PlannedAssignment(unit=self.unit(of).pk, model_version=self.version(model).pk, centre=self.unit(centre).pk)
        ]

    def plan(self, title: str = "Finance under the central team", **change: Any) -> Any:
        changes = change.get("changes") or self.switch("devolved", "CEN", of="FIN")
        return plan_transition(actor=self.ada, title=title, reason="Nearer to the work.", changes=changes)


@pytest.fixture
def cast(db: None) -> Cast:
    """Ada and Abe administer, Sam sponsors, Tom audits; Eve leads Finance, Rob reads there, Gus is its guest; Cleo
    leads the centre of excellence and Lou Retail. Ola belongs nowhere."""
    names = {
        "ada": "Ada Admin",
        "abe": "Abe Second",
        "sam": "Sam Sponsor",
        "tom": "Tom Auditor",
        "eve": "Eve Lead",
        "rob": "Rob Reader",
        "gus": "Gus Guest",
        "cleo": "Cleo Centre",
        "lou": "Lou Retail",
        "ola": "Ola Outside",
    }
    cast = Cast(**{key: User.objects.create_user(f"{key}@example.org", name=name) for key, name in names.items()})
    appoint_first_administrator(user=cast.ada)
    for who, role in (
        ("sam", OrganisationRole.SPONSOR),
        ("tom", OrganisationRole.AUDITOR),
        ("abe", OrganisationRole.ADMINISTRATOR),
    ):
        grant_organisation_role(actor=cast.ada, user=getattr(cast, who), role=role)
    install_builtin_models()
    create_units(
        actor=cast.ada,
        units=[
            NewUnit(code="ORG", name="Organisation", kind=UnitKind.ORGANISATION),
            NewUnit(code="COE", name="Excellence", kind=UnitKind.CENTRE_OF_EXCELLENCE, parent="ORG"),
            NewUnit(code="CEN", name="Central team", kind=UnitKind.CENTRAL_TEAM, parent="ORG"),
            NewUnit(code="FIN", name="Finance", kind=UnitKind.DEPARTMENT, parent="ORG"),
            NewUnit(code="RET", name=LONG_NAME, kind=UnitKind.DEPARTMENT, parent="ORG"),
        ],
    )
    posts = (
        ("eve", "FIN", Role.LEAD),
        ("rob", "FIN", Role.READER),
        ("cleo", "COE", Role.LEAD),
        ("lou", "RET", Role.LEAD),
    )
    grant_memberships(
        actor=cast.ada,
        memberships=[
            *(NewMembership(user=getattr(cast, who), unit=cast.unit(code), role=role) for who, code, role in posts),
            NewMembership(user=cast.gus, unit=cast.unit("FIN"), role=Role.AUTHOR, guest=True),
        ],
    )
    first = cast.plan("The first model", changes=cast.switch("centre_of_excellence", "COE", of="ORG"))
    send_for_confirmation(actor=cast.ada, transition=first)
    confirm_transition(actor=cast.sam, transition=first, seen_hash=first.plan_hash)
    apply_transition(actor=cast.ada, transition=first)
    return cast
