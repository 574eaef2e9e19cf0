"""Where a person stands: the parties they are in and what these parties may do, resolved once per permission epoch."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.db.models import Count, Exists, IntegerField, QuerySet, Subquery, Value
from django.utils import timezone

from governance import ledger
from governance.models import (
    Membership,
    OrganisationRoleHolding,
    Party,
    PermissionState,
    Remit,
    RemitGroupPermission,
)
from governance.permissions import beyond
from governance.permissions.beyond import NOTHING, Beyond
from governance.permissions.expressions import AnyOf
from governance.rights import Right
from governance.vocabulary import OrganisationRole, Role

NARROW = 2_000
"""Up to so many remits a person's filter is an array of ids; beyond, a correlated look-up walks the list's order."""

_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a right is held. ``remits`` are all of them where they are few, and None where they are more than
    ``NARROW``; ``is_everywhere`` says that there is no other remit. ``permission`` is the right's row, None where the
    right is held nowhere."""

    remits: frozenset[int] | None
    is_everywhere: bool
    permission: int | None

    @property
    def is_nowhere(self) -> bool:
        """Whether the right is held in no remit at all."""
        return self.remits is not None and not self.remits


class Standing:
    """One account's standing at one permission epoch. Reads the grants of a right when it is first asked for."""

    def __init__(self, user_id: int, epoch: int) -> None:
        self.user_id = user_id
        self.epoch = epoch
        self.parties = list(
            Party.objects.filter(group__user=user_id).values_list("group_id", "kind", "unit_id", "capability", "role")
        )
        self.groups = tuple(sorted(row[0] for row in self.parties))
        self.is_auditor = any(row[1] == "auditors" for row in self.parties)
        self._reach: dict[Right, Reach] = {}
        self._rights: dict[int, frozenset[Right]] = {}

    def reach(self, right: Right) -> Reach:
        """Return where ``right`` was granted. What is kept does not grow with the organisation."""
        if right not in self._reach:
            self._reach[right] = self._read_reach(right)
        return self._reach[right]

    def remits(self, right: Right) -> frozenset[int]:
        """Return the ids of all the remits in which ``right`` was granted; for many, read anew each time."""
        few = self.reach(right).remits
        return few if few is not None else frozenset(self._granted(right).values_list("content_object_id", flat=True))

    def _granted(self, right: Right) -> "QuerySet[RemitGroupPermission]":
        granted = RemitGroupPermission.objects.filter(AnyOf("group_id", self.groups), permission__codename=right.value)
        return granted.order_by().distinct()

    def _read_reach(self, right: Right) -> Reach:
        if not self.groups:
            return Reach(frozenset(), False, None)
        remits = Remit.objects.order_by().annotate(one=Value(1)).values("one")
        there_are = Subquery(remits.annotate(count=Count("pk")).values("count"), output_field=IntegerField())
        granted = self._granted(right)
        found = list(
            granted.annotate(there_are=there_are).values_list("content_object_id", "permission_id", "there_are")[
                : NARROW + 1
            ]
        )
        if not found:
            return Reach(frozenset(), False, None)
        _, permission, all_there_are = found[0]
        if len(found) <= NARROW:
            return Reach(frozenset(row[0] for row in found), len(found) == all_there_are, permission)
        return Reach(None, granted.values("content_object_id").count() == all_there_are, permission)

    def rights_in(self, remit_id: int) -> frozenset[Right]:
        """Return every right granted in one remit, by one statement."""
        if remit_id not in self._rights:
            known = frozenset(
                Right(codename)
                for codename in RemitGroupPermission.objects.filter(
                    AnyOf("group_id", self.groups), content_object_id=remit_id
                )
                .order_by()
                .values_list("permission__codename", flat=True)
                .distinct()
            )
            self._rights[remit_id] = known
        return self._rights[remit_id]

    def posts(self, role: Role) -> tuple[frozenset[int], frozenset[int]]:
        """Return the units in which the person holds ``role`` or a higher one: (with reach, by direct membership)."""
        reached = frozenset(unit for _, kind, unit, _, held in self.parties if kind == "unit" and held == role.value)
        direct = frozenset(unit for _, kind, unit, _, held in self.parties if kind == "direct" and held == role.value)
        return reached, direct


@dataclass
class _Scope:
    """What one request has already read."""

    epoch: int | None = None
    public: bool | None = None
    roles: dict[int, frozenset[OrganisationRole]] | None = None
    memberships: dict[int, list[Membership]] = field(default_factory=dict)
    beyond: dict[int, tuple[int, Beyond]] = field(default_factory=dict)


_scope: ContextVar[_Scope | None] = ContextVar("permission_scope", default=None)
_cache: OrderedDict[tuple[str, int, int], Standing] = OrderedDict()
_cache_lock = Lock()


@contextmanager
def one_request() -> Iterator[None]:
    """Within the block the permission epoch is read once; a change of permissions in it is seen at once."""
    token = _scope.set(_Scope())
    try:
        yield
    finally:
        _scope.reset(token)


def forget() -> None:
    """Make the next question read the epoch again: called by whoever changed grants, parties or roles."""
    scope = _scope.get()
    if scope is not None:
        scope.epoch = None
        scope.public = None
        scope.roles = None
        scope.memberships = {}
    with _cache_lock:
        _cache.clear()


def beyond_of(actor: Any) -> Beyond:
    """Return what is open to ``actor`` beyond the model, read once in a request until a change begins in it."""
    if actor.pk is None:
        return NOTHING
    scope, changes = _scope.get(), ledger.changes_begun()
    if scope is None or changes is None:
        return beyond.read(actor.pk)
    known = scope.beyond.get(actor.pk)
    if known is None or known[0] != changes:
        known = scope.beyond[actor.pk] = (changes, beyond.read(actor.pk))
    return known[1]


def saw_epoch(epoch: int) -> None:
    """Make this the epoch of the current ``one_request``: it was just read, under a lock."""
    scope = _scope.get()
    if scope is not None:
        scope.epoch = epoch


def current_epoch(reader: int | None = None) -> int:
    """Return the stored permission epoch, read once within ``one_request``; with it what is open to ``reader``, an
    account, beyond the model."""
    scope = _scope.get()
    if scope is not None and scope.epoch is not None:
        return scope.epoch
    changes = ledger.changes_begun()
    if scope is None or reader is None or changes is None:
        epoch, public = _state()
    else:
        state = PermissionState.objects.filter(pk=1)
        found = state.values_list("epoch", "public_reading", *beyond.columns(reader).values()).first()
        epoch, public = found[:2] if found is not None else (0, False)
        if found is not None:
            scope.beyond[reader] = (changes, beyond.parse(*found[2:]))
    if scope is not None:
        scope.epoch, scope.public = epoch, public
    return epoch


def public_reading() -> bool:
    """Return whether public documents are read without signing in, read once within ``one_request``."""
    scope = _scope.get()
    if scope is not None and scope.public is not None:
        return scope.public
    epoch, public = _state()
    if scope is not None:
        scope.public = public
        scope.epoch = epoch if scope.epoch is None else scope.epoch
    return public


def _state() -> tuple[int, bool]:
    """The stored permission epoch, and whether public documents are open to everybody."""
    return PermissionState.objects.filter(pk=1).values_list("epoch", "public_reading").first() or (0, False)


def standing_of(actor: Any) -> Standing | None:
    """Return where ``actor`` stands; None for people not signed in and for accounts that are not active."""
    if isinstance(actor, AnonymousUser) or not actor.is_active:
        return None
    key = (str(connection.settings_dict["NAME"]), actor.pk, current_epoch(actor.pk))
    with _cache_lock:
        known = _cache.get(key)
        if known is not None:
            _cache.move_to_end(key)
            return known
    fresh = Standing(actor.pk, key[2])
    with _cache_lock:
        _cache[key] = fresh
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return fresh


def organisation_roles(actor: Any, *, at: datetime | None = None) -> frozenset[OrganisationRole]:
    """Return the roles that ``actor`` holds for the whole organisation now."""
    if isinstance(actor, AnonymousUser) or not actor.is_active:
        return frozenset()
    scope = _scope.get()
    if scope is not None and scope.roles is not None and actor.pk in scope.roles and at is None:
        return scope.roles[actor.pk]
    held = frozenset(
        OrganisationRole(role)
        for role in OrganisationRoleHolding.objects.valid_at(at or timezone.now())
        .filter(user=actor.pk)
        .values_list("role", flat=True)
    )
    if scope is not None and at is None:
        scope.roles = {**(scope.roles or {}), actor.pk: held}
    return held


def memberships_now(actor: Any) -> list[Membership]:
    """Return the actor's memberships in force with their units, by the unit's name; read once in ``one_request``."""
    scope = _scope.get()
    if scope is not None and actor.pk in scope.memberships:
        return scope.memberships[actor.pk]
    held = list(all_memberships_now(actor))
    saw_memberships(actor, held)
    return held


def all_memberships_now(actor: Any) -> "QuerySet[Membership]":
    """The rows of ``memberships_now``, to be narrowed by nothing, with the actor's organisation-wide roles beside them.

    Whoever annotates more tells the rows to ``saw_memberships``, so that the rest of the request need not ask.
    """
    holdings = OrganisationRoleHolding.objects.valid_at().filter(user=actor.pk)
    roles = {f"holds_{role.value}": Exists(holdings.filter(role=role)) for role in OrganisationRole}
    rows = Membership.objects.valid_at().filter(user=actor.pk).select_related("unit")
    found: QuerySet[Membership] = rows.annotate(**roles).order_by("unit__name", "pk")
    return found


def saw_memberships(actor: Any, held: list[Membership]) -> None:
    """Make these, the rows of ``all_memberships_now``, what the rest of ``one_request`` knows of the actor."""
    scope = _scope.get()
    if scope is None:
        return
    scope.memberships[actor.pk] = held
    if held and actor.is_active:
        roles = frozenset(role for role in OrganisationRole if getattr(held[0], f"holds_{role.value}"))
        scope.roles = {**(scope.roles or {}), actor.pk: roles}
