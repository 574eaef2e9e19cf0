"""Every tag and component of the look draws normal, long and empty content, and only names that exist."""

import datetime as dt
import re
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.safestring import SafeString

from governance import drawings
from governance import figures as f
from governance.rights import Right
from governance.templatetags import remit as tags
from governance.vocabulary import Capability, Mode
from knowledge.text.diff import compare

BASE = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path
    for app in ("config", "governance", "knowledge", "accounts")
    for path in BASE.glob(f"{app}/templates/**/*.html")
)
SIX = (Mode.UNIT, Mode.UNIT, Mode.JOINT, Mode.COUNCIL, Mode.DELEGATED, Mode.CENTRE)
LONG = "<b>Telecommunications</b> & interoperability " * 12
NOW = dt.datetime(2026, 11, 21, 9, 12, tzinfo=dt.UTC)


def draw(source: str, **context: Any) -> str:
    return Template("{% load remit %}" + source).render(Context(context))


@pytest.fixture
def _today() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize("name", [*drawings.ICONS, "anchor"])
def test_an_icon_is_hidden_from_readers_unless_it_is_named(name: str) -> None:
    assert 'aria-hidden="true"' in tags.icon(name)
    assert 'role="img" aria-label="Close &lt;it&gt;"' in tags.icon(name, "Close <it>")


def test_an_unknown_icon_shape_state_or_mode_raises() -> None:
    for source in ('{% icon "no-such" %}', '{% shape "hexagon" %}', '{% state "done" %}', '{% mode_chip "chaos" %}'):
        with pytest.raises(Exception, match=r"no-such|hexagon|done|chaos"):
            draw(source)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(BASE)))
def test_a_template_names_only_what_is_drawn_and_carries_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text()
    assert "style=" not in re.sub(r"\{#.*?#\}", "", text)
    assert not re.search(r"<script(?![^>]*src)|\son\w+=|<style", text)
    for tag, known in (("shape", drawings.SHAPES), ("drawing", drawings.DRAWINGS), ("state", tags.STATES)):
        for name in re.findall(rf'{{% {tag} "([^"]+)"', text):
            assert name in known
    for name in re.findall(r'{% icon "([^"]+)"', text):
        tags.icon(name)


@pytest.mark.parametrize("state", tags.STATES)
def test_a_state_is_word_and_icon(state: str) -> None:
    drawn = tags.state(state)
    assert tags.STATES[state][0] in drawn
    assert "<svg" in drawn
    assert LONG not in tags.state(state, LONG)


def test_there_are_ten_states() -> None:
    assert len(tags.STATES) == 10


@pytest.mark.parametrize("mode", list(Mode))
def test_a_mode_is_shape_and_word(mode: Mode) -> None:
    assert f"is-{mode.value}" in tags.mode_chip(mode)
    assert tags.mode_word(mode.value) in tags.mode_chip(mode.value)


def test_a_print_says_its_modes() -> None:
    assert 'aria-label="Strategy: unit, Delivery: unit, Foundation: joint' in draw("{% mode_print modes %}", modes=SIX)


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Lena Marsh", "LM"), ("Adaeze N. Okoye", "AO"), ("Prince", "P"), ("", "?"), ("李 明", "李明"), ("<x>", "?")],
)
def test_a_person_is_shown_by_initials(name: str, initials: str) -> None:
    assert tags.person_mark(name).endswith(f">{initials}</span>")


def test_a_person_of_a_centre_is_square_and_one_for_all_an_arch() -> None:
    assert "of-centre" in tags.person_mark("A B", kind="centre")
    assert "of-all" in tags.person_mark("A B", kind="all")


def test_only_a_centre_has_a_swatch() -> None:
    assert ">S<" in tags.centre_swatch("shared_service")
    assert tags.centre_swatch("department") == ""


@pytest.mark.usefixtures("_today")
@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "today"), (1, "tomorrow"), (-1, "yesterday"), (12, "in 12 days"), (-6, "6 days ago"), (90, "in 3 months")],
)
def test_a_date_comes_first_and_its_distance_second(days: int, words: str) -> None:
    day = dt.date(2026, 11, 21) + dt.timedelta(days)
    drawn = tags.when(day)
    assert f'datetime="{day.isoformat()}"' in drawn
    assert drawn.endswith(f"{day.day} {day:%b %Y} ({words})</time>")


@pytest.mark.usefixtures("_today")
def test_what_is_late_is_red_soon_amber_and_later_plain() -> None:
    day = dt.date(2026, 11, 21)
    assert 'class="row-due late"><b>1 day late' in tags.due(day - dt.timedelta(1))
    assert 'class="row-due soon"><b>Tomorrow' in tags.due(day + dt.timedelta(1))
    assert 'class="row-due"><b>27 Nov' in tags.due(day + dt.timedelta(6))
    assert "2027" in tags.due(day + dt.timedelta(100))


def test_no_date_is_a_dash() -> None:
    assert tags.day(None) == tags.when(None) == tags.moment(None) == "–"
    assert tags.due(None) == '<p class="row-due"></p>'


def test_crumbs_lead_back_and_end_with_the_page() -> None:
    drawn = draw('{% crumbs "Library" "/library/" title "/s/1/" "History" %}', title=LONG)
    assert drawn.count("<li") == 3
    assert '<li aria-current="page">History</li>' in drawn
    assert "<b>" not in drawn


@pytest.mark.parametrize(("query", "marked"), [("encr", "<mark>encrypt</mark>"), ("", "encrypt"), ("(", "encrypt")])
def test_hits_are_marked_and_everything_is_escaped(query: str, marked: str) -> None:
    drawn = tags.highlighted("Files <encrypt> it", query)
    assert f"&lt;{marked}&gt;" in drawn
    assert isinstance(drawn, SafeString)


class ExampleForm(forms.Form):
    title = forms.CharField(label="Title", help_text="In a few <words>")
    why = forms.CharField(label="Why do you need it?", widget=forms.Textarea)
    until = forms.DateField(label="Until", widget=forms.DateInput(attrs={"type": "date"}))
    risk = forms.ChoiceField(label="Risk", choices=[("low", "Low"), ("high", "High")], widget=forms.RadioSelect)
    mail = forms.BooleanField(label="Tell the units", required=False)
    file = forms.FileField(label="Archive", required=False)
    base = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self) -> dict[str, Any]:
        raise forms.ValidationError("The whole does not fit.")


def test_a_form_ties_every_field_to_its_hint_and_its_error() -> None:
    drawn = str(ExampleForm({"title": "", "until": "never"}))
    assert 'aria-describedby="id_title_helptext id_title_error"' in drawn
    assert 'id="id_title_helptext">In a few &lt;words&gt;' in drawn
    assert 'class="input short"' in drawn
    assert 'class="textarea"' in drawn
    assert drawn.count("<legend") == 1
    assert '<input type="hidden" name="base"' in drawn
    assert "Enter title" in drawn
    assert "Enter why do you need it" in drawn
    assert "Choose risk" in drawn


def test_the_error_summary_links_every_wrong_field_and_says_the_same_words() -> None:
    form = ExampleForm({"until": "never"})
    drawn = draw("{% error_summary form %}", form=form)
    assert "There is a problem" in drawn
    assert '<a href="#id_title">Enter title</a>' in drawn
    assert '<a href="#id_risk_0">Choose risk</a>' in drawn
    assert "<li>The whole does not fit.</li>" in drawn
    assert 'role="alert"' in drawn


def test_a_form_without_errors_has_no_summary() -> None:
    assert draw("{% error_summary form %}", form=ExampleForm()).strip() == ""


def test_pages_keep_the_rest_of_the_query() -> None:
    request = RequestFactory().get("/library/", {"q": "a&b", "page": "2", "tag": ["x", "y"]})
    page = Paginator(range(3000), 25).page(2)
    drawn = draw('{% pagination page "standards" %}', page=page, request=request)
    assert "26–50 of 3,000 standards" in drawn
    assert "q=a%26b&amp;page=3&amp;tag=x&amp;tag=y" in drawn
    assert 'rel="prev"' in drawn


def test_no_rows_need_no_pager() -> None:
    assert draw("{% pagination page %}", page=Paginator([], 25).page(1)).strip() == ""


def comparisons() -> list[Any]:
    old = "# T\n\n## Keys\n\nKeys MUST be rotated every 12 months.\n\nKept.\n\n- gone <b>x</b>\n"
    new = "# T\n\n## Keys\n\nKeys MUST be rotated every 6 months.\n\nKept.\n\nHolders SHOULD be named.\n"
    return [compare(old, new, {"owner": "A"}, {"owner": "B"}), compare(old, old), compare("", "")]


@pytest.mark.parametrize("index", range(3))
def test_a_comparison_marks_words_and_says_them(index: int) -> None:
    drawn = render_to_string("components/diff.html", {"comparison": comparisons()[index]})
    if index == 0:
        assert '<del><span class="visually-hidden">Removed: </span>12</del>' in drawn
        assert '<ins><span class="visually-hidden">Added: </span>6</ins>' in drawn
        assert "§1.1" in drawn
        assert "<b>x" not in drawn
    else:
        assert "<ins>" not in drawn


def unit(name: str, *children: f.UnitNode) -> f.UnitNode:
    mark = f.CentreMark("E", "centre-1", LONG)
    return f.UnitNode(name, "Devolved", SIX, (mark,), differs=True, url="/units/x/", children=children)


@pytest.mark.parametrize(
    "root",
    [f.UnitNode("Alone"), unit(LONG, unit(LONG), unit("")), unit("A", *(unit(f"B{n}", unit("C")) for n in range(70)))],
)
def test_the_units_are_drawn_and_listed(root: f.UnitNode) -> None:
    drawn = render_to_string("components/unit_chart.html", {"figure": f.unit_chart(root), "root": root})
    assert drawn.count("<li>") == len(list(f.tree_rows(root)))
    assert "<b>Tele" not in drawn
    assert "None" not in drawn


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [f.RailRow(Capability.CHANGE, None)],
        [f.RailRow(Capability.CHANGE, Mode.JOINT, (f.Differing(LONG, Mode.UNIT, "/u/"),), "/m/")],
    ],
)
def test_the_rail_is_a_table_with_a_word_in_every_cell(rows: list[f.RailRow]) -> None:
    drawn = render_to_string("components/rail.html", {"figure": f.rail(rows)})
    assert drawn.count("<td></td>") == 2
    assert drawn.count('<th scope="row">') == len(rows)


@pytest.mark.parametrize("url", ["", "/model/?cell=1#reason"])
def test_a_right_is_a_link_to_its_reason_where_there_is_one(url: str) -> None:
    cells = {right: f.RightCell("yes", url=url, why=LONG) for right in Right}
    matrix = f.rights_matrix([("In the unit", [f.RoleRow(LONG, "unit", cells)]), ("Elsewhere", [])])
    drawn = render_to_string("components/rights.html", {"figure": matrix})
    assert drawn.count('<a class="cell-link"') == (len(Right) if url else 0)
    assert drawn.count("Yes") == len(Right)
    assert "<b>" not in drawn


def test_every_other_component_draws_long_and_empty_content() -> None:
    version = f.LifeVersion(LONG, dt.date(2026, 1, 1), None, "in_force")
    line = f.life([version], today=dt.date(2026, 11, 21), review=dt.date(2026, 12, 3))
    panels = f.phases([(LONG, LONG, [f.PhaseUnit(LONG, SIX, True)]), ("After", "", [])])
    drawn: dict[str, list[dict[str, Any]]] = {
        "life": [{"figure": line, "narrow": line}, {"figure": f.life([], today=dt.date(2026, 11, 21))}],
        "phases": [{"panels": panels}, {"panels": ()}],
        "totals": [{"totals": [f.Total(kind, 1204, LONG, "/x/") for kind in ("lost", "gained", "kept", "open")]}, {}],
        "route": [{"steps": [f.RouteStep(LONG, LONG, state, True) for state in ("done", "now", "next")]}, {}],
        "before_after": [{"before": LONG, "after": LONG}, {}],
        "history": [{"rows": [{"at": NOW, "who": LONG, "what": LONG, "mark": "a91f"}]}, {}],
        "reason": [{"verdict": LONG, "reasons": [LONG], "note": LONG}, {}],
        "empty": [{"title": LONG, "body": LONG, "url": "/x/", "drawing": name} for name in drawings.DRAWINGS],
        "notice": [{"body": LONG, "level": level, "url": "/x/"} for level in ("", "success", "warning", "error")],
        "toast": [{"body": LONG, "undo_url": "/x/", "left": "28 s"}, {}],
        "confirm": [{"label": LONG, "consequence": LONG, "url": "/x/", "reason_name": "why"}, {}],
    }  # fmt: skip
    for name, contexts in drawn.items():
        for context in contexts:
            markup = render_to_string(f"components/{name}.html", context)
            assert "<b>Tele" not in markup, name
            assert "None" not in markup, name


def test_a_tag_used_wrongly_is_an_error_of_the_template() -> None:
    with pytest.raises(TemplateSyntaxError):
        draw("{% state %}")
