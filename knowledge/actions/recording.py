"""How actions on documents lock them and write what happened. Inner to other actions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import connection

from governance import ledger
from governance.models import Request
from knowledge.models import Document

SUBJECT: Final = "document"
"""What governance calls a document among the things that a request can be about."""
OPEN: Final = (Request.Status.OPEN, Request.Status.UNDECIDABLE)
"""The states in which a request waits."""

_TOGETHER = ("remit__unit", "draft", "approved", "in_force", "owner_person", "owner_deputy")


def locked(document: Document, *, with_requests: bool = False, **annotations: Any) -> Document:
    """The document as it is now, nobody else changing it until the transaction ends.

    A decision locks its request and then the document. So whoever may void the requests locks them first, too.
    ``annotations`` are read with it. Locked first and read after: PostgreSQL re-reads a row that it waited for, but
    joins it to rows as they were before.
    """
    if connection.features.has_select_for_update:
        if with_requests:
            open_ones = Request.objects.filter(subject_id=document.public_id, status__in=OPEN)
            list(open_ones.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
        Document.objects.select_for_update().values_list("pk").get(pk=document.pk)
    return Document.objects.select_related(*_TOGETHER).annotate(**annotations).get(pk=document.pk)


def locked_subject(request: Request, **annotations: Any) -> Document:
    """The document that a request is about, likewise; the caller holds the request's lock."""
    if connection.features.has_select_for_update:
        Document.objects.select_for_update().values_list("pk").get(public_id=request.subject_id)
    return Document.objects.select_related(*_TOGETHER).annotate(**annotations).get(public_id=request.subject_id)


def stream_of(document: Document) -> ledger.Stream:
    """The chain of everything that happened to the document."""
    return ledger.stream(SUBJECT, document.public_id)


def title_of(document: Document) -> str:
    """Number and title, as the ledger and requests call the document."""
    return f"{document.number} {document.title}"


def record(
    change: ledger.Change,
    event: str,
    document: Document,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
    people: Sequence[int] = (),
) -> None:
    """The entry will stand in the document's chain."""
    change.record(
        event,
        stream=stream_of(document),
        subject_title=title_of(document),
        subject_url=document.get_absolute_url(),
        before=before,
        after=after,
        reason=reason,
        people=people,
    )


def account_of(actor: Any) -> Any:
    """The account to write into a row, ``None`` for the machine."""
    return None if actor is ledger.SYSTEM else actor
