"""An organisation made of numbers: the same for the same size and seed, always; what each person sees is known.

Plain Python. The tree: a root, a centre, seven divisions, departments in them, ten teams in each department. Everybody
is under one model of unit modes with a centre, so who sees what follows from the tree alone and can be counted here,
without asking the product: published documents of a unit are seen in the unit, in the units below it and in the centre;
drafts in the unit; the centre's documents by everybody whom it governs.
"""

import random
from dataclasses import dataclass, field
from functools import cached_property

from benchmarks.sizes import CENTRE_DOCUMENTS, DIVISIONS, TEAMS_PER_DEPARTMENT, Size

CAPABILITIES = ("strategy", "delivery", "foundation", "operations", "change", "knowledge")
ROOT, CENTRE = 1, 2
MEASURED = 10
"""So many people of each kind take turns."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit; ``parent`` is 0 for the root."""

    id: int
    parent: int
    kind: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody's membership."""

    person: int
    unit: int
    role: str
    reach: str = "unit"


@dataclass(frozen=True, slots=True)
class Document:
    """A document: where it is, how it stands and which of the texts it has."""

    id: int
    unit: int
    capability: str
    published: bool
    drafting: bool
    retired: bool
    restricted: bool
    text: int


@dataclass(frozen=True)
class Organisation:
    """Everything, by id from 1. ``measured`` names the people who take turns: kind → their ids."""

    size: Size
    seed: int
    units: tuple[Unit, ...]
    posts: tuple[Post, ...]
    auditors: tuple[int, ...]
    administrators: tuple[int, int]
    measured: dict[str, tuple[int, ...]]
    _parents: dict[int, int] = field(repr=False)

    def above(self, unit: int) -> list[int]:
        """The unit and every unit above it, itself first."""
        found = [unit]
        while self._parents[found[-1]]:
            found.append(self._parents[found[-1]])
        return found

    @cached_property
    def below(self) -> dict[int, set[int]]:
        """Every unit with itself and all units below it."""
        found: dict[int, set[int]] = {unit.id: set() for unit in self.units}
        for unit in self.units:
            for ancestor in self.above(unit.id):
                found[ancestor].add(unit.id)
        return found

    def documents(self) -> "list[Document]":
        """Every document, the oldest first."""
        rng = random.Random(f"{self.seed} documents")
        centre = min(CENTRE_DOCUMENTS, self.size.documents // 50)
        every = max(1, self.size.documents // centre)
        elsewhere = [unit.id for unit in self.units if unit.id != CENTRE]
        made = []
        for number in range(1, self.size.documents + 1):
            in_centre = number % every == 0 and number // every <= centre
            luck = rng.random()
            made.append(
                Document(
                    id=number,
                    unit=CENTRE if in_centre else rng.choice(elsewhere),
                    capability=rng.choice(CAPABILITIES),
                    published=luck >= 0.05,
                    drafting=luck < 0.08,
                    retired=luck > 0.99,
                    restricted=rng.random() < 0.02,
                    text=rng.randrange(10_000),
                )
            )
        return made

    def sees(self, person: int) -> "tuple[set[int], set[int], bool]":
        """The units of which the person sees published documents, those of which drafts, and whether all of it."""
        if person in self.auditors:
            everything = {unit.id for unit in self.units}
            return everything, everything, True
        published: set[int] = set()
        drafts: set[int] = set()
        for post in self.posts:
            if post.person != person:
                continue
            reached = self.below[post.unit] if post.reach == "subtree" else {post.unit}
            drafts |= reached
            published |= {unit.id for unit in self.units} if post.unit == CENTRE else reached
            published |= set(self.above(post.unit)) | {CENTRE}
        return published, drafts, False

    def count_visible(self, person: int, documents: "list[Document]") -> int:
        """How many documents a measured person (a reader or an auditor) sees in the library."""
        published, drafts, everything = self.sees(person)
        if everything:
            return len(documents)
        return sum(
            not each.restricted and ((each.published and each.unit in published) or (each.unit in drafts))
            for each in documents
        )


def organisation(size: Size, seed: int = 1) -> Organisation:
    """Return the organisation of this size."""
    rng = random.Random(f"{seed} organisation")
    units = _units(size)
    posts, measured, auditors, administrators = _people(size, units, rng)
    parents = {unit.id: unit.parent for unit in units}
    return Organisation(size, seed, tuple(units), tuple(posts), auditors, administrators, measured, parents)


def _units(size: Size) -> list[Unit]:
    units = [
        Unit(ROOT, 0, "organisation", "ORG", "Organisation"),
        Unit(CENTRE, ROOT, "centre_of_excellence", "COE", "Centre of excellence"),
    ]
    divisions = [Unit(3 + n, ROOT, "division", f"D{n + 1}", f"Division {n + 1}") for n in range(DIVISIONS)]
    units += divisions
    rest = size.units - len(units)
    departments = max(DIVISIONS, rest // (TEAMS_PER_DEPARTMENT + 1))
    first = len(units) + 1
    for n in range(departments):
        parent = divisions[n % DIVISIONS]
        units.append(Unit(first + n, parent.id, "department", f"{parent.code}-{n + 1}", f"Department {n + 1}"))
    for n in range(size.units - len(units)):
        parent = units[first - 1 + n % departments]
        units.append(Unit(len(units) + 1, parent.id, "team", f"{parent.code}-{n + 1}", f"Team {n + 1}"))
    return units


def _people(
    size: Size, units: list[Unit], rng: random.Random
) -> tuple[list[Post], dict[str, tuple[int, ...]], tuple[int, ...], tuple[int, int]]:
    """Administrators, auditors, then the people who are measured, then a lead and an author for each unit, readers."""
    posts: list[Post] = []
    following = iter(range(1, size.people + 1))
    administrators = (next(following), next(following))
    auditors = tuple(next(following) for _ in range(MEASURED))
    teams = [unit.id for unit in units if unit.kind == "team"]
    divisions = [unit.id for unit in units if unit.kind == "division"]
    wide = tuple(next(following) for _ in range(MEASURED))
    division = tuple(next(following) for _ in range(MEASURED))
    unit = tuple(next(following) for _ in range(MEASURED))
    posts += [Post(person, CENTRE, "reader") for person in wide]
    posts += [Post(person, divisions[n % len(divisions)], "reader", "subtree") for n, person in enumerate(division)]
    posts += [Post(person, team, "reader") for person, team in zip(unit, _spread(teams, MEASURED), strict=True)]
    for each in units:
        posts.append(Post(next(following), each.id, "lead"))
        posts.append(Post(next(following), each.id, "author"))
    ids = [each.id for each in units]
    for person in following:
        posts.append(Post(person, rng.choice(ids), rng.choice(("reader", "reader", "reader", "author"))))
    measured = {"unit": unit, "division": division, "centre": wide, "auditor": auditors}
    return posts, measured, auditors, administrators


def _spread(items: list[int], count: int) -> list[int]:
    return [items[n * len(items) // count] for n in range(count)]
