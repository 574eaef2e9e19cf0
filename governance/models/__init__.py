"""The tables of the kernel."""

from governance.models.kept_answers import KeptAnswer
from governance.models.ledger import (
    Delivery,
    JobHeartbeat,
    LedgerEntry,
    LedgerPayload,
    LedgerStream,
    WorkerHeartbeat,
)
from governance.models.memberships import ConfirmationRequest, Membership, OrganisationRoleHolding
from governance.models.operating_models import (
    Assignment,
    Delegation,
    Mandate,
    OperatingModelFamily,
    OperatingModelVersion,
    SpecialGrant,
)
from governance.models.organisation import BusinessUnit, Party, Remit, RemitGroupPermission, UnitClosure, UnitPeriod
from governance.models.requests import (
    ChangeRequest,
    Decision,
    ExceptionRequest,
    Objection,
    Request,
    RequestWaiting,
)
from governance.models.transitions import NumberSeries, PermissionState, Transition

__all__ = [
    "Assignment",
    "BusinessUnit",
    "ChangeRequest",
    "ConfirmationRequest",
    "Decision",
    "Delegation",
    "Delivery",
    "ExceptionRequest",
    "JobHeartbeat",
    "KeptAnswer",
    "LedgerEntry",
    "LedgerPayload",
    "LedgerStream",
    "Mandate",
    "Membership",
    "NumberSeries",
    "Objection",
    "OperatingModelFamily",
    "OperatingModelVersion",
    "OrganisationRoleHolding",
    "Party",
    "PermissionState",
    "Remit",
    "RemitGroupPermission",
    "Request",
    "RequestWaiting",
    "SpecialGrant",
    "Transition",
    "UnitClosure",
    "UnitPeriod",
    "WorkerHeartbeat",
]
