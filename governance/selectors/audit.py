"""The ledger as auditors and administrators search it: only the entries that they may read, page by page."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet, Sum

from governance import subjects
from governance.ledger import LedgerEntryView, UnknownEvent, events
from governance.ledger.verify import Verified, verify_stream
from governance.models import (
    BusinessUnit,
    LedgerEntry,
    LedgerStream,
    OperatingModelFamily,
    OperatingModelVersion,
    Request,
    Transition,
)
from governance.permissions import policy
from governance.rights import Power
from governance.selectors.ledger import EntryFilters, EntryLine, entries_matching, lines

ORGANISATION_STREAMS: Final = ("unit", "organisation", "operating_model", "transition", "confirmation")
"""What an administrator reads: how the organisation was shaped, and never a document's or a request's entries."""
_ORGANISATION_EVENTS = (
    "unit.",
    "membership.",
    "organisation_role.",
    "operating_model.",
    "assignment.",
    "transition.",
    "permissions.",
    "mandate.",
    "confirmation.",
)
PER_PAGE = 50
MOST_FOUND = 500
_STREAM = re.compile(r"[a-z_]+:[A-Za-z0-9._-]+")
_SYSTEM = {"remit", "system"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What somebody looks for. ``until`` is exclusive; ``about`` is a reference or words of a title."""

    who: str = ""
    event: str = ""
    kind: str = ""
    about: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of entries, newest first; ``next_before`` leads to the older ones, None on the last page."""

    lines: tuple[EntryLine, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of an entry before and after, in words; empty where it had or has no value."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OpenedEntry:
    """An entry with everything it says, its place in its chain, and whether the chain holds."""

    line: EntryLine
    previous_hash: str
    last_sequence: int
    fields: tuple[FieldChange, ...]
    people: tuple[str, ...]
    chain: Verified


def reads_documents_too(actor: Any) -> bool:
    """Return whether ``actor`` reads the entries of documents and requests as well."""
    return bool(policy.can(actor, Power.READ_DOCUMENT_LEDGER))


def readable_entries(actor: Any, filters: EntryFilters | None = None) -> "QuerySet[LedgerEntry]":
    """Return the entries ``actor`` may read, newest first: an auditor's all, an administrator's of the organisation."""
    if not policy.can(actor, Power.READ_LEDGER):
        return LedgerEntry.objects.none()
    found = entries_matching(filters or EntryFilters())
    return found if reads_documents_too(actor) else found.filter(stream__kind__in=ORGANISATION_STREAMS)


def stream_kinds(actor: Any) -> list[tuple[str, str]]:
    """Return the kinds of thing whose entries ``actor`` may read, as choices."""
    if not policy.can(actor, Power.READ_LEDGER):
        return []
    kinds: Sequence[str] = ORGANISATION_STREAMS
    if reads_documents_too(actor):
        kinds = sorted(LedgerStream.objects.order_by().values_list("kind", flat=True).distinct())
    return [(kind, kind.replace("_", " ").capitalize()) for kind in kinds]


def entry_count(actor: Any) -> int:
    """Return how many entries ``actor`` may read, added up from the heads of the chains."""
    if not policy.can(actor, Power.READ_LEDGER):
        return 0
    streams = LedgerStream.objects.all()
    if not reads_documents_too(actor):
        streams = streams.filter(kind__in=ORGANISATION_STREAMS)
    return streams.aggregate(total=Sum("last_sequence"))["total"] or 0


def search(actor: Any, wanted: Search, *, before: int | None = None, per_page: int = PER_PAGE) -> Found:
    """Return one page of the entries that fit, newest first; ``before`` is the last entry of the page above."""
    found = matching(actor, wanted)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = lines(found[: per_page + 1])
    more = len(rows) > per_page
    return Found(tuple(rows[:per_page]), rows[per_page - 1].entry.id if more else None)


def matching(actor: Any, wanted: Search) -> "QuerySet[LedgerEntry]":
    """Return every entry that fits and that ``actor`` may read, newest first; none for an event that nobody knows."""
    try:
        found = readable_entries(actor, EntryFilters(event=wanted.event))
    except UnknownEvent:
        return LedgerEntry.objects.none()
    if wanted.kind:
        found = found.filter(stream__kind=wanted.kind)
    if wanted.who:
        found = found.filter(actor__in=_actors_called(wanted.who))
    if wanted.about:
        found = found.filter(_about(actor, wanted.about))
    if wanted.since is not None:
        found = found.filter(_moment("gte", wanted.since))
    if wanted.until is not None:
        found = found.filter(_moment("lt", wanted.until))
    return found


def _moment(step: str, at: datetime) -> Q:
    """An entry happened when it claims to have, else when it was written down."""
    claimed = Q(**{f"occurred_at__{step}": at})
    return claimed | Q(**{"occurred_at__isnull": True, f"recorded_at__{step}": at})


def _actors_called(text: str) -> list[str]:
    users = get_user_model().objects.filter(Q(name__icontains=text) | Q(email__iexact=text))
    found = [str(public_id) for public_id in users.values_list("public_id", flat=True)[:MOST_FOUND]]
    return [*found, "system"] if text.strip().lower() in _SYSTEM else found


def _about(actor: Any, text: str) -> Q:
    """By reference where something is called so, which an index answers; else by the words of the entry's title."""
    named = _called(actor, text.strip())
    if named:
        return Q(subject__in=named) | Q(stream__name__in=named)
    # The payload is canonical JSON, so what it says is looked for as it is written there.
    written = json.dumps(text.strip())[1:-1]
    return Q(payload__body__icontains=written)


def _called(actor: Any, text: str) -> list[str]:
    if _STREAM.fullmatch(text):
        return [text]
    found = [
        f"unit:{row}" for row in _public_ids(BusinessUnit.objects.filter(Q(code__iexact=text) | Q(name__iexact=text)))
    ]
    found += [f"transition:{row}" for row in _public_ids(Transition.objects.filter(number__iexact=text))]
    found += [f"operating_model:{row.key}" for row in OperatingModelFamily.objects.filter(name__iexact=text)]
    if not reads_documents_too(actor):
        return found
    found += [f"request:{row}" for row in _public_ids(Request.objects.filter(number__iexact=text))]
    for key in subjects.kinds():
        thing = subjects.subject_kind(key).find(actor, text)
        found += [f"{key}:{thing.public_id}"] if thing is not None else []
    return found


def _public_ids(rows: "QuerySet[Any]") -> list[UUID]:
    return list(rows.values_list("public_id", flat=True)[:MOST_FOUND])


# One entry, opened.


def opened(actor: Any, entry_id: int) -> OpenedEntry | None:
    """Return the entry with everything it says; None where ``actor`` may not read it or there is none."""
    row = readable_entries(actor).filter(pk=entry_id).first()
    if row is None:
        return None
    line = lines([row])[0]
    return OpenedEntry(
        line=line,
        previous_hash=row.previous_hash,
        last_sequence=row.stream.last_sequence,
        fields=tuple(_fields(line.entry)),
        people=_people(line.entry.people),
        chain=verify_stream(row.stream.name, around=row.sequence),
    )


def _people(ids: Sequence[int]) -> tuple[str, ...]:
    users = get_user_model().objects.filter(pk__in=list(ids)[:MOST_FOUND]).order_by("name")
    return tuple(users.values_list("name", flat=True)[:20])


_UNIT_FIELDS = frozenset({"centre", "unit", "parent"})


def _fields(entry: LedgerEntryView) -> Iterator[FieldChange]:
    before, after = (dict(_flat(side or {})) for side in (entry.before, entry.after))
    names = {**_unit_names([*before.items(), *after.items()]), **_version_names([*before.items(), *after.items()])}
    for name in dict.fromkeys([*before, *after]):
        yield FieldChange(
            name.replace("_", " ").replace(".", " › ").capitalize(),
            _word(name, before.get(name, ""), names),
            _word(name, after.get(name, ""), names),
        )


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{name}.")
        elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
            for number, each in enumerate(value[:20], start=1):
                yield from _flat(each if isinstance(each, Mapping) else {"": each}, f"{name} {number}.")
        else:
            yield name, value


def _unit_names(fields: Sequence[tuple[str, Any]]) -> dict[tuple[str, int], str]:
    wanted = {value for name, value in fields if _last(name) in _UNIT_FIELDS and isinstance(value, int)}
    if not wanted:
        return {}
    known = dict(BusinessUnit.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return {(field, pk): name for field in _UNIT_FIELDS for pk, name in known.items()}


def _version_names(fields: Sequence[tuple[str, Any]]) -> dict[tuple[str, int], str]:
    wanted = {value for name, value in fields if _last(name) == "model_version" and isinstance(value, int)}
    if not wanted:
        return {}
    rows = OperatingModelVersion.objects.select_related("family").filter(pk__in=wanted)
    return {("model_version", row.pk): str(row) for row in rows}


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _word(name: str, value: Any, names: Mapping[tuple[str, int], str]) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(each) for each in value[:50])
    return names.get((_last(name), value), str(value))


def event_choices(actor: Any) -> list[tuple[str, str]]:
    """Return the events one can look for, by their words; an administrator's are those of the organisation."""
    known = events.all_events()
    if not reads_documents_too(actor):
        known = [event for event in known if event.name.startswith(_ORGANISATION_EVENTS)]
    return sorted(((event.name, event.label) for event in known), key=lambda choice: choice[1])
