"""How every address finds its document: what a person may not see answers exactly as what is not there."""

from typing import Any

from django.http import Http404
from django.urls import reverse

from knowledge.models import Document, Revision
from knowledge.selectors.documents import find_document
from knowledge.selectors.revisions import revision_named


def found(actor: Any, ref: str) -> Document:
    """Return the document of that number or other reference; ``Http404`` for one that is hidden or absent."""
    try:
        return find_document(actor, ref)
    except Document.DoesNotExist:
        raise Http404 from None


def found_revision(actor: Any, document: Document, name: str) -> Revision:
    """Return the document's revision that people call so; ``Http404`` for one that is hidden or absent."""
    try:
        return revision_named(actor, document, name)
    except Revision.DoesNotExist:
        raise Http404 from None


def address_of(document: Document) -> str:
    """Return where the API shows the document."""
    return reverse("api-document", kwargs={"ref": document.number})
