"""The model pages: who may open them, that the matrix says what is granted, and what a question answers."""

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from governance.actions.transitions import apply_transition, confirm_transition, send_for_confirmation
from governance.models import Remit, RemitGroupPermission
from governance.permissions import policy
from governance.rights import Right
from governance.selectors.organisation import current_world
from governance.selectors.rights import rights_in


def text_of(answer):
    """The page's words alone, with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


SHAPE = ("/model/", "/model/devolved/", "/model/check/", "/model/plans/", "/units/", "/units/FIN/", "/units/COE/")


def test_members_and_those_with_a_role_may_see_how_the_organisation_is_shaped(cast):
    for who in ("ada", "sam", "tom", "eve", "rob", "cleo"):
        browser = cast.browser(who)
        for address in (*SHAPE, "/people/"):
            assert browser.get(address).status_code == 200, (who, address)


def test_guests_and_people_without_a_membership_may_not(cast):
    for who in ("gus", "ola"):
        browser = cast.browser(who)
        for address in SHAPE:
            answer = browser.get(address)
            assert answer.status_code == 403, (who, address)
            assert "Eve Lead" not in text_of(answer)


def test_nobody_sees_anything_without_signing_in(db):
    for address in (*SHAPE, "/people/", "/settings/people/", "/audit/"):
        answer = Client().get(address)
        assert answer.status_code == 302, address
        assert answer["Location"].startswith("/signin/")


def test_the_model_stands_in_words_and_only_administrators_are_offered_a_change(cast):
    page = text_of(cast.browser("ada").get("/model/"))
    assert "Units decide on strategy and delivery themselves." in page
    assert "units decide first and Excellence decides second" in page
    assert "Plan a change" in page
    others = text_of(cast.browser("rob").get("/model/"))
    assert "Plan a change" not in others
    assert "Only administrators plan a change of the model. Ask Abe Second or Ada Admin." in others


STANDS = {
    "FIN": {
        "eve": "unit.lead",
        "rob": "unit.reader",
        "gus": "agency.author",
        "cleo": "centre.lead",
        "lou": "peer.reader",
    },
    "RET": {"lou": "unit.lead", "eve": "peer.reader", "cleo": "centre.lead", "tom": "auditor"},
    "COE": {"cleo": "centre.lead", "eve": "peer.reader", "tom": "auditor"},
    "ORG": {"eve": "below", "cleo": "centre.lead", "tom": "auditor"},
}


def test_the_matrix_says_of_each_person_what_the_policy_says(cast):
    devolved = cast.plan()
    send_for_confirmation(actor=cast.ada, transition=devolved)
    for phase in ("joint", "delegated"):
        if phase == "delegated":
            confirm_transition(actor=cast.sam, transition=devolved, seen_hash=devolved.plan_hash)
            apply_transition(actor=cast.ada, transition=devolved)
        for remit in Remit.objects.select_related("unit", "model_version__family"):
            found = rights_in(remit, current_world())
            for who, key in STANDS.get(remit.unit.code, {}).items():
                if phase == "delegated" and (remit.unit.code == "FIN" or key == "peer.reader"):
                    continue
                _agrees(cast, who, key, found, remit)
        remit = Remit.objects.get(unit__code="FIN", capability="knowledge")
        assert remit.effective_mode == phase
    found = rights_in(remit, current_world())
    _agrees(cast, "eve", "unit.lead", found, remit)
    _agrees(cast, "rob", "unit.reader", found, remit)


def _agrees(cast, who, key, found, remit):
    relation = found.relation(key)
    assert relation is not None, (key, str(remit))
    for right in Right:
        held = found.granted(relation, right) is not None
        assert held == bool(policy.can(getattr(cast, who), right, remit)), (who, right, str(remit))


def test_a_cell_leads_to_its_reason_from_the_relation_to_the_grant(cast):
    answer = cast.browser("rob").get("/model/?unit=FIN&capability=knowledge&role=unit.lead&right=decide")
    page = text_of(answer)
    assert "Yes, first of two. A lead of Finance decides before the centre does." in page
    assert "Now Eve Lead" in page
    assert "Centre of excellence, version 1, assigned to Organisation" in page
    assert "Digital knowledge management is joint" in page
    assert 'aria-current="true"' in answer.content.decode()


def test_a_cell_that_says_no_says_what_is_missing(cast):
    page = text_of(cast.browser("rob").get("/model/?unit=FIN&capability=knowledge&role=unit.reader&right=publish"))
    assert "No. A reader of Finance may not publish here." in page
    assert "No rule grants it. Here it is held by a lead of Excellence." in page


def test_without_stored_grants_the_matrix_is_empty_for_it_shows_what_is_stored(cast):
    remit = Remit.objects.select_related("unit").get(unit__code="FIN", capability="knowledge")
    RemitGroupPermission.objects.filter(content_object=remit).delete()
    found = rights_in(remit, current_world())
    assert not any(found.granted(relation, right) for relation in found.relations for right in Right)


def test_an_unknown_unit_or_capability_is_not_found_and_an_unknown_cell_shows_no_reason(cast):
    for query in ("unit=NOPE", "unit=FIN&capability=nope"):
        assert cast.browser("ada").get(f"/model/?{query}").status_code == 404
    answer = cast.browser("ada").get("/model/?unit=FIN&role=nobody&right=everything")
    assert answer.status_code == 200
    assert 'id="reason"' not in answer.content.decode()


def test_a_model_says_who_uses_it_and_one_that_is_not_there_is_not_found(cast):
    page = text_of(cast.browser("rob").get("/model/centre_of_excellence/"))
    assert "People report to two sides." in page
    assert "Organisation" in page
    assert cast.browser("rob").get("/model/nope/").status_code == 404
    assert cast.browser("rob").get("/model/devolved/?version=9").status_code == 404


def test_administrators_and_auditors_ask_about_anybody(cast):
    for who in ("ada", "tom"):
        page = text_of(
            cast.browser(who).get("/model/check/?person=Eve+Lead&right=decide&unit=fin&capability=knowledge")
        )
        assert "Yes. Eve Lead may decide in Finance" in page
        assert "Eve Lead is lead in Finance" in page


def test_others_ask_about_themselves_alone(cast):
    asked = "right=decide&unit=FIN&capability=knowledge"
    page = text_of(cast.browser("rob").get(f"/model/check/?{asked}"))
    assert "No. No rule gives Rob Reader the right to decide" in page
    for person in ("Eve+Lead", "nobody@example.org"):
        refused = cast.browser("rob").get(f"/model/check/?person={person}&{asked}")
        assert refused.status_code == 403, "the same, whether or not there is such a person"


def test_a_question_that_cannot_be_answered_says_what_to_enter_and_keeps_what_was_typed(cast):
    answer = cast.browser("ada").get("/model/check/?person=Nobody+Here&right=fly&unit=XX&capability=knowledge")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nobody here is called Nobody Here." in text_of(answer)
    assert 'value="Nobody Here"' in page
    assert "There is a problem" in page


def test_an_organisation_that_is_not_there_yet_says_what_comes_next(db):
    from accounts.models import User
    from governance.actions.organisation_roles import appoint_first_administrator
    from tests.governance.views.conftest import Cast

    ada = User.objects.create_user("ada@example.org", name="Ada Admin")
    appoint_first_administrator(user=ada)
    browser = Cast(ada=ada).browser("ada")
    for address in ("/model/", "/units/"):
        assert "Add the organisation" in text_of(browser.get(address)), address
    answer = browser.post("/settings/first-unit/", {"code": "ORG", "name": "Organisation", "kind": "organisation"})
    assert answer["Location"] == "/units/ORG/"


CEILINGS = {
    "/model/?unit=FIN&capability=knowledge&role=unit.lead&right=decide": 30,
    "/model/devolved/": 20,
    "/model/check/?person=Eve+Lead&right=decide&unit=FIN&capability=knowledge": 20,
    "/model/plans/": 20,
    "/model/plans/P-2/": 20,
    "/model/plans/new/": 20,
    "/units/": 20,
    "/units/FIN/": 20,
    "/people/": 20,
    "/settings/people/": 20,
    "/audit/": 20,
}


def test_a_page_asks_the_database_few_questions(cast):
    cast.plan()
    browser = cast.browser("ada")
    for address, ceiling in CEILINGS.items():
        browser.get(address)  # the organisation of this epoch is kept from here on
        with CaptureQueriesContext(connection) as asked:
            assert browser.get(address).status_code == 200, address
        assert len(asked) <= ceiling, f"{address}: {len(asked)} statements"
