"""A request at one moment: its frozen route, where it stands, what was voted, objected and reviewed. All immutable."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from governance.workflow.route import Route, Stage, StageKind


class Status(StrEnum):
    """Where a request stands. Only ``open`` and ``undecidable`` ever change again."""

    OPEN = "open"
    APPROVED = "approved"
    CHANGES_REQUESTED = "changes_requested"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    VOIDED = "voided"  # what it was about changed; approvals were bound to the old revision
    UNDECIDABLE = "undecidable"  # kept, shown as such; opens again when somebody can decide

    @property
    def is_terminal(self) -> bool:
        """Whether the request can never move again (a post-publication review may still be recorded)."""
        return self not in (Status.OPEN, Status.UNDECIDABLE)


class Decision(StrEnum):
    """What a vote says."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REJECT = "reject"


class ReviewStatus(StrEnum):
    """The post-publication review, which nothing waits for. ``none``: the route has none, or it has not begun."""

    NONE = "none"
    OPEN = "open"
    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    REVOKED = "revoked"
    WITHDRAWN_AND_REVOKED = "withdrawn_and_revoked"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. A substitute names the delegator in ``on_behalf_of`` (a user id) and the delegation's row.

    ``membership`` is the row through which the seat is held, if the caller knows it; it is only recorded.
    """

    user: int
    person: int
    name: str
    on_behalf_of: int | None = None
    delegation: int | None = None
    membership: int | None = None


SYSTEM = Actor(user=0, person=0, name="Remit")
"""The machine: ends last calls, voids and reassesses. It never decides."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One vote as cast, complete enough to stand as evidence. Never changed; its ``revision`` is what it is bound to.

    ``persons`` are the natural persons it counts as: the voter's, and the delegator's too where one was stood in for.
    """

    stage: str
    seat: str
    user: int
    persons: frozenset[int]
    name: str
    decision: Decision
    meaning: str
    relation: str
    rule: str
    revision: str
    at: datetime
    comment: str = ""
    on_behalf_of: int | None = None
    delegation: int | None = None
    membership: int | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection raised in a last call. ``number`` counts from 1 within the request."""

    number: int
    stage: str
    seat: str
    user: int
    persons: frozenset[int]
    name: str
    text: str
    at: datetime
    on_behalf_of: int | None = None
    cleared_at: datetime | None = None
    cleared_by: int | None = None  # a user id; None with ``cleared_at`` set: by the vote

    @property
    def is_open(self) -> bool:
        """Whether nobody has cleared it yet."""
        return self.cleared_at is None


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """What the reviewer recorded after publication."""

    outcome: ReviewStatus
    seat: str
    user: int
    persons: frozenset[int]
    name: str
    meaning: str
    relation: str
    rule: str
    revision: str
    at: datetime
    comment: str = ""
    on_behalf_of: int | None = None
    delegation: int | None = None
    membership: int | None = None


@dataclass(frozen=True, slots=True)
class RequestState:
    """Everything the engine knows of a request. ``stage`` is the key of the current stage, empty once it is closed.

    ``subject_hash`` is the revision's hash that every vote is bound to. ``excluded`` are the natural persons who
    wrote, edited or submitted it. ``reason`` says why it is voided or undecidable. While a review is open,
    ``stage_entered_at`` is when it began.
    """

    route: Route
    status: Status
    stage: str
    subject_hash: str
    submitter: Actor
    excluded: frozenset[int]
    opened_at: datetime
    stage_entered_at: datetime
    votes: tuple[Vote, ...] = ()
    objections: tuple[Objection, ...] = ()
    closed_at: datetime | None = None
    reason: str = ""
    review: ReviewStatus = ReviewStatus.NONE
    review_record: ReviewRecord | None = None

    @property
    def current(self) -> Stage | None:
        """The stage that the request stands at, None once it is closed."""
        return self.route.stage(self.stage) if self.stage else None

    @property
    def used(self) -> frozenset[int]:
        """The natural persons who have voted, at whatever stage, delegators included."""
        return frozenset(person for vote in self.votes for person in vote.persons)

    @property
    def open_objections(self) -> tuple[Objection, ...]:
        """The objections that nobody has cleared."""
        return tuple(objection for objection in self.objections if objection.is_open)

    def votes_at(self, stage: Stage) -> tuple[Vote, ...]:
        """The votes cast for seats that the stage has now (a reassessed stage may have lost one)."""
        seats = {seat.key for seat in stage.seats}
        return tuple(vote for vote in self.votes if vote.stage == stage.key and vote.seat in seats)

    def last_call_ends(self) -> datetime | None:
        """When the current last call ends, None at any other stage."""
        stage = self.current
        if self.status is not Status.OPEN or stage is None or stage.kind is not StageKind.LAST_CALL:
            return None
        return self.stage_entered_at + timedelta(days=stage.days)
