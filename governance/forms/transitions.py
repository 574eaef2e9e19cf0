"""The form of a planned change of model: for which units, which model, under which centres, and why."""

import re
from typing import Any

from django import forms
from django.utils import timezone

from governance.compiler.world import World
from governance.forms.filling import KeepsTyped
from governance.forms.people import day_field, refuse_far
from governance.forms.units import MOST_LISTED, UnitField, fill_units
from governance.models import BusinessUnit, OperatingModelVersion
from governance.permissions.projecting import PlannedAssignment
from governance.permissions.snapshots import model_of
from governance.selectors.models import need_of
from governance.selectors.organisation import centres, open_units
from governance.vocabulary import Capability, Mode, RiskLevel

WHOLE = "whole"
EVERY = "every"
UNITS = "units"
LONG = 5_000


class PlanForm(KeepsTyped):
    """What a plan changes. ``planned(world)`` gives the assignments once the form is valid."""

    where = forms.ChoiceField(
        label="Where",
        choices=[
            (WHOLE, "The whole organisation; units that have a model of their own keep it"),
            (EVERY, "The whole organisation, and the units that have a model of their own too"),
            (UNITS, "Only the units chosen below"),
        ],
        widget=forms.RadioSelect,
        initial=WHOLE,
        error_messages={"required": "Choose where the model changes."},
    )
    units = forms.MultipleChoiceField(
        label="Units",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="For the last choice above. What is below a chosen unit follows it.",
        error_messages={"invalid_choice": "%(value)s is no open unit. Choose others."},
    )
    model_version = forms.ModelChoiceField(
        OperatingModelVersion.objects.none(),
        label="Operating model",
        empty_label="Choose a model",
        error_messages={"required": "Choose an operating model."},
    )
    centre = UnitField(label="Centre", required=False, empty_label="No centre")
    risk_limit = forms.ChoiceField(
        label="Mandates up to risk",
        required=False,
        choices=[("", "As the model proposes"), *((level.value, level.value.capitalize()) for level in RiskLevel)],
        help_text="Only where the model delegates: units may grant exceptions up to this risk.",
    )
    mandate_until = day_field("Mandates end on", "Only where the model delegates. Empty takes what the model proposes.")
    title = forms.CharField(
        label="Title",
        max_length=200,
        help_text="What people call the plan, for example: Retail under the central team.",
        error_messages={"required": "Enter a title for the plan."},
    )
    reason = forms.CharField(
        label="Reason",
        max_length=LONG,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Goes to whoever confirms the plan, and stays on record.",
        error_messages={"required": "Enter why the model changes."},
    )

    def __init__(self, *args: Any, world: World, versions: list[OperatingModelVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.world = world
        self._fill_units(world)
        self._fill_versions(versions)
        rows = centres()
        fill_units(self, "centre", rows)
        for capability in Capability:
            name = f"centre_{capability.value}"
            self.fields[name] = UnitField(label=capability.label, required=False, empty_label="As above")
            fill_units(self, name, rows)
        place = [*list(self.base_fields)[:4], *(f"centre_{each.value}" for each in Capability)]
        self.order_fields([*place, "risk_limit", "mandate_until", "title", "reason"])

    def _fill_units(self, world: World) -> None:
        rows = [unit for unit in world.units if not unit.closed and unit.parent is not None]
        if len(rows) > MOST_LISTED:
            self.fields["units"] = forms.CharField(
                label="Units",
                required=False,
                max_length=LONG,
                widget=forms.Textarea(attrs={"rows": 4}),
                help_text="Codes of units, parted by spaces or commas. What is below a chosen unit follows it.",
            )
            return
        # Em spaces show the place in the tree to the eye; the code tells units of one name apart.
        choices = [
            (unit.code, "\u2003" * (len(world.ancestors(unit.id)) - 1) + f"{unit.name} ({unit.code})")
            for unit in in_tree_order(world)
            if unit in rows
        ]
        self.fields["units"].choices = choices  # type: ignore[attr-defined]

    def _fill_versions(self, versions: list[OperatingModelVersion]) -> None:
        field = self.fields["model_version"]
        field.queryset = OperatingModelVersion.objects.select_related("family")  # type: ignore[attr-defined]
        field.widget = forms.Select(
            choices=[("", "Choose a model"), *((row.pk, f"{row}: {need_of(model_of(row))}") for row in versions)]
        )

    @property
    def centre_fields(self) -> list[forms.BoundField]:
        """The fields that name another centre for one capability."""
        return [self[f"centre_{capability.value}"] for capability in Capability]

    @property
    def names_centres(self) -> bool:
        """Whether another centre is named, or one of those fields is wrong, so that they are shown open."""
        return any(field.value() or field.errors for field in self.centre_fields)

    def clean_units(self) -> list[str]:
        """Return the codes that were chosen or typed."""
        value = self.cleaned_data["units"]
        codes = re.split(r"[\s,;]+", value.strip()) if isinstance(value, str) else list(value)
        return [code for code in codes if code]

    def clean_mandate_until(self) -> Any:
        """Refuse a day that is over."""
        day = self.cleaned_data["mandate_until"]
        if day is not None and day <= timezone.localdate():
            raise forms.ValidationError("Choose a day after today.")
        if day is not None:
            refuse_far(day)
        return day

    def clean(self) -> dict[str, Any]:
        """Find the units that were meant, and refuse a choice of none."""
        cleaned = super().clean() or self.cleaned_data
        if "units" not in cleaned or "where" not in cleaned:
            return cleaned
        if cleaned["where"] == UNITS:
            cleaned["chosen"] = self._chosen(cleaned["units"])
        elif cleaned["units"]:
            self.add_error("where", "You chose single units below. Choose “Only the units chosen below”, or no unit.")
        else:
            cleaned["chosen"] = self._whole(and_own=cleaned["where"] == EVERY)
        return cleaned

    def _whole(self, *, and_own: bool) -> list[BusinessUnit]:
        rows = list(open_units().filter(parent__isnull=True)[:1])
        if not rows:
            self.add_error("where", "There is no organisation yet. Add the first unit.")
        if not and_own:
            return rows
        centre = self.cleaned_data.get("centre")
        own = {row.unit for row in self.world.snapshot.assignments if row.capability is None}
        own -= {row.pk for row in [*rows, centre] if row is not None}
        return rows + list(open_units().filter(pk__in=own))

    def _chosen(self, codes: list[str]) -> list[BusinessUnit]:
        if not codes:
            self.add_error("units", "Choose at least one unit, or the whole organisation.")
        known = {row.code: row for row in open_units().filter(code__in=[*codes, *(code.upper() for code in codes)])}
        if missing := [code for code in codes if code not in known and code.upper() not in known]:
            self.add_error("units", f"No open unit has the code {', '.join(missing[:5])}.")
        return list(known.values())

    def planned(self) -> list[PlannedAssignment]:
        """Return the assignments that were asked for; mandates only where the model delegates."""
        values = self.cleaned_data
        delegates = Mode.DELEGATED in model_of(values["model_version"]).modes.values()
        named = {
            capability: unit.pk
            for capability in Capability
            if (unit := values.get(f"centre_{capability.value}")) is not None and unit != values["centre"]
        }
        return [
            PlannedAssignment(
                unit=unit.pk,
                model_version=values["model_version"].pk,
                centre=values["centre"].pk if values["centre"] is not None else None,
                centres=named,
                risk_limit=RiskLevel(values["risk_limit"]) if values["risk_limit"] and delegates else None,
                mandate_until=values["mandate_until"] if delegates else None,
            )
            for unit in dict.fromkeys(values["chosen"])
        ]


class StepForm(KeepsTyped):
    """A step of a plan with what the person says to it, bound to the plan they read."""

    comment = forms.CharField(
        label="Comment",
        required=False,
        strip=False,
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Needed to refuse. Stays on record.",
    )
    seen_hash = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)


def in_tree_order(world: World) -> list[Any]:
    """Return every unit, each right after the one above it and among its siblings by name."""
    found: list[Any] = []
    stack = [unit for unit in world.units if unit.parent is None]
    while stack:
        unit = stack.pop()
        found.append(unit)
        below = [world.unit(child) for child in world.children(unit.id)]
        stack.extend(sorted(below, key=lambda each: each.name, reverse=True))
    return found
