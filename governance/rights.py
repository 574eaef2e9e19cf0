"""The rights of Remit, declared once.

A ``Right`` is held on a remit (and through it on the remit's documents) and is compiled from the operating
model; its value is the codename of the Django permission on ``Remit``. A ``Power`` is held for the whole
organisation, by an organisation-wide role, and never opens a document.
"""

from enum import StrEnum

from governance.vocabulary import OrganisationRole


class Right(StrEnum):
    """What a person may do in a remit. ``Right(value)`` raises ``ValueError`` on an unknown right."""

    READ = "read"
    READ_DRAFT = "read_draft"
    DRAFT = "draft"
    SUBMIT = "submit"
    DECIDE = "decide"
    PUBLISH = "publish"
    RETIRE = "retire"
    CONFIRM_REVIEW = "confirm_review"
    REQUEST_CHANGE = "request_change"
    REQUEST_EXCEPTION = "request_exception"
    GRANT_EXCEPTION = "grant_exception"
    ACKNOWLEDGE = "acknowledge"
    IMPORT = "import"

    @property
    def label(self) -> str:
        """The right in words, as a sentence's verb phrase."""
        return _RIGHT_LABELS[self]


_RIGHT_LABELS = {
    Right.READ: "Read published documents",
    Right.READ_DRAFT: "Read drafts",
    Right.DRAFT: "Draft",
    Right.SUBMIT: "Submit for approval",
    Right.DECIDE: "Decide",
    Right.PUBLISH: "Publish",
    Right.RETIRE: "Retire",
    Right.CONFIRM_REVIEW: "Confirm reviews",
    Right.REQUEST_CHANGE: "Ask for a change",
    Right.REQUEST_EXCEPTION: "Ask for an exception",
    Right.GRANT_EXCEPTION: "Grant exceptions",
    Right.ACKNOWLEDGE: "Acknowledge",
    Right.IMPORT: "Import documents",
}


class Power(StrEnum):
    """What an organisation-wide role may do. ``Power(value)`` raises ``ValueError`` on an unknown power."""

    MANAGE_UNITS = "manage_units"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_MODELS = "manage_models"
    PLAN_TRANSITIONS = "plan_transitions"
    CONFIRM_TRANSITIONS = "confirm_transitions"
    EXPLAIN_ANYONE = "explain_anyone"
    READ_LEDGER = "read_ledger"
    READ_DOCUMENT_LEDGER = "read_document_ledger"

    @property
    def holders(self) -> frozenset[OrganisationRole]:
        """The organisation-wide roles that hold this power."""
        return _POWER_HOLDERS[self]


_ADMINISTRATOR = frozenset({OrganisationRole.ADMINISTRATOR})
_POWER_HOLDERS = {
    Power.MANAGE_UNITS: _ADMINISTRATOR,
    Power.MANAGE_PEOPLE: _ADMINISTRATOR,
    Power.MANAGE_MODELS: _ADMINISTRATOR,
    Power.PLAN_TRANSITIONS: _ADMINISTRATOR,
    Power.CONFIRM_TRANSITIONS: frozenset({OrganisationRole.ADMINISTRATOR, OrganisationRole.SPONSOR}),
    Power.EXPLAIN_ANYONE: frozenset({OrganisationRole.ADMINISTRATOR, OrganisationRole.AUDITOR}),
    Power.READ_LEDGER: frozenset({OrganisationRole.ADMINISTRATOR, OrganisationRole.AUDITOR}),
    Power.READ_DOCUMENT_LEDGER: frozenset({OrganisationRole.AUDITOR}),
}
