"""Tags of the pages of documents."""

from datetime import date
from typing import Any

from django import template
from django.utils.safestring import SafeString

from governance.templatetags.remit import state
from knowledge.actions.revisions import attachment_url
from knowledge.selectors.statuses import Standing

register = template.Library()


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
