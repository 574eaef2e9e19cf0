"""The tests that look too little."""

from tests.mutation.specimen.counting import SEATS, counted, may_enter


def test_grown_ups_may_enter_and_guests_may_not():
    assert may_enter(30, guest=False) is True
    assert may_enter(3, guest=False) is False
    assert may_enter(30, guest=True) is False


def test_all_are_counted():
    assert counted([5, 5, 5]) == 3
    assert counted([]) == 0


def test_seats():
    assert SEATS == 3
