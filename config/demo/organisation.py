"""The units, assignments and people of the demo organisation, read from its data files. No Django here.

Every day is an offset from today: ``-10`` is ten days ago. The same data and seed give the same people, always.
"""

import random
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from config.demo.people_names import FAMILY, GIVEN
from governance.vocabulary import Capability, OrganisationRole, Reach, RiskLevel, Role, UnitKind

CONTENT = Path(__file__).parent / "content"

_AUTHOR_EVERY = 12
"""One generated person in this many is an author."""
_MOVED_EVERY = 15
"""One generated person in this many worked in another unit before."""
_OLDEST_MEMBERSHIP = 1110
_GUESTS_IN = "LAB"


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """A unit of the invented group; ``share`` is how many people have their post in it."""

    code: str
    name: str
    kind: UnitKind
    parent: str | None
    share: int


@dataclass(frozen=True, slots=True)
class DemoAssignment:
    """The operating model that a unit is under since a day; with a capability it only names another centre."""

    unit: str
    model: str
    centre: str | None
    capability: Capability | None
    since: int
    reason: str
    mandate_risk_limit: RiskLevel | None
    mandate_until: int | None


@dataclass(frozen=True, slots=True)
class DemoMembership:
    """A person's role in a unit, since a day and, where it has ended, until another."""

    unit: str
    role: Role
    since: int
    reach: Reach = Reach.UNIT
    guest: bool = False
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Try:
    """One thing to try: a sentence, and the page, document or request where it begins."""

    text: str
    page: str
    document: str | None = None
    request: str | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """What the sign-in page offers: ``Continue as Lena Marsh, standards author: finish STD-0031``."""

    role: str
    line: str
    tries: tuple[Try, ...]
    featured: bool


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the invented group; those with a card can be played, the generated ones only fill the units."""

    key: str
    name: str
    email: str
    title: str
    memberships: tuple[DemoMembership, ...]
    organisation_role: OrganisationRole | None = None
    card: Card | None = None
    is_generated: bool = False


@dataclass(frozen=True, slots=True)
class Organisation:
    """The whole invented group: ``people`` begins with the named cast and goes on with the generated rest."""

    name: str
    domain: str
    units: tuple[DemoUnit, ...]
    assignments: tuple[DemoAssignment, ...]
    people: tuple[DemoPerson, ...]
    wish: DemoAssignment
    """An assignment that an administrator has planned and nobody has confirmed."""

    @property
    def cast(self) -> tuple[DemoPerson, ...]:
        """The people who can be played, featured ones first."""
        playable = [person for person in self.people if person.card is not None]
        return tuple(sorted(playable, key=lambda person: not (person.card and person.card.featured)))


@cache
def organisation() -> Organisation:
    """Return the invented group, the same on every call."""
    data = tomllib.loads((CONTENT / "organisation.toml").read_text(encoding="utf-8"))
    cast = tomllib.loads((CONTENT / "cast.toml").read_text(encoding="utf-8"))
    units = tuple(_unit(row) for row in data["units"])
    named = tuple(_person(row, data["domain"]) for row in cast["people"])
    rest = tuple(_generated(units, named, domain=data["domain"], seed=data["seed"]))
    assignments = tuple(_assignment(row) for row in data["assignments"])
    return Organisation(data["name"], data["domain"], units, assignments, named + rest, wish=_assignment(data["wish"]))


def fill(text: str, references: Mapping[str, str]) -> str:
    """Return a sentence of a card with each ``{doc:key}`` replaced by that document's reference.

    Raises ``KeyError`` for a document that ``references`` does not name.
    """
    parts = text.split("{doc:")
    filled = [parts[0]]
    for part in parts[1:]:
        key, rest = part.split("}", 1)
        filled.append(references[key] + rest)
    return "".join(filled)


def email_of(name: str, domain: str) -> str:
    """Return the invented address of a person: ``lena.marsh@brackwater.example``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "".join(letter if letter.isalpha() else " " for letter in plain.replace("-", "")).split()
    return f"{'.'.join(words)}@{domain}"


def _unit(row: Mapping[str, Any]) -> DemoUnit:
    return DemoUnit(row["code"], row["name"], UnitKind(row["kind"]), row.get("parent"), row["share"])


def _assignment(row: Mapping[str, Any]) -> DemoAssignment:
    return DemoAssignment(
        unit=row["unit"],
        model=row["model"],
        centre=row.get("centre"),
        capability=Capability(row["capability"]) if "capability" in row else None,
        since=row["since"],
        reason=row["reason"],
        mandate_risk_limit=RiskLevel(row["mandate_risk_limit"]) if "mandate_risk_limit" in row else None,
        mandate_until=row.get("mandate_until"),
    )


def _person(row: Mapping[str, Any], domain: str) -> DemoPerson:
    role = row.get("organisation_role")
    return DemoPerson(
        key=row["key"],
        name=row["name"],
        email=email_of(row["name"].split(" (")[0], domain),
        title=row["title"],
        memberships=tuple(_membership(each) for each in row.get("memberships", ())),
        organisation_role=OrganisationRole(role) if role else None,
        card=_card(row["card"]) if "card" in row else None,
    )


def _membership(row: Mapping[str, Any]) -> DemoMembership:
    return DemoMembership(
        unit=row["unit"],
        role=Role(row["role"]),
        since=row["since"],
        reach=Reach(row.get("reach", Reach.UNIT)),
        guest=row.get("guest", False),
    )


def _card(row: Mapping[str, Any]) -> Card:
    tries = tuple(Try(each["text"], each["page"], each.get("doc"), each.get("request")) for each in row["try"])
    return Card(row["role"], row["line"], tries, row.get("featured", False))


def _generated(
    units: tuple[DemoUnit, ...], named: tuple[DemoPerson, ...], *, domain: str, seed: int
) -> Iterator[DemoPerson]:
    """Fill every unit up to its share with people who have no part in the story."""
    dice = random.Random(seed)  # noqa: S311  the dice of a story, not of a secret
    taken = {person.name for person in named}
    departments = [unit.code for unit in units if unit.share > 10]
    ordinal = 0
    for unit in units:
        present = sum(unit.code in {each.unit for each in person.memberships} for person in named)
        for _ in range(unit.share - present):
            ordinal += 1
            name = _free_name(dice, taken)
            yield DemoPerson(
                key=f"p{ordinal:03}",
                name=name,
                email=email_of(name, domain),
                title=unit.name,
                memberships=tuple(_career(dice, unit, departments, ordinal)),
                is_generated=True,
            )


def _free_name(dice: random.Random, taken: set[str]) -> str:
    while (name := f"{dice.choice(GIVEN)} {dice.choice(FAMILY)}") in taken:
        pass
    taken.add(name)
    return name


def _career(dice: random.Random, unit: DemoUnit, departments: list[str], ordinal: int) -> Iterator[DemoMembership]:
    role = Role.AUTHOR if ordinal % _AUTHOR_EVERY == 0 and not unit.kind.is_centre else Role.READER
    since = -dice.randint(30, _OLDEST_MEMBERSHIP - 200)
    if ordinal % _MOVED_EVERY == 0:
        before = dice.choice([code for code in departments if code != unit.code])
        yield DemoMembership(before, Role.READER, since - dice.randint(60, 199), until=since)
    guest = unit.code == _GUESTS_IN and ordinal % 4 == 0
    yield DemoMembership(unit.code, role, since, guest=guest)
