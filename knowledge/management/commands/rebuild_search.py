"""``manage.py rebuild_search``: the search index is read anew from the documents."""

from typing import Any

from django.core.management.base import BaseCommand

from knowledge.search.index import rebuild


class Command(BaseCommand):
    """Read the search index anew from the documents."""

    help = "Reads the search index anew from the documents. Safe to run at any time."

    def handle(self, *args: Any, **options: Any) -> None:
        """Every document is found by its words as they are now."""
        self.stdout.write(f"{rebuild()} documents indexed.")
