"""Organisations that the reading and the product are asked about: a told one for each model, and generated ones."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from django.utils import timezone

from accounts.models import User
from governance.compiler.assignments import assignment_problem
from governance.compiler.snapshot import Assignment as Assigned
from governance.compiler.snapshot import Mandate as Mandated
from governance.compiler.snapshot import RemitKey, Snapshot
from governance.models import (
    Assignment,
    BusinessUnit,
    Delegation,
    Mandate,
    Membership,
    OperatingModelVersion,
    OrganisationRoleHolding,
    Remit,
)
from governance.vocabulary import Capability, Reach, RiskLevel, Role, UnitKind
from tests.governance.organisations import Organisation

CENTRES = {
    "decentralized": UnitKind.CENTRE_OF_EXCELLENCE,
    "independent": None,
    "shared_services": UnitKind.SHARED_SERVICE,
    "centre_of_excellence": UnitKind.CENTRE_OF_EXCELLENCE,
    "devolved": UnitKind.CENTRAL_TEAM,
    "evolved": UnitKind.CENTRAL_TEAM,
    "centralized": UnitKind.CENTRAL_TEAM,
}


def told(model: str) -> Snapshot:
    """Countries, a team, a market that closed and two centres under the model, with somebody of every kind.

    One country has a model of its own under the same centre.
    """
    kind = CENTRES[model]
    organisation = (
        Organisation()
        .unit("ORG", kind=UnitKind.ORGANISATION)
        .unit("NORTH", above="ORG", kind=UnitKind.COUNTRY)
        .unit("SOUTH", above="ORG", kind=UnitKind.COUNTRY)
        .unit("TEAM", above="NORTH", kind=UnitKind.TEAM)
        .unit("GONE", above="ORG", kind=UnitKind.MARKET, closed=True)
        .centre("HUB", above="ORG", kind=kind or UnitKind.CENTRAL_TEAM)
        .centre("LAB", above="HUB", kind=UnitKind.SHARED_SERVICE)
        .unit("EAST", above="ORG", kind=UnitKind.COUNTRY)
        .assign("ORG", model, centre="HUB" if kind else None)
        .assign("EAST", "decentralized", centre="HUB" if kind else None)
        .member("east lead", "EAST", Role.LEAD)
    )
    if kind:
        organisation.assign("ORG", model, centre="LAB", capability=Capability.OPERATIONS)
    for unit in ("NORTH", "GONE", "HUB"):
        for role in Role:
            organisation.member(f"{unit} {role}".lower(), unit, role)
    if model == "devolved":
        for unit in ("ORG", "NORTH", "SOUTH", "TEAM"):
            organisation.mandate(unit, Capability.CHANGE, centre="HUB", limit=RiskLevel.LOW)
            organisation.mandate(unit, Capability.OPERATIONS, centre="LAB")
        organisation.mandate("NORTH", Capability.KNOWLEDGE, centre="LAB")
    return (
        organisation.member("org lead", "ORG", Role.LEAD)
        .member("reaching author", "ORG", Role.AUTHOR, subtree=True)
        .member("south lead", "SOUTH", Role.LEAD)
        .member("south author", "SOUTH", Role.AUTHOR)
        .member("team reader", "TEAM", Role.READER)
        .member("lab lead", "LAB", Role.LEAD)
        .member("agency reader", "NORTH", Role.READER, guest=True)
        .member("agency author", "ORG", Role.AUTHOR, subtree=True, guest=True)
        .person("left", active=False)
        .member("left", "NORTH", Role.LEAD)
        .person("outsider")
        .delegate("south lead", "stands in", ("SOUTH", Capability.KNOWLEDGE), ("NORTH", Capability.KNOWLEDGE))
        .administrator("admin")
        .sponsor("sponsor")
        .auditor("auditor")
        .person("auditor's other", same_as="auditor")
        .member("auditor's other", "NORTH", Role.LEAD)
        .snapshot()
    )


def with_nobody_who_publishes(*, where: str) -> Snapshot:
    """Others stand in for publishing: above a centre that has no lead, or above a unit that has none."""
    organisation = (
        Organisation()
        .unit("ORG", kind=UnitKind.ORGANISATION)
        .unit("NORTH", above="ORG", kind=UnitKind.COUNTRY)
        .unit("TEAM", above="NORTH", kind=UnitKind.TEAM)
        .unit("HOUSE", above="ORG", kind=UnitKind.DEPARTMENT)
        .centre("COE", above="HOUSE")
        .assign("ORG", "centre_of_excellence", centre="COE")
        .member("org lead", "ORG", Role.LEAD)
        .member("second org lead", "ORG", Role.LEAD)
        .member("north lead", "NORTH", Role.LEAD)
        .member("team reader", "TEAM", Role.READER)
        .member("house lead", "HOUSE", Role.LEAD)
        .member("centre author", "COE", Role.AUTHOR)
    )
    return (
        organisation.member("centre lead", "COE", Role.LEAD).snapshot() if where == "unit" else organisation.snapshot()
    )


def of_many_seats(*, divisions: int) -> Snapshot:
    """A council of sixteen units, so many of them divisions; two units have a lead, and so has a centre that nobody put
    under a model."""
    organisation = (
        Organisation()
        .unit("ORG", kind=UnitKind.ORGANISATION)
        .centre("HUB", above="ORG", kind=UnitKind.CENTRAL_TEAM)
        .centre("LOST")
        .assign("ORG", "independent")
        .member("chair", "HUB", Role.LEAD)
        .member("lost lead", "LOST", Role.LEAD)
    )
    for number in range(16):
        kind = UnitKind.DIVISION if number < divisions else UnitKind.MARKET
        organisation.unit(f"U{number}", above="ORG", kind=kind).assign(f"U{number}", "evolved", centre="HUB")
    return organisation.member("first lead", "U0", Role.LEAD).member("last lead", "U15", Role.LEAD).snapshot()


def shaken(model: str, random: Random) -> Snapshot:
    """The told organisation under the model, in which much is otherwise: who is what and where, who is under which
    other model, what is closed, mandated and lent. Of the many people in it somebody still holds nearly every right."""
    snapshot = told(model)
    units = {unit.id: unit for unit in snapshot.units}
    centres = [unit for unit in units.values() if unit.kind.is_centre]
    numbers = [user.id for user in snapshot.users]
    memberships = tuple(
        replace(
            row,
            unit=random.choice([row.unit, row.unit, random.choice(list(units))]),
            role=row.role if row.role is Role.LEAD else random.choice(list(Role)),
            reach=random.choice(list(Reach)),
            guest=row.guest or random.random() < 0.1,
        )
        for row in snapshot.memberships
    )
    assignments = list(snapshot.assignments)
    other = random.choice([unit for unit in units.values() if unit.id not in {row.unit for row in assignments}])
    choices = [
        (version, centre and centre.id)
        for version, known in snapshot.models.items()
        for centre in (None, *centres)
        if assignment_problem(known, centre, replace(other, closed=False)) is None
    ]
    version, centre = random.choice(choices)
    assignments.append(Assigned(len(assignments) + 1, other.id, None, version, centre))
    named = {row.centre for row in assignments}
    closing = [unit.id for unit in units.values() if unit.id not in named and random.random() < 0.15]
    remits = [RemitKey(unit, capability) for unit in units for capability in Capability]
    given = [*snapshot.mandates, *(Mandated(0, remit, random.choice(centres).id, RiskLevel.LOW) for remit in remits)]
    return replace(
        snapshot,
        units=tuple(replace(unit, closed=unit.closed or unit.id in closing) for unit in units.values()),
        memberships=memberships,
        assignments=tuple(assignments),
        mandates=tuple(random.sample(given, len(given) // 2)),
        delegations=tuple(
            replace(row, delegator=random.choice(numbers), substitute=random.choice(numbers))
            for row in snapshot.delegations
        ),
    )


TOLD: dict[str, Callable[[], Snapshot]] = {
    **{model: partial(told, model) for model in CENTRES},
    "an empty centre": partial(with_nobody_who_publishes, where="centre"),
    "an empty unit": partial(with_nobody_who_publishes, where="unit"),
    "sixteen seats": partial(of_many_seats, divisions=2),
    "one division": partial(of_many_seats, divisions=1),
}


def write_what_does_not_hold(random: Random) -> None:
    """Rows of every dated kind that ended yesterday or begin tomorrow, for whoever takes them for what holds."""
    users = list(User.objects.order_by("pk"))
    units = list(BusinessUnit.objects.order_by("pk"))
    remits = list(Remit.objects.order_by("pk"))
    centres = [unit for unit in units if unit.is_centre] or units
    models = list(OperatingModelVersion.objects.order_by("pk"))
    for dates in (_ended(), _not_begun()):
        user, other = random.choice(users), random.choice(users)
        reach = random.choice(["unit", "subtree"])
        Membership.objects.create(user=user, unit=random.choice(units), role="lead", reach=reach, **dates)
        Mandate.objects.create(remit=random.choice(remits), centre=random.choice(centres), risk_limit="high", **dates)
        OrganisationRoleHolding.objects.create(user=other, role=random.choice(["auditor", "administrator"]), **dates)
        Delegation.objects.create(delegator=user, substitute=other, **dates).remits.set(random.sample(remits, 2))
        Assignment.objects.create(unit=random.choice(units), model_version=random.choice(models), **dates)


def _ended() -> dict[str, Any]:
    return {"valid_from": timezone.now() - timedelta(days=9), "valid_to": timezone.now() - timedelta(days=1)}


def _not_begun() -> dict[str, Any]:
    return {"valid_from": timezone.now() + timedelta(days=1), "valid_to": timezone.now() + timedelta(days=9)}
