"""The forms about units. They read what is typed; what it means is for the action to say."""

from typing import Any

from django import forms

from governance.forms.filling import KeepsTyped
from governance.models import BusinessUnit
from governance.selectors.organisation import open_units
from governance.vocabulary import UnitKind

MOST_LISTED = 300
"""Up to so many units stand in a list to choose from; beyond, the unit's code is typed."""


class UnitField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """An open unit, chosen from a list, or in a large organisation typed by its code; cleans to the unit."""

    def __init__(self, queryset: Any = None, **kwargs: Any) -> None:
        kwargs.setdefault("to_field_name", "code")
        self.narrowed = queryset is not None
        rows = BusinessUnit.objects.none() if queryset is None else queryset
        super().__init__(rows, **kwargs)
        self.error_messages["invalid_choice"] = "No open unit has the code %(value)s. Choose another."

    def label_from_instance(self, obj: Any) -> str:
        """Name and code, so that units of one name can be told apart."""
        return f"{obj.name} ({obj.code})"


def fill_units(form: forms.Form, name: str, units: Any = None) -> None:
    """The field offers ``units`` (every open one by default), as a list, or by code where they are many."""
    field = form.fields[name]
    if not isinstance(field, UnitField):
        raise TypeError(f"{name} is no field of units")
    rows = list((open_units() if units is None else units)[: MOST_LISTED + 1])
    field.queryset = open_units() if units is None else units
    if len(rows) > MOST_LISTED:
        field.widget = forms.TextInput(attrs={"class": "input short", "autocomplete": "off"})
        field.help_text = f"{field.help_text} Enter the unit’s code.".strip()
        return
    chosen = [(row.code, field.label_from_instance(row)) for row in rows]
    empty = [("", str(field.empty_label or "Choose a unit"))]
    field.widget = forms.Select(choices=empty + chosen)


REASON = {"label": "Reason", "max_length": 500, "help_text": "Stays on record."}


class RenameForm(KeepsTyped):
    """A unit's new name."""

    name = forms.CharField(label="New name", max_length=200, error_messages={"required": "Enter the unit’s name."})
    reason = forms.CharField(**REASON, required=False)  # type: ignore[arg-type]


class MoveForm(KeepsTyped):
    """A unit's new place in the tree."""

    parent = UnitField(
        label="Under", empty_label="Choose the unit above it", error_messages={"required": "Choose the unit above it."}
    )
    reason = forms.CharField(**REASON, required=False)  # type: ignore[arg-type]

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fill_units(self, "parent", units)


class CloseForm(KeepsTyped):
    """Why a unit closes."""

    reason = forms.CharField(**REASON, error_messages={"required": "Enter why the unit closes."})  # type: ignore[arg-type]


class NewUnitForm(KeepsTyped):
    """A unit to be added below another."""

    name = forms.CharField(label="Name", max_length=200, error_messages={"required": "Enter the unit’s name."})
    code = forms.CharField(
        label="Code",
        max_length=32,
        widget=forms.TextInput(attrs={"class": "input short", "autocomplete": "off"}),
        help_text="Letters, digits and hyphens. Never changed and never used again.",
        error_messages={"required": "Enter the unit’s code."},
    )
    kind = forms.ChoiceField(
        label="Kind",
        choices=[(kind.value, kind.label) for kind in UnitKind if kind is not UnitKind.ORGANISATION],
        initial=UnitKind.DEPARTMENT.value,
    )
