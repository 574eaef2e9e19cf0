"""What can happen to a request, and what follows from it: events go in, effects come out. Both are plain data."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from governance.workflow.route import Route, Seat
from governance.workflow.state import Decision, Objection, RequestState, ReviewRecord, ReviewStatus, Status, Vote

# Events


@dataclass(frozen=True, slots=True)
class Approve:
    """A vote for. ``revision`` is the hash of what the voter read; ``seat`` names one where the voter has several."""

    revision: str
    comment: str = ""
    seat: str = ""


@dataclass(frozen=True, slots=True)
class RequestChanges:
    """A vote against, for now: the comment says what must change."""

    revision: str
    comment: str
    seat: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A vote against: the comment says why."""

    revision: str
    comment: str
    seat: str = ""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The submitter takes it back."""

    comment: str = ""


@dataclass(frozen=True, slots=True)
class Object:
    """An objection in a last call; the comment says why."""

    comment: str
    seat: str = ""


@dataclass(frozen=True, slots=True)
class ClearObjection:
    """Whoever raised the objection takes it back."""

    number: int


@dataclass(frozen=True, slots=True)
class Void:
    """What the request is about has changed: ``revision`` is the new hash, empty where there is none any more."""

    reason: str
    revision: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed, or people have: a last call may have ended, a stage may have nobody left."""


@dataclass(frozen=True, slots=True)
class Reassess:
    """The people were looked up anew (``routing.reassess_route``)."""

    route: Route


class ReviewOutcome(StrEnum):
    """What a post-publication review may say."""

    ACCEPT = "accept"
    WITHDRAW = "withdraw"
    REVOKE = "revoke"
    WITHDRAW_AND_REVOKE = "withdraw_and_revoke"

    @property
    def status(self) -> ReviewStatus:
        """How the review stands once this is recorded."""
        return _REVIEW_STATUS[self]


_REVIEW_STATUS = {
    ReviewOutcome.ACCEPT: ReviewStatus.ACCEPTED,
    ReviewOutcome.WITHDRAW: ReviewStatus.WITHDRAWN,
    ReviewOutcome.REVOKE: ReviewStatus.REVOKED,
    ReviewOutcome.WITHDRAW_AND_REVOKE: ReviewStatus.WITHDRAWN_AND_REVOKED,
}


@dataclass(frozen=True, slots=True)
class RecordReview:
    """The centre's word after publication. All but accepting need a comment."""

    outcome: ReviewOutcome
    revision: str
    comment: str = ""


CastEvent = Approve | RequestChanges | Reject
PersonEvent = CastEvent | Withdraw | Object | ClearObjection | RecordReview
MachineEvent = Void | Tick | Reassess
Event = PersonEvent | MachineEvent
DECISIONS: dict[type[CastEvent], Decision] = {
    Approve: Decision.APPROVE,
    RequestChanges: Decision.REQUEST_CHANGES,
    Reject: Decision.REJECT,
}


# Effects


@dataclass(frozen=True, slots=True)
class Tally:
    """The count of a vote. ``quorum_*`` are what must be reached, ``*_voted`` what was."""

    approvals: int
    against: int
    filled: int
    seats_voted: int
    people_voted: int
    quorum_seats: int
    quorum_people: int

    @property
    def reached(self) -> bool:
        """Whether enough seats and enough people have voted."""
        return self.seats_voted >= self.quorum_seats and self.people_voted >= self.quorum_people


@dataclass(frozen=True, slots=True)
class StageEntered:
    """The request came to a stage; ``waits_for`` are the users who may act there now."""

    stage: str
    seats: tuple[Seat, ...]
    waits_for: frozenset[int]


@dataclass(frozen=True, slots=True)
class VoteCast:
    """A vote to be stored."""

    vote: Vote


@dataclass(frozen=True, slots=True)
class Decided:
    """The request is decided; ``tally`` is that of the deciding stage."""

    outcome: Status
    tally: Tally | None = None


@dataclass(frozen=True, slots=True)
class Publish:
    """Publish what was approved (a revision, or an imported batch: the route's ``kind`` says which)."""

    kind: str


@dataclass(frozen=True, slots=True)
class Retire:
    """Retire the document."""


@dataclass(frozen=True, slots=True)
class GrantException:
    """The exception is in effect."""


@dataclass(frozen=True, slots=True)
class AcceptChange:
    """The owner is to change the document."""


@dataclass(frozen=True, slots=True)
class StartReview:
    """The post-publication review begins; nothing waits for it."""

    stage: str
    seats: tuple[Seat, ...]
    waits_for: frozenset[int]


@dataclass(frozen=True, slots=True)
class ObjectionRaised:
    """An objection to be stored."""

    objection: Objection


@dataclass(frozen=True, slots=True)
class ObjectionCleared:
    """An objection is cleared, by its raiser or (``by_vote``) by the vote."""

    number: int
    by_vote: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The submitter took it back."""

    comment: str


@dataclass(frozen=True, slots=True)
class Voided:
    """Every approval fell with the revision that it was bound to."""

    reason: str


@dataclass(frozen=True, slots=True)
class NeedsReassessment:
    """A stage has nobody left: reassess the route now, in the same transaction."""

    stage: str


@dataclass(frozen=True, slots=True)
class Undecidable:
    """Nobody can complete the route: report it to administrators at once."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """Somebody can decide again."""


@dataclass(frozen=True, slots=True)
class ReviewRecorded:
    """The reviewer's word to be stored."""

    record: ReviewRecord


@dataclass(frozen=True, slots=True)
class WithdrawDocument:
    """The reviewer withdraws the document from publication."""


@dataclass(frozen=True, slots=True)
class RevokeMandate:
    """The reviewer revokes the mandate that the approval stood on."""

    mandate: int


Effect = (
    StageEntered
    | VoteCast
    | Decided
    | Publish
    | Retire
    | GrantException
    | AcceptChange
    | StartReview
    | ObjectionRaised
    | ObjectionCleared
    | Withdrawn
    | Voided
    | NeedsReassessment
    | Undecidable
    | Reopened
    | ReviewRecorded
    | WithdrawDocument
    | RevokeMandate
)
TAKES_EFFECT: dict[str, Callable[[], Effect]] = {
    "publication": lambda: Publish("publication"),
    "import": lambda: Publish("import"),
    "retirement": Retire,
    "exception": GrantException,
    "change": AcceptChange,
}
"""What an approval of each kind of route brings about."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state after an event, and what follows from it, in order."""

    state: RequestState
    effects: tuple[Effect, ...] = ()


class Action(StrEnum):
    """What a person can do on a request's page."""

    APPROVE = "approve"
    REQUEST_CHANGES = "request_changes"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    OBJECT = "object"
    CLEAR_OBJECTION = "clear_objection"
    RECORD_REVIEW = "record_review"


@dataclass(frozen=True, slots=True)
class Option:
    """One action, allowed or refused: ``reason`` says by which rule, or why not and what next.

    ``seats`` are the keys of the seats at which it may be done; ``objection`` the one that it would clear.
    """

    action: Action
    allowed: bool
    reason: str
    seats: tuple[str, ...] = ()
    objection: int | None = None
