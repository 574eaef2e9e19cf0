"""The composing package as an installed app: it owns no models, only templates, static files and commands."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Composition: the page shell, the settings and the server."""

    name = "config"
    label = "config"
    verbose_name = "Remit"
