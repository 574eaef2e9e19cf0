"""Which assignments are refused: the rules that bind a model, the unit it is given to and the centre it names."""

from governance.compiler.snapshot import Unit
from governance.operating_models.schema import CentreNeed, OperatingModel
from governance.vocabulary import Capability


def assignment_problem(
    model: OperatingModel, centre_unit: Unit | None, unit: Unit, *, capability: Capability | None = None
) -> str | None:
    """Why ``unit`` cannot be put under ``model`` with this centre, as a sentence to show; None when it can.

    With ``capability`` the question is about a centre named for that capability alone, which may be of any
    centre kind; without, about the assignment itself.
    """
    refusal = refused_centre(model, centre_unit, unit, capability=capability)
    if refusal is None and unit.closed:
        return f"{unit.name} is closed. Choose a unit that is open."
    if refusal is None and centre_unit is not None and centre_unit.closed:
        return f"{centre_unit.name} is closed, so it cannot govern {unit.name}. Choose a centre that is open."
    return refusal


def refused_centre(
    model: OperatingModel, centre_unit: Unit | None, unit: Unit, *, capability: Capability | None = None
) -> str | None:
    """As :func:`assignment_problem`, but closed units pass: what stood before a closing is still read by its rules."""
    if centre_unit is None:
        return _refused_absence(model, unit, capability)
    if model.centre_need is CentreNeed.NONE:
        return f"The model {model.name} has no centre. Leave the centre of {unit.name} empty."
    if not centre_unit.kind.is_centre:
        return f"{centre_unit.name} is a {centre_unit.kind.label.lower()}, not a centre. Choose a centre."
    if centre_unit.id == unit.id:
        return f"{unit.name} cannot be its own centre. Choose another centre, or none where the model allows it."
    if capability is None and centre_unit.kind not in model.centre_kinds:
        kinds = " or ".join(sorted(kind.label.lower() for kind in model.centre_kinds))
        return f"The model {model.name} needs a {kinds}, and {centre_unit.name} is a {centre_unit.kind.label.lower()}."
    return None


def _refused_absence(model: OperatingModel, unit: Unit, capability: Capability | None) -> str | None:
    if capability is not None:
        return f"No centre is named for {capability.label} in {unit.name}. Name one, or take the row away."
    if model.centre_need is CentreNeed.REQUIRED:
        return f"The model {model.name} needs a centre. Name the centre that governs {unit.name}."
    return None
