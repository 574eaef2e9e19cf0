"""The harness finds what it is for: leaks are planted, one in each kind of surface, and every one is found."""

import pytest

from tests.http import planted
from tests.http.planted import LEAKS, Leak
from tests.http.world import World
from tests.proving.recording import count, record

pytestmark = pytest.mark.django_db

WHOLE = count("PLANTED_WHOLE", 0)
"""1 looks for each plant with the whole sweep; 0 only where it was planted."""


def test_there_are_enough_and_each_in_its_own_place():
    assert len(LEAKS) >= 20
    assert len({leak.name for leak in LEAKS}) == len({leak.plant for leak in LEAKS}) == len(LEAKS)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.name)
def test_a_planted_leak_is_found(world: World, leak: Leak):
    sentence = planted.found(world, leak, whole=bool(WHOLE))
    record("planted leaks", planted=1, found=int(bool(sentence)), said=sentence[:160])
    assert sentence
