"""Writes a generated organisation into the database, with documents of every state in it."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Person, User
from governance import ledger
from governance.compiler.snapshot import Snapshot
from governance.models import (
    Assignment,
    BusinessUnit,
    Delegation,
    Mandate,
    Membership,
    OperatingModelFamily,
    OperatingModelVersion,
    OrganisationRoleHolding,
    PermissionState,
    Remit,
    Request,
    RequestWaiting,
    SpecialGrant,
    UnitClosure,
)
from governance.operating_models.loader import dump
from governance.permissions import policy, store
from governance.vocabulary import Capability
from knowledge.models import Document, Publication, Revision


class Undo(Exception):
    """Ends an example and takes its rows away."""


@contextmanager
def for_this_example(snapshot: Snapshot, *, beside: Callable[[], None] = lambda: None) -> Iterator[None]:
    """The organisation stands in the database until the block ends, with the rows that ``beside`` writes; permissions
    are compiled of both."""
    try:
        with transaction.atomic():
            with transaction.atomic():
                # Within the example's own transaction: the ledger allows only a test case's.
                transaction.get_connection().atomic_blocks[-1]._from_testcase = True
                write_organisation(snapshot, beside=beside)
            policy.forget()
            yield
            raise Undo
    except Undo:
        policy.forget()


def tell_the_planner() -> None:
    """Nothing outside sees an example's rows, so nothing else tells the planner how many there are."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def write_organisation(snapshot: Snapshot, *, beside: Callable[[], None] = lambda: None) -> None:
    """What the snapshot tells are rows, and the permissions compiled."""
    people = {user.person for user in snapshot.users}
    Person.objects.bulk_create(Person(pk=pk, name=f"Person {pk}") for pk in sorted(people))
    User.objects.bulk_create(
        User(
            pk=user.id,
            person_id=user.person,
            name=user.name,
            email=f"user{user.id}@example.org",
            is_active=user.active,
        )
        for user in snapshot.users
    )
    _write_units(snapshot)
    _write_models(snapshot)
    past = timezone.now() - timedelta(days=1)
    Membership.objects.bulk_create(
        Membership(
            user_id=row.user,
            unit_id=row.unit,
            role=row.role.value,
            reach=row.reach.value,
            guest=row.guest,
            valid_from=past,
        )
        for row in snapshot.memberships
    )
    roles = [
        ("administrator", snapshot.administrators),
        ("sponsor", snapshot.sponsors),
        ("auditor", snapshot.auditors),
    ]
    OrganisationRoleHolding.objects.bulk_create(
        OrganisationRoleHolding(user_id=user, role=role, valid_from=past) for role, users in roles for user in users
    )
    Assignment.objects.bulk_create(
        Assignment(
            unit_id=row.unit,
            capability=row.capability.value if row.capability else "",
            model_version_id=row.model_version,
            centre_id=row.centre,
            valid_from=past,
        )
        for row in snapshot.assignments
    )
    remits = {store.key_of(remit): remit for remit in Remit.objects.all()}
    Mandate.objects.bulk_create(
        Mandate(remit=remits[row.remit], centre_id=row.centre, risk_limit=row.risk_limit.value, valid_from=past)
        for row in snapshot.mandates
    )
    for row in snapshot.delegations:
        delegation = Delegation.objects.create(
            delegator_id=row.delegator, substitute_id=row.substitute, valid_from=past
        )
        delegation.remits.set([remits[key] for key in row.remits])
    beside()
    with ledger.change(actor=ledger.SYSTEM) as change:
        if not store.recompile(change).touched:
            change.nothing_happened()


def _write_units(snapshot: Snapshot) -> None:
    for unit in snapshot.units:
        BusinessUnit.objects.create(
            pk=unit.id,
            code=unit.code,
            name=unit.name,
            kind=unit.kind.value,
            closed_at=timezone.now() if unit.closed else None,
        )
    for unit in snapshot.units:
        BusinessUnit.objects.filter(pk=unit.id).update(parent_id=unit.parent)
    parents = {unit.id: unit.parent for unit in snapshot.units}
    for unit in snapshot.units:
        above: int | None = unit.id
        depth = 0
        while above is not None:
            UnitClosure.objects.create(ancestor_id=above, descendant_id=unit.id, depth=depth)
            above, depth = parents[above], depth + 1
    Remit.objects.bulk_create(
        Remit(unit_id=unit.id, capability=capability.value) for unit in snapshot.units for capability in Capability
    )


def _write_models(snapshot: Snapshot) -> None:
    for number, (pk, model) in enumerate(snapshot.models.items(), start=1):
        family, _ = OperatingModelFamily.objects.get_or_create(key=model.key, defaults={"name": model.name})
        OperatingModelVersion.objects.bulk_create(
            [
                OperatingModelVersion(
                    pk=pk, family=family, number=number, source=dump(model), content_hash=model.content_hash
                )
            ]
        )


def write_documents(
    draw: Any, users: list[int], *, count: int, remits: Sequence[Remit] | None = None
) -> list[Document]:
    """``count`` documents in drawn remits: drafts, in force, superseded, retired; restricted, public; owned, granted,
    and waited for."""
    remits = remits or list(Remit.objects.order_by("pk"))
    made = []
    for number in range(count):
        document = Document.objects.create(
            number=f"STD-{number:04d}",
            kind="standard",
            title=f"Document {number}",
            remit=draw(remits),
            classification=draw(["public", "internal", "restricted"]),
            owner_role=draw(["reader", "author", "lead"]),
            owner_person_id=draw([None, None, draw(users)]),
            owner_deputy_id=draw([None, None, draw(users)]),
            updated_at=timezone.now(),
        )
        _live(draw, document)
        _open_otherwise(draw, document, users, number)
        made.append(document)
    PermissionState.objects.update_or_create(pk=1, defaults={"public_reading": draw([True, False])})
    return made


def _live(draw: Any, document: Document) -> None:
    """The document has versions or none: the last in force, or retired, those before it superseded; and a draft."""
    now = timezone.now()
    versions = draw([0, 0, 1, 2])
    for number in range(1, versions + 1):
        document.in_force = _revision(document, number)
        Publication.objects.create(
            revision=document.in_force,
            document=document,
            version_number=number,
            basis="approved",
            published_at=now,
            effective_from=now.date(),
            effective_to=now.date() if number < versions else None,
        )
    if versions:
        document.first_published_at, document.version_number = now, versions
        if draw([True, False, False]):
            document.in_force, document.retired_at = None, now
    if draw([True, False]):
        document.draft = _revision(document, versions + 1)
    document.save()


def _revision(document: Document, sequence: int) -> Revision:
    return Revision.objects.create(
        document=document,
        sequence=sequence,
        title=document.title,
        content_hash=uuid.uuid4().hex,
        created_at=timezone.now(),
    )


def _open_otherwise(draw: Any, document: Document, users: list[int], number: int) -> None:
    if draw([True, False]):
        SpecialGrant.objects.create(
            user_id=draw(users),
            right=draw(["read", "read_draft"]),
            subject_id=document.public_id,
            reason="Because.",
            valid_from=timezone.now() - timedelta(days=1),
            valid_to=draw([None, timezone.now() + timedelta(days=1), timezone.now()]),
        )
    if draw([True, False]):
        request = Request.objects.create(
            number=f"R-{number}",
            kind=draw(["publication", "change"]),
            subject_kind="document",
            subject_id=document.public_id,
            subject_version=document.draft.public_id if document.draft is not None else None,
            subject_title=document.title,
            remit=document.remit,
            submitted_by_id=draw(users),
            opened_at=timezone.now(),
        )
        RequestWaiting.objects.create(request=request, user_id=draw(users), stage="unit", since=timezone.now())
