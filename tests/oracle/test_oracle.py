"""What is stored is what is promised: the permissions against an independent reading of the description."""

import ast
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.models import User
from tests.governance.organisations import snapshots
from tests.oracle import organisations, planted, reading
from tests.oracle.comparing import CENTRES_OWN, Comparison
from tests.oracle.planted import FAULTS, Fault
from tests.policy.stored import for_this_example, tell_the_planner, write_documents
from tests.proving.recording import count, record

pytestmark = pytest.mark.django_db

TRIPLES = count("ORACLE_TRIPLES", 5_000)
"""So many (person, right, document) are compared in generated organisations, or a few more."""
MANY = 100_000
"""With so many, every model has answered yes and no to every right, and every way to a document was gone."""
MODELS = (*organisations.CENTRES, CENTRES_OWN)
ANSWERS = {(model, right, promised) for model in MODELS for right in reading.RIGHTS for promised in (True, False)}
WAYS = {
    "in mode unit",
    "in mode centre",
    "in mode joint",
    "in mode delegated",
    "in mode council",
    "in a closed unit",
    "by the unit",
    "by reach from above",
    "by a unit below",
    "by agency",
    "by being a peer",
    "by the centre",
    "by being governed",
    "by the organisation",
    "by the reserve",
    "by standing in for somebody",
    "by auditing",
    "by a special grant",
    "by a request that waits",
    "by signing in",
}


def test_the_reading_shares_nothing_with_what_it_judges():
    tree = ast.parse(Path(reading.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {"." * node.level + (node.module or "") for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"functools", "typing"}
    assert not {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & {"__import__", "eval", "exec"}


def test_told_organisations_under_every_model():
    total = Comparison()
    for name, told in organisations.TOLD.items():
        total.add(_compared(told(), Random(name), documents=36))
    assert not total.wrong, total.wrong[:10]
    assert ANSWERS - set(total.answers) == set()
    assert WAYS - set(total.ways) == set()
    _record(total)


def test_generated_organisations():
    total = Comparison()

    @settings(
        max_examples=max(20, TRIPLES // 200),
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(snapshot=snapshots(), seed=st.integers(0, 2**32))
    def compare(snapshot, seed):
        if total.triples < TRIPLES:
            # Drawn organisations are small, and hold few rights; every fourth is a large one, of each model in turn.
            turn, which = divmod(total.organisations, 4)
            model = list(organisations.CENTRES)[turn % len(organisations.CENTRES)]
            organisation = organisations.shaken(model, Random(seed)) if which == 3 else snapshot
            one = _compared(organisation, Random(seed), documents=12)
            assert not one.wrong, one.wrong[:10]
            total.add(one)

    compare()
    assert total.triples >= TRIPLES
    if total.triples >= MANY:
        assert ANSWERS - set(total.answers) == set()
        assert WAYS - set(total.ways) == set()
    _record(total)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found(fault: Fault):
    sentence = planted.found(fault)
    record("oracle", planted=1, found=int(bool(sentence)), said=sentence[:160])
    assert sentence


def _compared(snapshot, random: Random, *, documents: int) -> Comparison:
    with for_this_example(snapshot, beside=lambda: organisations.write_what_does_not_hold(random)):
        write_documents(random.choice, list(User.objects.order_by("pk").values_list("pk", flat=True)), count=documents)
        tell_the_planner()
        return Comparison.of_what_is_stored()


def _record(total: Comparison) -> None:
    by_model = {
        f"of {model}": sum(often for key, often in total.answers.items() if key[0] == model) for model in MODELS
    }
    record(
        "oracle",
        organisations=total.organisations,
        triples=total.triples,
        triples_promised=sum(often for (_, _, promised), often in total.answers.items() if promised),
        stored_rights=total.grants,
        revisions=total.revisions,
        **by_model,
    )
