"""Tokens over the API: seen and revoked by programs, made by people alone, and told once."""

import pytest
from django.core.cache import cache

from accounts.models import ApiToken
from governance.models import KeptAnswer, LedgerEntry
from tests.api.clients import JSON, browser_of, problem, program_of
from tests.knowledge.cast import make_cast

pytestmark = pytest.mark.django_db
TOKENS = "/api/v1/tokens/"
WISH = {"name": "Nightly export", "scopes": ["read"], "days": 30}


@pytest.fixture
def cast():
    cache.clear()
    return make_cast()


def test_a_person_makes_a_token_and_a_token_makes_none(cast):
    refused = program_of(cast.unit_reader).post(TOKENS, WISH, content_type=JSON)
    assert problem(refused) == (403, "denied")
    assert not ApiToken.objects.filter(name="Nightly export").exists()
    made = browser_of(cast.unit_reader).post(TOKENS, WISH, content_type=JSON)
    assert made.status_code == 201, made.content
    secret, token = made.json()["secret"], made.json()["token"]
    assert (token["name"], token["scopes"], token["state"]) == ("Nightly export", ["read"], "active")
    assert made["Location"].endswith(f"{TOKENS}{token['id']}/")
    assert LedgerEntry.objects.filter(event="token.created", actor=str(cast.unit_reader.public_id)).count() == 2
    shown = browser_of(cast.unit_reader).get(f"{TOKENS}{token['id']}/")
    assert secret not in shown.content.decode()
    assert browser_of(cast.unit_lead).get(f"{TOKENS}{token['id']}/").status_code == 404


def test_a_secret_is_told_once_and_kept_nowhere(cast):
    browser, key = browser_of(cast.unit_reader), {"Idempotency-Key": "once"}
    made = browser.post(TOKENS, WISH, content_type=JSON, headers=key)
    again = browser.post(TOKENS, WISH, content_type=JSON, headers=key)
    assert problem(again) == (409, "outcome-kept-no-answer")
    assert again["Idempotency-Replayed"] == "true"
    assert ApiToken.objects.filter(name="Nightly export").count() == 1
    (kept,) = KeptAnswer.objects.all()
    assert made.json()["secret"] not in kept.body


def test_a_revoked_token_opens_nothing_at_once(cast):
    program, other = program_of(cast.unit_reader), program_of(cast.unit_lead)
    (mine,) = program.get(TOKENS).json()["results"]
    assert problem(other.delete(f"{TOKENS}{mine['id']}/")) == (404, "not-found")
    assert program.get(TOKENS).status_code == 200
    assert program.delete(f"{TOKENS}{mine['id']}/").json()["state"] == "revoked"
    assert problem(program.get(TOKENS)) == (401, "not-signed-in")
    assert other.get(TOKENS).status_code == 200


def test_what_a_token_cannot_be_is_said_at_its_field(cast):
    wrong = {"name": " ", "scopes": ["read", "everything"], "days": 0}
    refused = browser_of(cast.unit_reader).post(TOKENS, wrong, content_type=JSON)
    assert problem(refused) == (422, "invalid")
    assert set(refused.json()["fields"]) == {"name", "scopes.1", "days"}
    assert not ApiToken.objects.exists()
