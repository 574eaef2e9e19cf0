"""The rows that the reading is given: read from the tables as they stand, dates compared here and nothing compiled."""

from datetime import datetime
from typing import Any

from accounts.models import User
from governance.compiler.snapshot import Snapshot
from governance.models import (
    Assignment,
    BusinessUnit,
    Delegation,
    Mandate,
    Membership,
    OrganisationRoleHolding,
    PermissionState,
    RequestWaiting,
    SpecialGrant,
)
from knowledge.models import Document, Revision
from tests.oracle import reading


def stored_rows(now: datetime) -> reading.Rows:
    """Everything that holds at ``now``."""

    def holding(model: Any) -> list[Any]:
        rows = model.objects.order_by("pk")
        return [row for row in rows if row.valid_from <= now and (row.valid_to is None or now < row.valid_to)]

    roles = holding(OrganisationRoleHolding)
    return reading.Rows(
        units=tuple(reading.Unit(*row) for row in _units()),
        accounts=tuple(reading.Account(*row) for row in User.objects.values_list("pk", "person_id", "is_active")),
        memberships=tuple(
            reading.Membership(row.user_id, row.unit_id, row.role, row.reach, row.guest) for row in holding(Membership)
        ),
        assignments=tuple(
            reading.Assignment(row.unit_id, row.capability, row.model_version.family.key, row.centre_id)
            for row in holding(Assignment)
        ),
        mandates=tuple(
            reading.Mandate(row.remit.unit_id, row.remit.capability, row.centre_id) for row in holding(Mandate)
        ),
        delegations=tuple(
            reading.Delegation(
                row.delegator_id,
                row.substitute_id,
                frozenset((remit.unit_id, remit.capability) for remit in row.remits.all()),
            )
            for row in holding(Delegation)
        ),
        administrators=frozenset(row.user_id for row in roles if row.role == "administrator"),
        auditors=frozenset(row.user_id for row in roles if row.role == "auditor"),
        special_grants=tuple(
            reading.SpecialGrant(row.user_id, row.right, row.subject_id) for row in holding(SpecialGrant)
        ),
        waiting=tuple(
            reading.Waiting(row.user_id, row.request.subject_id, row.request.subject_version)
            for row in RequestWaiting.objects.select_related("request")
        ),
        public_reading=PermissionState.objects.filter(public_reading=True).exists(),
    )


def told_rows(snapshot: Snapshot) -> reading.Rows:
    """What a snapshot tells, in the same plain rows."""
    return reading.Rows(
        units=tuple(reading.Unit(row.id, row.kind.value, row.parent, row.closed) for row in snapshot.units),
        accounts=tuple(reading.Account(row.id, row.person, row.active) for row in snapshot.users),
        memberships=tuple(
            reading.Membership(row.user, row.unit, row.role.value, row.reach.value, row.guest)
            for row in snapshot.memberships
        ),
        assignments=tuple(
            reading.Assignment(
                row.unit,
                row.capability.value if row.capability else "",
                snapshot.models[row.model_version].key,
                row.centre,
            )
            for row in snapshot.assignments
        ),
        mandates=tuple(
            reading.Mandate(row.remit.unit, row.remit.capability.value, row.centre) for row in snapshot.mandates
        ),
        delegations=tuple(
            reading.Delegation(
                row.delegator,
                row.substitute,
                frozenset((remit.unit, remit.capability.value) for remit in row.remits),
            )
            for row in snapshot.delegations
        ),
        administrators=snapshot.administrators,
        auditors=snapshot.auditors,
        special_grants=(),
        waiting=(),
        public_reading=False,
    )


def _units() -> list[tuple[int, str, int | None, bool]]:
    rows = BusinessUnit.objects.values_list("pk", "kind", "parent_id", "closed_at")
    return [(pk, kind, parent, closed is not None) for pk, kind, parent, closed in rows]


def stored_documents() -> list[reading.Document]:
    """Every document as the reading knows it."""
    rows = Document.objects.select_related("remit", "draft").order_by("pk")
    return [
        reading.Document(
            row.public_id,
            row.remit.unit_id,
            row.remit.capability,
            row.classification,
            row.first_published_at is not None,
            None if row.draft is None else row.draft.public_id,
            row.owner_role,
            row.owner_person_id,
            row.owner_deputy_id,
        )
        for row in rows
    ]


Revisions = list[tuple[reading.Document, object, bool]]


def stored_revisions(documents: list[reading.Document]) -> Revisions:
    """Every revision: its document, its public id, and whether it was published."""
    known = {document.id: document for document in documents}
    rows = Revision.objects.order_by("pk").values_list("document__public_id", "public_id", "publication__published_at")
    return [(known[document], revision, published is not None) for document, revision, published in rows]
