"""Who may do what, how a change is decided, and what happened."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class GovernanceConfig(AppConfig):
    """Who may do what, how a change is decided, and what happened."""

    name = "governance"
    label = "governance"
    verbose_name = "Governance"

    def ready(self) -> None:
        """Every package's events are declared before any package subscribes to them; the ledger guards itself."""
        from governance import checks, failpoints, tasks

        autodiscover_modules("events")
        autodiscover_modules("handlers")
        checks.install_after_migrations(self)
        tasks.register()
        failpoints.arm_from_environment()
