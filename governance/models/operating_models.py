"""Operating models as the organisation holds them: a name that stays, versions written once."""

import uuid
from datetime import date, timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from governance.models.organisation import BusinessUnit, Remit
from governance.models.validity import ValidFor
from governance.vocabulary import Capability, RiskLevel


class OperatingModelFamily(models.Model):
    """An operating model under a key that stays (``centre_of_excellence``); what it says is in its versions."""

    key = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    is_builtin = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.name


class OperatingModelVersion(models.Model):
    """One immutable version of an operating model: its TOML, word for word, and the hash of what it says."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    family = models.ForeignKey(OperatingModelFamily, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    source = models.TextField()
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["family", "-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["family", "number"], name="model_version_number_is_unique"),
            models.UniqueConstraint(fields=["family", "content_hash"], name="model_version_content_is_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.family.name}, version {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Insert the version; a second save is refused, for versions are written once."""
        if self.pk is not None:
            raise TypeError("A version of an operating model is never changed; make a new version.")
        super().save(*args, **kwargs)


class Assignment(ValidFor):
    """The model version and centre a unit is under, for a time. Nearest ancestor wins.

    With a capability the row only names another centre for that capability; it stands beside the unit's general row,
    carries the same model version and ends with it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="assignments")
    capability = models.CharField(max_length=16, blank=True, choices=[(c.value, c.label) for c in Capability])
    model_version = models.ForeignKey(OperatingModelVersion, on_delete=models.PROTECT, related_name="assignments")
    centre = models.ForeignKey(
        BusinessUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="governed_assignments"
    )
    transition = models.ForeignKey(
        "governance.Transition", null=True, blank=True, on_delete=models.PROTECT, related_name="assignments"
    )

    class Meta(ValidFor.Meta):
        constraints: ClassVar = [
            *ValidFor.Meta.constraints,
            models.UniqueConstraint(
                fields=["unit", "capability"], condition=Q(valid_to__isnull=True), name="one_open_assignment"
            ),
        ]


class Mandate(ValidFor):
    """Authority that a centre gives to a remit, up to and including a risk limit, until ``valid_to``."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    remit = models.ForeignKey(Remit, on_delete=models.PROTECT, related_name="mandates")
    centre = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="mandates_given")
    risk_limit = models.CharField(max_length=8, choices=[(r.value, r.value.capitalize()) for r in RiskLevel])
    reason = models.CharField(max_length=500, blank=True)


class Delegation(ValidFor):
    """One person's substitute for deciding in the named remits, for a time. Cannot be passed on."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    delegator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_given")
    substitute = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations_held")
    remits = models.ManyToManyField(Remit, related_name="delegations")
    reason = models.CharField(max_length=500, blank=True)

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds, where people see it; None while it has no end."""
        if self.valid_to is None:
            return None
        return timezone.localtime(self.valid_to - timedelta(microseconds=1)).date()


class SpecialGrant(ValidFor):
    """One person may read one document (``read``) or its drafts as well (``read_draft``), until ``valid_to``."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="special_grants")
    right = models.CharField(max_length=16, choices=[("read", "Read"), ("read_draft", "Read drafts")])
    subject_id = models.UUIDField()
    reason = models.CharField(max_length=500)

    class Meta(ValidFor.Meta):
        indexes: ClassVar = [models.Index(fields=["user", "subject_id"], name="special_grant_by_user")]
