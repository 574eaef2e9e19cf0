"""The product's own settings, with the addresses of the floors and the limits beside its own."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
TEMPLATES[0]["DIRS"] = [BASE_DIR / "benchmarks" / "templates"]  # noqa: F405
# Nothing is sent anywhere: what a measured step announces stays in the outbox.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
