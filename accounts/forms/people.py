"""What a person may say of themselves, and how Remit looks to them."""

import zoneinfo
from functools import cache

from django import forms

from governance.forms.filling import KeepsTyped

SYSTEM = "system"
THEMES = ((SYSTEM, "As the system"), ("light", "Light"), ("dark", "Dark"))
_REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


@cache
def time_zones() -> list[tuple[str, str]]:
    """Return the time zones to choose from, UTC first: named by region and city."""
    named = sorted(name for name in zoneinfo.available_timezones() if name.partition("/")[0] in _REGIONS)
    return [("UTC", "UTC"), *((name, name.replace("_", " ").replace("/", " / ")) for name in named)]


class ProfileForm(KeepsTyped):
    """Name, title and how Remit looks."""

    name = forms.CharField(
        label="Name",
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        help_text="As it is printed beside your decisions from now on.",
        error_messages={"required": "Enter your name."},
    )
    title = forms.CharField(
        label="What you do",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
        help_text="Shown beside your name, for example: Head of Finance.",
    )
    theme = forms.TypedChoiceField(
        label="Theme",
        choices=THEMES,
        coerce=lambda chosen: "" if chosen == SYSTEM else chosen,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a theme."},
    )
    time_zone = forms.ChoiceField(label="Time zone", choices=time_zones)
    shortcuts = forms.BooleanField(
        label="Single-key shortcuts", required=False, help_text="The question mark key lists them."
    )


class PasswordForm(KeepsTyped):
    """The old password, and a new one."""

    old = forms.CharField(
        label="Password until now",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Enter the password that you have now."},
    )
    new = forms.CharField(
        label="New password",
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Several words are easier to remember than signs.",
        error_messages={"required": "Enter a new password."},
    )


class PeopleFilters(forms.Form):
    """What a list of people may be narrowed by."""

    q = forms.CharField(required=False, max_length=200, help_text="A part of a name or an e-mail address.")
    unit = forms.CharField(required=False, max_length=32, help_text="Code of a unit that they are members of.")
