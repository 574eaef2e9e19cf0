"""What must hold before anybody is let in by one click: only invented people, and only where they may be shown."""

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from accounts.models import User

DEMO_AMONG_PEOPLE: Final = "accounts.E001"
DEMO_IN_PUBLIC: Final = "accounts.E002"

_PRIVATE_ENDINGS: Final = (".localhost", ".local", ".internal", ".lan", ".test", ".home.arpa")
_MIXED: Final = (
    "DEMO_MODE lets anybody sign in by one click, and this database holds accounts of people who are not of the demo."
)
_MIXED_HINT: Final = "Unset DEMO_MODE, or name another folder in REMIT_DATA for the demo."


def demo_is_safe() -> bool:
    """Return whether no account in the database belongs to anybody real, or this is a developer's own server."""
    return bool(settings.DEBUG) or not User.objects.filter(is_demo=False).exists()


def is_public_host(host: str) -> bool:
    """Return whether a name of ALLOWED_HOSTS can be reached from outside a private network."""
    name = host.strip().lower().rstrip(".").strip("[]")
    if name in {"", "localhost"} or name.endswith(_PRIVATE_ENDINGS):
        return False
    try:
        return ip_address(name).is_global
    except ValueError:
        # A name without a dot is one of the local network; a wildcard is every name.
        return "." in name or "*" in name


# DEMO_MODE is read when the checks run, as the addresses are read when the server starts.
@checks.register(checks.Tags.security)
def demo_is_not_public(*, app_configs: Sequence[AppConfig] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """In demo mode every public host name was named as one on purpose."""
    if not settings.DEMO_MODE:
        return []
    allowed = {host.lower() for host in getattr(settings, "DEMO_HOSTS", ())}
    public = [host for host in settings.ALLOWED_HOSTS if is_public_host(host) and host.lower() not in allowed]
    return [
        checks.Error(
            f"DEMO_MODE lets anybody sign in by one click, and {host} can be reached by anybody.",
            hint="Unset DEMO_MODE, or name the host in REMIT_DEMO_HOSTS as well.",
            id=DEMO_IN_PUBLIC,
        )
        for host in public
    ]


@checks.register(checks.Tags.database)
def demo_is_alone(
    *, app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **_: Any
) -> list[checks.CheckMessage]:
    """In demo mode the database holds nobody but the demo's people."""
    if not databases or not settings.DEMO_MODE or not _has_accounts_table() or demo_is_safe():
        return []
    return [checks.Error(_MIXED, hint=_MIXED_HINT, id=DEMO_AMONG_PEOPLE)]


def refuse_unsafe_demo() -> None:
    """Nothing, unless one-click sign-in would open a database of real people; then ``ImproperlyConfigured``.

    Called as a server starts.
    """
    if settings.DEMO_MODE and not demo_is_safe():
        raise ImproperlyConfigured(f"{_MIXED} {_MIXED_HINT}")


def _has_accounts_table() -> bool:
    """Whether the database was migrated: ``migrate`` itself runs the checks first."""
    return "accounts_user" in connection.introspection.table_names()
