"""People and models change while requests run: each follows, whole, within the change itself."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from governance import failpoints
from governance.actions.dates import follow_dates
from governance.actions.memberships import NewMembership, end_membership, grant_memberships
from governance.actions.requests import advance_due, object_to, withdraw
from governance.actions.units import close_unit, move_unit
from governance.errors import Denied, NotAllowed
from governance.models import LedgerEntry, Membership, Request, RequestWaiting
from governance.vocabulary import Capability, Role
from knowledge.models import Document
from tests.governance.actions.story import after_last_call, under, walk

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE


@under("centre_of_excellence")
class TestMemberships:
    def test_a_stage_with_nobody_left_falls_to_its_reserve(self, story):
        request = story.submitted("Fay", "FIN")
        story.leaves("Finn", "FIN")
        assert story.waits_for(request) == {"Olga"}
        assert story.events(request)[-2:] == ["approval.stage_entered", "approval.reassessed"]
        state = story.check(request, deep=True)
        assert state.current.fallback
        with pytest.raises(Denied):
            story.decides("Finn", request)
        assert walk(story, request, ["Olga", "Cora"]).status == "approved"
        story.check(request, deep=True)

    def test_the_second_stage_falls_to_its_reserve_once_it_is_reached(self, story):
        request = story.submitted("Fay", "FIN")
        story.leaves("Cora", "CEN")
        story.leaves("Cleo", "CEN")
        assert story.waits_for(request) == {"Finn"}
        story.check(request, deep=True)
        assert walk(story, request, ["Finn", "Olga"]).status == "approved"
        story.check(request, deep=True)

    def test_with_nobody_left_it_is_undecidable_and_opens_again_for_who_comes(self, story):
        request = story.decides("Finn", story.submitted("Fay", "FIN"))
        for name, unit in (("Cora", "CEN"), ("Cleo", "CEN"), ("Olga", "ORG")):
            story.leaves(name, unit)
            story.check(request)
        request.refresh_from_db()
        assert request.status == "undecidable"
        assert story.events(request)[-2:] == ["approval.undecidable", "approval.reassessed"]
        assert story.said(request, "approval.undecidable")[0]["people"] == [story.ada.pk]
        assert story.waits_for(request) == set()
        with pytest.raises(NotAllowed):
            story.decides("Olga", request)
        told = len(story.events(request))
        story.people(Nina="HR")
        assert len(story.events(request)) == told, "nothing changed for it, so nothing is told again"
        story.people(Carla="CEN")
        request.refresh_from_db()
        assert (request.status, story.waits_for(request)) == ("open", {"Carla"})
        assert walk(story, request, ["Carla"]).status == "approved"
        story.check(request, deep=True)

    def test_it_may_still_be_withdrawn_while_nobody_can_decide(self, story):
        request = story.decides("Finn", story.submitted("Fay", "FIN"))
        for name, unit in (("Cora", "CEN"), ("Cleo", "CEN"), ("Olga", "ORG")):
            story.leaves(name, unit)
        assert withdraw(actor=story["Fay"], request=request).status == "withdrawn"
        story.check(request, deep=True)

    def test_who_comes_later_is_not_let_in_while_those_named_are_there(self, story):
        request = story.submitted("Fay", "FIN")
        story.people(Lea="FIN")
        assert story.waits_for(request) == {"Finn"}
        story.check(request, deep=True)
        story.leaves("Finn", "FIN")
        assert story.waits_for(request) == {"Lea"}

    def test_an_account_that_becomes_an_auditor_decides_no_more(self, story):
        request = story.submitted("Fay", "FIN")
        story.leaves("Finn", "FIN")
        story.auditor("Finn")
        assert story.waits_for(request) == {"Olga"}
        story.check(request, deep=True)

    def test_a_moved_unit_keeps_what_its_requests_pinned(self, story):
        request = story.submitted("Fay", "FIN")
        story.units("DIV:division<ORG")
        story.under("independent", of="DIV")
        move_unit(actor=story.ada, unit=story.unit("FIN"), parent=story.unit("DIV"))
        assert story.remit("FIN").effective_mode == "unit"
        state = story.check(request, deep=True)
        assert state.route.mode == "joint"
        assert walk(story, request, ["Finn", "Cora"]).status == "approved"

    def test_a_unit_with_an_open_request_does_not_close(self, story):
        request = story.submitted("Fay", "FIN")
        with pytest.raises(NotAllowed, match="open requests"):
            close_unit(actor=story.ada, unit=story.unit("FIN"), reason="Merged.")
        withdraw(actor=story["Fay"], request=request)
        close_unit(actor=story.ada, unit=story.unit("FIN"), reason="Merged.")
        story.check(request, deep=True)

    def test_a_closed_reserve_is_none(self, story):
        story.units("DIV:division<ORG")
        story.people(Dora="DIV")
        move_unit(actor=story.ada, unit=story.unit("FIN"), parent=story.unit("DIV"))
        request = story.submitted("Finn", "FIN")
        assert story.waits_for(request) == {"Dora"}
        close_unit(actor=story.ada, unit=story.unit("DIV"), reason="Dissolved.")
        assert story.waits_for(request) == {"Olga"}
        story.check(request, deep=True)


class TestModels:
    @under("centre_of_excellence")
    def test_a_running_request_pins_its_model_version_and_the_next_one_takes_the_new(self, story):
        request = story.submitted("Fay", "FIN")
        version = request.model_version
        story.units("TEAM:central_team<ORG")
        story.people(Tina="TEAM")
        story.under("centralized", centre="TEAM")
        state = story.check(request, deep=True)
        assert (state.route.mode, request.model_version) == ("joint", version)
        assert walk(story, request, ["Finn", "Cora"]).status == "approved"
        assert story.submitted("Tina", "FIN").mode == "centre"
        story.check(request, deep=True)

    @under("devolved")
    def test_a_mandate_that_ends_with_the_model_leaves_the_route_of_joint(self, story):
        request = story.submitted("Fay", "FIN")
        reviewed = story.decides("Finn", story.submitted("Fay", "FIN"))
        story.under("evolved", centre="CEN")
        state = story.check(request, deep=True)
        assert state.route.mode == "joint"
        assert reviewed.review_open
        assert story.waits_for(reviewed) == {"Cora", "Cleo"}
        assert walk(story, request, ["Finn", "Cleo"]).status == "approved"
        story.check(reviewed, deep=True)

    @under("evolved")
    def test_a_council_that_loses_a_seat_may_have_reached_its_quorum(self, story):
        request = story.submitted("Fay", "FIN")
        object_to(actor=story["Ivan"], request=request, comment="No.")
        with after_last_call(request):
            story.decides("Hana", request)
            story.check(request)
            for name, unit in (("Ivan", "IT"), ("Olga", "ORG"), ("Finn", "FIN")):
                story.leaves(name, unit)
                story.check(request)
            request.refresh_from_db()
            assert request.status == "open"
            assert story.decides("Cora", request).status == "approved"
            story.check(request, deep=True)

    @under("evolved")
    def test_a_last_call_that_ended_unnoticed_ends_with_the_next_change_of_people(self, story):
        request = story.submitted("Fay", "FIN")
        with after_last_call(request):
            story.people(Nina="PAY")
            request.refresh_from_db()
            assert request.stage == "council"
            assert advance_due() == 0
            story.check(request, deep=True)

    @under("evolved")
    def test_a_date_that_passes_when_a_last_call_has_ended_is_followed(self, story):
        """Nothing changes for the permissions, and something for a request: both in the change that the date makes."""
        request = story.submitted("Fay", "FIN")
        story.delegates("Finn", "Hana", story.remit("PAY"), until=request.not_before - timedelta(days=1))
        with after_last_call(request):
            assert follow_dates()
            assert not follow_dates()
            request.refresh_from_db()
            assert request.stage == "council"
            story.check(request, deep=True)

    @under("evolved")
    def test_a_date_that_changes_nothing_is_followed_too(self, story):
        story.delegates("Finn", "Hana", story.remit("PAY"), until=timezone.now() + timedelta(hours=1))
        entries = LedgerEntry.objects.count()
        with time_machine.travel(timezone.now() + timedelta(hours=2), tick=False):
            assert follow_dates()
        assert LedgerEntry.objects.count() == entries


@under("evolved")
def test_one_last_call_that_cannot_be_ended_harms_no_other(story):
    first, second = story.submitted("Fay", "FIN"), story.submitted("Hal", "HR")
    Request.objects.filter(pk=first.pk).update(state={"format": 99})
    with after_last_call(second):
        assert advance_due() == 1
    second.refresh_from_db()
    assert second.stage == "council"


@under("centre_of_excellence")
@pytest.mark.parametrize("name", ["requests.after_step", "ledger.before_entries", "ledger.entries_written"])
def test_killed_in_the_middle_a_decision_leaves_nothing_torn(story, name):
    request = story.decides("Finn", story.submitted("Fay", "FIN"))
    with pytest.raises(failpoints.FailpointReached), failpoints.armed(name):
        story.decides("Cora", request)
    story.check(request, deep=True)
    assert Document.objects.get(public_id=request.subject_id).in_force is None
    assert story.decides("Cora", request).status == "approved"
    story.check(request, deep=True)


@under("centre_of_excellence")
def test_requests_that_a_change_does_not_concern_are_neither_locked_nor_written(story):
    """Two statements read them all; their number does not come into it."""

    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            grant_memberships(
                actor=story.ada,
                memberships=[NewMembership(user=story.person("Nina"), unit=story.unit("HR"), role=Role.READER)],
            )
        row = Membership.objects.valid_at().get(user=story["Nina"])
        end_membership(actor=story.ada, membership=row)
        return len([query for query in seen.captured_queries if "SAVEPOINT" not in query["sql"]])

    story.submitted("Fay", "FIN")
    before = statements()
    before = statements()
    for _ in range(6):
        story.submitted("Fay", "FIN")
    waiting = list(RequestWaiting.objects.values_list("pk", flat=True))
    assert statements() == before
    assert list(RequestWaiting.objects.values_list("pk", flat=True)) == waiting
