"""The golden tables say what every model gives to every relation; a change of one is a change people must see."""

import pytest

from governance.operating_models.schema import OperatingModel
from tests.governance.compiler import golden
from tests.governance.organisations import MODELS


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.key)
def test_the_compiled_rights_are_those_of_the_golden_table(model: OperatingModel) -> None:
    stored = (golden.FOLDER / f"{model.key}.tsv").read_text(encoding="utf-8")
    assert golden.table(model) == stored, "if meant, run: python -m tests.governance.compiler.golden"


def test_there_is_a_golden_table_for_every_model_and_for_nothing_else() -> None:
    assert {path.stem for path in golden.FOLDER.iterdir()} == {model.key for model in MODELS.values()}
