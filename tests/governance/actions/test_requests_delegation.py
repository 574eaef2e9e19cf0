"""Whoever stands in for a decider by delegation: what is lent, to whom, and that it counts as both."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from governance.actions.requests import object_to, record_review
from governance.errors import Denied, NotAllowed
from governance.models import Decision, Request
from governance.permissions import policy
from governance.rights import Right
from governance.selectors.requests import request_page, waiting_for
from governance.vocabulary import Capability, Role
from knowledge.models import Document
from tests.governance.actions.story import Post, after_last_call, under, walk
from tests.governance.actions.test_requests_refusals import refused

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE


@under("centre_of_excellence")
class TestSubstitute:
    def test_a_substitute_decides_and_it_counts_as_both(self, story):
        story.people(Both=["FIN", "CEN"])
        story.delegates("Both", "Hugo", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        assert story.waits_for(request) == {"Finn", "Both", "Hugo"}
        request = story.decides("Hugo", request, on_behalf_of=story["Both"])
        decision = Decision.objects.get(request=request)
        assert (decision.user, decision.on_behalf_of) == (story["Hugo"], story["Both"])
        assert decision.printed_name == "Hugo Told"
        assert decision.delegation.delegator == story["Both"]
        assert decision.membership.user == story["Both"]
        assert story.waits_for(request) == {"Cora", "Cleo"}
        with refused(Denied, "already decided"):
            story.decides("Both", request)
        story.check(request, deep=True)
        assert walk(story, request, ["Cora"]).status == "approved"

    def test_a_delegation_that_changes_no_grant_counts_at_once(self, story):
        story.submitted("Fay", "FIN")  # the world is kept from here on
        story.delegates("Finn", "Hana", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        assert "Hana" in story.waits_for(request)
        assert story.decides("Hana", request, on_behalf_of=story["Finn"]).stage == "centre"

    def test_what_runs_already_waits_for_the_substitute_too_until_it_ends(self, story):
        request = story.submitted("Fay", "FIN")
        until = timezone.now() + timedelta(days=3)
        story.delegates("Finn", "Hugo", story.remit("FIN"), until=until)
        assert story.waits_for(request) == {"Finn", "Hugo"}
        with time_machine.travel(until, tick=False), refused(Denied, "No delegation in force"):
            story.decides("Hugo", request, on_behalf_of=story["Finn"])

    def test_the_delegator_may_still_decide(self, story):
        story.delegates("Finn", "Hugo", story.remit("FIN"))
        request = story.decides("Finn", story.submitted("Fay", "FIN"))
        with refused(Denied):
            story.decides("Hugo", request, on_behalf_of=story["Finn"])

    def test_only_in_the_remits_it_names_and_the_record_names_that_delegation(self, story):
        story.delegates("Finn", "Hugo", story.remit("FIN", Capability.STRATEGY))
        request = story.submitted("Fay", "FIN")
        assert story.waits_for(request) == {"Finn"}
        with refused(Denied, "No delegation in force"):
            story.decides("Hugo", request, on_behalf_of=story["Finn"])
        second = story.delegates("Finn", "Hugo", story.remit("FIN"))
        request = story.decides("Hugo", request, on_behalf_of=story["Finn"])
        assert Decision.objects.get(request=request).delegation == second, "not the first that joins the two"

    def test_nobody_stands_in_without_a_delegation_nor_in_their_own_name(self, story):
        story.delegates("Finn", "Hugo", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        with refused(Denied, "No delegation in force"):
            story.decides("Hal", request, on_behalf_of=story["Finn"])
        with refused(Denied):
            story.decides("Hugo", request)
        with refused(Denied):
            story.decides("Finn", request, on_behalf_of=story["Finn"])

    def test_it_cannot_be_passed_on(self, story):
        story.delegates("Finn", "Hugo", story.remit("FIN"))
        story.delegates("Hugo", "Hana", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        assert story.waits_for(request) == {"Finn", "Hugo"}
        for delegator in ("Finn", "Hugo"):
            with refused(Denied):
                story.decides("Hana", request, on_behalf_of=story[delegator])

    def test_no_guest_and_no_auditor_stands_in(self, story):
        story.people(Gus=Post("FIN", Role.AUTHOR, guest=True))
        story.auditor("Aud")
        story.delegates("Finn", "Gus", story.remit("FIN"))
        story.delegates("Finn", "Aud", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        assert story.waits_for(request) == {"Finn"}
        for name in ("Gus", "Aud"):
            with refused(Denied, "No delegation in force"):
                story.decides(name, request, on_behalf_of=story["Finn"])

    def test_who_wrote_it_does_not_stand_in_and_nobody_stands_in_for_who_wrote_it(self, story):
        story.people(Lea="FIN")
        story.delegates("Finn", "Fay", story.remit("FIN"))
        story.delegates("Lea", "Hugo", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        with refused(Denied, "wrote, edited or submitted"):
            story.decides("Fay", request, on_behalf_of=story["Finn"])
        mine = story.submitted("Lea", "FIN")
        assert story.waits_for(mine) == {"Finn", "Fay"}
        with refused(Denied):
            story.decides("Hugo", mine, on_behalf_of=story["Lea"])

    def test_a_second_account_of_who_decided_does_not_stand_in(self, story):
        story.person("Finn2", same_as="Finn")
        story.delegates("Cora", "Finn2", story.remit("FIN"))
        request = story.decides("Finn", story.submitted("Fay", "FIN"))
        with refused(Denied, "already decided"):
            story.decides("Finn2", request, on_behalf_of=story["Cora"])

    def test_a_substitute_reads_what_waits_and_nothing_else(self, story):
        story.delegates("Finn", "Hugo", story.remit("FIN"))
        other = story.drafted("Fay", "FIN", classification="restricted")
        request = story.submitted("Fay", "FIN", classification="restricted")
        document = Document.objects.get(public_id=request.subject_id)
        assert policy.can(story["Hugo"], Right.READ, document)
        assert policy.can(story["Hugo"], Right.READ_DRAFT, document)
        assert not policy.can(story["Hugo"], Right.READ_DRAFT, other)
        assert not policy.can(story["Hugo"], Right.READ_DRAFT, story.remit("FIN"))
        assert [row.number for row in waiting_for(story["Hugo"])] == [request.number]
        page = request_page(story["Hugo"], request.number)
        assert page.stands_in_for == story["Finn"]
        assert page.option("approve").allowed
        story.decides("Hugo", request, on_behalf_of=story["Finn"])
        assert not policy.can(story["Hugo"], Right.READ_DRAFT, document)
        assert not waiting_for(story["Hugo"]).exists()
        with pytest.raises(Request.DoesNotExist):
            request_page(story["Hugo"], request.number)

    def test_a_decider_stands_in_for_nobody_while_they_hold_a_seat_themselves(self, story):
        story.people(Lea="FIN")
        story.delegates("Finn", "Lea", story.remit("FIN"))
        request = story.submitted("Fay", "FIN")
        page = request_page(story["Lea"], request.number)
        assert page.stands_in_for is None
        assert page.option("approve").allowed

    def test_on_exceptions_too(self, story):
        story.delegates("Cora", "Hugo", story.remit("FIN"))
        document = story.published("CEN", K, "Carl", "Cora")
        request = story.asks_exception("Fred", "FIN", document)
        assert story.waits_for(request) == {"Cora", "Cleo", "Hugo"}
        assert story.decides("Hugo", request, on_behalf_of=story["Cora"]).status == "approved"
        story.check(request, deep=True)

    def test_publishing_is_not_lent(self, story):
        story.delegates("Cora", "Hugo", story.remit("FIN"))
        assert not policy.can(story["Hugo"], Right.PUBLISH, story.remit("FIN"))
        assert not policy.can(story["Hugo"], Right.DECIDE, story.remit("FIN"))


@under("devolved")
def test_the_review_is_lent_too(story):
    story.delegates("Cora", "Hugo", story.remit("FIN"))
    request = story.decides("Finn", story.submitted("Fay", "FIN"))
    assert story.waits_for(request) == {"Cora", "Cleo", "Hugo"}
    page = request_page(story["Hugo"], request.number)
    assert page.stands_in_for == story["Cora"]
    assert page.option("record_review").allowed
    record_review(actor=story["Hugo"], request=request, outcome="accept", on_behalf_of=story["Cora"])
    decision = Decision.objects.get(user=story["Hugo"])
    assert (decision.on_behalf_of, decision.verdict) == (story["Cora"], "review_accepted")
    story.check(request, deep=True)


@under("evolved")
def test_at_every_stage_of_a_council(story):
    story.delegates("Hana", "Hugo", story.remit("FIN"))
    request = story.submitted("Fay", "FIN")
    assert "Hugo" in story.waits_for(request)
    object_to(actor=story["Hugo"], request=request, comment="Not so.", on_behalf_of=story["Hana"])
    with refused(NotAllowed, "already objected"):
        object_to(actor=story["Hana"], request=request, comment="Not so.")
    story.check(request)
    with after_last_call(request):
        request = story.decides("Hugo", request, on_behalf_of=story["Hana"])
        with refused(Denied, "already decided"):
            story.decides("Hana", request)
        story.check(request, deep=True)


@under("decentralized")
def test_at_the_reserves_stage_too(story):
    story.delegates("Olga", "Hugo", story.remit("FIN"))
    request = story.submitted("Finn", "FIN")
    assert story.waits_for(request) == {"Olga", "Hugo"}
    assert story.decides("Hugo", request, on_behalf_of=story["Olga"]).status == "approved"
    assert Decision.objects.get(request=request).relation == "reserve"
    story.check(request, deep=True)
