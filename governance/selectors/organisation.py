"""Units, centres, models and who is under what: what everybody in the organisation may read about its shape."""

from collections import OrderedDict
from datetime import datetime
from threading import Lock
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from governance.compiler.snapshot import Snapshot
from governance.compiler.world import World
from governance.models import (
    Assignment,
    BusinessUnit,
    Membership,
    OperatingModelFamily,
    OperatingModelVersion,
    Remit,
    UnitClosure,
)
from governance.permissions import snapshots, store
from governance.permissions.standing import current_epoch

_worlds: OrderedDict[tuple[str, int], World] = OrderedDict()
_worlds_lock = Lock()
_KEPT = 2


def load_snapshot(at: datetime | None = None) -> Snapshot:
    """Return the organisation as it held at ``at`` (now by default)."""
    return snapshots.load_snapshot(at)


def current_world(*, hold: bool = False) -> World:
    """Return the relations of people, units and centres as of the stored permission epoch; kept per epoch.

    With ``hold``, inside a transaction, nobody changes them until it ends, and what has begun or ended by date since
    they were compiled counts already. Inside a change that alters the organisation, use the world that the compilation
    returns instead.
    """
    if not hold:
        return _world_of(current_epoch())
    state = store.hold()
    if state.next_boundary is not None and state.next_boundary <= timezone.now():
        return World(load_snapshot())
    return _world_of(state.epoch)


def _world_of(epoch: int) -> World:
    key = (str(connection.settings_dict["NAME"]), epoch)
    with _worlds_lock:
        found = _worlds.get(key)
    if found is not None:
        return found
    fresh = World(load_snapshot())
    with _worlds_lock:
        _worlds[key] = fresh
        while len(_worlds) > _KEPT:
            _worlds.popitem(last=False)
    return fresh


def units() -> "QuerySet[BusinessUnit]":
    """Return every unit with its parent, closed ones too, by name."""
    return BusinessUnit.objects.select_related("parent").order_by("name", "code")


def units_called(text: str) -> "QuerySet[BusinessUnit]":
    """Return the units whose name or code holds ``text``; every unit where it is empty."""
    return units().filter(Q(name__icontains=text) | Q(code__icontains=text)) if text else units()


def open_units() -> "QuerySet[BusinessUnit]":
    """Return the units that are open, by name."""
    return units().filter(closed_at__isnull=True)


def unit_by_code(code: str) -> BusinessUnit:
    """Return the unit with this code, whatever its case; raises ``BusinessUnit.DoesNotExist``."""
    return BusinessUnit.objects.select_related("parent").get(code__iexact=code)


def centres() -> "QuerySet[BusinessUnit]":
    """Return the open units that are centres."""
    return open_units().filter(kind__in=["centre_of_excellence", "shared_service", "central_team"])


def units_below(unit: BusinessUnit) -> "QuerySet[BusinessUnit]":
    """Return the unit and every unit below it."""
    return units().filter(pk__in=UnitClosure.objects.filter(ancestor=unit).values("descendant_id"))


def units_of(user: Any) -> "QuerySet[BusinessUnit]":
    """Return the open units of which the person is a direct member now and no guest."""
    return open_units().filter(pk__in=Membership.objects.valid_at().filter(user=user.pk, guest=False).values("unit_id"))


def unit_with_people_counts() -> "QuerySet[BusinessUnit]":
    """Return open units with ``people``: how many direct members each has now."""
    current = Membership.objects.valid_at().values("pk")
    return open_units().annotate(people=Count("memberships", filter=Q(memberships__in=current)))


def remits_of(unit: BusinessUnit) -> "QuerySet[Remit]":
    """Return the unit's six remits with what governs them."""
    return Remit.objects.filter(unit=unit).select_related("unit", "centre", "model_version__family")


def memberships_of(unit: BusinessUnit, at: datetime | None = None) -> "QuerySet[Membership]":
    """Return the unit's memberships in force, leads first."""
    return (
        Membership.objects.valid_at(at)
        .filter(unit=unit)
        .select_related("user")
        .order_by("guest", "-role", "user__name")
    )


def assignments_now() -> "QuerySet[Assignment]":
    """Return every assignment in force with its unit, model and centre."""
    return Assignment.objects.valid_at().select_related("unit", "centre", "model_version__family", "transition")


def latest_versions() -> list[OperatingModelVersion]:
    """Return the newest version of each operating model, in the order of the models' names."""
    rows = OperatingModelVersion.objects.select_related("family").order_by("family__name", "-number")
    newest: dict[int, OperatingModelVersion] = {}
    for row in rows:
        newest.setdefault(row.family_id, row)
    return list(newest.values())


def model_family(key: str) -> OperatingModelFamily:
    """Return the operating model under ``key``; raises ``OperatingModelFamily.DoesNotExist``."""
    return OperatingModelFamily.objects.get(key=key)
