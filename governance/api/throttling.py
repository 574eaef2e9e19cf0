"""How often one may ask: counted by person and by token, and by address while nobody is signed in."""

import time
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache

from governance.api.problems import ApiError

WINDOW: Final = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of a window: ``limit`` requests in ``WINDOW`` seconds, which ends in ``reset`` seconds."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """Return the fields that tell a client how to pace itself."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.remaining, 0)),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f"{self.limit};w={WINDOW}",
        }


def count_request(request: Any) -> Allowance:
    """The request is counted; returns what is left. Refused beyond the limit, with when to come back.

    Two tokens of one person share the person's allowance, so that a second token is no second allowance.
    """
    if request.user.is_authenticated:
        return _count(f"person:{request.user.public_id}", settings.API_REQUESTS_A_MINUTE)
    return _count(f"address:{request.META.get('REMOTE_ADDR', '')}", settings.API_REQUESTS_A_MINUTE_SIGNED_OUT)


def count_refused_token(address: str) -> None:
    """A token that opened nothing is counted against the address it came from; refused beyond the limit."""
    _count(f"address:{address}", settings.API_REQUESTS_A_MINUTE_SIGNED_OUT)


def _count(who: str, limit: int) -> Allowance:
    now = int(time.time())
    turn, reset = now // WINDOW, WINDOW - now % WINDOW
    key = f"governance.api.rate.{sha256(who.encode()).hexdigest()[:32]}.{turn}"
    cache.add(key, 0, timeout=2 * WINDOW)
    try:
        used = cache.incr(key)
    except ValueError:  # it was thrown out between the two
        cache.set(key, 1, timeout=2 * WINDOW)
        used = 1
    allowance = Allowance(limit, limit - used, reset)
    if used > limit:
        raise ApiError(
            "too-many",
            f"There may be {limit} requests in a minute. Come back in {reset} seconds.",
            headers={"Retry-After": str(reset), **allowance.headers()},
        )
    return allowance
