"""Whether this process lives (``/livez``), and whether all of Remit can serve (``/readyz``): asked by the platform.

Anybody may ask, so the answers hold no address, no version and no error's own text: what a check saw stands in the log.
And anybody may ask often, so an answer is good for a second, and one question is asked of each part at a time.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from governance.heartbeats import BEAT_LEASE, beat_age, worker_ages
from governance.ledger import triggers

_log = structlog.get_logger(__name__)

_MISSED: Final = 3
"""A worker that missed so many heartbeats in a row is taken for dead."""
_GOOD_FOR: Final = 1.0


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold. ``probe`` answers what is amiss, in a sentence for strangers, or nothing."""

    name: str
    probe: Callable[[], str]
    asks_database: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """How a check ended: ``ok``, ``failing``, or ``unknown`` where it could not be asked."""

    name: str
    state: str
    reason: str

    def plain(self) -> dict[str, str]:
        """What is answered."""
        return {"name": self.name, "state": self.state, "reason": self.reason}


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200: the process takes requests. Asks nothing of anything else, so a broken database restarts nobody."""
    return JsonResponse({"live": True})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when every check holds, else 503; each is named with its state and the reason.

    ``?exclude=beat&exclude=worker`` leaves checks out: for a load balancer, which should go on sending people to a web
    server while only the jobs stand still. A name that is no check's is refused with 400.
    """
    excluded = set(request.GET.getlist("exclude"))
    if excluded - {check.name for check in CHECKS}:
        known = ", ".join(check.name for check in CHECKS)
        return JsonResponse({"ready": False, "reason": f"exclude names no check. The checks are {known}."}, status=400)
    found = [each for each in checked() if each.name not in excluded]
    holds = all(each.state == "ok" for each in found)
    return JsonResponse({"ready": holds, "checks": [each.plain() for each in found]}, status=200 if holds else 503)


_lock = Lock()
_last: tuple[float, list[Found]] = (0.0, [])


def checked(*, good_for: float = _GOOD_FOR) -> list[Found]:
    """Return how every check ends now, or ended within the last ``good_for`` seconds of this process."""
    global _last  # noqa: PLW0603 - one answer for all threads
    with _lock:
        at, found = _last
        if not found or time.monotonic() - at >= good_for:
            found = _ask(CHECKS)
            _last = time.monotonic(), found
        return found


def _ask(checks: Sequence[Check]) -> list[Found]:
    found: list[Found] = []
    database_answers = True
    for check in checks:
        if check.asks_database and not database_answers:
            found.append(Found(check.name, "unknown", "The database does not answer, so this could not be asked."))
            continue
        try:
            reason = check.probe()
        except Error as error:
            _log.warning("check_failed", check=check.name, error=str(error).strip()[:500])
            reason = "This could not be asked of the database."
        found.append(Found(check.name, "failing" if reason else "ok", reason))
        database_answers &= check.name != "database" or not reason
    amiss = [each.name for each in found if each.state != "ok"]
    if amiss:
        _log.warning("not_ready", checks=amiss)
    return found


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        connection.close()
        _log.warning("database_unreachable", error=str(error).strip()[:500])
        return "The database does not answer."
    return ""


@cache
def _migrations_of_this_release() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations or ())


def _migrations() -> str:
    try:
        applied = set(MigrationRecorder(connection).migration_qs.values_list("app", "name"))
    except Error:
        return "The database was never prepared."
    missing = sorted(_migrations_of_this_release() - applied)
    if missing:
        _log.warning("migrations_missing", missing=[f"{app}.{name}" for app, name in missing])
        return "The database is older than this release: it waits for its migrations."
    return ""


def _triggers() -> str:
    wrong = triggers.missing("default")
    if wrong:
        _log.error("ledger_unprotected", triggers=wrong)
        return "The ledger is not protected as it should be."
    return ""


@cache
def _redis() -> Any:
    import redis  # it takes its time to load, at each start, and only who has a broker needs it

    return redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_connect_timeout=2, socket_timeout=2)


def _broker() -> str:
    if settings.CELERY_BROKER_URL.startswith("memory://"):
        return ""
    from redis import RedisError

    try:
        _redis().ping()
    except RedisError as error:
        _log.warning("broker_unreachable", error=type(error).__name__)
        return "The broker does not answer: jobs wait."
    return ""


def _beat() -> str:
    age = beat_age()
    if age is None:
        return "No beat works: jobs of the timetable wait."
    return "" if age <= BEAT_LEASE else f"The beat was last heard {age:.0f} seconds ago."


def _worker() -> str:
    ages = worker_ages()
    if not ages:
        return "No worker was heard within a day."
    late = ages[0] > _MISSED * settings.HEARTBEAT_SECONDS
    return f"No worker was heard for {ages[0]:.0f} seconds." if late else ""


CHECKS: Final = (
    Check("database", _database),
    Check("migrations", _migrations),
    Check("triggers", _triggers),
    Check("broker", _broker, asks_database=False),
    Check("beat", _beat),
    Check("worker", _worker),
)
