"""The standards of the invented group and their earlier versions."""

from collections import Counter
from pathlib import Path

import pytest

from config.demo.organisation import organisation
from config.demo.standards import Pending, Standard, State, Unclear, read_standard, standards, versions_of
from governance.operating_models.loader import load_builtin
from governance.vocabulary import Classification, Mode, Role
from knowledge.text.clauses import find_clauses

ALL = pytest.mark.parametrize("standard", standards(), ids=lambda standard: standard.key)


def _row(**more: object) -> dict[str, object]:
    return {"author": "lena", "reason": "Because.", "by": [], "submitted": -10, "in_force": -5, **more}


def test_an_earlier_version_is_the_newest_with_later_changes_undone() -> None:
    rows = [
        _row(),
        _row(changes=[{"was": "12 months", "now": "9 months"}]),
        _row(changes=[{"was": "9 months", "now": "6 months"}, {"was": "", "now": " New."}]),
    ]
    bodies = [version.body for version in versions_of("Every 6 months. New.", rows)]
    assert bodies == ["Every 12 months.", "Every 9 months.", "Every 6 months. New."]


@pytest.mark.parametrize("now", ["", "absent", "a"])
def test_a_change_that_cannot_be_undone_in_one_place_is_refused(now: str) -> None:
    with pytest.raises(Unclear, match=r"version 2: .* must stand once"):
        versions_of("a banana", [_row(), _row(changes=[{"was": "x", "now": now}])])


def test_a_file_without_a_head_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "nothing.md"
    path.write_text("Only text.", encoding="utf-8")
    with pytest.raises(Unclear, match=r"nothing\.md"):
        read_standard(path)


def test_there_are_36_standards_in_seven_topics_in_the_states_of_the_story() -> None:
    assert [standard.number for standard in standards()] == list(range(1, 37))
    assert len({standard.key for standard in standards()}) == 36
    assert len({standard.topic for standard in standards()}) == 7
    assert Counter(standard.state for standard in standards()) == {
        State.IN_FORCE: 24,
        State.DRAFT: 4,
        State.IN_APPROVAL: 3,
        State.OVERDUE: 2,
        State.RETIRED: 2,
        State.REPLACED: 1,
    }
    classes = Counter(standard.classification for standard in standards())
    assert classes[Classification.PUBLIC] == 1
    assert classes[Classification.RESTRICTED] == 1


@ALL
def test_each_has_one_to_six_versions_that_differ_and_8_to_25_clauses(standard: Standard) -> None:
    assert 1 <= len(standard.versions) <= 6
    assert len({version.body for version in standard.versions}) == len(standard.versions)
    for version in standard.versions:
        clauses = find_clauses(version.body)
        assert 7 <= len(clauses) <= 25, version.number
        assert all(clause.level is not None for clause in clauses)
    assert len(find_clauses(standard.versions[-1].body)) >= 8


@ALL
def test_the_days_of_each_version_follow_one_another(standard: Standard) -> None:
    last = -1100
    for version in standard.versions:
        assert last <= version.written
        if version.pending is Pending.DRAFT:
            assert version is standard.versions[-1]
            assert version.submitted is None
            continue
        assert version.submitted is not None
        days = [version.written, version.submitted, *(day for _, day in version.approved)]
        if version.pending is Pending.APPROVAL:
            assert version is standard.versions[-1]
            assert version.planned is not None
            days += [0, version.planned]
        else:
            assert version.in_force is not None
            days += [version.in_force, 0]
            last = version.in_force
        assert days == sorted(days), version.number
    assert standard.retired is None or last < standard.retired <= 0


@ALL
def test_the_state_is_what_its_versions_and_review_say(standard: Standard) -> None:
    newest = standard.versions[-1]
    expected = {
        State.DRAFT: newest.pending is Pending.DRAFT,
        State.IN_APPROVAL: newest.pending is Pending.APPROVAL,
        State.OVERDUE: standard.review_due is not None and -60 < standard.review_due < 0,
        State.IN_FORCE: standard.review_due is not None and standard.review_due > 0,
        State.RETIRED: standard.retired is not None and standard.successor is not None,
        State.REPLACED: standard.retired is not None and standard.successor is not None,
    }
    assert expected[standard.state]
    if standard.successor:
        successor = next(other for other in standards() if other.key == standard.successor)
        assert successor.published
        assert successor.published[0].in_force is not None
        assert standard.retired is not None
        assert successor.published[0].in_force <= standard.retired


@ALL
def test_authors_may_draft_there_and_approvers_are_those_whom_the_model_names(standard: Standard) -> None:
    units = {unit.code: unit for unit in organisation().units}
    modes = {model.key: model.modes for model in load_builtin()}
    leads = {
        each.unit: person.key
        for person in organisation().people
        for each in person.memberships
        if each.role is Role.LEAD
    }
    homes = {person.key: {each.unit for each in person.memberships} for person in organisation().people}
    model, centre = _under(standard)
    mode = Mode.CENTRE if units[standard.owner].kind.is_centre else modes[model][standard.capability]
    route, drafters = {
        Mode.UNIT: ([leads[standard.owner]], {standard.owner}),
        Mode.DELEGATED: ([leads[standard.owner]], {standard.owner}),
        Mode.JOINT: ([leads[standard.owner], leads.get(centre, "")], {standard.owner, centre}),
        Mode.CENTRE: ([leads[standard.owner]], {standard.owner}),
    }[mode]
    for version in standard.versions:
        assert homes[version.author] & drafters
        assert version.author not in version.approvers
        done = len(route) if version.in_force is not None else len(version.approvers)
        assert list(version.approvers) == route[:done], version.number
        assert version.in_force is not None or done < len(route) or version.pending is not Pending.APPROVAL


def _under(standard: Standard) -> tuple[str, str]:
    """The model and centre that a standard's remit is under: the nearest assignment, then the capability's centre."""
    parents = {unit.code: unit.parent for unit in organisation().units}
    unit: str | None = standard.owner
    while unit is not None:
        here = [each for each in organisation().assignments if each.unit == unit]
        if here:
            general = next(each for each in here if each.capability is None)
            named = next((each for each in here if each.capability is standard.capability), general)
            return general.model, named.centre or ""
        unit = parents[unit]
    raise AssertionError(standard.owner)


def test_the_flagships_are_long_and_the_others_are_not_stubs() -> None:
    words = {standard.key: len(standard.versions[-1].body.split()) for standard in standards()}
    assert sum(count >= 550 for count in words.values()) >= 11
    assert min(words.values()) >= 180


def test_no_two_standards_share_a_clause() -> None:
    seen: dict[str, str] = {}
    for standard in standards():
        for clause in find_clauses(standard.versions[-1].body):
            assert seen.setdefault(clause.fingerprint, standard.key) == standard.key, clause.text
