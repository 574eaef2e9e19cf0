"""One's own tokens. A program may see and revoke them; only a person who is signed in with a browser makes one."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from rest_framework import serializers

from accounts.actions import tokens as actions
from accounts.models import ApiToken
from accounts.selectors import tokens as selectors
from governance.api.operations import lists, shows, writes
from governance.api.views import ApiView, HttpRequest, HttpResponseBase
from governance.errors import Denied
from governance.scopes import Scope


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token without its secret."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)
    state = serializers.CharField(read_only=True, help_text="active, expired or revoked.")

    class Meta:
        model = ApiToken
        fields = ("id", "name", "prefix", "scopes", "state", "created_at", "expires_at", "last_used_at", "revoked_at")
        read_only_fields = fields


class MadeTokenSerializer(serializers.Serializer[Any]):
    """A new token. ``secret`` is told here and nowhere else."""

    token = TokenSerializer(read_only=True)
    secret = serializers.CharField(read_only=True)


class NewTokenSerializer(serializers.Serializer[Any]):
    """What a token is for, what it may be used for, and for how many days."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=[scope.value for scope in Scope]))
    days = serializers.IntegerField(min_value=1, max_value=actions.MOST_DAYS)


class TokenList(ApiView):
    """One's own tokens."""

    @lists("token_list", TokenSerializer, order=("-created_at", "-pk"))
    def get(self, request: HttpRequest) -> HttpResponseBase:
        """List every token that one ever had, newest first."""
        return self.page(selectors.tokens_of(request.user))

    @writes(
        "token_create",
        MadeTokenSerializer,
        takes=NewTokenSerializer,
        scope=Scope.WRITE,
        status=201,
        tells_once=True,
    )
    def post(self, request: HttpRequest) -> HttpResponseBase:
        """Make a token. Only with a browser's session: no token makes another."""
        if self.token is not None:
            raise Denied("A token makes no other token. Sign in with a browser to make one.")
        person: Any = request.user
        made = actions.create_token(actor=person, user=person, **self.asked)
        return self.done(made, at=reverse("api-token", kwargs={"public_id": made.token.public_id}))


class TokenDetail(ApiView):
    """One of one's tokens."""

    @shows("token_show", TokenSerializer)
    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Show one of one's tokens."""
        return self.thing(found(request.user, public_id))

    @writes("token_revoke", TokenSerializer, scope=Scope.WRITE)
    def delete(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:
        """Revoke one of one's tokens, at once and for good; its record stays."""
        person: Any = request.user
        return self.done(actions.revoke_token(actor=person, token=found(person, public_id)))


def found(actor: Any, public_id: UUID) -> ApiToken:
    """Return one of the person's own tokens; ``Http404`` for anybody else's."""
    try:
        return selectors.token_of(actor, public_id)
    except ApiToken.DoesNotExist:
        raise Http404 from None
