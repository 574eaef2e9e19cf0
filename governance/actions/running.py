"""One running request under its lock: the engine's state, the organisation as it is, and what a step brings about.

Used by the actions of this package only. Every step goes through ``Running.step``: it advances the pure engine and
writes down each effect in the same transaction.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from django.db.models import Q
from django.utils import timezone

from governance import events, ledger
from governance.actions.numbers import next_number
from governance.actions.units import end_row
from governance.compiler.snapshot import Membership, RemitKey
from governance.compiler.world import World
from governance.errors import Conflict, Denied
from governance.models import Decision, ExceptionRequest, Mandate, Objection, Request, RequestWaiting
from governance.permissions import policy, store
from governance.rights import Power
from governance.subjects import subject_kind
from governance.vocabulary import Capability, Reach, Role
from governance.workflow import engine
from governance.workflow import events as flow
from governance.workflow.eligibility import CurrentHolders
from governance.workflow.freezing import from_json, to_json
from governance.workflow.route import Route, Seat, Stage, StageKind
from governance.workflow.routing import UNIT_SEAT, reassess_route, substitutes
from governance.workflow.state import SYSTEM as MACHINE
from governance.workflow.state import Actor, RequestState, ReviewRecord, Status, Vote
from governance.workflow.state import Decision as Verdict
from governance.workflow.storing import state_from_json, state_to_json
from governance.workflow.waiting import waiting_for

EVENTS: dict[str, dict[str, str]] = {
    "approval": {
        "approve": events.APPROVAL_APPROVED,
        "request_changes": events.APPROVAL_CHANGES_REQUESTED,
        "reject": events.APPROVAL_REJECTED,
        "withdrawn": events.APPROVAL_WITHDRAWN,
        "granted": events.APPROVAL_GRANTED,
    },
    "change": {
        "approve": events.APPROVAL_APPROVED,
        "request_changes": events.CHANGE_REQUEST_CHANGES_REQUESTED,
        "reject": events.CHANGE_REQUEST_REJECTED,
        "withdrawn": events.CHANGE_REQUEST_WITHDRAWN,
        "granted": events.CHANGE_REQUEST_ACCEPTED,
    },
    "exception": {
        "approve": events.APPROVAL_APPROVED,
        "request_changes": events.EXCEPTION_REQUEST_CHANGES_REQUESTED,
        "reject": events.EXCEPTION_REQUEST_REJECTED,
        "withdrawn": events.EXCEPTION_REQUEST_WITHDRAWN,
        "granted": events.EXCEPTION_REQUEST_GRANTED,
    },
}


APPROVALS = (Request.Kind.PUBLICATION, Request.Kind.RETIREMENT, Request.Kind.IMPORT)
"""The kinds of request that are bound to an exact version, of which a thing has one of each at a time."""
AGAINST = (Status.CHANGES_REQUESTED, Status.REJECTED)
SAID = {Status.CHANGES_REQUESTED: Verdict.REQUEST_CHANGES, Status.REJECTED: Verdict.REJECT}
RUNNING = (Request.Status.OPEN, Request.Status.UNDECIDABLE)
"""The states in which a request still moves."""


def events_of(request: Request) -> dict[str, str]:
    """Return the names of the events for requests of this kind."""
    return EVENTS.get(request.kind, EVENTS["approval"])


def acting(user: Any, *, on_behalf_of: Any = None, world: World | None = None, route: Route | None = None) -> Actor:
    """Return the engine's actor for an account, naming the delegation where it acts for somebody else.

    Raises ``Denied`` for an account that is not active.
    """
    if not user.is_active:
        raise Denied("This account is not active, so nothing is decided with it. Ask an administrator.")
    if on_behalf_of is None:
        return Actor(user.pk, user.person_id, user.name)
    lent = None
    if world is not None and route is not None and route.unit is not None:
        remit = RemitKey(route.unit, Capability(route.capability))
        rows = (row for row in world.snapshot.delegations if row.delegator == on_behalf_of.pk)
        lent = next((row.id for row in rows if row.substitute == user.pk and remit in row.remits), None)
    return Actor(user.pk, user.person_id, user.name, on_behalf_of=on_behalf_of.pk, delegation=lent)


def stream_of(request: Request) -> ledger.Stream:
    """Return the chain of the request's entries."""
    return ledger.stream("request", request.public_id)


@dataclass
class Running:
    """A request being moved within ``change``. ``account`` is the acting person, or ``ledger.SYSTEM``."""

    change: ledger.Change
    request: Request
    state: RequestState
    world: World
    account: Any
    now: datetime
    decision: Decision | None = None
    undo: dict[str, Any] | None = None
    """What the row keeps for taking back the decision of this step; any other step leaves nothing to take back."""

    @classmethod
    def load(cls, change: ledger.Change, request: Request, *, world: World, account: Any) -> "Running":
        """Return the request as it is now, its row locked until the transaction ends.

        An approval's effect may end the other approvals of the same thing: their rows are locked with it, in one order.
        """
        wanted = Q(pk=request.pk)
        if request.kind in APPROVALS:
            wanted |= Q(subject_id=request.subject_id, kind__in=APPROVALS, status__in=RUNNING)
        rows = Request.objects.select_for_update(of=("self",)).select_related("remit__unit").filter(wanted)
        locked = next(row for row in rows.order_by("pk") if row.pk == request.pk)
        state = state_from_json(locked.state, from_json(locked.route))
        return cls(change, locked, state, world, account, timezone.now())

    @property
    def check(self) -> CurrentHolders:
        """Who holds the frozen seats today."""
        return CurrentHolders(self.world)

    def step(self, event: flow.Event, actor: Actor = MACHINE) -> None:
        """The engine has advanced by ``event`` and everything that follows from it is written down."""
        self._take(engine.advance(self.state, event, actor, self.now, self.check))

    def take(self, outcome: flow.Outcome) -> None:
        """An outcome that the engine gave (a request just opened) is written down."""
        self._take(outcome)

    def _take(self, outcome: flow.Outcome) -> None:
        self.state = outcome.state
        needs_reassessment = False
        for effect in outcome.effects:
            needs_reassessment |= isinstance(effect, flow.NeedsReassessment)
            self._bring_about(effect)
        if needs_reassessment:
            route = reassess_route(self.world, self.state)
            self._take(engine.advance(self.state, flow.Reassess(route), MACHINE, self.now, self.check))

    def open(self) -> None:
        """The request, until now only in memory, is a row and waits for whom its state waits for."""
        for name, value in self._columns().items():
            setattr(self.request, name, value)
        self.request.save(force_insert=True)
        self._wait_for(self.waits_for())

    def save(self) -> None:
        """The row says what the state says, and waits for whom the state waits for. Refused if somebody moved it."""
        columns = self._columns()
        moved = Request.objects.filter(pk=self.request.pk, status=self.request.status).update(**columns)
        if moved != 1:
            raise Conflict("Somebody else moved this request at the same moment. Open it again and look.")
        for name, value in columns.items():
            setattr(self.request, name, value)
        self._write_waiting()

    def _columns(self) -> dict[str, Any]:
        state = self.state
        return {
            "status": state.status.value,
            "stage": state.stage,
            "stage_since": state.stage_entered_at,
            "not_before": state.last_call_ends(),
            "route": to_json(state.route),
            "state": state_to_json(state),
            "decided_at": state.closed_at,
            "review_open": state.review.value == "open",
            # What the route stands on: another mode once a mandate has ended, a model where there was none.
            "mode": state.route.mode,
            "model_version_id": state.route.model_version or None,
            "undo": self.undo,
        }

    def waits_for(self) -> frozenset[int]:
        """The accounts whom the request waits for now, substitutes included."""
        people = waiting_for(self.state, self.now, self.check)
        return people | substitutes(self.world, self.state.route, people)

    def _write_waiting(self) -> None:
        wanted = self.waits_for()
        rows = RequestWaiting.objects.filter(request=self.request)
        if not wanted:
            rows.delete()
            return
        held = dict(rows.values_list("user_id", "stage"))
        gone = [user for user, at in held.items() if user not in wanted or at != self._place]
        if gone:
            rows.filter(user_id__in=gone).delete()
        self._wait_for(user for user in wanted if user not in held or user in gone)

    def _wait_for(self, users: Iterable[int]) -> None:
        """Nothing is asked of the database where there is nobody."""
        rows = [
            RequestWaiting(
                request=self.request,
                user_id=user,
                stage=self._place,
                review=self.request.review_open,
                since=self.state.stage_entered_at,
            )
            for user in sorted(users)
        ]
        RequestWaiting.objects.bulk_create(rows)

    @property
    def _place(self) -> str:
        return self.state.stage or "review"

    def record(self, event: str, *, people: Any = (), before: Any = None, after: Any = None, reason: str = "") -> None:
        """An entry about the request is written with the change."""
        self.change.record(
            event,
            stream=stream_of(self.request),
            subject=ledger.stream(self.request.subject_kind, self.request.subject_id),
            subject_title=f"{self.request.number}: {self.request.subject_title}",
            subject_url=self.request.get_absolute_url(),
            before=before,
            after={"request": self.request.number, "kind": self.request.kind, **(after or {})},
            reason=reason,
            people=sorted(people),
        )

    # --- what follows from a step

    def _bring_about(self, effect: flow.Effect) -> None:  # noqa: C901, PLR0912 - one branch for each effect there is
        match effect:
            case flow.VoteCast(vote=vote):
                self._write_vote(vote)
            case flow.StageEntered(stage=stage, waits_for=waits):
                self.record(events.APPROVAL_STAGE_ENTERED, people=waits, after={"stage": stage})
            case flow.StartReview(stage=stage, waits_for=waits):
                self.record(events.APPROVAL_STAGE_ENTERED, people=waits, after={"stage": stage, "review": True})
            case flow.Decided(outcome=outcome, tally=tally):
                self._decided(outcome, asdict(tally) if tally else None)
            case flow.Publish() | flow.Retire():
                subject_kind(self.request.subject_kind).apply(self.request, actor=self.account, change=self.change)
            case flow.GrantException():
                ExceptionRequest.objects.filter(request=self.request).update(number=next_number("E"))
            case flow.ObjectionRaised(objection=objection):
                self._write_objection(objection)
            case flow.ObjectionCleared(number=number, by_vote=by_vote):
                self._clear_objection(number, by_vote=by_vote)
            case flow.Withdrawn(comment=comment):
                self.record(events_of(self.request)["withdrawn"], reason=comment)
                self._release("withdrawn")
            case flow.Voided(reason=reason):
                self.record(events.APPROVAL_VOIDED, reason=reason, people=self._voters())
                self._release("voided")
            case flow.Undecidable(reason=reason):
                told = policy.who_can(Power.MANAGE_UNITS).values_list("pk", flat=True)
                self.record(events.APPROVAL_UNDECIDABLE, people=told, reason=reason)
            case flow.Reopened():
                self.record(events.APPROVAL_REASSESSED, people=self.waits_for(), after={"reopened": True})
            case flow.ReviewRecorded(record=record):
                self._write_review(record)
            case flow.WithdrawDocument():
                kind = subject_kind(self.request.subject_kind)
                kind.withdraw(self.request, actor=self.account, change=self.change)
            case flow.RevokeMandate(mandate=mandate):
                self._revoke(mandate)
            case flow.AcceptChange() | flow.NeedsReassessment():
                pass

    def _voters(self) -> list[int]:
        return [vote.user for vote in self.state.votes]

    def _decided(self, outcome: Status, tally: dict[str, Any] | None) -> None:
        submitter = [self.request.submitted_by_id]
        if outcome is Status.APPROVED:
            self.record(events_of(self.request)["granted"], people=submitter, after={"tally": tally})
        elif outcome in AGAINST:
            said = self._against(outcome)
            self.record(
                events_of(self.request)["request_changes" if outcome is Status.CHANGES_REQUESTED else "reject"],
                people=submitter,
                after={"tally": tally, "final": True, **(_described(said) if said else {})},
                reason=said.comment if said else "",
            )
            self._release(outcome.value)
        # That it was withdrawn, or is void, is said and done by the effect beside this one.

    def _against(self, outcome: Status) -> Vote | None:
        """The last vote that said what was decided, else the last against."""
        against = [vote for vote in self.state.votes if vote.decision is not Verdict.APPROVE]
        same = [vote for vote in against if vote.decision is SAID[outcome]]
        return next(reversed(same or against), None)

    def _release(self, outcome: str) -> None:
        subject_kind(self.request.subject_kind).release(
            self.request, outcome=outcome, actor=self.account, change=self.change
        )

    def _write_vote(self, vote: Vote) -> None:
        self._write_decision(vote, vote.decision.value, self.state.route.stage(vote.stage))
        if vote.decision is not Verdict.APPROVE and self.state.status in AGAINST:
            return  # the entry of what was decided tells it
        self.record(events_of(self.request)[vote.decision.value], after=_described(vote), reason=vote.comment)

    def _write_review(self, record: ReviewRecord) -> None:
        self._write_decision(record, f"review_{record.outcome.value}", self.state.route.review)
        self.record(
            events.APPROVAL_REVIEWED,
            people=[self.request.submitted_by_id],
            after={"outcome": record.outcome.value, "seat": record.seat, "meaning": record.meaning},
            reason=record.comment,
        )

    def _write_decision(self, said: Vote | ReviewRecord, verdict: str, stage: Stage | None) -> None:
        route = self.state.route
        seat = next((seat for seat in route.seats() if seat.key == said.seat), None)
        holder = said.on_behalf_of or said.user
        by_mandate = stage is not None and stage.kind is StageKind.UNIT
        self.decision = Decision.objects.create(
            request=self.request,
            user_id=said.user,
            person_key=self.account.person_id,
            on_behalf_of_id=said.on_behalf_of,
            printed_name=said.name,
            verdict=verdict,
            meaning=said.meaning,
            comment=said.comment,
            stage=stage.key if stage is not None else "review",
            seat=seat.label if seat is not None else said.seat,
            decided_at=said.at,
            revision_hash=said.revision,
            model_version_id=route.model_version or None,
            mode=route.mode,
            relation=said.relation,
            quorum=_quorum_words(stage),
            membership_id=membership_of(self.world, seat, holder) if seat is not None else None,
            mandate_id=route.mandate if by_mandate else None,
            delegation_id=said.delegation,
        )

    def _write_objection(self, objection: Any) -> None:
        label = next((seat.label for seat in self.state.route.seats() if seat.key == objection.seat), objection.seat)
        Objection.objects.create(
            request=self.request,
            number=objection.number,
            user_id=objection.user,
            seat=label,
            text=objection.text,
            raised_at=objection.at,
        )
        self.record(
            events.APPROVAL_OBJECTED,
            people=[self.request.submitted_by_id],
            after={"objection": objection.number, "seat": objection.seat},
            reason=objection.text,
        )

    def _clear_objection(self, number: int, *, by_vote: bool) -> None:
        by = None if by_vote or self.account is ledger.SYSTEM else self.account
        Objection.objects.filter(request=self.request, number=number).update(cleared_at=self.now, cleared_by=by)
        self.record(events.APPROVAL_OBJECTION_CLEARED, after={"objection": number, "by_vote": by_vote})

    def _revoke(self, mandate_id: int) -> None:
        mandate = Mandate.objects.select_related("remit__unit").get(pk=mandate_id)
        end_row(mandate, self.account, self.now)
        self.change.record(
            events.MANDATE_ENDED,
            stream=ledger.stream("unit", mandate.remit.unit.public_id),
            subject_title=str(mandate.remit),
            reason=f"Revoked in the review of {self.request.number}.",
        )
        self.save()  # whatever follows from the compilation finds this request as it stands now
        self.world = store.recompile(self.change).world


def _described(vote: Vote) -> dict[str, Any]:
    return {"stage": vote.stage, "seat": vote.seat, "verdict": vote.decision.value, "meaning": vote.meaning}


def _quorum_words(stage: Stage | None) -> str:
    if stage is None or stage.quorum_people < 2:
        return "one vote"
    return f"{stage.quorum_seats} of {stage.filled} seats, {stage.quorum_people} people"


_memberships: "WeakKeyDictionary[World, dict[int, list[Membership]]]" = WeakKeyDictionary()


def membership_of(world: World, seat: Seat, user: int) -> int | None:
    """Return the membership by which the account holds the seat: its own in the unit, else the nearest that reaches it.

    Only a unit's own seat is held by reach.
    """
    if world not in _memberships:
        by_user: dict[int, list[Membership]] = defaultdict(list)
        for row in world.snapshot.memberships:
            if row.role is Role.LEAD and not row.guest:
                by_user[row.user].append(row)
        _memberships[world] = by_user
    held = _memberships[world].get(user, [])
    direct = next((row.id for row in held if row.unit == seat.unit), None)
    if direct is not None or not seat.key.startswith(UNIT_SEAT):
        return direct
    reaching = {row.unit: row.id for row in held if row.reach is Reach.SUBTREE}
    return next((reaching[unit] for unit in world.ancestors(seat.unit) if unit in reaching), None)
