"""The invented group: its units, models and people."""

from collections import Counter

import pytest

from config.demo.organisation import DemoPerson, email_of, fill, organisation
from config.demo.requests import requests
from config.demo.standards import standards
from governance.operating_models.loader import load_builtin
from governance.operating_models.schema import CentreNeed
from governance.vocabulary import OrganisationRole, Role

PAGES = {
    "ask-exception", "check", "compare", "decide", "edit", "history", "import", "ledger", "library", "model", "plan",
    "plans", "read", "requests", "review", "track",
}  # fmt: skip


def _person(key: str) -> DemoPerson:
    return next(person for person in organisation().people if person.key == key)


def test_the_tree_has_one_root_three_divisions_nine_departments_and_three_centres() -> None:
    kinds = Counter(unit.kind.value for unit in organisation().units)
    assert kinds == {
        "organisation": 1, "division": 3, "department": 9, "centre_of_excellence": 1, "shared_service": 1,
        "central_team": 1,
    }  # fmt: skip
    seen: set[str] = set()
    for unit in organisation().units:
        assert (unit.parent is None) == (unit.code == "GRP")
        assert unit.parent is None or unit.parent in seen, "parents come first"
        assert unit.code not in seen
        seen.add(unit.code)


def test_every_assignment_names_a_centre_that_its_model_accepts() -> None:
    kinds = {unit.code: unit.kind for unit in organisation().units}
    models = {model.key: model for model in load_builtin()}
    for assignment in organisation().assignments:
        model = models[assignment.model]
        if model.centre_need is CentreNeed.NONE:
            assert assignment.centre is None
        elif assignment.capability is None:
            assert assignment.centre is not None
            assert kinds[assignment.centre] in model.centre_kinds
        else:
            assert assignment.centre is not None
            assert kinds[assignment.centre].is_centre


def test_there_are_about_420_people_with_names_and_addresses_of_their_own() -> None:
    people = organisation().people
    assert len(people) == 420
    for attribute in ("key", "name", "email"):
        assert len({getattr(person, attribute) for person in people}) == len(people)
    assert all(person.email.endswith("@brackwater.example") for person in people)


def test_the_generated_people_are_the_same_on_every_call() -> None:
    first = organisation()
    organisation.cache_clear()
    assert organisation() == first


def test_every_unit_has_a_lead_and_every_centre_an_author_besides() -> None:
    held: set[tuple[str, Role]] = {
        (each.unit, each.role) for person in organisation().people for each in person.memberships if each.until is None
    }
    for unit in organisation().units:
        assert (unit.code, Role.LEAD) in held
        if unit.kind.is_centre:
            assert (unit.code, Role.AUTHOR) in held


def test_an_auditor_writes_nowhere_and_two_people_can_confirm_a_plan() -> None:
    roles = Counter(person.organisation_role for person in organisation().people if person.organisation_role)
    assert roles == {OrganisationRole.ADMINISTRATOR: 2, OrganisationRole.SPONSOR: 1, OrganisationRole.AUDITOR: 1}
    assert all(each.role is Role.READER for each in _person("tomas").memberships)
    assert not _person("ines").memberships


def test_eight_people_are_featured_and_each_card_offers_three_things_that_exist() -> None:
    cast = organisation().cast
    assert [person.key for person in cast[:8]] == ["lena", "marta", "adaeze", "kofi", "jun", "ines", "tomas", "ruth"]
    references = {standard.key: f"STD-{standard.number:04} {standard.title}" for standard in standards()}
    asked = {request.key for request in requests()}
    for person in cast:
        card = person.card
        assert card is not None
        assert len(card.tries) == 3
        assert "{" not in fill(card.line, references)
        for each in card.tries:
            assert "{" not in fill(each.text, references)
            assert each.page in PAGES
            assert each.document is None or each.document in references
            assert each.request is None or each.request in asked


def test_what_a_card_names_is_looked_up_and_an_unknown_name_raises() -> None:
    assert fill("finish {doc:cloud-backup} today", {"cloud-backup": "STD-0031"}) == "finish STD-0031 today"
    with pytest.raises(KeyError):
        fill("finish {doc:nothing}", {})


def test_an_address_is_plain_letters() -> None:
    assert email_of("Zoë O'Brien-Åse", "brackwater.example") == "zoe.o.brienase@brackwater.example"
