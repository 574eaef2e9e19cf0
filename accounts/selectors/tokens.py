"""A person's tokens."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import ApiToken


def tokens_of(actor: Any) -> "QuerySet[ApiToken]":
    """Return every token that ``actor`` ever had, newest first; nobody sees another's."""
    return ApiToken.objects.filter(user=actor.pk).order_by("-created_at", "-pk")


def token_of(actor: Any, public_id: UUID) -> ApiToken:
    """Return one of ``actor``'s own tokens; raises ``ApiToken.DoesNotExist`` for anybody else's."""
    return tokens_of(actor).select_related("user").get(public_id=public_id)
