"""Tries a model on the smallest organisation that has everything a model speaks of."""

from datetime import UTC, datetime

from governance.compiler.compile import compile as compile_snapshot
from governance.compiler.snapshot import Assignment, Membership, RemitKey, Snapshot, Unit, User
from governance.operating_models.schema import CentreNeed, OperatingModel
from governance.rights import Right
from governance.vocabulary import Capability, Role, UnitKind

_ROOT, _CENTRE, _FIRST, _SECOND = 1, 2, 3, 4
_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)


def compile_problem(model: OperatingModel) -> str | None:
    """Return why no organisation could live under ``model``, or None: somebody must draft, decide and publish in
    every remit of a unit with an author and a lead, under a centre with the same."""
    snapshot = _organisation(model)
    try:
        compiled = compile_snapshot(snapshot)
    except Exception as error:  # noqa: BLE001 - whatever stops the compiler is the answer
        return f"{type(error).__name__}: {error}"
    for problem in compiled.problems:
        return problem.message
    held = {(grant.remit, grant.right) for grant in compiled.grants if compiled.parties[grant.party]}
    for capability in Capability:
        for right in (Right.READ, Right.DRAFT, Right.DECIDE, Right.PUBLISH):
            if (RemitKey(_FIRST, capability), right) not in held:
                return f"nobody could {right.label.lower()} for the capability {capability.value}."
    return None


def _organisation(model: OperatingModel) -> Snapshot:
    has_centre = model.centre_need is not CentreNeed.NONE
    kind = next(iter(sorted(model.centre_kinds)), UnitKind.CENTRAL_TEAM)
    units = (
        Unit(_ROOT, "ORG", "Organisation", UnitKind.ORGANISATION, None),
        Unit(_CENTRE, "CEN", "Centre", kind, _ROOT),
        Unit(_FIRST, "ONE", "First", UnitKind.DEPARTMENT, _ROOT),
        Unit(_SECOND, "TWO", "Second", UnitKind.DEPARTMENT, _ROOT),
    )
    posts = [(unit.id, role) for unit in units for role in (Role.AUTHOR, Role.LEAD)]
    return Snapshot(
        at=_MOMENT,
        units=units,
        users=tuple(User(number, number, f"Person {number}") for number, _ in enumerate(posts, 1)),
        memberships=tuple(Membership(number, number, unit, role) for number, (unit, role) in enumerate(posts, 1)),
        models={1: model},
        assignments=(Assignment(1, _ROOT, None, 1, _CENTRE if has_centre else None),),
    )
