"""Reading the ledger: entries as people read them. The caller has asked the policy; nothing is filtered by it here."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet

from governance.ledger import events
from governance.ledger.reading import LedgerEntryView, view_of
from governance.ledger.streams import Stream
from governance.models import LedgerEntry

SYSTEM_NAME = "Remit"
UNKNOWN_NAME = "Somebody"
ERASED_TITLE = "(erased)"


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry with its sentence; ``actor_name`` is the account's name as it is now."""

    entry: LedgerEntryView
    actor_name: str
    on_behalf_of_name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilters:
    """Which entries: each that is given narrows the list. ``event`` may be a prefix such as ``approval.``."""

    event: str = ""
    actor: str = ""
    subject: str = ""
    stream: str = ""
    change_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def entries_of_stream(stream: Stream, *, newest_first: bool = False) -> list[EntryLine]:
    """Every entry of the stream, in the order it was written unless asked otherwise."""
    found = _readable().filter(stream__name=stream.name).order_by("-sequence" if newest_first else "sequence")
    return lines(found)


def entries(filters: EntryFilters | None = None, *, before_id: int | None = None, limit: int = 50) -> list[EntryLine]:
    """At most ``limit`` entries that fit, newest first; ``before_id`` is the last one of the page before."""
    found = entries_matching(filters or EntryFilters())
    if before_id is not None:
        found = found.filter(pk__lt=before_id)
    return lines(found[:limit])


def entries_matching(filters: EntryFilters) -> QuerySet[LedgerEntry]:
    """The entries that fit, newest first, for a caller that counts, pages or exports them."""
    found = _readable().order_by("-id")
    if filters.event:
        found = found.filter(event__in=[event.name for event in events.matching(filters.event)])
    exact = {
        "actor": filters.actor,
        "subject": filters.subject,
        "stream__name": filters.stream,
        "change_id": filters.change_id,
    }
    found = found.filter(**{column: value for column, value in exact.items() if value})
    if filters.since is not None:
        found = found.filter(recorded_at__gte=filters.since)
    if filters.until is not None:
        found = found.filter(recorded_at__lt=filters.until)
    return found


def lines(found: Iterable[LedgerEntry]) -> list[EntryLine]:
    """The entries as lines, with all their people's names fetched at once."""
    views = [view_of(entry) for entry in found]
    names = _names({view.actor for view in views} | {view.on_behalf_of for view in views})
    return [_line(view, names) for view in views]


def _readable() -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.select_related("stream", "payload")


def _line(view: LedgerEntryView, names: dict[str, str]) -> EntryLine:
    actor = names.get(view.actor, UNKNOWN_NAME)
    principal = names.get(view.on_behalf_of, UNKNOWN_NAME) if view.on_behalf_of else ""
    doer = f"{actor}, for {principal}," if principal else actor
    subject = ERASED_TITLE if view.erased else view.subject_title or view.subject_key
    try:
        sentence = events.get(view.event).sentence.format(actor=doer, subject=subject)
    except events.UnknownEvent:
        sentence = f"{doer}: {view.event}, {subject}"
    return EntryLine(view, actor, principal, sentence)


def _names(public_ids: set[str]) -> dict[str, str]:
    """Each pseudonymous id → the account's name today."""
    known = {"system": SYSTEM_NAME}
    wanted = [UUID(text) for text in public_ids if text and text != "system"]
    users = get_user_model().objects.filter(public_id__in=wanted)
    for user in users:
        known[str(user.public_id)] = user.get_full_name()
    return known
