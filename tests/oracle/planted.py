"""Faults that are planted in the compiler, the models and the policy, to see the comparison find each of them.

Each is a small change, as a hurried hand would make it; it is in place while the organisation is written, compiled and
compared, and taken out again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone

from governance.compiler import compile as compiling
from governance.compiler import rules, world
from governance.compiler.compiled import PartyKind
from governance.compiler.rules import (
    AGENCY_AUTHOR,
    BELOW,
    CENTRE_AUTHOR,
    CENTRE_LEAD,
    CENTRES_OWN,
    MODES,
    UNIT_AUTHOR,
    UNIT_LEAD,
)
from governance.compiler.snapshot import Snapshot
from governance.compiler.world import World
from governance.models import PermissionState
from governance.models.validity import ValidQuerySet
from governance.operating_models.schema import Audience
from governance.permissions import beyond, policy, standing, store
from governance.rights import Right
from governance.vocabulary import Capability, Mode
from knowledge.models import Document
from tests.governance.organisations import VERSIONS
from tests.oracle import organisations
from tests.oracle.comparing import Comparison
from tests.policy.stored import for_this_example, write_documents

Patch = pytest.MonkeyPatch
DOCUMENTS = 36


@dataclass(frozen=True)
class Fault:
    """One fault. ``told`` is the organisation in which it shows; what is planted in a model changes the snapshot."""

    name: str
    told: str
    plant: Callable[[Patch], None] = lambda patch: None
    changed: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot


def found(fault: Fault) -> str:
    """The comparison's first sentence about the fault, or nothing: with public documents open to everybody, or not."""
    return _found(fault, public_reading=False) or _found(fault, public_reading=True)


def _found(fault: Fault, *, public_reading: bool) -> str:
    random = Random(fault.name)
    with pytest.MonkeyPatch.context() as patch:
        fault.plant(patch)
        snapshot = fault.changed(organisations.TOLD[fault.told]())
        with for_this_example(snapshot, beside=lambda: organisations.write_what_does_not_hold(random)):
            write_documents(random.choice, [user.id for user in snapshot.users], count=DOCUMENTS)
            PermissionState.objects.update(public_reading=public_reading)
            return next(Comparison().findings(), "")


# --- In the rules of the modes


def _mode(mode: Mode, table: Any = MODES, **changes: Any) -> Callable[[Patch], None]:
    return lambda patch: patch.setitem(table, mode, replace(table[mode], **changes))


def _nobody_below(patch: Patch) -> None:
    audiences = rules._AUDIENCES
    patch.setitem(audiences, Audience.UNIT, tuple(each for each in audiences[Audience.UNIT] if each != BELOW))


def _peers_in_council_are_all_governed(patch: Patch) -> None:
    patch.setattr(rules, "_IN_COUNCIL", {})


def _guests_ask_as_readers(patch: Patch) -> None:
    original = rules._rules

    def told(*columns: Any) -> Any:
        found = dict(original(*columns))
        for held, relations in original(*columns).items():
            if held.kind is PartyKind.AGENCY and held.right is Right.READ:
                found[held._replace(right=Right.ACKNOWLEDGE)] = relations
        return found

    patch.setattr(rules, "_rules", told)


def _closing_changes_nothing(patch: Patch) -> None:
    patch.setattr(compiling, "closed_rules", lambda known: known)


def _the_reserve_confirms_no_reviews(patch: Patch) -> None:
    patch.setattr(compiling, "RESERVE_MAY", tuple(each for each in compiling.RESERVE_MAY if each != "confirm_review"))


# --- In who is what


def _the_reserve_is_the_highest(patch: Patch) -> None:
    def highest(self: World, unit: int, *, excluding: frozenset[int] = frozenset()) -> int | None:
        return next((each for each in reversed(self.ancestors(unit)) if self.leads_left(each)), None)

    patch.setattr(World, "nearest_ancestor_with_lead", highest)


def _no_divisions(patch: Patch) -> None:
    patch.setattr(world, "SEATS_BEFORE_DIVISIONS", 16)


def _a_centres_reach_counts(patch: Patch) -> None:
    original = World.members

    def members(self: World, unit: int, role: Any, *, direct: bool = False) -> Any:
        people = original(self, unit, role, direct=direct)
        return people | self._reaching(unit, role, guest=False) if self.is_centre(unit) else people

    patch.setattr(World, "members", members)


def _any_mandate(patch: Patch) -> None:
    def any_of_them(self: World, remit: Any, centre: int | None) -> int | None:
        return next((each.id for each in self._mandates_of.get(remit, ())), None)

    patch.setattr(World, "_mandate_in_force", any_of_them)


def _auditors_are_people_like_others(patch: Patch) -> None:
    patch.setattr(World, "_counts", lambda self, user: user in self._people and self._people[user].active)


def _whoever_left_still_counts(patch: Patch) -> None:
    original = store.load_snapshot

    def all_active(*moment: Any) -> Snapshot:
        snapshot = original(*moment)
        return replace(snapshot, users=tuple(replace(user, active=True) for user in snapshot.users))

    patch.setattr(store, "load_snapshot", all_active)


def _guests_belong_to_the_organisation(patch: Patch) -> None:
    patch.setattr(
        World,
        "organisation",
        lambda self: self._organisation | {each.user for each in self.snapshot.memberships if each.guest},
    )


def _no_centre_below_a_centre(patch: Patch) -> None:
    patch.setattr(World, "subordinate_centres", lambda self, centre, capability: ())


def _what_ended_still_holds(patch: Patch) -> None:
    patch.setattr(ValidQuerySet, "valid_at", lambda self, moment=None: self.filter(valid_from__lte=timezone.now()))


def _what_begins_tomorrow_holds(patch: Patch) -> None:
    patch.setattr(ValidQuerySet, "valid_at", ValidQuerySet.not_ended)


# --- In the models


def _model(key: str, capability: Capability, **changes: Any) -> Callable[[Snapshot], Snapshot]:
    """One cell of the table says something else; a change of ``centre_published`` is for the whole model."""

    def changed(snapshot: Snapshot) -> Snapshot:
        model = snapshot.models[VERSIONS[key]]
        cells = {
            name: value if name == "centre_published" else {**getattr(model, name), capability: value}
            for name, value in changes.items()
        }
        return replace(snapshot, models={**snapshot.models, VERSIONS[key]: replace(model, **cells)})

    return changed


# --- In the store and the policy


def _two_rights_are_mixed_up(patch: Patch) -> None:
    original = store.permission_ids

    def mixed_up() -> dict[Right, int]:
        ids = original()
        return {**ids, Right.PUBLISH: ids[Right.DECIDE], Right.DECIDE: ids[Right.PUBLISH]}

    patch.setattr(store, "permission_ids", mixed_up)


def _restricted_is_as_internal(patch: Patch) -> None:
    patch.setattr(policy, "_classified_rows", lambda held, governed: policy.EVERYTHING)


def _drafts_are_as_published(patch: Patch) -> None:
    patch.setattr(policy, "_published_rows", lambda governed: policy.EVERYTHING)


def _always_public(patch: Patch) -> None:
    patch.setattr(standing, "public_reading", lambda: True)


def _a_grant_opens_drafts_too(patch: Patch) -> None:
    patch.setattr(beyond.Beyond, "granted", lambda self, right: self.read | self.draft)


def _a_grant_on_drafts_is_for_drafts_alone(patch: Patch) -> None:
    patch.setattr(beyond.Beyond, "granted", lambda self, right: self.read if right is Right.READ else self.draft)


def _whom_a_request_waits_for_reads_every_draft(patch: Patch) -> None:
    def drafts(known: beyond.Beyond, model: Any, path: str) -> Any:
        if known.waiting:
            yield Q(**{f"{policy.governed_of(model).subject}__in": sorted(known.waiting)})

    patch.setattr(policy, "_waiting_versions", drafts)


def _nobody_waits(patch: Patch) -> None:
    patch.setattr(beyond, "parse", lambda waiting, granted: beyond.NOTHING)


def _owners_need_not_read(patch: Patch) -> None:
    original = policy._readable

    def readable(actor: Any, held: Any, model: Any) -> Q:
        known = original(actor, held, model)
        return known | Q(owner_person=held.user_id) if model is Document else known

    patch.setattr(policy, "_readable", readable)


def _readers_own(patch: Patch) -> None:
    original = standing.Standing.posts
    patch.setattr(standing.Standing, "posts", lambda self, role: original(self, standing.Role.READER))


def _whoever_left_is_as_nobody(patch: Patch) -> None:
    patch.setattr(policy, "_is_nobody", lambda actor: True)


FAULTS = (
    Fault("the unit's lead publishes in joint", "centre_of_excellence", _mode(Mode.JOINT, publishes=(UNIT_LEAD,))),
    Fault("a unit drafts in mode centre", "devolved", _mode(Mode.CENTRE, drafts=(CENTRE_AUTHOR, UNIT_AUTHOR))),
    Fault("a guest decides", "independent", _mode(Mode.UNIT, decides=(UNIT_LEAD, AGENCY_AUTHOR))),
    Fault("a guest drafts not", "independent", _mode(Mode.UNIT, drafts=(UNIT_AUTHOR,))),
    Fault("seats have no vote", "evolved", _mode(Mode.COUNCIL, decides=(CENTRE_LEAD,))),
    Fault("peers draft not", "evolved", _mode(Mode.COUNCIL, drafts=(UNIT_AUTHOR, AGENCY_AUTHOR, CENTRE_AUTHOR))),
    Fault("above the limit nobody grants", "devolved", _mode(Mode.DELEGATED, grants_exceptions=(UNIT_LEAD,))),
    Fault("the governed hold no seat", "evolved", _mode(Mode.COUNCIL, CENTRES_OWN, decides=(CENTRE_LEAD,))),
    Fault("nobody below reads", "decentralized", _nobody_below),
    Fault("peers in council are all governed", "evolved", _peers_in_council_are_all_governed),
    Fault("guests acknowledge", "independent", _guests_ask_as_readers),
    Fault("closing changes nothing", "centre_of_excellence", _closing_changes_nothing),
    Fault("the reserve confirms no reviews", "an empty centre", _the_reserve_confirms_no_reviews),
    Fault("the reserve is the highest", "an empty unit", _the_reserve_is_the_highest),
    Fault("sixteen units are seated one by one", "sixteen seats", _no_divisions),
    Fault("reach counts in a centre", "centre_of_excellence", _a_centres_reach_counts),
    Fault("a mandate of any centre is in force", "devolved", _any_mandate),
    Fault("an auditor's memberships count", "centralized", _auditors_are_people_like_others),
    Fault("whoever left still counts", "decentralized", _whoever_left_still_counts),
    Fault("guests belong to the organisation", "centralized", _guests_belong_to_the_organisation),
    Fault("no centre is below a centre", "shared_services", _no_centre_below_a_centre),
    Fault("what ended still holds", "evolved", _what_ended_still_holds),
    Fault("what begins tomorrow holds", "evolved", _what_begins_tomorrow_holds),
    Fault(
        "a cell of the modes",
        "devolved",
        changed=_model("devolved", Capability.FOUNDATION, modes=Mode.JOINT),
    ),
    Fault(
        "a cell of the published",
        "shared_services",
        changed=_model("shared_services", Capability.FOUNDATION, published=frozenset({Audience.UNIT, Audience.CENTRE})),
    ),
    Fault(
        "a cell of the drafts",
        "evolved",
        changed=_model("evolved", Capability.DELIVERY, drafts=frozenset({Audience.UNIT, Audience.CENTRE})),
    ),
    Fault(
        "a cell of the centre's documents",
        "centralized",
        changed=_model("centralized", Capability.STRATEGY, centre_published=frozenset({Audience.GOVERNED})),
    ),
    Fault("two rights are mixed up", "evolved", _two_rights_are_mixed_up),
    Fault("restricted is as internal", "centre_of_excellence", _restricted_is_as_internal),
    Fault("a draft is as published", "centre_of_excellence", _drafts_are_as_published),
    Fault("public documents are always open", "independent", _always_public),
    Fault("a special grant opens drafts too", "devolved", _a_grant_opens_drafts_too),
    Fault("a grant on drafts leaves the document out", "devolved", _a_grant_on_drafts_is_for_drafts_alone),
    Fault("whom a request waits for reads every draft", "evolved", _whom_a_request_waits_for_reads_every_draft),
    Fault("whom a request waits for reads nothing", "evolved", _nobody_waits),
    Fault("named owners need not read", "centralized", _owners_need_not_read),
    Fault("a reader owns as a lead", "decentralized", _readers_own),
    Fault("whoever left reads as nobody does", "decentralized", _whoever_left_is_as_nobody),
)
