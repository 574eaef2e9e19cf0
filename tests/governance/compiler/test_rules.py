"""The rules of the modes in full, each told by an organisation of its own: who may, and who may not."""

from dataclasses import replace

import pytest

from governance.compiler.compiled import Grant, Party, PartyKind, Relation
from governance.operating_models.schema import Audience, OperatingModel
from governance.rights import Right
from governance.vocabulary import Capability, Mode, RiskLevel, Role, UnitKind
from tests.governance.organisations import MODELS, VERSIONS, Organisation

STRATEGY, DELIVERY, FOUNDATION = Capability.STRATEGY, Capability.DELIVERY, Capability.FOUNDATION
CHANGE, KNOWLEDGE = Capability.CHANGE, Capability.KNOWLEDGE
READER_MAY = {Right.READ, Right.REQUEST_CHANGE, Right.REQUEST_EXCEPTION, Right.ACKNOWLEDGE}
PUBLISHER_MAY = {Right.PUBLISH, Right.RETIRE, Right.IMPORT}
GUEST_AUTHOR_MAY = {Right.READ, Right.READ_DRAFT, Right.DRAFT, Right.SUBMIT}


def group(model: str = "centre_of_excellence", kind: UnitKind = UnitKind.CENTRE_OF_EXCELLENCE) -> Organisation:
    """A group with a centre and two countries under it; ``north`` and ``south`` with their teams are the usual cast."""
    return (
        Organisation()
        .unit("GROUP", kind=UnitKind.ORGANISATION)
        .centre("HUB", above="GROUP", kind=kind)
        .unit("NORTH", above="GROUP", kind=UnitKind.COUNTRY)
        .unit("SOUTH", above="GROUP", kind=UnitKind.COUNTRY)
        .assign("GROUP", model, centre="HUB")
        .member("hilda", "HUB", Role.LEAD)
        .member("hugo", "HUB", Role.AUTHOR)
        .member("nora", "NORTH", Role.LEAD)
        .member("nils", "NORTH", Role.AUTHOR)
        .member("nina", "NORTH", Role.READER)
        .member("sven", "SOUTH", Role.LEAD)
        .member("sara", "SOUTH", Role.AUTHOR)
    )


def council(units: int = 2) -> Organisation:
    """An evolved group: strategy, change and knowledge in council."""
    told = group("evolved", UnitKind.CENTRAL_TEAM)
    for number in range(units - 2):
        told.unit(f"C{number}", above="GROUP", kind=UnitKind.COUNTRY)
    return told


# The modes


def test_in_mode_unit_the_unit_drafts_decides_publishes_and_grants_exceptions_alone() -> None:
    told = group()
    assert told.mode("NORTH", STRATEGY) is Mode.UNIT
    assert told.holders(Right.DRAFT, "NORTH", STRATEGY) == {"nora", "nils"}
    for right in (Right.DECIDE, Right.PUBLISH, Right.GRANT_EXCEPTION, Right.CONFIRM_REVIEW):
        assert told.holders(right, "NORTH", STRATEGY) == {"nora"}


def test_in_mode_centre_the_centre_does_everything_and_the_unit_asks() -> None:
    told = group("shared_services", UnitKind.SHARED_SERVICE)
    assert told.mode("NORTH", FOUNDATION) is Mode.CENTRE
    assert told.holders(Right.DRAFT, "NORTH", FOUNDATION) == {"hilda", "hugo"}
    for right in (Right.DECIDE, Right.PUBLISH, Right.GRANT_EXCEPTION, Right.CONFIRM_REVIEW):
        assert told.holders(right, "NORTH", FOUNDATION) == {"hilda"}
    assert told.rights("nora", "NORTH", FOUNDATION) == READER_MAY | {Right.READ_DRAFT}


def test_in_mode_joint_both_draft_and_decide_and_the_centre_publishes() -> None:
    told = group()
    assert told.mode("NORTH", KNOWLEDGE) is Mode.JOINT
    assert told.holders(Right.DRAFT, "NORTH", KNOWLEDGE) == {"nora", "nils", "hilda", "hugo"}
    assert told.holders(Right.DECIDE, "NORTH", KNOWLEDGE) == {"nora", "hilda"}
    assert told.holders(Right.PUBLISH, "NORTH", KNOWLEDGE) == {"hilda"}
    assert told.holders(Right.GRANT_EXCEPTION, "NORTH", KNOWLEDGE) == {"hilda"}


def test_in_mode_delegated_the_unit_publishes_while_a_mandate_is_in_force_and_else_it_is_joint() -> None:
    told = group("devolved", UnitKind.CENTRAL_TEAM).mandate("NORTH", KNOWLEDGE, centre="HUB")
    assert told.mode("NORTH", KNOWLEDGE) is Mode.DELEGATED
    assert told.holders(Right.DRAFT, "NORTH", KNOWLEDGE) == {"nora", "nils"}
    assert told.holders(Right.DECIDE, "NORTH", KNOWLEDGE) == {"nora"}
    assert told.holders(Right.PUBLISH, "NORTH", KNOWLEDGE) == {"nora"}
    assert told.holders(Right.GRANT_EXCEPTION, "NORTH", KNOWLEDGE) == {"nora", "hilda"}
    assert told.mode("SOUTH", KNOWLEDGE) is Mode.JOINT
    assert told.holders(Right.DRAFT, "SOUTH", KNOWLEDGE) == {"sven", "sara", "hilda", "hugo"}
    assert told.holders(Right.DECIDE, "SOUTH", KNOWLEDGE) == {"sven", "hilda"}
    assert told.holders(Right.PUBLISH, "SOUTH", KNOWLEDGE) == {"hilda"}
    assert told.holders(Right.GRANT_EXCEPTION, "SOUTH", KNOWLEDGE) == {"hilda"}


def test_a_mandate_ends_when_the_centre_of_the_remit_changes() -> None:
    told = group("devolved", UnitKind.CENTRAL_TEAM).mandate("NORTH", KNOWLEDGE, centre="HUB")
    told.centre("OTHER", above="GROUP", kind=UnitKind.CENTRAL_TEAM).assign("NORTH", "devolved", centre="OTHER")
    assert told.mode("NORTH", KNOWLEDGE) is Mode.JOINT
    assert told.world.mandate(told.remit("NORTH", KNOWLEDGE)) is None


def test_of_two_mandates_the_one_with_the_lower_limit_counts() -> None:
    told = group("devolved", UnitKind.CENTRAL_TEAM)
    told.mandate("NORTH", KNOWLEDGE, centre="HUB", limit=RiskLevel.HIGH)
    told.mandate("NORTH", KNOWLEDGE, centre="HUB", limit=RiskLevel.LOW)
    mandate = told.world.mandate(told.remit("NORTH", KNOWLEDGE))
    assert mandate is not None
    assert mandate.risk_limit is RiskLevel.LOW


def test_in_mode_council_units_peers_and_centre_draft_the_seats_decide_and_the_chair_publishes() -> None:
    told = council().unit("LONE", above="GROUP").assign("LONE", "decentralized").member("lars", "LONE", Role.LEAD)
    assert told.mode("NORTH", CHANGE) is Mode.COUNCIL
    assert told.holders(Right.DRAFT, "NORTH", CHANGE) == {"nora", "nils", "sven", "sara", "hilda", "hugo"}
    assert told.holders(Right.DECIDE, "NORTH", CHANGE) == {"nora", "sven", "hilda"}
    assert told.holders(Right.PUBLISH, "NORTH", CHANGE) == {"hilda"}
    assert told.holders(Right.GRANT_EXCEPTION, "NORTH", CHANGE) == {"hilda"}
    assert told.rights("lars", "NORTH", CHANGE) == set()


# Rights that follow others


def test_who_may_draft_decide_or_publish_may_also_read_it_and_its_drafts() -> None:
    told = group("devolved", UnitKind.CENTRAL_TEAM)
    silent = replace(
        MODELS[VERSIONS["devolved"]],
        key="silent",
        published={each: frozenset() for each in Capability},
        drafts={each: frozenset() for each in Capability},
    )
    told.model(silent).assign("NORTH", "silent", centre="HUB")
    assert told.holders(Right.READ, "NORTH", STRATEGY) == {"hilda", "hugo"}
    assert told.holders(Right.READ_DRAFT, "NORTH", STRATEGY) == {"hilda", "hugo"}
    assert told.holders(Right.READ_DRAFT, "NORTH", KNOWLEDGE) == {"nora", "nils", "hilda", "hugo"}
    assert told.rights("nina", "NORTH", KNOWLEDGE) == set()


def test_retire_and_import_follow_publish_and_submit_follows_draft() -> None:
    told = group()
    for right in (Right.RETIRE, Right.IMPORT):
        assert told.holders(right, "NORTH", KNOWLEDGE) == told.holders(Right.PUBLISH, "NORTH", KNOWLEDGE) == {"hilda"}
    assert told.holders(Right.SUBMIT, "NORTH", KNOWLEDGE) == told.holders(Right.DRAFT, "NORTH", KNOWLEDGE)
    assert "nina" not in told.holders(Right.SUBMIT, "NORTH", KNOWLEDGE)


def test_every_reader_who_is_no_guest_may_ask_and_acknowledge() -> None:
    told = group("independent")
    told.unassign("GROUP").assign("GROUP", "independent").member("gus", "NORTH", Role.READER, guest=True)
    assert told.rights("nina", "NORTH", STRATEGY) == READER_MAY | {Right.READ_DRAFT}
    assert told.rights("gus", "NORTH", STRATEGY) == {Right.READ, Right.READ_DRAFT}


# Relations: reach, guests, centres


def test_a_role_reaches_the_units_below_only_with_reach_subtree() -> None:
    told = group().unit("CITY", above="NORTH", kind=UnitKind.TEAM).member("ruth", "NORTH", Role.LEAD, subtree=True)
    assert told.holders(Right.DECIDE, "CITY", STRATEGY) == {"ruth"}
    assert Right.READ_DRAFT not in told.rights("nora", "CITY", STRATEGY)


def test_everyone_below_reads_the_published_documents_of_a_unit_but_not_its_drafts() -> None:
    told = group("decentralized").unit("CITY", above="NORTH", kind=UnitKind.TEAM).member("cleo", "CITY")
    told.member("gus", "CITY", Role.LEAD, guest=True)
    assert told.rights("cleo", "NORTH", STRATEGY) == READER_MAY
    assert told.rights("gus", "NORTH", STRATEGY) == set()
    assert told.rights("nina", "CITY", STRATEGY) == set()


def test_no_reach_from_above_counts_in_a_centre_nor_does_a_centre_reach_down() -> None:
    told = group().unit("DESK", above="HUB", kind=UnitKind.TEAM)
    told.member("gina", "GROUP", Role.LEAD, subtree=True).member("hedy", "HUB", Role.LEAD, subtree=True)
    assert "gina" not in told.holders(Right.DECIDE, "HUB", KNOWLEDGE)
    assert "gina" not in told.holders(Right.PUBLISH, "NORTH", KNOWLEDGE)
    assert told.holders(Right.PUBLISH, "HUB", KNOWLEDGE) == {"hilda", "hedy"}
    assert told.holders(Right.DECIDE, "DESK", STRATEGY) == {"gina"}


def test_peers_are_direct_members_of_the_other_governed_units() -> None:
    told = group().unit("SOUTHERN", above="GROUP", kind=UnitKind.REGION).assign("SOUTHERN", "decentralized")
    told.move("SOUTH", above="SOUTHERN").assign("SOUTH", "centre_of_excellence", centre="HUB")
    told.member("rosa", "SOUTHERN", Role.LEAD, subtree=True).member("gus", "SOUTH", Role.LEAD, guest=True)
    assert told.rights("sara", "NORTH", STRATEGY) == READER_MAY
    assert told.rights("rosa", "NORTH", STRATEGY) == set()
    assert told.rights("gus", "NORTH", STRATEGY) == set()


def test_a_guest_author_drafts_and_submits_where_the_unit_s_authors_may_and_nothing_else() -> None:
    told = group().member("gus", "NORTH", Role.LEAD, guest=True).member("gail", "NORTH", Role.READER, guest=True)
    assert told.rights("gus", "NORTH", KNOWLEDGE) == GUEST_AUTHOR_MAY
    assert told.rights("gus", "HUB", KNOWLEDGE) == set()
    assert told.rights("gail", "NORTH", KNOWLEDGE) == set()
    told = group("centralized", UnitKind.CENTRAL_TEAM).member("gus", "NORTH", Role.LEAD, guest=True)
    assert told.rights("gus", "NORTH", KNOWLEDGE) == set()


def test_a_guest_s_reach_counts_but_not_into_a_centre_nor_from_one() -> None:
    told = group().member("gus", "GROUP", Role.AUTHOR, subtree=True, guest=True)
    told.member("gabe", "HUB", Role.AUTHOR, subtree=True, guest=True).unit("DESK", above="HUB", kind=UnitKind.TEAM)
    assert told.rights("gus", "NORTH", KNOWLEDGE) == GUEST_AUTHOR_MAY
    assert told.rights("gus", "HUB", KNOWLEDGE) == set()
    assert told.rights("gabe", "HUB", KNOWLEDGE) == told.rights("gabe", "DESK", KNOWLEDGE) == set()
    assert "guest_in_centre" in told.problem_codes()


def test_guest_is_a_property_of_the_membership_and_not_of_the_person() -> None:
    told = group().member("gus", "NORTH", Role.LEAD, guest=True).member("gus", "SOUTH", Role.LEAD)
    assert Right.DECIDE in told.rights("gus", "SOUTH", STRATEGY)
    assert Right.DECIDE not in told.rights("gus", "NORTH", STRATEGY)
    assert Right.ACKNOWLEDGE in told.rights("gus", "NORTH", STRATEGY)  # as a peer


def test_the_organisation_is_everyone_with_a_current_membership_guests_excepted() -> None:
    told = group("centralized", UnitKind.CENTRAL_TEAM).unit("LONE", above="GROUP").assign("LONE", "independent")
    told.member("lars", "LONE").member("gus", "LONE", guest=True).person("zoe").person("olaf", active=False)
    told.member("olaf", "LONE")
    assert told.rights("lars", "NORTH", STRATEGY) == READER_MAY
    for name in ("gus", "zoe", "olaf"):
        assert told.rights(name, "NORTH", STRATEGY) == set()


def test_a_substitute_belongs_to_the_organisation_and_is_lent_nothing_else() -> None:
    told = group("centralized", UnitKind.CENTRAL_TEAM).person("zoe").person("ivy").member("gus", "NORTH", guest=True)
    told.delegate("hilda", "zoe", ("NORTH", STRATEGY)).delegate("hilda", "gus", ("NORTH", STRATEGY))
    assert told.rights("zoe", "NORTH", STRATEGY) == READER_MAY
    assert told.rights("gus", "NORTH", STRATEGY) == set()
    assert told.rights("ivy", "NORTH", STRATEGY) == set()
    assert group().person("zoe").delegate("hilda", "zoe", ("HUB", STRATEGY)).rights("zoe", "HUB", STRATEGY) == set()


# The council


def test_whoever_stands_in_for_someone_deactivated_belongs_to_nothing() -> None:
    told = group("centralized", UnitKind.CENTRAL_TEAM).person("zoe").person("olaf", active=False)
    told.member("olaf", "HUB", Role.LEAD).delegate("olaf", "zoe", ("NORTH", STRATEGY))
    assert told.rights("zoe", "NORTH", STRATEGY) == set()


def test_in_council_peers_are_only_those_in_council_for_reading_too() -> None:
    told = council().unit("WEST", above="GROUP").assign("WEST", "decentralized", centre="HUB")
    told.member("wim", "WEST", Role.LEAD)
    assert told.rights("wim", "NORTH", CHANGE) == set()
    assert told.rights("wim", "NORTH", FOUNDATION) == READER_MAY | {Right.READ_DRAFT}  # joint: a peer's lead
    assert Right.DECIDE in told.rights("sven", "NORTH", CHANGE)


def test_only_direct_leads_sit_in_the_council() -> None:
    told = council().member("rosa", "GROUP", Role.LEAD, subtree=True).unit("CITY", above="NORTH", kind=UnitKind.TEAM)
    told.member("ruth", "NORTH", Role.LEAD, subtree=True)
    assert told.holders(Right.DECIDE, "CITY", CHANGE) == {"nora", "sven", "hilda", "rosa", "ruth"}
    told.leave("rosa", "GROUP").unassign("GROUP").assign("GROUP", "decentralized")
    for unit in ("NORTH", "SOUTH"):
        told.assign(unit, "evolved", centre="HUB")
    told.member("rosa", "GROUP", Role.LEAD, subtree=True)
    assert told.holders(Right.DECIDE, "NORTH", CHANGE) == {"nora", "ruth", "sven", "hilda"}
    assert Right.DRAFT in told.rights("rosa", "NORTH", CHANGE)


def test_a_council_of_more_than_fifteen_is_seated_by_divisions_if_there_are_two() -> None:
    told = council(15)  # with the group itself that makes sixteen
    assert len(told.world.council_units(told.unit_ids["HUB"], CHANGE)) == 16
    assert len(told.world.seats(told.unit_ids["HUB"], CHANGE)) == 16
    told.unit("D1", above="GROUP", kind=UnitKind.DIVISION).member("dora", "D1", Role.LEAD)
    assert "nora" in told.holders(Right.DECIDE, "NORTH", CHANGE)
    told.unit("D2", above="GROUP", kind=UnitKind.DIVISION).member("dirk", "D2", Role.LEAD)
    assert told.holders(Right.DECIDE, "NORTH", CHANGE) == {"dora", "dirk", "hilda"}
    assert "nora" in told.holders(Right.DRAFT, "D1", CHANGE)


def test_a_council_of_fifteen_seats_every_unit_and_one_of_sixteen_does_not() -> None:
    told = council(12).unit("D1", above="GROUP", kind=UnitKind.DIVISION)
    told.unit("D2", above="GROUP", kind=UnitKind.DIVISION)
    assert len(told.world.council_units(told.unit_ids["HUB"], CHANGE)) == 15
    assert "nora" in told.holders(Right.DECIDE, "SOUTH", CHANGE)
    told.unit("MORE", above="GROUP")
    assert "nora" not in told.holders(Right.DECIDE, "SOUTH", CHANGE)


# Centres


def test_a_centre_s_own_remit_is_in_mode_centre_whatever_the_model_says() -> None:
    told = group("decentralized")
    assert {told.mode("HUB", capability) for capability in Capability} == {Mode.CENTRE}
    assert told.holders(Right.PUBLISH, "HUB", STRATEGY) == {"hilda"}
    assert told.holders(Right.DRAFT, "HUB", STRATEGY) == {"hilda", "hugo"}


def test_governed_units_read_acknowledge_and_ask_in_the_centre_s_remit() -> None:
    told = group().unit("LONE", above="GROUP").assign("LONE", "decentralized").member("lars", "LONE", Role.LEAD)
    assert told.rights("nora", "HUB", KNOWLEDGE) == READER_MAY
    assert told.rights("lars", "HUB", KNOWLEDGE) == set()
    assert told.rights("hugo", "HUB", KNOWLEDGE) >= READER_MAY | {Right.READ_DRAFT}


def test_a_centre_s_remit_is_in_council_if_at_least_two_of_its_units_are() -> None:
    told = council()
    assert told.mode("HUB", CHANGE) is Mode.COUNCIL
    assert told.mode("HUB", FOUNDATION) is Mode.CENTRE
    assert told.holders(Right.DECIDE, "HUB", CHANGE) == {"nora", "sven", "hilda"}
    assert told.holders(Right.DRAFT, "HUB", CHANGE) == {"nora", "nils", "sven", "sara", "hilda", "hugo"}
    assert told.holders(Right.PUBLISH, "HUB", CHANGE) == {"hilda"}
    told.close("SOUTH").close("GROUP")
    assert told.mode("NORTH", CHANGE) is Mode.COUNCIL
    assert told.mode("HUB", CHANGE) is Mode.CENTRE
    assert told.holders(Right.DECIDE, "HUB", CHANGE) == {"hilda"}


def test_each_governed_unit_s_own_model_says_whether_it_or_the_organisation_sees_the_centre_s_documents() -> None:
    told = group("evolved", UnitKind.CENTRAL_TEAM).unit("LONE", above="GROUP").assign("LONE", "decentralized")
    told.member("lars", "LONE")
    assert told.rights("lars", "HUB", FOUNDATION) == set()
    told.assign("SOUTH", "centralized", centre="HUB")
    assert told.rights("lars", "HUB", FOUNDATION) == READER_MAY
    deaf = replace(MODELS[VERSIONS["evolved"]], key="deaf", centre_published=frozenset())
    told = group("evolved", UnitKind.CENTRAL_TEAM).model(deaf).assign("SOUTH", "deaf", centre="HUB")
    assert told.rights("sven", "HUB", FOUNDATION) == set()
    assert told.rights("nora", "HUB", FOUNDATION) == READER_MAY


def test_a_centre_under_another_reads_its_published_documents_and_that_is_all() -> None:
    told = council().centre("DESK", above="GROUP", kind=UnitKind.SHARED_SERVICE).member("dana", "DESK", Role.LEAD)
    assert told.rights("dana", "HUB", CHANGE) == READER_MAY
    assert told.rights("dana", "NORTH", CHANGE) == set()
    assert "dana" not in told.holders(Right.DECIDE, "HUB", CHANGE)
    assert told.holders(Right.READ, "DESK", CHANGE) == {"dana"}
    assert told.holders(Right.DECIDE, "DESK", CHANGE) == {"dana"}


def test_a_centre_named_for_one_capability_changes_the_centre_and_never_the_mode() -> None:
    told = group().centre("OPS", above="GROUP", kind=UnitKind.SHARED_SERVICE).member("omar", "OPS", Role.LEAD)
    told.assign("GROUP", "centre_of_excellence", centre="OPS", capability=FOUNDATION)
    assert told.mode("NORTH", FOUNDATION) is Mode.JOINT
    assert told.holders(Right.PUBLISH, "NORTH", FOUNDATION) == {"omar"}
    assert told.holders(Right.PUBLISH, "NORTH", KNOWLEDGE) == {"hilda"}
    assert told.rights("nora", "OPS", FOUNDATION) == READER_MAY
    assert told.rights("nora", "OPS", KNOWLEDGE) == set()
    assert told.rights("hilda", "OPS", FOUNDATION) == READER_MAY  # the hub is itself under the service here


# Inheritance


def test_a_unit_takes_its_nearest_ancestor_s_assignment_and_its_own_replaces_it_with_its_centres() -> None:
    told = group().centre("OPS", above="GROUP", kind=UnitKind.SHARED_SERVICE).member("omar", "OPS", Role.LEAD)
    told.assign("GROUP", "centre_of_excellence", centre="OPS", capability=FOUNDATION)
    told.unit("CITY", above="NORTH", kind=UnitKind.TEAM)
    assert told.world.governance(told.remit("CITY", FOUNDATION)).assigned_at == told.unit_ids["GROUP"]  # type: ignore[union-attr]
    told.assign("NORTH", "centre_of_excellence", centre="HUB")
    assert told.holders(Right.PUBLISH, "CITY", FOUNDATION) == {"hilda"}
    assert told.holders(Right.PUBLISH, "SOUTH", FOUNDATION) == {"omar"}


def test_a_unit_without_an_assignment_above_it_grants_nothing_and_is_reported() -> None:
    told = group().unassign("GROUP").assign("NORTH", "decentralized").auditor("ada")
    assert told.rights("sven", "SOUTH", STRATEGY) == set()
    assert told.rights("ada", "SOUTH", STRATEGY) == {Right.READ, Right.READ_DRAFT}
    assert Right.PUBLISH in told.rights("nora", "NORTH", STRATEGY)
    reported = {problem.unit for problem in told.compiled.problems if problem.code == "unassigned"}
    assert reported == {told.unit_ids[code] for code in ("GROUP", "HUB", "SOUTH")}


@pytest.mark.parametrize(
    ("model", "centre", "kind"),
    [
        ("centre_of_excellence", None, UnitKind.CENTRE_OF_EXCELLENCE),
        ("centre_of_excellence", "HUB", UnitKind.SHARED_SERVICE),
        ("independent", "HUB", UnitKind.CENTRAL_TEAM),
        ("evolved", "NORTH", UnitKind.CENTRAL_TEAM),
    ],
)
def test_what_is_refused_grants_nothing_and_is_reported(model: str, centre: str | None, kind: UnitKind) -> None:
    told = group("decentralized", kind).assign("SOUTH", model, centre=centre)
    assert told.rights("sven", "SOUTH", STRATEGY) == set()
    assert Right.PUBLISH in told.rights("nora", "NORTH", STRATEGY)
    assert "assignment_refused" in told.problem_codes()


def test_two_operating_models_at_once_or_a_centre_for_another_version_grant_nothing() -> None:
    told = group().assign("SOUTH", "decentralized").assign("SOUTH", "independent")
    assert told.rights("sven", "SOUTH", STRATEGY) == set()
    told = group().assign("GROUP", "decentralized", centre="HUB", capability=KNOWLEDGE)
    assert told.rights("sven", "SOUTH", KNOWLEDGE) == set()
    assert Right.PUBLISH in told.rights("sven", "SOUTH", STRATEGY)
    assert "centre_refused" in told.problem_codes()
    told = group().assign("NORTH", "centre_of_excellence", centre="HUB", capability=KNOWLEDGE)
    assert "centre_without_assignment" in told.problem_codes()


# Closed units


def test_a_closed_unit_is_only_read_by_those_who_could_its_own_members_excepted() -> None:
    told = group().member("rosa", "GROUP", Role.LEAD, subtree=True)
    assert told.rights("rosa", "SOUTH", STRATEGY) > READER_MAY
    told.close("SOUTH")
    assert told.rights("rosa", "SOUTH", STRATEGY) == {Right.READ}
    assert told.rights("nora", "SOUTH", STRATEGY) == {Right.READ}  # a peer of what it was
    assert told.rights("hilda", "SOUTH", KNOWLEDGE) == {Right.READ}
    assert told.rights("sven", "SOUTH", STRATEGY) == set()


def test_memberships_of_a_closed_unit_give_nothing_anywhere() -> None:
    by_reach = group()
    as_organisation = group("centralized", UnitKind.CENTRAL_TEAM)
    for told, right in ((by_reach, Right.READ_DRAFT), (as_organisation, Right.READ)):
        told.unit("CITY", above="SOUTH", kind=UnitKind.TEAM).member("sofie", "SOUTH", Role.LEAD, subtree=True)
        assert right in told.rights("sofie", "CITY", STRATEGY)
        told.close("SOUTH")
        assert told.rights("sofie", "CITY", STRATEGY) == set()
        assert told.rights("sven", "HUB", STRATEGY) == set()


def test_a_closed_unit_is_neither_governed_nor_peer_nor_seat_and_units_below_inherit_through_it() -> None:
    told = council().unit("CITY", above="SOUTH", kind=UnitKind.TEAM).member("cleo", "CITY", Role.LEAD)
    hub = told.unit_ids["HUB"]
    told.close("SOUTH")
    assert told.unit_ids["SOUTH"] not in told.world.governed_units(hub, CHANGE)
    assert told.unit_ids["SOUTH"] not in told.world.seats(hub, CHANGE)
    assert told.holders(Right.DECIDE, "NORTH", CHANGE) == {"nora", "cleo", "hilda"}
    assert told.mode("CITY", CHANGE) is Mode.COUNCIL
    told.unassign("GROUP").assign("SOUTH", "evolved", centre="HUB")
    assert told.mode("CITY", CHANGE) is Mode.COUNCIL


# Organisation-wide roles


def test_administrator_and_sponsor_hold_nothing_and_a_membership_of_the_same_person_does() -> None:
    told = group().administrator("amir").sponsor("uma").administrator("nora")
    for capability in Capability:
        assert told.rights("amir", "NORTH", capability) == told.rights("uma", "NORTH", capability) == set()
    assert Right.PUBLISH in told.rights("nora", "NORTH", STRATEGY)


def test_an_auditor_reads_everything_and_has_no_other_right_through_any_account() -> None:
    told = group().member("ada", "NORTH", Role.READER).auditor("ada").person("ada2", same_as="ada")
    told.member("ada2", "NORTH", Role.LEAD).close("SOUTH")
    for unit in ("NORTH", "SOUTH", "HUB"):
        assert told.rights("ada", unit, STRATEGY) == {Right.READ, Right.READ_DRAFT}
    assert told.rights("ada2", "NORTH", STRATEGY) == set()
    assert "auditor_writes" in told.problem_codes()


def test_an_auditor_who_is_administrator_is_no_auditor_and_is_reported() -> None:
    told = group().auditor("ada").administrator("ada")
    assert told.rights("ada", "NORTH", STRATEGY) == set()
    assert "auditor_administers" in told.problem_codes()


# Reserves


def test_where_nobody_holds_publish_the_reserve_of_a_unit_stage_does() -> None:
    told = group("decentralized").leave("nora", "NORTH").member("gina", "GROUP", Role.LEAD)
    taken = PUBLISHER_MAY | READER_MAY | {Right.READ_DRAFT, Right.CONFIRM_REVIEW}
    assert told.rights("gina", "NORTH", STRATEGY) == taken
    assert not told.rights("gina", "SOUTH", STRATEGY) & PUBLISHER_MAY
    told.leave("gina", "GROUP")
    assert told.rights("hilda", "NORTH", STRATEGY) == taken  # then the centre's lead
    told.leave("hilda", "HUB").unit("TOP").move("HUB", above="TOP").assign("TOP", "decentralized")
    told.member("tove", "TOP", Role.LEAD)
    assert told.rights("tove", "NORTH", STRATEGY) == taken  # then the lead above the centre


def test_in_mode_delegated_the_last_stage_before_publication_is_the_unit_s() -> None:
    told = group("devolved", UnitKind.CENTRAL_TEAM).mandate("NORTH", KNOWLEDGE, centre="HUB").leave("nora", "NORTH")
    told.unit("TOP").move("HUB", above="TOP").assign("TOP", "decentralized").member("tove", "TOP", Role.LEAD)
    told.member("gina", "GROUP", Role.LEAD)
    assert told.mode("NORTH", KNOWLEDGE) is Mode.DELEGATED
    assert told.holders(Right.PUBLISH, "NORTH", KNOWLEDGE) == {"gina"}


def test_where_nobody_holds_publish_the_reserve_of_a_centre_stage_does() -> None:
    told = group().unit("TOP").move("HUB", above="TOP").assign("TOP", "decentralized").leave("hilda", "HUB")
    told.member("tove", "TOP", Role.LEAD).member("gina", "GROUP", Role.LEAD)
    assert told.holders(Right.PUBLISH, "NORTH", KNOWLEDGE) == {"tove"}  # above the centre first
    assert told.holders(Right.PUBLISH, "HUB", KNOWLEDGE) == {"tove"}
    assert told.holders(Right.DECIDE, "NORTH", KNOWLEDGE) == {"nora"}
    told.leave("tove", "TOP")
    assert told.holders(Right.PUBLISH, "NORTH", KNOWLEDGE) == {"gina"}  # then the unit's nearest ancestor's
    assert told.holders(Right.PUBLISH, "HUB", KNOWLEDGE) == set()


def test_the_reserve_skips_ancestors_without_a_direct_lead_and_closed_ones() -> None:
    told = group("decentralized").unit("CITY", above="NORTH", kind=UnitKind.TEAM).member("gina", "GROUP", Role.LEAD)
    assert told.holders(Right.PUBLISH, "CITY", STRATEGY) == {"nora"}
    told.close("NORTH")
    assert told.holders(Right.PUBLISH, "CITY", STRATEGY) == {"gina"}
    assert told.holders(Right.PUBLISH, "NORTH", STRATEGY) == set()


def test_the_reserve_leaves_out_the_persons_who_may_not_decide() -> None:
    told = group("decentralized").unit("CITY", above="NORTH", kind=UnitKind.TEAM).member("gina", "GROUP", Role.LEAD)
    told.person("nora2", same_as="nora").member("nora2", "NORTH", Role.LEAD)
    remit, world = told.remit("CITY", STRATEGY), told.world
    nora = world.person_of(told.user_ids["nora"])
    assert world.reserve_of_unit_stage(remit) == told.unit_ids["NORTH"]
    assert world.reserve_of_unit_stage(remit, excluding=frozenset({nora})) == told.unit_ids["GROUP"]


# Problems and reasons


def test_a_unit_where_nobody_can_decide_or_publish_is_reported() -> None:
    told = group("centralized", UnitKind.CENTRAL_TEAM)
    assert not {"nobody_decides", "nobody_publishes"} & told.problem_codes()
    told.leave("hilda", "HUB")
    found = {(problem.code, problem.unit) for problem in told.compiled.problems}
    assert {("nobody_decides", told.unit_ids["NORTH"]), ("nobody_publishes", told.unit_ids["NORTH"])} <= found
    told.member("gina", "GROUP", Role.LEAD)
    assert not {"nobody_decides", "nobody_publishes"} & told.problem_codes()


def test_one_person_who_would_have_to_decide_at_both_stages_is_nobody() -> None:
    told = group().leave("nora", "NORTH").leave("hilda", "HUB")
    told.member("paul", "NORTH", Role.LEAD).member("paul", "HUB", Role.LEAD)
    found = {(each.code, each.unit, each.capability) for each in told.compiled.problems}
    assert ("nobody_decides", told.unit_ids["NORTH"], KNOWLEDGE) in found
    assert ("nobody_decides", told.unit_ids["NORTH"], STRATEGY) not in found


def test_a_council_without_a_quorum_falls_to_its_reserve_or_is_reported() -> None:
    told = council().leave("nora", "NORTH").leave("sven", "SOUTH")
    assert ("nobody_decides", told.unit_ids["NORTH"], CHANGE) in {
        (each.code, each.unit, each.capability) for each in told.compiled.problems
    }
    told.unit("TOP").move("GROUP", above="TOP").member("tove", "TOP", Role.LEAD).assign("TOP", "decentralized")
    assert "nobody_decides" not in told.problem_codes()


def test_every_grant_tells_the_relations_it_stands_for() -> None:
    told = group().leave("nora", "NORTH").member("gina", "GROUP", Role.LEAD)
    hub, north, grp = (told.unit_ids[code] for code in ("HUB", "NORTH", "GROUP"))
    reasons = told.compiled.reasons
    joint, alone = told.remit("NORTH", KNOWLEDGE), told.remit("NORTH", STRATEGY)
    of_hub = Party(PartyKind.DIRECT, hub, None, Role.LEAD)
    assert reasons[Grant(of_hub, joint, Right.PUBLISH)] == (Relation.CENTRE_LEAD,)
    of_unit = Party(PartyKind.UNIT, north, None, Role.LEAD)
    assert reasons[Grant(of_unit, alone, Right.DECIDE)] == (Relation.UNIT_LEAD,)
    of_group = Party(PartyKind.DIRECT, grp, None, Role.LEAD)
    assert reasons[Grant(of_group, alone, Right.PUBLISH)] == (Relation.RESERVE,)
    with pytest.raises(KeyError):
        reasons[Grant(of_group, joint, Right.PUBLISH)]
    reasons = told.leave("hilda", "HUB").compiled.reasons
    assert reasons[Grant(of_group, joint, Right.PUBLISH)] == (Relation.RESERVE,)
    assert reasons[Grant(of_hub, joint, Right.PUBLISH)] == (Relation.CENTRE_LEAD,)


def test_a_model_s_own_rows_decide_who_reads_published_documents_and_drafts() -> None:
    told = group("shared_services", UnitKind.SHARED_SERVICE)
    assert told.holders(Right.READ, "NORTH", FOUNDATION) == {"nora", "nils", "nina", "hilda", "hugo", "sven", "sara"}
    assert told.holders(Right.READ, "NORTH", CHANGE) == {"nora", "nils", "nina", "hilda", "hugo"}
    assert told.holders(Right.READ, "NORTH", STRATEGY) == {"nora", "nils", "nina"}
    assert told.holders(Right.READ_DRAFT, "NORTH", FOUNDATION) == {"nora", "nils", "nina", "hilda", "hugo"}
    assert told.holders(Right.READ_DRAFT, "NORTH", STRATEGY) == {"nora", "nils", "nina"}


def test_peers_leads_alone_see_drafts_where_the_model_says_so() -> None:
    told = council()
    assert Right.READ_DRAFT in told.rights("sven", "NORTH", DELIVERY)
    assert told.rights("sara", "NORTH", DELIVERY) == READER_MAY


def test_a_model_of_the_organisation_s_own_is_compiled_like_any_other() -> None:
    base = MODELS[VERSIONS["decentralized"]]
    own: OperatingModel = replace(
        base, key="own", published={**base.published, DELIVERY: frozenset({Audience.UNIT, Audience.ORGANISATION})}
    )
    told = group().model(own).assign("NORTH", "own")
    assert told.rights("sara", "NORTH", DELIVERY) == READER_MAY
    assert told.rights("sara", "NORTH", STRATEGY) == set()


def test_what_is_open_to_the_organisation_and_the_agency_is_read_by_guests_too() -> None:
    base = MODELS[VERSIONS["decentralized"]]
    everyone = frozenset({Audience.ORGANISATION, Audience.AGENCY})
    told = group().model(replace(base, key="own", published=dict.fromkeys(Capability, everyone)))
    told.assign("NORTH", "own").member("gail", "NORTH", Role.READER, guest=True)
    told.member("gus", "NORTH", Role.AUTHOR, guest=True)
    assert told.rights("gail", "NORTH", DELIVERY) == {Right.READ}
    assert told.rights("gus", "NORTH", DELIVERY) == GUEST_AUTHOR_MAY
    assert told.rights("sara", "NORTH", DELIVERY) == READER_MAY
