"""The form of a personal token: what it is for, what it may be used for, and until when."""

from django import forms

from governance.forms.filling import KeepsTyped
from governance.scopes import Scope

DAYS = ((30, "30 days"), (90, "90 days"), (365, "A year"))


class TokenForm(KeepsTyped):
    """A token to be made."""

    name = forms.CharField(
        label="What it is for",
        max_length=100,
        help_text="So that you know it again, for example: Nightly report.",
        error_messages={"required": "Enter what the token is for."},
    )
    scopes = forms.MultipleChoiceField(
        label="What it may be used for",
        choices=[(scope.value, f"{scope.label} ({scope.value})") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ.value],
        help_text="Choose no more than it needs. It never gives more than you may do yourself.",
        error_messages={"required": "Choose at least one thing that the token may be used for."},
    )
    days = forms.TypedChoiceField(
        label="Until",
        choices=DAYS,
        coerce=int,
        initial=90,
        error_messages={"required": "Choose until when the token works."},
    )
