"""The shipped models say what the table of models says, word for word."""

import pytest

from governance.operating_models.loader import BUILTIN, KEYS, load_builtin
from governance.operating_models.schema import Audience, CentreNeed, OperatingModel
from governance.operating_models.validation import faults
from governance.vocabulary import CENTRE_KINDS, Capability, UnitKind

MODES = """
strategy    unit unit unit   unit  centre    council centre
delivery    unit unit unit   unit  delegated unit    centre
foundation  unit unit centre joint centre    joint   centre
operations  unit unit unit   joint delegated unit    centre
change      unit unit joint  joint delegated council centre
knowledge   unit unit unit   joint delegated council centre
"""
PUBLISHED = {
    "decentralized": "unit centre",
    "independent": "unit agency",
    "shared_services": "unit",
    "centre_of_excellence": "unit peers centre",
    "devolved": "unit centre",
    "evolved": "unit peers centre",
    "centralized": "organisation",
}
DRAFTS = {
    "decentralized": "unit",
    "independent": "unit agency",
    "shared_services": "unit",
    "centre_of_excellence": "unit centre",
    "devolved": "unit centre",
    "evolved": "unit peer_leads centre",
    "centralized": "centre",
}
EXCEPTIONS = {
    ("published", "shared_services", "foundation"): "unit centre peers",
    ("published", "shared_services", "change"): "unit centre",
    ("drafts", "shared_services", "foundation"): "unit centre",
    ("drafts", "shared_services", "change"): "unit centre",
}
CENTRES = {
    "decentralized": (CentreNeed.OPTIONAL, CENTRE_KINDS, "governed"),
    "independent": (CentreNeed.NONE, frozenset(), ""),
    "shared_services": (CentreNeed.REQUIRED, {UnitKind.SHARED_SERVICE}, "governed"),
    "centre_of_excellence": (CentreNeed.REQUIRED, {UnitKind.CENTRE_OF_EXCELLENCE}, "governed"),
    "devolved": (CentreNeed.REQUIRED, {UnitKind.CENTRAL_TEAM}, "governed"),
    "evolved": (CentreNeed.REQUIRED, {UnitKind.CENTRAL_TEAM}, "governed"),
    "centralized": (CentreNeed.REQUIRED, {UnitKind.CENTRAL_TEAM}, "organisation"),
}
each_model = pytest.mark.parametrize("model", load_builtin(), ids=lambda model: model.key)


def _audiences(words: str) -> frozenset[Audience]:
    return frozenset(Audience(word) for word in words.split())


def test_there_are_seven_models_and_a_file_for_each() -> None:
    assert [model.key for model in load_builtin()] == list(KEYS)
    assert {path.stem for path in BUILTIN.glob("*.toml")} == set(KEYS)
    assert len({model.content_hash for model in load_builtin()}) == 7


def test_the_modes_are_those_of_the_table() -> None:
    for line in MODES.split("\n")[1:-1]:
        capability, *modes = line.split()
        assert [model.modes[Capability(capability)] for model in load_builtin()] == modes


@each_model
def test_the_audiences_are_those_of_the_table(model: OperatingModel) -> None:
    for capability in Capability:
        for row, table, stored in (("published", PUBLISHED, model.published), ("drafts", DRAFTS, model.drafts)):
            words = EXCEPTIONS.get((row, model.key, capability.value), table[model.key])
            assert stored[capability] == _audiences(words), (row, capability)


@each_model
def test_the_centre_is_that_of_the_table(model: OperatingModel) -> None:
    need, kinds, published = CENTRES[model.key]
    assert (model.centre_need, model.centre_kinds, model.centre_published) == (need, kinds, _audiences(published))


@each_model
def test_every_model_keeps_the_rules_and_tells_its_story(model: OperatingModel) -> None:
    assert faults(model) == ()
    assert len(model.description) > 80
    assert model.conditions
    assert model.advantages
    assert model.drawbacks
    assert (model.last_call_days, model.objection_days) == (10, 5)
