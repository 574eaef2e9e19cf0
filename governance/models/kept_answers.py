"""What a write was answered, kept for a day so that a repeat is not a second write."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class KeptAnswer(models.Model):
    """One person's Idempotency-Key. Made when a write begins; ``status`` is empty until it has been answered.

    ``request_id`` names the attempt that holds the key: its ledger entries carry it, so that after a crash it can be
    told whether the write was carried out. Deleted by a job when it is a day old: a technical row, no record of
    anything.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64, help_text="SHA-256 of method, address, query and body.")
    request_id = models.CharField(max_length=80)
    claimed_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "key"], name="answer_kept_once")]
        indexes: ClassVar = [models.Index(fields=["claimed_at"], name="answer_kept_at")]
