"""What a program may narrow a list of documents by: the library's filters, each checked rather than passed over."""

from typing import Any

from django import forms

from governance.vocabulary import Capability
from knowledge.models import KINDS
from knowledge.selectors.library import LARGEST_PAGE, PAGE_SIZE, REVIEW_FILTERS, LibraryFilters
from knowledge.vocabulary import Status

MOST_VALUES = 20
LONGEST_TEXT = 500
LAST_PAGE = 10_000
ORDERS = {
    "updated": ("-updated_at", "-pk"),
    "title": ("title", "pk"),
    "number": ("number", "pk"),
    "unit": ("remit__unit__name", "title", "pk"),
}
"""By what a list of documents may be ordered: fields that every document has."""


class SeveralField(forms.Field):
    """The same parameter given several times: any of the values."""

    widget = forms.SelectMultiple

    def to_python(self, value: Any) -> tuple[str, ...]:
        """The values, each once."""
        return tuple(dict.fromkeys(str(each) for each in value or ()))

    def validate(self, value: Any) -> None:
        """Refuse more than a list can be narrowed by, and signs that no text holds."""
        super().validate(value)
        if len(value) > MOST_VALUES:
            raise forms.ValidationError(f"Give at most {MOST_VALUES} values.")
        if any(len(each) > LONGEST_TEXT or "\x00" in each for each in value):
            raise forms.ValidationError("This is no value that anything has.")


class NarrowingForm(forms.Form):
    """The filters that documents are narrowed by. Unit codes and tags that nothing has find nothing."""

    applies = forms.CharField(required=False, max_length=32, help_text="Code of a unit that it applies to.")
    status = forms.MultipleChoiceField(required=False, choices=[(each.value, each.label) for each in Status])
    capability = forms.MultipleChoiceField(required=False, choices=[(each.value, each.label) for each in Capability])
    kind = forms.MultipleChoiceField(required=False, choices=[(key, value[0]) for key, value in KINDS.items()])
    unit = SeveralField(required=False, help_text="Codes of units that own it.")
    tag = SeveralField(required=False, help_text="Tags, any of them.")
    owner = forms.CharField(required=False, max_length=36, help_text="`me`, or the id of the person who owns it.")
    review = forms.ChoiceField(
        required=False, choices=[("", "Any"), *REVIEW_FILTERS.items()], help_text="When its next review is due."
    )


class DocumentFilters(NarrowingForm):
    """A list of documents: what is looked for, what it is narrowed by, and its order."""

    q = forms.CharField(required=False, max_length=LONGEST_TEXT, strip=False, help_text="Words to look for.")
    sort = forms.ChoiceField(
        required=False, choices=[("", "Latest change"), *((key, key) for key in ORDERS)], help_text="The order."
    )


class FacetFilters(NarrowingForm):
    """The same, for counts: they have no order."""

    q = forms.CharField(required=False, max_length=LONGEST_TEXT, strip=False, help_text="Words to look for.")


class SearchFilters(NarrowingForm):
    """A search, best first. Its pages are numbered, for its order is of this moment."""

    q = forms.CharField(max_length=LONGEST_TEXT, strip=False, help_text="Words to look for; “in quotes” as they stand.")
    page = forms.IntegerField(required=False, min_value=1, max_value=LAST_PAGE, help_text="Which page, from 1.")
    limit = forms.IntegerField(
        required=False, min_value=1, max_value=LARGEST_PAGE, help_text=f"Hits on a page, {PAGE_SIZE} unless told."
    )


class SuggestionFilters(forms.Form):
    """What a person has typed so far."""

    q = forms.CharField(max_length=LONGEST_TEXT, strip=False, help_text="What was typed so far.")


class ReviewFilters(forms.Form):
    """Which reviews."""

    within = forms.ChoiceField(
        required=False,
        choices=[("", "90"), *((days, f"{days} days") for days in ("30", "60", "90", "365"))],
        help_text="Due within so many days: 90 unless told.",
    )
    list = forms.ChoiceField(
        required=False,
        choices=[("", "Everything"), ("mine", "Mine")],
        help_text="`mine` leaves those that the person may confirm.",
    )


def narrowing_of(values: dict[str, Any]) -> LibraryFilters:
    """Return what the library's selectors take of a form's clean values."""
    return LibraryFilters(
        text=values["q"],
        applies_to=values["applies"],
        statuses=tuple(values["status"]),
        capabilities=tuple(values["capability"]),
        kinds=tuple(values["kind"]),
        units=values["unit"],
        tags=values["tag"],
        owner=values["owner"],
        review=values["review"],
        page=values.get("page") or 1,
        page_size=values.get("limit") or PAGE_SIZE,
    )
