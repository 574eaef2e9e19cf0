"""The reading page of a document, in force or any version of it, and its files."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_safe

from governance.figures import Life, LifeVersion, life
from governance.models import ExceptionRequest, Request
from governance.permissions import policy
from governance.permissions.policy import Decision
from governance.rights import Right
from governance.selectors.requests import requests_visible_to
from knowledge.actions.attachments import KINDS as FILE_KINDS
from knowledge.actions.documents import right_to_manage
from knowledge.days import today
from knowledge.models import ClauseVersion, Document, Publication, Revision, RevisionAttachment
from knowledge.selectors.documents import DocumentPage, successor_for
from knowledge.selectors.revisions import attachment_named
from knowledge.text.characters import clean_line
from knowledge.text.markdown import add_to_clauses
from knowledge.views.finding import page_or_404

MOST_CLAUSE_MENUS = 80
"""A document with more clauses than this shows no menu at each: the page would be slow, and the form lists them."""
_IN_TABLE = 3
_ASKED = (
    Right.DRAFT,
    Right.PUBLISH,
    Right.RETIRE,
    Right.CONFIRM_REVIEW,
    Right.REQUEST_CHANGE,
    Right.REQUEST_EXCEPTION,
)
_DEEPEST_CONTENTS = 3


@dataclass(frozen=True, slots=True)
class Banner:
    """A notice above the text."""

    body: str
    level: str = "info"
    url: str = ""
    link_words: str = ""


@login_required
@require_GET
def read(request: HttpRequest, ref: str, version: str = "") -> HttpResponse:
    """A document as it is in force, or the version that the address names, with what may be done with it."""
    page = page_or_404(request.user, ref, version=version)
    rights = {right: policy.can(request.user, right, page.document) for right in _ASKED}
    revision = page.revision
    clauses = _clauses(revision)
    exceptions = _exceptions(request.user, page)
    context = {
        "page_title": f"{page.document.number} {page.document.title}",
        "page": page,
        "document": page.document,
        "revision": revision,
        "publication": page.publication,
        "title": revision.title if revision else page.document.title,
        "body": _body(page, clauses, exceptions, rights),
        "contents": [each for each in (revision.contents if revision else []) if each["level"] <= _DEEPEST_CONTENTS],
        "banners": _banners(page, rights),
        "figures": _figures(page),
        "versions": page.versions[:_IN_TABLE],
        "exceptions": exceptions,
        "successor": successor_for(request.user, page.document),
        "owner_words": owner_words(page.document),
        "may_draft": rights[Right.DRAFT],
        "may_ask_change": rights[Right.REQUEST_CHANGE],
        "may_ask_exception": rights[Right.REQUEST_EXCEPTION],
        "may_review": rights[Right.CONFIRM_REVIEW],
        "may_retire": rights[Right.RETIRE],
        "may_manage": rights[right_to_manage(page.document)],
        "today": today(),
    }
    return render(request, "knowledge/document_read.html", context)


@login_required
@require_safe
def file(request: HttpRequest, ref: str, revision: UUID, name: str) -> HttpResponse | FileResponse:
    """A file of a revision. Only pictures made of dots are shown in a page; everything else is handed over to be kept.

    Nothing in it can run here: no script, no frame, no type that a browser would guess.
    """
    try:
        found = attachment_named(request.user, revision, name)
    except RevisionAttachment.DoesNotExist:
        raise Http404 from None
    if found.revision.document.number.casefold() != ref.casefold():
        raise Http404
    kept = found.attachment
    kind = FILE_KINDS.get(found.name.rpartition(".")[2].lower())
    inline = kind is not None and kind.inline and kept.media_type == kind.media_type
    answer = FileResponse(
        kept.file.open("rb"),
        as_attachment=not inline,
        filename=clean_line(found.name.rpartition("/")[2]) or "file",
        content_type=kept.media_type if inline else "application/octet-stream",
    )
    answer["Content-Length"] = str(kept.size)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "private, no-cache"
    return answer


def owner_words(document: Document) -> str:
    """Who owns the document, as a page says it: by name, else the post."""
    named = [person for person in (document.owner_person, document.owner_deputy) if person is not None]
    if named:
        return ", deputy ".join(person.get_full_name() for person in named)
    return f"{document.get_owner_role_display()}, {document.remit.unit.name}"


def _clauses(revision: Revision | None) -> list[ClauseVersion]:
    if revision is None:
        return []
    rows = ClauseVersion.objects.filter(revision=revision).select_related("clause").order_by("order")
    return list(rows.only("number", "anchor", "clause__public_id")[: MOST_CLAUSE_MENUS + 1])


def _exceptions(actor: Any, page: DocumentPage) -> list[tuple[ExceptionRequest, bool]]:
    """The exceptions in force, each with whether its request is open to the reader."""
    if not page.exceptions:
        return []
    wanted = [each.request_id for each in page.exceptions]
    seen = set(requests_visible_to(actor).filter(pk__in=wanted).values_list("pk", flat=True))
    return [(each, each.request_id in seen) for each in page.exceptions]


def _body(
    page: DocumentPage,
    clauses: list[ClauseVersion],
    exceptions: list[tuple[ExceptionRequest, bool]],
    rights: dict[Right, Decision],
) -> SafeString:
    """The stored text, with a menu and the exceptions at its clauses; the text was made safe when it was stored."""
    if page.revision is None:
        return SafeString("")
    template = get_template("knowledge/_clause_more.html")
    asking = page.is_current and bool(rights[Right.REQUEST_CHANGE] or rights[Right.REQUEST_EXCEPTION])
    extras = {}
    for row in clauses:
        here = [each for each in exceptions if page.is_current and each[0].clause == row.clause.public_id]
        if here or len(clauses) <= MOST_CLAUSE_MENUS:
            context = {
                "row": row,
                "document": page.document,
                "here": here,
                "asking": asking,
                "may_ask_exception": bool(rights[Right.REQUEST_EXCEPTION]),
                "menu": len(clauses) <= MOST_CLAUSE_MENUS,
            }
            extras[row.anchor] = template.render(context)
    return mark_safe(add_to_clauses(page.revision.html, extras))  # noqa: S308 - sanitised when stored, escaped by the template


def _banners(page: DocumentPage, rights: dict[Right, Decision]) -> list[Banner]:
    document, revision = page.document, page.revision
    url = document.get_absolute_url()
    found = []
    if document.is_retired:
        found.append(_tombstone(document))
    elif revision is not None and not page.is_current:
        found.append(_another_version(page, url))
    if page.is_current and page.publication is not None and page.publication.basis == Publication.Basis.ATTESTED:
        found.append(Banner(_attested(page.publication), "warning"))
    if not page.sees_draft or document.is_retired:
        return found
    if page.draft_request:
        words = "The next version is waiting for approval." if document.in_force_id else "It is waiting for approval."
        found.append(Banner(words, "info", f"/requests/{page.draft_request}/", "See what changes"))
    elif document.draft is not None and revision is not None and revision.pk != document.draft_id:
        saved = f"A draft of the next version stands{_by(document.draft)}."
        target, words = (f"{url}edit/", "Continue it") if rights[Right.DRAFT] else (f"{url}v/draft/", "Read it")
        found.append(Banner(saved, "info", target, words))
    if document.approved is not None and (revision is None or revision.pk != document.approved_id):
        starts = Request.objects.filter(
            subject_id=document.public_id, subject_version=document.approved.public_id, kind=Request.Kind.PUBLICATION
        ).values_list("effective_on", flat=True)
        day = starts.order_by("-opened_at").first()
        on = f" on {day.day} {day:%b %Y}" if day else " later"
        words = f"The next version is approved and comes into force{on}."
        found.append(Banner(words, "info", f"{url}v/approved/", "Read it"))
    return found


def _by(revision: Revision) -> str:
    return f", last saved by {revision.created_by.get_full_name()}" if revision.created_by else ""


def _attested(publication: Publication) -> str:
    who = publication.published_by.get_full_name() if publication.published_by else "a publisher"
    reason = f" “{publication.attestation}”" if publication.attestation else ""
    return f"Not approved: taken into force on the word of {who}.{reason}"


def _tombstone(document: Document) -> Banner:
    day = document.retired_at
    on = f" on {day.day} {day:%b %Y}" if day else ""
    words = f"Retired{on}: it is not in force any more. {document.retired_reason}".strip()
    return Banner(words, "warning")


def _another_version(page: DocumentPage, url: str) -> Banner:
    document, revision, publication = page.document, page.revision, page.publication
    to_current = (url, "Read the version in force") if document.in_force_id else ("", "")
    if publication is not None:
        ended = publication.effective_to
        until = f", replaced on {ended.day} {ended:%b %Y}" if ended else ""
        return Banner(f"You are reading version {publication.version_number}{until}.", "warning", *to_current)
    if revision is not None and revision.pk == document.draft_id:
        return Banner("This is a draft. It is not in force.", "warning", *to_current)
    if revision is not None and revision.pk == document.approved_id:
        return Banner("This version is approved, and not in force yet.", "warning", *to_current)
    return Banner("This is an earlier saved text. It was never in force.", "warning", *to_current)


def _figures(page: DocumentPage) -> tuple[Life, Life] | None:
    """The document's life, wide and narrow; nothing before its first version."""
    versions = []
    for each in reversed(page.versions):
        row = each.publication
        state = "in_force" if row.pk == page.document.in_force_id else "past"
        versions.append(LifeVersion(f"Version {row.version_number}", row.effective_from, row.effective_to, state))  # type: ignore[arg-type]
    if not versions:
        return None
    review = page.document.next_review_on
    return life(versions, today=today(), review=review), life(versions, today=today(), review=review, width=340)
