"""Requests that nobody can decide, or only the last reserve: kept, told, and opened again by whoever comes."""

import pytest

from governance.errors import NotAllowed
from governance.models import Decision
from governance.vocabulary import Capability, Role
from tests.governance.actions.story import Story, walk

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE


def test_a_council_that_cannot_reach_its_quorum_falls_to_the_lead_above_the_centre():
    story = Story()
    story.units("TOP", "ORG:division<TOP", "CEN:central_team<ORG", "FIN<ORG", "HR<ORG")
    story.people(Tess="TOP", Olga=("ORG", Role.READER), Cora="CEN", Fay=("FIN", Role.AUTHOR))
    story.under("evolved", centre="CEN")
    request = story.submitted("Fay", "FIN", K)
    state = story.check(request)
    assert state.route.stages[-1].fallback
    assert walk(story, request, ["Tess"]).status == "approved"
    assert Decision.objects.get().relation == "reserve"
    story.check(request, deep=True)


def test_an_undecidable_submission_is_kept_and_told_to_administrators_at_once():
    story = Story()
    story.units("ORG", "FIN<ORG")
    story.people(Finn="FIN")
    story.under("decentralized")
    request = story.submitted("Finn", "FIN", K)
    assert request.status == "undecidable"
    assert story.waits_for(request) == set()
    assert story.events(request) == ["approval.submitted", "approval.undecidable"]
    assert story.said(request, "approval.undecidable")[0]["people"] == [story.ada.pk]
    story.check(request, deep=True)
    with pytest.raises(NotAllowed, match="cannot be decided"):
        story.decides("Ada", request)
    story.people(Olga="ORG")
    request.refresh_from_db()
    assert request.status == "open"
    assert walk(story, request, ["Olga"]).status == "approved"
    story.check(request, deep=True)
