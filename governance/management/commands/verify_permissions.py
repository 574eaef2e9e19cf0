"""``manage.py verify_permissions``: the stored permissions are exactly what the organisation compiles to."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.permissions.store import find_drift


class Command(BaseCommand):
    """Recompile, compare with what is stored, name every difference; exit code 1 on drift. Writes nothing."""

    help = "Recompile the permissions and compare them with those stored; fails, naming the drift, when they differ."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line of agreement, or the differences, and fail."""
        drift = find_drift()
        if drift:
            for line in drift.lines:
                self.stderr.write(line)
            raise CommandError(
                "The stored permissions differ from what the organisation says. Somebody wrote to the tables past "
                "Remit; run `manage.py compile_permissions` to write the difference, and look into the ledger for why."
            )
        self.stdout.write("The stored permissions are what the organisation compiles to.")
