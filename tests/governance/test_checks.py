"""Every shipped model parses and compiles, and one that would leave nobody to act is found."""

from dataclasses import replace

from governance.checks import shipped_models_compile
from governance.compiler.trying import compile_problem
from governance.operating_models.loader import load_builtin
from governance.operating_models.schema import CentreNeed
from governance.vocabulary import Capability, Mode


def test_every_shipped_model_compiles():
    assert shipped_models_compile(app_configs=None) == []


def test_a_model_that_decides_in_a_centre_it_does_not_have_is_found():
    model = next(model for model in load_builtin() if model.key == "independent")
    modes = {**model.modes, Capability.KNOWLEDGE: Mode.CENTRE}
    assert compile_problem(replace(model, modes=modes, centre_need=CentreNeed.NONE))


def test_a_file_that_does_not_parse_is_named(monkeypatch):
    from governance import checks
    from governance.operating_models.loader import ModelError, parse

    def broken():
        return (parse("key = ", source="builtin/broken.toml"),)

    monkeypatch.setattr(checks, "load_builtin", broken)
    (found,) = shipped_models_compile(app_configs=None)
    assert found.id == "governance.E001"
    assert "broken.toml" in found.msg
    assert ModelError
