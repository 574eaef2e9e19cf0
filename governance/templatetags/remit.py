"""Template tags of the product's look: icons, shapes, states, people, dates and the small pieces between them.

Every name that a tag takes is from a closed set, and an unknown one raises, so that a typing error is found by the
first test that renders the page and not by a person who looks at a hole.
"""

import datetime as dt
import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django import template
from django.forms import BaseForm, BoundField, Field
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from governance import drawings, figures
from governance.vocabulary import Mode, UnitKind

register = template.Library()

# The ten words for a state. Word, icon and shape are one thing: (word, icon, kind of tag).
STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    "draft": ("Draft", "pencil", "draft"),
    "in_review": ("In review", "clock", "warn"),
    "approved": ("Approved", "check", "ok"),
    "in_force": ("In force", "inforce", "ok"),
    "review_due": ("Review due", "clock", "warn"),
    "overdue": ("Overdue", "late", "bad"),
    "retired": ("Retired", "retired", "gone"),
    "replaced": ("Replaced", "replaced", "gone"),
    "sent_back": ("Sent back", "back", "warn"),
    "rejected": ("Rejected", "cross", "gone"),
}

MODE_WORDS: Final[Mapping[Mode, str]] = {
    Mode.UNIT: "Unit",
    Mode.DELEGATED: "Delegated",
    Mode.COUNCIL: "Council",
    Mode.JOINT: "Joint",
    Mode.CENTRE: "Centre",
}

_CENTRE_MARKS: Final[Mapping[UnitKind, tuple[str, str]]] = {
    UnitKind.CENTRE_OF_EXCELLENCE: ("E", "centre-1"),
    UnitKind.SHARED_SERVICE: ("S", "centre-2"),
    UnitKind.CENTRAL_TEAM: ("T", "centre-3"),
}

_MARKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "add": ("+", "add", "Added"),
    "lose": ("−", "lose", "Removed"),
    "change": ("~", "", "Changed"),
    "same": ("=", "", "The same"),
}

# Icons that point along the line of reading, and turn round with it.
_TURNING: Final = frozenset({"back", "next", "prev", "replaced"})


def _named(label: str) -> SafeString:
    """The attributes that hide a drawing from a reader, or name it where it stands without a word beside it."""
    return format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')


@functools.lru_cache(maxsize=256)
def _lucide(name: str) -> tuple[str, str]:
    """Return viewBox and inner markup of an icon of the lucide package; raises ``IconDoesNotExist``."""
    from lucide import _render_icon  # the package's own template tag is built on it

    whole = re.sub(r"\s+", " ", _render_icon(name, None)).strip()
    return "0 0 24 24", whole[whole.index(">") + 1 : whole.rindex("</svg>")].strip()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Draw the icon ``name``: one of ours, else one of lucide's. Give ``label`` only where no word stands beside it."""
    box, inner = ("0 0 20 20", drawings.ICONS[name]) if name in drawings.ICONS else _lucide(name)
    form = "icon turns" if name in _TURNING else "icon"
    return format_html(
        '<svg class="{}" viewBox="{}" {}>{}</svg>',
        form,
        box,
        _named(label),
        mark_safe(inner),  # noqa: S308
    )


@register.simple_tag
def shape(name: str, label: str = "") -> SafeString:
    """Draw a shape: a mode (unit, delegated, council, joint, centre), or an answer.

    Answers are yes, partly and no, in the unit's round form, and the exact yes-unit, part-unit, ask-unit, yes-centre,
    part-centre, ask-centre and none.
    """
    inner = mark_safe(drawings.SHAPES[str(name)])  # noqa: S308
    return format_html('<svg class="shape" viewBox="0 0 20 20" {}>{}</svg>', _named(label), inner)


@register.simple_tag
def drawing(name: str) -> SafeString:
    """Draw the line drawing ``name`` of an empty state; always decorative."""
    inner = mark_safe(drawings.DRAWINGS[name])  # noqa: S308
    return format_html('<svg class="drawing" viewBox="0 0 144 84" aria-hidden="true">{}</svg>', inner)


@register.simple_tag
def state(name: str, word: str = "", kind: str = "") -> SafeString:
    """Show one of the ten states with its word, icon and form; ``word`` replaces or lengthens the word.

    ``kind`` (ok, warn, bad, draft, gone) overrides the form where nobody must act, or somebody must.
    """
    standard, mark, form = STATES[str(name)]
    return format_html('<span class="state {}">{}{}</span>', kind or form, icon(mark), word or standard)


@register.simple_tag
def mode_chip(mode: Mode | str, word: str = "") -> SafeString:
    """Show a mode as a chip: its shape, its word and its step of the one hue."""
    known = Mode(mode)
    return format_html(
        '<span class="mode-chip is-{}">{}{}</span>', known.value, shape(known.value), word or MODE_WORDS[known]
    )


@register.simple_tag
def mode_print(modes: Sequence[Mode | str]) -> SafeString:
    """Draw the six-cell print of a model, in the order S D F O C K; a reader hears every capability with its mode."""
    drawn = figures.mode_print([Mode(mode) for mode in modes])
    return SafeString(render_to_string("components/mode_print.html", {"figure": drawn}))


@register.filter
def mode_word(mode: Mode | str) -> str:
    """The mode's word, for example ``Joint``."""
    return MODE_WORDS[Mode(mode)]


def _initials(name: str) -> str:
    words = [word for word in re.split(r"[\s\-]+", name.strip()) if word[:1].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def _person_name(person: Any) -> str:
    for attribute in ("display_name", "full_name", "printed_name", "name", "get_full_name"):
        found = getattr(person, attribute, None)
        found = found() if callable(found) else found
        if found:
            return str(found)
    return str(person)


@register.filter
def person_name(person: Any) -> str:
    """The person's name in full, whichever way the object carries it."""
    return _person_name(person)


@register.simple_tag
def person_mark(person: Any, kind: str = "") -> SafeString:
    """Show a person's initials: a disc (in a unit), a square (``kind="centre"``) or an arch (``kind="all"``).

    Without ``kind`` the person's own ``mark_kind`` counts, else the disc. Decorative: the name must stand beside it.
    """
    chosen = kind or str(getattr(person, "mark_kind", "")) or "unit"
    form = {"unit": "", "centre": " of-centre", "all": " of-all"}[chosen]
    return format_html('<span class="person{}" aria-hidden="true">{}</span>', form, _initials(_person_name(person)))


@register.simple_tag
def centre_swatch(centre: Any) -> SafeString:
    """Show the lettered square of a centre (a unit with ``kind``, or the kind itself); nothing for any other unit."""
    kind = UnitKind(getattr(centre, "kind", centre))
    if not kind.is_centre:
        return SafeString("")
    letter, hue = _CENTRE_MARKS[kind]
    return format_html('<span class="swatch {}" aria-hidden="true">{}</span>', hue, letter)


@register.simple_tag
def mark(kind: str) -> SafeString:
    """Show the sign of a change (add, lose, change, same) with its word for a reader."""
    sign, form, word = _MARKS[kind]
    return format_html(
        '<span class="mark {}" aria-hidden="true">{}</span><span class="visually-hidden">{} </span>', form, sign, word
    )


@register.filter
def ref(value: object) -> SafeString:
    """A reference or number in its own letter, kept in one direction: ``STD-0014``."""
    return format_html('<bdi class="ref">{}</bdi>', value)


@register.filter
def number(value: int) -> str:
    """A count with its thousands parted: ``2,184``."""
    return formats.number_format(value, use_l10n=True, force_grouping=True)


# Dates: the absolute first, the relative second.


def _local_day(value: dt.date | dt.datetime) -> dt.date:
    if isinstance(value, dt.datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


def _day_words(value: dt.date, *, short: bool = False) -> str:
    return formats.date_format(value, "j M") if short else formats.date_format(value, "j M Y")


@register.filter
def relative(value: dt.date | dt.datetime) -> str:
    """How far the day is from today, in words: today, tomorrow, in 12 days, 6 days ago, 3 months ago."""
    away = (_local_day(value) - timezone.localdate()).days
    if abs(away) < 2:
        return {0: "today", 1: "tomorrow", -1: "yesterday"}[away]
    amount = abs(away)
    if amount < 60:
        words = f"{amount} days"
    elif amount < 730:
        words = f"{round(amount / 30.4)} months"
    else:
        words = f"{round(amount / 365.25)} years"
    return f"in {words}" if away > 0 else f"{words} ago"


@register.simple_tag
def day(value: dt.date | dt.datetime | None, short: bool = False) -> SafeString:
    """Show a day, ``3 Dec 2026``, or ``3 Dec`` if ``short`` and in this year; a dash where there is none."""
    if value is None:
        return SafeString("–")
    the_day = _local_day(value)
    words = _day_words(the_day, short=short and the_day.year == timezone.localdate().year)
    return format_html('<time class="nowrap" datetime="{}">{}</time>', the_day.isoformat(), words)


@register.simple_tag
def when(value: dt.date | dt.datetime | None) -> SafeString:
    """Show a day with its distance, ``3 Dec 2026 (in 12 days)``; a dash where there is none."""
    if value is None:
        return SafeString("–")
    the_day = _local_day(value)
    return format_html(
        '<time datetime="{}">{} ({})</time>', the_day.isoformat(), _day_words(the_day), relative(the_day)
    )


@register.simple_tag
def moment(value: dt.datetime | None) -> SafeString:
    """Show a moment in the person's time zone, ``17 Nov 2026, 09:12``; a dash where there is none."""
    if value is None:
        return SafeString("–")
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    words = f"{_day_words(local.date())}, {formats.time_format(local, 'H:i')}"
    return format_html('<time class="nowrap" datetime="{}">{}</time>', value.isoformat(timespec="seconds"), words)


@register.filter
def undo_url(message: Any) -> str:
    """Where what a message tells can be taken back; empty for most. The view says it with the tag ``undo:R-12``."""
    mark, _, number = str(message.extra_tags or "").partition(":")
    return f"/requests/{number}/undo/" if mark == "undo" and number else ""


@register.simple_tag
def due(value: dt.date | dt.datetime | None, soon: int = 3) -> SafeString:
    """Show by when something is due, for a row: late in red, within ``soon`` days in amber, else plain."""
    if value is None:
        return SafeString('<p class="row-due"></p>')
    the_day = _local_day(value)
    away = (the_day - timezone.localdate()).days
    form = " late" if away < 0 else " soon" if away <= soon else ""
    short = _day_words(the_day, short=the_day.year == timezone.localdate().year)
    late = f"{-away} day{'' if away == -1 else 's'} late"
    first, second = (late, short) if away < 0 else (relative(the_day).capitalize(), short)
    if away > soon:
        first, second = short, relative(the_day)
    return format_html(
        '<p class="row-due{}"><b>{}</b> <time datetime="{}">{}</time></p>', form, first, the_day.isoformat(), second
    )


@register.simple_tag
def waiting_bar(total: float, spent: float, yours: float = 0) -> SafeString:
    """Draw where the time went: of ``total`` days, ``spent`` with others, then ``yours``. The words stand beside it."""
    drawn = figures.waiting_bar(total=total, spent=spent, yours=yours)
    return format_html(
        '<svg class="waiting" viewBox="0 0 300 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="300" height="8" rx="1"/><rect class="spent" width="{}" height="8"/>'
        '<rect class="yours" x="{}" width="{}" height="8"/></svg>',
        drawn.spent,
        drawn.yours_from,
        drawn.yours,
    )


@register.simple_tag
def steps_mini(done: int, total: int) -> SafeString:
    """Draw a route in small: ``done`` steps filled, the next one open, the rest grey. The words stand beside it."""
    discs = format_html_join(
        "",
        '<circle cx="{}" cy="6" r="4.5" {}/>',
        (
            (
                6 + 22 * step,
                mark_safe('class="past"' if step < done else 'class="here"' if step == done else 'class="ahead"'),  # noqa: S308
            )
            for step in range(total)
        ),
    )
    links = format_html_join("", '<path class="ahead" d="M{} 6h10"/>', ((12 + 22 * step,) for step in range(total - 1)))
    width = 12 + 22 * (total - 1)
    return format_html(
        '<svg class="steps-mini" viewBox="0 0 {} 12" width="{}" height="12" aria-hidden="true">{}{}</svg>',
        width,
        width,
        discs,
        links,
    )


# Pieces of a page.


@register.simple_tag
def crumbs(*parts: str) -> SafeString:
    """Show the way here: pairs of words and address, and last the page's own words without an address.

    ``{% crumbs "Library" library_url document.title document_url "History" %}``
    """
    pairs = list(zip(parts[0::2], parts[1::2], strict=False))
    items = format_html_join("", '<li><a href="{}">{}</a></li>', ((address, words) for words, address in pairs))
    last = format_html('<li aria-current="page">{}</li>', parts[-1]) if len(parts) % 2 else SafeString("")
    return format_html('<nav class="crumbs" aria-label="Breadcrumb"><ol>{}{}</ol></nav>', items, last)


@register.simple_tag
def locked(sentence: str, url: str = "", link_words: str = "Why?") -> SafeString:
    """Say in a sentence why an action is not offered, and who can do it; never a greyed button."""
    link = format_html(' <a href="{}">{}</a>', url, link_words) if url else SafeString("")
    return format_html('<p class="locked">{}<span>{}{}</span></p>', icon("lock"), sentence, link)


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm) -> dict[str, Any]:
    """Show "There is a problem" with a link to every wrong field of ``forms``; nothing if none is wrong."""
    items: list[tuple[str, str]] = []
    for form in forms:
        if not form.is_bound or form.is_valid():
            continue
        items += [(str(error), "") for error in form.non_field_errors()]
        items += [(sentence, _target(field)) for field in form for sentence in field_errors(field)]
    return {"items": items}


@register.filter
def field_errors(field: BoundField) -> list[str]:
    """The field's errors as sentences; Django's bare "This field is required." names what to enter or choose."""
    bare = str(Field.default_error_messages["required"])
    verb = "Choose" if field.use_fieldset or field.widget_type in _CHOOSING else "Enter"
    label = str(field.label or field.name)
    asked = f"{verb} {label[:1].lower() + label[1:] if label[1:2].islower() else label}".rstrip("?")
    return [asked if str(error) == bare else str(error) for error in field.errors]


_CHOOSING: Final = frozenset({"select", "selectmultiple", "file", "clearablefile", "date"})


def _target(field: BoundField) -> str:
    """The id to jump to: the first choice of a group, else the field itself."""
    if field.use_fieldset:
        return next((str(choice.id_for_label) for choice in field.subwidgets), field.auto_id or "")
    return field.id_for_label or ""


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Any, noun: str = "") -> dict[str, Any]:
    """Show which rows of how many are here and the way to the next; ``page`` is a page of Django's paginator.

    Keeps every other part of the query string. Draws nothing where there are no rows.
    """
    query: Any = getattr(context.get("request"), "GET", QueryDict()).copy()

    def address(number: int) -> str:
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    return {
        "page": page,
        "noun": noun,
        "previous_url": address(page.previous_page_number()) if page.has_previous() else "",
        "next_url": address(page.next_page_number()) if page.has_next() else "",
    }


_WIDGET_CLASSES: Final[Mapping[str, str]] = {
    "textarea": "textarea",
    "markdown": "textarea",
    "select": "select",
    "selectmultiple": "select",
    "checkbox": "",
    "radioselect": "",
    "checkboxselectmultiple": "",
    "clearablefile": "file",
    "file": "file",
}


@register.simple_tag
def field_widget(field: BoundField) -> SafeString:
    """Draw the field's control with the look's class, marked wrong and tied to its hint and its error."""
    attributes: dict[str, Any] = {}
    own = str(field.field.widget.attrs.get("class", ""))
    look = _WIDGET_CLASSES.get(field.widget_type, "input")
    if joined := f"{look} {own}".strip():
        attributes["class"] = joined
    if field.widget_type in {"date", "datetime", "time", "number"} and "short" not in joined:
        attributes["class"] = f"{joined} short"
    return field.as_widget(attrs=attributes)


@register.filter
def widget_type(field: BoundField) -> str:
    """Which kind of control the field has: ``text``, ``textarea``, ``select``, ``checkbox``, ``radioselect`` …"""
    return str(field.widget_type)


@register.filter
def sentence_list(values: Iterable[object]) -> str:
    """Join words as a sentence does: ``Finance, HR and Networks``."""
    words = [str(value) for value in values]
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


@register.filter
def highlighted(text: str, query: str) -> SafeString:
    """Mark every place where one of the query's words begins a word of ``text``; both are escaped."""
    words = [re.escape(word) for word in re.findall(r"\w{2,}", query)]
    if not words:
        return conditional_escape(text)
    pattern = re.compile(rf"\b((?:{'|'.join(words)})\w*)", re.IGNORECASE)
    pieces = pattern.split(text)
    return format_html_join(
        "",
        "{}{}",
        (
            (before, format_html("<mark>{}</mark>", hit) if hit else "")
            for before, hit in zip(pieces[0::2], [*pieces[1::2], ""], strict=True)
        ),
    )
