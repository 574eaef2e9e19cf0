"""A small organisation in which every mode can be tried, and short ways to open and decide a request in it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property

from governance.compiler.snapshot import (
    Assignment,
    Delegation,
    Mandate,
    Membership,
    RemitKey,
    Snapshot,
    Unit,
    User,
)
from governance.compiler.world import World
from governance.operating_models.loader import load_builtin
from governance.operating_models.schema import OperatingModel
from governance.vocabulary import Capability, Mode, Reach, RiskLevel, Role, UnitKind
from governance.workflow.eligibility import CurrentHolders
from governance.workflow.engine import advance, open_request
from governance.workflow.events import Approve, Event, NeedsReassessment, Outcome, Reassess
from governance.workflow.route import Route
from governance.workflow.routing import publication_route, reassess_route
from governance.workflow.state import SYSTEM, Actor, RequestState
from governance.workflow.waiting import waiting_for

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
K = Capability.KNOWLEDGE
HASH = "a" * 64

GROUP, EUROPE, ASIA, RETAIL, FINANCE, LOGISTICS, CENTRE = 1, 2, 3, 4, 5, 6, 9
UNIT_NAMES = {
    GROUP: "Group",
    EUROPE: "Europe",
    ASIA: "Asia",
    RETAIL: "Retail",
    FINANCE: "Finance",
    LOGISTICS: "Logistics",
    CENTRE: "Digital Office",
}
UNITS = (
    Unit(GROUP, "GRP", "Group", UnitKind.ORGANISATION, None),
    Unit(EUROPE, "EUR", "Europe", UnitKind.DIVISION, GROUP),
    Unit(ASIA, "ASI", "Asia", UnitKind.DIVISION, GROUP),
    Unit(RETAIL, "RET", "Retail", UnitKind.DEPARTMENT, EUROPE),
    Unit(FINANCE, "FIN", "Finance", UnitKind.DEPARTMENT, EUROPE),
    Unit(LOGISTICS, "LOG", "Logistics", UnitKind.DEPARTMENT, ASIA),
    Unit(CENTRE, "DIG", "Digital Office", UnitKind.CENTRAL_TEAM, GROUP),
)
GREG, EVE, AMY, RITA, RUDI, FRED, LENA, CORA, CARL, ROSA, SAM = range(101, 112)
PEOPLE = {
    GREG: "Greg Hall",
    EVE: "Eve North",
    AMY: "Amy Lund",
    RITA: "Rita Vale",
    RUDI: "Rudi Moss",
    FRED: "Fred Birch",
    LENA: "Lena Frost",
    CORA: "Cora Pike",
    CARL: "Carl Rowe",
    ROSA: "Rosa Thorne",
    SAM: "Sam Quill",
}
LEADS = ((GREG, GROUP), (EVE, EUROPE), (AMY, ASIA), (RITA, RETAIL), (FRED, FINANCE), (LENA, LOGISTICS), (CORA, CENTRE))


def person(user: int) -> int:
    """The natural person behind an account of this organisation: accounts of one hundred apart are one person."""
    return 1000 + (user - 100) % 100


def evolved() -> OperatingModel:
    """The shipped model that has the most modes, as a start for a model of one mode."""
    return next(model for model in load_builtin() if model.key == "evolved")


def model_of(mode: Mode) -> OperatingModel:
    """A model with one mode for every capability."""
    return replace(evolved(), key=f"all-{mode}", name=f"All {mode}", modes=dict.fromkeys(Capability, mode))


@dataclass(frozen=True)
class Org:
    """The organisation under one model; every method gives a changed copy."""

    snapshot: Snapshot

    @classmethod
    def under(cls, mode: Mode | OperatingModel, *, leads: Iterable[tuple[int, int]] = LEADS) -> "Org":
        """Every unit under a model of this mode with the one centre; authors Rosa in Retail, Sam in the centre."""
        model = model_of(mode) if isinstance(mode, Mode) else mode
        rows = [Membership(number, user, unit, Role.LEAD) for number, (user, unit) in enumerate(leads, 1)]
        rows += [Membership(901, ROSA, RETAIL, Role.AUTHOR), Membership(902, SAM, CENTRE, Role.AUTHOR)]
        mandates = tuple(
            Mandate(70 + unit, RemitKey(unit, K), CENTRE, RiskLevel.MEDIUM)
            for unit in (GROUP, EUROPE, ASIA, RETAIL, FINANCE, LOGISTICS)
        )
        snapshot = Snapshot(
            at=NOW,
            units=UNITS,
            users=tuple(User(user, person(user), name) for user, name in PEOPLE.items()),
            memberships=tuple(rows),
            models={1: model},
            assignments=(Assignment(1, GROUP, None, 1, CENTRE),),
            mandates=mandates if Mode.DELEGATED in model.modes.values() else (),
        )
        return cls(snapshot)

    @cached_property
    def world(self) -> World:
        return World(self.snapshot)

    def without_leads(self, *units: int) -> "Org":
        kept = (row for row in self.snapshot.memberships if row.role is not Role.LEAD or row.unit not in units)
        return self.but(memberships=tuple(kept))

    def with_lead(self, user: int, unit: int, *, reach: Reach = Reach.UNIT) -> "Org":
        row = Membership(500 + len(self.snapshot.memberships), user, unit, Role.LEAD, reach)
        return self.but(memberships=(*self.snapshot.memberships, row))

    def with_guest(self, user: int, unit: int, role: Role) -> "Org":
        row = Membership(500 + len(self.snapshot.memberships), user, unit, role, guest=True)
        return self.but(memberships=(*self.snapshot.memberships, row))

    def with_second_account(self, user: int) -> "Org":
        """Another account, a hundred higher, of the same person."""
        account = User(user + 100, person(user), PEOPLE[user])
        return self.but(users=(*self.snapshot.users, account))

    def with_delegation(self, delegator: int, substitute: int, *remits: RemitKey) -> "Org":
        row = Delegation(800 + len(self.snapshot.delegations), delegator, substitute, frozenset(remits))
        return self.but(delegations=(*self.snapshot.delegations, row))

    def without_mandates(self) -> "Org":
        return self.but(mandates=())

    def without_person(self, user: int) -> "Org":
        users = (replace(row, active=False) if row.id == user else row for row in self.snapshot.users)
        return self.but(users=tuple(users))

    def but(self, **changes: object) -> "Org":
        return Org(replace(self.snapshot, **changes))  # type: ignore[arg-type]

    def publication(self, unit: int = RETAIL, *, excluded: Iterable[int] = (ROSA,), kind: str = "publication") -> Route:
        persons = frozenset(person(user) for user in excluded)
        return publication_route(self.world, RemitKey(unit, K), excluded=persons, kind=kind)

    @property
    def check(self) -> CurrentHolders:
        return CurrentHolders(self.world)


def actor(user: int, *, on_behalf_of: int | None = None) -> Actor:
    return Actor(user, person(user), PEOPLE.get(user, f"Account {user}"), on_behalf_of)


def opened(route: Route, submitter: int = ROSA) -> RequestState:
    return open_request(route, subject_hash=HASH, submitter=actor(submitter), at=NOW).state


def act(org: Org, state: RequestState, event: Event, who: Actor, at: datetime = NOW) -> Outcome:
    """The event, and the reassessment where it is called for, as the caller of the engine does it."""
    outcome = advance(state, event, who, at, org.check)
    if not any(isinstance(effect, NeedsReassessment) for effect in outcome.effects):
        return outcome
    state = outcome.state
    again = advance(state, Reassess(reassess_route(org.world, state)), SYSTEM, at, org.check)
    return Outcome(again.state, (*outcome.effects, *again.effects))


def approve(org: Org, state: RequestState, user: int, at: datetime = NOW, **more: str) -> Outcome:
    return act(org, state, Approve(HASH, **more), actor(user), at)


def holders(route: Route, stage: str) -> set[int]:
    return {user for seat in route.stage(stage).seats for user in seat.holders}


def waiting(state: RequestState, at: datetime = NOW) -> set[int]:
    return set(waiting_for(state, at))


def kinds(route: Route) -> list[str]:
    return [stage.kind.value for stage in route.stages]
