"""The form of an import: an uploaded bundle or zip, or a folder of the server, and the remit it goes into."""

from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet

from governance.forms.filling import KeepsTyped
from governance.models import Remit
from knowledge.forms.drafts import RemitChoice
from knowledge.models import KINDS

LARGEST_UPLOAD = 200 * 1024 * 1024
"""Bytes."""
ENDINGS = (".bundle", ".zip")
MOST_FOLDERS = 500


def server_sources() -> list[tuple[str, str]]:
    """The folders and bundles directly below the server's import roots, as (path, words); links are passed over."""
    found: list[tuple[str, str]] = []
    for root in getattr(settings, "IMPORT_ROOTS", ()):
        try:
            entries = sorted(Path(root).resolve().iterdir())
        except OSError:
            continue
        for entry in entries[:MOST_FOLDERS]:
            is_source = entry.is_dir() or entry.suffix == ".bundle"
            if is_source and not entry.is_symlink() and not entry.name.startswith("."):
                found.append((str(entry), f"{entry.parent.name}/{entry.name}"))
    return found


def upload_problem(upload: Any) -> str:
    """Why an upload's name or size is not accepted; empty where it is."""
    if not upload.name.lower().endswith(ENDINGS):
        return "Choose a Git bundle (.bundle) or a zip of a folder (.zip)."
    if upload.size > LARGEST_UPLOAD:
        return "The file is larger than 200 MB. Have it put into a folder of the server."
    return ""


class ImportForm(KeepsTyped):
    """What is imported and where to."""

    source = forms.FileField(
        label="A Git bundle, or a zip of a folder",
        required=False,
        help_text="At most 200 MB. A bundle brings its whole history: git bundle create history.bundle --all",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
    )
    folder = forms.ChoiceField(
        label="Or a folder or repository on the server",
        required=False,
        error_messages={"invalid_choice": "Choose one of the folders that are offered."},
    )
    remit = RemitChoice(
        Remit.objects.none(),
        label="Owning unit and subject",
        help_text="Where you may import. The approvers of this unit and subject decide on the whole import, once.",
        error_messages={
            "required": "Choose where the documents belong.",
            "invalid_choice": "Choose one of the units and subjects that are offered.",
        },
    )
    kind = forms.ChoiceField(
        label="Kind of the documents",
        required=False,
        choices=[("", "As each says itself"), *((key, value[0]) for key, value in KINDS.items())],
        error_messages={"invalid_choice": "Choose one of the kinds that are offered."},
    )
    path_glob = forms.CharField(
        label="Which files",
        required=False,
        max_length=500,
        help_text="Path patterns, one on each line, such as docs/**/*.md. Empty: every Markdown file.",
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
    )
    attestation = forms.CharField(
        label="Take it into force on your word, without an approval",
        required=False,
        max_length=500,
        strip=False,
        help_text="Only for who may publish there. Say why; every document is then marked “not approved”. "
        "Leave empty to ask for one approval of the whole import.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, remits: "QuerySet[Remit]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remit"].queryset = remits  # type: ignore[attr-defined]
        folders = server_sources()
        if folders:
            self.fields["folder"].choices = [("", "None"), *folders]  # type: ignore[attr-defined]
        else:
            del self.fields["folder"]

    def clean_source(self) -> Any:
        """The upload, if its name and size are accepted; what it truly is, the import finds out."""
        upload = self.cleaned_data["source"]
        if upload is None:
            return None
        problem = upload_problem(upload)
        if problem:
            raise forms.ValidationError(problem)
        return upload

    def clean(self) -> dict[str, Any]:
        """One source, not two."""
        cleaned = super().clean() or {}
        if "source" not in self.errors and "folder" not in self.errors:
            given = [name for name in ("source", "folder") if cleaned.get(name)]
            if not given:
                self.add_error("source", "Choose what to import.")
            elif len(given) == 2:
                self.add_error("folder", "Choose either a file to upload or a folder of the server.")
        return cleaned
