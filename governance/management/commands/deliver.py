"""``manage.py deliver``: tell everything in the outbox that is due, here and now."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from governance import ledger
from governance.models import Delivery


class Command(BaseCommand):
    """Delivers what is due, without Celery."""

    help = "Tell everything in the outbox that is due to its handlers, and report what failed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="the most deliveries to try")
        parser.add_argument("--retry-dead", action="store_true", help="try again what was given up")

    def handle(self, *, limit: int | None, retry_dead: bool, **_: Any) -> None:
        """What is due has been told; fails when something was given up."""
        if retry_dead:
            for pk in Delivery.objects.filter(state=Delivery.State.DEAD).values_list("pk", flat=True):
                ledger.send_again(pk)
        swept = ledger.deliver_due(limit=limit)
        self.stdout.write(f"{swept}.")
        if swept.dead:
            raise CommandError(f"{swept.dead} given up: see their last error, then run deliver --retry-dead.")
