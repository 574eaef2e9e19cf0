"""The form in which a person names their substitute."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from governance.forms.filling import KeepsTyped
from governance.forms.people import REASON, PersonField, day_field
from governance.forms.units import UnitField
from governance.vocabulary import Capability


class DelegationForm(KeepsTyped):
    """Who stands in, where and until when. ``since`` and ``until`` clean to moments; the last day is included."""

    substitute = PersonField(label="Who stands in for you")
    unit = UnitField(label="Unit", required=False, help_text="Empty means every unit in which you decide.")
    capabilities = forms.MultipleChoiceField(
        label="Capabilities",
        choices=[(each.value, each.label) for each in Capability],
        initial=[each.value for each in Capability],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one capability."},
    )
    since = day_field("From", "Empty begins at once.")
    until = day_field("Last day", "At most a year from the first.")
    reason = forms.CharField(**REASON)  # type: ignore[arg-type]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].required = True
        self.fields["until"].error_messages["required"] = "Enter the last day: a delegation always ends."

    def clean_since(self) -> datetime | None:
        """Begin at once today, else with the day; a day that is over is refused."""
        day = self.cleaned_data["since"]
        if day is None or day == timezone.localdate():
            return None
        if day < timezone.localdate():
            raise forms.ValidationError("Choose today or a later day.")
        return _begin(day)

    def clean_until(self) -> datetime:
        """End with the last moment of the day; a day that is over is refused."""
        day = self.cleaned_data["until"]
        if day < timezone.localdate():
            raise forms.ValidationError("Choose today or a later day.")
        if day.year > timezone.localdate().year + 2:  # the last day of the calendar has no next one
            raise forms.ValidationError("Choose a day within a year.")
        return _begin(day + timedelta(days=1))


def _begin(day: Any) -> datetime:
    if day.year > timezone.localdate().year + 2:
        raise forms.ValidationError("Choose a day within a year.")
    return timezone.make_aware(datetime.combine(day, time.min))
