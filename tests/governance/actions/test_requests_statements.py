"""What submitting and deciding cost the database, on warm caches. BEGIN, COMMIT and savepoints are not counted."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from governance.vocabulary import Capability
from knowledge.actions.drafts import submit_draft
from knowledge.models import Document
from tests.governance.actions.story import Story, under

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE
SUBMIT = 16
DECIDE = 16


def statements(step: Callable[[], Any]) -> list[str]:
    """The SQL of the step, within one request as the middleware opens it."""
    with policy.one_request(), CaptureQueriesContext(connection) as seen:
        step()
    own = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
    return [query["sql"] for query in seen.captured_queries if not query["sql"].startswith(own)]


def warmed(story: Story) -> tuple[Document, Request]:
    """A draft and a request that waits for its last decision, everything about its people known already."""
    request = story.decides("Finn", story.submitted("Fay", "FIN"))
    story.decides("Cora", request)
    document = Document.objects.select_related("draft", "remit").get(pk=story.drafted("Fay", "FIN").pk)
    policy.can(story["Fay"], Right.SUBMIT, document)
    return document, story.decides("Finn", story.submitted("Fay", "FIN"))


@under("centre_of_excellence")
def test_submitting(story):
    document, _ = warmed(story)
    step = statements(
        lambda: submit_draft(
            actor=story["Fay"], document=document, base=document.draft.public_id, submission_key=uuid4()
        )
    )
    assert len(step) <= SUBMIT, "\n".join(step)


@under("centre_of_excellence")
def test_the_decision_that_publishes(story):
    _, request = warmed(story)
    step = statements(lambda: story.decides("Cora", request))
    assert len(step) <= DECIDE, "\n".join(step)
    assert Request.objects.get(pk=request.pk).status == "approved"


@under("centre_of_excellence")
def test_neither_grows_with_what_else_is_open(story):
    def cost() -> tuple[int, int]:
        document, request = warmed(story)
        submitting = statements(
            lambda: submit_draft(
                actor=story["Fay"], document=document, base=document.draft.public_id, submission_key=uuid4()
            )
        )
        return len(submitting), len(statements(lambda: story.decides("Cora", request)))

    before = cost()
    for _ in range(5):
        story.submitted("Fay", "FIN")
        story.submitted("Hal", "HR")
    assert cost() == before
