"""``manage.py demo``: the demo organisation in an empty database, or anew in place of an older one."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from config.demo.load import Loader
from config.demo.standing import Standing, last_epoch, standing, wipe


class Command(BaseCommand):
    """Load the demo organisation: once, or anew with ``--reset``."""

    help = "Load the demo organisation: people, units, standards and requests of an invented utility group."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing, and do not complain, where anything is there already"
        )
        parser.add_argument(
            "--reset", action="store_true", help="replace the database's whole content, if it holds demo people only"
        )

    def handle(self, *, if_empty: bool, reset: bool, **options: Any) -> None:
        """The demo stands. Refused where people are who are not of the demo: nothing of theirs is touched."""
        found, epoch = standing(), 0
        if found is Standing.OTHERS:
            if if_empty:
                return
            raise CommandError("This database holds people who are not of the demo, so it is left alone. Use another.")
        if found is Standing.COMPLETE and not reset:
            if not if_empty:
                self._say("The demo organisation is here already. Use --reset to begin anew.")
            return
        if found is not Standing.EMPTY:
            self._say("Replacing what was here" if reset else "Beginning anew: an earlier load did not end")
            epoch = last_epoch()
            wipe()
            call_command("migrate", interactive=False, verbosity=0)
        self._load(after_epoch=epoch)

    def _load(self, *, after_epoch: int) -> None:
        begun = time.monotonic()
        loaded = Loader(say=self._say, after_epoch=after_epoch).load()
        self._say(
            f"{loaded.people} people, {loaded.documents} documents in {loaded.versions} versions and "
            f"{loaded.requests} requests in {time.monotonic() - begun:.1f} s"
        )
        if not settings.DEMO_MODE:
            self._say("DEMO_MODE is off: nobody can sign in as these people until it is on.")

    def _say(self, text: str) -> None:
        self.stdout.write(f"    {text}")
        self.stdout.flush()
