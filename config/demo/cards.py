"""The cards of the sign-in page and the list of things to try, with the addresses where they begin."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.actions.demo import NewDemoRole, put_demo_roles
from accounts.models import User
from config.demo.organisation import Card, Try, fill, organisation
from config.demo.requests import requests
from config.demo.standards import Standard, standards
from governance.models import Request
from knowledge.models import KINDS, Document


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to try: what, and where it begins."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class PlayableCard:
    """Somebody whose part can be played. ``headline`` reads: Continue as Lena Marsh, author: finish STD-0031 …"""

    user: User
    role: str
    line: str
    tasks: tuple[Task, ...]
    featured: bool

    @property
    def headline(self) -> str:
        """The card's sentence."""
        return f"Continue as {self.user.name}, {self.role[:1].lower()}{self.role[1:]}: {self.line}"


_PAGES = {
    "read": "/s/{ref}/",
    "edit": "/s/{ref}/edit/",
    "history": "/s/{ref}/history/",
    "compare": "/s/{ref}/compare/1..{last}/",
    "review": "/s/{ref}/review/",
    "ask-exception": "/requests/new/?ref={ref}&kind=exception",
    "import": "/library/imports/new/",
    "requests": "/requests/",
    "library": "/library/",
    "model": "/model/",
    "plan": "/model/plans/new/",
    "plans": "/model/plans/",
    "check": "/model/check/",
    "ledger": "/audit/",
    "decide": "/requests/{request}/",
    "track": "/requests/{request}/",
}


def reference_of(standard: Standard) -> str:
    """Return the number that the document was given: ``STD-0014``."""
    return f"{KINDS[standard.kind][1]}-{standard.number:04}"


def cards() -> list[PlayableCard]:
    """Return the people who can be played, featured ones first; none where the demo is not loaded."""
    accounts = {user.email: user for user in User.objects.filter(is_demo=True, is_active=True, email__in=_addresses())}
    lookup = _Lookup()
    return [
        PlayableCard(
            user=accounts[person.email],
            role=person.card.role,
            line=fill(person.card.line, lookup.titles),
            tasks=lookup.tasks(person.card),
            featured=person.card.featured,
        )
        for person in organisation().cast
        if person.card is not None and person.email in accounts
    ]


def deal() -> int:
    """The sign-in page offers these cards from now on; returns how many."""
    return put_demo_roles(
        [
            NewDemoRole(
                user=card.user,
                headline=card.user.title or card.role,
                does=f"{card.line[:1].upper()}{card.line[1:]}",
                try_this=[(task.text, task.url) for task in card.tasks],
                featured=card.featured,
            )
            for card in cards()
        ]
    )


def tasks_of(user: User) -> tuple[Task, ...]:
    """Return what this person may try; nothing for somebody who has no card."""
    card = next((person.card for person in organisation().cast if person.email == user.email), None)
    return _Lookup().tasks(card) if card is not None and user.is_demo else ()


def _addresses() -> list[str]:
    return [person.email for person in organisation().cast]


class _Lookup:
    """Where the things that cards name are today."""

    def __init__(self) -> None:
        self.references = {standard.key: reference_of(standard) for standard in standards()}
        self.titles = {each.key: f"{self.references[each.key]} {each.title}" for each in standards()}
        self.last = {standard.key: len(standard.published) for standard in standards()}
        self.approvals = self._approvals()
        self.asked = self._asked()

    def tasks(self, card: Card) -> tuple[Task, ...]:
        """The card's things to try; what is no longer there is left out."""
        return tuple(task for each in card.tries if (task := self._task(each)) is not None)

    def _task(self, each: Try) -> Task | None:
        number = self.asked.get(each.request or "") or self.approvals.get(self.references.get(each.document or "", ""))
        address = _PAGES[each.page]
        if "{request}" in address and not number:
            return None
        url = address.format(
            ref=self.references.get(each.document or ""), last=self.last.get(each.document or ""), request=number
        )
        return Task(fill(each.text, self.titles), url)

    def _approvals(self) -> Mapping[str, str]:
        """The newest approval of each document that a card may name."""
        numbers = dict(Document.objects.filter(number__in=self.references.values()).values_list("public_id", "number"))
        rows = Request.objects.filter(kind=Request.Kind.PUBLICATION, subject_id__in=numbers).order_by("opened_at")
        return {numbers[row.subject_id]: row.number for row in rows.only("subject_id", "number")}

    def _asked(self) -> Mapping[str, str]:
        """The requests of the story: known by who asked and why, for their numbers follow the calendar."""
        wanted = {each.why: each.key for each in requests()}
        rows = Request.objects.filter(submitted_by__is_demo=True, reason__in=wanted).values_list("reason", "number")
        return {wanted[reason]: number for reason, number in rows}
