"""Planned changes of the operating model."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models


class Transition(models.Model):
    """A planned change of assignments: drafted with its computed plan, confirmed by a second person, applied once.

    ``changes`` is a list of ``{"unit": id, "model_version": id, "centre": id|null, "centres": {capability: unit id},
    "risk_limit": …, "mandate_until": ISO date}``. ``plan`` is the saved difference that people confirmed, ``plan_hash``
    its SHA-256, ``base_epoch`` and ``base_hash`` what it stands on. Applying runs exactly the saved plan or refuses.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        WAITING = "waiting", "Waiting for confirmation"
        CONFIRMED = "confirmed", "Confirmed"
        APPLIED = "applied", "Applied"
        CANCELLED = "cancelled", "Cancelled"
        REFUSED = "refused", "Refused"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.CharField(max_length=16, unique=True)
    title = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    changes = models.JSONField(default=list)
    plan = models.JSONField(default=dict)
    plan_hash = models.CharField(max_length=64, blank=True)
    base_epoch = models.PositiveBigIntegerField(default=0)
    base_hash = models.CharField(max_length=64, blank=True)
    planned_at = models.DateTimeField(null=True, blank=True)
    planned_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmation_comment = models.TextField(blank=True)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class PermissionState(models.Model):
    """The one row that says which compilation is stored. ``epoch`` grows with every change of grants or parties;
    everything cached about a person's rights carries it."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    epoch = models.PositiveBigIntegerField(default=0)
    compiled_at = models.DateTimeField(null=True, blank=True)
    next_boundary = models.DateTimeField(null=True, blank=True)
    public_reading = models.BooleanField(default=False)


class NumberSeries(models.Model):
    """The last number given out in a series (``STD``, ``R``, ``P``). Locked while the next is taken; never lowered."""

    key = models.CharField(max_length=16, primary_key=True)
    last = models.PositiveIntegerField(default=0)
