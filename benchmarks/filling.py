"""The organisation in the database: everything that the product itself would have written, by COPY or in bulk.

Units, people, memberships, documents with their revisions, clauses, approvals, search rows and ledger entries are
loaded; the operating models are installed, and parties, grants and modes compiled, by the product's own code.
"""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from django.contrib.sessions.models import Session
from django.db import connection

from accounts.models import Person, User
from benchmarks.loading import Table, follow_ids, load
from benchmarks.organisation import CENTRE, ROOT, Document, Organisation
from benchmarks.sizes import RARE, RARE_DOCUMENTS
from benchmarks.texts import TEXTS, Text, last_paragraph, texts
from governance import ledger
from governance.actions.operating_models import install_builtin_models
from governance.ledger import chain
from governance.models import (
    Assignment,
    BusinessUnit,
    Decision,
    LedgerEntry,
    LedgerPayload,
    LedgerStream,
    Membership,
    NumberSeries,
    OperatingModelVersion,
    OrganisationRoleHolding,
    PermissionState,
    Remit,
    Request,
    UnitClosure,
    UnitPeriod,
)
from governance.permissions import store
from knowledge.actions.revisions import Content
from knowledge.models import Clause, ClauseVersion, Publication, Revision, SearchEntry
from knowledge.models import Document as StoredDocument
from knowledge.search.words import indexed, indexed_reference

MODEL_BEFORE = "decentralized"
MODEL_AFTER = "centre_of_excellence"
FOUNDED = datetime(2023, 1, 2, 9, tzinfo=UTC)
_CHUNK = 10_000
_MANY = 100_000
"""From so many documents on, the loader works in processes, each with a connection of its own."""
_PROCESSES = 2
_IDS_OF_A_DOCUMENT = 100
"""More than any document has of anything."""


_indexed = cache(indexed)
"""The words of the few texts are found once."""


def public_id(kind: str, number: int) -> UUID:
    """The same public id for the same row, always."""
    return UUID(bytes=hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).digest(), version=4)


@dataclass(frozen=True, slots=True)
class Filled:
    """How many rows of the greatest kinds there are, and what compiling cost."""

    documents: int
    revisions: int
    grants: int
    people_in_parties: int
    compile_seconds: float


def fill(made: Organisation) -> Filled:
    """The empty, migrated database holds the organisation, its statistics gathered."""
    from time import perf_counter

    now = datetime.now(UTC).replace(microsecond=0)
    ledger.set_dispatcher(None)
    PermissionState.objects.get_or_create(pk=1)
    install_builtin_models()
    _load_units(made)
    _load_people(made)
    begun = perf_counter()
    with ledger.change(actor=ledger.SYSTEM) as change:
        applied = store.recompile(change)
    seconds = perf_counter() - begun
    revisions = _load_documents(made, now)
    follow_ids(
        *(BusinessUnit, UnitPeriod, UnitClosure, Remit, Person, User, Membership, OrganisationRoleHolding),
        *(StoredDocument, Revision, Clause, ClauseVersion, Request, Decision, SearchEntry),
        *(LedgerStream, LedgerEntry),
    )
    settle()
    return Filled(made.size.documents, revisions, applied.grants_added, applied.people_added, seconds)


def settle() -> None:
    """The database knows its own statistics and has nothing left to tidy."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
        if connection.vendor == "postgresql":
            cursor.execute("CHECKPOINT")


def remit_id(unit: int, capability: str) -> int:
    """The id of a unit's remit, as loaded."""
    from benchmarks.organisation import CAPABILITIES

    return (unit - 1) * len(CAPABILITIES) + CAPABILITIES.index(capability) + 1


def sign_in(people: list[int]) -> dict[int, str]:
    """Each person is signed in; returns their session keys."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY
    from django.contrib.auth import SESSION_KEY as USER
    from django.contrib.sessions.backends.db import SessionStore

    Session.objects.all().delete()
    keys = {}
    for user in User.objects.filter(pk__in=people):
        session = SessionStore()
        session[USER] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        keys[user.pk] = str(session.session_key)
    return keys


# --- units and people


def _load_units(made: Organisation) -> None:
    from benchmarks.organisation import CAPABILITIES

    since = {"valid_from": FOUNDED, "recorded_at": FOUNDED}
    load(
        BusinessUnit,
        (
            {
                "id": unit.id,
                "public_id": public_id("unit", unit.id),
                "code": unit.code,
                "name": unit.name,
                "kind": unit.kind,
                "parent_id": unit.parent or None,
                "created_at": FOUNDED,
            }
            for unit in made.units
        ),
    )
    load(
        UnitPeriod,
        (
            {
                "id": unit.id,
                "unit_id": unit.id,
                "name": unit.name,
                "kind": unit.kind,
                "parent_id": unit.parent or None,
                **since,
            }
            for unit in made.units
        ),
    )
    pairs = ((above, unit.id, depth) for unit in made.units for depth, above in enumerate(made.above(unit.id)))
    load(
        UnitClosure,
        (
            {"id": number, "ancestor_id": above, "descendant_id": unit, "depth": depth}
            for number, (above, unit, depth) in enumerate(pairs, 1)
        ),
    )
    load(
        Remit,
        (
            {
                "id": remit_id(unit.id, capability),
                "public_id": public_id("remit", remit_id(unit.id, capability)),
                "unit_id": unit.id,
                "capability": capability,
            }
            for unit in made.units
            for capability in CAPABILITIES
        ),
    )
    Assignment.objects.create(
        unit_id=ROOT,
        model_version=OperatingModelVersion.objects.filter(family__key=MODEL_BEFORE).latest("number"),
        centre_id=CENTRE,
        valid_from=FOUNDED,
    )


def _load_people(made: Organisation) -> None:
    people = range(1, made.size.people + 1)
    load(
        Person,
        ({"id": each, "public_id": public_id("person", each), "name": f"Person {each}"} for each in people),
    )
    load(
        User,
        (
            {
                "id": each,
                "public_id": public_id("user", each),
                "person_id": each,
                "email": f"person{each}@example.org",
                "name": f"Person {each}",
                "password": "!nobody signs in with a password here",
                "created_at": FOUNDED,
            }
            for each in people
        ),
    )
    load(
        Membership,
        (
            {
                "id": number,
                "public_id": public_id("membership", number),
                "user_id": post.person,
                "unit_id": post.unit,
                "role": post.role,
                "reach": post.reach,
                "valid_from": FOUNDED,
                "recorded_at": FOUNDED,
            }
            for number, post in enumerate(made.posts, 1)
        ),
    )
    roles = [*((each, "administrator") for each in made.administrators), *((each, "auditor") for each in made.auditors)]
    load(
        OrganisationRoleHolding,
        (
            {
                "id": number,
                "public_id": public_id("role", number),
                "user_id": person,
                "role": role,
                "valid_from": FOUNDED,
                "recorded_at": FOUNDED,
            }
            for number, (person, role) in enumerate(roles, 1)
        ),
    )


# --- documents


class _Loader:
    """Loads documents a chunk at a time, so that memory does not grow with their number."""

    def __init__(self, made: Organisation, now: datetime) -> None:
        self.made = made
        self.now = now
        self.leads = {post.unit: post.person for post in reversed(made.posts) if post.role == "lead"}
        self.authors = {post.unit: post.person for post in reversed(made.posts) if post.role == "author"}
        self.revisions = self.clauses = self.clause_versions = self.entries = self.requests = self.search = 0
        rare = max(1, made.size.documents // RARE_DOCUMENTS)
        self._rare = {rare * (n + 1) - n % 3 for n in range(RARE_DOCUMENTS)}
        self.version = OperatingModelVersion.objects.filter(family__key=MODEL_BEFORE).latest("number").pk
        self.rows: dict[str, list[tuple[Any, ...]]] = {}

    def load(self, documents: list[Document]) -> None:
        """These documents are in the database."""
        self.rows = {name: [] for name in _TABLES}
        for each in documents:
            self._document(each)
        tables = {name: Table(model, names) for name, (model, names) in _TABLES.items()}
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Documents and revisions point at each other, people and remits exist: loaded as one, checked by tests.
                cursor.execute("SET session_replication_role = replica")
                cursor.execute("SET synchronous_commit = off")
            for name, table in tables.items():
                table.load(self.rows[name])
            with connection.cursor() as cursor:
                cursor.execute("RESET session_replication_role")
                cursor.execute("RESET synchronous_commit")
        else:
            with connection.constraint_checks_disabled():
                from django.db import transaction

                with transaction.atomic():
                    for name, table in tables.items():
                        table.load(self.rows[name])

    def _document(self, it: Document) -> None:
        number = f"STD-{it.id:04d}"
        title = f"Standard {it.id} of {self.made.units[it.unit - 1].name}"
        at = self.now - timedelta(minutes=self.made.size.documents - it.id + 1)
        now, earlier = texts()[it.text % TEXTS]
        rare = RARE if it.id in self._rare else ""
        versions: list[tuple[int, int, datetime]] = []
        if it.published:
            kept = [earlier, now] if earlier is not None else [now]
            for place, text in enumerate(kept, 1):
                when = at - timedelta(days=300 * (len(kept) - place))
                self._revision(it, number, title, text, place, when, rare)
                versions.append((self.revisions, place, when))
        draft = None
        if it.drafting:
            self._revision(it, number, title, now, len(versions) + 1, at, rare, is_draft=True)
            draft = self.revisions
        self._publications(it, versions)
        in_force = versions[-1] if versions and not it.retired else None
        self.rows["document"].append(
            (
                *(it.id, public_id("document", it.id), number, "standard", title),
                remit_id(it.unit, it.capability),
                "restricted" if it.restricted else "internal",
                draft,
                in_force[0] if in_force else None,
                in_force[2].date() if in_force else None,
                in_force[1] if in_force else None,
                versions[0][2] if versions else None,
                at if it.retired else None,
                (self.now + timedelta(days=it.text % 400 - 20)).date() if in_force else None,
                ["quality"] if it.text % 3 else [],
                self.authors[it.unit],
                *(at, at),
            )
        )
        for shown, is_draft in ((bool(versions), False), (draft is not None, True)):
            if shown:
                self.search += 1
                words = _indexed(now.plain) + " " + indexed(last_paragraph(number, rare, is_draft=is_draft))
                self.rows["search"].append(
                    (self.search, it.id, is_draft, indexed_reference(number), indexed(title), "", words)
                )
        self._entries(it, number, title, at, published=bool(versions))

    def _revision(
        self,
        it: Document,
        number: str,
        title: str,
        text: Text,
        sequence: int,
        at: datetime,
        rare: str,
        *,
        is_draft: bool = False,
    ) -> None:
        self.revisions += 1
        last = last_paragraph(number, rare, is_draft=is_draft)
        content = Content(title=title, body=f"{text.body}\n{last}\n", reason="Written down.")
        self.rows["revision"].append(
            (
                *(self.revisions, public_id("revision", self.revisions), it.id, sequence, title, content.body),
                content.hash,
                f"{text.html}\n<p>{last}</p>",
                f"{text.plain}\n{last}",
                text.contents,
                content.reason,
                self.authors[it.unit],
                *(at, at),
            )
        )
        for order, (label, anchor, level, heading, words) in enumerate(text.clauses):
            self.clauses += 1
            self.clause_versions += 1
            self.rows["clause"].append((self.clauses, public_id("clause", self.clauses), it.id))
            self.rows["clause_version"].append(
                (*(self.clause_versions, self.clauses, self.revisions, order), label, anchor, level, heading, words)
            )

    def _publications(self, it: Document, versions: list[tuple[int, int, datetime]]) -> None:
        for place, (revision, version, at) in enumerate(versions):
            self.requests += 1
            person, until = self.leads[it.unit], None
            if place + 1 < len(versions):
                until = versions[place + 1][2].date()
            self.rows["publication"].append(
                (revision, it.id, version, "approved", self.requests, at, person, at.date(), until)
            )
            self.rows["request"].append(
                (
                    *(self.requests, public_id("request", self.requests), f"R-{self.requests}", "publication"),
                    *("approved", "document", public_id("document", it.id), public_id("revision", revision)),
                    f"STD-{it.id:04d}",
                    remit_id(it.unit, it.capability),
                    self.version,
                    "unit",
                    {"version": 1, "kind": "publication", "stages": []},
                    self.authors[it.unit],
                    *(at, at),
                )
            )
            self.rows["decision"].append(
                (
                    *(self.requests, public_id("decision", self.requests), self.requests, person, person),
                    *(f"Person {person}", "approve", "I approve this version.", "unit", at, "unit"),
                )
            )

    def _entries(self, it: Document, number: str, title: str, at: datetime, *, published: bool) -> None:
        name = f"document:{public_id('document', it.id)}"
        actor = str(public_id("user", self.authors[it.unit]))
        head = ""
        events = ("document.created", "document.published") if published else ("document.created",)
        for sequence, event in enumerate(events, 1):
            self.entries += 1
            body = chain.canonical(
                {
                    "after": {"sequence": sequence, "title": title},
                    "before": None,
                    "people": [],
                    "reason": "",
                    "title": f"{number} {title}",
                    "url": f"/s/{number}/",
                }
            )
            salt = f"{self.entries:032x}"
            header = {
                "sequence": sequence,
                "schema_version": chain.SCHEMA_VERSION,
                "previous_hash": head,
                "event": event,
                "recorded_at": at,
                "occurred_at": None,
                "actor": actor,
                "on_behalf_of": "",
                "subject": name,
                "change_id": str(public_id("change", self.entries)),
                "request_id": "",
                "payload_hash": chain.payload_hash(salt, body),
            }
            before, head = head, chain.entry_hash(stream=name, **header)  # type: ignore[arg-type]
            self.rows["entry"].append((self.entries, _STREAMS + it.id, *header.values(), head))
            self.rows["payload"].append((self.entries, salt, body))
            assert header["previous_hash"] == before
        self.rows["stream"].append((_STREAMS + it.id, name, "document", name.partition(":")[2], len(events), head))


_STREAMS = 10_000
"""The ids of the documents' streams come after those that the product made before."""
_FIRST_ENTRY = 10_000

_TABLES: dict[str, tuple[type[Any], tuple[str, ...]]] = {
    "document": (
        StoredDocument,
        (
            *("id", "public_id", "number", "kind", "title", "remit_id", "classification", "draft_id", "in_force_id"),
            *("in_force_since", "version_number", "first_published_at", "retired_at", "next_review_on", "tags"),
            *("created_by_id", "created_at", "updated_at"),
        ),
    ),
    "revision": (
        Revision,
        (
            *("id", "public_id", "document_id", "sequence", "title", "body", "content_hash", "html", "plain"),
            *("contents", "reason", "created_by_id", "created_at", "recorded_at"),
        ),
    ),
    "clause": (Clause, ("id", "public_id", "document_id")),
    "clause_version": (
        ClauseVersion,
        ("id", "clause_id", "revision_id", "order", "number", "anchor", "level", "heading", "text"),
    ),
    "request": (
        Request,
        (
            *("id", "public_id", "number", "kind", "status", "subject_kind", "subject_id", "subject_version"),
            *("subject_title", "remit_id", "model_version_id", "mode", "route", "submitted_by_id", "opened_at"),
            "decided_at",
        ),
    ),
    "decision": (
        Decision,
        (
            *("id", "public_id", "request_id", "user_id", "person_key", "printed_name", "verdict", "meaning"),
            *("stage", "decided_at", "mode"),
        ),
    ),
    "publication": (
        Publication,
        (
            *("revision_id", "document_id", "version_number", "basis", "request_id", "published_at"),
            *("published_by_id", "effective_from", "effective_to"),
        ),
    ),
    "search": (SearchEntry, ("id", "document_id", "is_draft", "number", "title", "names", "text")),
    "stream": (LedgerStream, ("id", "name", "kind", "key", "last_sequence", "last_hash")),
    "entry": (
        LedgerEntry,
        (
            *("id", "stream_id", "sequence", "schema_version", "previous_hash", "event", "recorded_at"),
            *("occurred_at", "actor", "on_behalf_of", "subject", "change_id", "request_id", "payload_hash", "hash"),
        ),
    ),
    "payload": (LedgerPayload, ("entry_id", "salt", "body")),
}


def _load_documents(made: Organisation, now: datetime) -> int:
    if connection.vendor != "postgresql" or made.size.documents < _MANY:
        load_part(made, now, 0, 1)
    else:
        with _no_index_of_words():
            _in_processes(made, now)
    NumberSeries.objects.update_or_create(key="STD", defaults={"last": made.size.documents})
    NumberSeries.objects.update_or_create(key="R", defaults={"last": Request.objects.order_by("-pk")[0].pk})
    return Revision.objects.count()


def load_part(made: Organisation, now: datetime, part: int, parts: int) -> None:
    """Every chunk whose turn it is of so many parts is in the database; no two parts give out the same ids."""
    loader = _Loader(made, now)
    first = part * made.size.documents * _IDS_OF_A_DOCUMENT
    loader.revisions = loader.clauses = loader.clause_versions = loader.requests = loader.search = first
    loader.entries = _FIRST_ENTRY + first
    for place, chunk in enumerate(_chunks(made.documents())):
        if place % parts == part:
            loader.load(chunk)


def _in_processes(made: Organisation, now: datetime) -> None:
    command = [sys.executable, "-m", "benchmarks.load_part", made.size.name, str(made.seed), now.isoformat()]
    parts = [subprocess.Popen([*command, str(part), str(_PROCESSES)]) for part in range(_PROCESSES)]
    codes = [part.wait() for part in parts]
    if any(codes):
        raise ChildProcessError("A part of the documents was not loaded.")


@contextmanager
def _no_index_of_words() -> Iterator[None]:
    """An index of words is made at once when all are there, many times faster than word by word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND indexdef LIKE %s",
            [SearchEntry._meta.db_table, "%USING gin%"],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("RESET maintenance_work_mem")


def _chunks(documents: list[Document]) -> Iterator[list[Document]]:
    for start in range(0, len(documents), _CHUNK):
        yield documents[start : start + _CHUNK]
