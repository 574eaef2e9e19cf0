"""What must hold before documents can be found: the databases' own full-text indexes."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate

from knowledge.search import tables


def install_after_migrations(sender: AppConfig) -> None:
    """After every migrate, the full-text indexes stand; called once, in ``ready()``."""
    post_migrate.connect(_install_search, sender=sender, dispatch_uid="knowledge.search.tables")


def _install_search(*, using: str, **_: Any) -> None:
    tables.install(using)
