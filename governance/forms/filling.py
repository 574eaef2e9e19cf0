"""How a refused action finds its way back to the fields of the form that asked for it."""

from typing import Any

from django import forms

from governance.errors import Invalid


def add_errors(form: forms.BaseForm, error: Invalid) -> None:
    """Every sentence of ``error`` stands at its field, or above the form where the form has no such field."""
    for field, sentence in error.fields.items():
        form.add_error(field if field in form.fields else None, sentence)


class KeepsTyped(forms.Form):
    """A form in Remit's own shape: fields are drawn by the product's field template and keep what was typed."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
