"""The cache of production: Redis, and this process's own memory for as long as Redis is away.

What lies in the cache may be lost at any time, but asking for it must not fail: a person signs in while Redis is
started again. What is counted meanwhile (attempts to sign in) is counted by each process for itself.
"""

import time
from collections.abc import Callable
from typing import Any

import structlog
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as TooSlow

_log = structlog.get_logger(__name__)

PAUSE = 2.0
"""Seconds for which Redis is not asked again after it failed, so that nobody waits for it twice in one page."""


class SpareCache(RedisCache):
    """Django's Redis cache, whose every call answers from memory while Redis does not."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._spare = LocMemCache("spare", {key: value for key, value in params.items() if key != "OPTIONS"})

    # When Redis may be asked again: of the process, for Django makes one cache object for each thread.
    _asked_again_at = 0.0

    def _either(self, call: Callable[[Any], Any], *, wrapped: Any) -> Any:
        if time.monotonic() < SpareCache._asked_again_at:
            return call(self._spare)
        try:
            return call(wrapped)
        except (Unreachable, TooSlow) as error:
            SpareCache._asked_again_at = time.monotonic() + PAUSE
            _log.warning("cache_unreachable", error=type(error).__name__)
            return call(self._spare)

    def add(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.add(*args, **kwargs), wrapped=super())

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.get(*args, **kwargs), wrapped=super())

    def set(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.set(*args, **kwargs), wrapped=super())

    def touch(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.touch(*args, **kwargs), wrapped=super())

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.delete(*args, **kwargs), wrapped=super())

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.get_many(*args, **kwargs), wrapped=super())

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.set_many(*args, **kwargs), wrapped=super())

    def delete_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.delete_many(*args, **kwargs), wrapped=super())

    def has_key(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.has_key(*args, **kwargs), wrapped=super())

    def incr(self, *args: Any, **kwargs: Any) -> Any:
        return self._either(lambda cache: cache.incr(*args, **kwargs), wrapped=super())

    def clear(self) -> None:
        raise NotImplementedError("The cache shares its Redis with the jobs that wait there. Delete keys by name.")
