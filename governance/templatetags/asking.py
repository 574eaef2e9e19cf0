"""Tags of the pages of requests."""

from typing import Any

from django import forms, template
from django.utils.formats import date_format
from django.utils.safestring import SafeString

from governance.templatetags.remit import state

register = template.Library()

STATES = {
    "open": ("in_review", "Waiting"),
    "approved": ("approved", "Approved"),
    "changes_requested": ("sent_back", "Sent back"),
    "rejected": ("rejected", "Rejected"),
    "withdrawn": ("retired", "Withdrawn"),
    "voided": ("replaced", "Void"),
    "undecidable": ("overdue", "Nobody can decide"),
}


@register.simple_tag
def request_state(request: Any) -> SafeString:
    """The state of a request in the ten-word vocabulary of states."""
    name, word = STATES[request.status]
    return state(name, word)


@register.filter
def answer(field: forms.BoundField) -> str:
    """What was typed into a field, as words: the label of a choice, a date in full, else the text."""
    value = field.form.cleaned_data.get(field.name) if field.form.is_bound else field.initial
    if value in (None, ""):
        return dict(getattr(field.field, "choices", ())).get("", "Nothing") if hasattr(field.field, "choices") else "–"
    if isinstance(field.field, forms.ChoiceField) and not isinstance(field.field, forms.ModelChoiceField):
        labels: dict[Any, Any] = dict(field.field.choices)  # type: ignore[arg-type]
        return str(labels.get(value, value))
    if isinstance(field.field, forms.DateField):
        return date_format(value, "j M Y")
    return str(value)
