"""Tags of the pages of documents."""

from datetime import date
from functools import lru_cache
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from governance.templatetags.remit import day as day_words
from governance.templatetags.remit import icon, number, relative, state
from knowledge.actions.revisions import attachment_url
from knowledge.selectors.statuses import Standing
from knowledge.vocabulary import Status

register = template.Library()


# The cells of a list are drawn here and kept: a page has many rows that say the same, and each partial that a template
# includes costs more than the words in it.


@register.simple_tag
def standing_words(document: Any, standing: Standing) -> SafeString:
    """Where a document stands in a list, and where its next version does."""
    return _standing_words(
        standing.status, standing.next, standing.import_waits, document.version_number, document.approval_recorded
    )


@lru_cache(maxsize=1_024)
def _standing_words(
    status: Status, following: Status | None, import_waits: bool, version: int | None, approved: bool
) -> SafeString:
    if status.is_in_force:
        said = [state(Status.IN_FORCE, f"In force, version {version}" if version else "")]
        if not approved:
            said.append(format_html('<span class="state warn">{}Not approved</span>', icon("late")))
    elif import_waits and status is Status.DRAFT:
        said = [state(Status.IN_REVIEW, "Imported, waiting for approval")]
    else:
        said = [state(status)]
    if following is not None:
        waits = import_waits and following is Status.DRAFT
        said.append(state(Status.IN_REVIEW, "Import waiting for approval") if waits else state(following))
    return mark_safe(" ".join(said))  # noqa: S308 - each piece was escaped


@register.simple_tag
def review_day(document: Any, standing: Standing) -> SafeString:
    """The next review in a list: late in red, due in amber; a dash where there is none."""
    return _review_day(standing.status, document.next_review_on, timezone.localdate(), get_language())


@lru_cache(maxsize=1_024)
def _review_day(status: Status, due: date | None, today: date, language: str | None) -> SafeString:
    """``today`` is what the words about a late review stand on, ``language`` what the month is called in."""
    if due is None or not status.is_in_force:
        return SafeString("–")
    if status is Status.OVERDUE:
        late = relative(due).removesuffix(" ago")
        return format_html('<span class="state bad">{}{} late</span>', icon("late"), late)
    if status is Status.REVIEW_DUE:
        return format_html('<span class="state warn">{}{}</span>', icon("clock"), day_words(due, short=True))
    return day_words(due)


@register.simple_tag
def choices(facet: Any, values: Any, part: str, counted: bool) -> SafeString:
    """Values of a filter as check boxes, or as radio buttons where only one can hold; ``part`` keeps ids apart."""
    return format_html_join(
        "",
        '<label class="check"><input type="{}" id="f-{}-{}{}" name="{}" value="{}"{}>{}{}</label>',
        (
            (
                "radio" if facet.single else "checkbox",
                *(facet.name, part, place, facet.name, each.value),
                SafeString(" checked") if each.is_chosen else "",
                each.label,
                format_html('<span class="total">{}</span>', number(each.count)) if counted else "",
            )
            for place, each in enumerate(values, 1)
        ),
    )


@register.simple_tag
def revision_state(document: Any, revision: Any, standing: Standing) -> SafeString:
    """Where a revision that was never in force stands: the draft, the one approved for later, or an earlier text."""
    if revision is None:
        return state(standing.status.value)
    if revision.pk == document.draft_id and standing.import_waits:
        return state("in_review", "Imported, waiting for approval")
    if revision.pk == document.draft_id:
        return state(standing.next.value if standing.next else standing.status.value)
    if revision.pk == document.approved_id:
        return state("approved")
    return state("draft", "Imported text" if revision.is_imported else "Earlier text")


@register.simple_tag
def file_url(document: Any, revision: Any, name: str) -> str:
    """The address of a revision's file."""
    return attachment_url(document.number, revision, name)


@register.simple_tag
def event_words(entry: Any) -> str:
    """What an event of a document says beyond its name: the version, the request, or old and new values."""
    after, before = entry.after or {}, entry.before or {}
    said = []
    if after.get("version"):
        said.append(f"version {after['version']}")
    elif after.get("sequence"):
        said.append(f"text {after['sequence']}")
    if after.get("request"):
        said.append(str(after["request"]))
    for name in _TOLD:
        if name in after and after.get(name) != before.get(name):
            old = f"{_value(before[name])} → " if name in before else ""
            said.append(f"{name.replace('_', ' ')} {old}{_value(after[name])}")
    return ", ".join(said)


_TOLD = ("classification", "review_months", "next_review_on", "effective_from", "effective_on", "tags", "alias", "role")


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "none"
    try:
        day = date.fromisoformat(str(value))
    except ValueError:
        return "none" if value in (None, "") else str(value)
    return f"{day.day} {day:%b %Y}"
