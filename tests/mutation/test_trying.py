"""The machinery: what is overlooked is told, what hangs is stopped, and what fails by itself proves nothing."""

import ast
from pathlib import Path

import pytest

from tests.mutation.areas import AREAS, Area
from tests.mutation.mutants import mutants_of, mutated, sample
from tests.mutation.trying import score, tried

MODULE = "tests.mutation.specimen.counting"
SPECIMEN = Area("specimen", (MODULE,), ("tests/mutation/specimen/looking.py",), least_seconds=1)
OVERLOOKED = {
    f"{MODULE}: constant: 4 -> 5",
    f"{MODULE}: constant: 4 -> 3",
    f"{MODULE}:may_enter compared: age >= 18 -> age > 18",
    f"{MODULE}:may_enter constant: 18 -> 19",
    f"{MODULE}:may_enter constant: 18 -> 17",
    f"{MODULE}:unheard_of returned: return 7 -> return 0",
    f"{MODULE}:unheard_of constant: 7 -> 8",
    f"{MODULE}:unheard_of constant: 7 -> 6",
}


ENDLESS = {
    f"{MODULE}:counted left out: number += 1 -> pass",
    f"{MODULE}:counted operator: number += 1 -> number -= 1",
    f"{MODULE}:counted constant: 1 -> 0",
}


def test_what_the_tests_overlook_is_told_and_what_never_ends_is_stopped(tmp_path: Path) -> None:
    mutants = SPECIMEN.mutants()
    answers = tried(SPECIMEN, mutants, tmp_path, whole=True)
    assert {answer.key for answer in answers if answer.result == "survived"} == OVERLOOKED
    assert {answer.key for answer in answers if answer.result == "stopped"} == ENDLESS
    found = score(answers)
    assert found.mutants == len(mutants)
    assert found.survived == len(OVERLOOKED)
    assert found.percent == 100 * (len(mutants) - len(OVERLOOKED)) / len(mutants)


def test_tests_that_fail_without_any_change_prove_nothing(tmp_path: Path) -> None:
    failing = Area("failing", (MODULE,), ("tests/mutation/specimen/failing.py",))
    with pytest.raises(RuntimeError, match="0 of"):
        tried(failing, failing.mutants(), tmp_path, whole=True)


def test_every_change_has_a_name_of_its_own_and_changes_the_code() -> None:
    for area in AREAS:
        mutants = area.mutants()
        assert len({mutant.key for mutant in mutants}) == len(mutants)
        for mutant in sample(mutants, 40, "changes the code"):
            before = ast.dump(ast.parse(Path(mutant.file).read_text(encoding="utf-8")))
            assert ast.dump(mutated(mutant)) != before, mutant.key


def test_a_sample_is_the_same_whatever_becomes_of_the_rest() -> None:
    mutants = mutants_of("governance.workflow.matching")
    drawn = sample(mutants, 10, "seed")
    rest = [mutant for mutant in mutants if mutant in drawn or mutant.number % 2]
    assert sample(rest, 10, "seed") == drawn
    assert sample(mutants, 10, "another") != drawn
    assert sample(mutants, 0, "seed") == mutants
