"""What a list of notices may be narrowed by."""

from django import forms


class InboxFilters(forms.Form):
    """Which notices."""

    show = forms.ChoiceField(
        required=False, choices=[("", "All"), ("unread", "Unread")], help_text="`unread` leaves out what was read."
    )
