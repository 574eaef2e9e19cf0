"""A ledger entry as it is read: header and payload together, plain and frozen."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from governance.ledger import events
from governance.models import LedgerEntry, LedgerPayload


@dataclass(frozen=True, slots=True)
class LedgerEntryView:
    """One entry; where ``erased`` is true its title, values, reason and people are gone for good.

    ``actor`` and ``on_behalf_of`` are public ids of accounts (``system`` for the machine, ``""`` for nobody);
    ``people`` are ids of accounts.
    """

    id: int
    stream: str
    sequence: int
    event: str
    recorded_at: datetime
    occurred_at: datetime | None
    actor: str
    on_behalf_of: str
    subject: str
    change_id: str
    request_id: str
    hash: str
    erased: bool
    subject_title: str
    subject_url: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str
    people: tuple[int, ...]

    @property
    def label(self) -> str:
        """The event in words; its bare name where no package declares it any more."""
        try:
            return events.get(self.event).label
        except events.UnknownEvent:
            return self.event

    @property
    def subject_kind(self) -> str:
        """What kind of thing it is about, such as ``document``."""
        return self.subject.partition(":")[0]

    @property
    def subject_key(self) -> str:
        """The public id or code of the thing it is about."""
        return self.subject.partition(":")[2]

    @property
    def moment(self) -> datetime:
        """When it happened: as claimed where that was recorded, else when it was written down."""
        return self.occurred_at or self.recorded_at


def view_of(entry: LedgerEntry) -> LedgerEntryView:
    """The entry as it is read; fetch it with ``select_related("stream", "payload")``."""
    body = _body(entry)
    return LedgerEntryView(
        id=entry.pk,
        stream=entry.stream.name,
        sequence=entry.sequence,
        event=entry.event,
        recorded_at=entry.recorded_at,
        occurred_at=entry.occurred_at,
        actor=entry.actor,
        on_behalf_of=entry.on_behalf_of,
        subject=entry.subject,
        change_id=entry.change_id,
        request_id=entry.request_id,
        hash=entry.hash,
        erased=body is None,
        subject_title=(body or {}).get("title", ""),
        subject_url=(body or {}).get("url", ""),
        before=(body or {}).get("before"),
        after=(body or {}).get("after"),
        reason=(body or {}).get("reason", ""),
        people=tuple((body or {}).get("people", ())),
    )


def _body(entry: LedgerEntry) -> dict[str, Any] | None:
    try:
        text = entry.payload.body
    except LedgerPayload.DoesNotExist:
        return None
    loaded: dict[str, Any] = json.loads(text)
    return loaded
