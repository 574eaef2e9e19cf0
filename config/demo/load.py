"""Loading the demo organisation: its three years are acted out, in their order, through the actions that people use.

Every unit, membership, version, approval and request comes about by the action that a person would take, so the demo
cannot show what Remit would refuse. What it writes is dated by the demo's clock; the ledger writes down beside it when
that was really recorded.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db.models import Q
from django.utils import timezone

from accounts.models import Person, User
from config.demo.cards import deal
from config.demo.clock import Clock
from config.demo.organisation import DemoAssignment, DemoPerson, organisation
from config.demo.requests import DemoDecision, DemoRequest, Kind, Verdict, requests
from config.demo.standards import Standard, Version, standards
from config.events import DEMO_LOADED
from governance import ledger
from governance.actions.dates import follow_dates
from governance.actions.memberships import NewMembership, grant_memberships
from governance.actions.operating_models import install_builtin_models
from governance.actions.organisation_roles import appoint_first_administrator, grant_organisation_role
from governance.actions.requests import ask_change, ask_exception, decide, record_review, withdraw
from governance.actions.transitions import (
    apply_transition,
    confirm_transition,
    plan_transition,
    send_for_confirmation,
)
from governance.actions.units import NewUnit, create_units
from governance.events import MEMBERSHIP_GRANTED
from governance.models import (
    BusinessUnit,
    Delivery,
    NumberSeries,
    OperatingModelVersion,
    PermissionState,
    Remit,
    Request,
    Transition,
)
from governance.permissions.projecting import PlannedAssignment
from governance.vocabulary import OrganisationRole
from knowledge.actions.documents import NewDocument, create_document
from knowledge.actions.drafts import save_draft, start_revision, submit_draft
from knowledge.actions.retirement import propose_retirement
from knowledge.actions.reviews import confirm_review
from knowledge.models import KINDS, ClauseVersion, Document
from knowledge.search.index import index_documents

Say = Callable[[str], None]

FOUNDED = -1119
"""The day on which the group began to use Remit."""
_DAYS_TO_RETIRE = 2
_NEWS_DAYS = 14
_SEARCH = "knowledge.index"
_LATEST_START = 4 * 60
_PAUSE = 11
"""Minutes: the first step of a day is taken at the latest so long after the morning, the next ones so far apart."""
_VERDICTS = {Verdict.APPROVE: "approve", Verdict.SEND_BACK: "request_changes", Verdict.REJECT: "reject"}
_REMARKS = ("Clear.", "", "Read with two colleagues who do this work. Good.", "", "Agreed.", "The examples help. Yes.")


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Something that somebody does on a day; ``rank`` orders the steps of one day."""

    day: int
    rank: int
    ordinal: int
    act: Callable[[], object] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How much was loaded."""

    people: int
    documents: int
    versions: int
    requests: int


class Loader:
    """Acts the demo out once, on an empty database."""

    def __init__(self, *, say: Say, now: datetime | None = None, after_epoch: int = 0) -> None:
        """``after_epoch`` is the last permission epoch of the database that this one takes the place of."""
        self.say = say
        self.after_epoch = after_epoch
        self.clock = Clock(now or timezone.now())
        self.users: dict[str, User] = {}
        self.units: dict[str, BusinessUnit] = {}
        self.documents: dict[str, Document] = {}
        self.opened: dict[str, Request] = {}
        self._minutes = 0
        self._day = FOUNDED - 1

    def load(self) -> Loaded:
        """The demo stands in the database, which was empty; returns how much there is of it."""
        ledger.set_dispatcher(None)
        self._found()
        self._begin_documents()
        self._live_through()
        self._fill_units()
        self._leave_a_plan()
        return self._finish()

    # --- The organisation

    def _found(self) -> None:
        """Units, the cast, models and roles are there on the first day."""
        group = organisation()
        with self._on(FOUNDED):
            # A server may go on running meanwhile; what it keeps in memory is by epoch, so no epoch comes twice.
            PermissionState.objects.create(pk=1, epoch=self.after_epoch)
            install_builtin_models()
            self._make_accounts(group.people)
            administrators = [p for p in group.people if p.organisation_role is OrganisationRole.ADMINISTRATOR]
            first = self.users[administrators[0].key]
            appoint_first_administrator(user=first)
            made = create_units(
                actor=first,
                units=[
                    NewUnit(code=unit.code, name=unit.name, kind=unit.kind, parent=unit.parent or "")
                    for unit in group.units
                ],
            )
            self.units = {unit.code: unit for unit in made}
            self._grant(first, [person for person in group.people if not person.is_generated])
            self._apply(self._plan(FOUNDED, "The operating models of the group"))
            for person in group.people:
                if person.organisation_role is not None and self.users[person.key] != first:
                    grant_organisation_role(actor=first, user=self.users[person.key], role=person.organisation_role)
        self.say(f"{len(self.units)} units, {len(self.users)} people")

    def _make_accounts(self, people: tuple[DemoPerson, ...]) -> None:
        persons = Person.objects.bulk_create([Person(name=person.name) for person in people])
        accounts = User.objects.bulk_create(
            [
                User(
                    person=natural,
                    email=person.email,
                    name=person.name,
                    title=person.title,
                    is_demo=True,
                    password=make_password(None),
                )
                for person, natural in zip(people, persons, strict=True)
            ]
        )
        self.users = {person.key: account for person, account in zip(people, accounts, strict=True)}

    def _grant(self, actor: User, people: list[DemoPerson]) -> None:
        grant_memberships(
            actor=actor,
            memberships=[
                NewMembership(
                    user=self.users[person.key],
                    unit=self.units[each.unit],
                    role=each.role,
                    reach=each.reach,
                    guest=each.guest,
                    since=self.clock.moment(each.since, 0),
                    until=self.clock.moment(each.until, 0) if each.until is not None else None,
                )
                for person in people
                for each in person.memberships
            ],
        )

    def _fill_units(self) -> None:
        """The rest of the group has its memberships, with the days on which they began; nobody is told of them."""
        rest = [person for person in organisation().people if person.is_generated]
        with self._on(organisation().wish.since):
            self._grant(self.users["ines"], rest)
        told = Delivery.objects.filter(state=Delivery.State.PENDING, entry__event=MEMBERSHIP_GRANTED)
        told.update(state=Delivery.State.CANCELLED)

    def _plan(self, since: int, title: str) -> Transition:
        """The assignments that begin on a day stand as a plan of the first administrator."""
        rows = [each for each in organisation().assignments if each.since == since]
        return plan_transition(
            actor=self.users["ines"],
            title=title,
            reason=rows[0].reason,
            changes=[self._planned_assignment(row, rows) for row in rows if row.capability is None],
        )

    def _planned_assignment(self, row: DemoAssignment, rows: list[DemoAssignment]) -> PlannedAssignment:
        named = [each for each in rows if each.unit == row.unit and each.capability is not None]
        return PlannedAssignment(
            unit=self.units[row.unit].pk,
            model_version=self._newest(row.model),
            centre=self.units[row.centre].pk if row.centre else None,
            centres={each.capability: self.units[each.centre].pk for each in named if each.capability and each.centre},
            risk_limit=row.mandate_risk_limit,
            mandate_until=self.clock.day(row.mandate_until) if row.mandate_until is not None else None,
        )

    def _newest(self, model: str) -> int:
        return int(OperatingModelVersion.objects.filter(family__key=model).latest("number").pk)

    def _apply(self, transition: Transition) -> None:
        apply_transition(actor=self.users["ines"], transition=transition)

    def _change_model(self, since: int, names: str) -> None:
        """An administrator plans, the sponsor confirms, the plan is applied."""
        transition = self._send(self._plan(since, names))
        confirm_transition(
            actor=self.users["ruth"], transition=transition, seen_hash=transition.plan_hash, comment="As we agreed."
        )
        self._apply(transition)

    def _send(self, transition: Transition) -> Transition:
        return send_for_confirmation(actor=self.users["ines"], transition=transition)

    def _leave_a_plan(self) -> None:
        """A plan waits for whoever wants to confirm one."""
        wish = organisation().wish
        changes = [self._planned_assignment(wish, [wish])]
        with self._on(wish.since):
            unit = self.units[wish.unit].name
            title = f"{unit} under the centre of excellence"
            self._send(plan_transition(actor=self.users["ines"], title=title, reason=wish.reason, changes=changes))

    # --- Documents

    def _begin_documents(self) -> None:
        """Every document has its number and its first draft, dated by the day on which it was begun.

        They are made in the order of their numbers, which is not that of the calendar.
        """
        for standard in standards():
            first = standard.versions[0]
            with self._on(first.written):
                self.documents[standard.key] = self._begin(standard, first)
        self.say(f"{len(self.documents)} documents begun")

    def _begin(self, standard: Standard, first: Version) -> Document:
        series, _ = NumberSeries.objects.get_or_create(key=KINDS[standard.kind][1])
        if series.last < standard.number - 1:
            # Numbers between are gaps, as abandoned drafts leave them: STD-0014 is the same document everywhere.
            series.last = standard.number - 1
            series.save(update_fields=["last"])
        return create_document(
            actor=self.users[first.author],
            new=NewDocument(
                remit=Remit.objects.get(unit__code=standard.owner, capability=standard.capability.value),
                kind=standard.kind,
                title=standard.title,
                body=first.body,
                reason=first.reason,
                effective_on=self._planned(first),
                classification=standard.classification.value,
                owner_person=self.users[standard.owner_person] if standard.owner_person else None,
                review_months=standard.review_months,
                tags=(standard.topic, *standard.tags),
            ),
        )

    def _planned(self, version: Version) -> Any:
        return self.clock.day(version.planned) if version.planned is not None else None

    def _write(self, standard: Standard, version: Version) -> None:
        author, document = self.users[version.author], self._fresh(standard.key)
        draft = start_revision(actor=author, document=document, reason=version.reason)
        save_draft(
            actor=author,
            document=document,
            base=draft.public_id,
            title=standard.title,
            body=version.body,
            reason=version.reason,
            effective_on=self._planned(version),
        )

    def _submit(self, standard: Standard, version: Version) -> None:
        document = self._fresh(standard.key)
        assert document.draft is not None
        self.opened[f"{standard.key}/{version.number}"] = submit_draft(
            actor=self.users[version.author], document=document, base=document.draft.public_id
        )

    def _approve(self, standard: Standard, version: Version, who: str) -> None:
        request = self.opened[f"{standard.key}/{version.number}"]
        remark = _REMARKS[(standard.number + version.number) % len(_REMARKS)]
        decide(
            actor=self.users[who], request=request, verdict="approve", comment=remark, seen_hash=request.subject_hash
        )

    def _review(self, standard: Standard, version: Version) -> None:
        """Under a mandate the centre looks after the publication; this one had nothing to object."""
        assert version.reviewed is not None
        request = self.opened[f"{standard.key}/{version.number}"]
        comment = "Read after publication. It stays within the mandate."
        record_review(actor=self.users[version.reviewed[0]], request=request, outcome="accept", comment=comment)

    def _confirm(self, standard: Standard) -> None:
        document = self._fresh(standard.key)
        assert document.in_force is not None
        who = standard.owner_person or next(person for person in standard.versions[-1].approvers)
        confirm_review(actor=self.users[who], document=document, seen=document.in_force.public_id)

    def _propose_retirement(self, standard: Standard) -> None:
        assert standard.successor is not None
        last = standard.versions[-1].approvers[-1]
        successor = self._fresh(standard.successor)
        self.opened[f"{standard.key}/end"] = propose_retirement(
            actor=self.users[last],
            document=self._fresh(standard.key),
            successor=successor,
            reason=f"{successor.title} has taken its place.",
        )

    def _retire(self, standard: Standard) -> None:
        """Whoever the retirement waits for agrees, one after the other."""
        request = self.opened[f"{standard.key}/end"]
        while (waits := request.waiting.select_related("user").order_by("user_id").first()) is not None:
            decide(actor=waits.user, request=request, verdict="approve", seen_hash=request.subject_hash)
            request.refresh_from_db()

    def _fresh(self, key: str) -> Document:
        return Document.objects.get(pk=self.documents[key].pk)

    # --- Requests

    def _ask(self, asked: DemoRequest) -> None:
        document = self._fresh(asked.document)
        clause = ClauseVersion.objects.select_related("clause").get(revision=document.in_force, number=asked.clause)
        common: dict[str, Any] = {
            "actor": self.users[asked.by],
            "subject": document,
            "unit": self.units[asked.unit],
            "reason": asked.why,
            "clause": clause.clause.public_id,
            "clause_label": f"{clause.number} {clause.text}"[:200],
        }
        if asked.kind is Kind.CHANGE:
            self.opened[asked.key] = ask_change(**common, proposal=asked.proposal)
            return
        assert asked.until is not None
        assert asked.risk is not None
        self.opened[asked.key] = ask_exception(
            **common, until=self.clock.day(asked.until), compensating_control=asked.control, risk=asked.risk.value
        )

    def _answer(self, asked: DemoRequest, decision: DemoDecision) -> None:
        request = self.opened[asked.key]
        decide(
            actor=self.users[decision.by],
            request=request,
            verdict=_VERDICTS[decision.verdict],
            comment=decision.comment,
            seen_hash=request.subject_hash,
        )

    def _take_back(self, asked: DemoRequest) -> None:
        withdraw(actor=self.users[asked.by], request=self.opened[asked.key])

    # --- Time

    def _live_through(self) -> None:
        """Everything that happened after the first day has happened, in its order."""
        steps = sorted(self._steps())
        begun = steps[0].day
        for done, step in enumerate(steps, start=1):
            with self._on(step.day):
                follow_dates()
                step.act()
            if done % 100 == 0 or done == len(steps):
                self.say(f"{done} of {len(steps)} steps, day {step.day - begun} of {-begun}")

    def _steps(self) -> Iterator[Step]:
        for ordinal, (day, rank, act) in enumerate(self._happenings()):
            yield Step(day, rank, ordinal, act)

    def _happenings(self) -> Iterator[tuple[int, int, Callable[[], object]]]:
        for since in sorted({each.since for each in organisation().assignments if each.since > FOUNDED}):
            units = [self.units[each.unit].name for each in organisation().assignments if each.since == since]
            yield since, 0, partial(self._change_model, since, f"{', '.join(units)} under another model")
        for standard in standards():
            yield from self._life(standard)
        for asked in requests():
            yield asked.asked, 3, partial(self._ask, asked)
            for decision in asked.decisions:
                yield decision.on, 4, partial(self._answer, asked, decision)
            if asked.withdrawn is not None:
                yield asked.withdrawn, 4, partial(self._take_back, asked)

    def _life(self, standard: Standard) -> Iterator[tuple[int, int, Callable[[], object]]]:
        for version in standard.versions:
            if version.number > 1:
                yield version.written, 1, partial(self._write, standard, version)
            if version.submitted is not None:
                yield version.submitted, 2, partial(self._submit, standard, version)
            for who, day in version.approved:
                yield day, 2, partial(self._approve, standard, version, who)
            if version.reviewed is not None:
                yield version.reviewed[1], 5, partial(self._review, standard, version)
        if standard.confirmed is not None:
            yield standard.confirmed, 5, partial(self._confirm, standard)
        if standard.retired is not None:
            yield standard.retired - _DAYS_TO_RETIRE, 5, partial(self._propose_retirement, standard)
            yield standard.retired, 6, partial(self._retire, standard)

    def _on(self, day: int) -> Any:
        """The clock at the next working minute of that day."""
        self._minutes = self._minutes + _PAUSE if day == self._day else (day * 53) % _LATEST_START
        self._day = day
        return self.clock.at(self.clock.moment(day, self._minutes))

    def _tell_nobody_old_news(self) -> None:
        """Search knows every document; people are told only of what happened in the last days."""
        waiting = Delivery.objects.filter(state=Delivery.State.PENDING).exclude(handler__startswith=_SEARCH)
        old = Q(entry__occurred_at__lt=self.clock.moment(-_NEWS_DAYS, 0)) | Q(entry__occurred_at__isnull=True)
        waiting.filter(old).update(state=Delivery.State.CANCELLED)
        index_documents(Document.objects.all())
        indexed = Delivery.objects.filter(state=Delivery.State.PENDING, handler__startswith=_SEARCH)
        indexed.update(state=Delivery.State.DONE, finished_at=self.clock.real)

    def _finish(self) -> Loaded:
        loaded = Loaded(
            people=len(self.users),
            documents=len(self.documents),
            versions=sum(len(standard.published) for standard in standards()),
            requests=len(self.opened),
        )
        self._tell_nobody_old_news()
        deal()
        with ledger.change(actor=ledger.SYSTEM) as change:
            change.record(
                DEMO_LOADED,
                stream=ledger.stream("demo", "organisation"),
                subject_title=organisation().name,
                after={"people": loaded.people, "documents": loaded.documents, "requests": loaded.requests},
            )
        return loaded
