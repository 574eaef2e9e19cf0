"""What the API can do: as OpenAPI for programs, and as a page for people. Both say nothing of the organisation."""

from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework import serializers
from rest_framework.request import Request

from governance.api.operations import shows
from governance.api.views import ApiView, HttpResponseBase
from governance.scopes import Scope


class SchemaSerializer(serializers.Serializer[Any]):
    """An OpenAPI 3.1 document."""

    openapi = serializers.CharField(read_only=True)

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the document as it is."""
        return dict(instance)


class SchemaShow(ApiView):
    """The API's description."""

    open_to_all = True

    @shows("schema_show", SchemaSerializer)
    def get(self, request: Request) -> HttpResponseBase:
        """Show this description."""
        return self.thing(description())


@cache
def description() -> dict[str, Any]:
    """Return the description; made once in the life of a process, for drf-spectacular is slow to import."""
    from governance.api.schema import describe

    return describe()


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """The same for people: how to begin, and every operation by its noun."""
    from governance.api.schema import operations_in

    operations: dict[str, list[dict[str, Any]]] = {}
    for path, method, each in operations_in(description()):
        problems = sorted(code for code in each["responses"] if code >= "400")
        operations.setdefault(each["tags"][0], []).append(
            {**each, "path": path, "method": method.upper(), "scope": each["x-scope"], "problems": problems}
        )
    context = {
        "page_title": "The API",
        "site_url": settings.SITE_URL,
        "nouns": sorted(operations.items()),
        "scopes": [{"value": scope.value, "label": scope.label} for scope in Scope],
    }
    return render(request, "api/guide.html", context)
