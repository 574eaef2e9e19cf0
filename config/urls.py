"""The addresses of the whole product, composed from the packages' own."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from config import health, metrics

urlpatterns: list[URLPattern | URLResolver] = [
    # As platforms expect them: without a slash at the end.
    path("livez", health.live, name="livez"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
]

MODULES = (
    "config.views.urls",
    "accounts.urls",
    "knowledge.urls",
    "governance.urls",
    "accounts.api.urls",
    "knowledge.api.urls",
    "governance.api.urls",
    # Last: it answers every other address below /api/.
    "config.api.urls",
)
for _module in MODULES:
    try:
        _there = find_spec(_module) is not None
    except ModuleNotFoundError:
        _there = False
    if _there:
        urlpatterns.append(path("", include(_module)))

handler400 = "config.views.errors.bad_request"
handler403 = "config.views.errors.permission_denied"
handler404 = "config.views.errors.page_not_found"
handler500 = "config.views.errors.server_error"
