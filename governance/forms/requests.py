"""The forms of requests. They read and bound what is typed; what it means is for the action to say."""

import uuid
from typing import Any

from django import forms

from governance.forms.filling import KeepsTyped
from governance.models import BusinessUnit, Request
from governance.vocabulary import RiskLevel

LONG = 20_000


class AskForm(KeepsTyped):
    """What every request to a document's owner holds: the asking unit, the clause and why."""

    unit = forms.ModelChoiceField(
        BusinessUnit.objects.none(), label="Unit that asks", to_field_name="code", empty_label=None
    )
    clause = forms.ChoiceField(label="Clause", required=False, help_text="Leave empty for the whole document.")
    reason = forms.CharField(
        label="Why",
        max_length=LONG,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Enter why you ask."},
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, units: Any, clauses: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        self.fields["clause"].choices = [("", "The whole document"), *clauses]  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial.setdefault("submission_key", uuid.uuid4())
        if len(units) == 1 and not self.is_bound:
            self.initial.setdefault("unit", units[0].code)

    def with_new_key(self) -> None:
        """The form, drawn again, is a submission of its own: its old key belongs to something else."""
        changed = self.data.copy()  # type: ignore[attr-defined]
        changed["submission_key"] = str(uuid.uuid4())
        self.data = changed


class AskChangeForm(AskForm):
    """A unit's wish for a change."""

    proposal = forms.CharField(
        label="What should change",
        max_length=LONG,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="In your own words, or as the clause should read.",
        error_messages={"required": "Enter what should change."},
    )
    field_order = ("unit", "clause", "proposal", "reason", "submission_key")


class AskExceptionForm(AskForm):
    """A unit's wish to be excepted from a clause for a time."""

    until = forms.DateField(
        label="Until",
        widget=forms.DateInput(attrs={"type": "date", "class": "input short"}),
        help_text="At most 365 days from today.",
        error_messages={
            "required": "Enter the day until which you need the exception.",
            "invalid": "Enter a day such as 2027-03-01.",
        },
    )
    compensating_control = forms.CharField(
        label="What you do instead",
        max_length=LONG,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The compensating control that keeps the risk down meanwhile.",
        error_messages={"required": "Enter what you do instead."},
    )
    risk = forms.ChoiceField(
        label="Risk",
        choices=[(level.value, level.value.capitalize()) for level in RiskLevel],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the risk: low, medium or high."},
    )
    field_order = ("unit", "clause", "reason", "until", "compensating_control", "risk", "submission_key")


class DecideForm(KeepsTyped):
    """A decision with its comment, bound to what the person read."""

    comment = forms.CharField(
        label="Comment",
        required=False,
        strip=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Needed to send back or reject. The author and the record keep it.",
    )
    seen_hash = forms.CharField(required=False, widget=forms.HiddenInput)


class RequestFilters(forms.Form):
    """Which requests a list shows; left empty, a field narrows nothing."""

    list = forms.ChoiceField(
        choices=[("waiting", "Waiting for me"), ("asked", "I asked"), ("unit", "My unit"), ("all", "All")],
        required=False,
        help_text="What the requests are to the person; all that they may see where it is left out.",
    )
    kind = forms.ChoiceField(choices=Request.Kind.choices, required=False, help_text="What is asked.")
    status = forms.ChoiceField(choices=Request.Status.choices, required=False, help_text="How the request stands.")
