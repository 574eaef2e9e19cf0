"""What an operating model is: a mode for each capability, who sees what, and whether it needs a centre.

The rules that bind these values to one another are in :mod:`governance.operating_models.validation`; the file format
is in :mod:`governance.operating_models.loader`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from governance.vocabulary import Capability, Mode, RiskLevel, UnitKind


class Audience(StrEnum):
    """Who a model's rows may open documents to."""

    UNIT = "unit"
    CENTRE = "centre"
    PEERS = "peers"
    PEER_LEADS = "peer_leads"
    AGENCY = "agency"
    GOVERNED = "governed"
    ORGANISATION = "organisation"

    @property
    def label(self) -> str:
        """The audience as people read it, for example ``peers' leads``."""
        return _AUDIENCE_LABELS[self]


_AUDIENCE_LABELS = {
    Audience.UNIT: "unit",
    Audience.CENTRE: "centre",
    Audience.PEERS: "peers",
    Audience.PEER_LEADS: "peers' leads",
    Audience.AGENCY: "agency",
    Audience.GOVERNED: "governed units",
    Audience.ORGANISATION: "organisation",
}


class CentreNeed(StrEnum):
    """Whether a model needs a centre."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class OperatingModel:
    """One version of a digital operating model, as data. It never changes: an edit makes a new version.

    ``published`` and ``drafts`` give, per capability, the audiences of a unit's published documents and drafts.
    ``centre_published`` gives the audiences of the centre's published documents, as the governed unit's model says.
    ``last_call_days`` and ``objection_days`` are whole days; ``mandate_risk_limit`` and ``mandate_days`` are what a
    plan proposes for the mandates that mode delegated creates.
    """

    key: str
    name: str
    modes: Mapping[Capability, Mode]
    published: Mapping[Capability, frozenset[Audience]]
    drafts: Mapping[Capability, frozenset[Audience]]
    centre_published: frozenset[Audience]
    centre_need: CentreNeed
    centre_kinds: frozenset[UnitKind]
    description: str
    conditions: tuple[str, ...]
    advantages: tuple[str, ...]
    drawbacks: tuple[str, ...]
    last_call_days: int = 10
    objection_days: int = 5
    mandate_risk_limit: str = RiskLevel.MEDIUM
    mandate_days: int = 365

    @property
    def content_hash(self) -> str:
        """SHA-256 in hexadecimal over everything the model says: equal content, equal hash, in every process."""
        canonical = json.dumps(as_plain(self), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(b"operating model 1\n" + canonical.encode()).hexdigest()


def as_plain(model: OperatingModel) -> dict[str, object]:
    """The model in plain values, nested as in its file; sets are sorted lists."""
    return {
        "key": model.key,
        "name": model.name,
        "description": model.description,
        "conditions": list(model.conditions),
        "advantages": list(model.advantages),
        "drawbacks": list(model.drawbacks),
        "centre": {
            "need": str(model.centre_need),
            "kinds": _sorted(UnitKind, model.centre_kinds),
            "published": _sorted(Audience, model.centre_published),
        },
        "modes": {str(capability): str(model.modes[capability]) for capability in Capability},
        "published": {str(capability): _sorted(Audience, model.published[capability]) for capability in Capability},
        "drafts": {str(capability): _sorted(Audience, model.drafts[capability]) for capability in Capability},
        "defaults": {
            "last_call_days": model.last_call_days,
            "objection_days": model.objection_days,
            "mandate_risk_limit": str(model.mandate_risk_limit),
            "mandate_days": model.mandate_days,
        },
    }


def _sorted(kind: type[StrEnum], values: frozenset[Audience] | frozenset[UnitKind]) -> list[str]:
    """In the order in which the words are declared, which is the order people know."""
    return [str(value) for value in kind if value in values]
