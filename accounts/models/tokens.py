"""Personal tokens: how a program speaks for a person."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from governance.scopes import Scope


class ApiToken(models.Model):
    """A secret with which a program acts as its person, within its scopes. Made by the person or by an operator.

    Only the hash of the secret is kept (SHA-256; it is 256 random bits, so nothing slower is needed). ``prefix`` is
    what the person recognises it by. Once made, only ``last_used_at`` and ``revoked_at`` change; it is revoked, never
    deleted. It gives nothing that its person does not hold when it is used.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16)
    secret_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="Written at most once a minute.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        indexes: ClassVar = [models.Index(fields=["user", "-created_at"], name="api_token_of_user")]

    def allows(self, scope: Scope) -> bool:
        """Whether the token was made for this."""
        return scope.value in self.scopes

    def is_valid_at(self, moment: datetime) -> bool:
        """Whether the token opens anything at ``moment``, whoever its person is."""
        return self.revoked_at is None and moment < self.expires_at

    @property
    def state(self) -> str:
        """``active``, ``expired`` or ``revoked``, now."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.is_valid_at(timezone.now()) else "expired"

    @property
    def scope_labels(self) -> list[str]:
        """What it may be used for, in words."""
        return [scope.label for scope in Scope if scope.value in self.scopes]
