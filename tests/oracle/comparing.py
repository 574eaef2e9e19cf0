"""The stored grants and the one permission filter, compared with the reading: every person, right and document."""

from collections import Counter
from collections.abc import Iterator
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from accounts.models import User
from governance.models import RemitGroupPermission
from governance.permissions import policy
from governance.rights import Right
from knowledge.models import Document, Revision
from tests.oracle import reading
from tests.oracle.reading import Reading
from tests.oracle.rows import Revisions, stored_documents, stored_revisions, stored_rows

CENTRES_OWN = "a centre's own"


class Comparison:
    """What was compared of one organisation, or of many added up, and ``wrong``: where the two did not agree.

    ``answers`` counts what the reading says of documents, by model, right and yes or no; the model is that of the
    document's unit, or "a centre's own". ``ways`` counts documents by what they are open to somebody by.
    """

    def __init__(self) -> None:
        self.organisations = 0
        self.triples = 0
        self.grants = 0
        self.revisions = 0
        self.answers: Counter[tuple[str, str, bool]] = Counter()
        self.ways: Counter[str] = Counter()
        self.wrong: list[str] = []

    @classmethod
    def of_what_is_stored(cls) -> Self:
        """Everything that is stored now, compared."""
        one = cls()
        one.wrong = list(one.findings())
        return one

    def add(self, other: "Comparison") -> None:
        """The other's counts are added to these."""
        self.organisations += other.organisations
        self.triples += other.triples
        self.grants += other.grants
        self.revisions += other.revisions
        self.answers += other.answers
        self.ways += other.ways
        self.wrong += other.wrong

    def findings(self) -> Iterator[str]:
        """A sentence for each answer in which the two differ, the stored grants first."""
        self.organisations += 1
        read, documents = Reading(stored_rows(timezone.now())), stored_documents()
        self.ways += Counter(way for document in documents for way in _ways(read, document))
        yield from self._grants(read)
        revisions = stored_revisions(documents)
        for actor in (*User.objects.order_by("pk"), AnonymousUser()):
            with policy.one_request():
                for right in reading.RIGHTS:
                    yield from self._documents(read, documents, actor, right)
                for right in ("read", "read_draft"):
                    yield from self._revisions(read, revisions, actor, right)

    def _grants(self, read: Reading) -> Iterator[str]:
        stored = set(
            RemitGroupPermission.objects.filter(group__user__isnull=False)
            .values_list("group__user", "content_object__unit", "content_object__capability", "permission__codename")
            .order_by()
        )
        promised = {
            (account, unit, capability, right)
            for unit in read.units
            for capability in reading.CAPABILITIES
            for right, accounts in read.holders(unit, capability).items()
            for account in accounts
        }
        self.grants += len(read.rows.accounts) * len(read.units) * len(reading.CAPABILITIES) * len(reading.RIGHTS)
        yield from (f"stored and not promised: {each}" for each in sorted(stored - promised))
        yield from (f"promised and not stored: {each}" for each in sorted(promised - stored))

    def _documents(self, read: Reading, documents: list[reading.Document], actor: User, right: str) -> Iterator[str]:
        shown = set(
            policy.visible(actor, Document.objects.all(), Right(right)).values_list("public_id", flat=True).order_by()
        )
        for document in documents:
            if actor.pk is None:
                promised = right == "read" and read.reads_without_signing_in(document)
            else:
                promised = actor.pk in read.may(right, document)
            self.triples += 1
            self.answers[_model(read, document), right, promised] += 1
            if promised != (document.id in shown):
                yield f"{'hidden' if promised else 'open'} to {actor} ({actor.pk}), {right}: {document}"

    def _revisions(self, read: Reading, revisions: Revisions, actor: User, right: str) -> Iterator[str]:
        shown = set(
            policy.visible(actor, Revision.objects.order_by(), Right(right)).values_list("public_id", flat=True)
        )
        for document, revision, is_published in revisions:
            if actor.pk is None:
                promised = right == "read" and is_published and read.reads_without_signing_in(document)
            else:
                promised = actor.pk in read.may_revision(right, document, revision, is_published=is_published)
            self.revisions += 1
            if promised != (revision in shown):
                said = "hidden" if promised else "open"
                yield f"{said} to {actor} ({actor.pk}), {right}: revision {revision} of {document}"


def _model(read: Reading, document: reading.Document) -> str:
    if read.is_centre(document.unit):
        return CENTRES_OWN
    governance = read.governance(document.unit, document.capability)
    return "no model" if governance is None else governance.model


def _ways(read: Reading, document: reading.Document) -> Iterator[str]:
    """By what the document is open to somebody, besides its makers."""
    unit, capability = document.unit, document.capability
    governance = read.own_governance(unit, capability)
    readers, by_grant = read.may("read", document), read.let_through("read", document)
    if read.units[unit].closed and by_grant - read.auditors:
        yield "in a closed unit"
    people = {
        "by auditing": read.auditors,
        "by a special grant": read.granted(document, "read", "read_draft") - by_grant,
        "by a request that waits": readers - read.opened(document),
        "by signing in": (read.active if read.reads_without_signing_in(document) else reading.NOBODY) - by_grant,
        "by standing in for somebody": read.substitutes(),
    }
    if governance is not None:
        yield f"in mode {governance.mode}"
        holders = read.holders(unit, capability)
        people |= {
            "by the unit": read.members(unit),
            "by reach from above": read.reaching(unit) - read.members(unit),
            "by a unit below": read.everyone_below(unit) - read.reaching(unit),
            "by agency": read.reaching(unit, guest=True) - holders["acknowledge"],
            "by being a peer": read.peers(unit, capability, governance) - read.reaching(unit),
            "by the centre": read.members(governance.centre) - read.members(unit),
            "by being governed": read.readers_of_the_centre(unit, capability) - read.members(unit),
            "by the organisation": read.organisation() - read.reaching(unit),
            "by the reserve": holders["publish"] - read.by_mode(unit, capability, governance)["publish"],
        }
    yield from (way for way, those in people.items() if those & readers)
