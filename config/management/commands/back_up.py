"""``manage.py back_up``: a whole copy of an embedded installation, taken while it runs."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    """Write the database and the files into an empty folder."""

    help = "Copy an embedded installation's database and files into an empty folder, while it runs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="made if it is not there; must be empty")

    def handle(self, *, folder: Path, **options: Any) -> None:
        """The folder holds ``remit.sqlite3`` as it was at one moment, and ``files``. Refused: a folder with something
        in it, and PostgreSQL, which has its own way (docs/operations.md)."""
        if connection.vendor != "sqlite":
            raise CommandError("This database is PostgreSQL: use pg_dump, as docs/operations.md says.")
        if folder.exists() and any(folder.iterdir()):
            raise CommandError(f"{folder} is not empty. Name another folder, so that no older backup is overwritten.")
        folder.mkdir(parents=True, exist_ok=True)
        with connection.cursor() as cursor:
            # One reader's view of one moment; writers go on meanwhile.
            cursor.execute("VACUUM INTO %s", [str(folder / "remit.sqlite3")])
        # After the database: a document never names a file that is younger than itself.
        if Path(settings.MEDIA_ROOT).is_dir():
            shutil.copytree(settings.MEDIA_ROOT, folder / "files")
        self.stdout.write(
            f"{folder} holds the database and the files. Keep the file secret-key of the data folder too."
        )
