"""The jobs of the house itself."""

from typing import Any

from celery import shared_task
from django.conf import settings

from governance.heartbeats import worker_seen


@shared_task(name="config.heartbeat", bind=True)
def heartbeat(self: Any) -> None:
    """The worker that runs this is written down as seen: beat schedules and it consumes, for both were needed."""
    worker_seen(self.request.hostname or "here")


SCHEDULE = {"config.heartbeat": {"task": "config.heartbeat", "schedule": settings.HEARTBEAT_SECONDS, "at_start": True}}
