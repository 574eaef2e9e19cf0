"""Reading a model: what is accepted, and errors that name the file, the line, the key and the fix."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.operating_models import loader
from governance.operating_models.loader import BUILTIN, ModelError, dump, load_builtin, parse
from governance.operating_models.schema import Audience, CentreNeed, OperatingModel
from governance.operating_models.validation import faults
from governance.vocabulary import Capability, Mode, RiskLevel, UnitKind

EVOLVED = (BUILTIN / "evolved.toml").read_text(encoding="utf-8")
MODELS = {model.key: model for model in load_builtin()}


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ModelError) as caught:
        parse(text, source="own.toml")
    return caught.value.problems


def line_of(text: str, beginning: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), 1) if line.startswith(beginning))


@pytest.mark.parametrize("model", load_builtin(), ids=lambda model: model.key)
def test_a_model_written_and_read_again_is_the_same(model: OperatingModel) -> None:
    again = parse(dump(model), source="copy")
    assert again == model
    assert again.content_hash == model.content_hash


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(min_size=1, max_size=60), st.lists(st.text(min_size=1, max_size=40), max_size=3))
def test_any_text_survives_being_written_and_read(text: str, lines: list[str]) -> None:
    words = tuple(line.strip() for line in lines if line.strip())
    model = replace(MODELS["evolved"], description=text.strip() or "Text", conditions=words)
    if not faults(model):
        assert parse(dump(model), source="copy") == model


def test_the_hash_of_a_model_changes_with_anything_it_says() -> None:
    model = MODELS["evolved"]
    others = [
        replace(model, name="Other"),
        replace(model, mandate_days=30),
        replace(model, centre_published=frozenset({Audience.ORGANISATION})),
        replace(model, modes={**model.modes, Capability.DELIVERY: Mode.JOINT}),
    ]
    assert len({model.content_hash, *(other.content_hash for other in others)}) == 5


def test_an_unknown_word_is_refused_with_the_line_and_the_nearest_word() -> None:
    text = EVOLVED.replace('strategy = "council"', 'strategy = "counsil"')
    line = line_of(text, "strategy")
    assert problems(text) == (
        f"own.toml:{line}: modes.strategy: 'counsil' is not known here; did you mean \"council\".",
    )


def test_all_faults_are_told_at_once() -> None:
    text = EVOLVED.replace('key = "evolved"', "key = 7").replace('need = "required"', 'need = "maybe"')
    text = text.replace('delivery = "unit"\n', "").replace("[drafts]", "[draughts]")
    found = problems(text)
    assert [problem.split(": ")[1] for problem in found] == [
        "draughts",
        "drafts",
        "key",
        "centre.need",
        "modes.delivery",
    ]
    assert "use one of required, optional, none" in found[3]


def test_text_that_is_no_toml_is_refused_with_the_place() -> None:
    (problem,) = problems("key = \n")
    assert "own.toml" in problem
    assert "line 1" in problem


def test_an_empty_text_names_every_missing_table_once() -> None:
    found = problems("")
    assert sum("the table is missing" in problem for problem in found) == 4
    assert len(found) == 10


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('all = ["unit", "peers", "centre"]', 'all = "unit"', "published.all"),
        ('all = ["unit", "peers", "centre"]', 'all = ["unit", "unit"]', "published.all"),
        ('all = ["unit", "peers", "centre"]', 'strategy = ["unit"]', "published"),
        ('kinds = ["central_team"]', 'kinds = ["country"]', "centre.kinds"),
        ('kinds = ["central_team"]', "kinds = []", "centre.kinds"),
        ('published = ["governed"]', 'published = ["peers"]', "centre.published"),
        ("[drafts]", '[defaults]\nmandate_days = "long"\n[drafts]', "defaults.mandate_days"),
        ("[drafts]", "[defaults]\nlast_call_days = 0\n[drafts]", "defaults.last_call_days"),
        ("[drafts]", '[defaults]\nmandate_risk_limit = "huge"\n[drafts]', "defaults.mandate_risk_limit"),
        ("[drafts]", "[defaults]\nobjection_days = true\n[drafts]", "defaults.objection_days"),
        ('key = "evolved"', 'key = "Not a key"', "key"),
        ('name = "Evolved"', 'name = " "', "name"),
        ('name = "Evolved"', 'name = "a\\u0000b"', "name"),
        ("[modes]", "surprise = 1\n[modes]", "centre.surprise"),
    ],
)
def test_what_is_wrong_is_refused_at_its_key(old: str, new: str, key: str) -> None:
    assert EVOLVED.count(old)
    assert key in {problem.split(": ")[1] for problem in problems(EVOLVED.replace(old, new, 1))}


def test_a_text_beyond_all_measure_is_refused_before_it_is_read() -> None:
    assert "too large" in problems("#" * 300_000)[0]


Change = Callable[[OperatingModel], OperatingModel]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda model: replace(model, centre_need=CentreNeed.OPTIONAL), "modes.strategy"),
        (lambda model: replace(model, centre_need=CentreNeed.NONE), "published.strategy"),
        (lambda model: replace(model, centre_need=CentreNeed.NONE), "centre.kinds"),
        (lambda model: replace(model, centre_need=CentreNeed.NONE), "centre.published"),
        (lambda model: replace(model, centre_kinds=frozenset({UnitKind.BRAND})), "centre.kinds"),
        (
            lambda model: replace(model, drafts={**model.drafts, Capability.CHANGE: frozenset({Audience.AGENCY})}),
            "drafts.change",
        ),
        (
            lambda model: replace(
                model, published={**model.published, Capability.CHANGE: frozenset({Audience.GOVERNED})}
            ),
            "published.change",
        ),
        (lambda model: replace(model, conditions=("x" * 5_000,)), "conditions"),
    ],
)
def test_a_copy_changed_against_the_rules_is_refused(change: Change, key: str) -> None:
    model = MODELS["evolved"]
    assert faults(model) == ()
    assert key in {fault.key for fault in faults(change(model))}
    assert any(f": {key}: " in problem for problem in problems(dump(change(model))))


def test_drafts_may_be_open_to_whom_a_wider_audience_already_includes() -> None:
    centralized = MODELS["centralized"]
    peers = {each: frozenset({Audience.UNIT, Audience.PEER_LEADS}) for each in Capability}
    assert faults(replace(centralized, drafts=peers)) == ()


def test_a_model_without_a_centre_is_wholly_in_mode_unit() -> None:
    assert faults(MODELS["independent"]) == ()
    wrong = replace(MODELS["independent"], modes={**MODELS["independent"].modes, Capability.CHANGE: Mode.CENTRE})
    assert [fault.key for fault in faults(wrong)] == ["modes.change"]


def test_the_defaults_may_be_left_out() -> None:
    model = parse(EVOLVED, source="own.toml")
    assert (model.last_call_days, model.objection_days, model.mandate_days) == (10, 5, 365)
    assert model.mandate_risk_limit == RiskLevel.MEDIUM


def test_a_shipped_file_with_a_fault_is_named_together_with_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for path in BUILTIN.glob("*.toml"):
        text = path.read_text(encoding="utf-8")
        text = text.replace('"delegated"', '"delegatd"').replace('key = "evolved"', 'key = "involved"')
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(loader, "BUILTIN", tmp_path)
    with pytest.raises(ModelError) as caught:
        load_builtin.__wrapped__()
    assert {problem.split(":")[0] for problem in caught.value.problems} == {"devolved.toml", "evolved.toml"}
