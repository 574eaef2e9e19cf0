"""``manage.py compile_permissions``: write the difference between compiled and stored permissions."""

from typing import Any

from django.core.management.base import BaseCommand

from governance import ledger
from governance.permissions import store


class Command(BaseCommand):
    """Recompile and store the difference, recorded in the ledger as the machine's doing."""

    help = "Recompile the permissions from the organisation and store the difference."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many rows were written."""
        with ledger.change(actor=ledger.SYSTEM) as change:
            applied = store.recompile(change)
            if not applied.touched:
                change.nothing_happened()
        self.stdout.write(f"{applied.touched} rows written.")
