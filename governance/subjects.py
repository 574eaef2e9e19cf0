"""What a request can be about, as governance sees it: a small protocol, implemented by the package that owns the thing.

Governance never imports a document. The owning package registers one ``SubjectKind`` under a key when it starts.
"""

from typing import Any, Protocol

from django.db.models import QuerySet

from governance.models import BusinessUnit, Remit, Request


class SubjectKind(Protocol):
    """How governance reaches things of one kind, for example documents."""

    key: str

    def queryset(self) -> "QuerySet[Any]":
        """Every row of the kind; its model is governed and has a ``public_id``."""
        ...

    def locked(self, request: Request) -> Any:
        """The thing that ``request`` is about, nobody else changing it until the transaction ends. The caller holds
        the request's lock; asked again with the same row, it gives the same object."""
        ...

    def remit(self, subject: Any) -> Remit:
        """The remit the thing belongs to."""
        ...

    def title(self, subject: Any) -> str:
        """What people call it, with its number."""
        ...

    def url(self, subject: Any) -> str:
        """Its page."""
        ...

    def authors(self, subject: Any, version: Any) -> frozenset[int]:
        """The natural persons who wrote, edited or submitted that version since the last publication."""
        ...

    def current_hash(self, subject: Any, version: Any) -> str:
        """The hash of the exact version, as it is now; empty when the version is no longer the one proposed."""
        ...

    def apply(self, request: Request, *, actor: Any, change: Any) -> None:
        """What the approving decision brings about is done, in the same transaction."""
        ...

    def release(self, request: Request, *, outcome: str, actor: Any, change: Any) -> None:
        """The thing is free again after a request was sent back, rejected, withdrawn or voided."""
        ...

    def withdraw(self, request: Request, *, actor: Any, change: Any) -> None:
        """What the request published is out of force again, on the word of the post-publication review."""
        ...

    def affected(self, subject: Any) -> dict[str, Any]:
        """Whom a change touches: ``units``, ``people`` (counts) and ``names`` of the units."""
        ...

    def find(self, actor: Any, reference: str) -> Any:
        """The thing people call ``reference`` if ``actor`` may read it, else None as for one that is not there."""
        ...

    def clauses(self, actor: Any, subject: Any) -> list[tuple[str, str]]:
        """The clauses in force as (public id, words), in their order."""
        ...

    def clause_of(self, subject: Any, public_id: str) -> tuple[Any, str]:
        """The public id and words of a clause of the thing; (None, "") for the whole of it."""
        ...

    def presentation(self, actor: Any, request: Request) -> dict[str, Any]:
        """What the request's page shows of the thing: ``template`` and its ``context`` (the change, for a revision),
        ``title_url``; empty where the actor may not read it."""
        ...

    def version_is_open(self, actor: Any, version: Any) -> bool:
        """Whether ``actor`` may read that version, by the one permission filter."""
        ...

    def in_force(self, unit: BusinessUnit | None = None) -> bool:
        """Whether any thing of the kind is in force, in the unit if one is given."""
        ...


_kinds: dict[str, SubjectKind] = {}


def register(kind: SubjectKind) -> None:
    """Requests may be about things of this kind. Registering the same key again replaces it."""
    _kinds[kind.key] = kind


def kinds() -> tuple[str, ...]:
    """Return the keys of the registered kinds."""
    return tuple(sorted(_kinds))


def subject_kind(key: str) -> SubjectKind:
    """Return the kind registered under ``key``; ``LookupError`` on an unknown one."""
    try:
        return _kinds[key]
    except KeyError:
        raise LookupError(f"No kind of subject is registered as {key!r}.") from None


def find_subject(key: str, public_id: Any) -> Any:
    """Return the row a request is about; raises the model's ``DoesNotExist``. Asks no permission."""
    return subject_kind(key).queryset().get(public_id=public_id)


def anything_in_force() -> bool:
    """Return whether any registered thing is in force."""
    return any(kind.in_force() for kind in _kinds.values())


def in_force_in_unit(unit: BusinessUnit) -> bool:
    """Return whether any registered thing of the unit's remits is in force."""
    return any(kind.in_force(unit) for kind in _kinds.values())
