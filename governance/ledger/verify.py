"""Whether the ledger still says what was written: every hash computed anew, one batch in memory at a time."""

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

from governance.ledger import chain, triggers
from governance.ledger.changes import ERASED
from governance.models import LedgerEntry, LedgerPayload, LedgerStream

_BATCH = 2000
_MOST_PROBLEMS = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing that does not hold in a stream (or a payload that is missing), in words."""

    stream: str
    sequence: int | None
    sentence: str

    def __str__(self) -> str:
        place = self.stream if self.sequence is None else f"{self.stream} #{self.sequence}"
        return f"{place}: {self.sentence}"


@dataclass(slots=True)
class Verified:
    """What was looked at, and every problem found (at most a thousand are kept; ``problem_count`` counts on)."""

    entries: int = 0
    streams: int = 0
    erased: int = 0
    seconds: float = 0.0
    problem_count: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return self.problem_count == 0

    def add(self, stream: str, sequence: int | None, sentence: str) -> None:
        """One problem more."""
        self.problem_count += 1
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(stream, sequence, sentence))


def verify_ledger() -> Verified:
    """Every entry's hash, place and payload, every stream's head and every trigger has been compared; returns what was
    found.

    For each stream the first break is reported: an edit shows where it was made, not in all that follows. It finds
    edited, removed, added and reordered entries and payloads. It cannot find a whole stream removed together with its
    head, or a tail rewritten with its hashes: that needs a checkpoint kept elsewhere.
    """
    started = perf_counter()
    found = Verified()
    for name in triggers.missing():
        found.add("database", None, f"the trigger {name} is missing or altered")
    _verify_chains(found)
    found.seconds = perf_counter() - started
    return found


def verify_stream(name: str, *, around: int = 1, most: int = 5000) -> Verified:
    """As :func:`verify_ledger`, for one stream and without the triggers: what an auditor sees beside an entry.

    Of a stream with more than ``most`` entries only those round the sequence ``around`` are compared, and its head;
    ``entries`` says how many were.
    """
    started = perf_counter()
    found = Verified(streams=1)
    head = LedgerStream.objects.get(name=name)
    first = 1 if head.last_sequence <= most else max(1, around - most // 2)
    last = min(head.last_sequence, first + most - 1)
    rows = LedgerEntry.objects.filter(stream=head, sequence__gte=first).order_by("sequence")
    walk = _Walk(name, _recorded_erasures().get(name, frozenset()), found)
    if first > 1:
        before = LedgerEntry.objects.filter(stream=head, sequence=first - 1).values_list("hash", flat=True).first()
        walk.begin_after(first - 1, before or "")
    for row in rows[:most].values_list(*_COLUMNS).iterator(_BATCH):
        walk.step(row)
    if last == head.last_sequence:
        walk.end(head.last_sequence, head.last_hash)
    found.seconds = perf_counter() - started
    return found


_COLUMNS = (
    "stream_id",
    "sequence",
    "schema_version",
    "event",
    "recorded_at",
    "occurred_at",
    "actor",
    "on_behalf_of",
    "subject",
    "change_id",
    "request_id",
    "payload_hash",
    "previous_hash",
    "hash",
    "payload__salt",
    "payload__body",
)
Row = tuple[
    int,
    int,
    int,
    str,
    datetime,
    datetime | None,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    str,
    str | None,
    str | None,
]


def _verify_chains(found: Verified) -> None:
    """Every stream is walked from its first entry to its head."""
    erased = _recorded_erasures()
    entries = _entries_by_stream()
    waiting = next(entries, None)
    heads = LedgerStream.objects.order_by("id").values_list("id", "name", "last_sequence", "last_hash")
    for stream_id, name, last_sequence, last_hash in heads.iterator(_BATCH):
        found.streams += 1
        walk = _Walk(name, erased.get(name, frozenset()), found)
        while waiting is not None and waiting[0] == stream_id:
            walk.step(waiting)
            waiting = next(entries, None)
        walk.end(last_sequence, last_hash)
    if waiting is not None:
        found.add(f"stream {waiting[0]}", waiting[1], "its stream's row is missing")


def _entries_by_stream() -> Iterator[Row]:
    rows = LedgerEntry.objects.order_by("stream_id", "sequence").values_list(*_COLUMNS)
    yield from rows.iterator(_BATCH)


class _Walk:
    """One stream from its beginning; after its first break the rest is only counted."""

    def __init__(self, name: str, erased: Set[int], found: Verified) -> None:
        self._name = name
        self._erased = erased
        self._found = found
        self._sequence = 0
        self._previous = ""
        self._broken = False

    def begin_after(self, sequence: int, last_hash: str) -> None:
        """The walk begins behind this entry, whose hash is taken as it stands."""
        self._sequence, self._previous = sequence, last_hash

    def step(self, row: Row) -> None:
        """The next entry has been compared."""
        self._found.entries += 1
        if self._broken:
            return
        sentence = self._fault(row)
        if sentence:
            self._broken = True
            self._found.add(self._name, row[1], sentence)
        self._sequence, self._previous = row[1], row[13]

    def end(self, last_sequence: int, last_hash: str) -> None:
        """The stream's head has been compared with the last entry seen."""
        if self._broken or (last_sequence, last_hash) == (self._sequence, self._previous):
            return
        if last_sequence > self._sequence:
            sentence = f"the entries after #{self._sequence} up to #{last_sequence} are missing"
        else:
            sentence = f"the stream's head names #{last_sequence}, its last entry is #{self._sequence}"
        self._found.add(self._name, self._sequence + 1, sentence)

    def _fault(self, row: Row) -> str:
        """What is wrong with the entry, or nothing."""
        sequence, version, previous_hash = row[1], row[2], row[12]
        if sequence != self._sequence + 1:
            return f"the entry before it is missing: #{self._sequence} is followed by #{sequence}"
        if previous_hash != self._previous:
            return "its previous hash is not the hash of the entry before it"
        if version != chain.SCHEMA_VERSION:
            return f"its schema version {version} is unknown"
        if self._computed(row) != row[13]:
            return "its hash does not fit what it says"
        return self._payload_fault(sequence, payload_hash=row[11], salt=row[14], body=row[15])

    def _computed(self, row: Row) -> str:
        return chain.entry_hash(
            stream=self._name,
            sequence=row[1],
            schema_version=row[2],
            event=row[3],
            recorded_at=row[4],
            occurred_at=row[5],
            actor=row[6],
            on_behalf_of=row[7],
            subject=row[8],
            change_id=row[9],
            request_id=row[10],
            payload_hash=row[11],
            previous_hash=row[12],
        )

    def _payload_fault(self, sequence: int, *, payload_hash: str, salt: str | None, body: str | None) -> str:
        if salt is None or body is None:
            return self._absent_payload(sequence)
        return "" if chain.payload_hash(salt, body) == payload_hash else "its payload was altered"

    def _absent_payload(self, sequence: int) -> str:
        if sequence not in self._erased:
            return "its payload is missing, and no entry records its erasure"
        self._found.erased += 1
        return ""


def _recorded_erasures() -> dict[str, set[int]]:
    """Each stream → the sequences whose erasure the ledger records."""
    erased: dict[str, set[int]] = {}
    bodies = LedgerPayload.objects.filter(entry__event=ERASED).values_list("body", flat=True)
    for body in bodies.iterator(_BATCH):
        try:
            after = json.loads(body)["after"]
            erased.setdefault(after["stream"], set()).update(after["sequences"])
        except (ValueError, LookupError, TypeError):
            # Not what was written: the walk over that stream reports its payload as altered.
            continue
    return erased
