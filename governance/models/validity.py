"""Rows that hold for a time and are never overwritten."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class ValidQuerySet(models.QuerySet[Any]):
    """Rows by the moment at which they hold."""

    def valid_at(self, moment: datetime | None = None) -> Self:
        """Rows whose ``[valid_from, valid_to)`` holds ``moment`` (now by default)."""
        at = moment or timezone.now()
        return self.filter(Q(valid_from__lte=at) & (Q(valid_to__isnull=True) | Q(valid_to__gt=at)))

    def not_ended(self, moment: datetime | None = None) -> Self:
        """Rows that hold now or will hold later."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=moment or timezone.now()))


class ValidFor(models.Model):
    """A fact that holds from ``valid_from`` until just before ``valid_to`` (open when empty).

    ``recorded_at`` and ``recorded_by`` say when and by whom the fact was written down, ``ended_at`` and ``ended_by``
    the same of its end. A row is written once and ended once; a correction is a new row.
    """

    valid_from = models.DateTimeField(default=timezone.now)
    valid_to = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar[Any] = ValidQuerySet.as_manager()

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="%(app_label)s_%(class)s_ends_after_it_starts",
            )
        ]
