"""``manage.py install_models``: the operating models that ship with Remit are there in their newest version."""

from typing import Any

from django.core.management.base import BaseCommand

from governance.actions.operating_models import install_builtin_models


class Command(BaseCommand):
    """Add the shipped models, or new versions of them after an upgrade; running it again adds nothing."""

    help = "Add the operating models that ship with Remit, and new versions of them after an upgrade."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many versions were new."""
        new = install_builtin_models()
        self.stdout.write(f"{new} new versions of operating models." if new else "No operating model is new.")
