"""The cache answers while Redis is away, and nobody waits for it twice."""

from collections.abc import Iterator
from typing import Any

import pytest
from redis.exceptions import ConnectionError as Unreachable

from config.caching import PAUSE, SpareCache


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("config.caching.time.monotonic", made)
    return made


@pytest.fixture(autouse=True)
def _asked_again() -> Iterator[None]:
    SpareCache._asked_again_at = 0.0
    yield
    SpareCache._asked_again_at = 0.0


@pytest.fixture
def cache(clock: Clock) -> SpareCache:
    # Nobody listens there.
    found = SpareCache("redis://127.0.0.1:1/0", {"OPTIONS": {"socket_connect_timeout": 1}})
    found._spare.clear()
    return found


def test_every_call_answers_without_redis(cache: SpareCache) -> None:
    assert cache.add("attempts", 0, timeout=60)
    assert [cache.incr("attempts"), cache.incr("attempts")] == [1, 2]
    cache.set("word", "kept")
    cache.set_many({"one": 1, "two": 2})
    assert cache.get_many(["one", "two", "none"]) == {"one": 1, "two": 2}
    assert (cache.get("word"), cache.has_key("word"), "none" in cache) == ("kept", True, False)
    assert cache.touch("word", 60)
    assert cache.delete("word")
    cache.delete_many(["one"])
    assert cache.get("one", "gone") == "gone"
    assert cache.get_or_set("three", 3) == 3


def test_redis_is_asked_once_and_then_again_after_a_pause(
    cache: SpareCache, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def away(*_: Any, **__: Any) -> None:
        asked.append("get")
        raise Unreachable

    monkeypatch.setattr("django.core.cache.backends.redis.RedisCache.get", away)
    for _ in range(5):
        assert cache.get("word") is None
    assert len(asked) == 1
    clock.now += PAUSE
    cache.get("word")
    assert len(asked) == 2


def test_what_is_wrong_with_the_caller_is_not_hidden(cache: SpareCache) -> None:
    with pytest.raises(ValueError, match="not found"):
        cache.incr("never-set")


@pytest.mark.redis
def test_with_a_redis_it_is_redis_that_answers(redis_url: str, clock: Clock) -> None:
    cache = SpareCache(redis_url, {"KEY_PREFIX": "remit-test-caching"})
    cache.set("word", "in redis", timeout=60)
    assert cache._spare.get("word") is None
    assert SpareCache(redis_url, {"KEY_PREFIX": "remit-test-caching"}).get("word") == "in redis"
    cache.delete("word")
    with pytest.raises(NotImplementedError, match="shares its Redis"):
        cache.clear()
