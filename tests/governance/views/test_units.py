"""Units on their pages: what everybody sees, and what administrators alone change."""

from governance.actions.units import close_unit
from governance.models import BusinessUnit, UnitPeriod
from tests.governance.views.conftest import LONG_NAME
from tests.governance.views.test_model import text_of


def test_the_list_stands_in_the_order_of_the_tree_and_is_searched_by_name_and_code(cast):
    browser = cast.browser("rob")
    page = text_of(browser.get("/units/"))
    assert page.index("Organisation ORG") < page.index("Central team CEN") < page.index("Finance FIN")
    assert LONG_NAME in page
    found = text_of(browser.get("/units/?q=fina"))
    assert "Finance" in found
    assert LONG_NAME not in found
    assert "No unit is called so" in text_of(browser.get("/units/?q=zzz"))


def test_a_unit_says_who_decides_who_belongs_to_it_and_what_it_was_called(cast):
    page = text_of(cast.browser("rob").get("/units/fin/"))
    assert "The unit decides on strategy and delivery itself." in page
    assert "Model of Organisation , version 1" in page
    assert page.rindex("Eve Lead") < page.rindex("Rob Reader"), "leads first"
    assert "Gus Guest Guest" in page
    assert "Since" in page
    for deed in ("Rename", "Close", "Add a member", "Change this unit’s model", "Add a unit"):
        assert deed not in page, deed
    assert "Only administrators plan a change of the model." in page


def test_an_administrator_is_offered_the_deeds(cast):
    page = text_of(cast.browser("ada").get("/units/FIN/"))
    for deed in (
        "Rename",
        "Move under another unit",
        "Close",
        "Add a member",
        "Change this unit’s model",
        "Add a unit",
    ):
        assert deed in page, deed
    root = text_of(cast.browser("ada").get("/units/ORG/"))
    assert "Move under another unit" not in root
    assert cast.browser("ada").get("/units/NOPE/").status_code == 404


def test_nobody_else_does_them(cast):
    deeds = {
        "new": {"code": "NEW", "name": "New", "kind": "team"},
        "rename": {"name": "Other"},
        "move": {"parent": "COE", "sure": "COE"},
        "close": {"reason": "Because."},
    }
    for who in ("sam", "tom", "eve", "gus"):
        browser = cast.browser(who)
        for deed, values in deeds.items():
            assert browser.get(f"/units/FIN/{deed}/").status_code == 403, (who, deed)
            assert browser.post(f"/units/FIN/{deed}/", values).status_code == 403, (who, deed)
        assert (
            browser.post("/settings/first-unit/", {"code": "X", "name": "X", "kind": "organisation"}).status_code == 403
        )
    assert cast.unit("FIN").name == "Finance"
    assert UnitPeriod.objects.filter(unit=cast.unit("FIN")).count() == 1


def test_a_unit_is_added_below_another(cast):
    ada = cast.browser("ada")
    answer = ada.post("/units/FIN/new/", {"code": "AUD", "name": "Audit team", "kind": "team"}, follow=True)
    assert "You added Audit team." in text_of(answer)
    assert cast.unit("AUD").parent == cast.unit("FIN")
    taken = ada.post("/units/FIN/new/", {"code": "ret", "name": "Kept as typed", "kind": "team"})
    assert taken.status_code == 422
    assert text_of(taken).count("The code ret is taken") == 2
    assert 'value="Kept as typed"' in taken.content.decode()
    second = ada.post("/settings/first-unit/", {"code": "TWO", "name": "Second", "kind": "organisation"})
    assert "the organisation is there already" in text_of(second)
    assert ada.post("/units/FIN/new/", {"code": "", "name": "", "kind": "ship"}).status_code == 422


def test_a_unit_is_renamed_and_keeps_its_old_name_in_its_history(cast):
    ada = cast.browser("ada")
    page = text_of(ada.post("/units/FIN/rename/", {"name": "Treasury", "reason": "New task."}, follow=True))
    assert "It is called Treasury from now on." in page
    assert "“New task.”" in page
    assert "Finance" in page
    empty = ada.post("/units/FIN/rename/", {"name": " "})
    assert "Enter the unit’s name." in text_of(empty)
    hidden = ada.post("/units/FIN/rename/", {"name": "Fin\u202eance"})
    assert "invisible text-direction characters" in text_of(hidden)


def test_a_move_says_first_which_model_the_unit_comes_under(cast):
    ada = cast.browser("ada")
    ada.post("/model/plans/new/", _devolved_retail(cast))
    plan = "/model/plans/P-2/"
    ada.post(plan, {"step": "send"})
    seen = cast.browser("sam").get(plan).content.decode().split('name="seen_hash" value="')[1][:64]
    cast.browser("sam").post(plan, {"step": "confirm", "seen_hash": seen})
    ada.post(plan, {"step": "apply"})

    asked = ada.post("/units/FIN/move/", {"parent": "RET"})
    page = text_of(asked)
    assert f"Finance comes under Devolved, with Central team, as {LONG_NAME} is; today it is under" in page
    assert cast.unit("FIN").parent == cast.unit("ORG"), "nothing is done before it is read"
    changed = ada.post("/units/FIN/move/", {"parent": "CEN", "sure": "RET"})
    assert changed.status_code == 200, "another choice than the one that was read is explained first"
    assert cast.unit("FIN").parent == cast.unit("ORG")
    ada.post("/units/FIN/move/", {"parent": "RET", "sure": "RET"})
    assert cast.unit("FIN").parent == cast.unit("RET")
    pinned = text_of(ada.post("/units/RET/move/", {"parent": "COE"}))
    assert "has a model of its own: who decides there does not change." in pinned
    below_itself = ada.post("/units/RET/move/", {"parent": "FIN"})
    assert below_itself.status_code == 422
    assert "No open unit has the code FIN." in text_of(below_itself)


def _devolved_retail(cast):
    return {
        "where": "units",
        "units": ["RET"],
        "model_version": cast.version("devolved").pk,
        "centre": "CEN",
        "title": "Retail",
        "reason": "Faster.",
    }


def test_a_unit_is_closed_with_a_reason_and_a_centre_in_use_is_not(cast):
    ada = cast.browser("ada")
    assert "Enter why the unit closes." in text_of(ada.post("/units/FIN/close/", {"reason": ""}))
    refused = ada.post("/units/COE/close/", {"reason": "Kept as typed."})
    assert refused.status_code == 422
    assert "is the centre of a current assignment" in text_of(refused)
    assert "Kept as typed." in refused.content.decode()
    page = text_of(ada.post("/units/FIN/close/", {"reason": "Merged."}, follow=True))
    assert "Finance is closed." in page
    assert "Closed since" in page
    assert "Change this unit’s model" not in page
    assert "Finance" not in text_of(cast.browser("cleo").get("/units/"))


def test_a_closed_unit_is_no_choice_any_more(cast):
    close_unit(actor=cast.ada, unit=cast.unit("FIN"), reason="Merged.")
    assert BusinessUnit.objects.filter(code="FIN").exists()
    for address in ("/model/plans/new/", "/units/RET/move/"):
        assert 'value="FIN"' not in cast.browser("ada").get(address).content.decode(), address
