"""Reading the environment: every setting that an operator can choose comes through here.

A secret may stand in the environment (``SECRET_KEY=…``) or in a file that the environment names
(``SECRET_KEY_FILE=/run/secrets/secret_key``), which is how container platforms hand secrets over. What production
cannot do without is collected first and refused together: an operator who misses four learns of all four at once.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

EMBEDDED = "embedded"
PRODUCTION = "production"

REQUIRED_IN_PRODUCTION: Mapping[str, str] = {
    "SECRET_KEY": "a random text of 50 characters or more, kept secret and the same on every server",
    "DATABASE_URL": "the PostgreSQL database, postgres://user:password@host:5432/name",
    "REDIS_URL": "the Redis that carries the jobs and the cache, redis://host:6379/0",
    "REMIT_ALLOWED_HOSTS": "the host names people use, separated by commas: remit.example.org",
    "EMAIL_URL": "the mail server, smtp+tls://user:password@host:587 (or consolemail:// to send none)",
    "REMIT_MAIL_FROM": "the address mail comes from, Remit <remit@example.org>",
}


@dataclass(frozen=True, slots=True)
class Environment:
    """The variables this process was started with, secrets in files resolved on demand."""

    variables: Mapping[str, str]

    def text(self, name: str, default: str = "") -> str:
        """Return the value of ``name``, or the content of the file that ``name_FILE`` names, or the default.

        An empty value counts as not given. Refused: both given at once, and a file that cannot be read.
        """
        value, path = self.variables.get(name, ""), self.variables.get(f"{name}_FILE", "")
        if value and path:
            raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Keep one of them.")
        if not path:
            return value or default
        try:
            content = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names {path}, which cannot be read ({error}). Check the path and who may read it."
            ) from error
        return content or default

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether ``name`` is switched on; anything but 1/0, true/false, yes/no or on/off is refused."""
        value = self.text(name).lower()
        if not value:
            return default
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off"}:
            return False
        raise ImproperlyConfigured(f"{name} is {value!r}. Write 1 or 0.")

    def number(self, name: str, *, default: int, least: int = 0) -> int:
        """Return the whole number ``name``; a text that is none, or is below ``least``, is refused."""
        value = self.text(name)
        if not value:
            return default
        try:
            number = int(value)
        except ValueError:
            number = least - 1
        if number < least:
            raise ImproperlyConfigured(f"{name} is {value!r}. Write a whole number of {least} or more.")
        return number

    def names(self, name: str) -> list[str]:
        """Return the comma-separated parts of ``name``, trimmed, empty ones dropped."""
        return [part.strip() for part in self.text(name).split(",") if part.strip()]

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """Return the comma-separated addresses and networks of ``name``; what is neither is refused."""
        try:
            return [ip_network(part) for part in self.names(name)]
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{name}: {error}. Write addresses or networks: 10.0.0.7, 10.1.0.0/16."
            ) from error

    @property
    def kind(self) -> str:
        """``embedded`` or ``production``. Any other ``REMIT_ENV`` is refused: a typo must not run with weaker rules."""
        kind = self.text("REMIT_ENV", EMBEDDED)
        if kind not in {EMBEDDED, PRODUCTION}:
            raise ImproperlyConfigured(f"REMIT_ENV is {kind!r}. Write {EMBEDDED} or {PRODUCTION}.")
        return kind

    def refuse_incomplete_production(self) -> None:
        """Every variable production cannot do without is there; else one refusal names all that are missing."""
        missing = {name: meaning for name, meaning in REQUIRED_IN_PRODUCTION.items() if not self.text(name)}
        if missing:
            lines = "\n".join(f"  {name}: {meaning}" for name, meaning in missing.items())
            raise ImproperlyConfigured(
                f"REMIT_ENV=production needs these variables, which are not set:\n{lines}\n"
                "Set each, or NAME_FILE with the path of a file that holds it. "
                "To try Remit on this machine alone, leave REMIT_ENV unset."
            )
        if len(self.text("SECRET_KEY")) < 50:
            raise ImproperlyConfigured("SECRET_KEY is shorter than 50 characters. Make a new random one.")
        if not self.text("DATABASE_URL").startswith(("postgres://", "postgresql://")):
            raise ImproperlyConfigured("Production runs on PostgreSQL: DATABASE_URL must begin with postgres://.")


def of_this_process() -> Environment:
    """Return the environment this process was started with."""
    return Environment(dict(os.environ))


def kept_secret_key(data: Path) -> str:
    """Return the secret key of an embedded installation: made on first use, kept in the data folder for its owner."""
    path = data / "secret-key"
    try:
        data.mkdir(parents=True, exist_ok=True)
        # Written beside and linked into place: two processes that start at once agree on one whole key.
        draft = data / f".secret-key-{os.getpid()}-{secrets.token_hex(4)}"
        if not path.exists():
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
            try:
                os.link(draft, path)
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The data folder {data} cannot be used ({error}). Set REMIT_DATA to a folder this account may write."
        ) from error
