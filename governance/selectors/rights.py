"""Who may do what in one remit, read from the stored grants, with the reason of every answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model

from governance.compiler.compiled import Governance
from governance.compiler.snapshot import RemitKey
from governance.compiler.world import World
from governance.figures import RIGHT_GROUPS, Answer, Holder, RightCell, RoleRow
from governance.models import Membership, Party, Remit, RemitGroupPermission
from governance.permissions.explaining import MODE_SENTENCES, RELATION_WORDS
from governance.rights import Right
from governance.vocabulary import Capability, Mode, Role

NAMED = 4
"""So many people of a role are named in a reason; the rest are counted."""

PartyKey = tuple[str, int | None, str]
"""A party of one remit: kind, unit and role, the last two empty where the kind does not use them."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A way of standing to a remit: its address in the query, its words, and the parties that such a person is in."""

    key: str
    label: str
    one: str
    section: str
    held_by: Holder
    parties: frozenset[PartyKey]
    own: PartyKey
    may_own: bool = True
    """Whether such a person may be the owner of a document."""


@dataclass(frozen=True, slots=True)
class Reason:
    """The answer of one cell in a sentence, the chain behind it, most general first, and a note."""

    verdict: str
    reasons: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class RemitRights:
    """The stored grants of one remit, by relation."""

    remit: Remit
    governance: Governance | None
    world: World
    relations: tuple[Relation, ...]
    grants: Mapping[PartyKey, Mapping[Right, str]]

    def granted(self, relation: Relation, right: Right) -> tuple[str, ...] | None:
        """Return the stored relations by which such a person holds the right; None where they do not."""
        found = [words for party in relation.parties if (words := self.grants.get(party, {}).get(right)) is not None]
        if not found:
            return None
        return tuple(sorted({word for words in found for word in words.split()}))

    def relation(self, key: str) -> Relation | None:
        """Return the relation under ``key``, None for one that this remit does not have."""
        return next((each for each in self.relations if each.key == key), None)


def rights_in(remit: Remit, world: World) -> RemitRights:
    """Return who holds which right in the remit, by one statement over the stored grants."""
    rows = RemitGroupPermission.objects.filter(content_object=remit).values_list(
        "group__party__kind", "group__party__unit_id", "group__party__role", "permission__codename", "relations"
    )
    grants: dict[PartyKey, dict[Right, str]] = {}
    for kind, unit, role, codename, relations in rows:
        grants.setdefault((kind, unit, role), {})[Right(codename)] = relations
    governance = world.governance(RemitKey(remit.unit_id, Capability(remit.capability)))
    relations = tuple(_relations(remit, governance, world, grants))
    return RemitRights(remit, governance, world, relations, grants)


# The ways of standing to a remit.


def _relations(
    remit: Remit, governance: Governance | None, world: World, grants: Mapping[PartyKey, Mapping[Right, str]]
) -> list[Relation]:
    centre = governance.centre if governance is not None else None
    found = [] if remit.unit.is_centre else _of_the_unit(remit, centre, world, grants)
    if centre is not None:
        found += _of_the_centre(centre, world)
        found += _of_others(remit, centre, grants)
    found += _of_reserve(centre, world, grants)
    organisation: PartyKey = ("organisation", None, "")
    found.append(
        Relation(
            "organisation",
            "Rest of the organisation",
            "somebody elsewhere in the organisation",
            "Elsewhere",
            "unit",
            frozenset({organisation}),
            organisation,
        )
    )
    auditors: PartyKey = ("auditors", None, "")
    found.append(
        Relation(
            "auditor", "Auditor", "an auditor", "Elsewhere", "unit", frozenset({auditors}), auditors, may_own=False
        )
    )
    return found


def _up_to(role: Role) -> list[Role]:
    return [each for each in Role if role.includes(each)]


def _of_the_unit(
    remit: Remit, centre: int | None, world: World, grants: Mapping[PartyKey, Mapping[Right, str]]
) -> list[Relation]:
    unit, name = remit.unit_id, remit.unit.name
    seats = world.seats(centre, Capability(remit.capability)) if centre is not None else ()
    found = []
    for role in Role:
        parties: set[PartyKey] = {("within", unit, ""), ("organisation", None, "")}
        for each in _up_to(role):
            parties |= {("unit", unit, each.value), ("community", centre, each.value), ("council", centre, each.value)}
        if role is Role.LEAD and unit in seats:
            parties.add(("seats", centre, Role.LEAD.value))
        article = "an" if role is Role.AUTHOR else "a"
        own: PartyKey = ("unit", unit, role.value)
        found.append(
            Relation(
                f"unit.{role.value}",
                role.value.capitalize(),
                f"{article} {role.value} of {name}",
                "In the unit",
                "unit",
                frozenset(parties),
                own,
            )
        )
    guests: PartyKey = ("agency", unit, Role.READER.value)
    writers: PartyKey = ("agency", unit, Role.AUTHOR.value)
    found.append(
        Relation(
            "agency", "Outside guest", f"a guest of {name}", "In the unit", "unit", frozenset({guests}), guests, False
        )
    )
    found.append(
        Relation(
            "agency.author",
            "Guest who drafts",
            f"a guest of {name} with role author or lead",
            "In the unit",
            "unit",
            frozenset({guests, writers}),
            writers,
            may_own=False,
        )
    )
    within: PartyKey = ("within", unit, "")
    if world.children(unit):
        found.append(
            Relation(
                "below",
                "In a unit below",
                f"a member of a unit below {name}",
                "In the unit",
                "unit",
                frozenset({within, ("organisation", None, "")}),
                within,
            )
        )
    return found


def _of_the_centre(centre: int, world: World) -> list[Relation]:
    name = world.unit(centre).name
    found = []
    for role in Role:
        parties: set[PartyKey] = {("direct", centre, each.value) for each in _up_to(role)}
        article = "an" if role is Role.AUTHOR else "a"
        found.append(
            Relation(
                f"centre.{role.value}",
                role.value.capitalize(),
                f"{article} {role.value} of {name}",
                f"In {name}",
                "centre",
                frozenset(parties | {("organisation", None, "")}),
                ("direct", centre, role.value),
            )
        )
    return found


def _of_others(remit: Remit, centre: int, grants: Mapping[PartyKey, Mapping[Right, str]]) -> list[Relation]:
    kind = "council" if any(party[0] == "council" for party in grants) else "community"
    what = "a unit in the council" if kind == "council" else "another unit under the same centre"
    if remit.unit.is_centre:
        what = "a unit that it governs"
    governed: PartyKey = ("governed", centre, "")
    found = []
    for role in Role:
        parties: set[PartyKey] = {(kind, centre, each.value) for each in _up_to(role)}
        parties |= {("organisation", None, "")} | ({governed} if remit.unit.is_centre else set())
        own: PartyKey = (kind, centre, role.value)
        # A reader stands for all of them; authors and leads only where they are granted more.
        if (
            role is not Role.READER
            and own not in grants
            and not (role is Role.LEAD and ("seats", centre, "lead") in grants)
        ):
            continue
        seats: PartyKey = ("seats", centre, Role.LEAD.value)
        has_seat = role is Role.LEAD and seats in grants
        if has_seat:
            parties.add(seats)
        article = "an" if role is Role.AUTHOR else "a"
        found.append(
            Relation(
                "seat" if has_seat else f"peer.{role.value}",
                "Lead with a seat"
                if has_seat
                else f"{role.value.capitalize()} of {'a governed unit' if remit.unit.is_centre else 'a peer unit'}",
                "a lead with a seat in the council" if has_seat else f"{article} {role.value} of {what}",
                "Elsewhere",
                "unit",
                frozenset(parties),
                seats if has_seat else governed if remit.unit.is_centre and own not in grants else own,
            )
        )
    return found


def _of_reserve(centre: int | None, world: World, grants: Mapping[PartyKey, Mapping[Right, str]]) -> list[Relation]:
    found = []
    for party, rights in grants.items():
        kind, unit, _ = party
        by_reserve = any("reserve" in why for why in rights.values())
        if kind == "direct" and unit is not None and unit != centre and by_reserve:
            name = world.unit(unit).name
            found.append(
                Relation(
                    "reserve",
                    f"Lead of {name}, reserve",
                    f"a lead of {name}, who stands in",
                    "Elsewhere",
                    "centre" if world.is_centre(unit) else "unit",
                    frozenset({party}),
                    party,
                )
            )
    return found


# The matrix.


def matrix_rows(
    found: RemitRights, *, base: str, chosen: tuple[str, str] = ("", "")
) -> list[tuple[str, list[RoleRow]]]:
    """Return the sections of the rights matrix. ``base`` is the query that a cell's own is added to; ``chosen`` is
    the cell, by role and right, whose reason is shown."""
    sections: dict[str, list[RoleRow]] = {}
    for relation in found.relations:
        cells = {
            right: _cell(found, relation, right, base, chosen) for _, rights in RIGHT_GROUPS for right, _ in rights
        }
        sections.setdefault(relation.section, []).append(RoleRow(relation.label, relation.held_by, cells))
    return list(sections.items())


def _cell(found: RemitRights, relation: Relation, right: Right, base: str, chosen: tuple[str, str]) -> RightCell:
    answer, word = _answer(found, relation, right)
    return RightCell(
        answer=answer,
        word=word,
        url=f"?{base}&role={relation.key}&right={right.value}#reason",
        why=_verdict(found, relation, right, answer, word),
        current=chosen == (relation.key, right.value),
    )


def _answer(found: RemitRights, relation: Relation, right: Right) -> tuple[Answer, str]:
    if found.granted(relation, right) is None:
        owns = right is Right.CONFIRM_REVIEW and relation.may_own and found.granted(relation, Right.READ) is not None
        return ("ask", "") if owns else ("no", "")
    word = _part(found, relation, right)
    return ("part", word) if word else ("yes", "")


def _part(found: RemitRights, relation: Relation, right: Right) -> str:
    """The word for a right that is only one part of a decision; empty where it is the whole."""
    mode = _mode(found)
    leads_unit, leads_centre = relation.key in ("unit.lead", "seat"), relation.key == "centre.lead"
    if right is Right.DECIDE and mode is Mode.JOINT:
        return "First" if leads_unit else "Second" if leads_centre else ""
    if right is Right.DECIDE and mode is Mode.COUNCIL:
        return "Vote" if leads_unit else "Chair" if leads_centre else ""
    if right is Right.GRANT_EXCEPTION and mode is Mode.DELEGATED:
        limit = _risk_limit(found)
        return f"To {limit}" if leads_unit else f"Above {limit}" if leads_centre else ""
    return ""


def _mode(found: RemitRights) -> Mode | None:
    return found.governance.effective_mode if found.governance is not None else None


def _risk_limit(found: RemitRights) -> str:
    mandate = found.world.mandate(RemitKey(found.remit.unit_id, Capability(found.remit.capability)))
    return mandate.risk_limit.value if mandate is not None else "the limit"


def _verdict(found: RemitRights, relation: Relation, right: Right, answer: str, word: str) -> str:
    who = relation.one[0].upper() + relation.one[1:]
    does = right.label[0].lower() + right.label[1:]
    if answer == "no":
        return f"No. {who} may not {does} here."
    if answer == "ask":
        return f"Only as the owner of the document. {who} confirms no other review."
    if not word:
        return f"Yes. {who} may {does} here."
    return {
        "First": f"Yes, first of two. {who} decides before the centre does.",
        "Second": f"Yes, second of two. {who} decides after the unit has.",
        "Vote": f"Yes, with one vote. {who} votes in the council.",
        "Chair": f"Yes, in the chair. {who} votes, and decides a tie.",
    }.get(word, f"Yes, in part. {who} grants exceptions {word.lower()} risk.")


# The reason of one cell.


def reason_of(found: RemitRights, relation: Relation, right: Right, *, with_names: bool) -> Reason:
    """Return why such a person may or may not, from the relation to the stored grant, or what is missing."""
    answer, word = _answer(found, relation, right)
    held = found.granted(relation, right)
    chain = [*_rule(found)]
    if with_names and (people := _people(relation)):
        chain.insert(0, people)
    note = "Nobody decides on what they wrote, edited or submitted." if right is Right.DECIDE and held else ""
    if held is not None:
        as_what = _joined_or([RELATION_WORDS.get(name, name) for name in held])
        chain.append(f"As {as_what}: {right.label.lower()} is granted.")
        if "reserve" in held:
            note = "The reserve stands in until somebody nearer holds it."
    else:
        chain.append(_missing(found, right))
    return Reason(_verdict(found, relation, right, answer, word), tuple(chain), note)


def _rule(found: RemitRights) -> list[str]:
    governance, remit, world = found.governance, found.remit, found.world
    label = Capability(remit.capability).label
    if governance is None:
        return [
            f"No operating model is assigned to {remit.unit.name} or above it: nothing is granted, but auditors read."
        ]
    version = str(remit.model_version) if remit.model_version is not None else governance.model_key
    at = world.unit(governance.assigned_at).name if governance.assigned_at is not None else ""
    inherited = f", assigned to {at}" if at and governance.assigned_at != remit.unit_id else ""
    mode = governance.effective_mode
    fallen = ", for no mandate is in force" if governance.mode is not mode else ""
    rule = [f"{version}{inherited}", f"{label} is {mode.value}{fallen}: {MODE_SENTENCES[mode]}"]
    if governance.centre is not None and governance.centre != remit.unit_id:
        rule.append(f"Centre: {world.unit(governance.centre).name}")
    return rule


def _missing(found: RemitRights, right: Right) -> str:
    holders = [each.one for each in found.relations if found.granted(each, right) and each.key != "auditor"]
    if not holders:
        return "Nobody holds this right here."
    return f"No rule grants it. Here it is held by {_joined_or(holders, 'and')}."


def _joined_or(words: Sequence[str], last: str = "or") -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _people(relation: Relation) -> str:
    kind, unit, role = relation.own
    group = Party.objects.filter(kind=kind, unit_id=unit, role=role).values("group_id")
    users = get_user_model().objects.filter(is_active=True, groups__in=group).order_by("name", "pk").distinct()
    names = list(users.values_list("name", flat=True)[: NAMED + 1])
    if not names:
        return "Nobody stands so now"
    if len(names) <= NAMED:
        return f"Now {_joined_or(names, 'and')}"
    return f"Now {', '.join(names[:NAMED])} and {users.count() - NAMED} more"


# May this person do this here?


def remit_of(unit_code: str, capability: str) -> Remit:
    """Return the remit of the open or closed unit with this code; raises ``Remit.DoesNotExist``."""
    return Remit.objects.select_related("unit", "centre", "model_version__family").get(
        unit__code__iexact=unit_code, capability=capability
    )


def capabilities_of(modes: Mapping[Capability, Mode]) -> list[tuple[str, str]]:
    """Return the choices of a capability, each with its mode: ``Digital knowledge management, joint``."""
    return [(each.value, f"{each.label}, {modes[each].value}" if each in modes else each.label) for each in Capability]


def default_unit(actor: Any, world: World) -> int | None:
    """Return the unit a page begins with: the actor's own, else the first open unit that is no centre."""
    own = (
        Membership.objects.valid_at()
        .filter(user=actor.pk, guest=False, unit__closed_at__isnull=True)
        .order_by("pk")
        .values_list("unit_id", flat=True)
        .first()
    )
    if own is not None:
        return int(own)
    units = [unit for unit in world.units if not unit.closed and not unit.kind.is_centre]
    leaves = [unit.id for unit in units if not world.children(unit.id)]
    return leaves[0] if leaves else next((unit.id for unit in world.units), None)
