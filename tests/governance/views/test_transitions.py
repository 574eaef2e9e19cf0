"""Plans on their pages: drawn up, read, confirmed by a second person, applied; refused and out of date."""

import re
from uuid import uuid4

from django.utils import timezone

from governance.actions.memberships import NewMembership, grant_memberships
from governance.actions.transitions import cancel_transition, confirm_transition, send_for_confirmation
from governance.actions.units import NewUnit, create_units
from governance.models import Remit, Request, Transition
from governance.permissions import policy
from governance.rights import Right
from governance.vocabulary import Role, UnitKind
from tests.governance.views.test_model import text_of


def typed(cast, **changed):
    values = {
        "where": "units",
        "units": ["FIN"],
        "model_version": cast.version("devolved").pk,
        "centre": "CEN",
        "risk_limit": "low",
        "title": "Finance under the central team",
        "reason": "Nearer to the work.",
    }
    return {name: value for name, value in {**values, **changed}.items() if value != ""}


def newest():
    return Transition.objects.order_by("-pk").first()


def knowledge(code):
    return Remit.objects.select_related("unit").get(unit__code=code, capability="knowledge")


def test_only_administrators_draw_up_a_plan(cast):
    for who in ("sam", "tom", "eve", "gus"):
        browser = cast.browser(who)
        assert browser.get("/model/plans/new/").status_code == 403, who
        assert browser.post("/model/plans/new/", typed(cast)).status_code == 403, who
    assert Transition.objects.count() == 1


def test_a_plan_goes_from_the_form_to_effect_in_the_hands_of_two(cast):
    ada, sam = cast.browser("ada"), cast.browser("sam")
    answer = ada.post("/model/plans/new/", typed(cast))
    plan = newest()
    url = f"/model/plans/{plan.number}/"
    assert answer["Location"] == url
    assert plan.state == "draft"
    page = text_of(ada.get(url))
    assert "Finance under the central team" in page
    assert "Every change, losses first" in page
    assert page.index("Removed") < page.index("Added"), "losses stand first"
    assert "Cleo Centre" in page, "whoever loses something is named"
    assert "Send for confirmation" in page

    assert ada.post(url, {"step": "send"})["Location"] == url
    waiting = text_of(ada.get(url))
    assert "You planned this change yourself." in waiting
    assert "Confirm P-2" not in waiting
    assert "Abe Second, Sam Sponsor" in waiting

    shown = sam.get(url)
    assert f'name="seen_hash" value="{plan.plan_hash}"' in shown.content.decode()
    sam.post(url, {"step": "confirm", "seen_hash": plan.plan_hash, "comment": "Agreed."})
    plan.refresh_from_db()
    assert (plan.state, plan.confirmed_by) == ("confirmed", cast.sam)
    assert "Only an administrator takes it further" in text_of(sam.get(url))

    assert not policy.can(cast.eve, Right.PUBLISH, knowledge("FIN"))
    applied = ada.post(url, {"step": "apply"}, follow=True)
    assert "is applied. Everybody’s rights follow the new model from now on." in text_of(applied)
    assert policy.can(cast.eve, Right.PUBLISH, knowledge("FIN"))
    assert "“Agreed.”" in text_of(ada.get(url))


def test_a_form_that_lacks_something_says_so_and_keeps_what_was_typed(cast):
    answer = cast.browser("ada").post(
        "/model/plans/new/", typed(cast, model_version="", title="", units=[], reason="Kept as it was typed")
    )
    page = text_of(answer)
    assert answer.status_code == 422
    for sentence in ("Choose an operating model.", "Enter a title for the plan.", "Choose at least one unit"):
        assert page.count(sentence) == 2, f"in the summary and at the field: {sentence}"
    assert "Kept as it was typed" in page


def test_what_the_model_forbids_stands_above_the_form(cast):
    ada = cast.browser("ada")
    refused = ada.post("/model/plans/new/", typed(cast, centre="COE"))
    assert refused.status_code == 422
    assert "The model Devolved needs a central team" in text_of(refused)
    none = ada.post("/model/plans/new/", typed(cast, centre=""))
    assert "Name the centre that governs Finance." in text_of(none)
    both = ada.post("/model/plans/new/", typed(cast, where="whole"))
    assert "You chose single units below." in text_of(both)
    strange = ada.post("/model/plans/new/", typed(cast, units=["NOPE"]))
    assert strange.status_code == 422
    late = ada.post("/model/plans/new/", typed(cast, mandate_until="2001-01-01"))
    assert "Choose a day after today." in text_of(late)
    assert Transition.objects.count() == 1


def test_the_whole_organisation_can_be_planned_with_the_units_of_their_own_model(cast):
    ada = cast.browser("ada")
    pinned = cast.plan()
    send_for_confirmation(actor=cast.ada, transition=pinned)
    confirm_transition(actor=cast.sam, transition=pinned, seen_hash=pinned.plan_hash)
    ada.post(f"/model/plans/{pinned.number}/", {"step": "apply"})
    whole = {"units": [], "model_version": cast.version("centralized").pk}
    ada.post("/model/plans/new/", typed(cast, where="whole", **whole))
    assert [each["unit"] for each in newest().changes] == [cast.unit("ORG").pk]
    ada.post("/model/plans/new/", typed(cast, where="every", **whole))
    assert {each["unit"] for each in newest().changes} == {cast.unit("ORG").pk, cast.unit("FIN").pk}


def test_another_centre_is_named_for_one_capability(cast):
    cast.browser("ada").post(
        "/model/plans/new/",
        typed(cast, where="whole", units=[], model_version=cast.version("centre_of_excellence").pk, centre="COE")
        | {"centre_foundation": "CEN", "centre_change": "COE"},
    )
    assert newest().changes[0]["centres"] == {"foundation": cast.unit("CEN").pk}


def test_the_address_proposes_unit_and_model(cast):
    page = cast.browser("ada").get("/model/plans/new/?unit=fin&model=devolved").content.decode()
    assert re.search(r'value="FIN"[^>]*checked', page)
    assert f'<option value="{cast.version("devolved").pk}" selected>' in page


def test_who_may_confirm_may_refuse_with_a_reason_and_not_without(cast):
    plan = cast.plan()
    send_for_confirmation(actor=cast.ada, transition=plan)
    url, sam = f"/model/plans/{plan.number}/", cast.browser("sam")
    silent = sam.post(url, {"step": "refuse", "comment": " "})
    assert silent.status_code == 422
    assert "Enter why you refuse." in text_of(silent)
    for who in ("ada", "tom", "eve"):
        answer = cast.browser(who).post(url, {"step": "refuse", "comment": "No."})
        assert answer.status_code in (404, 422), who
    plan.refresh_from_db()
    assert plan.state == "waiting"
    sam.post(url, {"step": "refuse", "comment": "Not this year."})
    plan.refresh_from_db()
    assert plan.state == "refused"
    assert "Not this year." in text_of(sam.get(url))


def test_a_confirmation_of_another_plan_than_the_one_read_is_a_conflict_and_keeps_the_comment(cast):
    plan = cast.plan()
    send_for_confirmation(actor=cast.ada, transition=plan)
    url = f"/model/plans/{plan.number}/"
    answer = cast.browser("sam").post(url, {"step": "confirm", "seen_hash": "0" * 64, "comment": "I read it well."})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "Read it again before you confirm." in page
    assert "I read it well." in page
    assert f'value="{plan.plan_hash}"' in page, "the page that is shown now can be confirmed"


def test_a_plan_whose_base_moved_says_so_and_is_recalculated(cast):
    plan = cast.plan()
    url, ada = f"/model/plans/{plan.number}/", cast.browser("ada")
    assert "nothing has moved since" in text_of(ada.get(url))
    create_units(actor=cast.ada, units=[NewUnit(code="NEW", name="New", kind=UnitKind.TEAM, parent="FIN")])
    page = text_of(ada.get(url))
    assert "The plan is out of date: 1 unit changed since it was computed." in page
    assert "Recalculate this plan" in page
    assert "Send for confirmation" not in page
    assert "It can go on once it is recalculated." in page
    ada.post(url, {"step": "recalculate"})
    assert "out of date" not in text_of(ada.get(url))


def test_a_step_out_of_turn_is_refused_in_words(cast):
    plan = cast.plan()
    url = f"/model/plans/{plan.number}/"
    early = cast.browser("ada").post(url, {"step": "apply"})
    assert early.status_code == 422
    assert "Nobody has confirmed this plan yet." in text_of(early)
    unknown = cast.browser("ada").post(url, {"step": "explode"})
    assert "Choose what to do with the plan." in text_of(unknown)
    cancelled = cast.browser("ada").post(url, {"step": "cancel", "comment": "Later."}, follow=True)
    assert "Nothing was changed." in text_of(cancelled)
    assert "What became of it" in text_of(cancelled)


def test_changes_are_grouped_by_unit_person_and_right_and_narrowed_to_losses(cast):
    plan = cast.plan()
    url, ada = f"/model/plans/{plan.number}/", cast.browser("ada")
    by_person = text_of(ada.get(f"{url}?by=person"))
    assert by_person.index("Cleo Centre") < by_person.index("Eve Lead"), "who loses most stands first"
    by_right = text_of(ada.get(f"{url}?by=right&show=lost"))
    assert "losses alone" in by_right
    assert ada.get(f"{url}?by=nonsense&show=nonsense&page=999").status_code == 200


def test_a_long_group_is_cut_and_stands_whole_on_a_page_of_its_own(cast, monkeypatch):
    monkeypatch.setattr("governance.selectors.transitions.MOST_ROWS", 1)
    plan = cast.plan()
    url, ada = f"/model/plans/{plan.number}/", cast.browser("ada")
    cut = ada.get(f"{url}?by=unit").content.decode()
    key = cast.unit("FIN").pk
    assert f"?by=unit&amp;only={key}#changes" in cut
    whole = text_of(ada.get(f"{url}?by=unit&only={key}"))
    assert "more row" not in whole
    assert "show all" in whole
    assert ada.get(f"{url}?by=unit&only=nonsense").status_code == 200


def test_a_member_sees_of_an_applied_plan_what_it_changed_for_them_alone(cast):
    plan = cast.plan(title="Finance goes its own way")
    url = f"/model/plans/{plan.number}/"
    eve = cast.browser("eve")
    absent = eve.get("/model/plans/P-999/")
    hidden = eve.get(url)
    assert hidden.status_code == absent.status_code == 404
    assert text_of(hidden) == text_of(absent)
    assert "Finance goes its own way" not in text_of(eve.get("/model/plans/"))
    send_for_confirmation(actor=cast.ada, transition=plan)
    confirm_transition(actor=cast.sam, transition=plan, seen_hash=plan.plan_hash)
    cast.browser("ada").post(url, {"step": "apply"})
    page = text_of(eve.get(url))
    assert "What it changed for you" in page
    assert "Publish" in page
    assert "Cleo Centre" not in page, "what others lost is not hers to read"
    assert "Nearer to the work." not in page
    assert eve.post(url, {"step": "cancel"}).status_code == 403


def test_titles_of_requests_that_one_may_not_open_are_not_shown(cast):
    Request.objects.create(
        number="R-7",
        kind="publication",
        subject_kind="document",
        subject_id=uuid4(),
        subject_title="STD-0007 Hidden from administrators",
        remit=knowledge("FIN"),
        submitted_by=cast.eve,
        opened_at=timezone.now(),
    )
    plan = cast.plan()
    page = text_of(cast.browser("ada").get(f"/model/plans/{plan.number}/"))
    assert "Hidden from administrators" not in page
    assert "R-7" not in page
    assert "1 request that you may not open." in page


def test_the_list_shows_every_plan_to_those_who_plan_and_its_empty_state_to_others(cast):
    plan = cast.plan(title="A plan with a very long title " * 6)
    page = text_of(cast.browser("tom").get("/model/plans/"))
    assert plan.number in page
    assert "Draft" in page
    cancel_transition(actor=cast.ada, transition=plan)
    assert "Cancelled" in text_of(cast.browser("sam").get("/model/plans/"))


def test_everybody_is_counted_where_many_lose_the_same_right(cast):
    from accounts.models import User

    crowd = [User.objects.create_user(f"p{number}@example.org", name=f"Person {number}") for number in range(9)]
    grant_memberships(
        actor=cast.ada,
        memberships=[NewMembership(user=each, unit=cast.unit("COE"), role=Role.READER) for each in crowd],
    )
    plan = cast.plan()
    page = text_of(cast.browser("ada").get(f"/model/plans/{plan.number}/?show=lost"))
    assert "Cleo Centre, Person 0, Person 1, Person 2, Person 3 and 5 more" in page
