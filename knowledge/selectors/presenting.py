"""What governance's pages show of a document: what a request would change, and the clauses that it may be about."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from knowledge.models import Clause, ClauseVersion, Document, Publication, Revision
from knowledge.selectors.documents import find_document
from knowledge.selectors.revisions import compared, revision_by_id

LONGEST_LABEL = 180
TEMPLATE = "knowledge/_request_change.html"


def found_document(actor: Any, reference: str) -> Document | None:
    """Return the document that people call so if ``actor`` may see it, else None as for one that is not there."""
    try:
        return find_document(actor, reference)
    except Document.DoesNotExist:
        return None


def clauses_in_force(document: Document) -> list[tuple[str, str]]:
    """Return the clauses of the version in force as (public id, words), in their order. Asks no permission."""
    if document.in_force_id is None:
        return []
    rows = ClauseVersion.objects.filter(revision=document.in_force_id).select_related("clause").order_by("order")
    return [(str(row.clause.public_id), _label(row)) for row in rows]


def clause_of(document: Document, public_id: str) -> tuple[UUID | None, str]:
    """Return the public id and words of a clause of the document; (None, "") for anything else."""
    try:
        wanted = UUID(str(public_id))
    except ValueError:
        return None, ""
    clause = Clause.objects.filter(document=document, public_id=wanted).first()
    if clause is None:
        return None, ""
    rows = ClauseVersion.objects.filter(clause=clause)
    said = rows.filter(revision=document.in_force_id).first() or rows.order_by("-revision__sequence").first()
    return wanted, _label(said) if said is not None else ""


def version_is_open(actor: Any, version: UUID) -> bool:
    """Return whether ``actor`` may read that revision: as a published one, or with the drafts."""
    rows = Revision.objects.filter(public_id=version)
    return policy.visible(actor, rows, Right.READ, Right.READ_DRAFT).exists()


def request_presentation(actor: Any, request: Request) -> dict[str, Any]:
    """Return ``title_url``, ``template`` and ``context`` for the page of a request about a document.

    Empty where the actor may not see the document; without a change where the proposed revision is not for them.
    """
    try:
        document = _seen(actor, request)
    except Document.DoesNotExist:
        return {}
    context: dict[str, Any] = {"document": document, "kind": request.kind}
    if request.kind == Request.Kind.PUBLICATION:
        context |= _proposed(actor, document, request)
    elif request.kind == Request.Kind.RETIREMENT:
        context["successor"] = document.successor if document.successor and _reads(actor, document.successor) else None
    else:
        context["clause"] = _clause_asked_about(document, request)
    anchor = f"#{context['clause'].anchor}" if context.get("clause") else ""
    return {"template": TEMPLATE, "context": context, "title_url": f"{document.get_absolute_url()}{anchor}"}


def _seen(actor: Any, request: Request) -> Document:
    rows = Document.objects.filter(public_id=request.subject_id).select_related("in_force", "successor", "remit__unit")
    return policy.visible(actor, rows, Right.READ, Right.READ_DRAFT).get()


def _reads(actor: Any, document: Document) -> bool:
    return bool(policy.can(actor, Right.READ, document))


def _proposed(actor: Any, document: Document, request: Request) -> dict[str, Any]:
    """The proposed revision beside the one that it would replace, or did."""
    if request.subject_version is None:
        return {}
    proposed = revision_by_id(actor, document, request.subject_version)
    if proposed is None:
        return {}
    base = _replaced(document, request)
    return {
        "proposed": proposed,
        "base": base,
        "comparison": compared(base.revision, proposed) if base is not None else None,
        "version_url": f"{document.get_absolute_url()}v/r{proposed.sequence}/",
        "compare_url": f"{document.get_absolute_url()}compare/{base.version_number}..r{proposed.sequence}/"
        if base is not None
        else "",
    }


def _replaced(document: Document, request: Request) -> Publication | None:
    """The version that the proposed one would replace: the one in force, or that was when the request was decided."""
    before = Publication.objects.filter(document=document).select_related("revision").order_by("-version_number")
    if request.status in (Request.Status.OPEN, Request.Status.UNDECIDABLE):
        return before.filter(revision=document.in_force_id).first()
    return before.filter(~Q(revision__public_id=request.subject_version), published_at__lt=request.opened_at).first()


def _clause_asked_about(document: Document, request: Request) -> ClauseVersion | None:
    asked = getattr(request, "change", None) or getattr(request, "exception", None)
    if asked is None or asked.clause is None:
        return None
    return ClauseVersion.objects.filter(clause__public_id=asked.clause, revision=document.in_force_id).first()


def _label(row: ClauseVersion) -> str:
    words = f"§{row.number} {' '.join(row.text.split())}"
    return words if len(words) <= LONGEST_LABEL else f"{words[: LONGEST_LABEL - 1].rstrip()}…"
