"""Who may come in: address and password, with a limit on guessing."""

from hashlib import sha256
from typing import Final

import structlog
from django.contrib.auth import authenticate
from django.core.cache import cache

from accounts.models import User
from governance.errors import Invalid, NotAllowed

MOST_FAILURES: Final = 5
WINDOW_MINUTES: Final = 15

log = structlog.get_logger(__name__)


class TooManyAttempts(NotAllowed):
    """Somebody guessed too often; nothing is looked at until the window is over."""


def check_credentials(*, email: str, password: str, address: str) -> User:
    """Return the active account with this address and password, ready to be signed in.

    Raises ``Invalid`` where there is none, in the same words whatever was wrong, and ``TooManyAttempts`` once there
    were ``MOST_FAILURES`` failures for this account from this network address within ``WINDOW_MINUTES``: then also
    for the right password.
    """
    key = count_attempt("signin", email, address)
    known = User.objects.filter(email__iexact=email.strip()).values_list("email", flat=True).first()
    found = authenticate(username=known or email, password=password)
    if not isinstance(found, User):
        log.info("sign-in refused")
        raise Invalid({"password": "This e-mail address and this password do not belong together. Check both."})
    forget_attempts(key)
    log.info("signed in", person=str(found.public_id))
    return found


def count_attempt(what: str, *who: str) -> str:
    """The attempt is counted before it is looked at, so that many at once do not slip through; returns its key.

    Raises ``TooManyAttempts`` where there were too many.
    """
    named = "\n".join(part.strip().lower() for part in who)
    key = f"accounts.attempts.{what}.{sha256(named.encode()).hexdigest()}"
    cache.add(key, 0, timeout=WINDOW_MINUTES * 60)
    try:
        attempts = cache.incr(key)
    except ValueError:  # it ran out between the two
        cache.set(key, 1, timeout=WINDOW_MINUTES * 60)
        attempts = 1
    if attempts > MOST_FAILURES:
        log.warning("too many attempts", what=what)
        raise TooManyAttempts(
            f"There were too many failed attempts. Wait {WINDOW_MINUTES} minutes and try again, "
            "or ask an administrator for help."
        )
    return key


def forget_attempts(key: str) -> None:
    """The person proved to be who they are: the count begins anew."""
    cache.delete(key)
