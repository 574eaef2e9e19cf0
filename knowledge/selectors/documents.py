"""One document as a person sees it: found by its number, its text by version, and what stands beside it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from governance.models import BusinessUnit, ExceptionRequest, Membership, Request
from governance.permissions import policy
from governance.permissions.standing import all_memberships_now, saw_memberships
from governance.rights import Right
from governance.vocabulary import UnitKind
from knowledge.days import today
from knowledge.models import Document, DocumentAlias, Publication, Revision
from knowledge.selectors.approvals import approvals_of, approvers, with_approvals
from knowledge.selectors.drafts import documents_with_drafts, drafts_of
from knowledge.selectors.library import documents_visible_to
from knowledge.selectors.owners import owner_ids_of, owners_of
from knowledge.selectors.revisions import publications_of, revision_named
from knowledge.selectors.statuses import Standing, import_waits, standing_of

_VERSIONS_SHOWN = 8
_OPEN = ("open", "undecidable")


@dataclass(frozen=True, slots=True)
class Version:
    """A published version in a list, with the names of those who approved it; none for an imported one."""

    publication: Publication
    approvers: tuple[str, ...]

    @property
    def approval_is_recorded(self) -> bool:
        """Whether an approval stands behind it."""
        return self.publication.basis == Publication.Basis.APPROVED


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What the document is to one of the reader's units."""

    unit: BusinessUnit
    applies: bool


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """Everything that the reading page shows. ``revision`` is the text being read, or ``None``.

    ``is_current`` says that it is the version in force; ``draft_request`` is the number of the request in which the
    draft waits, empty where there is none that the reader may know of. ``exceptions`` are those in force now.
    """

    document: Document
    revision: Revision | None
    standing: Standing
    sees_draft: bool
    draft_request: str
    versions: tuple[Version, ...]
    version_count: int
    units: tuple[UnitFacts, ...]
    exceptions: tuple[ExceptionRequest, ...]

    @property
    def is_current(self) -> bool:
        """Whether the revision being read is the one in force."""
        return self.revision is not None and self.revision.pk == self.document.in_force_id

    @property
    def publication(self) -> Publication | None:
        """The publication of the revision being read."""
        if self.revision is None:
            return None
        return getattr(self.revision, "publication", None)

    @property
    def approvers(self) -> tuple[str, ...]:
        """Who approved the version being read."""
        read = self.revision
        return next((each.approvers for each in self.versions if read and each.publication.pk == read.pk), ())


def find_document(actor: Any, reference: str) -> Document:
    """Return the document under this number, in capitals or not, or under this other reference.

    Raises ``Document.DoesNotExist`` alike for what does not exist and for what the actor may not see. The number comes
    before other references; among documents that share one, the first made is meant.
    """
    wanted = reference.strip()[:200].replace("\x00", "")
    # Two look-ups by an index each. As one condition the database reads every document to find it.
    aliases = DocumentAlias.objects.filter(value__in={wanted, wanted.upper(), wanted.lower()})
    for called in (Q(number=wanted.upper()), Q(pk__in=aliases.values("document_id"))):
        found = _with_pointers(actor, documents_visible_to(actor).filter(called)).order_by("pk").first()
        if found is not None:
            return found
    raise Document.DoesNotExist(f"No document is called {reference!r}.")


def document_page(actor: Any, reference: str, *, version: str = "") -> DocumentPage:
    """Return the page of a document: the version in force, or the one named as in ``revision_named``.

    Raises ``Document.DoesNotExist`` or ``Revision.DoesNotExist`` for what the actor may not see. A document without a
    version in force shows its draft to whoever may read it, a retired one its last version.
    """
    document = find_document(actor, reference)
    sees_draft = bool(getattr(document, "sees_draft", False))
    published = with_approvals(publications_of(document), version="revision__public_id", request="request")
    publications = list(published[:_VERSIONS_SHOWN])
    revision = _revision(actor, document, version, sees_draft, publications)
    approval = getattr(document, "approval", None) or {}
    standing = standing_of(document, sees_draft=sees_draft, approval=approval.get("status"))
    if sees_draft and getattr(document, "import_waits", False):
        standing = replace(standing, import_waits=True)
    return DocumentPage(
        document=document,
        revision=revision,
        standing=standing,
        sees_draft=sees_draft,
        draft_request=approval["number"] if sees_draft and approval.get("status") in _OPEN else "",
        versions=tuple(Version(each, approvers(approvals_of(each))) for each in publications),
        version_count=document.version_number or (publications[0].version_number if publications else 0),
        units=_unit_facts(actor, document),
        exceptions=tuple(exceptions_from(document)) if getattr(document, "has_exceptions", True) else (),
    )


def successor_for(actor: Any, document: Document) -> Document | None:
    """Return what took the place of a retired document, if the actor may read that too."""
    after = document.successor if document.is_retired else None
    return after if after is not None and policy.can(actor, Right.READ, after) else None


def rights_on_document(actor: Any, document: Document) -> dict[Right, policy.Decision]:
    """Return the decision about every right on the document, for buttons that say why they are not there."""
    return {right: policy.can(actor, right, document) for right in Right}


def _with_pointers(actor: Any, documents: "QuerySet[Document]") -> "QuerySet[Document]":
    about_draft = Request.objects.filter(
        subject_id=OuterRef("public_id"), kind=Request.Kind.PUBLICATION, subject_version=OuterRef("draft__public_id")
    ).order_by("-opened_at", "-pk")
    return (
        # What nearly every document has. A pointer that leads nowhere costs nothing, and each table more in the
        # statement costs the database longer to plan it than to fetch the row.
        documents.select_related(
            "remit__unit",
            "remit__centre",
            "remit__model_version__family",  # a refusal names it
            "in_force__publication",
            "in_force__created_by",
        )
        .defer("remit__model_version__source")
        .annotate(
            sees_draft=policy.holding(actor, Document, Right.READ_DRAFT),
            approval=Subquery(about_draft.values(said=JSONObject(status="status", number="number"))[:1]),
            import_waits=import_waits(),
            has_exceptions=Exists(_in_force(OuterRef("public_id"))),
        )
    )


def _revision(
    actor: Any, document: Document, version: str, sees_draft: bool, publications: Sequence[Publication]
) -> Revision | None:
    if version:
        return revision_named(actor, document, version)
    if document.in_force is not None:
        return document.in_force
    if document.is_retired and publications:
        return revision_named(actor, document, str(publications[0].version_number))
    if sees_draft:
        return document.draft or document.approved
    return None


def _unit_facts(actor: Any, document: Document) -> tuple[UnitFacts, ...]:
    """Whether the document applies to each unit that the reader is a member of."""
    if not getattr(actor, "pk", None):
        return ()
    remit = document.remit
    centre = UnitKind(remit.unit.kind).is_centre
    governed = Q(unit__remits__centre=remit.unit, unit__remits__capability=remit.capability)
    below = Q(unit__above__ancestor=remit.unit)
    applying = Membership.objects.filter(governed if centre else below, pk=OuterRef("pk"))
    memberships = all_memberships_now(actor).annotate(applies=Exists(applying))
    held = list(memberships)
    saw_memberships(actor, list(held))  # the page's shell asks for them too
    facts = {
        each.unit.pk: UnitFacts(each.unit, each.applies or each.unit_id == remit.unit_id)
        for each in held
        if each.unit.closed_at is None
    }
    return tuple(facts.values())


def exceptions_from(document: Document) -> "QuerySet[ExceptionRequest]":
    """Return the exceptions in force from the document, the first to end first. The caller found it by rights."""
    return _in_force(document.public_id).select_related("request__asking_unit").order_by("until")


def _in_force(subject: Any) -> "QuerySet[ExceptionRequest]":
    return ExceptionRequest.objects.filter(
        request__subject_id=subject,
        request__status=Request.Status.APPROVED,
        ended_at__isnull=True,
        until__gte=today(),
    )


__all__ = [
    "DocumentPage",
    "UnitFacts",
    "Version",
    "document_page",
    "documents_visible_to",
    "documents_with_drafts",
    "drafts_of",
    "exceptions_from",
    "find_document",
    "owner_ids_of",
    "owners_of",
    "rights_on_document",
    "successor_for",
]
