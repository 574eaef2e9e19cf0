"""Remit's settings.

Two kinds of installation share this one file. *Embedded* (the default) needs nothing but Python: SQLite in the data
folder, Celery inside the server's own process, mail as files. *Production* (``REMIT_ENV=production``) takes PostgreSQL,
Redis and a mail server from the environment and refuses to start without them.
docs/operations.md lists every variable.
"""

import logging
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import logs
from config.environment import PRODUCTION, kept_secret_key, of_this_process

BASE_DIR = Path(__file__).resolve().parent.parent

_env = of_this_process()
IN_PRODUCTION = _env.kind == PRODUCTION
if IN_PRODUCTION:
    _env.refuse_incomplete_production()

DATA_DIR = Path(_env.text("REMIT_DATA", str(BASE_DIR / "data"))).resolve()
SECRET_KEY = _env.text("SECRET_KEY") or kept_secret_key(DATA_DIR)

DEBUG = _env.flag("REMIT_DEBUG")
DEMO_MODE = _env.flag("DEMO_MODE")
if IN_PRODUCTION and (DEBUG or DEMO_MODE):
    raise ImproperlyConfigured("REMIT_DEBUG and DEMO_MODE are for trying Remit out. Unset them in production.")
# Host names under which anybody may reach the demonstration; accounts/checks.py refuses every other public one.
DEMO_HOSTS = _env.names("REMIT_DEMO_HOSTS")

# --- Where it is reached ----------------------------------------------------------------------------------------------

# `serve --host` binds this address; naming it there is naming it as allowed. A wildcard names none.
_bound_host = _env.text("REMIT_HOST")
ALLOWED_HOSTS = _env.names("REMIT_ALLOWED_HOSTS")
if not IN_PRODUCTION:
    ALLOWED_HOSTS += ["localhost", ".localhost", "127.0.0.1", "[::1]"]
    if _bound_host not in {"", "0.0.0.0", "::", "*"}:  # noqa: S104 - read, not bound
        ALLOWED_HOSTS.append(f"[{_bound_host}]" if ":" in _bound_host else _bound_host)
# The address written into mail; no trailing slash.
SITE_URL = _env.text(
    "REMIT_URL",
    f"https://{ALLOWED_HOSTS[0].lstrip('.')}"
    if IN_PRODUCTION
    else f"http://localhost:{_env.text('REMIT_PORT', '8000')}",
).rstrip("/")
CSRF_TRUSTED_ORIGINS = [SITE_URL] if IN_PRODUCTION else []
# A proxy stands in front that always sets X-Forwarded-Proto, and X-Request-ID if it has one.
BEHIND_PROXY = _env.flag("REMIT_BEHIND_PROXY")
# Who may read /metrics: whoever shows the token, or asks from these addresses directly and not through the proxy.
METRICS_TOKEN = _env.text("REMIT_METRICS_TOKEN")
if METRICS_TOKEN and len(METRICS_TOKEN) < 24:
    raise ImproperlyConfigured("REMIT_METRICS_TOKEN is shorter than 24 characters. Make a new random one.")
METRICS_NETWORKS = _env.networks("REMIT_METRICS_ADDRESSES")

# --- What it is made of -----------------------------------------------------------------------------------------------

# `config` stands first so that its templates win; the Django admin is left out: nobody passes by the policy.
INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "accounts.apps.AccountsConfig",
    "knowledge.apps.KnowledgeConfig",
    "governance.apps.GovernanceConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "rest_framework",
    "guardian",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "csp",
    "lucide",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RequestIds",
    "config.metrics.Measured",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "config.middleware.NoNul",
    "config.middleware.PermissionScope",
    "config.middleware.PersonTimeZone",
    "config.middleware.ErrorPages",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.shell",
            ],
        },
    }
]
# Forms are rendered with the same templates as pages, so that config/templates can give them the product's look.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- The database -----------------------------------------------------------------------------------------------------

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# IMMEDIATE takes the write lock when a transaction begins: without it, two writers that both read first fail with
# "database is locked" instead of waiting. recursive_triggers lets the ledger's triggers see REPLACE, which would else
# bypass them.
_SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": DATA_DIR / "remit.sqlite3",
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;"
        ),
    },
}


_CONNECTING: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    # No statement here runs long enough to be worth compiling; the planner's guess that one does costs a second.
    "options": "-c jit=off",
}


def _database(url: str) -> dict[str, Any]:
    """Return the database the URL names: PostgreSQL with psycopg's own pool, or a SQLite file as the embedded one."""
    named: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if named["ENGINE"] == "django.db.backends.sqlite3":
        return {**_SQLITE, "NAME": named["NAME"]}
    if named["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL names neither PostgreSQL (postgres://) nor SQLite (sqlite:///).")
    if password := _env.text("DATABASE_PASSWORD"):
        named["PASSWORD"] = password
    if most := _env.number("DATABASE_POOL_SIZE", default=12):
        named.setdefault("OPTIONS", {})["pool"] = {"min_size": 1, "max_size": most, "timeout": 10}
    # A server that vanished without a word is noticed within a minute, and one that is away is not waited for.
    named["OPTIONS"] = {**_CONNECTING, **named.get("OPTIONS", {})}
    return {**named, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


_database_url = _env.text("DATABASE_URL")
DATABASES = {"default": _database(_database_url) if _database_url else _SQLITE}

# --- People -----------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
# Only who somebody is comes from here. What they may do is answered by governance's policy alone, so guardian's own
# backend, which would answer from the rows behind the policy's back, is not installed (and its reminder to install it
# is silenced).
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
if DEMO_MODE:
    # Keeps the sessions of one-click sign-in, which are void as soon as it is not installed.
    AUTHENTICATION_BACKENDS.append("accounts.backends.DemoBackend")
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/signin/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/signin/"

# --- Language and time ------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
USE_I18N = True
TIME_ZONE = "UTC"
USE_TZ = True

# --- Files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(_env.text("REMIT_STATIC_ROOT", str(BASE_DIR / "staticfiles")))
MEDIA_ROOT = DATA_DIR / "files"
# Below these, people who may import find sources to choose from. The command reads any folder, the page only these.
IMPORT_ROOTS = _env.names("REMIT_IMPORT_ROOTS")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# A page's form carries at most a document's text and its title; files stream past this limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# The first counts and stops what is too large while it comes in; the others keep it.
FILE_UPLOAD_HANDLERS = [
    "config.uploads.LimitedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Safety in the browser --------------------------------------------------------------------------------------------

# Nothing inline, nothing from elsewhere: every script, style and picture is a file of our own.
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "upgrade-insecure-requests": IN_PRODUCTION,
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.views.errors.stale_form"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IN_PRODUCTION
if IN_PRODUCTION:
    SECURE_HSTS_SECONDS = _env.number("REMIT_HSTS_SECONDS", default=365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE_HSTS_SECONDS > 0
    # These are asked by the platform, from inside and without TLS.
    SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|metrics)$"]
    if BEHIND_PROXY:
        # Only behind a proxy that always sets this header: anybody else could claim TLS with it.
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- The API ----------------------------------------------------------------------------------------------------------

# governance/api/views.py holds what every address does; nothing of DRF's generic views, and so none of their defaults.
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["governance.api.parsing.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "governance.api.schema.Described",
    "EXCEPTION_HANDLER": "governance.api.problems.problem_response",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Remit",
    "DESCRIPTION": "Everything that the pages can do, under the same rules: who may, and what is recorded.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1/",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # governance/api/choices.py gives closed sets of values their names: these, wherever such a set stands.
    "POSTPROCESSING_HOOKS": [],
    "ENUM_NAME_OVERRIDES": {
        "Capability": "governance.vocabulary.Capability",
        "Classification": "governance.vocabulary.Classification",
        "DocumentKind": "knowledge.models.KINDS",
        "DocumentStatus": "knowledge.vocabulary.Status",
        "ImportState": "knowledge.models.ImportBatch.State",
        "Mode": "governance.vocabulary.Mode",
        "OrganisationRole": "governance.vocabulary.OrganisationRole",
        "PlanState": "governance.models.Transition.State",
        "Reach": "governance.vocabulary.Reach",
        "RequestKind": "governance.models.Request.Kind",
        "RequestStatus": "governance.models.Request.Status",
        "ReviewDue": "knowledge.selectors.library.REVIEW_FILTERS",
        "ReviewOutcome": "governance.actions.requests.REVIEWS",
        "RightKey": "governance.rights.Right",
        "RiskLevel": "governance.vocabulary.RiskLevel",
        "Role": "governance.vocabulary.Role",
        "ScopeKey": "governance.scopes.Scope",
        "UnitKind": "governance.vocabulary.UnitKind",
        "Verdict": "governance.actions.requests.VERDICTS",
    },
}
# In one minute: for a person (all their tokens and browsers together), and for a network address with nobody signed in.
API_REQUESTS_A_MINUTE = _env.number("REMIT_API_REQUESTS_A_MINUTE", default=600, least=1)
API_REQUESTS_A_MINUTE_SIGNED_OUT = _env.number("REMIT_API_REQUESTS_A_MINUTE_SIGNED_OUT", default=120, least=1)

# --- Jobs -------------------------------------------------------------------------------------------------------------

# Without a Redis, messages live in this process's memory and its own worker reads them: see config/embedded.py.
_redis_url = _env.text("REDIS_URL")
CELERY_BROKER_URL = _redis_url or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        # Longer than the longest task: a message unacknowledged for this long is taken for lost and handed out again.
        "visibility_timeout": 3600,
        # Whoever asks for a job after a commit does not wait for a broker that is away: the beat finds what is owed.
        "socket_connect_timeout": 2,
        "socket_timeout": 20,
        "socket_keepalive": True,
        "health_check_interval": 30,
        "max_retries": 1,
        "interval_start": 0,
        "interval_max": 0,
    }
    if _redis_url
    # kombu looks once a second by default, which starves a worker that shares its process with a web server.
    else {"polling_interval": 0.05}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker waits for its broker for as long as that is away.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A job goes on when the broker is lost, for what it does stands in the database; told again, it finds nothing to do.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BEAT_SCHEDULER = "config.beat:OneBeat"
CELERY_TASK_IGNORE_RESULT = True
# A message only says "look now", and beat says it again: it is done with once a worker took it (decision 0222).
CELERY_TASK_ACKS_LATE = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
# How often a worker says that it consumes (config/tasks.py), in seconds.
HEARTBEAT_SECONDS = _env.number("REMIT_HEARTBEAT_SECONDS", default=30, least=1)
# How often beat has it looked for what a lost message or a killed worker left behind, in seconds.
SWEEP_SECONDS = _env.number("REMIT_SWEEP_SECONDS", default=60, least=1)
# After this many seconds what a worker took is taken for left behind. Longer than a mail server may take: its time-out
# holds for each of a dozen exchanges.
LEASE_SECONDS = _env.number("REMIT_LEASE_SECONDS", default=300, least=5)

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "config.caching.SpareCache",
        "LOCATION": _redis_url,
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
    if _redis_url
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}


# --- Mail -------------------------------------------------------------------------------------------------------------

EMAIL_FILE_PATH = str(DATA_DIR / "mail")
if _mail_url := _env.text("EMAIL_URL"):
    globals().update({name: value for name, value in environ.Env.email_url_config(_mail_url).items() if value})
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _env.text("REMIT_MAIL_FROM", "Remit <remit@localhost>")

# --- The log ----------------------------------------------------------------------------------------------------------

LOGGING = logs.configure(
    json=IN_PRODUCTION, level=_env.text("REMIT_LOG_LEVEL", "INFO" if IN_PRODUCTION else "WARNING").upper()
)
DJANGO_STRUCTLOG_CELERY_ENABLED = True
# It is no longer the upstream's: config.middleware.RequestIds has looked at it, or put one of our own in its place.
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True
# Somebody's wrong address or lapsed session is no fault of the server.
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.INFO
