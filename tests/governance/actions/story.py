"""Organisations told through the actions, with real documents in them: what the tests of requests act on.

    @under("evolved")
    def test_something(story):
        request = story.submitted("Fay", "FIN", Capability.CHANGE)
        story.decides("Finn", request)

People are called by their first names, units by their codes.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from governance import ledger
from governance.actions import requests as actions
from governance.actions.memberships import NewMembership, end_membership, grant_memberships
from governance.actions.operating_models import install_builtin_models
from governance.actions.organisation_roles import appoint_first_administrator, grant_organisation_role
from governance.actions.transitions import (
    apply_transition,
    confirm_transition,
    plan_transition,
    send_for_confirmation,
)
from governance.actions.units import NewUnit, create_units
from governance.compiler.world import World
from governance.ledger.verify import verify_ledger
from governance.models import (
    BusinessUnit,
    Decision,
    Delegation,
    LedgerEntry,
    LedgerPayload,
    Mandate,
    Membership,
    Objection,
    OperatingModelVersion,
    Remit,
    Request,
    RequestWaiting,
)
from governance.permissions import policy, store
from governance.permissions.projecting import PlannedAssignment
from governance.permissions.snapshots import load_snapshot
from governance.selectors import organisation
from governance.vocabulary import Capability, OrganisationRole, Reach, RiskLevel, Role, UnitKind
from governance.workflow.eligibility import CurrentHolders
from governance.workflow.freezing import from_json
from governance.workflow.routing import substitutes
from governance.workflow.state import RequestState, ReviewRecord, Vote
from governance.workflow.storing import state_from_json
from governance.workflow.waiting import waiting_for
from knowledge.actions.documents import NewDocument, create_document
from knowledge.actions.drafts import submit_draft
from knowledge.models import Document

TEXT = "# Naming\n\nFields MUST have one name.\n\nNames SHOULD be short.\n"
CENTRE_KIND = {
    "shared_services": UnitKind.SHARED_SERVICE,
    "centre_of_excellence": UnitKind.CENTRE_OF_EXCELLENCE,
    "devolved": UnitKind.CENTRAL_TEAM,
    "evolved": UnitKind.CENTRAL_TEAM,
    "centralized": UnitKind.CENTRAL_TEAM,
}
"""The models that need a centre, and of which kind."""


@dataclass(frozen=True)
class Post:
    """What somebody is in a unit."""

    unit: str
    role: Role = Role.LEAD
    subtree: bool = False
    guest: bool = False


def told(story: "Story", model: str) -> "Story":
    """Five units and, where the model has one, a centre; everybody is where the tests expect them."""
    kind = CENTRE_KIND.get(model)
    story.units("ORG", *([f"CEN:{kind.value}<ORG"] if kind else []), "FIN<ORG", "HR<ORG", "IT<ORG", "PAY:team<FIN")
    centre = {"Cora": "CEN", "Cleo": "CEN", "Carl": ("CEN", Role.AUTHOR)} if kind else {}
    story.people(
        Olga="ORG",
        Finn="FIN",
        Fay=("FIN", Role.AUTHOR),
        Fred=("FIN", Role.READER),
        Hana="HR",
        Hal=("HR", Role.AUTHOR),
        Ivan="IT",
        **centre,
    )
    story.under(model, centre="CEN" if kind else None)
    return story


def after_last_call(request: Request) -> Any:
    """Time goes on until right after the running last call."""
    request.refresh_from_db()
    assert request.not_before is not None
    return time_machine.travel(request.not_before + timedelta(seconds=1), tick=False)


def walk(story: "Story", request: Request, deciders: list[str]) -> Request:
    """The request, decided by these people in turn, looked at after each step; a last call passes by itself."""
    state = story.check(request)
    for name in deciders:
        if state.last_call_ends() is not None:
            with after_last_call(request):
                assert actions.advance_due() == 1
                assert actions.advance_due() == 0, "running it again changes nothing"
                state = story.check(request)
        assert name in story.waits_for(request)
        request = story.decides(name, request)
        state = story.check(request)
    return request


def under(*models: str) -> Any:
    """The test is for the organisation of ``told`` under each of these models."""
    return pytest.mark.parametrize("_told_once", models, indirect=True)


class Story:
    """An organisation with an administrator, Ada, and a sponsor, Sam, told step by step."""

    def __init__(self) -> None:
        # What is kept per permission epoch outlives a rolled-back test.
        policy.forget()
        organisation._worlds.clear()
        self.who: dict[str, Any] = {}
        self.documents = 0
        self.model = ""
        appoint_first_administrator(user=self.person("Ada"))
        install_builtin_models()
        grant_organisation_role(actor=self.ada, user=self.person("Sam"), role=OrganisationRole.SPONSOR)

    # People and units

    def __getitem__(self, name: str) -> Any:
        return self.who[name]

    @property
    def ada(self) -> Any:
        """The administrator."""
        return self.who["Ada"]

    def person(self, name: str, *, same_as: str = "") -> Any:
        """An account under this name; ``same_as`` makes it a second account of that natural person."""
        if name not in self.who:
            more = {"person": self.who[same_as].person} if same_as else {}
            self.who[name] = User.objects.create_user(f"{name.lower()}@example.org", name=f"{name} Told", **more)
        return self.who[name]

    def name_of(self, user: int | None) -> str:
        """The first name of that account."""
        return next((name for name, account in self.who.items() if account.pk == user), f"account {user}")

    def unit(self, code: str) -> BusinessUnit:
        """The unit as it is now."""
        return BusinessUnit.objects.get(code=code)

    def remit(self, code: str, capability: Capability = Capability.KNOWLEDGE) -> Remit:
        """The remit as it is now."""
        return Remit.objects.select_related("unit").get(unit__code=code, capability=capability.value)

    def units(self, *told: str) -> None:
        """Each as ``CODE``, ``CODE<PARENT`` or ``CODE:kind<PARENT``."""
        made = []
        for each in told:
            head, _, parent = each.partition("<")
            code, _, kind = head.partition(":")
            of_kind = UnitKind(kind) if kind else (UnitKind.DEPARTMENT if parent else UnitKind.ORGANISATION)
            made.append(NewUnit(code=code, name=f"Unit {code}", kind=of_kind, parent=parent))
        create_units(actor=self.ada, units=made)

    def people(self, **posts: Any) -> None:
        """Each a lead of the unit of that code, or what the ``Post`` or the tuple says."""
        grant_memberships(
            actor=self.ada,
            memberships=[
                NewMembership(
                    user=self.person(name),
                    unit=self.unit(post.unit),
                    role=post.role,
                    reach=Reach.SUBTREE if post.subtree else Reach.UNIT,
                    guest=post.guest,
                )
                for name, each in posts.items()
                for post in (each if isinstance(each, list) else [each])
                for post in [self._post(post)]
            ],
        )

    @staticmethod
    def _post(told: Any) -> Post:
        if isinstance(told, Post):
            return told
        return Post(told) if isinstance(told, str) else Post(*told)

    def leaves(self, name: str, unit: str) -> None:
        """The person's memberships of the unit end."""
        for row in Membership.objects.valid_at().filter(user=self[name], unit__code=unit):
            end_membership(actor=self.ada, membership=row, reason="Moved on.")

    def auditor(self, name: str) -> None:
        """The person audits."""
        grant_organisation_role(actor=self.ada, user=self.person(name), role=OrganisationRole.AUDITOR)

    def delegates(self, delegator: str, substitute: str, *remits: Remit, until: Any = None) -> Delegation:
        """The substitute stands in for the delegator in these remits."""
        with ledger.change(actor=self[delegator]) as change:
            row = Delegation.objects.create(
                delegator=self[delegator],
                substitute=self.person(substitute),
                valid_from=timezone.now(),
                valid_to=until,
            )
            row.remits.set(remits)
            change.record(
                "delegation.created", stream=ledger.stream("person", self[delegator].public_id), subject_title="x"
            )
            store.recompile(change)
        return row

    # Models

    def under(
        self,
        model: str,
        *,
        centre: str | None = None,
        of: str = "ORG",
        centres: dict[Capability, str] | None = None,
        risk_limit: RiskLevel | None = None,
    ) -> None:
        """The unit comes under the model: planned by Ada, confirmed by Sam, applied."""
        self.model = model
        planned = PlannedAssignment(
            unit=self.unit(of).pk,
            model_version=OperatingModelVersion.objects.filter(family__key=model).latest("number").pk,
            centre=self.unit(centre).pk if centre else None,
            centres={key: self.unit(code).pk for key, code in (centres or {}).items()},
            risk_limit=risk_limit,
        )
        plan = plan_transition(actor=self.ada, title=f"To {model}", reason="It fits better.", changes=[planned])
        send_for_confirmation(actor=self.ada, transition=plan)
        confirm_transition(actor=self["Sam"], transition=plan, seen_hash=plan.plan_hash)
        apply_transition(actor=self.ada, transition=plan)

    def ends_mandate(self, unit: str, capability: Capability) -> None:
        """The remit's mandate ends, as when its last day has passed."""
        with ledger.change(actor=ledger.SYSTEM) as change:
            Mandate.objects.valid_at().filter(remit=self.remit(unit, capability)).update(valid_to=timezone.now())
            change.record("mandate.ended", stream=ledger.stream("unit", self.unit(unit).public_id))
            store.recompile(change)

    # Documents and requests

    def drafted(self, author: str, unit: str, capability: Capability = Capability.KNOWLEDGE, **more: Any) -> Document:
        """A new standard with a draft by the author."""
        self.documents += 1
        new = {"kind": "standard", "title": f"Standard {self.documents}", "body": TEXT, "reason": "It is time.", **more}
        return create_document(actor=self[author], new=NewDocument(remit=self.remit(unit, capability), **new))

    def submits(self, submitter: str, document: Document, **more: Any) -> Request:
        """The document's draft waits for approval."""
        document.refresh_from_db()
        assert document.draft is not None
        more = {"submission_key": uuid4(), **more}
        return submit_draft(actor=self[submitter], document=document, base=document.draft.public_id, **more)

    def submitted(self, author: str, unit: str, capability: Capability = Capability.KNOWLEDGE, **more: Any) -> Request:
        """A new standard, submitted by its author."""
        return self.submits(author, self.drafted(author, unit, capability, **more))

    def decides(self, name: str, request: Request, verdict: str = "approve", comment: str = "", **more: Any) -> Request:
        """The person decides, having read what stands."""
        if verdict != "approve":
            comment = comment or f"{name} says no."
        more = {"seen_hash": request.subject_hash, **more}
        return actions.decide(actor=self[name], request=request, verdict=verdict, comment=comment, **more)

    def published(self, unit: str, capability: Capability, author: str, *deciders: str) -> Document:
        """A standard in force."""
        request = self.submitted(author, unit, capability)
        for name in deciders:
            request = self.decides(name, request)
        document = Document.objects.get(public_id=request.subject_id)
        assert document.in_force is not None
        return document

    def asks_exception(
        self, name: str, unit: str, document: Document, *, risk: RiskLevel = RiskLevel.LOW, **more: Any
    ) -> Request:
        """The person asks for an exception for the unit, for thirty days."""
        said = {
            "reason": "The old system cannot.",
            "until": timezone.localdate() + timedelta(days=30),
            "compensating_control": "We check by hand.",
            "submission_key": uuid4(),
            **more,
        }
        return actions.ask_exception(
            actor=self[name], subject=_fresh(document), unit=self.unit(unit), risk=risk.value, **said
        )

    def asks_change(self, name: str, unit: str, document: Document, **more: Any) -> Request:
        """The person asks for a change for the unit."""
        said = {"proposal": "Say it shorter.", "reason": "Nobody reads it.", "submission_key": uuid4(), **more}
        return actions.ask_change(actor=self[name], subject=_fresh(document), unit=self.unit(unit), **said)

    # Looking

    def waits_for(self, request: Request) -> set[str]:
        """Whom the rows say that the request waits for."""
        return {self.name_of(user) for user in request.waiting.values_list("user_id", flat=True)}

    def events(self, request: Request) -> list[str]:
        """What the request's own chain says, in order."""
        stream = ledger.stream("request", request.public_id).name
        return list(
            LedgerEntry.objects.filter(stream__name=stream).order_by("sequence").values_list("event", flat=True)
        )

    def said(self, request: Request, event: str) -> list[dict[str, Any]]:
        """What the entries of that event in the request's chain say, in order."""
        stream = ledger.stream("request", request.public_id).name
        rows = LedgerPayload.objects.filter(entry__stream__name=stream, entry__event=event)
        return [json.loads(body) for body in rows.order_by("entry__sequence").values_list("body", flat=True)]

    def check(self, request: Request, *, deep: bool = False) -> RequestState:
        """Everything stored about the request agrees with the engine's state; ``deep`` verifies the ledger and the
        permissions too. Returns the state."""
        row = Request.objects.get(pk=request.pk)
        state = state_from_json(row.state, from_json(row.route))
        world = World(load_snapshot())
        people = waiting_for(state, timezone.now(), CurrentHolders(world))
        people |= substitutes(world, state.route, people)
        waiting = list(RequestWaiting.objects.filter(request=row))
        assert {each.user_id for each in waiting} == people
        assert {each.stage for each in waiting} <= {state.stage or "review"}
        assert {each.review for each in waiting} <= {row.review_open}
        assert (row.status, row.stage) == (state.status.value, state.stage)
        assert row.review_open == (state.review.value == "open")
        assert (row.decided_at, row.not_before) == (state.closed_at, state.last_call_ends())
        self._check_decisions(row, state)
        self._check_objections(row, state)
        if deep:
            found = verify_ledger()
            assert found.holds, found
            assert not store.find_drift(), store.find_drift().lines
        return state

    def _check_decisions(self, row: Request, state: RequestState) -> None:
        said: list[Vote | ReviewRecord] = [*state.votes, *([state.review_record] if state.review_record else [])]
        rows = list(Decision.objects.filter(request=row, undone_at__isnull=True).order_by("pk"))
        assert [each.user_id for each in rows] == [each.user for each in said]
        for stored, vote in zip(rows, said, strict=True):
            stage = state.route.stage(getattr(vote, "stage", "review"))
            seat = next(seat for seat in state.route.seats() if seat.key == vote.seat)
            account = User.objects.get(pk=vote.user)
            assert stored.printed_name == account.name
            assert stored.meaning == vote.meaning != ""
            assert stored.decided_at == vote.at
            assert stored.revision_hash == vote.revision == row.subject_hash
            assert stored.model_version_id == state.route.model_version
            assert stored.relation == vote.relation != ""
            assert stored.seat == seat.label
            assert stored.stage == stage.key
            assert stored.comment == vote.comment
            assert stored.person_key == account.person_id
            assert stored.on_behalf_of_id == vote.on_behalf_of
            assert stored.mode
            assert stored.quorum
            holder = vote.on_behalf_of or vote.user
            assert stored.membership is not None
            assert (stored.membership.user_id, stored.membership.role) == (holder, "lead")
            assert not stored.membership.guest
            assert stored.membership.unit_id == seat.unit or stored.membership.reach == "subtree"
            if vote.on_behalf_of is not None:
                assert stored.delegation is not None
                assert stored.delegation.substitute_id == vote.user
                assert stored.delegation.delegator_id == vote.on_behalf_of

    def _check_objections(self, row: Request, state: RequestState) -> None:
        rows = list(Objection.objects.filter(request=row).order_by("number"))
        assert [
            (each.number, each.user_id, each.text, each.raised_at, each.cleared_at, each.cleared_by_id) for each in rows
        ] == [
            (each.number, each.user, each.text, each.at, each.cleared_at, each.cleared_by) for each in state.objections
        ]


def _fresh(document: Document) -> Document:
    return Document.objects.select_related("remit__unit", "in_force", "draft").get(pk=document.pk)


def in_days(days: int) -> date:
    """That many days from today."""
    return timezone.localdate() + timedelta(days=days)
