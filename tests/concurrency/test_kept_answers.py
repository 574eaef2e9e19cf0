"""The same write under the same key at the same moment: it happens once, whoever wins."""

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest
from django.test import Client

from accounts.actions.tokens import create_token
from accounts.models import User
from governance.actions import kept_answers
from governance.actions.organisation_roles import appoint_first_administrator
from governance.actions.units import create_unit
from governance.ledger import clock
from governance.models import KeptAnswer, LedgerEntry
from governance.vocabulary import UnitKind
from tests.concurrency.racing import Campaign, Track

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
LANES = 4
ROUNDS = 25


@pytest.fixture
def person() -> Any:
    return User.objects.create_user("racer@example.org", name="Rae Racer")


def test_one_of_many_claims_gets_the_key_and_nobody_is_shown_a_database_error(person: Any):
    def once(number: int) -> Sequence[str]:
        def claim(lane: int) -> Any:
            return lambda: kept_answers.claim(
                user=person, key=f"k{number}", request_hash="h", request_id=f"{number}.{lane}"
            )

        outcome = track.race([claim(lane) for lane in range(LANES)])
        odd = outcome.faults()
        refused = [error for error in outcome.refused if not isinstance(error, kept_answers.KeyAtWork)]
        return [*odd, *map(str, refused), *([] if len(outcome.won) == 1 else [f"{len(outcome.won)} won"])]

    with Track(LANES) as track:
        campaign = Campaign(rounds=ROUNDS).each(once)
    assert campaign.anomalies == []
    assert KeptAnswer.objects.count() == ROUNDS


def test_a_key_whose_holder_died_is_taken_over_by_one(person: Any):
    def once(number: int) -> Sequence[str]:
        key = f"d{number}"
        kept_answers.claim(user=person, key=key, request_hash="h", request_id="dead")
        KeptAnswer.objects.filter(key=key).update(claimed_at=clock.database_now() - kept_answers.LONGEST_WRITE)

        def again(lane: int) -> Any:
            return lambda: kept_answers.claim(user=person, key=key, request_hash="h", request_id=f"{number}.{lane}")

        outcome = track.race([again(lane) for lane in range(LANES)])
        return [*outcome.faults(), *([] if len(outcome.won) == 1 else [f"{len(outcome.won)} won"])]

    with Track(LANES) as track:
        campaign = Campaign(rounds=ROUNDS).each(once)
    assert campaign.anomalies == []


def test_a_write_over_http_happens_once_and_everybody_ends_with_its_answer(person: Any):
    """Each lane asks as a client does: again while the first is at work."""
    appoint_first_administrator(user=person)
    create_unit(actor=person, code="ORG", name="Organisation", kind=UnitKind.ORGANISATION)
    made = create_token(actor=person, user=person, name="Race", scopes=["administer"], days=1)

    def send(number: int) -> Any:
        def until_answered() -> tuple[int, bytes]:
            client = Client(
                raise_request_exception=False,
                headers={"Authorization": f"Bearer {made.secret}", "Idempotency-Key": f"h{number}"},
            )
            body = json.dumps({"code": f"T{number}", "name": "Team", "kind": "team", "parent": "ORG"})
            for _ in range(200):
                answer = client.post("/api/v1/units/", body, content_type="application/json")
                if answer.status_code != 409:
                    return answer.status_code, answer.content
                time.sleep(0.01)
            raise AssertionError("never answered")

        return until_answered

    def once(number: int) -> Sequence[str]:
        outcome = track.race([send(number) for _ in range(LANES)])
        said = {str(each) for each in outcome.returned}
        right = len(said) == 1 and outcome.returned[0][0] == 201
        return [*outcome.faults(), *([] if right else [f"answered {said}"])]

    with Track(LANES) as track:
        campaign = Campaign(rounds=8).each(once)
    assert campaign.anomalies == []
    assert LedgerEntry.objects.filter(event="unit.created", subject__startswith="unit:").count() == 1 + 8


def test_of_those_who_edit_the_same_version_at_once_one_is_let_through(person: Any):
    appoint_first_administrator(user=person)
    create_unit(actor=person, code="ORG", name="Organisation", kind=UnitKind.ORGANISATION)
    made = create_token(actor=person, user=person, name="Race", scopes=["read", "administer"], days=1)
    client = Client(headers={"Authorization": f"Bearer {made.secret}"})

    def rename(name: str, etag: str) -> Any:
        def send() -> int:
            mine = Client(headers={"Authorization": f"Bearer {made.secret}", "If-Match": etag})
            body = json.dumps({"name": name})
            return mine.patch("/api/v1/units/ORG/", body, content_type="application/json").status_code

        return send

    def once(number: int) -> Sequence[str]:
        etag = client.get("/api/v1/units/ORG/")["ETag"]
        outcome = track.race([rename(f"Name {number}.{lane}", etag) for lane in range(LANES)])
        right = sorted(outcome.returned) == [200, *[412] * (LANES - 1)]
        return [*outcome.faults(), *([] if right else [f"answered {outcome.returned}"])]

    with Track(LANES) as track:
        campaign = Campaign(rounds=15).each(once)
    assert campaign.anomalies == []
