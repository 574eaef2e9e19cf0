"""How every page finds its document: what a person may not see answers exactly as what is not there."""

from typing import Any

from django.http import Http404

from knowledge.models import Document, Revision
from knowledge.selectors.documents import DocumentPage, document_page, find_document


def document_or_404(actor: Any, ref: str) -> Document:
    """Return the document of that number or other reference; ``Http404`` for one that is hidden or absent."""
    try:
        return find_document(actor, ref)
    except Document.DoesNotExist:
        raise Http404 from None


def page_or_404(actor: Any, ref: str, *, version: str = "") -> DocumentPage:
    """Return everything that the reading page shows; ``Http404`` alike for a hidden or absent document or version."""
    try:
        return document_page(actor, ref, version=version)
    except (Document.DoesNotExist, Revision.DoesNotExist):
        raise Http404 from None
