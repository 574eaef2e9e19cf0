"""How gunicorn serves Remit: threads, and without a Redis the embedded Celery in its only worker."""

import os
import shutil
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Before anything imports prometheus-client: the processes of this server count into one folder.
_own_counts = "" if os.environ.get("PROMETHEUS_MULTIPROC_DIR") else tempfile.mkdtemp(prefix="remit-metrics-")
if _own_counts:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _own_counts
django.setup()

from django.conf import settings  # noqa: E402 - the settings are ready only now
from prometheus_client import multiprocess  # noqa: E402

from config import embedded, serving  # noqa: E402
from config.environment import of_this_process  # noqa: E402

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker
else:
    Arbiter = Worker = Any

_env = of_this_process()
_in_memory = settings.CELERY_BROKER_URL.startswith("memory://")

host = _env.text("REMIT_HOST", "127.0.0.1")
port = _env.number("REMIT_PORT", default=8000, least=1)
bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
wsgi_app = "config.wsgi:application"
worker_class = "gthread"
workers = _env.number("REMIT_WEB_WORKERS", default=1 if _in_memory else 2, least=1)
threads = _env.number("REMIT_WEB_THREADS", default=8, least=1)
# A worker process that says nothing for so long is replaced. It is the process that speaks, not the request: a slow
# request in a thread does not end it.
timeout = 60
# After SIGTERM no connection is taken any more, and requests in hand have this long to end.
graceful_timeout = _env.number("REMIT_STOP_SECONDS", default=25, least=1)
keepalive = 5
# A process is replaced after so many requests, each at another moment: no slow growth of memory becomes a large one.
max_requests = 0 if _in_memory else 20_000
max_requests_jitter = 0 if _in_memory else 2_000
# What no browser of ours sends is refused before it costs anything; a header that another could be mistaken for is
# dropped.
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
header_map = "drop"
# Gunicorn would else keep a socket in the home folder, which may be absent or read-only.
control_socket_disable = True
loglevel = _env.text("REMIT_LOG_LEVEL", "info" if settings.IN_PRODUCTION else "warning").lower()
# The same lines as everything else: JSON in production.
logconfig_dict = {
    **settings.LOGGING,
    "loggers": {
        **settings.LOGGING["loggers"],
        "gunicorn.error": {"handlers": [], "propagate": True},
        "gunicorn.access": {"handlers": [], "propagate": False},
    },
}

_celery: embedded.EmbeddedCelery | None = None


def on_starting(server: Arbiter) -> None:
    """Refuse what cannot work, also where --workers overrode the variable."""
    if refusal := embedded.refusal(broker=settings.CELERY_BROKER_URL, web_workers=server.cfg.workers):
        sys.exit(f"Remit does not start.\n{refusal}")


def post_worker_init(worker: Worker) -> None:
    """The worker is ready to serve: start its Celery, then say where it is reached."""
    global _celery  # noqa: PLW0603 - gunicorn's hooks share nothing but their module
    if _in_memory:
        _celery = embedded.EmbeddedCelery()
        _celery.start()
    if not settings.IN_PRODUCTION:
        serving.say(serving.welcome(host=host, port=port, demo=settings.DEMO_MODE))


def worker_exit(server: Arbiter, worker: Worker) -> None:
    """Let the job in hand end before the process does."""
    if _celery is not None:
        _celery.stop()


def child_exit(server: Arbiter, worker: Worker) -> None:
    """What the process counted stays; what it only held while it lived goes."""
    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Arbiter) -> None:
    """The counts end with the server that they are of."""
    if _own_counts:
        shutil.rmtree(_own_counts, ignore_errors=True)
