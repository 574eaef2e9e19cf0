"""Knowledge's operations."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from knowledge.models import RevisionAttachment
from tests.api.cases import Body, Case
from tests.http.surfaces import ABSENT_ID, READERS, seen_by
from tests.http.world import COE, FINANCE, ROLES, World

EVERYBODY = frozenset(ROLES)
DOCUMENTS = "/api/v1/documents/"
ABSENT = f"{DOCUMENTS}STD-9999/"
CENTRE = frozenset({"centre"})
WRITE_IN_CENTRE = frozenset({"author", "centre"})
WRITE_IN_FINANCE = frozenset({"writer", "lead", "author", "centre"})
IMPORTING = frozenset({"lead", "lab", "centre"})


def _at(path: str) -> Any:
    return lambda world: path


def _document(name: str, rest: str = "") -> Any:
    return lambda world: f"{DOCUMENTS}{world.documents[name].number}/{rest}"


def _open(name: str, rest: str, may: frozenset[str], **more: Any) -> Case:
    """An operation on the standard that is in force for whoever the centre governs."""
    return Case(name=name, at=_document("open", rest), absent=f"{ABSENT}{rest}", may=may, sees=READERS, **more)


def _draft(name: str, rest: str, **more: Any) -> Case:
    """An operation on the draft of Finance, which its own people and the centre's see."""
    rest = f"draft/{rest}"
    path, absent = _document("draft", rest), f"{ABSENT}{rest}"
    return Case(name=name, at=path, absent=absent, may=WRITE_IN_FINANCE, sees=FINANCE, **more)


def _import(name: str, rest: str, **more: Any) -> Case:
    return Case(
        name=name,
        at=lambda world: f"/api/v1/imports/{world.batches['import'].number}/{rest}",
        absent=f"/api/v1/imports/I-999/{rest}",
        sees=COE,
        **more,
    )


def _sealed_file(world: World) -> str:
    held = RevisionAttachment.objects.get(revision=world.documents["restricted"].in_force)
    return f"{DOCUMENTS}{world.documents['restricted'].number}/files/{held.revision.public_id}/{held.name}/"


def _file(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/plain")


def _place(**more: Any) -> Body:
    return lambda world: {"unit": "COE", "capability": "knowledge", **more}


CASES = (
    # Documents
    Case(name="document_list", at=_at(DOCUMENTS), may=EVERYBODY),
    Case(name="document_count", at=_at(f"{DOCUMENTS}facets/"), may=EVERYBODY),
    Case(
        name="document_create",
        at=_at(DOCUMENTS),
        may=WRITE_IN_CENTRE,
        sees=EVERYBODY,
        body=_place(kind="standard", title="Passwords", body="Passwords MUST be long."),
        leaves="document.created",
    ),
    _open("document_show", "", READERS),
    _open("document_right_list", "rights/", READERS),
    _open(
        "document_change_owner",
        "owner/",
        CENTRE,
        body=lambda world: {"role": "author"},
        leaves="document.owner_changed",
    ),
    _open(
        "document_reclassify",
        "classification/",
        CENTRE,
        body=lambda world: {"classification": "restricted"},
        leaves="document.reclassified",
    ),
    _open(
        "document_change_interval",
        "review-interval/",
        CENTRE,
        body=lambda world: {"months": 6},
        leaves="document.review_interval_changed",
    ),
    _open(
        "document_change_tags", "tags/", CENTRE, body=lambda world: {"tags": ["keys"]}, leaves="document.tags_changed"
    ),
    _open(
        "document_add_alias", "aliases/", CENTRE, body=lambda world: {"alias": "KEYS-1"}, leaves="document.alias_added"
    ),
    _open(
        "document_retire",
        "retirement/",
        CENTRE,
        body=lambda world: {"reason": "Nobody needs it."},
        leaves="document.retirement_proposed",
    ),
    # Drafts
    Case(
        name="draft_show",
        at=_document("draft", "draft/"),
        absent=f"{ABSENT}draft/",
        may=seen_by("document:draft") | {"writer", "centre"},
    ),
    _open("draft_start", "draft/", WRITE_IN_CENTRE, body=_at({}), leaves="draft.started"),
    _draft("draft_save", "", body=lambda world: {"body": "Ledgers MUST balance."}, leaves="draft.saved"),
    _draft("draft_discard", "discard/", body=lambda world: {"comment": "Not now."}, leaves="draft.discarded"),
    _draft("draft_submit", "submission/", body=lambda world: {}, leaves="draft.submitted"),
    _draft("draft_attach", "files/", body=lambda world: {"file": _file("plan.txt", b"A plan.")}, leaves="draft.saved"),
    Case(
        name="draft_detach",
        at=_document("next", "draft/files/zqnextfile.txt/"),
        absent=f"{ABSENT}draft/files/zqnextfile.txt/",
        may=WRITE_IN_CENTRE,
        sees=READERS,
        leaves="draft.saved",
    ),
    # Revisions
    _open("revision_list", "revisions/", READERS),
    _open("revision_show", "revisions/1/", READERS),
    _open("clause_list", "revisions/current/clauses/", READERS),
    _open("revision_compare", "compare/1..r1/", READERS),
    _open("document_event_list", "events/", READERS),
    Case(
        name="file_download",
        at=_sealed_file,
        absent=f"{ABSENT}files/{ABSENT_ID}/zqsealfile.txt/",
        may=COE | CENTRE,
    ),
    # Reviews
    Case(name="review_list", at=_at("/api/v1/reviews/"), may=EVERYBODY),
    _open("review_confirmation_list", "reviews/", CENTRE),
    _open(
        "review_confirm",
        "reviews/",
        CENTRE,
        body=lambda world: {"seen": str(world.documents["open"].in_force.public_id)},
        leaves="review.confirmed",
    ),
    # Search
    Case(name="search", at=_at("/api/v1/search/?q=zqopenbody"), may=EVERYBODY),
    Case(name="suggestion_list", at=_at("/api/v1/search/suggestions/?q=zqopen"), may=EVERYBODY),
    # Imports
    Case(name="import_list", at=_at("/api/v1/imports/"), may=EVERYBODY),
    Case(name="import_source_list", at=_at("/api/v1/imports/sources/"), may=IMPORTING, sees=EVERYBODY),
    Case(
        name="import_start",
        at=_at("/api/v1/imports/"),
        may=frozenset(),
        sees=EVERYBODY,
        body=_place(folder="imports/none"),
        elsewhere="tests/api/test_imports.py",
    ),
    Case(
        name="import_upload",
        at=_at("/api/v1/imports/uploads/"),
        may=frozenset(),
        sees=EVERYBODY,
        body=_place(file=_file("notes.zip", b"no zip")),
        elsewhere="tests/api/test_imports.py",
    ),
    _import("import_show", "", may=COE | CENTRE),
    _import("import_continue", "continuation/", may=frozenset(), elsewhere="tests/api/test_imports.py"),
    _import("import_ask_again", "request/", may=frozenset(), elsewhere="tests/api/test_imports.py"),
)
