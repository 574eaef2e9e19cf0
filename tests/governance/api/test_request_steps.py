"""The steps of a request that only some models know, over the API: objections, the review, taking a decision back."""

import pytest

from governance.models import LedgerEntry
from tests.api.clients import JSON, problem, program_of
from tests.governance.actions.story import under

pytestmark = pytest.mark.django_db


def step(user, request, what, body=None, method="post"):
    path = f"/api/v1/requests/{request.number}/{what}/"
    return getattr(program_of(user), method)(path, body or {}, content_type=JSON)


@under("evolved")
def test_a_seat_objects_and_takes_it_back_and_nobody_else_does_either(story):
    request = story.submitted("Fay", "FIN")
    assert problem(step(story["Fay"], request, "objections", {"comment": "No."}))[0] in (403, 409)
    assert problem(step(story["Hana"], request, "objections", {"comment": ""})) == (422, "invalid")
    answer = step(story["Hana"], request, "objections", {"comment": "Not so."})
    assert answer.status_code == 201, answer.content
    shown = program_of(story["Hana"]).get(f"/api/v1/requests/{request.number}/").json()
    assert [(one["number"], one["text"], one["person"]["name"]) for one in shown["objections"]] == [
        (1, "Not so.", story["Hana"].name)
    ]
    assert problem(step(story["Fay"], request, "objections/1", method="delete"))[0] in (403, 409)
    assert step(story["Hana"], request, "objections/1", method="delete").status_code == 200
    shown = program_of(story["Hana"]).get(f"/api/v1/requests/{request.number}/").json()
    assert shown["objections"][0]["cleared_by"]["name"] == story["Hana"].name


@under("devolved")
def test_the_centre_reviews_what_was_published_under_a_mandate(story):
    request = story.decides("Finn", story.submitted("Fay", "FIN"))
    assert problem(step(story["Finn"], request, "review", {"outcome": "accept"}))[0] in (403, 409)
    answer = step(story["Cora"], request, "review", {"outcome": "accept"})
    assert answer.status_code == 201, answer.content
    assert answer.json()["review_open"] is False
    assert LedgerEntry.objects.filter(event="approval.reviewed", actor=str(story["Cora"].public_id)).exists()


@under("devolved")
def test_a_substitute_decides_over_the_api_as_on_the_page(story):
    story.delegates("Finn", "Hugo", story.remit("FIN"))
    request = story.submitted("Fay", "FIN")
    body = {"verdict": "approve", "seen_hash": request.subject_hash}
    answer = step(story["Hugo"], request, "decisions", body)
    assert answer.status_code == 201, answer.content
    decision = request.decisions.get()
    assert (decision.user, decision.on_behalf_of) == (story["Hugo"], story["Finn"])


@under("centre_of_excellence")
def test_a_decision_is_taken_back_by_whoever_took_it(story):
    request = story.submitted("Fay", "FIN")
    body = {"verdict": "approve", "seen_hash": request.subject_hash}
    assert step(story["Finn"], request, "decisions", body).status_code == 201
    assert problem(step(story["Cora"], request, "decisions/mine", method="delete"))[0] in (403, 409)
    answer = step(story["Finn"], request, "decisions/mine", method="delete")
    assert answer.status_code == 200, answer.content
    assert answer.json()["stage"] == request.stage
    request.refresh_from_db()
    assert request.decisions.get().undone_at is not None
