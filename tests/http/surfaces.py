"""Every address of the product and how to call it: what it names, and with which queries.

A pattern that is in neither ``SURFACES`` nor ``EXEMPT`` fails a test, so that no page is added without being swept.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from governance.models import ConfirmationRequest
from knowledge.models import Revision
from tests.http.world import COE, FINANCE, LAB, MEMBERS, ROLES, World, holding_of, membership_of

ABSENT_ID = UUID("00000000-0000-4000-8000-000000000000")


@dataclass(frozen=True)
class Address:
    """One address. ``thing`` names what it is about, empty for a page of everybody's; ``absent`` is the same address
    for something that was never there."""

    url: str
    thing: str = ""
    absent: str = ""


@dataclass(frozen=True)
class Surface:
    """A pattern of addresses. ``named`` gives what the world holds for its parts, as (thing, parts, parts of an absent
    one); without it the pattern has no parts. ``methods`` are those that it answers to a person who may."""

    name: str
    named: Callable[[World], Iterable[tuple[str, dict[str, Any], dict[str, Any]]]] | None = None
    queries: tuple[str, ...] = ("",)
    methods: tuple[str, ...] = ("GET",)

    def addresses(self, world: World) -> Iterator[Address]:
        """Every address of the pattern in this world, with every query."""
        for thing, parts, absent in self.named(world) if self.named is not None else [("", {}, {})]:
            url = reverse(self.name, kwargs=parts)
            other = reverse(self.name, kwargs=absent) if absent else ""
            for form in self.queries:
                query = form.format(open=world.documents["open"].number, entry=world.others["entry"])
                yield Address(url + query, thing, other + query if other else "")


def documents(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, document in world.documents.items():
        yield f"document:{name}", {"ref": document.number}, {"ref": "STD-9999"}
    yield "document:restricted", {"ref": "ZQSEALALIAS-7"}, {"ref": "ZQSEALALIAS-8"}


def few(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """One of each kind: readable, restricted, a draft, another unit's, one with a draft behind it, a retired one."""
    for name in ("restricted", "draft", "lab", "next", "retired"):
        yield f"document:{name}", {"ref": world.documents[name].number}, {"ref": "STD-9999"}


def versions(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name in ("restricted", "draft", "lab", "next", "later", "retired"):
        document = world.documents[name]
        revisions = Revision.objects.filter(document=document)
        published = set(revisions.filter(publication__isnull=False).values_list("sequence", flat=True))
        last = revisions.order_by("-sequence").values_list("sequence", flat=True)[:1].get()
        named = {"1": True, "current": True, "draft": False, f"r{last}": last in published}
        for version, is_open in {**named, **({"approved": False, "r2": False} if name == "later" else {})}.items():
            thing = f"document:{name}" if is_open else f"document:{name}/draft"
            yield thing, {"ref": document.number, "version": version}, {"ref": document.number, "version": "r999"}


def pairs(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name in ("restricted", "draft", "lab", "next", "later"):
        document = world.documents[name]
        for pair in ("1..draft", "r1..r2", "1..approved", "1..1") if name == "next" else ("1..draft", "1..1"):
            hidden = name if pair == "1..1" else f"{name}/draft"
            parts = {"ref": document.number, "pair": pair}
            yield f"document:{hidden}", parts, {**parts, "pair": "1..r999"}


def files(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, document in world.documents.items():
        for revision in Revision.objects.filter(document=document, attachments__isnull=False):
            held = revision.attachments.get().name
            thing = f"document:{name}" if name == "restricted" else f"document:{name}/draft"
            parts = {"ref": document.number, "revision": revision.public_id, "name": held}
            yield thing, parts, {**parts, "revision": ABSENT_ID}


def requests(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, request in world.requests.items():
        yield f"request:{name}", {"number": request.number}, {"number": "R-999"}


def objections(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for thing, parts, absent in requests(world):
        yield thing, {**parts, "place": 1}, {**absent, "place": 1}


def imports(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for name, batch in world.batches.items():
        yield f"import:{name}", {"number": batch.number}, {"number": "I-999"}


def plans(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "plan:draft", {"number": world.others["plan"].number}, {"number": "P-999"}


def units(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for code in ("COE", "ZQSHUT"):
        yield f"unit:{code}", {"code": code}, {"code": "NONE"}


def people(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "person:hermit", {"public_id": world.others["hermit"].public_id}, {"public_id": ABSENT_ID}


def memberships(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "membership:reader", {"public_id": membership_of(world, "reader").public_id}, {"public_id": ABSENT_ID}


def belongings(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """A membership to be read: who belongs where is known to members."""
    yield "person:reader", {"public_id": membership_of(world, "reader").public_id}, {"public_id": ABSENT_ID}


def holdings(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "role:auditor", {"public_id": holding_of(world.people["auditor"]).public_id}, {"public_id": ABSENT_ID}


def delegations(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "delegation", {"public_id": world.others["delegation"].public_id}, {"public_id": ABSENT_ID}


def confirmations(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "confirmation", {"public_id": ConfirmationRequest.objects.get().public_id}, {"public_id": ABSENT_ID}


def notices(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Some stale notices: their own person may not see what it is about, and nobody else may see it at all."""
    for role in ("reader", "outsider"):
        for notice in world.others["stale"][role][:2]:
            yield f"notice:{role}", {"public_id": notice.public_id}, {"public_id": ABSENT_ID}


def emptied_notices(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The same notices where their own person is told that there was one, and nothing of what it said."""
    for role in ("reader", "outsider"):
        for notice in world.others["stale"][role][:2]:
            yield f"emptied:{role}", {"public_id": notice.public_id}, {"public_id": ABSENT_ID}


def models(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "model", {"key": "centre_of_excellence"}, {"key": "no_such_model"}


def tokens(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """A token of somebody else, whoever looks."""
    yield "token", {"public_id": world.others["token"].public_id}, {"public_id": ABSENT_ID}


def entries(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    yield "entry", {"number": world.others["entry"]}, {"number": 999_999_999}


def named_versions(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for thing, parts, absent in versions(world):
        yield thing, *({"ref": each["ref"], "name": each["version"]} for each in (parts, absent))


def drafted_files(world: World) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    for thing, parts, absent in few(world):
        yield thing, *({**each, "name": "zqfile.txt"} for each in (parts, absent))


POST = ("POST",)
BOTH = ("GET", "POST")
# The beginnings of the secrets' words: search and suggestion find by them whatever they are given to find.
_SOUGHT = ("zq", "zqseal", "zqdraft", "zqdrop", "zqlab", "zqnext", "zqlater", "zqimport", "zqopen", "std")
SURFACES = (
    # Everybody's own pages
    Surface("my-work"),
    Surface("keys"),
    Surface("set-look", methods=POST),
    Surface("profile", methods=BOTH),
    Surface("password", methods=BOTH),
    Surface("token-list", methods=BOTH),
    Surface("token-revoke", tokens, methods=POST),
    Surface("notification-list", queries=("", "?show=unread", "?page=2")),
    Surface("notification-read-all", methods=POST),
    Surface("notification-open", notices),
    Surface("notification-read", notices, methods=POST),
    # The library
    Surface(
        "library",
        queries=(
            "",
            "?q=zq",
            "?q=zqseal",
            "?q=zqnext",
            "?status=draft&status=retired&status=in_review&status=approved",
            "?unit=LAB&unit=COE",
            "?applies=FIN",
            "?review=overdue",
            "?q=vaults+of&sort=title",
            "?sort=title&kind=standard",
            "?sort=number&capability=knowledge",
            "?sort=review&page=2",
            "?sort=unit&owner=me",
            "?sort=newest&tag=zqsealtag",
            "?sort=updated&density=compact",
        ),
    ),
    Surface("library-suggest", queries=tuple(f"?q={word}" for word in _SOUGHT)),
    Surface("document-new", methods=BOTH),
    Surface("document-new-preview", methods=POST),
    Surface("review-list", queries=("", "?within=365", "?list=mine&within=365")),
    Surface("document", documents),
    Surface("document-version", versions),
    Surface("document-history", few),
    Surface("document-choose-compare", few, queries=("?a=1&b=draft",)),
    Surface("document-compare", pairs),
    Surface("document-file", files),
    Surface("document-about", few, methods=BOTH),
    Surface("document-edit", few, methods=BOTH),
    Surface("document-preview", few, methods=POST),
    Surface("document-start", few, methods=POST),
    Surface("document-discard", few, methods=POST),
    Surface("document-review", few, methods=BOTH),
    Surface("document-retire", few, methods=BOTH),
    # Imports
    Surface("import-list"),
    Surface("import-new", methods=BOTH),
    Surface("import", imports, methods=BOTH),
    # Requests
    Surface("request-list", queries=("", "?list=asked", "?list=unit", "?list=all", "?list=all&kind=publication")),
    Surface("request-new", queries=("?kind=change&ref={open}", "?kind=exception&ref={open}"), methods=BOTH),
    Surface("request-detail", requests, methods=BOTH),
    Surface("request-undo", requests, methods=POST),
    # The operating model
    Surface("model-home", queries=("", "?unit=FIN&capability=knowledge&role=unit.lead&right=decide", "?unit=LAB")),
    Surface("model-check", queries=("", "?right=read&unit=FIN&capability=knowledge")),
    Surface("model-detail", models, queries=("?version=1",)),
    Surface("plan-list"),
    Surface("plan-new", queries=("", "?unit=FIN&model=centralized"), methods=BOTH),
    Surface("plan-detail", plans, queries=("", "?by=person&show=lost"), methods=BOTH),
    # Units and people
    Surface("unit-list", queries=("", "?q=zqshut")),
    Surface("unit-first", methods=BOTH),
    Surface("unit-detail", units),
    Surface("unit-new", units, methods=BOTH),
    Surface("unit-rename", units, methods=BOTH),
    Surface("unit-move", units, methods=BOTH),
    Surface("unit-close", units, methods=BOTH),
    Surface("unit-membership-new", units, methods=BOTH),
    Surface("people-list", queries=("", "?q=zqhermit", "?unit=HR", "?unit=zqshut")),
    Surface("people-detail", people),
    Surface("people-membership-new", people, methods=BOTH),
    Surface("people-deactivate", people, methods=BOTH),
    Surface("people-reactivate", people, methods=BOTH),
    Surface("delegation-new", methods=BOTH),
    Surface("delegation-end", delegations, methods=BOTH),
    Surface("people-role-new", people, methods=BOTH),
    Surface("membership-end", memberships, methods=BOTH),
    Surface("role-end", holdings, methods=BOTH),
    Surface("people-settings"),
    Surface("confirmation-decide", confirmations, methods=POST),
    # The ledger
    Surface("ledger-list", queries=("", "?about=zqseal", "?kind=document", "?open={entry}")),
    # The API
    Surface("api-unit-list", queries=("", "?q=zqshut&state=all", "?below=FIN&count=1"), methods=BOTH),
    Surface("api-unit-detail", units, methods=("GET", "PATCH")),
    Surface("api-unit-move", units, methods=POST),
    Surface("api-unit-closing", units, methods=POST),
    Surface("api-unit-remits", units),
    Surface("api-unit-history", units),
    Surface("api-membership-list", queries=("", "?unit=HR&count=1"), methods=BOTH),
    Surface("api-membership-detail", belongings),
    Surface("api-membership-end", memberships, methods=POST),
    Surface("api-organisation-role-list", methods=BOTH),
    Surface("api-organisation-role-end", holdings, methods=POST),
    Surface("api-confirmation-list"),
    Surface("api-confirmation-decision", confirmations, methods=POST),
    Surface("api-delegation-list", queries=("", "?list=given&count=1", "?list=held"), methods=BOTH),
    Surface("api-delegation-detail", delegations),
    Surface("api-delegation-end", delegations, methods=POST),
    Surface("api-operating-model-list"),
    Surface("api-operating-model-detail", models),
    Surface("api-operating-model-versions", models),
    Surface("api-assignment-list", queries=("", "?unit=ZQSHUT")),
    Surface("api-plan-list", queries=("", "?state=draft&count=1"), methods=BOTH),
    Surface("api-plan-detail", plans),
    Surface("api-plan-changes", plans, queries=("", "?unit=FIN&show=lost&limit=1")),
    Surface("api-plan-recalculation", plans, methods=POST),
    Surface("api-plan-sending", plans, methods=POST),
    Surface("api-plan-confirmation", plans, methods=POST),
    Surface("api-plan-refusal", plans, methods=POST),
    Surface("api-plan-cancellation", plans, methods=POST),
    Surface("api-plan-application", plans, methods=POST),
    Surface("api-right-list", queries=("?unit=ZQSHUT&capability=knowledge", "?unit=FIN&capability=knowledge")),
    Surface("api-right-holders", queries=("?unit=HR&capability=knowledge&right=read",)),
    Surface("api-ledger-list", queries=("", "?about=zqseal", "?kind=document&count=1")),
    Surface("api-ledger-entry", entries),
    Surface(
        "api-request-list",
        queries=("", "?list=waiting", "?list=asked", "?list=unit", "?count=1&limit=1&kind=publication"),
    ),
    Surface("api-request-detail", requests),
    Surface("api-request-decisions", requests, methods=POST),
    Surface("api-request-own-decision", requests, methods=("DELETE",)),
    Surface("api-request-withdrawal", requests, methods=POST),
    Surface("api-request-objections", requests, methods=POST),
    Surface("api-request-objection", objections, methods=("DELETE",)),
    Surface("api-request-review", requests, methods=POST),
    Surface("api-change-requests", methods=POST),
    Surface("api-exception-requests", methods=POST),
    Surface(
        "api-document-list",
        queries=(
            "?count=1",
            "?q=zq&limit=200",
            "?status=draft&status=retired&status=in_review&sort=title",
            "?unit=LAB&unit=COE&tag=zqsealtag&sort=unit",
            "?applies=FIN&review=overdue&limit=1",
        ),
        methods=BOTH,
    ),
    Surface("api-document-facets", queries=("", "?q=zqseal", "?applies=FIN&status=draft")),
    Surface("api-document", documents),
    Surface("api-document-rights", few),
    Surface("api-document-owner", few, methods=("PUT",)),
    Surface("api-document-classification", few, methods=("PUT",)),
    Surface("api-document-review-interval", few, methods=("PUT",)),
    Surface("api-document-tags", few, methods=("PUT",)),
    Surface("api-document-aliases", few, methods=POST),
    Surface("api-document-retirement", few, methods=POST),
    Surface("api-draft", few, methods=("GET", "POST", "PATCH")),
    Surface("api-draft-discard", few, methods=POST),
    Surface("api-draft-submission", few, methods=POST),
    Surface("api-draft-files", few, methods=POST),
    Surface("api-draft-file", drafted_files, methods=("DELETE",)),
    Surface("api-revision-list", few, queries=("", "?limit=1")),
    Surface("api-revision", named_versions),
    Surface("api-clause-list", named_versions),
    Surface("api-revision-compare", pairs),
    Surface("api-document-events", few),
    Surface("api-file", files),
    Surface("api-document-reviews", few, methods=BOTH),
    Surface("api-review-list", queries=("?within=365", "?list=mine")),
    Surface("api-search", queries=tuple(f"?q={word}" for word in _SOUGHT[:6])),
    Surface("api-search-suggestions", queries=tuple(f"?q={word}" for word in _SOUGHT)),
    Surface("api-import-list", methods=BOTH),
    Surface("api-import-uploads", methods=POST),
    Surface("api-import-sources"),
    Surface("api-import", imports),
    Surface("api-import-continuation", imports, methods=POST),
    Surface("api-import-request", imports, methods=POST),
    Surface("api-me", methods=("GET", "PATCH")),
    Surface("api-person-list", queries=("?count=1", "?q=zqhermit", "?unit=zqshut")),
    Surface("api-person", people),
    Surface("api-notice-list", queries=("", "?show=unread&limit=2&count=1")),
    Surface("api-notice", emptied_notices),
    Surface("api-notice-read", emptied_notices, methods=POST),
    Surface("api-inbox-reading", methods=POST),
    Surface("api-token-list", methods=BOTH),
    Surface("api-token", tokens, methods=("GET", "DELETE")),
)

READERS = frozenset({"author", "lead", "reader", "other", "auditor"})
_IN_FORCE = {"open", "next", "later", "retired"}
_OWNERS = {"draft": FINANCE, "dropped": FINANCE, "lab": LAB, "lab_waiting": LAB}
_ASKED = {"change": FINANCE | COE, "exception": (FINANCE | COE) - {"reader"}, "lab": LAB, "lab_waiting": LAB}
_NOBODY: frozenset[str] = frozenset()
_CONFIRMING = frozenset({"admin"})


def seen_by(thing: str) -> frozenset[str]:
    """The roles that may open a page about this thing: from what the product promises, not from what it answers."""
    kind, _, name = thing.partition(":")
    document, _, draft = name.partition("/")
    if kind == "document":
        return READERS if document in _IN_FORCE and not draft else _OWNERS.get(document, COE)
    if kind == "request":
        return _ASKED.get(name, COE)
    if kind == "emptied":
        return frozenset({name})
    known = {"import": COE, "plan": frozenset({"admin", "auditor"}), "notice": _NOBODY, "": frozenset(ROLES)}
    known |= {
        "confirmation": _CONFIRMING,
        "membership": _CONFIRMING,
        "role": _CONFIRMING,
        "token": _NOBODY,
        "entry": frozenset({"auditor"}),
        "delegation": frozenset({"lab"}),
    }
    return known.get(kind, MEMBERS)


FOR_EVERYBODY = frozenset({"keys", "set-look"})
"""Served to whoever asks: the list of shortcuts, and the choice of a theme."""
EXEMPT = {
    "livez": "says only that the process lives, to the platform, without anybody signed in",
    "readyz": "says only which of six checks hold, to the platform, without anybody signed in",
    "metrics": "counts by route and task, to whoever shows the token; tests/config/test_metrics tries its labels",
    "sign-in": "shows nothing of the organisation; its form is tried in test_hostile_forms",
    "sign-out": "ends a session and shows nothing",
    "api-guide": "describes the product, the same to everybody",
    "api-schema": "describes the product, the same to everybody",
    "api-problem-list": "describes the product, the same to everybody",
    "api-problem": "describes the product, the same to everybody",
    "api-unknown": "answers that nothing is there, whatever is asked; tests/api tries it",
    "demo-sign-in": "stands in demo mode only; tests/accounts tries it there",
}
"""Addresses that are not swept, each with why."""


PARAMETERS_PASSED_OVER = {
    "step": "which button of a form was pressed: read from what is sent, never from an address",
    "sure": "a form's second thought: read from what is sent, never from an address",
    "body": "the text of a draft: read from what is sent, never from an address",
    "format": "the API's choice between forms of one answer: tried at its list of requests",
}
"""Names that are looked up and are not swept as parameters of an address, each with why."""


def patterns() -> list[tuple[str, str]]:
    """Every pattern of the product: its name (or its route, where it has none) and its route."""

    def below(entries: Iterable[Any], route: str) -> Iterator[tuple[str, str]]:
        for entry in entries:
            whole = f"{route}{entry.pattern}"
            if isinstance(entry, URLResolver):
                yield from below(entry.url_patterns, whole)
            elif isinstance(entry, URLPattern):
                yield entry.name or whole, whole

    return list(below(get_resolver().url_patterns, ""))
