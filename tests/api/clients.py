"""Programs and browsers that speak to the API."""

from typing import Any

from django.test import Client

from accounts.actions.tokens import create_token
from governance.scopes import Scope

JSON = "application/json"
ALL = tuple(scope.value for scope in Scope)


def secret_of(user: Any, *scopes: str, days: int = 30) -> str:
    """Return the secret of a new token of ``user``, for every scope unless some are named."""
    made = create_token(actor=user, user=user, name="Test", scopes=scopes or ALL, days=days)
    return made.secret


def program_of(user: Any, *scopes: str) -> Client:
    """Return a client that shows a token of ``user``."""
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret_of(user, *scopes)}"})


def browser_of(user: Any) -> Client:
    """Return a client that is signed in as ``user``, as a browser is."""
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


def problem(answer: Any) -> tuple[int, str]:
    """Return the status and the code of a problem, and nothing else than a problem."""
    assert answer["Content-Type"] == "application/problem+json", (answer.status_code, answer.content)
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["type"].endswith(f"/api/problems/{body['code']}/")
    assert body["title"]
    assert body["detail"]
    return answer.status_code, body["code"]
