"""What is new and what is coming: for a person's own page."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from governance.models import BusinessUnit, Remit, Request, UnitClosure
from governance.permissions import policy
from governance.rights import Right
from governance.vocabulary import CENTRE_KINDS
from knowledge.days import today
from knowledge.models import Document
from knowledge.selectors.reviews import reviewed_documents

_TEXTS = tuple(f"in_force__{name}" for name in ("body", "html", "plain", "contents", "metadata", "manifest"))


def new_for_units(actor: Any, units: Iterable[BusinessUnit], *, days: int = 30) -> "QuerySet[Document]":
    """Return what came into force in so many days and applies to one of the units, the newest first; one statement.

    A document of a centre applies to the units that it governs, any other to its own unit and those below it.
    """
    ids = [unit.pk for unit in units]
    above = UnitClosure.objects.filter(ancestor=OuterRef("remit__unit"), descendant__in=ids)
    governed = Remit.objects.filter(
        unit__in=ids, centre=OuterRef("remit__unit"), capability=OuterRef("remit__capability")
    )
    applies = Q(remit__unit__in=ids) | Q(Exists(governed))
    applies |= Q(Exists(above)) & ~Q(remit__unit__kind__in=sorted(CENTRE_KINDS))
    since = today() - timedelta(days=days)
    rows = policy.visible(actor, reviewed_documents().filter(in_force_since__gte=since), Right.READ).filter(applies)
    return rows.select_related("remit__unit", "in_force").defer(*_TEXTS).order_by("-in_force_since", "-pk")


def reviews_coming(actor: Any, *, after: date, until: date) -> "QuerySet[Document]":
    """Return the documents that the actor may confirm whose review lies between the two days."""
    rows = policy.visible(actor, reviewed_documents(), Right.CONFIRM_REVIEW)
    return rows.filter(next_review_on__gt=after, next_review_on__lte=until).order_by("next_review_on", "pk")


def versions_coming(actor: Any) -> "QuerySet[Document]":
    """Return the documents with an approved version that waits for its day, with ``starts_on``."""
    starts = Request.objects.filter(
        subject_id=OuterRef("public_id"),
        subject_version=OuterRef("approved__public_id"),
        kind=Request.Kind.PUBLICATION,
    ).order_by("-opened_at")
    rows = policy.visible(actor, Document.objects.filter(approved__isnull=False), Right.READ_DRAFT)
    return rows.annotate(starts_on=Subquery(starts.values("effective_on")[:1])).order_by("starts_on", "pk")
