"""The drawn figures hold for any organisation: nothing overlaps its column, every cell is drawn, words say it all."""

import datetime as dt
import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance import figures as f
from governance.rights import Right
from governance.vocabulary import Capability, Mode

SIX = (Mode.UNIT, Mode.UNIT, Mode.JOINT, Mode.COUNCIL, Mode.DELEGATED, Mode.CENTRE)
CENTRE = f.CentreMark("E", "centre-1", "Digital Centre of Excellence")


def unit(name: str, *children: f.UnitNode, **kept: object) -> f.UnitNode:
    return f.UnitNode(name, model="Devolved", modes=SIX, centres=(CENTRE,), children=children, **kept)  # type: ignore[arg-type]


def organisation(divisions: int, teams: int) -> f.UnitNode:
    blocks = (unit(f"Division {d}", *(unit(f"Team {d}.{t}") for t in range(teams))) for d in range(divisions))
    return f.UnitNode("Brackwater Group", children=(f.UnitNode(CENTRE.name, mark=CENTRE), *blocks))


def test_a_print_draws_six_cells_and_says_every_capability() -> None:
    drawn = f.mode_print(SIX)
    assert sum(part.boxes.count("M") for part in drawn.paths) == 6
    assert drawn.words.startswith("Strategy: unit, Delivery: unit, Foundation: joint")
    assert len(drawn.words.split(", ")) == len(Capability)


def test_a_print_of_another_number_of_modes_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        f.mode_print(SIX[:5])


@pytest.mark.parametrize("mode", list(Mode))
def test_every_mode_has_a_mark_of_closed_paths(mode: Mode) -> None:
    mark = f.mode_mark(mode, 10, 10, 20)
    assert mark.count("M") == mark.count("z") > 0


def test_the_rail_names_two_differing_units_and_counts_the_rest() -> None:
    many = tuple(f.Differing(f"Unit {number}", Mode.CENTRE) for number in range(5))
    line = f.rail([f.RailRow(Capability.CHANGE, Mode.JOINT, many)]).lines[0]
    stops = {stop.mode: stop for stop in line.stops}
    assert stops[Mode.JOINT].is_model
    assert [unit.name for unit in stops[Mode.CENTRE].names] == ["Unit 0", "Unit 1"]
    assert stops[Mode.CENTRE].more == 3
    assert stops[Mode.UNIT].is_unused


def test_the_rail_names_a_third_unit_rather_than_counting_one() -> None:
    three = tuple(f.Differing(name, Mode.UNIT) for name in "ABC")
    stop = f.rail([f.RailRow(Capability.CHANGE, None, three)]).lines[0].stops[0]
    assert (len(stop.names), stop.more) == (3, 0)


def test_the_matrix_has_a_cell_for_every_right_and_answers_no_where_nothing_is_said() -> None:
    row = f.RoleRow("Lead", "centre", {Right.DECIDE: f.RightCell("part", "Second")})
    matrix = f.rights_matrix([("In its centre", [row])])
    cells = matrix.sections[0][1][0].cells
    assert len(cells) == len(Right) == sum(number for _, number in matrix.groups)
    drawn = {(cell.shape, cell.word) for cell in cells}
    assert drawn == {("", "No"), ("part-centre", "Second")}
    assert sum(cell.starts for cell in cells) == len(matrix.groups)


@given(divisions=st.integers(0, 9), teams=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_the_chart_keeps_every_unit_inside_its_box_and_apart_from_the_others(divisions: int, teams: int) -> None:
    root = organisation(divisions, teams)
    chart = f.unit_chart(root)
    assert chart.shown + chart.hidden == 2 + divisions * (1 + teams)
    assert len(chart.units) == chart.shown <= 60
    places = [(drawn.disc_x, drawn.disc_y) for drawn in chart.units]
    assert len(set(places)) == len(places)
    for drawn in chart.units:
        assert 0 <= drawn.disc_x < drawn.text_x < chart.width
        assert 0 <= drawn.disc_y < chart.height
        assert all(swatch.x + swatch.side < chart.width for swatch in drawn.swatches)
    columns: dict[int, list[float]] = {}
    for drawn in chart.units[2:]:
        columns.setdefault(int((drawn.disc_x - 12) // 414), []).append(drawn.disc_y)
    for ys in columns.values():
        assert all(below - above >= 40 for above, below in zip(sorted(ys), sorted(ys)[1:], strict=False))


def test_a_chart_of_many_units_is_still_ten_paths() -> None:
    chart = f.unit_chart(organisation(7, 7))
    assert chart.shown == 58
    assert len(chart.paths) <= len(Mode)
    assert sum(part.boxes.count("M") for part in chart.paths) == 56 * 6


def test_above_the_limit_the_deepest_level_is_folded_and_counted() -> None:
    chart = f.unit_chart(organisation(20, 20))
    assert (chart.shown, chart.hidden) == (22, 400)
    assert "20 units below" in chart.units[2].label
    assert "+20 below" in chart.units[2].note


def test_a_first_level_that_alone_is_too_many_is_cut_and_says_so() -> None:
    chart = f.unit_chart(organisation(200, 1))
    assert chart.shown == 60
    assert chart.shown + chart.hidden == 402
    assert "more units" in chart.units[0].note


def test_an_organisation_without_units_is_a_chart_of_one() -> None:
    chart = f.unit_chart(f.UnitNode("Alone"))
    assert (chart.shown, chart.branches, chart.paths) == (1, "", ())


def test_a_long_name_is_shortened_in_the_drawing_and_whole_in_its_words() -> None:
    name = "Telecommunications interoperability in the subsidiaries of the northern region"
    drawn = f.unit_chart(f.UnitNode("Group", children=(unit(name),))).units[1]
    assert drawn.name.endswith("…")
    assert len(drawn.name) <= 40
    assert drawn.label.startswith(name)
    assert "under Digital Centre of Excellence" in drawn.label


def test_phases_draw_each_unit_until_there_are_too_many_then_those_that_are_alike_together() -> None:
    few = [f.PhaseUnit(f"U{number}", SIX) for number in range(7)]
    many = [f.PhaseUnit(f"U{number}", SIX, changes=number < 10) for number in range(500)]
    first, second = f.phases([("Today", "7 units", few), ("After", "500 units", many)])
    assert [line.name for line in first.lines] == [f"U{number}" for number in range(7)]
    assert [(line.name, line.changes) for line in second.lines] == [("10 units", True), ("490 units", False)]


def versions(*days: dt.date) -> list[f.LifeVersion]:
    ends = [*days[1:], None]
    return [
        f.LifeVersion(f"Version {number}", day, end, "past" if end else "in_force")
        for number, (day, end) in enumerate(zip(days, ends, strict=True), 1)
    ]


@given(gaps=st.lists(st.integers(0, 900), min_size=1, max_size=30), width=st.sampled_from([340, 1240]))
@settings(max_examples=60, deadline=None)
def test_the_life_of_a_document_stays_in_its_box_and_its_labels_apart(gaps: list[int], width: int) -> None:
    first = dt.date(2020, 1, 1)
    days = [first + dt.timedelta(sum(gaps[:count])) for count in range(len(gaps))]
    drawn = f.life(versions(*days), today=days[-1] + dt.timedelta(gaps[-1]), width=width)
    assert all(0 <= bar.x <= width and bar.width >= 3 for bar in drawn.bars)
    assert drawn.bars[-1].form == "is-centre"
    labelled = [bar for bar in drawn.bars if bar.label]
    for earlier, later in itertools.pairwise(labelled):
        assert earlier.x + 8 * max(len(earlier.label), len(earlier.day)) <= later.x


def test_a_version_to_come_has_no_colour_and_the_review_is_named() -> None:
    coming = f.LifeVersion("Version 2", dt.date(2027, 1, 1), None, "coming")
    drawn = f.life([*versions(dt.date(2026, 5, 12)), coming], today=dt.date(2026, 11, 19), review=dt.date(2026, 12, 3))
    assert (drawn.bars[0].form, drawn.bars[1].form) == ("is-centre", "")
    assert drawn.review is not None
    assert drawn.review.words == "Review, 3 Dec 2026"
    assert drawn.bars[0].label == "Version 1, in force"


@given(total=st.floats(0, 1000), spent=st.floats(0, 1000), yours=st.floats(0, 1000))
def test_the_waiting_bar_never_runs_over(total: float, spent: float, yours: float) -> None:
    bar = f.waiting_bar(total=total, spent=spent, yours=yours)
    assert 0 <= bar.spent <= bar.yours_from
    assert bar.yours_from + bar.yours <= 302.1


def test_the_same_tree_can_be_walked_as_rows() -> None:
    root = organisation(2, 1)
    assert [depth for depth, _ in f.tree_rows(root)] == [0, 1, 1, 2, 1, 2]


def test_coordinates_are_plain_numbers() -> None:
    chart = f.unit_chart(organisation(3, 3))
    assert re.fullmatch(r"[MHVhvza\d. -]+", chart.branches + "".join(part.boxes + part.marks for part in chart.paths))
