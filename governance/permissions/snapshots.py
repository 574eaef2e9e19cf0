"""The organisation at one moment, read from the database into the compiler's plain values."""

from datetime import datetime
from functools import lru_cache

from django.contrib.auth import get_user_model
from django.db.models import Min, Q
from django.utils import timezone

from governance.compiler import snapshot as plain
from governance.models import (
    Assignment,
    BusinessUnit,
    Delegation,
    Mandate,
    Membership,
    OperatingModelVersion,
    OrganisationRoleHolding,
    SpecialGrant,
    UnitPeriod,
)
from governance.operating_models.loader import parse
from governance.operating_models.schema import OperatingModel
from governance.vocabulary import Capability, OrganisationRole, Reach, RiskLevel, Role, UnitKind


@lru_cache(maxsize=512)
def _parsed(content_hash: str, source: str, name: str) -> OperatingModel:
    return parse(source, source=name)


def model_of(version: OperatingModelVersion) -> OperatingModel:
    """Return what a stored version says; parsed once per content."""
    return _parsed(version.content_hash, version.source, str(version))


def load_snapshot(at: datetime | None = None) -> plain.Snapshot:
    """Return everything the compiler depends on as it held at ``at`` (now by default).

    People's being active and the natural person behind an account are today's, whatever the moment.
    """
    moment = at or timezone.now()
    holdings: dict[str, set[int]] = {role.value: set() for role in OrganisationRole}
    for user, role in OrganisationRoleHolding.objects.valid_at(moment).values_list("user_id", "role"):
        holdings[role].add(user)
    versions = OperatingModelVersion.objects.select_related("family")
    return plain.Snapshot(
        at=moment,
        units=_units(moment, today=at is None),
        users=tuple(
            plain.User(*row) for row in get_user_model().objects.values_list("pk", "person_id", "name", "is_active")
        ),
        memberships=tuple(
            plain.Membership(pk, user, unit, Role(role), Reach(reach), guest)
            for pk, user, unit, role, reach, guest in Membership.objects.valid_at(moment)
            .order_by("pk")
            .values_list("pk", "user_id", "unit_id", "role", "reach", "guest")
        ),
        models={version.pk: model_of(version) for version in versions},
        assignments=tuple(
            plain.Assignment(pk, unit, Capability(capability) if capability else None, version, centre)
            for pk, unit, capability, version, centre in Assignment.objects.valid_at(moment)
            .order_by("pk")
            .values_list("pk", "unit_id", "capability", "model_version_id", "centre_id")
        ),
        mandates=tuple(
            plain.Mandate(pk, plain.RemitKey(unit, Capability(capability)), centre, RiskLevel(limit))
            for pk, unit, capability, centre, limit in Mandate.objects.valid_at(moment)
            .order_by("pk")
            .values_list("pk", "remit__unit_id", "remit__capability", "centre_id", "risk_limit")
        ),
        delegations=_delegations(moment),
        special_grants=tuple(
            plain.SpecialGrant(pk, user, right, str(subject))
            for pk, user, right, subject in SpecialGrant.objects.valid_at(moment).values_list(
                "pk", "user_id", "right", "subject_id"
            )
        ),
        administrators=frozenset(holdings["administrator"]),
        sponsors=frozenset(holdings["sponsor"]),
        auditors=frozenset(holdings["auditor"]),
    )


def next_boundary(after: datetime) -> datetime | None:
    """Return the next moment after ``after`` at which a dated row begins or ends, if any."""
    moments = []
    for model in (Membership, OrganisationRoleHolding, Assignment, Mandate, Delegation, UnitPeriod):
        found = model.objects.aggregate(
            begins=Min("valid_from", filter=Q(valid_from__gt=after)), ends=Min("valid_to", filter=Q(valid_to__gt=after))
        )
        moments += [moment for moment in found.values() if moment is not None]
    return min(moments, default=None)


def _units(moment: datetime, *, today: bool) -> tuple[plain.Unit, ...]:
    if today:
        rows = BusinessUnit.objects.order_by("pk").values_list("pk", "code", "name", "kind", "parent_id", "closed_at")
        return tuple(
            plain.Unit(pk, code, name, UnitKind(kind), parent, closed is not None)
            for pk, code, name, kind, parent, closed in rows
        )
    dated = (
        UnitPeriod.objects.valid_at(moment)
        .order_by("unit_id")
        .values_list("unit_id", "unit__code", "name", "kind", "parent_id", "closed")
    )
    return tuple(
        plain.Unit(pk, code, name, UnitKind(kind), parent, gone) for pk, code, name, kind, parent, gone in dated
    )


def _delegations(moment: datetime) -> tuple[plain.Delegation, ...]:
    rows = Delegation.objects.valid_at(moment).prefetch_related("remits").order_by("pk")
    return tuple(
        plain.Delegation(
            row.pk,
            row.delegator_id,
            row.substitute_id,
            frozenset(plain.RemitKey(remit.unit_id, Capability(remit.capability)) for remit in row.remits.all()),
        )
        for row in rows
    )
