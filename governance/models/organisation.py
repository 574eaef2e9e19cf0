"""Business units, their tree through time, and the remits that permissions are held on."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from guardian.models import GroupObjectPermissionBase

from governance.governed import Governed
from governance.models.validity import ValidFor
from governance.rights import Right
from governance.vocabulary import Capability, Mode, UnitKind


class BusinessUnit(models.Model):
    """A node of the unit tree, a centre included. Closed, never deleted; its code is never reused.

    ``name``, ``kind``, ``parent`` and ``closed_at`` are what holds now, kept beside the dated rows of ``UnitPeriod``
    so that a list of units is one query; ``actions.units`` writes both in one transaction.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=32, choices=[(kind.value, kind.label) for kind in UnitKind])
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["name", "code"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The unit's page."""
        return f"/units/{self.code}/"

    @property
    def unit_kind(self) -> UnitKind:
        """The kind as a value of the vocabulary."""
        return UnitKind(self.kind)

    @property
    def is_centre(self) -> bool:
        """Whether the unit governs others."""
        return self.unit_kind.is_centre

    @property
    def is_closed(self) -> bool:
        """Whether the unit was closed."""
        return self.closed_at is not None


class UnitPeriod(ValidFor):
    """What a unit was called, of what kind and under which parent, for a time. A change ends one row and starts one."""

    unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="periods")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=32)
    parent = models.ForeignKey(BusinessUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)

    class Meta(ValidFor.Meta):
        constraints: ClassVar = [
            *ValidFor.Meta.constraints,
            models.UniqueConstraint(
                fields=["unit"], condition=Q(valid_to__isnull=True), name="unit_has_one_open_period"
            ),
        ]


class UnitClosure(models.Model):
    """Every (ancestor, descendant) pair of today's tree with its distance, the unit itself at 0. Derived, rebuilt."""

    ancestor = models.ForeignKey(BusinessUnit, on_delete=models.CASCADE, related_name="below")
    descendant = models.ForeignKey(BusinessUnit, on_delete=models.CASCADE, related_name="above")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["ancestor", "descendant"], name="unit_closure_pair_is_unique")
        ]
        indexes: ClassVar = [models.Index(fields=["descendant", "depth"], name="unit_closure_upward")]


class Remit(models.Model):
    """One unit × one capability: the thing that permissions are held on. Six are made with each unit, none is deleted.

    ``model_version``, ``mode``, ``effective_mode`` and ``centre`` repeat what the compiler found, for lists and pages;
    only ``permissions.store`` writes them, and ``verify_permissions`` compares them.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="remits")
    capability = models.CharField(max_length=16, choices=[(c.value, c.label) for c in Capability])
    model_version = models.ForeignKey(
        "governance.OperatingModelVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    mode = models.CharField(max_length=16, blank=True, choices=[(m.value, m.value) for m in Mode])
    effective_mode = models.CharField(max_length=16, blank=True, choices=[(m.value, m.value) for m in Mode])
    centre = models.ForeignKey(BusinessUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    governed: ClassVar[Governed] = Governed(remit="")

    class Meta:
        default_permissions = ()
        permissions: ClassVar = [(right.value, right.label) for right in Right]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "capability"], name="remit_is_unit_times_capability")
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {Capability(self.capability).label}"


class RemitGroupPermission(GroupObjectPermissionBase):
    """A compiled grant: one right in one remit for one party, as guardian's direct foreign-key group permission.

    ``relations`` holds the relations it stands for, separated by spaces. Only ``permissions.store`` writes rows.
    """

    content_object = models.ForeignKey(Remit, on_delete=models.CASCADE, related_name="group_permissions")
    relations = models.CharField(max_length=200, blank=True)

    class Meta(GroupObjectPermissionBase.Meta):
        indexes: ClassVar = [models.Index(fields=["content_object", "permission", "group"], name="grant_by_remit")]


class Party(models.Model):
    """A compiled set of people (unit × role, community of a centre, organisation, auditors …) on an ``auth.Group``.

    The group's name spells kind, unit, capability and role, and is unique: so is the party.
    """

    group = models.OneToOneField("auth.Group", primary_key=True, on_delete=models.CASCADE, related_name="party")
    kind = models.CharField(max_length=16)
    unit = models.ForeignKey(BusinessUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="parties")
    capability = models.CharField(max_length=16, blank=True)
    role = models.CharField(max_length=16, blank=True)
