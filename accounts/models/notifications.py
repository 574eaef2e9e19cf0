"""What reaches a person: notices in the inbox, and mail on its way out."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone


class Notification(models.Model):
    """A notice in a person's inbox. ``key`` names what it is about, so that the same thing is told once.

    ``subject_kind`` and ``subject_id`` let the notice be checked again when it is shown: who may no longer see the
    thing sees neither its title nor its address.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    event = models.CharField(max_length=64)
    key = models.CharField(max_length=200)
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=500, blank=True)
    subject_kind = models.CharField(max_length=32, blank=True)
    subject_id = models.UUIDField(null=True, blank=True)
    needs_action = models.BooleanField(default=False, help_text="It waits for this person, and still does.")
    created_at = models.DateTimeField(default=timezone.now, help_text="When that happened which it tells.")
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-created_at", "-pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="notified_once")]
        indexes: ClassVar = [
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notification_unread"),
            models.Index(fields=["user", "-created_at"], name="notification_inbox"),
        ]


class OutgoingMail(models.Model):
    """A mail in the outbox. Claimed with a lease, sent, marked; a re-send carries the same ``message_id``."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        DROPPED = "dropped", "Dropped: the recipient may no longer see it"
        DEAD = "dead", "Given up"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    notification = models.OneToOneField(
        Notification, null=True, blank=True, on_delete=models.CASCADE, related_name="mail"
    )
    key = models.CharField(max_length=200)
    message_id = models.CharField(max_length=200)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="mailed_once")]
        indexes: ClassVar = [
            models.Index(fields=["not_before"], condition=Q(state="waiting"), name="mail_waiting"),
        ]
