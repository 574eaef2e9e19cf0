"""A tiny organisation, made through the actions, in which every rule about documents can be shown.

Under the model *centre of excellence*: in a unit's knowledge remit, unit and centre draft, its lead and then the
centre's lead decide, and the centre's lead publishes (joint). In the centre's own remit its lead decides alone.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from accounts.models import User
from governance import ledger
from governance.actions.memberships import NewMembership, grant_memberships
from governance.actions.operating_models import install_builtin_models
from governance.actions.organisation_roles import appoint_first_administrator, grant_organisation_role
from governance.actions.requests import decide
from governance.actions.transitions import apply_transition, plan_transition
from governance.actions.units import NewUnit, create_units
from governance.models import BusinessUnit, OperatingModelVersion, Remit, Request
from governance.permissions.projecting import PlannedAssignment
from governance.vocabulary import OrganisationRole, Role, UnitKind
from knowledge.actions.documents import NewDocument, create_document
from knowledge.actions.drafts import save_draft, start_revision, submit_draft
from knowledge.models import Document

TEXT = """# Encryption of personal data

In short: every unit encrypts personal data.

## Scope

Systems that hold personal data MUST encrypt it at rest.

## Keys

Keys MUST be rotated at least every 12 months.

Backups SHOULD be encrypted before they leave the region.
"""


@dataclass
class Cast:
    """The people, by what they are."""

    admin: Any
    centre_lead: Any
    other_centre_lead: Any
    centre_author: Any
    unit_lead: Any
    unit_author: Any
    unit_reader: Any
    other_reader: Any
    guest: Any
    auditor: Any
    outsider: Any

    @property
    def unit_remit(self) -> Remit:
        return remit("FIN")

    @property
    def centre_remit(self) -> Remit:
        return remit("COE")


def unit(code: str) -> BusinessUnit:
    return BusinessUnit.objects.get(code=code)


def remit(code: str, capability: str = "knowledge") -> Remit:
    return Remit.objects.select_related("unit").get(unit__code=code, capability=capability)


def make_cast() -> Cast:
    def person(name: str) -> Any:
        return User.objects.create_user(f"{name.split(maxsplit=1)[0].lower()}@example.org", name=name)

    cast = Cast(
        admin=person("Ada Admin"),
        centre_lead=person("Cora Centre"),
        other_centre_lead=person("Cleo Centre"),
        centre_author=person("Carl Centre"),
        unit_lead=person("Finn Finance"),
        unit_author=person("Fay Finance"),
        unit_reader=person("Fred Finance"),
        other_reader=person("Hugo People"),
        guest=person("Gus Guest"),
        auditor=person("Aud Auditor"),
        outsider=person("Otto Outsider"),
    )
    appoint_first_administrator(user=cast.admin)
    install_builtin_models()
    create_units(
        actor=cast.admin,
        units=[
            NewUnit(code="ORG", name="Organisation", kind=UnitKind.ORGANISATION),
            NewUnit(code="COE", name="Centre of excellence", kind=UnitKind.CENTRE_OF_EXCELLENCE, parent="ORG"),
            NewUnit(code="FIN", name="Finance", kind=UnitKind.DEPARTMENT, parent="ORG"),
            NewUnit(code="PAY", name="Payments", kind=UnitKind.TEAM, parent="FIN"),
            NewUnit(code="HR", name="People", kind=UnitKind.DEPARTMENT, parent="ORG"),
        ],
    )
    grant_memberships(
        actor=cast.admin,
        memberships=[
            NewMembership(user=cast.centre_lead, unit=unit("COE"), role=Role.LEAD),
            NewMembership(user=cast.other_centre_lead, unit=unit("COE"), role=Role.LEAD),
            NewMembership(user=cast.centre_author, unit=unit("COE"), role=Role.AUTHOR),
            NewMembership(user=cast.unit_lead, unit=unit("FIN"), role=Role.LEAD),
            NewMembership(user=cast.unit_author, unit=unit("FIN"), role=Role.AUTHOR),
            NewMembership(user=cast.unit_reader, unit=unit("FIN"), role=Role.READER),
            NewMembership(user=cast.other_reader, unit=unit("HR"), role=Role.READER),
            NewMembership(user=cast.guest, unit=unit("FIN"), role=Role.READER, guest=True),
        ],
    )
    grant_organisation_role(actor=cast.admin, user=cast.auditor, role=OrganisationRole.AUDITOR)
    assign("centre_of_excellence", "COE", actor=cast.admin)
    return cast


def assign(model: str, centre: str | None, *, actor: Any, of: str = "ORG") -> None:
    """The unit is under the model; by a lone administrator, so before any document was in force."""
    planned = PlannedAssignment(
        unit=unit(of).pk,
        model_version=OperatingModelVersion.objects.get(family__key=model).pk,
        centre=unit(centre).pk if centre else None,
    )
    plan = plan_transition(actor=actor, title="Start", reason="The first model.", changes=[planned])
    apply_transition(actor=actor, transition=plan)


def drafted(actor: Any, where: Remit, title: str = "Encryption of personal data", **more: Any) -> Document:
    """A new standard with a draft, ready to be submitted."""
    more = {"kind": "standard", "body": TEXT, "reason": "The regulator asks for it.", **more}
    return create_document(actor=actor, new=NewDocument(remit=where, title=title, **more))


def submitted(actor: Any, document: Document) -> Request:
    document.refresh_from_db()
    assert document.draft is not None
    return submit_draft(actor=actor, document=document, base=document.draft.public_id, submission_key=uuid4())


def approved(request: Request, *deciders: Any) -> Request:
    for person in deciders:
        request = decide(actor=person, request=request, verdict="approve", seen_hash=request.subject_hash)
    return request


def published(cast: Cast, title: str = "Encryption of personal data", **more: Any) -> Document:
    """A standard of the centre in force: written by its author, approved by its lead."""
    document = drafted(cast.centre_author, cast.centre_remit, title, **more)
    approved(submitted(cast.centre_author, document), cast.centre_lead)
    return Document.objects.get(pk=document.pk)


def next_version(cast: Cast, document: Document, body: str, *, effective_on: date | None = None) -> Request:
    """The next version of the centre's standard, submitted."""
    draft = start_revision(actor=cast.centre_author, document=document, reason="It must be better.")
    save_draft(
        actor=cast.centre_author,
        document=document,
        base=draft.public_id,
        title=draft.title,
        body=body,
        reason="It must be better.",
        effective_on=effective_on,
    )
    return submitted(cast.centre_author, document)


def events_of(document: Document) -> list[str]:
    from governance.models import LedgerEntry

    stream = ledger.stream("document", document.public_id).name
    return list(LedgerEntry.objects.filter(stream__name=stream).order_by("sequence").values_list("event", flat=True))


def in_days(days: int) -> date:
    from knowledge.days import today

    return today() + timedelta(days=days)
