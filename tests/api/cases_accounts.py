"""Accounts' operations."""

from typing import Any

from tests.api.cases import Case
from tests.http.surfaces import ABSENT_ID
from tests.http.world import MEMBERS, ROLES, World, token_of

EVERYBODY = frozenset(ROLES)
NOTICES, TOKENS = "/api/v1/notifications/", "/api/v1/tokens/"
ONES_OWN = "one's own reading of one's own inbox is nobody's business"


def _at(path: str) -> Any:
    return lambda world: path


def _notice(world: World) -> str:
    return f"{NOTICES}{world.others['stale']['reader'][0].public_id}/"


CASES = (
    Case(name="me_show", at=_at("/api/v1/me/"), may=EVERYBODY),
    Case(
        name="me_change",
        at=_at("/api/v1/me/"),
        may=EVERYBODY,
        body=lambda world: {"title": "Tester"},
        leaves="account.changed",
    ),
    Case(name="person_list", at=_at("/api/v1/people/"), may=EVERYBODY),
    Case(
        name="person_show",
        at=lambda world: f"/api/v1/people/{world.others['hermit'].public_id}/",
        absent=f"/api/v1/people/{ABSENT_ID}/",
        may=MEMBERS,
    ),
    Case(name="notification_list", at=_at(NOTICES), may=EVERYBODY),
    Case(
        name="notification_show",
        at=_notice,
        absent=f"{NOTICES}{ABSENT_ID}/",
        may=frozenset({"reader"}),
    ),
    Case(
        name="notification_read",
        at=lambda world: f"{_notice(world)}read/",
        absent=f"{NOTICES}{ABSENT_ID}/read/",
        may=frozenset({"reader"}),
        unrecorded=ONES_OWN,
    ),
    Case(name="notification_read_all", at=_at(f"{NOTICES}read/"), may=EVERYBODY, body=_at({}), unrecorded=ONES_OWN),
    Case(name="token_list", at=_at(TOKENS), may=EVERYBODY),
    Case(
        name="token_create",
        at=_at(TOKENS),
        may=frozenset(),
        sees=EVERYBODY,
        body=lambda world: {"name": "Another", "scopes": ["read"], "days": 3},
        elsewhere="tests/api/test_tokens.py",
    ),
    Case(
        name="token_show",
        at=lambda world: f"{TOKENS}{token_of(world.people['reader']).public_id}/",
        absent=f"{TOKENS}{ABSENT_ID}/",
        may=frozenset({"reader"}),
    ),
    Case(
        name="token_revoke",
        at=lambda world: f"{TOKENS}{token_of(world.people['reader']).public_id}/",
        absent=f"{TOKENS}{ABSENT_ID}/",
        may=frozenset({"reader"}),
        leaves="token.revoked",
    ),
)
