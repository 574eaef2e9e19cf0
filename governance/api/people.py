"""People as the API names them beside other things; what they belong to stands in ``memberships.py``."""

from typing import Any

from rest_framework import serializers


class PersonSerializer(serializers.Serializer[Any]):
    """Somebody: a pseudonymous id, and the name as it is now."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    name = serializers.CharField(read_only=True)
