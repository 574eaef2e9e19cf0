"""Whom a document touches: the units it applies to, their people, and the exceptions from it."""

from typing import Any

from django.utils import timezone

from governance.models import BusinessUnit, ExceptionRequest, Membership, Remit, Request, UnitClosure
from governance.vocabulary import UnitKind
from knowledge.days import today
from knowledge.models import Document

MOST_NAMES = 50


def affected_by(document: Document) -> dict[str, Any]:
    """Return ``units`` and ``people`` (counts), ``names`` of the units (at most fifty) and ``exceptions`` in force.

    A centre's document applies to the units that it governs for the document's capability; any other unit's to itself
    and the units below it. Closed units and guests do not count.
    """
    exceptions = ExceptionRequest.objects.filter(
        request__subject_id=document.public_id,
        request__status=Request.Status.APPROVED,
        ended_at__isnull=True,
        until__gte=today(),
    ).count()
    return {**affected_in(document.remit), "exceptions": exceptions}


def affected_in(remit: Remit) -> dict[str, Any]:
    """Return ``units``, ``people`` and ``names`` likewise for whatever document of the remit."""
    units = applies_to(remit).order_by("name")
    names = list(units.values_list("name", flat=True))
    people = (
        Membership.objects.valid_at(timezone.now())
        .filter(unit__in=units.order_by().values("pk"), guest=False, user__is_active=True)
        .values("user__person_id")
        .distinct()
        .count()
    )
    return {"units": len(names), "people": people, "names": names[:MOST_NAMES]}


def applies_to(remit: Remit) -> Any:
    """Return the open units to which documents of the remit apply."""
    open_units = BusinessUnit.objects.filter(closed_at__isnull=True)
    if remit.unit.is_centre:
        governed = Remit.objects.filter(centre=remit.unit, capability=remit.capability).exclude(unit=remit.unit)
        return open_units.filter(pk__in=governed.values("unit_id"))
    below = UnitClosure.objects.filter(ancestor=remit.unit)
    return open_units.filter(pk__in=below.values("descendant_id"))


def remits_applying_to(unit: BusinessUnit) -> Any:
    """Return the ids of the remits whose documents apply to the unit: its own, those above it, and its centres'."""
    above = UnitClosure.objects.filter(descendant=unit).values_list("ancestor_id", flat=True)
    own = Remit.objects.filter(unit=unit)
    ids = set(Remit.objects.filter(unit__in=list(above), unit__kind__in=_plain_kinds()).values_list("pk", flat=True))
    ids |= set(own.values_list("pk", flat=True))
    centres = dict(own.filter(centre__isnull=False).values_list("capability", "centre_id"))
    for remit_id, capability, unit_id in Remit.objects.filter(unit__in=set(centres.values())).values_list(
        "pk", "capability", "unit_id"
    ):
        if centres.get(capability) == unit_id:
            ids.add(remit_id)
    return sorted(ids)


def _plain_kinds() -> list[str]:
    return [kind.value for kind in UnitKind if not kind.is_centre]
