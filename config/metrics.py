"""What Prometheus reads at ``/metrics``: requests as this server's processes saw them, jobs, and what is owed.

Several gunicorn processes share their counts through files in the folder that ``config/gunicorn.py`` names before this
module is imported, so whichever process answers, answers for all. Labels name routes and tasks, which the source knows;
never a person, a document or an address that somebody typed.
"""

import hmac
import os
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from typing import Any, Final

from django.conf import settings
from django.db import Error, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from accounts.selectors.outbox import mail_owed
from config.celery import SCHEDULING_MODULES, app
from config.job_counts import counted
from governance.heartbeats import beat_age, worker_ages
from governance.permissions.standing import current_epoch
from governance.selectors.deliveries import deliveries_owed

SHARED: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder of the counts; prometheus-client reads it when it is first imported."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# The marks of a proxy. Who asks directly sends none of them, and is known by its address.
_PROXIED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED", "HTTP_X_REAL_IP")

REQUESTS = Counter("remit_requests", "Requests answered.", ["route", "method", "status"])
SECONDS = Histogram(
    "remit_request_seconds",
    "How long an answer took, in seconds.",
    ["route", "method"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
STATEMENTS = Counter("remit_request_statements", "Database statements that answers took.", ["route", "method"])

GetResponse = Callable[[HttpRequest], HttpResponse]


class Measured:
    """Counts each answer, its time and its database statements by the name of its route."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        statements = 0

        def counting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            nonlocal statements
            statements += 1
            return execute(sql, params, many, context)

        begun = time.perf_counter()
        with connection.execute_wrapper(counting):
            response = self.get_response(request)
        route = getattr(request.resolver_match, "view_name", None) or "none"
        method = request.method if request.method in _METHODS else "other"
        REQUESTS.labels(route, method, str(response.status_code)).inc()
        SECONDS.labels(route, method).observe(time.perf_counter() - begun)
        STATEMENTS.labels(route, method).inc(statements)
        return response


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every metric as text, to whoever ``may_read``; to everybody else there is no such page."""
    if not may_read(request):
        raise Http404
    registry = REGISTRY
    if SHARED in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    state = CollectorRegistry()
    state.register(_State())
    return HttpResponse(generate_latest(registry) + generate_latest(state), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """Return whether the request shows the token, or comes straight from an allowed address, past no proxy."""
    token: str = settings.METRICS_TOKEN
    shown = request.META.get("HTTP_AUTHORIZATION", "")
    if token and hmac.compare_digest(shown.encode(), f"Bearer {token}".encode()):
        return True
    if not settings.METRICS_NETWORKS or any(name in request.META for name in _PROXIED):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return any(address in network for network in settings.METRICS_NETWORKS)


class _State:
    """What stands in the database and the cache now, read when it is asked for."""

    def collect(self) -> Iterator[Metric]:
        """Yield each family; where the database is away, only that it is."""
        yield from _jobs()
        try:
            families = list(_database())
        except Error:
            connection.close()
            families = [GaugeMetricFamily("remit_database_up", "1 while the database answers.", value=0)]
        yield from families


def _jobs() -> Iterator[Metric]:
    tasks = [name for name in app.tasks if name.startswith(_OWN)]
    counts, seconds = counted(tasks)
    ended = CounterMetricFamily("remit_jobs", "Jobs that ended, by how.", labels=["task", "outcome"])
    for each in counts:
        ended.add_metric([each.task, each.outcome.lower()], each.count)
    yield ended
    took = CounterMetricFamily("remit_job_seconds", "How long jobs took, in seconds.", labels=["task"])
    for task, value in seconds.items():
        took.add_metric([task], value)
    yield took


_OWN: Final = tuple(f"{module.partition('.')[0]}." for module in SCHEDULING_MODULES)


def _database() -> Iterator[Metric]:
    deliveries, mail = deliveries_owed(), mail_owed()
    yield GaugeMetricFamily("remit_database_up", "1 while the database answers.", value=1)
    waiting = GaugeMetricFamily("remit_outbox_waiting", "What is still to be told or sent.", labels=["outbox"])
    oldest = GaugeMetricFamily(
        "remit_outbox_oldest_seconds", "Since when the oldest of it is due, in seconds.", labels=["outbox"]
    )
    dead = GaugeMetricFamily("remit_outbox_dead", "What was given up and waits for a person.", labels=["outbox"])
    for name, owed in (("deliveries", deliveries), ("mail", mail)):
        waiting.add_metric([name], owed.waiting)
        oldest.add_metric([name], owed.oldest_seconds)
        dead.add_metric([name], owed.dead)
    yield from (waiting, oldest, dead)
    yield GaugeMetricFamily("remit_permission_epoch", "Grows with every change of permissions.", value=current_epoch())
    age = beat_age()
    yield GaugeMetricFamily(
        "remit_beat_age_seconds",
        "Since when no beat was heard, in seconds; NaN where none works.",
        value=float("nan") if age is None else age,
    )
    ages = worker_ages()
    yield GaugeMetricFamily("remit_workers", "Workers that were heard within a day.", value=len(ages))
    yield GaugeMetricFamily(
        "remit_worker_age_seconds",
        "Since when no worker was heard, in seconds; NaN where none was within a day.",
        value=ages[0] if ages else float("nan"),
    )
