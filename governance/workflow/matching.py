"""Who can still complete what: distinct natural persons matched to seats, and stages to their quorums."""

from collections.abc import Callable, Collection, Iterable, Sequence

from governance.workflow.route import Seat, Stage

PeopleOfSeat = Callable[[Seat], frozenset[int]]
"""The natural persons who could cast a seat's vote."""


def largest_matching(pools: Sequence[Collection[int]]) -> int:
    """How many of the pools can each be given a person of their own, no person twice (augmenting paths)."""
    holder: dict[int, int] = {}

    def place(pool: int, seen: set[int]) -> bool:
        for person in sorted(pools[pool]):
            if person in seen:
                continue
            seen.add(person)
            if person not in holder or place(holder[person], seen):
                holder[person] = pool
                return True
        return False

    return sum(place(pool, set()) for pool in range(len(pools)))


def reaches_quorum(
    stage: Stage, people: PeopleOfSeat, *, blocked: frozenset[int] = frozenset(), voted: Collection[str] = ()
) -> bool:
    """Whether the stage can reach its quorum if all who still may vote did.

    ``voted`` are the keys of the seats whose vote is cast; ``blocked`` persons cast no further one. Seats and people
    are two conditions, but one choice of voters meets both: a matching of the seats grows to one of the chair too
    without giving up a seat.
    """
    cast = [seat for seat in stage.seats if seat.key in voted]
    free = [seat for seat in stage.seats if seat.key not in voted]
    seats = sum(not seat.is_chair for seat in cast)
    seats += largest_matching([people(seat) - blocked for seat in free if not seat.is_chair])
    persons = len(cast) + largest_matching([people(seat) - blocked for seat in free])
    return seats >= stage.quorum_seats and persons >= stage.quorum_people


def completable(
    stages: Sequence[Stage],
    people: PeopleOfSeat,
    *,
    blocked: frozenset[int] = frozenset(),
    voted: Collection[str] = (),
) -> bool:
    """Whether distinct persons can complete every one of the stages. ``voted`` are seats of the first stage.

    One-seat stages are filled first, a council last: no route has two councils, so the order loses no solution.
    """
    if not stages:
        return True
    cast = {stages[0].key: {seat.key for seat in stages[0].seats} & set(voted)}
    single = [stage for stage in stages if stage.quorum_people == 1 and not cast.get(stage.key)]
    councils = [stage for stage in stages if stage.quorum_people > 1]

    def fill(rest: Sequence[Stage], taken: frozenset[int]) -> bool:
        if not rest:
            return all(reaches_quorum(each, people, blocked=taken, voted=cast.get(each.key, ())) for each in councils)
        if not rest[0].seats:
            return False
        return any(fill(rest[1:], taken | {person}) for person in sorted(people(rest[0].seats[0]) - taken))

    return fill(single, blocked)


def persons_of(people: PeopleOfSeat, seats: Iterable[Seat]) -> frozenset[int]:
    """Every person of any of the seats."""
    return frozenset(person for seat in seats for person in people(seat))
