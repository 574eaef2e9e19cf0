"""The rules that a model must keep, whoever made it: a file, a form or a copy of another model."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from governance.operating_models.schema import Audience, CentreNeed, OperatingModel
from governance.vocabulary import Capability, Mode, RiskLevel

KEY = re.compile(r"[a-z][a-z0-9_]{0,49}")
LONGEST_NAME = 100
LONGEST_TEXT = 4_000
LONGEST_LAST_CALL = 90
LONGEST_MANDATE = 3_650

PUBLISHED_AUDIENCES = frozenset(Audience) - {Audience.GOVERNED}
CENTRE_AUDIENCES = frozenset({Audience.GOVERNED, Audience.ORGANISATION})
NEEDING_A_CENTRE = frozenset({Audience.CENTRE, Audience.PEERS, Audience.PEER_LEADS})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a model: where (``modes.strategy``), what, and what to do about it."""

    key: str
    message: str
    fix: str


def faults(model: OperatingModel) -> tuple[Fault, ...]:
    """Everything that is wrong with the model, in the order of its file; empty when it may be used."""
    return (*_wording(model), *_centre(model), *_audiences(model), *_defaults(model))


def _wording(model: OperatingModel) -> Iterator[Fault]:
    if not KEY.fullmatch(model.key):
        yield Fault(
            "key",
            f"{model.key!r} cannot be a model's key",
            "use up to 50 small letters, digits and underscores, beginning with a letter",
        )
    if not model.name.strip() or len(model.name) > LONGEST_NAME:
        yield Fault("name", "the name is empty or too long", f"write 1 to {LONGEST_NAME} characters")
    if not model.description.strip():
        yield Fault("description", "the description is empty", "say in a few sentences what the model is")
    texts = {"description": (model.description,), "conditions": model.conditions, "name": (model.name,)}
    texts |= {"advantages": model.advantages, "drawbacks": model.drawbacks}
    for key, lines in texts.items():
        if any("\x00" in line for line in lines):
            yield Fault(key, "the text holds a NUL character", "take the character out")
        if any(len(line) > LONGEST_TEXT for line in lines):
            yield Fault(key, "a text is too long", f"write at most {LONGEST_TEXT} characters")


def _centre(model: OperatingModel) -> Iterator[Fault]:
    if model.centre_need is not CentreNeed.REQUIRED:
        yield from _modes_without_centre(model)
    if model.centre_need is CentreNeed.NONE:
        if model.centre_kinds:
            yield Fault("centre.kinds", "a model without a centre names kinds of centre", "leave the list empty")
        if model.centre_published:
            yield Fault("centre.published", "a model without a centre opens a centre's documents", "empty the list")
    elif not model.centre_kinds:
        yield Fault("centre.kinds", "no kind of centre is named", "name at least one kind of centre")
    yield from (
        Fault("centre.kinds", f"a {kind} is no centre", "name only kinds of centre")
        for kind in sorted(model.centre_kinds)
        if not kind.is_centre
    )
    for audience in sorted(model.centre_published - CENTRE_AUDIENCES):
        yield Fault(
            "centre.published",
            f"a centre's documents cannot be opened to {audience}",
            'use "governed" or "organisation"',
        )


def _modes_without_centre(model: OperatingModel) -> Iterator[Fault]:
    for capability in Capability:
        if model.modes[capability] is not Mode.UNIT:
            yield Fault(
                f"modes.{capability}",
                f"mode {model.modes[capability]} needs a centre, but the model's centre is {model.centre_need}",
                'set centre.need to "required", or the mode to "unit"',
            )


def _audiences(model: OperatingModel) -> Iterator[Fault]:
    for capability in Capability:
        for row, audiences in (("published", model.published[capability]), ("drafts", model.drafts[capability])):
            if Audience.GOVERNED in audiences:
                yield Fault(
                    f"{row}.{capability}", '"governed" is for a centre\'s documents', 'use "peers" or take it out'
                )
            if model.centre_need is CentreNeed.NONE:
                for audience in sorted(audiences & NEEDING_A_CENTRE):
                    yield Fault(
                        f"{row}.{capability}", f"{audience} needs a centre, and the model has none", "take it out"
                    )
        for audience in sorted(model.drafts[capability] - _readers(model, capability) - {Audience.GOVERNED}):
            yield Fault(
                f"drafts.{capability}",
                f"drafts are open to {audience}, but published documents are not",
                f"add {audience} to published.{capability}, or take it out here",
            )


def _readers(model: OperatingModel, capability: Capability) -> frozenset[Audience]:
    """The audiences that published documents are open to, those included in a wider one too."""
    readers = model.published[capability]
    if Audience.ORGANISATION in readers:
        readers |= PUBLISHED_AUDIENCES - {Audience.AGENCY}
    if Audience.PEERS in readers:
        readers |= {Audience.PEER_LEADS}
    return readers


def _defaults(model: OperatingModel) -> Iterator[Fault]:
    days = (
        ("last_call_days", LONGEST_LAST_CALL),
        ("objection_days", LONGEST_LAST_CALL),
        ("mandate_days", LONGEST_MANDATE),
    )
    for key, most in days:
        if not 1 <= getattr(model, key) <= most:
            yield Fault(f"defaults.{key}", f"{getattr(model, key)} is out of range", f"use 1 to {most} whole days")
    if model.mandate_risk_limit not in list(RiskLevel):
        yield Fault(
            "defaults.mandate_risk_limit",
            f"{model.mandate_risk_limit!r} is no risk level",
            f"use one of {', '.join(RiskLevel)}",
        )
