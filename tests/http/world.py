"""A small organisation full of things that not everybody may see, each marked with words that stand nowhere else.

A ``Secret`` is one hidden thing: its words (in titles, texts, tags, file names, reasons and comments), its numbers and
public ids, and who may see it. Whatever answers anybody else must hold none of them.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.cache import cache
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.actions.tokens import create_token
from accounts.models import ApiToken, Notification, User
from governance import ledger
from governance.actions.delegations import NewDelegation, delegate
from governance.actions.memberships import NewMembership, grant_memberships
from governance.actions.organisation_roles import grant_organisation_role
from governance.actions.requests import ask_change, ask_exception, decide
from governance.actions.transitions import plan_transition
from governance.actions.units import NewUnit, close_unit, create_units
from governance.models import (
    ConfirmationRequest,
    LedgerEntry,
    Membership,
    OperatingModelVersion,
    OrganisationRoleHolding,
    Request,
    RequestWaiting,
)
from governance.permissions import policy
from governance.permissions.projecting import PlannedAssignment
from governance.selectors import organisation
from governance.vocabulary import OrganisationRole, Role, UnitKind
from knowledge.actions.attachments import attach_file
from knowledge.actions.drafts import discard_draft, save_draft, start_revision
from knowledge.actions.imports import NewImport, import_documents
from knowledge.actions.retirement import propose_retirement
from knowledge.actions.reviews import remind_due_reviews
from knowledge.models import Clause, Document, ImportBatch, Revision
from knowledge.search.index import index_documents
from tests.knowledge.cast import Cast, approved, assign, drafted, in_days, make_cast, published, remit, submitted, unit

ROLES = ("author", "lead", "reader", "other", "lab", "guest", "admin", "auditor", "outsider")
"""CoE author; Finance's lead, reader and guest; a reader of People; the lead of an independent unit; administrator;
auditor; somebody who belongs nowhere."""
COE = frozenset({"author", "auditor"})
FINANCE = frozenset({"author", "lead", "reader", "auditor"})
LAB = frozenset({"lab", "auditor"})
MEMBERS = frozenset(ROLES) - {"guest", "outsider"}
PIXEL = bytes.fromhex("89504e470d0a1a0a") + b"an invented picture"


@dataclass(frozen=True)
class Secret:
    """Something hidden: what gives it away, and the roles that may see it."""

    name: str
    seen_by: frozenset[str]
    words: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()

    def found_in(self, told: "Told") -> list[str]:
        """What of it stands in an answer, whatever the case of the letters."""
        words = [word for word in self.words if told.speaks and word.casefold() in told.lower]
        return words + [each for each in self.ids if each.casefold() in told.numbers]


class Told:
    """An answer, read once: all of it in small letters, and what in it could be a number or an id. R-1 is not R-12."""

    def __init__(self, answer: str) -> None:
        self.lower = answer.casefold()
        self.speaks = "zq" in self.lower
        self.numbers = frozenset(re.findall(r"[\w-]+", self.lower))


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside is undone, and nothing of it is remembered."""
    with transaction.atomic():
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True
        yield
        transaction.set_rollback(True)
    forget()


@contextmanager
def taken_back() -> Iterator[Callable[[bool], None]]:
    """What happens inside is undone; it yields what says whether anything can have changed, and so must be forgotten.

    To forget costs as much as many requests, and a refusal changes nothing that is remembered.
    """
    changed = [True]
    with transaction.atomic():
        transaction.get_connection().atomic_blocks[-1]._from_testcase = True
        yield lambda has: changed.__setitem__(0, has)
        transaction.set_rollback(True)
    if changed[0]:
        forget()


@dataclass
class World:
    """The people by role, the things by name, and what is hidden."""

    cast: Cast
    people: dict[str, Any]
    documents: dict[str, Document] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    batches: dict[str, ImportBatch] = field(default_factory=dict)
    secrets: list[Secret] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)

    def browser(self, role: str) -> Client:
        """Somebody's browser; nobody is signed in for an empty role. Forms need their token as in a real one."""
        client = Client(enforce_csrf_checks=False, raise_request_exception=False)
        if role:
            client.force_login(self.people[role])
        return client

    def hidden_from(self, role: str) -> list[Secret]:
        """What this role may not see."""
        return [secret for secret in self.secrets if role not in secret.seen_by]

    def hide(
        self, name: str, seen_by: frozenset[str], *, words: tuple[str, ...] = (), ids: tuple[Any, ...] = ()
    ) -> None:
        """One more hidden thing."""
        self.secrets.append(Secret(name, seen_by, words, tuple(str(each) for each in ids)))


def text(*words: str) -> str:
    """A standard's text that holds these words in its summary, a heading and a clause each."""
    said = "\n\n".join(f"Systems MUST keep {word} safe." for word in words)
    return f"In short: {' '.join(words)}.\n\n## Scope of {words[0]}\n\n{said}\n"


@contextmanager
def kept_world(folder: Path) -> Iterator[World]:
    """The world, in a transaction that is undone at the end; within it every test has a savepoint of its own."""
    forget()
    with transaction.atomic() as _:
        block = transaction.get_connection().atomic_blocks[-1]
        block._from_testcase = True  # so that a durable transaction may begin inside it, as in a TestCase
        yield build(folder)
        transaction.set_rollback(True)
    forget()


def forget() -> None:
    """Nothing is remembered of an organisation that was rolled back."""
    policy.forget()
    organisation._worlds.clear()
    cache.clear()


def build(folder: Path) -> World:
    """Make the organisation and everything hidden in it, through the actions."""
    cast = make_cast()
    lab_lead = User.objects.create_user("lara@example.org", name="Lara Lab")
    sponsor = User.objects.create_user("sam@example.org", name="Sam Sponsor")
    hermit = User.objects.create_user("zqhermitmail@example.org", name="Zqhermitname Alone")
    world = World(
        cast,
        {
            "author": cast.centre_author,
            "lead": cast.unit_lead,
            "reader": cast.unit_reader,
            "other": cast.other_reader,
            "lab": lab_lead,
            "guest": cast.guest,
            "admin": cast.admin,
            "auditor": cast.auditor,
            "outsider": cast.outsider,
        },
    )
    create_units(
        actor=cast.admin,
        units=[
            NewUnit(code="LAB", name="Laboratory", kind=UnitKind.DEPARTMENT, parent="ORG"),
            NewUnit(code="ZQSHUT", name="Zqshutname", kind=UnitKind.TEAM, parent="HR"),
        ],
    )
    grant_memberships(
        actor=cast.admin,
        memberships=[
            NewMembership(user=lab_lead, unit=unit("LAB"), role=Role.LEAD),
            NewMembership(user=hermit, unit=unit("HR"), role=Role.READER),
        ],
    )
    assign("independent", None, actor=cast.admin, of="LAB")
    close_unit(actor=cast.admin, unit=unit("ZQSHUT"), reason="Zqshutreason.")
    grant_organisation_role(actor=cast.admin, user=sponsor, role=OrganisationRole.SPONSOR)
    grant_organisation_role(actor=cast.admin, user=cast.admin, role=OrganisationRole.SPONSOR, reason="Zqwishreason.")
    world.people |= {"centre": cast.centre_lead, "writer": cast.unit_author, "sponsor": sponsor}
    world.others["hermit"] = hermit
    _organisation_secrets(world)
    _open_standard(world)
    _restricted(world)
    _drafts(world)
    _laboratory(world)
    _next_versions(world)
    _ended(world)
    _requests(world)
    _imports(world, folder)
    _plan(world)
    keeper = world.people["centre"]
    world.others["token"] = create_token(actor=keeper, user=keeper, name="Zqtoken", scopes=["read"], days=30).token
    _notices(world)
    index_documents(Document.objects.all())
    world.others["entry"] = LedgerEntry.objects.filter(event="document.created").latest("pk").pk
    return world


def _organisation_secrets(world: World) -> None:
    hermit, asked = world.others["hermit"], ConfirmationRequest.objects.get()
    insiders = MEMBERS
    world.hide("a person", insiders, words=("zqhermitmail", "Zqhermitname"), ids=(hermit.public_id,))
    world.hide("a closed unit", insiders, words=("Zqshutname", "Zqshutreason"), ids=("ZQSHUT",))
    # What an administrator asked for themselves concerns those who confirm it, and whoever audits.
    world.hide("a confirmation", frozenset({"admin", "auditor"}), words=("Zqwishreason",), ids=(asked.public_id,))


def _open_standard(world: World) -> None:
    """In force, for everybody whom the centre governs: not for the laboratory, and not for who belongs nowhere."""
    document = published(world.cast, "Zqopentitle of keys", body=text("zqopenbody"), tags=["zqopentag"])
    world.documents["open"] = document
    readers = frozenset({"author", "lead", "reader", "other", "auditor"})
    world.hide(
        "the open standard",
        readers,
        words=("zqopentitle", "zqopenbody", "zqopentag"),
        ids=(document.number, document.public_id),
    )


def _restricted(world: World) -> None:
    cast = world.cast
    document = drafted(
        cast.centre_author,
        cast.centre_remit,
        "Zqsealtitle of vaults",
        body=text("zqsealbody", "zqsealclause"),
        tags=["zqsealtag"],
        reason="Zqsealreason.",
        classification="restricted",
        aliases=["ZQSEALALIAS-7"],
    )
    assert document.draft is not None
    attach_file(
        actor=cast.centre_author,
        document=document,
        base=document.draft.public_id,
        name="zqsealfile.txt",
        file=ContentFile(b"zqsealbytes"),
    )
    document.refresh_from_db()
    request = approved(submitted(cast.centre_author, document), cast.centre_lead)
    document = Document.objects.get(pk=document.pk)
    document.next_review_on = in_days(-3)
    document.save(update_fields=["next_review_on"])
    remind_due_reviews()
    revisions = Revision.objects.filter(document=document)
    clauses = Clause.objects.filter(document=document)
    world.documents["restricted"], world.requests["restricted"] = document, request
    world.hide(
        "the restricted standard",
        COE,
        words=(*(f"zqseal{part}" for part in ("title", "body", "clause", "tag", "reason", "alias", "file", "bytes")),),
        ids=(document.number, document.public_id, request.number, request.public_id,
             *(row.public_id for row in revisions), *(row.public_id for row in clauses)),
    )  # fmt: skip


def _drafts(world: World) -> None:
    cast = world.cast
    document = drafted(
        cast.unit_author,
        cast.unit_remit,
        "Zqdrafttitle of ledgers",
        body=text("zqdraftbody"),
        tags=["zqdrafttag"],
        reason="Zqdraftreason.",
    )
    world.documents["draft"] = document
    assert document.draft is not None
    world.hide(
        "the unit's draft",
        FINANCE,
        words=("zqdrafttitle", "zqdraftbody", "zqdrafttag", "zqdraftreason"),
        ids=(document.number, document.public_id, document.draft.public_id),
    )
    dropped = drafted(cast.unit_author, cast.unit_remit, "Zqdroptitle", body=text("zqdropbody"))
    assert dropped.draft is not None
    discard_draft(actor=cast.unit_author, document=dropped, base=dropped.draft.public_id, reason="Zqdropreason.")
    world.documents["dropped"] = Document.objects.get(pk=dropped.pk)
    world.hide(
        "the discarded draft",
        FINANCE,
        words=("zqdroptitle", "zqdropbody", "zqdropreason"),
        ids=(dropped.number, dropped.public_id),
    )


def _laboratory(world: World) -> None:
    """A unit under the independent model: nobody beside it sees anything of it."""
    lead = world.people["lab"]
    author = User.objects.create_user("leo@example.org", name="Leo Lab")
    grant_memberships(
        actor=world.cast.admin, memberships=[NewMembership(user=author, unit=unit("LAB"), role=Role.AUTHOR)]
    )
    document = drafted(author, remit("LAB"), "Zqlabtitle", body=text("zqlabbody"), tags=["zqlabtag"])
    request = approved(submitted(author, document), lead)
    waiting = drafted(author, remit("LAB"), "Zqlabwaiting", body=text("zqlabwaitbody"), reason="Zqlabwaitreason.")
    asked = submitted(author, waiting)
    lent = NewDelegation(
        substitute=author,
        remits=[remit("LAB", "change")],
        until=timezone.now() + timedelta(days=30),
        reason="Zqlentreason.",
    )
    world.others["delegation"] = delegate(actor=lead, delegation=lent)
    world.hide(
        "a delegation",
        frozenset({"lab", "admin", "auditor"}),
        words=("zqlentreason",),
        ids=(world.others["delegation"].public_id,),
    )
    document = Document.objects.get(pk=document.pk)
    world.documents["lab"], world.documents["lab_waiting"] = document, Document.objects.get(pk=waiting.pk)
    world.requests["lab"], world.requests["lab_waiting"] = request, asked
    world.hide(
        "the laboratory's documents",
        LAB,
        words=("zqlabtitle", "zqlabbody", "zqlabtag", "zqlabwaiting", "zqlabwaitbody", "zqlabwaitreason"),
        ids=(document.number, waiting.number, document.public_id, waiting.public_id, request.number, asked.number),
    )


def _next_versions(world: World) -> None:
    """What readers read is in force; what is written, approved or in approval after it is not for them."""
    cast = world.cast
    for name, day in (("zqnext", None), ("zqlater", in_days(30))):
        document = published(cast, f"Backups {name[2:]}", body=text("plainwords"))
        draft = start_revision(actor=cast.centre_author, document=document, reason=f"{name}startreason")
        saved = save_draft(
            actor=cast.centre_author,
            document=document,
            base=draft.public_id,
            title=f"{name}title",
            body=text(f"{name}body"),
            reason=f"{name}reason",
            effective_on=day,
        )
        attach_file(
            actor=cast.centre_author,
            document=document,
            base=saved.public_id,
            name=f"{name}file.txt",
            file=ContentFile(f"{name}bytes".encode()),
        )
        request = submitted(cast.centre_author, document)
        if day is not None:
            approved(request, cast.centre_lead)
        document = Document.objects.get(pk=document.pk)
        world.documents[name[2:]], world.requests[name[2:]] = document, request
        revisions = Revision.objects.filter(document=document, publication__isnull=True)
        world.hide(
            f"the {name[2:]} version",
            COE,
            words=tuple(f"{name}{part}" for part in ("startreason", "title", "body", "reason", "file", "bytes")),
            ids=(request.number, request.public_id, *(row.public_id for row in revisions)),
        )


def _ended(world: World) -> None:
    """A retired standard that readers may still open; what follows it is restricted."""
    cast = world.cast
    document = published(cast, "Fax machines", body=text("faxwords"))
    asked = propose_retirement(
        actor=cast.centre_lead,
        document=document,
        reason="Nobody has one.",
        successor=world.documents["restricted"],
        submission_key=uuid4(),
    )
    world.requests["retired"] = approved(asked, cast.other_centre_lead)
    world.documents["retired"] = Document.objects.get(pk=document.pk)
    assert world.documents["retired"].is_retired


def _requests(world: World) -> None:
    cast, document = world.cast, world.documents["open"]
    clause = Clause.objects.filter(document=document).first()
    assert clause is not None
    change = ask_change(
        actor=cast.unit_reader,
        subject=document,
        unit=unit("FIN"),
        proposal="Zqchangeproposal.",
        reason="Zqchangereason.",
        clause=clause.public_id,
    )
    exception = ask_exception(
        actor=cast.unit_author,
        subject=document,
        unit=unit("FIN"),
        reason="Zqexceptionreason.",
        until=in_days(40),
        compensating_control="Zqexceptioncontrol.",
        risk="low",
        clause=clause.public_id,
    )
    for waiting in list(RequestWaiting.objects.filter(request=exception).select_related("user"))[:1]:
        decide(actor=waiting.user, request=exception, verdict="approve", comment="Zqexceptioncomment.")
    exception.refresh_from_db()
    world.requests |= {"change": change, "exception": exception}
    world.hide(
        "the reader's change request",
        frozenset({"author", "lead", "reader", "auditor"}),
        words=("zqchangeproposal", "zqchangereason"),
        ids=(change.number, change.public_id),
    )
    world.hide(
        "the unit's exception request",
        frozenset({"author", "lead", "auditor"}),
        words=("zqexceptionreason", "zqexceptioncontrol", "zqexceptioncomment"),
        ids=(exception.number, exception.public_id),
    )


def _imports(world: World, folder: Path) -> None:
    source = folder / "zqimportsource"
    source.mkdir()
    (source / "zqimportpath.md").write_text(
        "---\ntitle: Zqimporttitle\ntags: [zqimporttag]\nid: ZQIMPORTALIAS-3\n---\n\nData MUST be zqimportbody.\n"
    )
    (source / "broken.md").write_bytes(b"---\ntitle: [zqimportbroken\n---\n\xff\xfe")
    batch = import_documents(
        actor=world.cast.centre_lead, new=NewImport(source=str(source), remit=world.cast.centre_remit)
    )
    document = Document.objects.get(title="Zqimporttitle")
    request = Request.objects.get(subject_id=batch.public_id)
    world.batches["import"], world.documents["imported"], world.requests["import"] = batch, document, request
    world.hide(
        "the import",
        COE,
        words=("zqimportsource", "zqimportpath", "zqimporttitle", "zqimporttag", "zqimportalias", "zqimportbody"),
        ids=(document.number, document.public_id, request.number, request.public_id, batch.public_id),
    )


def _plan(world: World) -> None:
    centre = unit("COE")
    plan = plan_transition(
        actor=world.cast.admin,
        title="Zqplantitle",
        reason="Zqplanreason.",
        changes=[
            PlannedAssignment(
                unit=unit("FIN").pk,
                model_version=OperatingModelVersion.objects.get(family__key="centre_of_excellence").pk,
                centre=centre.pk,
            )
        ],
    )
    world.others["plan"] = plan
    world.hide(
        "the plan",
        frozenset({"admin", "auditor"}),
        words=("zqplantitle", "zqplanreason"),
        ids=(plan.public_id, plan.number),
    )


def _notices(world: World) -> None:
    """What the handlers told, and to everybody a notice about a thing that they may not (or no longer) see."""
    ledger.deliver_due()
    now = timezone.now()
    about = (
        ("document", world.documents["restricted"]),
        ("request", world.requests["restricted"]),
        ("document", world.documents["lab"]),
        ("transition", world.others["plan"]),
    )
    seen_by = {
        "the restricted standard": COE,
        "the laboratory's documents": LAB,
        "the plan": frozenset({"admin", "auditor"}),
    }
    named = ("the restricted standard", "the restricted standard", "the laboratory's documents", "the plan")
    world.others["stale"] = {}
    for role in ROLES:
        for place, ((kind, thing), name) in enumerate(zip(about, named, strict=True)):
            if role in seen_by[name]:
                continue
            made = Notification.objects.create(
                user=world.people[role],
                event="approval.granted",
                key=f"stale:{place}",
                title=f"zqnotice{place}title",
                body=f"zqnotice{place}body",
                url=f"/s/zqnotice{place}url/",
                subject_kind=kind,
                subject_id=thing.public_id,
                created_at=now - timedelta(days=1),
            )
            world.others["stale"].setdefault(role, []).append(made)
    world.hide(
        "stale notices",
        frozenset(),
        words=tuple(f"zqnotice{place}{part}" for place in range(4) for part in ("title", "body", "url")),
    )


def membership_of(world: World, role: str) -> Membership:
    """The first membership of somebody."""
    found = Membership.objects.filter(user=world.people[role]).first()
    assert found is not None
    return found


def holding_of(user: Any) -> OrganisationRoleHolding:
    """An organisation-wide role of somebody."""
    found = OrganisationRoleHolding.objects.filter(user=user).first()
    assert found is not None
    return found


def token_of(user: Any) -> ApiToken:
    """A token that somebody has, made without a trace in the ledger; nobody knows its secret."""
    known = {"prefix": "remit_zq", "secret_hash": f"{user.pk:064}", "scopes": ["read"]}
    found, _ = ApiToken.objects.get_or_create(
        user=user, name="Kept", defaults={**known, "expires_at": timezone.now() + timedelta(days=30)}
    )
    return found
