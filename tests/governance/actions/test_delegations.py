"""Delegations: made by whoever lends, ended by either of the two, and followed by running requests."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from governance.actions.dates import follow_dates
from governance.actions.delegations import NewDelegation, delegate, end_delegation
from governance.actions.memberships import NewMembership, grant_memberships
from governance.errors import Denied, Invalid, NotAllowed
from governance.models import Delegation, LedgerEntry
from governance.vocabulary import Capability, Role
from tests.governance.actions.story import Story, in_days, under

pytestmark = pytest.mark.django_db

K = Capability.KNOWLEDGE


def lends(story: Story, name: str, substitute: str, *units: str, days: int = 14, **more: Any) -> Delegation:
    new = {"until": timezone.now() + timedelta(days=days), **more}
    remits = [story.remit(unit) for unit in units]
    return delegate(actor=story[name], delegation=NewDelegation(substitute=story[substitute], remits=remits, **new))


@under("centre_of_excellence")
class TestLending:
    def test_a_running_request_waits_for_the_substitute_and_no_longer_when_it_ends(self, story):
        request = story.submitted("Fay", "FIN")
        made = lends(story, "Finn", "Ivan", "FIN")
        assert story.waits_for(request) == {"Finn", "Ivan"}
        assert LedgerEntry.objects.filter(event="delegation.created").count() == 1
        with pytest.raises(Denied):
            end_delegation(actor=story["Hana"], delegation=made)
        assert end_delegation(actor=story["Ivan"], delegation=made).ended_by == story["Ivan"]
        assert story.waits_for(request) == {"Finn"}
        with pytest.raises(NotAllowed, match="ended already"):
            end_delegation(actor=story["Finn"], delegation=made)
        story.check(request, deep=True)

    def test_it_begins_and_ends_with_its_days(self, story):
        request = story.submitted("Fay", "FIN")
        made = lends(story, "Finn", "Ivan", "FIN", days=5, since=timezone.now() + timedelta(days=2))
        assert story.waits_for(request) == {"Finn"}
        for moment, waiting in ((made.valid_from, {"Finn", "Ivan"}), (made.valid_to, {"Finn"})):
            with time_machine.travel(moment + timedelta(seconds=1), tick=False):
                assert follow_dates()
                assert story.waits_for(request) == waiting
                story.check(request)

    def test_an_administrator_ends_but_never_makes_one_for_another(self, story):
        with pytest.raises(Invalid) as refused:
            lends(story, "Ada", "Ivan", "FIN")
        assert set(refused.value.fields) == {"remits"}
        made = lends(story, "Finn", "Ivan", "FIN")
        end_delegation(actor=story.ada, delegation=made, reason="Both have left.")
        assert not Delegation.objects.valid_at().exists()

    def test_what_is_refused(self, story):
        grant_memberships(
            actor=story.ada,
            memberships=[NewMembership(user=story.person("Gus"), unit=story.unit("FIN"), role=Role.AUTHOR, guest=True)],
        )
        story.auditor("Aud")
        story.person("Finn2", same_as="Finn")
        story.person("Gone").is_active = False
        for substitute, said in (("Finn2", "yourself"), ("Gus", "guest"), ("Aud", "auditor"), ("Gone", "not active")):
            with pytest.raises(Invalid) as refused:
                lends(story, "Finn", substitute, "FIN")
            assert said in refused.value.fields["substitute"]
        for units in ((), ("HR",), ("FIN", "HR")):
            with pytest.raises(Invalid) as refused:
                lends(story, "Finn", "Ivan", *units)
            assert "Choose where you decide" in refused.value.fields["remits"]
        for days in (-1, 400):
            with pytest.raises(Invalid) as refused:
                lends(story, "Finn", "Ivan", "FIN", days=days)
            assert set(refused.value.fields) == {"until"}
        assert not Delegation.objects.exists()
        assert lends(story, "Olga", "Ivan", "FIN", "HR").remits.count() == 2, "as the reserve of what is below"

    def test_what_was_lent_is_not_passed_on(self, story):
        lends(story, "Finn", "Ivan", "FIN")
        with pytest.raises(Invalid):
            lends(story, "Ivan", "Hana", "FIN")


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk))
    return client


@under("centre_of_excellence")
class TestPages:
    def test_named_on_ones_own_page_and_ended_there(self, story):
        finn, ivan = browser(story["Finn"]), browser(story["Ivan"])
        own = f"/people/{story['Finn'].public_id}/"
        assert "Name a substitute" in finn.get(own).content.decode()
        assert "Name a substitute" not in ivan.get(own).content.decode()
        said = {"substitute": "Ivan Told", "unit": "", "capabilities": ["knowledge"], "until": in_days(7).isoformat()}
        answer = finn.post("/me/substitutes/new/", {**said, "substitute": "Nobody Here", "reason": "My holiday."})
        assert answer.status_code == 422
        assert "My holiday." in answer.content.decode()
        assert "Nobody here is called Nobody Here" in answer.content.decode()
        answer = finn.post("/me/substitutes/new/", said, follow=True)
        made = Delegation.objects.get()
        assert (made.delegator, made.substitute, made.last_day) == (story["Finn"], story["Ivan"], in_days(7))
        assert {each.capability for each in made.remits.all()} == {"knowledge"}
        assert "Ivan Told stands in for you until" in answer.content.decode()
        end = f"/me/substitutes/{made.public_id}/end/"
        assert end in answer.content.decode()
        assert "Stands in for" in ivan.get(f"/people/{story['Ivan'].public_id}/").content.decode()
        other = browser(story["Hana"])
        assert other.get(end).status_code == other.post(end).status_code == 404
        assert "Ivan Told" not in other.get(own).content.decode()
        assert ivan.post(end, {"reason": "I am away too."}, follow=True).status_code == 200
        assert not Delegation.objects.valid_at().exists()

    def test_whoever_decides_nowhere_has_nothing_to_lend(self, story):
        fred = browser(story["Fred"])
        assert "Name a substitute" not in fred.get(f"/people/{story['Fred'].public_id}/").content.decode()
        answer = fred.get("/me/substitutes/new/")
        assert answer.status_code == 409
        assert "You decide nowhere now" in answer.content.decode()

    def test_an_administrator_switches_an_account_off_and_on(self, story):
        ada, finn = browser(story.ada), story["Finn"]
        page, there = f"/people/{finn.public_id}/", browser(finn)
        assert there.get("/").status_code == 200
        assert browser(story["Hana"]).post(f"{page}deactivate/").status_code == 403
        assert "is not active now" in ada.post(f"{page}deactivate/", {"reason": "Left."}, follow=True).content.decode()
        assert there.get("/").status_code == 302, "signed out"
        assert ada.post(f"{page}deactivate/").status_code == 422
        assert "is active again" in ada.post(f"{page}reactivate/", follow=True).content.decode()
        assert ada.get(f"/people/{ABSENT}/deactivate/").status_code == 404


ABSENT = "00000000-0000-4000-8000-000000000000"
