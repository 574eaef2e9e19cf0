"""The tests of policy, compiler and engine notice when these are changed; whatever they overlook is explained.

An ordinary run tries a few changes, always the same ones; ``make prove CAMPAIGNS=mutation MUTANTS=0`` tries all.
"""

from pathlib import Path

import pytest

from tests.mutation.areas import AREAS, Area
from tests.mutation.explained import explained
from tests.mutation.mutants import sample
from tests.mutation.trying import Answer, score, tried
from tests.proving.recording import count, record

SEED = "Remit"
FEW = 3
MANY = 20
"""From so many on it pays to learn first which test reaches which line."""
LEAST = 90.0
"""How much of what is changed has to be noticed, in percent."""


@pytest.mark.sqlite
@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.key)
def test_what_is_changed_is_noticed(area: Area, tmp_path: Path) -> None:
    asked = count("MUTANTS", FEW)
    known = explained()
    mutants = sample(area.mutants(), asked, SEED)
    whole = asked == 0 or asked > MANY
    # In an ordinary run what is known to survive is taken at its word.
    answers = tried(
        area, mutants if whole else [each for each in mutants if each.key not in known], tmp_path, whole=whole
    )
    _record(area, answers, part="all")
    for module in area.modules:
        own = [answer for answer in answers if answer.module == module]
        if own:
            _record(area, own, part=module, within=area.key)
    overlooked = sorted(answer.key for answer in answers if not answer.is_noticed and answer.key not in known)
    assert not overlooked, "\n".join(["no test fails: write one, or explain each in survivors.toml", *overlooked])
    if whole:
        noticed = sorted(answer.key for answer in answers if answer.is_noticed and answer.key in known)
        assert not noticed, "\n".join(["these are noticed now: take them out of survivors.toml", *noticed])
        assert score(answers).percent >= LEAST


def _record(area: Area, answers: list[Answer], **where: str) -> None:
    found = score(answers)
    counts = {"noticed": found.killed, "stopped": found.stopped, "survived": found.survived}
    record(f"mutation-{area.key}", changes=found.mutants, **counts, **where)


def test_only_changes_that_can_be_made_are_explained() -> None:
    possible = {mutant.key for area in AREAS for mutant in area.mutants()}
    assert sorted(explained().keys() - possible) == [], "these are no changes any more"
