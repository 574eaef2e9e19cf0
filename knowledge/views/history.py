"""The history of a document: every version and event, and any two texts compared."""

from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from knowledge.models import Document, Revision
from knowledge.selectors.history import IMPORT_WAITS, IN_APPROVAL, HistoryLine, history
from knowledge.selectors.revisions import compare_revisions, names_of_revisions
from knowledge.views.finding import document_or_404
from knowledge.vocabulary import Status

PER_PAGE = 30
"""Rows on a page of versions, and of events."""
_STATES = {status.label: status.value for status in Status} | dict.fromkeys(
    (IN_APPROVAL, IMPORT_WAITS), Status.IN_REVIEW.value
)


@login_required
@require_GET
def document_history(request: HttpRequest, ref: str) -> HttpResponse:
    """Every revision with its date, author, approvers and reason, and everything that happened; two can be chosen."""
    document = document_or_404(request.user, ref)
    told = history(request.user, document)
    page: Page[HistoryLine] = Paginator(told.revisions, PER_PAGE).get_page(request.GET.get("page"))
    rows = [
        {"line": line, "state": _STATES.get(line.label, ""), "approvers": line.approvers} for line in page.object_list
    ]
    # The newest text against the newest version before it: what people come to see, rather than one save of a draft.
    newest = told.revisions[0] if told.revisions else None
    before = next((line for line in told.revisions[1:] if line.publication is not None), None)
    chosen = [line.name for line in (newest, before or next(iter(told.revisions[1:2]), None)) if line is not None]
    context = {
        "page_title": f"History of {document.number}",
        "document": document,
        "told": told,
        "page": page,
        "rows": rows,
        "chosen_a": request.GET.get("a") or (chosen[1] if len(chosen) > 1 else ""),
        "chosen_b": request.GET.get("b") or (chosen[0] if chosen else ""),
        "events": Paginator(told.events, PER_PAGE).get_page(request.GET.get("events")),
        "version_count": sum(line.publication is not None for line in told.revisions),
        "imported_count": sum(line.revision.is_imported for line in told.revisions),
    }
    return render(request, "knowledge/document_history.html", context)


@login_required
@require_GET
def choose_compare(request: HttpRequest, ref: str) -> HttpResponse:
    """From two chosen revisions to the address of their comparison."""
    document = document_or_404(request.user, ref)
    a, b = request.GET.get("a", "").strip(), request.GET.get("b", "").strip()
    if not a or not b or ".." in a + b or "/" in a + b:
        return redirect(f"{document.get_absolute_url()}history/")
    return redirect(f"{document.get_absolute_url()}compare/{quote(a)}..{quote(b)}/")


@login_required
@require_GET
def compare(request: HttpRequest, ref: str, pair: str) -> HttpResponse:
    """What changed from one revision to another, by clause and then by word; both are named as people name them."""
    document = document_or_404(request.user, ref)
    a, dots, b = pair.partition("..")
    if not dots:
        raise Http404
    try:
        found = compare_revisions(request.user, document, a, b)
    except Revision.DoesNotExist:
        raise Http404 from None
    names = names_of_revisions(request.user, document)
    context = {
        "page_title": f"Compare {document.number}",
        "document": document,
        "found": found,
        "a": a,
        "b": b,
        "old_words": _words(document, found.old),
        "new_words": _words(document, found.new),
        "choices_a": _choices(names, document, a, found.old),
        "choices_b": _choices(names, document, b, found.new),
        "swap_url": f"{document.get_absolute_url()}compare/{quote(b)}..{quote(a)}/",
        "clauses": found.comparison.clause_counts,
    }
    return render(request, "knowledge/document_compare.html", context)


def _words(document: Document, revision: Revision) -> str:
    """What a revision is called in a heading."""
    publication = getattr(revision, "publication", None)
    if publication is not None:
        return f"version {publication.version_number}"
    if revision.pk == document.draft_id:
        return "the draft"
    return "the approved version" if revision.pk == document.approved_id else f"saved text {revision.sequence}"


def _choices(names: list[dict[str, Any]], document: Document, named: str, revision: Revision) -> list[dict[str, Any]]:
    """The revisions to choose from, the one that is compared chosen, by whatever name it was called."""
    rows = []
    for each in names:
        version, sequence = each["publication__version_number"], each["sequence"]
        day = each["publication__effective_from"] or each["source_date"] or each["created_at"]
        words = f"Version {version}" if version else "Draft" if each["pk"] == document.draft_id else f"Text {sequence}"
        rows.append(
            {
                "value": str(version) if version else f"r{sequence}",
                "words": f"{words}, {day.day} {day:%b %Y}",
                "chosen": each["pk"] == revision.pk,
            }
        )
    if not any(row["chosen"] for row in rows):
        rows.append({"value": named, "words": named, "chosen": True})
    return rows
