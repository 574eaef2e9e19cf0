"""The forms about people: memberships, organisation-wide roles, and naming somebody by e-mail address or name."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone

from governance.forms.filling import KeepsTyped
from governance.forms.units import UnitField
from governance.vocabulary import OrganisationRole, Reach, Role

MOST_ALIKE = 5
MOST_YEARS = 100


class PersonField(forms.CharField):
    """Somebody of the organisation, by e-mail address or by full name; cleans to the account."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Person")
        kwargs.setdefault("help_text", "E-mail address or full name.")
        kwargs.setdefault("error_messages", {"required": "Enter the e-mail address or the name of the person."})
        super().__init__(max_length=254, **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the one active account that is meant; the error says how to name it if several are."""
        text = str(super().clean(value)).strip()
        if not text:
            return None
        users = get_user_model().objects.filter(is_active=True)
        found = list(users.filter(email__iexact=text)[:1]) or list(users.filter(name__iexact=text)[: MOST_ALIKE + 1])
        if not found:
            raise forms.ValidationError(f"Nobody here is called {text}. Enter the e-mail address or the full name.")
        if len(found) > 1:
            addresses = ", ".join(user.get_username() for user in found[:MOST_ALIKE])
            raise forms.ValidationError(f"Several people are called {text}. Enter one address: {addresses}.")
        return found[0]


def day_field(label: str, help_text: str) -> forms.DateField:
    """Return an optional field for one day."""
    return forms.DateField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date", "class": "input short"}),
        error_messages={"invalid": "Enter a day such as 2027-03-01."},
    )


def refuse_far(day: date) -> None:
    """Return if the day is one that somebody may live to see: the last days of the calendar have no next day."""
    if day.year > timezone.localdate().year + MOST_YEARS:
        raise forms.ValidationError(f"Choose a day within {MOST_YEARS} years.")


REASON = {"label": "Reason", "max_length": 500, "required": False, "help_text": "Stays on record."}


class MembershipForm(KeepsTyped):
    """A membership to be granted. ``since`` and ``until`` clean to moments; the last day is included."""

    person = PersonField()
    unit = UnitField(label="Unit")
    role = forms.ChoiceField(
        label="Role",
        choices=[(role.value, role.value.capitalize()) for role in Role],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a role: reader, author or lead."},
    )
    reach = forms.ChoiceField(
        label="Reach",
        choices=[(Reach.UNIT.value, "This unit"), (Reach.SUBTREE.value, "This unit and every unit below it")],
        initial=Reach.UNIT.value,
        widget=forms.RadioSelect,
        help_text="A centre never reaches down by membership.",
    )
    guest = forms.BooleanField(
        label="An outside guest, for example of an agency: may draft with role author, never decides", required=False
    )
    since = day_field("From", "Empty begins at once.")
    until = day_field("Last day", "Empty has no end.")
    reason = forms.CharField(**REASON)  # type: ignore[arg-type]

    def clean_since(self) -> datetime | None:
        """Begin at once today, else with the day; a day that is over is refused."""
        day = self.cleaned_data["since"]
        if day is None or day == timezone.localdate():
            return None
        if day < timezone.localdate():
            raise forms.ValidationError("Choose today or a later day: what was is not written anew.")
        refuse_far(day)
        return timezone.make_aware(datetime.combine(day, time.min))

    def clean_until(self) -> datetime | None:
        """End with the last moment of the day; a day that is over is refused."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError("Choose today or a later day.")
        refuse_far(day)
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class OrganisationRoleForm(KeepsTyped):
    """A role for the whole organisation to be granted."""

    role = forms.ChoiceField(
        label="Role",
        choices=[
            (OrganisationRole.ADMINISTRATOR.value, "Administrator: units, people and models; no right on any document"),
            (OrganisationRole.SPONSOR.value, "Sponsor: confirms what an administrator may not do alone"),
            (OrganisationRole.AUDITOR.value, "Auditor: reads everything and its history, writes nothing"),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a role."},
    )
    reason = forms.CharField(**REASON)  # type: ignore[arg-type]


class ReasonForm(KeepsTyped):
    """A deed that needs no more than its reason, which may be empty."""

    reason = forms.CharField(**REASON)  # type: ignore[arg-type]
