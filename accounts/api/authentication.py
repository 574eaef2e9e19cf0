"""Who speaks to the API: the person of a token, or whoever is signed in with a browser."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.actions.tokens import token_for
from accounts.models import ApiToken, User
from governance.api.throttling import count_refused_token

REFUSED = "This token opens nothing: it is wrong, has expired or was revoked, or its person is no longer active."


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer remit_…``. Whoever sends an Authorization header is that token's person or nobody: a
    wrong one never falls back to a browser's session beside it."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Return the token's person and the token; None without the header. Raises ``AuthenticationFailed``."""
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        scheme, _, secret = header.strip().partition(" ")
        found = token_for(secret.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            count_refused_token(request.META.get("REMOTE_ADDR", ""))
            raise AuthenticationFailed(REFUSED)
        return found.user, found

    def authenticate_header(self, request: Any) -> str:
        """What a 401 asks for."""
        return 'Bearer realm="Remit"'
