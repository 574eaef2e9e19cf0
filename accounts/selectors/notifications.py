"""The inbox: a person's notices, each shown only as far as the person may still see what it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import Notification
from accounts.selectors.seeing import still_seen, still_waiting


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as its person may see it now. Where ``hidden``, title, body and address are empty."""

    public_id: UUID
    title: str
    body: str
    url: str
    created_at: datetime
    unread: bool
    waits: bool
    hidden: bool


def inbox(actor: Any, *, unread_only: bool = False) -> "QuerySet[Notification]":
    """Return the person's own notices, newest first; nothing for people not signed in."""
    if not getattr(actor, "is_authenticated", False):
        return Notification.objects.none()
    rows = Notification.objects.filter(user=actor)
    return rows.filter(read_at__isnull=True) if unread_only else rows


def notices_for(actor: Any, rows: Sequence[Notification]) -> list[Notice]:
    """Return the notices as ``actor`` may see them: who may no longer see a thing gets neither title nor address."""
    seen, waiting = still_seen(actor, rows), still_waiting(rows)
    return [_notice(row, hidden=row.pk not in seen, waits=row.pk in waiting) for row in rows]


def notice_by_id(actor: Any, public_id: UUID) -> Notice:
    """Return one of the person's notices; raises ``Notification.DoesNotExist`` for anybody else's."""
    row = inbox(actor).get(public_id=public_id)
    return notices_for(actor, [row])[0]


def _notice(row: Notification, *, hidden: bool, waits: bool) -> Notice:
    return Notice(
        public_id=row.public_id,
        title="" if hidden else row.title,
        body="" if hidden else row.body,
        url="" if hidden else row.url,
        created_at=row.created_at,
        unread=row.read_at is None,
        waits=waits and not hidden,
        hidden=hidden,
    )
