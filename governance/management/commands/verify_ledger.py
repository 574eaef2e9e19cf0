"""``manage.py verify_ledger``: compute every hash anew and say what does not hold."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance.ledger.verify import verify_ledger


class Command(BaseCommand):
    """Verifies the whole ledger."""

    help = "Compute every hash of the ledger anew; name the first break of each stream and exit non-zero on any."

    def handle(self, **_: Any) -> None:
        """Every problem is named, and the command fails when there is one."""
        found = verify_ledger()
        for problem in found.problems:
            self.stderr.write(str(problem))
        rate = found.entries / found.seconds if found.seconds else 0
        self.stdout.write(
            f"{found.entries} entries in {found.streams} streams, {found.erased} payloads erased, "
            f"{found.seconds:.1f} s ({rate:,.0f} entries a second)."
        )
        if not found.holds:
            raise CommandError(f"The ledger does not hold: {found.problem_count} problems.")
        self.stdout.write("The ledger holds.")
