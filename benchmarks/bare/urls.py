"""Its one address: a DRF view that asks the database and knows guardian."""

from django.db import connection
from django.urls import path
from guardian import shortcuts
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response


@api_view(["GET"])
def answer(request: Request) -> Response:
    """A few words."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return Response({"one": cursor.fetchone()[0], "shortcut": shortcuts.get_objects_for_user.__name__})


urlpatterns = [path("", answer)]
