"""The events of governance, each with the words in which people read it."""

from governance.ledger.events import declare

# Units, people and their roles
UNIT_CREATED = declare("unit.created", "Unit created", sentence="{actor} created the unit {subject}").name
UNIT_RENAMED = declare("unit.renamed", "Unit renamed", sentence="{actor} renamed the unit {subject}").name
UNIT_KIND_CHANGED = declare(
    "unit.kind_changed", "Unit's kind changed", sentence="{actor} changed the kind of the unit {subject}"
).name
UNIT_MOVED = declare("unit.moved", "Unit moved", sentence="{actor} moved the unit {subject}").name
UNIT_CLOSED = declare("unit.closed", "Unit closed", sentence="{actor} closed the unit {subject}").name
MEMBERSHIP_GRANTED = declare(
    "membership.granted", "Membership granted", sentence="{actor} granted a membership of {subject}"
).name
MEMBERSHIP_ENDED = declare(
    "membership.ended", "Membership ended", sentence="{actor} ended a membership of {subject}"
).name
ORGANISATION_ROLE_GRANTED = declare(
    "organisation_role.granted",
    "Organisation-wide role granted",
    sentence="{actor} granted an organisation-wide role: {subject}",
).name
ORGANISATION_ROLE_ENDED = declare(
    "organisation_role.ended",
    "Organisation-wide role ended",
    sentence="{actor} ended an organisation-wide role: {subject}",
).name

# Operating models and how they apply
OPERATING_MODEL_VERSION_CREATED = declare(
    "operating_model.version_created",
    "Operating model version created",
    sentence="{actor} created a version of the operating model {subject}",
).name
ASSIGNMENT_CHANGED = declare(
    "assignment.changed", "Operating model assigned", sentence="{actor} changed the operating model of {subject}"
).name
TRANSITION_PLANNED = declare(
    "transition.planned", "Transition planned", sentence="{actor} planned the transition of {subject}"
).name
TRANSITION_CONFIRMED = declare(
    "transition.confirmed", "Transition confirmed", sentence="{actor} confirmed the transition of {subject}"
).name
TRANSITION_APPLIED = declare(
    "transition.applied", "Transition applied", sentence="{actor} applied the transition of {subject}"
).name
TRANSITION_CANCELLED = declare(
    "transition.cancelled", "Transition cancelled", sentence="{actor} cancelled the transition of {subject}"
).name
PERMISSIONS_COMPILED = declare(
    "permissions.compiled", "Permissions compiled", sentence="{actor} compiled the permissions of {subject}"
).name

# What one person or unit may do by name
MANDATE_CREATED = declare("mandate.created", "Mandate created", sentence="{actor} gave a mandate to {subject}").name
MANDATE_ENDED = declare("mandate.ended", "Mandate ended", sentence="{actor} ended a mandate of {subject}").name
DELEGATION_CREATED = declare(
    "delegation.created", "Delegation created", sentence="{actor} delegated for {subject}"
).name
DELEGATION_ENDED = declare(
    "delegation.ended", "Delegation ended", sentence="{actor} ended a delegation for {subject}"
).name
SPECIAL_GRANT_CREATED = declare(
    "special_grant.created", "Special grant created", sentence="{actor} granted a right on {subject}"
).name
SPECIAL_GRANT_ENDED = declare(
    "special_grant.ended", "Special grant ended", sentence="{actor} ended a granted right on {subject}"
).name

# Approvals
APPROVAL_SUBMITTED = declare(
    "approval.submitted", "Submitted for approval", sentence="{actor} submitted {subject} for approval"
).name
APPROVAL_STAGE_ENTERED = declare(
    "approval.stage_entered", "Approval stage entered", sentence="{subject} entered the next stage of its approval"
).name
APPROVAL_APPROVED = declare("approval.approved", "Approved", sentence="{actor} approved {subject}").name
APPROVAL_CHANGES_REQUESTED = declare(
    "approval.changes_requested", "Changes requested", sentence="{actor} requested changes to {subject}"
).name
APPROVAL_REJECTED = declare("approval.rejected", "Rejected", sentence="{actor} rejected {subject}").name
APPROVAL_WITHDRAWN = declare(
    "approval.withdrawn", "Approval request withdrawn", sentence="{actor} withdrew {subject} from approval"
).name
APPROVAL_VOIDED = declare("approval.voided", "Approval void", sentence="The approval of {subject} became void").name
APPROVAL_UNDECIDABLE = declare(
    "approval.undecidable", "Approval undecidable", sentence="Nobody is left who may decide on {subject}"
).name
APPROVAL_OBJECTED = declare("approval.objected", "Objection raised", sentence="{actor} objected to {subject}").name
APPROVAL_OBJECTION_CLEARED = declare(
    "approval.objection_cleared", "Objection cleared", sentence="{actor} cleared the objection to {subject}"
).name
APPROVAL_REASSESSED = declare(
    "approval.reassessed", "Approvers reassessed", sentence="The approvers of {subject} were found anew"
).name
APPROVAL_REVIEWED = declare(
    "approval.reviewed", "Decision reviewed", sentence="{actor} reviewed the decision on {subject}"
).name
APPROVAL_GRANTED = declare(
    "approval.granted", "Approval complete", sentence="The approval of {subject} is complete"
).name
APPROVAL_TAKEN_BACK = declare(
    "approval.taken_back", "Decision taken back", sentence="{actor} took back the decision on {subject}"
).name

# Requests for a change
CHANGE_REQUEST_RAISED = declare(
    "change_request.raised", "Change requested", sentence="{actor} asked for a change to {subject}"
).name
CHANGE_REQUEST_ACCEPTED = declare(
    "change_request.accepted",
    "Change request accepted",
    sentence="{actor} accepted the request for a change to {subject}",
).name
CHANGE_REQUEST_CHANGES_REQUESTED = declare(
    "change_request.changes_requested",
    "Change request returned",
    sentence="{actor} asked for more on the request for a change to {subject}",
).name
CHANGE_REQUEST_REJECTED = declare(
    "change_request.rejected",
    "Change request rejected",
    sentence="{actor} rejected the request for a change to {subject}",
).name
CHANGE_REQUEST_WITHDRAWN = declare(
    "change_request.withdrawn",
    "Change request withdrawn",
    sentence="{actor} withdrew the request for a change to {subject}",
).name
CHANGE_REQUEST_CLOSED = declare(
    "change_request.closed", "Change request closed", sentence="{actor} closed the request for a change to {subject}"
).name

# Requests for an exception
EXCEPTION_REQUEST_RAISED = declare(
    "exception_request.raised", "Exception requested", sentence="{actor} asked for an exception from {subject}"
).name
EXCEPTION_REQUEST_GRANTED = declare(
    "exception_request.granted", "Exception granted", sentence="{actor} granted an exception from {subject}"
).name
EXCEPTION_REQUEST_CHANGES_REQUESTED = declare(
    "exception_request.changes_requested",
    "Exception request returned",
    sentence="{actor} asked for more on the request for an exception from {subject}",
).name
EXCEPTION_REQUEST_REJECTED = declare(
    "exception_request.rejected",
    "Exception rejected",
    sentence="{actor} rejected the request for an exception from {subject}",
).name
EXCEPTION_REQUEST_WITHDRAWN = declare(
    "exception_request.withdrawn",
    "Exception request withdrawn",
    sentence="{actor} withdrew the request for an exception from {subject}",
).name
EXCEPTION_REQUEST_ENDED = declare(
    "exception_request.ended", "Exception ended", sentence="{actor} ended the exception from {subject}"
).name
EXCEPTION_REQUEST_EXPIRED = declare(
    "exception_request.expired", "Exception expired", sentence="The exception from {subject} expired"
).name

# The ledger itself
LEDGER_PAYLOAD_ERASED = declare(
    "ledger.payload_erased", "Ledger payload erased", sentence="{actor} erased what entries of {subject} said"
).name

# What an administrator may not do alone
CONFIRMATION_ASKED = declare(
    "confirmation.asked", "Confirmation asked", sentence="{actor} asks for a confirmation: {subject}"
).name
CONFIRMATION_GIVEN = declare("confirmation.given", "Confirmed", sentence="{actor} confirmed: {subject}").name
CONFIRMATION_REFUSED = declare("confirmation.refused", "Refused", sentence="{actor} refused: {subject}").name
TRANSITION_SENT = declare(
    "transition.sent",
    "Transition waits for confirmation",
    sentence="{actor} asks to confirm the transition of {subject}",
).name
TRANSITION_REFUSED = declare(
    "transition.refused", "Transition refused", sentence="{actor} refused the transition of {subject}"
).name
