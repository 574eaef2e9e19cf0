"""The forms of what stands beside a text: its reviews, owner, classification, tags, and its retirement."""

import uuid
from typing import Any

from django import forms
from django.contrib.auth import get_user_model

from governance.forms.filling import KeepsTyped
from governance.vocabulary import Classification, Role

_DAY = {"type": "date", "class": "input short"}
_BAD_DAY = {"invalid": "Enter a day such as 2027-03-01."}


class ReviewForm(KeepsTyped):
    """Somebody's word that the version they read is still right."""

    seen = forms.UUIDField(widget=forms.HiddenInput)
    comment = forms.CharField(
        label="What you checked",
        required=False,
        strip=False,
        max_length=2_000,
        help_text="The history keeps it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    next_review_on = forms.DateField(
        label="Next review",
        required=False,
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages=_BAD_DAY,
    )


class RetireForm(KeepsTyped):
    """Why a document should be retired, what follows it, and when."""

    reason = forms.CharField(
        label="Why",
        max_length=500,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Say why it is retired."},
    )
    successor = forms.CharField(
        label="To follow instead",
        required=False,
        max_length=200,
        help_text="The number of a document that is in force, such as STD-0014.",
        widget=forms.TextInput(attrs={"class": "input short"}),
    )
    effective_on = forms.DateField(
        label="Retire it on",
        required=False,
        help_text="Leave empty: at once, when it is approved.",
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages=_BAD_DAY,
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial.setdefault("submission_key", uuid.uuid4())


class ReasonedForm(KeepsTyped):
    """A change of what stands beside the text, with the reason for the record."""

    reason = forms.CharField(label="Why", required=False, max_length=2_000, help_text="The history keeps it.")


class OwnerForm(ReasonedForm):
    """The owning post, and who fills it by name."""

    role = forms.ChoiceField(label="Owning post", choices=[(role.value, role.value.capitalize()) for role in Role])
    person = forms.ModelChoiceField(
        get_user_model().objects.none(),
        label="Owner by name",
        required=False,
        to_field_name="public_id",
        empty_label="Whoever holds the post",
    )
    deputy = forms.ModelChoiceField(
        get_user_model().objects.none(),
        label="Deputy",
        required=False,
        to_field_name="public_id",
        empty_label="Nobody",
    )
    field_order = ("role", "person", "deputy", "reason")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = people  # type: ignore[attr-defined]
        self.fields["deputy"].queryset = people  # type: ignore[attr-defined]


class ClassificationForm(ReasonedForm):
    """Who may read the document at all."""

    classification = forms.ChoiceField(
        label="Who may read it",
        choices=[(each.value, each.value.capitalize()) for each in Classification],
        widget=forms.RadioSelect,
    )
    field_order = ("classification", "reason")


class IntervalForm(ReasonedForm):
    """How often the document is reviewed."""

    review_months = forms.IntegerField(
        label="Months between reviews",
        widget=forms.NumberInput(attrs={"class": "input short"}),
        error_messages={
            "required": "Enter a number of months, such as 12.",
            "invalid": "Enter a number of months, such as 12.",
        },
    )
    field_order = ("review_months", "reason")


class TagsForm(KeepsTyped):
    """The document's tags."""

    tags = forms.CharField(label="Tags", required=False, max_length=2_000, help_text="Separated by commas.")


class AliasForm(KeepsTyped):
    """Another reference under which the document is found."""

    alias = forms.CharField(
        label="Another reference",
        max_length=200,
        error_messages={"required": "Enter the other reference."},
        help_text="For example the number it had elsewhere. It finds the document in search and in addresses.",
    )
