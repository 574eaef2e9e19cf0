"""People on their pages: who sees whom, what administrators grant and end, and what waits for a second person."""

from datetime import timedelta

from django.utils import timezone

from governance.models import ConfirmationRequest, Membership, OrganisationRoleHolding
from governance.permissions import policy
from governance.rights import Power
from tests.governance.views.test_model import text_of


def member(cast, **changed):
    values = {"person": "ola@example.org", "unit": "FIN", "role": "author", "reach": "unit", "reason": "New here."}
    return {name: value for name, value in {**values, **changed}.items() if value != ""}


def test_members_find_each_other_and_a_guest_finds_nobody_else(cast):
    page = text_of(cast.browser("rob").get("/people/?q=eve"))
    assert "Eve Lead" in page
    assert "Lead, Finance" in page
    assert "eve@example.org" not in page, "addresses are for administrators"
    assert "eve@example.org" in text_of(cast.browser("ada").get("/people/?q=eve"))
    guest = text_of(cast.browser("gus").get("/people/"))
    assert "Gus Guest" in guest
    assert "Eve Lead" not in guest
    assert cast.browser("gus").get(f"/people/{cast.eve.public_id}/").status_code == 404
    assert cast.browser("gus").get(f"/people/{cast.gus.public_id}/").status_code == 200
    unit = text_of(cast.browser("rob").get("/people/?unit=COE"))
    assert "Cleo Centre" in unit
    assert "Eve Lead" not in unit
    assert "Nobody is called so" in text_of(cast.browser("rob").get("/people/?q=zzz"))


def test_what_has_ended_is_shown_to_the_person_and_to_those_who_manage_or_audit(cast):
    row = Membership.objects.get(user=cast.rob)
    cast.browser("ada").post(f"/memberships/{row.public_id}/end/", {"reason": "Left."})
    page = f"/people/{cast.rob.public_id}/"
    for who, sees in (("ada", True), ("tom", True), ("eve", False)):
        assert ("Before" in text_of(cast.browser(who).get(page))) is sees, who


def test_a_membership_is_granted_from_a_unit_and_takes_effect_at_once(cast):
    ada = cast.browser("ada")
    page = text_of(ada.post("/units/FIN/people/new/", member(cast), follow=True))
    assert "Ola Outside is author in Finance from now on." in page
    made = Membership.objects.get(user=cast.ola)
    assert (made.role, made.guest, made.reason) == ("author", False, "New here.")


def test_a_membership_is_granted_from_a_person_for_named_days(cast):
    today = timezone.localdate()
    values = member(cast, person="", role="reader", reach="subtree")
    values |= {"since": today + timedelta(days=3), "until": today + timedelta(days=9)}
    page = text_of(cast.browser("ada").post(f"/people/{cast.ola.public_id}/membership/", values, follow=True))
    assert "Ola Outside is reader in Finance from" in page
    made = Membership.objects.get(user=cast.ola)
    assert timezone.localtime(made.valid_from).date() == today + timedelta(days=3)
    assert timezone.localtime(made.valid_to).date() == today + timedelta(days=10), "the last day is included"
    assert "Coming" in page


def test_what_cannot_be_granted_stands_at_its_field_and_nothing_typed_is_lost(cast):
    ada = cast.browser("ada")
    for changed, sentence in (
        ({"person": "nobody@example.org"}, "Nobody here is called nobody@example.org."),
        ({"person": " "}, "Enter the e-mail address or the name of the person."),
        ({"role": ""}, "Choose a role: reader, author or lead."),
        ({"since": "2001-01-01"}, "what was is not written anew"),
        ({"until": "2001-01-01"}, "Choose today or a later day."),
        ({"until": "soon"}, "Enter a day such as 2027-03-01."),
        ({"person": "Tom Auditor"}, "An auditor holds at most reader memberships"),
    ):
        answer = ada.post("/units/FIN/people/new/", member(cast, **changed))
        assert answer.status_code == 422, changed
        assert text_of(answer).count(sentence) == 2, sentence
        assert 'value="New here."' in answer.content.decode()
    guest = ada.post("/units/COE/people/new/", member(cast, guest="on"))
    assert "A centre has no guests; choose a unit." in text_of(guest)
    assert Membership.objects.filter(user__in=[cast.ola, cast.tom]).count() == 0


def test_people_of_one_name_are_told_apart_by_their_address(cast):
    from accounts.models import User

    User.objects.create_user("other@example.org", name="Ola Outside")
    answer = cast.browser("ada").post("/units/FIN/people/new/", member(cast, person="Ola Outside"))
    assert "Several people are called Ola Outside. Enter one address: o" in text_of(answer)


def test_the_unit_of_the_address_cannot_be_exchanged_in_the_form(cast):
    cast.browser("ada").post("/units/FIN/people/new/", member(cast, unit="COE"))
    assert Membership.objects.get(user=cast.ola).unit == cast.unit("FIN")


def test_nobody_but_an_administrator_grants_or_ends_anything(cast):
    row = Membership.objects.get(user=cast.rob)
    holding = OrganisationRoleHolding.objects.get(user=cast.sam)
    for who in ("sam", "tom", "eve", "gus"):
        browser = cast.browser(who)
        for address, values in (
            ("/units/FIN/people/new/", member(cast)),
            (f"/people/{cast.ola.public_id}/membership/", member(cast)),
            (f"/people/{cast.ola.public_id}/role/", {"role": "auditor"}),
            (f"/memberships/{row.public_id}/end/", {}),
            (f"/roles/{holding.public_id}/end/", {}),
        ):
            assert browser.get(address).status_code == 403, (who, address)
            assert browser.post(address, values).status_code == 403, (who, address)
    assert not Membership.objects.filter(user=cast.ola).exists()
    assert Membership.objects.valid_at().filter(user=cast.rob).exists()


def test_a_membership_ends_and_a_second_end_is_refused_in_words(cast):
    row = Membership.objects.get(user=cast.rob)
    ada, address = cast.browser("ada"), f"/memberships/{row.public_id}/end/"
    assert "End Rob Reader’s membership of Finance" in text_of(ada.get(address))
    assert "no longer reader in Finance" in text_of(ada.post(address, {"reason": "Left."}, follow=True))
    again = ada.post(address, {})
    assert again.status_code == 422
    assert "has ended already" in text_of(again)


def test_a_role_is_given_and_ended_and_the_last_administrator_stays(cast):
    ada = cast.browser("ada")
    page = text_of(ada.post(f"/people/{cast.ola.public_id}/role/", {"role": "auditor"}, follow=True))
    assert "Ola Outside is auditor from now on." in page
    refused = ada.post(f"/people/{cast.eve.public_id}/role/", {"role": "auditor"})
    assert "An auditor holds at most reader memberships" in text_of(refused)
    assert "Choose a role." in text_of(ada.post(f"/people/{cast.eve.public_id}/role/", {}))
    abe = OrganisationRoleHolding.objects.get(user=cast.abe)
    assert "no longer administrator" in text_of(ada.post(f"/roles/{abe.public_id}/end/", {}, follow=True))
    own = OrganisationRoleHolding.objects.get(user=cast.ada)
    assert "This is the last administrator." in text_of(ada.post(f"/roles/{own.public_id}/end/", {}))


def test_what_an_administrator_wants_for_themselves_waits_for_a_second_person(cast):
    ada, sam = cast.browser("ada"), cast.browser("sam")
    page = ada.post("/units/FIN/people/new/", member(cast, person="ada@example.org", role="lead"), follow=True)
    assert "waits for a second administrator or a sponsor" in text_of(page)
    assert not Membership.objects.filter(user=cast.ada).exists()
    asked = ConfirmationRequest.objects.get()
    address = f"/settings/people/confirmations/{asked.public_id}/"
    own = text_of(ada.get("/settings/people/"))
    assert "You asked for this yourself." in own
    ada.post(address, {"step": "confirm"})
    assert not Membership.objects.filter(user=cast.ada).exists(), "nobody confirms their own wish"
    for who in ("tom", "eve", "gus"):
        assert cast.browser(who).get("/settings/people/").status_code == 403, who
        assert cast.browser(who).post(address, {"step": "confirm"}).status_code == 403, who
    assert "Ada Admin asks to become lead in Finance." in text_of(sam.get("/settings/people/"))
    assert "Choose whether to confirm or to refuse." in text_of(sam.post(address, {}, follow=True))
    sam.post(address, {"step": "confirm"})
    assert Membership.objects.filter(user=cast.ada, role="lead").exists()
    assert "Somebody has decided this already." in text_of(sam.post(address, {"step": "refuse"}, follow=True))


def test_a_refused_wish_gives_nothing(cast):
    from governance.actions.organisation_roles import end_organisation_role

    ada = cast.browser("ada")
    ada.post(f"/people/{cast.ada.public_id}/role/", {"role": "sponsor"})
    asked = ConfirmationRequest.objects.get()
    cast.browser("abe").post(f"/settings/people/confirmations/{asked.public_id}/", {"step": "refuse"})
    assert "sponsor" not in {role.value for role in policy.organisation_roles(cast.ada)}
    assert policy.can(cast.ada, Power.MANAGE_PEOPLE)
    end_organisation_role(actor=cast.ada, holding=OrganisationRoleHolding.objects.get(user=cast.abe))
    assert "Nothing waits for a second person." in text_of(ada.get("/settings/people/"))
