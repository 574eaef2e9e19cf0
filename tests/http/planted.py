"""Leaks that are planted to see them found: in each kind of surface a filter is left out, or something said too much.

Each plant is a small change of the running program, as a hurried hand would make it. ``found`` sweeps with it in place
and gives the harness's first sentence; the plant is taken out again.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pytest
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseNotModified
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.actions import outbox
from accounts.models import Notification
from accounts.selectors import seeing
from config import context as shell_context
from governance.errors import Denied
from governance.models import BusinessUnit, Request, RequestWaiting, Transition
from governance.permissions import policy
from governance.selectors import audit, people
from governance.selectors import requests as asked
from governance.selectors import transitions as plans
from knowledge.models import Document, ImportBatch, Revision, RevisionAttachment, SearchEntry
from knowledge.search import service
from knowledge.selectors import documents, history, imports, library, reviews, revisions
from knowledge.views import documents as reading
from knowledge.views import finding
from tests.http import beyond, counting
from tests.http.surfaces import SURFACES
from tests.http.sweep import FAULT, Sweep
from tests.http.world import World, forget

PACKAGES = ("config", "accounts", "knowledge", "governance")
Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Leak:
    """One plant. ``role`` is somebody to whom it tells something, ``where`` the surfaces (or ``counts``, ``notices``,
    ``output``) at which a hurried look finds it; the whole sweep is given no such hint."""

    name: str
    role: str
    where: str
    plant: Callable[[Patch, World], None]


def found(world: World, leak: Leak, *, whole: bool) -> str:
    """The harness's first sentence about the plant, or nothing; ``whole`` looks everywhere, without the hint."""
    forget()
    with pytest.MonkeyPatch.context() as patch:
        leak.plant(patch, world)
        try:
            # A plant that only breaks a page would prove nothing.
            return next((each for each in _findings(world, leak, whole=whole) if not each.startswith(FAULT)), "")
        finally:
            patch.undo()
            forget()


def _findings(world: World, leak: Leak, *, whole: bool) -> Iterator[str]:
    sweep = Sweep(world)
    if whole:
        yield from sweep.all(leak.role)
    elif leak.where == "counts":
        yield from counting.wrong_counts(world, leak.role)
    elif leak.where == "notices":
        yield from beyond.wrong_notices(world, leak.role)
    elif leak.where == "output":
        yield from beyond.wrong_output(world)
    else:
        sweep.surfaces = tuple(surface for surface in SURFACES if surface.name == leak.where)
        yield from sweep.addresses(leak.role)


# --- how a plant is made


def swap(patch: Patch, original: Any, planted: Any) -> None:
    """Wherever the product holds this function under a name, it holds the other."""
    held = 0
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and name.partition(".")[0] in PACKAGES:
            for key, value in list(vars(module).items()):
                if value is original:
                    patch.setattr(module, key, planted)
                    held += 1
    assert held, f"{original} is held nowhere"


def alter(patch: Patch, name: str, change: Callable[..., HttpResponse]) -> None:
    """The view of that name answers what ``change(answer, request, **parts)`` makes of its answer; also of a 404."""
    pattern = next(each for each in _patterns(get_resolver().url_patterns) if each.name == name)
    view = pattern.callback

    def altered(request: Any, *args: Any, **parts: Any) -> HttpResponse:
        try:
            answer = view(request, *args, **parts)
        except Http404:
            answer = None
        if answer is not None and hasattr(answer, "render"):
            answer.render()
        changed = change(answer, request, **parts)
        if changed is None:
            raise Http404
        return changed

    altered.__dict__.update(getattr(view, "__dict__", {}))
    patch.setattr(pattern, "callback", altered)


def _patterns(entries: Any) -> Iterator[URLPattern]:
    for entry in entries:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry.url_patterns)
        else:
            yield entry


def _titles() -> str:
    return ", ".join(Document.objects.values_list("title", flat=True))


def _named(ref: str) -> Document | None:
    return Document.objects.filter(number=ref.upper()).first()


# --- the plants


def the_list(patch: Patch, world: World) -> None:
    swap(patch, library.documents_visible_to, lambda actor: Document.objects.all())


def the_sorted_list(patch: Patch, world: World) -> None:
    real = library._ordered

    def ordered(rows: Any, sort: str) -> Any:
        return real(
            library._presented(world.people["auditor"], Document.objects.all()) if sort == "title" else rows, sort
        )

    swap(patch, real, ordered)


def the_total(patch: Patch, world: World) -> None:
    real = library.library_with_facets

    def whole(actor: Any, filters: Any = None) -> Any:
        page, found = real(actor, filters)
        return replace(page, total=Document.objects.count()), found

    swap(patch, real, whole)


def a_facet(patch: Patch, world: World) -> None:
    real = library._cells
    swap(patch, real, lambda actor, rows, **more: real(actor, Document.objects.all(), **more))


def the_tags(patch: Patch, world: World) -> None:
    real = library._tags_of
    swap(patch, real, lambda actor, rows, wanted: real(actor, Document.objects.all(), wanted))


def the_search(patch: Patch, world: World) -> None:
    swap(patch, service._visible_entries, lambda actor: SearchEntry.objects.all())


def draft_words_in_a_search(patch: Patch, world: World) -> None:
    def entries(actor: Any) -> Any:
        readable = policy.visible(actor, Document.objects.all())
        return SearchEntry.objects.filter(document__in=readable)

    swap(patch, service._visible_entries, entries)


def the_suggestions(patch: Patch, world: World) -> None:
    def beginning(actor: Any, query: Any, *, limit: int = 8) -> list[int]:
        return real(world.people["auditor"], query, limit=limit)

    real = service.beginning_with
    patch.setattr(library.service, "beginning_with", beginning)


def the_history(patch: Patch, world: World) -> None:
    def rows(actor: Any, document: Document) -> Any:
        found = Revision.objects.filter(document=document)
        return found.select_related("publication", "document__remit__unit", "created_by").order_by("-sequence")

    patch.setattr(history, "revisions_visible_to", rows)


def events_in_the_history(patch: Patch, world: World) -> None:
    real = history._events
    swap(patch, real, lambda document, *, whole: real(document, whole=True))


def a_version(patch: Patch, world: World) -> None:
    def named(actor: Any, document: Document, name: str) -> Revision:
        return real(world.people["auditor"], document, name)

    real = revisions.revision_named
    patch.setattr(documents, "revision_named", named)


def a_comparison(patch: Patch, world: World) -> None:
    def named(actor: Any, document: Document, name: str) -> Revision:
        return real(world.people["auditor"], document, name)

    real = revisions.revision_named
    patch.setattr(revisions, "revision_named", named)


def a_file(patch: Patch, world: World) -> None:
    def attachment(actor: Any, revision_id: Any, name: str) -> RevisionAttachment:
        rows = RevisionAttachment.objects.select_related("attachment", "revision__document")
        return rows.get(revision__public_id=revision_id, name=name)

    swap(patch, revisions.attachment_named, attachment)


def a_file_not_modified(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any, ref: str, revision: Any, name: str) -> Any:
        known = RevisionAttachment.objects.filter(revision__public_id=revision, name=name).exists()
        return HttpResponseNotModified() if known and "If-None-Match" in request.headers else answer

    alter(patch, "document-file", change)


def the_length_of_a_file(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any, ref: str, revision: Any, name: str) -> Any:
        kept = RevisionAttachment.objects.filter(revision__public_id=revision, name=name).first()
        if kept is not None and request.method == "HEAD":
            return HttpResponse(headers={"Content-Length": str(kept.attachment.size)})
        return answer

    alter(patch, "document-file", change)


def a_successor(patch: Patch, world: World) -> None:
    swap(patch, reading.successor_for, lambda actor, document: document.successor if document.is_retired else None)


def restricted_ones(patch: Patch, world: World) -> None:
    swap(patch, policy._passes_classification, lambda *_: True)
    swap(patch, policy._classified_rows, lambda *_: Q())


def a_refusal_with_a_title(patch: Patch, world: World) -> None:
    def page(actor: Any, ref: str, *, version: str = "") -> Any:
        try:
            return real(actor, ref, version=version)
        except Http404:
            hidden = _named(ref)
            if hidden is None:
                raise
            raise Denied(f"You may not read “{hidden.title}”.") from None

    real = finding.page_or_404
    swap(patch, real, page)


def a_refusal_of_what_is_there(patch: Patch, world: World) -> None:
    def found_or_denied(actor: Any, number: str) -> Any:
        if real_exists(number) and not asked.requests_visible_to(actor).filter(number=number).exists():
            raise Denied("You may not see this.")
        return real(actor, number)

    def real_exists(number: str) -> bool:
        return Request.objects.filter(number=number).exists()

    real = asked.request_page
    patch.setattr(asked, "request_page", found_or_denied)


def options_of_what_is_there(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any, ref: str) -> Any:
        if request.method == "OPTIONS":
            return HttpResponse(headers={"Allow": "GET, POST"}) if _named(ref) else HttpResponse(status=404)
        return answer

    alter(patch, "document-edit", change)


def a_comment_in_the_page(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any) -> Any:
        answer.content += f"<!-- {_titles()} -->".encode()
        return answer

    alter(patch, "review-list", change)


def a_header(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any, ref: str, **parts: Any) -> Any:
        document = _named(ref)
        if answer is not None and document is not None and document.draft is not None:
            answer["Link"] = f'</s/{ref}/v/draft/>; title="{document.draft.title}"'
        return answer

    alter(patch, "document", change)


def a_fragment_only(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any) -> Any:
        if request.headers.get("HX-Request"):
            answer.content += _titles().encode()
        return answer

    alter(patch, "library", change)


def the_requests(patch: Patch, world: World) -> None:
    swap(patch, asked.requests_visible_to, lambda actor: asked._rows())


def a_list_of_the_api(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any) -> Any:
        answer.content = answer.content.replace(b"[", f'[{{"title": "{_titles()}"}},'.encode(), 1)
        return answer

    alter(patch, "api-request-list", change)


def a_detail_of_the_api(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any, number: str) -> Any:
        known = Request.objects.filter(number=number).first()
        if known is not None and answer is not None and answer.status_code == 404:
            return HttpResponse(known.subject_title, status=404, content_type="application/problem+json")
        return answer

    alter(patch, "api-request-detail", change)


def the_imports(patch: Patch, world: World) -> None:
    swap(patch, imports.batches_visible_to, lambda actor: ImportBatch.objects.order_by("-pk"))


def overdue_reviews(patch: Patch, world: World) -> None:
    real = reviews.reviews_due
    swap(patch, real, lambda actor, **more: real(world.people["auditor"], **more))


def the_number_in_the_navigation(patch: Patch, world: World) -> None:
    real = shell_context.counts
    swap(patch, real, lambda request: replace(real(request), waiting=RequestWaiting.objects.count() + 50))


def people_for_a_guest(patch: Patch, world: World) -> None:
    swap(patch, people.sees_people, lambda actor: True)


def the_whole_ledger(patch: Patch, world: World) -> None:
    swap(patch, audit.reads_documents_too, lambda actor: True)


def the_plans(patch: Patch, world: World) -> None:
    swap(patch, plans.plans_visible_to, lambda actor: Transition.objects.order_by("-pk"))


def closed_units(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any) -> Any:
        names = ", ".join(BusinessUnit.objects.values_list("name", flat=True))
        answer.content = answer.content.replace(b"</main>", f"{names}</main>".encode())
        return answer

    alter(patch, "my-work", change)


def an_old_notice(patch: Patch, world: World) -> None:
    swap(patch, seeing.still_seen, lambda user, rows: frozenset(row.pk for row in rows))


def an_old_mail(patch: Patch, world: World) -> None:
    patch.setattr(outbox, "_why_not", lambda mail: "")


def a_notice_of_somebody_else(patch: Patch, world: World) -> None:
    def change(answer: Any, request: Any, public_id: Any) -> Any:
        notice = Notification.objects.filter(public_id=public_id).first()
        if notice is not None and answer is None:
            return HttpResponse("This notice is not yours.", status=403)
        return answer

    alter(patch, "notification-open", change)


def what_a_command_prints(patch: Patch, world: World) -> None:
    from governance.management.commands.verify_ledger import Command

    real = Command.handle

    def handle(self: Any, **options: Any) -> None:
        real(self, **options)
        self.stdout.write(f"Looked at {_titles()}.")

    patch.setattr(Command, "handle", handle)


def whoever_is_not_signed_in(patch: Patch, world: World) -> None:
    pattern = next(each for each in _patterns(get_resolver().url_patterns) if each.name == "library-suggest")
    patch.setattr(pattern, "callback", pattern.callback.__wrapped__)


LEAKS = (
    Leak("the list without its filter", "other", "library", the_list),
    Leak("the list without its filter, in one order only", "other", "library", the_sorted_list),
    Leak("the total of the list", "other", "counts", the_total),
    Leak("a facet's counts", "reader", "counts", a_facet),
    Leak("the tags to choose from", "other", "library", the_tags),
    Leak("the search", "other", "library", the_search),
    Leak("a search among the words of drafts", "reader", "library", draft_words_in_a_search),
    Leak("the suggestions", "other", "library-suggest", the_suggestions),
    Leak("the revisions in a history", "reader", "document-history", the_history),
    Leak("the events in a history", "reader", "document-history", events_in_the_history),
    Leak("a version by its name", "reader", "document-version", a_version),
    Leak("a comparison", "reader", "document-compare", a_comparison),
    Leak("a file by its address", "reader", "document-file", a_file),
    Leak("a file that is not modified", "outsider", "document-file", a_file_not_modified),
    Leak("the length of a file", "reader", "document-file", the_length_of_a_file),
    Leak("the successor of a retired document", "reader", "document", a_successor),
    Leak("restricted documents", "reader", "library", restricted_ones),
    Leak("a refusal that names the title", "other", "document", a_refusal_with_a_title),
    Leak("a refusal of what is there", "outsider", "request-detail", a_refusal_of_what_is_there),
    Leak("the methods of what is there", "other", "document-edit", options_of_what_is_there),
    Leak("a comment in the page's source", "other", "review-list", a_comment_in_the_page),
    Leak("a header", "reader", "document", a_header),
    Leak("a fragment alone", "other", "library", a_fragment_only),
    Leak("the requests", "lab", "request-list", the_requests),
    Leak("a list of the API", "lab", "api-request-list", a_list_of_the_api),
    Leak("a detail of the API", "lab", "api-request-detail", a_detail_of_the_api),
    Leak("the imports", "reader", "import-list", the_imports),
    Leak("the reviews that are due", "reader", "review-list", overdue_reviews),
    Leak("a number in the navigation", "reader", "counts", the_number_in_the_navigation),
    Leak("the people, to a guest", "guest", "people-list", people_for_a_guest),
    Leak("the whole ledger, to an administrator", "admin", "ledger-list", the_whole_ledger),
    Leak("the plans", "author", "plan-list", the_plans),
    Leak("a closed unit, to a guest", "guest", "my-work", closed_units),
    Leak("an old notice", "outsider", "notices", an_old_notice),
    Leak("an old mail", "outsider", "notices", an_old_mail),
    Leak("that somebody else has a notice", "outsider", "notification-open", a_notice_of_somebody_else),
    Leak("what a command prints", "", "output", what_a_command_prints),
    Leak("a page without its sign-in", "", "library-suggest", whoever_is_not_signed_in),
)
