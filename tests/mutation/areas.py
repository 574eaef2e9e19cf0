"""What is changed, and by which tests the change has to be noticed."""

from dataclasses import dataclass

from tests.mutation.mutants import Mutant, mutants_of


@dataclass(frozen=True)
class Area:
    """Modules of one kind, and the tests that answer for them; the quick ones stand first. ``least_seconds`` is what a
    change may cost before it is stopped, beyond what its tests cost without it."""

    key: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    with_database: bool = False
    least_seconds: int = 10

    def mutants(self) -> list[Mutant]:
        """Every change of every module."""
        return [mutant for module in self.modules for mutant in mutants_of(module)]


WORKFLOW = "tests/governance/workflow"


def _in(package: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{package}.{name}" for name in names)


AREAS = (
    Area(
        "compiler",
        _in(
            "governance.compiler",
            *("assignments", "collector", "compile", "compiled", "plan", "rules", "snapshot", "trying", "world"),
        ),
        ("tests/governance/compiler/test_told.py", "tests/governance/compiler", "tests/governance/operating_models"),
    ),
    Area(
        "engine",
        _in(
            "governance.workflow",
            *("eligibility", "engine", "events", "freezing", "matching", "route", "routing", "standing", "state"),
            *("storing", "waiting"),
        ),
        (f"{WORKFLOW}/test_stories.py", f"{WORKFLOW}/test_situations.py", f"{WORKFLOW}/test_words.py", WORKFLOW),
    ),
    Area(
        "policy",
        _in("governance.permissions", "beyond", "expressions", "policy", "standing"),
        ("tests/policy/test_answers.py", "tests/policy/test_standing.py", "tests/policy/test_can_and_visible_agree.py"),
        with_database=True,
    ),
)
