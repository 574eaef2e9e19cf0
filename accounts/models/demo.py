"""The parts that can be played in the demo: who stands on the sign-in page."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class DemoRole(models.Model):
    """A card of the sign-in page. Written when the demo is loaded; without ``settings.DEMO_MODE`` nothing reads it.

    ``headline`` is what the person does, ``does`` what there is to do, ``try_this`` a list of ``{"text", "url"}``. The
    featured ones come first; the others are minor parts of the same story.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="demo_role"
    )
    order = models.PositiveSmallIntegerField()
    featured = models.BooleanField(default=True)
    headline = models.CharField(max_length=200)
    does = models.CharField(max_length=300)
    try_this = models.JSONField(default=list)

    class Meta:
        ordering: ClassVar = ["-featured", "order", "pk"]
