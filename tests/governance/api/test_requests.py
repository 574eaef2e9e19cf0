"""Requests over HTTP obey the same rules as the pages."""

import pytest
from django.test import Client

from governance.models import Request
from tests.knowledge.cast import drafted, make_cast, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    return make_cast()


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def decide(user, request, **body):
    return client_of(user).post(
        f"/api/v1/requests/{request.number}/decisions/",
        {"verdict": "approve", "seen_hash": request.subject_hash, **body},
        content_type="application/json",
    )


def test_the_author_cannot_approve_their_own_revision_and_the_lead_can(cast):
    request = submitted(cast.unit_lead, drafted(cast.unit_lead, cast.unit_remit))
    refused = decide(cast.unit_lead, request)
    assert refused.status_code == 403
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["detail"]
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit, title="Another"))
    accepted = decide(cast.unit_lead, request)
    assert accepted.status_code == 201, accepted.content
    assert accepted.json()["stage"] != request.stage


def test_a_hidden_request_is_answered_as_an_absent_one(cast):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    hidden = decide(cast.outsider, request)
    absent = client_of(cast.outsider).post("/api/v1/requests/R-99999/decisions/", {}, content_type="application/json")
    assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content) == (404, absent.content)
    assert client_of(cast.outsider).get("/api/v1/requests/").json()["results"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"verdict": "bless"}, 422),
        ({"verdict": "reject"}, 422),
        ({"seen_hash": "0" * 64}, 409),
        ({"comment": "\x00"}, 422),
    ],
)
def test_bad_input_is_a_problem_with_its_reason_and_decides_nothing(cast, body, status):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    answer = decide(cast.unit_lead, request, **body)
    assert answer.status_code == status
    assert answer.json()["status"] == status
    assert Request.objects.get(pk=request.pk).decisions.count() == 0


def test_nobody_signed_in_reads_nothing(cast):
    assert Client().get("/api/v1/requests/").status_code == 401
