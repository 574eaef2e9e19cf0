"""Documents under governance."""

from django.apps import AppConfig


class KnowledgeConfig(AppConfig):
    """Documents under governance."""

    name = "knowledge"
    label = "knowledge"
    verbose_name = "Knowledge"

    def ready(self) -> None:
        """The full-text indexes are put back after every migration."""
        from knowledge import checks

        checks.install_after_migrations(self)
