"""The forms of writing: a new document, and the draft of a version. What the words mean is for the action to say."""

import uuid
from typing import Any

from django import forms
from django.db.models import QuerySet

from governance.forms.filling import KeepsTyped
from governance.models import Remit
from governance.vocabulary import Capability, Classification
from knowledge.models import KINDS
from knowledge.text.characters import MAX_BODY, MAX_TITLE

_DAY = {"type": "date", "class": "input short"}
_BAD_DAY = {"invalid": "Enter a day such as 2027-03-01."}
_EDITED = {
    "rows": 24,
    "spellcheck": "true",
    "hx-trigger": "input changed delay:400ms",
    "hx-target": "#preview",
    "hx-sync": "this:replace",
}


class RemitChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # generic for the type checker only
    """A remit to choose: the unit, and the subject that the document is about."""

    def label_from_instance(self, obj: Any) -> str:
        """The unit and the subject."""
        return f"{obj.unit.name} · {Capability(obj.capability).label}"


class TextForm(KeepsTyped):
    """What every draft holds: title, text, why, and from when."""

    title = forms.CharField(
        label="Title", max_length=MAX_TITLE, error_messages={"required": "Give it a title."}, strip=False
    )
    body = forms.CharField(
        label="Text",
        required=False,
        strip=False,
        max_length=MAX_BODY,
        help_text="Markdown. A paragraph or list item with MUST, SHOULD or MAY becomes a clause with its own number.",
        widget=forms.Textarea(attrs=_EDITED),
    )
    reason = forms.CharField(
        label="Why this version",
        required=False,
        strip=False,
        max_length=2_000,
        help_text="Who decides reads this first, and the history keeps it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    effective_on = forms.DateField(
        label="In force from",
        required=False,
        help_text="Leave empty: at once, when it is approved.",
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages=_BAD_DAY,
    )
    submission_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, preview_url: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].widget.attrs["hx-post"] = preview_url
        # Neither is needed to save, and both are when the draft is submitted: the label says when.
        for name in ("body", "reason"):
            self.fields[name].needed = "needed to submit"  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial.setdefault("submission_key", uuid.uuid4())


class DraftForm(TextForm):
    """The draft of a version. ``base`` is the revision that was opened."""

    base = forms.UUIDField(widget=forms.HiddenInput)
    file = forms.FileField(
        label="Attach a file",
        required=False,
        help_text="Pictures, PDF, office documents and plain text, at most 25 MB. In the text, use its name: "
        "![What it shows](name.png).",
    )

    def with_base(self, base: Any) -> None:
        """The form, drawn again, stands on this revision: what was typed stays."""
        changed = self.data.copy()  # type: ignore[attr-defined]  # what was posted is a QueryDict
        changed["base"] = str(base)
        self.data = changed


class NewDocumentForm(TextForm):
    """A new document with its first draft."""

    remit = RemitChoice(
        Remit.objects.none(),
        label="Belongs to",
        help_text="The unit that owns it, and its subject. Who decides on it follows from this.",
        error_messages={"required": "Choose the unit and subject it belongs to."},
        to_field_name="public_id",
    )
    kind = forms.ChoiceField(label="Kind", choices=[(key, value[0]) for key, value in KINDS.items()])
    tags = forms.CharField(label="Tags", required=False, max_length=2_000, help_text="Separated by commas.")
    review_months = forms.IntegerField(
        label="Review every … months",
        required=False,
        help_text="Leave empty for what is usual for its kind.",
        widget=forms.NumberInput(attrs={"class": "input short"}),
        error_messages={"invalid": "Enter a number of months, such as 12."},
    )
    classification = forms.ChoiceField(
        label="Who may read it",
        choices=[
            (Classification.INTERNAL.value, "Internal: whoever the operating model lets read here"),
            (Classification.RESTRICTED.value, "Restricted: only who writes, decides or publishes here"),
            (Classification.PUBLIC.value, "Public: everybody, where the organisation has switched that on"),
        ],
        initial=Classification.INTERNAL.value,
        widget=forms.RadioSelect,
    )
    field_order = ("title", "remit", "kind", "body", "reason")

    def __init__(self, *args: Any, remits: "QuerySet[Remit]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remit"].queryset = remits  # type: ignore[attr-defined]
        if not self.is_bound:
            self.initial.setdefault("kind", "standard")

    def tag_list(self) -> list[str]:
        """The tags, one by one."""
        return split_tags(self.cleaned_data["tags"])


def split_tags(typed: str) -> list[str]:
    """Tags that were typed with commas between them."""
    return [part.strip() for part in typed.split(",") if part.strip()]
