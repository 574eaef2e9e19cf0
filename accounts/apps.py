"""People and how they are reached."""

from importlib import import_module

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and how they are reached."""

    name = "accounts"
    label = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """The checks of the demo are known, and mail leaves soon after it is written."""
        from accounts import tasks

        import_module("accounts.checks")
        tasks.register()
