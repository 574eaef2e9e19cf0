"""Routes: who must decide, in which stages, by which rule. A route is frozen into a request when it is submitted."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class StageKind(StrEnum):
    """What a stage of a route is."""

    UNIT = "unit"
    CENTRE = "centre"
    LAST_CALL = "last_call"
    COUNCIL = "council"
    REVIEW = "review"  # post-publication review by the centre; nothing waits for it


DECIDING_KINDS = frozenset({StageKind.UNIT, StageKind.CENTRE, StageKind.COUNCIL})
"""The kinds of stage at which somebody decides before the result takes effect."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One vote. Any one of ``holders`` (user ids) casts it; a council's chair and a centre's leads share one seat.

    ``relation`` says what makes the holders its holders (``unit.lead``, ``centre.lead``, ``peer.lead`` for a seat of
    a council, ``reserve``), ``unit`` the unit that they hold it in.
    """

    key: str
    label: str
    unit: int
    holders: frozenset[int]
    is_chair: bool = False
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a route. ``rule`` says in words why these people decide; ``fallback`` names the reserve that stepped
    in for a stage that had nobody left, empty when none did. ``days`` is the length of a last call, else 0.

    ``filled`` counts the seats (never the chair) that had a direct lead when the route was made. At least
    ``quorum_seats`` of them must vote, and at least ``quorum_people`` people. A ``conditional`` stage is entered only
    while an objection is open. ``reserves`` (of a review only) stand in, nearest first, when its own seats are empty.
    """

    key: str
    kind: StageKind
    title: str
    seats: tuple[Seat, ...]
    rule: str
    fallback: str = ""
    days: int = 0
    filled: int = 0
    quorum_seats: int = 1
    quorum_people: int = 1
    conditional: bool = False
    reserves: tuple[Seat, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """The stages in order, with what they stand on. ``undecidable`` is empty, or says why nobody can complete it.

    ``publishers`` are the users who hold, or by reserve take, the publish right for the result. ``unit`` and
    ``capability`` name the remit whose mode decides (a delegation lends its decisions by naming that remit).
    ``people`` joins every user named in the route to a natural person; ``excluded`` are the natural persons who may
    not decide, ever. With ``advice``, the centre's standard is advice and the unit's lead records the exception, also
    one that he or she asked for.
    """

    kind: str  # "publication", "retirement", "change", "exception", "import"
    stages: tuple[Stage, ...]
    mode: str
    model_version: int
    centre: int | None
    mandate: int | None
    publishers: frozenset[int]
    undecidable: str = ""
    unit: int | None = None
    capability: str = ""
    people: tuple[tuple[int, int], ...] = ()
    excluded: frozenset[int] = frozenset()
    advice: bool = False

    def stage(self, key: str) -> Stage:
        """The stage of that key; raises ``KeyError`` where the route has none."""
        for stage in self.stages:
            if stage.key == key:
                return stage
        raise KeyError(key)

    def index(self, key: str) -> int:
        """The place of the stage of that key, from 0; raises ``KeyError`` where the route has none."""
        return self.stages.index(self.stage(key))

    def person_of(self, user: int) -> int | None:
        """The natural person behind a user named in this route, None for anybody else."""
        return dict(self.people).get(user)

    def persons(self, users: frozenset[int]) -> frozenset[int]:
        """The natural persons behind those users."""
        known = dict(self.people)
        return frozenset(known[user] for user in users if user in known)

    @property
    def review(self) -> Stage | None:
        """The post-publication review, if the route has one."""
        return next((stage for stage in self.stages if stage.kind is StageKind.REVIEW), None)

    def seats(self) -> Iterator[Seat]:
        """Every seat of every stage, reserves of a review included."""
        for stage in self.stages:
            yield from stage.seats
            yield from stage.reserves
