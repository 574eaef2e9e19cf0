"""The library: one page that lists, searches and narrows, and what is suggested while a person types."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from governance.models import BusinessUnit
from governance.permissions.standing import memberships_now
from governance.rights import Right
from knowledge.selectors import library as selectors
from knowledge.selectors.library import REVIEW_FILTERS, Facets, LibraryFilters
from knowledge.selectors.remits import holds_anywhere

MOST_VALUES = 20
"""Values of one filter that are looked at; more are a mistake or an attack."""
DENSITIES = {"comfortable": "Comfortable", "compact": "Compact"}
_MULTIPLE = {"status": "statuses", "capability": "capabilities", "kind": "kinds", "unit": "units", "tag": "tags"}
_YEAR = 365 * 24 * 3600
_SHOWN = 8
_FOLDED = 32
"""Of the values that are folded, so many of the commonest are in the page."""
_SORTS = {
    "relevance": "Relevance",
    "updated": "Latest change",
    "title": "Title",
    "number": "Number",
    "review": "Next review",
    "unit": "Owner",
    "newest": "Newest first",
}


@dataclass(frozen=True, slots=True)
class ShownFacet:
    """One facet as a group of check boxes or, where only one value can hold, of radio buttons."""

    name: str
    title: str
    choices: tuple[selectors.Choice, ...]
    more: tuple[selectors.Choice, ...]
    single: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address of the list without it."""

    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column by which the list can be sorted; ``direction`` is the value of ``aria-sort``."""

    words: str
    url: str
    direction: str


@login_required
@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """What the person may see of the library. The whole list lives in the address; htmx swaps list and counts only."""
    filters = filters_of(request.GET)
    page, found = selectors.library_with_facets(request.user, filters)
    units = _own_units(request.user)
    density = _density(request)
    context = {
        "page_title": "Library",
        "filters": filters,
        "page": page,
        "facets": _shown(found),
        "counted": not found.more,
        "units": units,
        "chips": _chips(request.GET, filters, found, units),
        "columns": _columns(request.GET, filters),
        "sorts": _sorts(filters),
        "density": density if density == "compact" else "",
        "densities": [
            (key, label, _address(request.GET, density=key), key == density) for key, label in DENSITIES.items()
        ],
        "previous_url": _address(request.GET, page=page.number - 1) if page.number > 1 else "",
        "next_url": _address(request.GET, page=page.number + 1) if page.number < page.pages else "",
        "may_draft": holds_anywhere(request.user, Right.DRAFT),
        "may_import": holds_anywhere(request.user, Right.IMPORT),
    }
    fragment = bool(getattr(request, "htmx", False)) and "HX-History-Restore-Request" not in request.headers
    template = "knowledge/_library_fragment.html" if fragment else "knowledge/library_list.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    if request.GET.get("density") in DENSITIES:
        response.set_cookie("remit_density", density, max_age=_YEAR, samesite="Lax", httponly=True)
    return response


@login_required
@require_GET
def suggest(request: HttpRequest) -> HttpResponse:
    """The few documents whose number, title or tag begins as typed; a piece of a page, also without script."""
    typed = request.GET.get("q", "")
    rows = selectors.suggestions(request.user, typed) if len(typed.strip()) > 1 else []
    return render(request, "knowledge/_suggestions.html", {"rows": rows, "typed": typed})


def filters_of(query: QueryDict) -> LibraryFilters:
    """Return the filters that an address names; what it says beyond them is passed over."""

    def several(name: str) -> tuple[str, ...]:
        return tuple(value.replace("\x00", "") for value in query.getlist(name)[:MOST_VALUES])

    number = query.get("page", "")
    return LibraryFilters(
        text=query.get("q", "").replace("\x00", ""),
        applies_to=query.get("applies", "").replace("\x00", ""),
        statuses=several("status"),
        capabilities=several("capability"),
        kinds=several("kind"),
        units=several("unit"),
        tags=several("tag"),
        owner=query.get("owner", ""),
        review=query.get("review", ""),
        sort=query.get("sort", ""),
        page=int(number) if number.isascii() and number.isdigit() and len(number) < 8 else 1,
    )


def _own_units(actor: Any) -> list[BusinessUnit]:
    """The open units of which the person is a member and no guest, as ``units_of`` says; the page's shell asks too."""
    held = [each.unit for each in memberships_now(actor) if not each.guest and each.unit.closed_at is None]
    return list(dict.fromkeys(held))


def _density(request: HttpRequest) -> str:
    chosen = request.GET.get("density") or request.COOKIES.get("remit_density", "")
    return chosen if chosen in DENSITIES else "comfortable"


def _address(query: QueryDict, *, without: Iterable[tuple[str, str]] = (), **changes: Any) -> str:
    """The address of this list with other values, and without single values of filters."""
    changed = query.copy()
    for name in ("page", "density"):
        changed.pop(name, None)
    for name, value in without:
        changed.setlist(name, [each for each in changed.getlist(name) if each != value])
    for name, value in changes.items():
        changed[name] = str(value)
    return f"/library/?{changed.urlencode()}"


def _shown(found: Facets) -> list[ShownFacet]:
    facets = [
        ("status", "Status", found.statuses, False),
        ("capability", "Subject", found.capabilities, False),
        ("kind", "Kind", found.kinds, False),
        ("unit", "Owned by", found.units, False),
        ("review", "Review", found.reviews, True),
        ("tag", "Tag", found.tags, False),
    ]
    return [_facet(name, title, choices, single=single) for name, title, choices, single in facets if choices]


def _facet(name: str, title: str, choices: tuple[selectors.Choice, ...], *, single: bool) -> ShownFacet:
    """Many values: those that are chosen and the commonest are shown, the rest is folded."""
    if len(choices) <= _SHOWN + 2:
        return ShownFacet(name, title, choices, (), single)
    common = set(sorted(choices, key=lambda choice: (not choice.is_chosen, -choice.count))[:_SHOWN])
    first = tuple(choice for choice in choices if choice in common)
    others = sorted((choice for choice in choices if choice not in common), key=lambda choice: -choice.count)[:_FOLDED]
    kept = set(others)
    return ShownFacet(name, title, first, tuple(choice for choice in choices if choice in kept), single)


def _chips(query: QueryDict, filters: LibraryFilters, found: Facets, units: list[BusinessUnit]) -> list[Chip]:
    chips = []
    if filters.applies_to:
        name = next((unit.name for unit in units if unit.code == filters.applies_to), filters.applies_to)
        chips.append(Chip(f"Applies to {name}", _address(query, without=[("applies", filters.applies_to)])))
    if filters.owner:
        words = "Owned by you" if filters.owner == "me" else "Owned by one person"
        chips.append(Chip(words, _address(query, without=[("owner", filters.owner)])))
    groups = {
        "status": found.statuses,
        "capability": found.capabilities,
        "kind": found.kinds,
        "unit": found.units,
        "tag": found.tags,
        "review": found.reviews,
    }
    for name, choices in groups.items():
        labels = {choice.value: choice.label for choice in choices} | (dict(REVIEW_FILTERS) if name == "review" else {})
        values = (filters.review,) if name == "review" else getattr(filters, _MULTIPLE[name])
        chips += [Chip(labels.get(each, each), _address(query, without=[(name, each)])) for each in values if each]
    return chips


def _sorts(filters: LibraryFilters) -> list[tuple[str, str, bool]]:
    """The orders to choose from as (value, words, chosen); relevance only where something is looked for."""
    searched = bool(filters.text.strip())
    chosen = filters.sort if filters.sort in _SORTS else ""
    known = [(key, words) for key, words in _SORTS.items() if searched or key != "relevance"]
    return [(key, words, key == (chosen or known[0][0])) for key, words in known]


def _columns(query: QueryDict, filters: LibraryFilters) -> dict[str, Column]:
    default = "relevance" if filters.text.strip() else "updated"
    chosen = filters.sort if filters.sort in selectors.SORTS else default
    words = {"number": "Ref", "title": "Document", "unit": "Owner", "review": "Review"}
    return {
        key: Column(label, _address(query, sort=key), "ascending" if chosen == key else "")
        for key, label in words.items()
    }
