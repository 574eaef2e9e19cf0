"""Who belongs where, and who holds a role for the whole organisation."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from governance.models.organisation import BusinessUnit
from governance.models.validity import ValidFor
from governance.vocabulary import OrganisationRole, Reach, Role


class Membership(ValidFor):
    """A person's role in a unit for a time. Reach ``subtree`` holds in every unit below too; ``guest`` is agency."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships")
    unit = models.ForeignKey(BusinessUnit, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=8, choices=[(r.value, r.value.capitalize()) for r in Role])
    reach = models.CharField(max_length=8, choices=[(r.value, r.value) for r in Reach], default=Reach.UNIT.value)
    guest = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)

    class Meta(ValidFor.Meta):
        indexes: ClassVar = [models.Index(fields=["user", "valid_to"], name="membership_by_user")]


class OrganisationRoleHolding(ValidFor):
    """Somebody being administrator, sponsor or auditor of the whole organisation for a time."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="organisation_roles")
    role = models.CharField(max_length=16, choices=[(r.value, r.value.capitalize()) for r in OrganisationRole])
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500, blank=True)


class ConfirmationRequest(models.Model):
    """Something that an administrator may not do alone (a role or membership of their own), waiting for a second
    administrator or a sponsor. Decided once; the row stays."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=32)
    payload = models.JSONField(default=dict)
    sentence = models.CharField(max_length=500)
    reason = models.CharField(max_length=500, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    confirmed = models.BooleanField(null=True)
