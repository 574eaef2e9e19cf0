"""Routes of every mode: whose stages, which reserve, what is undecidable."""

import pytest

from governance.compiler.compile import compile as compile_rights
from governance.compiler.compiled import PartyKind
from governance.compiler.snapshot import Assignment, Mandate, RemitKey, Unit
from governance.rights import Right
from governance.vocabulary import Mode, Reach, RiskLevel, Role, UnitKind
from governance.workflow.route import Route, StageKind
from governance.workflow.routing import change_route, exception_route, import_route, publication_route
from tests.governance.workflow.organisation import (
    AMY,
    ASIA,
    CARL,
    CENTRE,
    CORA,
    EUROPE,
    EVE,
    FINANCE,
    FRED,
    GREG,
    GROUP,
    LENA,
    LOGISTICS,
    RETAIL,
    RITA,
    ROSA,
    RUDI,
    SAM,
    UNITS,
    K,
    Org,
    holders,
    kinds,
    person,
)


@pytest.mark.parametrize(
    ("mode", "stages"),
    [
        (Mode.UNIT, [("unit", {RITA})]),
        (Mode.CENTRE, [("centre", {CORA})]),
        (Mode.JOINT, [("unit", {RITA}), ("centre", {CORA})]),
        (Mode.DELEGATED, [("unit", {RITA}), ("review", {CORA})]),
        (
            Mode.COUNCIL,
            [
                ("last_call", {GREG, EVE, AMY, RITA, FRED, LENA, CORA}),
                ("council", {GREG, EVE, AMY, RITA, FRED, LENA, CORA}),
            ],
        ),
    ],
)
def test_the_route_of_each_mode(mode: Mode, stages: list[tuple[str, set[int]]]) -> None:
    route = Org.under(mode).publication()
    assert [(stage.key, holders(route, stage.key)) for stage in route.stages] == stages
    assert not route.undecidable
    assert route.publishers == ({RITA} if mode in (Mode.UNIT, Mode.DELEGATED) else {CORA})
    assert route.mode == mode


def test_delegated_without_a_mandate_is_joint_in_every_column() -> None:
    org = Org.under(Mode.DELEGATED).without_mandates()
    route = org.publication()
    assert kinds(route) == ["unit", "centre"]
    assert (route.mode, route.mandate, set(route.publishers)) == ("joint", None, {CORA})
    exception = exception_route(
        org.world,
        document_remit=RemitKey(CENTRE, K),
        asking_unit=RETAIL,
        asker_person=person(ROSA),
        risk=RiskLevel.LOW,
    )
    assert kinds(exception) == ["centre"]


def test_a_centre_of_its_own_is_in_mode_centre() -> None:
    for mode in (Mode.UNIT, Mode.JOINT, Mode.DELEGATED, Mode.CENTRE):
        route = Org.under(mode).publication(CENTRE, excluded=[SAM])
        assert [(stage.key, holders(route, stage.key)) for stage in route.stages] == [("centre", {CORA})]


def test_a_centre_of_two_council_units_is_decided_by_their_council() -> None:
    route = Org.under(Mode.COUNCIL).publication(CENTRE, excluded=[SAM])
    assert kinds(route) == ["last_call", "council"]
    assert holders(route, "council") == {GREG, EVE, AMY, RITA, FRED, LENA, CORA}


def test_a_lead_reaches_a_unit_stage_from_above_but_holds_no_seat_by_it() -> None:
    reach = {"reach": Reach.SUBTREE}
    assert holders(Org.under(Mode.UNIT).with_lead(RUDI, EUROPE, **reach).publication(), "unit") == {RITA, RUDI}
    route = Org.under(Mode.COUNCIL).with_lead(RUDI, EUROPE, **reach).publication()
    seats = {seat.unit: seat.holders for seat in route.stage("council").seats}
    assert seats[RETAIL] == {RITA}
    assert seats[EUROPE] == {EVE, RUDI}


def test_guests_never_decide() -> None:
    org = Org.under(Mode.UNIT).without_leads(RETAIL, EUROPE, GROUP, CENTRE).with_guest(RUDI, RETAIL, Role.LEAD)
    route = org.publication()
    assert route.undecidable
    assert not any(seat.holders for seat in route.seats())


class TestSegregationOfDuties:
    def test_who_wrote_edited_or_submitted_holds_no_seat(self) -> None:
        org = Org.under(Mode.UNIT).with_lead(RUDI, RETAIL)
        assert holders(org.publication(excluded=[RITA]), "unit") == {RUDI}

    def test_nor_does_their_second_account(self) -> None:
        org = Org.under(Mode.UNIT).with_second_account(RITA).with_lead(RITA + 100, RETAIL)
        route = org.publication(excluded=[RITA])
        assert holders(route, "unit") == {EVE}, "the reserve, since both accounts are one person"

    def test_whoever_a_later_stage_cannot_do_without_is_not_offered_the_earlier_one(self) -> None:
        org = Org.under(Mode.JOINT).with_lead(CORA, RETAIL)
        route = org.publication()
        assert (holders(route, "unit"), holders(route, "centre")) == ({RITA}, {CORA})

    def test_but_may_stand_at_either_where_another_completes_it(self) -> None:
        org = Org.under(Mode.JOINT).with_lead(CORA, RETAIL).with_lead(CARL, CENTRE)
        route = org.publication()
        assert (holders(route, "unit"), holders(route, "centre")) == ({RITA, CORA}, {CORA, CARL})

    def test_the_reserve_steps_in_at_the_stage_of_whom_the_later_one_keeps(self) -> None:
        org = Org.under(Mode.JOINT).without_leads(RETAIL).with_lead(CORA, RETAIL)
        route = org.publication()
        assert (holders(route, "unit"), holders(route, "centre")) == ({EVE}, {CORA})
        assert "Europe" in route.stage("unit").fallback

    def test_nobody_is_kept_from_an_earlier_stage_for_the_sake_of_a_review(self) -> None:
        route = Org.under(Mode.DELEGATED).without_leads(RETAIL).with_lead(CORA, RETAIL).publication()
        assert holders(route, "unit") == {CORA}
        assert [seat.unit for seat in route.stage("review").reserves] == [GROUP, EUROPE]

    def test_publishing_is_not_deciding(self) -> None:
        route = Org.under(Mode.CENTRE).publication(CENTRE, excluded=[CORA])
        assert holders(route, "centre") == {GREG}
        assert route.publishers == {CORA}

    def test_whoever_imports_counts_as_the_author(self) -> None:
        org = Org.under(Mode.JOINT)
        route = import_route(org.world, RemitKey(RETAIL, K), importer_person=person(RITA))
        assert route.kind == "import"
        assert (holders(route, "unit"), holders(route, "centre")) == ({EVE}, {CORA})


class TestReserves:
    """Each step of the two chains, by taking away the leads before it."""

    @pytest.mark.parametrize(
        ("empty", "reserve"),
        [
            ([RETAIL], {EVE}),
            ([RETAIL, EUROPE], {GREG}),
            ([RETAIL, EUROPE, GROUP], {CORA}),
        ],
    )
    def test_a_unit_stage_falls_to_the_nearest_ancestor_then_to_the_centre(
        self, empty: list[int], reserve: set[int]
    ) -> None:
        route = Org.under(Mode.UNIT).without_leads(*empty).publication()
        assert holders(route, "unit") == reserve
        assert route.publishers == reserve, "the reserve of the last stage publishes too"
        assert route.stage("unit").fallback

    def test_then_to_the_lead_above_the_centre(self) -> None:
        org = Org.under(Mode.UNIT).without_leads(RETAIL, EUROPE, GROUP, CENTRE)
        platform = Unit(8, "PLT", "Platform", UnitKind.DIVISION, GROUP)
        units = tuple(
            unit if unit.id != CENTRE else Unit(CENTRE, "DIG", "Digital Office", unit.kind, 8) for unit in UNITS
        )
        route = org.but(units=(*units, platform)).with_lead(CARL, 8).publication()
        assert holders(route, "unit") == {CARL}

    @pytest.mark.parametrize("mode", [Mode.CENTRE, Mode.JOINT])
    def test_a_centre_stage_falls_to_the_lead_above_the_centre_then_to_the_units_ancestor(self, mode: Mode) -> None:
        org = Org.under(mode).without_leads(CENTRE)
        assert holders(org.publication(), "centre") == {GREG}
        assert holders(org.without_leads(GROUP).publication(), "centre") == {EVE}
        assert org.without_leads(GROUP).publication().publishers == {EVE}

    def test_a_lead_who_may_not_decide_is_passed_over(self) -> None:
        route = Org.under(Mode.UNIT).without_leads(RETAIL).publication(excluded=[EVE])
        assert holders(route, "unit") == {GREG}

    def test_a_centre_above_the_unit_counts_like_any_ancestor(self) -> None:
        units = tuple(Unit(RETAIL, "RET", "Retail", unit.kind, CENTRE) if unit.id == RETAIL else unit for unit in UNITS)
        org = Org.under(Mode.UNIT).but(units=units).without_leads(RETAIL)
        assert holders(org.publication(), "unit") == {CORA}

    def test_a_reserve_is_not_the_person_whom_the_later_stage_needs(self) -> None:
        org = Org.under(Mode.JOINT).without_leads(RETAIL, EUROPE).with_lead(CORA, EUROPE)
        route = org.publication()
        assert (holders(route, "unit"), holders(route, "centre")) == ({GREG}, {CORA})

    def test_a_council_without_a_quorum_falls_to_the_lead_above_the_centre(self) -> None:
        lone = ((GREG, GROUP), (CORA, CENTRE))
        org = Org.under(Mode.COUNCIL, leads=lone)
        only_seats = org.publication()
        assert holders(only_seats, "council") == {GREG, CORA}, "one seat and the chair are two people"
        route = org.publication(excluded=[CORA])
        assert holders(route, "council") == {GREG}
        assert route.stage("council").quorum_people == 1
        assert not route.undecidable

    def test_a_review_without_the_centres_lead_has_the_reserve_of_a_centre_stage(self) -> None:
        review = Org.under(Mode.DELEGATED).without_leads(CENTRE).publication().stage("review")
        assert not review.seats[0].holders
        assert [set(seat.holders) for seat in review.reserves] == [{GREG}, {EVE}]


class TestUndecidable:
    def test_a_remit_without_a_model(self) -> None:
        route = Org.under(Mode.UNIT).but(assignments=()).publication()
        assert "no operating model" in route.undecidable
        assert route.stages == ()

    def test_a_closed_unit(self) -> None:
        units = tuple(
            Unit(unit.id, unit.code, unit.name, unit.kind, unit.parent, closed=unit.id == RETAIL) for unit in UNITS
        )
        assert "closed" in Org.under(Mode.UNIT).but(units=units).publication().undecidable

    @pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.COUNCIL])
    def test_nobody_anywhere(self, mode: Mode) -> None:
        route = Org.under(mode, leads=()).publication()
        assert "Nobody" in route.undecidable
        assert kinds(route), "what it would have needed is still shown"

    def test_one_person_for_two_stages(self) -> None:
        route = Org.under(Mode.JOINT, leads=[(CORA, CENTRE), (CORA, RETAIL)]).publication()
        assert "too few people" in route.undecidable

    def test_a_council_of_the_author_and_the_chair(self) -> None:
        route = Org.under(Mode.COUNCIL, leads=[(RITA, RETAIL), (CORA, CENTRE)]).publication(excluded=[RITA])
        assert "quorum" in route.undecidable

    def test_an_author_alone_at_the_top(self) -> None:
        assert Org.under(Mode.UNIT, leads=[(GREG, GROUP)]).publication(GROUP, excluded=[GREG]).undecidable


class TestExceptions:
    @staticmethod
    def ask(
        org: Org,
        *,
        of: int = CENTRE,
        by: int = RETAIL,
        asker: int = ROSA,
        risk: RiskLevel = RiskLevel.LOW,
    ) -> Route:
        return exception_route(
            org.world, document_remit=RemitKey(of, K), asking_unit=by, asker_person=person(asker), risk=risk
        )

    @pytest.mark.parametrize(
        ("mode", "risk", "stage", "who"),
        [
            (Mode.UNIT, RiskLevel.HIGH, "unit", {RITA}),
            (Mode.CENTRE, RiskLevel.LOW, "centre", {CORA}),
            (Mode.JOINT, RiskLevel.LOW, "centre", {CORA}),
            (Mode.DELEGATED, RiskLevel.LOW, "unit", {RITA}),
            (Mode.DELEGATED, RiskLevel.MEDIUM, "unit", {RITA}),
            (Mode.DELEGATED, RiskLevel.HIGH, "centre", {CORA}),
        ],
    )
    def test_the_mode_of_the_asking_unit_decides_on_its_centres_standard(
        self, mode: Mode, risk: RiskLevel, stage: str, who: set[int]
    ) -> None:
        route = self.ask(Org.under(mode), risk=risk)
        assert [(each.key, holders(route, each.key)) for each in route.stages] == [(stage, who)]
        assert (route.unit, route.mode) == (RETAIL, mode)
        assert route.publishers == frozenset()

    def test_in_a_council_the_chair_grants_and_the_seats_may_object_for_five_days(self) -> None:
        route = self.ask(Org.under(Mode.COUNCIL))
        assert kinds(route) == ["centre", "last_call", "council"]
        assert holders(route, "centre") == {CORA}
        assert route.stage("last_call").days == 5
        assert CORA not in holders(route, "last_call"), "the chair has granted it; the seats may object"
        assert route.stage("council").conditional

    def test_in_mode_unit_the_lead_records_also_what_he_or_she_asked_for(self) -> None:
        route = self.ask(Org.under(Mode.UNIT), asker=RITA)
        assert holders(route, "unit") == {RITA}
        assert route.advice
        assert route.excluded == frozenset()

    def test_but_not_from_a_document_of_a_unit(self) -> None:
        route = self.ask(Org.under(Mode.UNIT), of=RETAIL, asker=RITA)
        assert holders(route, "unit") == {EVE}
        assert not route.advice

    def test_and_no_reserve_records_what_he_or_she_asked_for(self) -> None:
        route = self.ask(Org.under(Mode.UNIT).without_leads(RETAIL), asker=EVE)
        assert holders(route, "unit") == {GREG}

    @pytest.mark.parametrize("mode", [Mode.CENTRE, Mode.JOINT, Mode.COUNCIL])
    def test_whoever_asks_does_not_decide(self, mode: Mode) -> None:
        route = self.ask(Org.under(mode), asker=CORA)
        assert holders(route, "centre") == {GREG}
        assert person(CORA) in route.excluded

    def test_a_document_of_another_unit_is_decided_by_its_own_mode(self) -> None:
        route = self.ask(Org.under(Mode.JOINT), of=FINANCE, by=RETAIL)
        assert (route.unit, holders(route, "centre")) == (FINANCE, {CORA})
        route = self.ask(Org.under(Mode.UNIT), of=FINANCE, by=RETAIL)
        assert (route.unit, holders(route, "unit")) == (FINANCE, {FRED})

    def test_a_centre_that_asks_is_answered_by_the_mode_of_the_documents_remit(self) -> None:
        other = Unit(10, "SHS", "Shared Desk", UnitKind.SHARED_SERVICE, GROUP)
        org = Org.under(Mode.UNIT)
        org = org.but(units=(*org.snapshot.units, other)).with_lead(CARL, 10)
        route = self.ask(org, of=CENTRE, by=10, asker=CARL)
        assert (route.unit, holders(route, "centre")) == (CENTRE, {CORA})
        assert not route.advice

    def test_a_mandate_of_high_limit_includes_high(self) -> None:
        org = Org.under(Mode.DELEGATED)
        org = org.but(mandates=(Mandate(5, RemitKey(RETAIL, K), CENTRE, RiskLevel.HIGH),))
        assert kinds(self.ask(org, risk=RiskLevel.HIGH)) == ["unit"]

    def test_a_council_that_could_not_vote_leaves_the_vote_to_the_reserve(self) -> None:
        org = Org.under(Mode.COUNCIL, leads=[(GREG, GROUP), (CORA, CENTRE), (RITA, RETAIL)])
        route = self.ask(org, asker=RITA)
        assert holders(route, "centre") == {CORA}
        assert holders(route, "council") == {GREG}
        assert not route.undecidable


@pytest.mark.parametrize(
    ("mode", "stage", "who"),
    [
        (Mode.UNIT, "unit", {RITA}),
        (Mode.DELEGATED, "unit", {RITA}),
        (Mode.JOINT, "unit", {RITA}),
        (Mode.CENTRE, "centre", {CORA}),
        (Mode.COUNCIL, "centre", {CORA}),
    ],
)
def test_a_request_for_a_change_is_answered_once_by_the_owners_side(mode: Mode, stage: str, who: set[int]) -> None:
    org = Org.under(mode)
    route = change_route(org.world, document_remit=RemitKey(RETAIL, K), asker_person=person(FRED))
    assert [(each.key, holders(route, each.key)) for each in route.stages] == [(stage, who)]
    asked_by_the_lead = change_route(org.world, document_remit=RemitKey(RETAIL, K), asker_person=person(min(who)))
    assert not holders(asked_by_the_lead, stage) & who


def council_of(size: int, *, division_every: int = 0) -> Org:
    """A council of ``size`` units below the group, each with a lead of its own, under a chair."""
    base = Org.under(Mode.COUNCIL, leads=[(CORA, CENTRE)])
    units, rows = [], []
    for number in range(size):
        kind = UnitKind.DIVISION if division_every and number % division_every == 0 else UnitKind.TEAM
        units.append(Unit(200 + number, f"T{number}", f"Team {number}", kind, None))
        rows.append(Assignment(200 + number, 200 + number, None, 1, CENTRE))
    org = base.but(units=(*base.snapshot.units, *units), assignments=tuple(rows))
    people = base.snapshot.users
    from governance.compiler.snapshot import User

    added = tuple(User(300 + number, 3000 + number, f"Lead {number}") for number in range(size))
    org = org.but(users=(*people, *added))
    for number in range(size):
        org = org.with_lead(300 + number, 200 + number)
    return org


@pytest.mark.parametrize("size", range(1, 21))
def test_the_quorum_of_a_council_of_each_size(size: int) -> None:
    org = council_of(size)
    route = publication_route(org.world, RemitKey(200, K), excluded=frozenset({9999}))
    council = route.stage("council")
    assert (council.filled, len(council.seats)) == (size, size + 1)
    assert council.quorum_seats == {1: 1, 2: 1, 3: 1}.get(size, (size + 2) // 3)
    assert council.quorum_people == 2
    assert not route.undecidable


def test_above_fifteen_units_the_divisions_hold_the_seats() -> None:
    route = publication_route(council_of(16, division_every=4).world, RemitKey(200, K), excluded=frozenset())
    council = route.stage("council")
    assert [seat.unit for seat in council.seats if not seat.is_chair] == [200, 204, 208, 212]
    assert (council.filled, council.quorum_seats) == (4, 2)
    fifteen = publication_route(council_of(15, division_every=4).world, RemitKey(200, K), excluded=frozenset())
    assert fifteen.stage("council").filled == 15


def test_a_vacant_seat_is_shown_and_not_counted_and_a_barred_one_is_counted() -> None:
    org = Org.under(Mode.COUNCIL).without_leads(LOGISTICS)
    council = org.publication(excluded=[FRED]).stage("council")
    seats = {seat.unit: seat for seat in council.seats}
    assert not seats[LOGISTICS].holders
    assert not seats[FINANCE].holders
    assert council.filled == 5
    assert council.quorum_seats == 2


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("empty", [(), (RETAIL,), (CENTRE,), (RETAIL, CENTRE), (RETAIL, EUROPE, CENTRE, GROUP)])
@pytest.mark.parametrize("unit", [RETAIL, CENTRE, ASIA])
def test_the_publishers_of_a_route_are_those_to_whom_the_compiler_grants_publish(
    mode: Mode, empty: tuple[int, ...], unit: int
) -> None:
    org = Org.under(mode).without_leads(*empty)
    compiled = compile_rights(org.snapshot)
    granted = [grant.party for grant in compiled.grants if grant[1:] == (RemitKey(unit, K), Right.PUBLISH)]
    people = frozenset().union(*(compiled.parties[party] for party in granted))
    assert org.publication(unit).publishers == people
    assert all(party.kind is not PartyKind.AUDITORS for party in granted)


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("kind", ["publication", "retirement"])
def test_every_stage_says_why_these_people_decide(mode: Mode, kind: str) -> None:
    route = Org.under(mode).publication(kind=kind)
    assert route.kind == kind
    for stage in route.stages:
        assert f"is in mode {mode}" in stage.rule
        assert stage.title
        assert all(seat.label for seat in stage.seats)
    assert (StageKind.REVIEW in {stage.kind for stage in route.stages}) == (mode is Mode.DELEGATED)
    assert {LENA, AMY} & {user for user, _ in route.people} or mode is not Mode.COUNCIL
