"""``manage.py serve``: everything between an installed Remit and a page in the browser."""

import os
import sys
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connections

from accounts.checks import refuse_unsafe_demo
from config import serving
from governance.checks import refuse_unprotected_ledger


class Command(BaseCommand):
    """Prepare the database and the static files, then become the server."""

    help = (
        "Migrate, collect static files, load the demo organisation if asked for and the database is empty, and serve."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=os.environ.get("REMIT_HOST") or "127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("REMIT_PORT") or 8000))
        parser.add_argument(
            "--no-prepare", action="store_true", help="serve only: migrations and files are done elsewhere"
        )

    def handle(self, *, host: str, port: int, no_prepare: bool, **options: Any) -> None:
        """This process is the server afterwards. Refused: a port in use, with the way out."""
        if refusal := serving.why_port_is_not_free(host, port):
            raise CommandError(refusal)
        if not no_prepare:
            self._prepare()
        self._refuse_unprotected_ledger()
        os.environ.update(REMIT_HOST=host, REMIT_PORT=str(port), DJANGO_SETTINGS_MODULE="config.settings")
        os.chdir(settings.BASE_DIR)
        sys.stdout.flush()
        # Replaced, not started: signals reach the server itself, and no second Django stays in memory.
        os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "--config", "config/gunicorn.py"])  # noqa: S606

    def _prepare(self) -> None:
        Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
        with serving.step("Bringing the database up to date"):
            call_command("migrate", interactive=False, verbosity=0)
        with serving.step("Collecting styles, scripts and pictures"):
            call_command("collectstatic", interactive=False, verbosity=0)
        if settings.DEMO_MODE and "demo" in get_commands():
            with serving.step("Loading the demo organisation, if the database is empty"):
                call_command("demo", if_empty=True)
        with serving.step("Installing the operating models"):
            call_command("install_models", stdout=StringIO())

    def _refuse_unprotected_ledger(self) -> None:
        """Nothing is served on a ledger that could be rewritten, nor a demo to which real people are open."""
        try:
            refuse_unprotected_ledger()
            refuse_unsafe_demo()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        connections.close_all()
