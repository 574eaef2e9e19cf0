"""The compiled permissions in the database: read, compared, and changed by the difference alone.

The only writer of grants (``RemitGroupPermission``), parties (``Party`` on ``auth.Group``) and their people. Runs
inside a change of the ledger, under the lock of the one ``PermissionState`` row, so that two changes of the
organisation never compile past each other.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models import CharField, Field, Model
from django.utils import timezone

from governance import failpoints, ledger
from governance.compiler.compile import compile_world
from governance.compiler.compiled import Compiled
from governance.compiler.compiled import Party as PartyKey
from governance.compiler.snapshot import RemitKey
from governance.compiler.world import World
from governance.events import PERMISSIONS_COMPILED
from governance.failpoints import failpoint
from governance.models import Party, PermissionState, Remit, RemitGroupPermission
from governance.permissions import standing
from governance.permissions.expressions import AnyOf
from governance.permissions.snapshots import load_snapshot, next_boundary
from governance.rights import Right
from governance.vocabulary import Capability

CHUNK = 500
MANY = 50_000
"""So many rows of the compilation are written by one statement."""
BEFORE_PARTIES = failpoints.declare("permissions.before_parties")
AFTER_PARTIES = failpoints.declare("permissions.after_parties")
AFTER_REMOVED = failpoints.declare("permissions.after_removed_grants")
AFTER_ADDED = failpoints.declare("permissions.after_added_grants")
BEFORE_EPOCH = failpoints.declare("permissions.before_epoch")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Applied:
    """How many rows a compilation changed, with the world it stands on."""

    world: World
    compiled: Compiled
    grants_added: int
    grants_removed: int
    people_added: int
    people_removed: int
    remits_changed: int

    @property
    def touched(self) -> int:
        """All rows added, removed or rewritten."""
        return self.grants_added + self.grants_removed + self.people_added + self.people_removed + self.remits_changed


@dataclass(frozen=True, slots=True)
class Drift:
    """Where the stored permissions differ from what compiling says now; empty when they agree."""

    lines: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.lines)


_after_compile: list[Callable[[ledger.Change, World], None]] = []


def after_compile(function: Callable[[ledger.Change, World], None]) -> None:
    """Have ``function(change, world)`` called inside the change after each compilation that touched something."""
    if function not in _after_compile:
        _after_compile.append(function)


def lock() -> PermissionState:
    """Return the one state row, locked until the transaction ends."""
    PermissionState.objects.get_or_create(pk=1)
    return PermissionState.objects.select_for_update().get(pk=1)


def hold() -> PermissionState:
    """Return the one state row as it is: nobody compiles until this transaction ends.

    Many may hold at once, and ``lock`` waits for them all. Whoever decides holds first and locks requests after, in the
    order in which a compilation does. On SQLite the transaction, begun IMMEDIATE, holds everything already.
    """
    table = connection.ops.quote_name(PermissionState._meta.db_table)
    shared = " FOR SHARE" if connection.vendor == "postgresql" else ""
    # Django has no word for FOR SHARE.
    rows = PermissionState.objects.raw(f"SELECT * FROM {table} WHERE id = 1{shared}")  # noqa: S608 - a fixed table name
    held = next(iter(rows), None) or PermissionState(pk=1)
    standing.saw_epoch(held.epoch)
    return held


def recompile(change: ledger.Change) -> Applied:
    """The stored permissions equal what the organisation says now; only the difference was written.

    Call it within ``ledger.change`` after the rows it stands on were changed. Records ``permissions.compiled`` when
    something changed, and lets running requests follow the people.
    """
    state = lock()
    world = World(load_snapshot())
    applied = _write(world, compile_world(world))
    failpoint(BEFORE_EPOCH)
    state.compiled_at = timezone.now()
    state.epoch = _next_epoch(state)
    state.next_boundary = next_boundary(state.compiled_at)
    state.save(update_fields=["epoch", "compiled_at", "next_boundary"])
    standing.forget()
    if applied.touched:
        _record(change, state, applied)
    for follow in _after_compile:
        follow(change, world)
    return applied


def _next_epoch(state: PermissionState) -> int:
    """Another epoch than any before. Always: a delegation or a mandate changes who decides and may change no grant.

    By the clock, so that an epoch that was undone never comes again: what a process kept under it, read inside the
    undone transaction, would be taken for the next one's.
    """
    assert state.compiled_at is not None
    return max(state.epoch + 1, int(state.compiled_at.timestamp() * 1_000_000))


def find_drift(most: int = 50) -> Drift:
    """Return the first ``most`` differences between stored and compiled permissions, each as a sentence."""
    world = World(load_snapshot())
    compiled = compile_world(world)
    names = {unit.id: unit.code for unit in world.units}
    lines: list[str] = []
    stored = _Stored()
    wanted_people = {(_name(party), user) for party, users in compiled.parties.items() for user in users}
    held_people = stored.people()
    lines += [f"Person {user} is missing from {party}." for party, user in sorted(wanted_people - held_people)]
    lines += [f"Person {user} is in {party} without cause." for party, user in sorted(held_people - wanted_people)]
    remits = {pk: (unit, capability) for pk, unit, capability in stored.remits}
    wanted = {
        (_name(grant.party), grant.remit.unit, grant.remit.capability.value, grant.right.value)
        for grant in compiled.grants
    }
    held = {(party, *remits[remit], right) for party, remit, right, _ in stored.grants()}
    lines += [f"The grant of {r} in {names[u]}/{c} to {p} is missing." for p, u, c, r in sorted(wanted - held)]
    lines += [f"The grant of {r} in {names[u]}/{c} to {p} has no cause." for p, u, c, r in sorted(held - wanted)]
    lines += [
        f"The remit {names[remits[pk][0]]}/{remits[pk][1]} shows another mode than holds."
        for pk in sorted(_changed_remits(compiled))
    ]
    return Drift(tuple(lines[:most]))


def _record(change: ledger.Change, state: PermissionState, applied: Applied) -> None:
    change.record(
        PERMISSIONS_COMPILED,
        stream=ledger.stream("organisation", "permissions"),
        subject_title="the organisation",
        after={
            "epoch": state.epoch,
            "grants_added": applied.grants_added,
            "grants_removed": applied.grants_removed,
            "people_added": applied.people_added,
            "people_removed": applied.people_removed,
            "remits_changed": applied.remits_changed,
        },
    )


def _name(party: PartyKey) -> str:
    parts = (party.kind.value, party.unit, party.capability and party.capability.value, party.role and party.role.value)
    return ":".join("" if part is None else str(part) for part in parts)


class _Stored:
    """What the tables hold, by party name."""

    def __init__(self) -> None:
        self.groups: dict[str, int] = dict(Group.objects.filter(party__isnull=False).values_list("name", "pk"))
        self.by_group = {pk: name for name, pk in self.groups.items()}
        self.remits = list(Remit.objects.values_list("pk", "unit_id", "capability"))

    def people(self) -> set[tuple[str, int]]:
        rows = _through().objects.filter(group__party__isnull=False).values_list("group_id", "user_id")
        return {(self.by_group[group], user) for group, user in rows}

    def grants(self) -> Iterable[tuple[str, int, str, str]]:
        rows = RemitGroupPermission.objects.order_by().values_list(
            "group_id", "content_object_id", "permission__codename", "relations"
        )
        return ((self.by_group.get(group, f"group {group}"), remit, right, why) for group, remit, right, why in rows)


def _through() -> Any:
    return get_user_model()._meta.get_field("groups").remote_field.through


def _write(world: World, compiled: Compiled) -> Applied:
    failpoint(BEFORE_PARTIES)
    stored = _Stored()
    wanted_parties = {_name(party): party for party in compiled.parties}
    _make_parties(wanted_parties, stored)
    people_added, people_removed = _write_people(compiled, stored)
    failpoint(AFTER_PARTIES)
    grants_added, grants_removed = _write_grants(compiled, stored)
    _drop_parties(set(stored.groups) - set(wanted_parties), stored)
    return Applied(world, compiled, grants_added, grants_removed, people_added, people_removed, _write_remits(compiled))


def _make_parties(wanted: dict[str, PartyKey], stored: _Stored) -> None:
    missing = [name for name in wanted if name not in stored.groups]
    groups = Group.objects.bulk_create([Group(name=name) for name in missing], batch_size=CHUNK)
    Party.objects.bulk_create(
        [
            Party(
                group=group,
                kind=wanted[group.name].kind.value,
                unit_id=wanted[group.name].unit,
                capability=wanted[group.name].capability or "",
                role=wanted[group.name].role or "",
            )
            for group in groups
        ],
        batch_size=CHUNK,
    )
    for group in groups:
        stored.groups[group.name] = group.pk
        stored.by_group[group.pk] = group.name


def _drop_parties(names: set[str], stored: _Stored) -> None:
    for chunk in _chunks(sorted(stored.groups[name] for name in names)):
        Party.objects.filter(pk__in=chunk).delete()
        Group.objects.filter(pk__in=chunk).delete()


def _write_people(compiled: Compiled, stored: _Stored) -> tuple[int, int]:
    through = _through()
    groups = {party: stored.groups[_name(party)] for party in compiled.parties}
    wanted = {(groups[party], user) for party, users in compiled.parties.items() for user in users}
    held = {
        (group, user): pk
        for pk, group, user in through.objects.filter(group__party__isnull=False).values_list(
            "pk", "group_id", "user_id"
        )
    }
    removed = [pk for key, pk in held.items() if key not in wanted]
    added = sorted(key for key in wanted if key not in held)
    _delete(through.objects, removed)
    _insert(through, ("group", "user"), added)
    return len(added), len(removed)


def _write_grants(compiled: Compiled, stored: _Stored) -> tuple[int, int]:
    remits = {(unit, capability): pk for pk, unit, capability in stored.remits}
    groups = {party: stored.groups[_name(party)] for party in compiled.parties}
    permissions = permission_ids()
    wanted = {
        (
            groups[grant.party],
            permissions[grant.right],
            remits[grant.remit.unit, grant.remit.capability.value],
        ): " ".join(relation.value for relation in compiled.reasons.get(grant, ()))
        for grant in compiled.grants
    }
    held: dict[tuple[int, int, int], tuple[int, str]] = {}
    removed: list[int] = []
    rows = RemitGroupPermission.objects.order_by().values_list(
        "pk", "group_id", "permission_id", "content_object_id", "relations"
    )
    for pk, group, permission, remit, relations in rows.iterator(chunk_size=10_000):
        if wanted.get((group, permission, remit)) == relations:
            held[group, permission, remit] = (pk, relations)
        else:
            removed.append(pk)
    _delete(RemitGroupPermission.objects, removed)
    failpoint(AFTER_REMOVED)
    added = [(*key, relations) for key, relations in wanted.items() if key not in held]
    _insert(RemitGroupPermission, ("group", "permission", "content_object", "relations"), added)
    failpoint(AFTER_ADDED)
    return len(added), len(removed)


def key_of(remit: Remit) -> RemitKey:
    """Return the compiler's key of a remit."""
    return RemitKey(remit.unit_id, Capability(remit.capability))


def permission_ids() -> dict[Right, int]:
    """Return the id of the Django permission of every right."""
    rows = dict(
        Permission.objects.filter(content_type__app_label="governance", content_type__model="remit").values_list(
            "codename", "pk"
        )
    )
    return {right: rows[right.value] for right in Right}


def _remit_columns(compiled: Compiled) -> dict[tuple[int, str], tuple[int | None, str, str, int | None]]:
    return {
        (key.unit, key.capability.value): (
            found.model_version,
            found.mode.value,
            found.effective_mode.value,
            found.centre,
        )
        for key, found in compiled.governance.items()
    }


_NOTHING = (None, "", "", None)


def _changed_remits(compiled: Compiled) -> dict[int, tuple[int | None, str, str, int | None]]:
    columns = _remit_columns(compiled)
    rows = Remit.objects.values_list(
        "pk", "unit_id", "capability", "model_version_id", "mode", "effective_mode", "centre_id"
    )
    changed = {}
    for pk, unit, capability, *held in rows:
        wanted = columns.get((unit, Capability(capability).value), _NOTHING)
        if wanted != tuple(held):
            changed[pk] = wanted
    return changed


def _write_remits(compiled: Compiled) -> int:
    changed = _changed_remits(compiled)
    by_value: dict[tuple[int | None, str, str, int | None], list[int]] = {}
    for pk, value in changed.items():
        by_value.setdefault(value, []).append(pk)
    for (version, mode, effective, centre), keys in by_value.items():
        for chunk in _chunks(keys, MANY):
            Remit.objects.filter(AnyOf("pk", chunk)).update(
                model_version_id=version, mode=mode, effective_mode=effective, centre_id=centre
            )
    return len(changed)


def _delete(manager: Any, keys: Sequence[int]) -> None:
    for chunk in _chunks(list(keys), MANY):
        manager.filter(AnyOf("pk", chunk))._raw_delete(manager.db)


def _insert(model: type[Model], names: Sequence[str], rows: Sequence[Sequence[int | str]]) -> None:
    """The rows, values in the order of the fields named, are in the table. An array for each column, or all as JSON, is
    one parameter: a switch of ten thousand units takes as many statements as one of ten."""
    quote = connection.ops.quote_name
    fields: list[Field[Any, Any]] = [field for field in map(model._meta.get_field, names) if isinstance(field, Field)]
    columns = ", ".join(quote(str(field.get_attname_column()[1])) for field in fields)
    into = f"INSERT INTO {quote(model._meta.db_table)} ({columns})"
    is_postgresql = connection.vendor == "postgresql"
    if is_postgresql:
        kinds = ("text" if isinstance(field, CharField) else "bigint" for field in fields)
        source = f"SELECT * FROM unnest({', '.join(f'%s::{kind}[]' for kind in kinds)})"  # noqa: S608 - fixed kinds
    else:
        values = ", ".join(f"json_extract(value, '$[{place}]')" for place in range(len(fields)))
        source = f"SELECT {values} FROM json_each(%s)"  # noqa: S608 - numbers of columns
    with connection.cursor() as cursor:
        for chunk in _chunks(rows, MANY):
            given = [list(column) for column in zip(*chunk, strict=True)] if is_postgresql else [json.dumps(chunk)]
            cursor.execute(f"{into} {source}", given)


def _chunks(items: Sequence[Item], size: int = CHUNK) -> Iterable[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
