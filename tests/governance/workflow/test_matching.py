"""Matching distinct people to seats and stages, against the answer found by trying everything."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.workflow.matching import completable, largest_matching, reaches_quorum
from governance.workflow.route import Seat, Stage, StageKind

POOLS = st.lists(st.frozensets(st.integers(1, 6), max_size=4), max_size=5)


def by_trying(pools: list[frozenset[int]]) -> int:
    people = sorted(frozenset().union(*pools)) if pools else []
    padded = people + [0] * len(pools)
    return max(
        (
            sum(person in pool for person, pool in zip(order, pools, strict=False))
            for order in permutations(padded, len(pools))
        ),
        default=0,
    )


@settings(max_examples=60, deadline=None)
@given(POOLS)
def test_the_largest_matching_is_the_one_found_by_trying_everything(pools: list[frozenset[int]]) -> None:
    assert largest_matching(pools) == by_trying(pools)


def seat(key: str, *people: int, chair: bool = False) -> Seat:
    return Seat(key, key, 1, frozenset(people), is_chair=chair)


def people(seat: Seat) -> frozenset[int]:
    return seat.holders


def council(*seats: Seat, third: int) -> Stage:
    return Stage("council", StageKind.COUNCIL, "", seats, "", quorum_seats=third, quorum_people=2)


def test_the_chair_counts_among_the_people_and_not_among_the_seats() -> None:
    one_and_chair = council(seat("a", 1), seat("chair", 2, chair=True), third=1)
    assert reaches_quorum(one_and_chair, people)
    assert not reaches_quorum(one_and_chair, people, blocked=frozenset({2})), "one person is no quorum"
    two_thirds = council(seat("a", 1), seat("b"), seat("chair", 2, chair=True), third=2)
    assert not reaches_quorum(two_thirds, people), "the chair does not fill a seat"


def test_a_person_with_two_seats_votes_once() -> None:
    assert not reaches_quorum(council(seat("a", 1), seat("b", 1), third=1), people)
    assert reaches_quorum(council(seat("a", 1), seat("b", 1, 2), third=1), people)


def test_votes_already_cast_count_and_their_voters_do_not_vote_again() -> None:
    stage = council(seat("a", 1), seat("b", 1), seat("c", 3), third=1)
    assert reaches_quorum(stage, people, blocked=frozenset({1}), voted={"a"})
    assert not reaches_quorum(stage, people, blocked=frozenset({1, 3}), voted={"a"})


def test_nobody_completes_two_stages() -> None:
    first = Stage("unit", StageKind.UNIT, "", (seat("u", 1),), "")
    second = Stage("centre", StageKind.CENTRE, "", (seat("c", 1, 2),), "")
    assert completable([first, second], people)
    assert not completable([first, second], people, blocked=frozenset({2}))
    assert not completable([first, Stage("centre", StageKind.CENTRE, "", (), "")], people)


def test_a_vote_at_a_seat_that_a_stage_has_no_longer_does_not_fill_it() -> None:
    stage = Stage("unit", StageKind.UNIT, "", (seat("reserve"),), "")
    assert not completable([stage], people, voted={"the seat before"})
    assert completable([stage], people, voted={"reserve"})
