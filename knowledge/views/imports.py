"""Imports: the list, the form that begins one, and the page on which one is watched and put to its deciders."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET, require_http_methods

from governance.errors import Denied, Invalid, NotAllowed
from governance.forms.filling import add_errors
from governance.models import Request
from governance.selectors.requests import requests_visible_to
from knowledge.actions import imports as actions
from knowledge.actions.imports_uploads import lay_aside, throw_away
from knowledge.forms.imports import ImportForm
from knowledge.models import ImportBatch
from knowledge.selectors import imports as selectors
from knowledge.tasks import run_import_soon

PER_PAGE = 25
STATES = {
    ImportBatch.State.RUNNING: ("in_review", "Running"),
    ImportBatch.State.STOPPED: ("overdue", "Stopped"),
    ImportBatch.State.WAITING: ("in_review", "Waiting for approval"),
    ImportBatch.State.IN_FORCE: ("in_force", "In force"),
    ImportBatch.State.REFUSED: ("rejected", "Refused"),
    ImportBatch.State.NOTHING_NEW: ("retired", "Nothing new"),
}
"""Each state of a batch as one of the ten states and its own word."""


@login_required
@require_GET
def import_list(request: HttpRequest) -> HttpResponse:
    """The imports that the person may see."""
    page = Paginator(selectors.batches_visible_to(request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page_title": "Imports",
        "page": page,
        "rows": [(batch, *STATES[ImportBatch.State(batch.state)]) for batch in page.object_list],
        "may_import": selectors.remits_to_import_into(request.user).exists(),
    }
    return render(request, "knowledge/import_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Choose a source and a remit. The import then runs by itself and has a page of its own."""
    remits = selectors.remits_to_import_into(request.user)
    if not remits.exists():
        raise Denied("You may import nowhere. Whoever publishes in a unit imports there: ask its lead.")
    form = ImportForm(request.POST or None, request.FILES or None, remits=remits)
    if request.method == "POST" and form.is_valid():
        batch = _started(request, form)
        if batch is not None:
            run_import_soon(batch.pk)
            messages.success(request, f"The import {batch.number} runs. This page shows how far it is.")
            return redirect(batch.get_absolute_url())
    status = 422 if form.errors else 200
    return render(request, "knowledge/import_new.html", {"page_title": "Import documents", "form": form}, status=status)


def _started(request: HttpRequest, form: ImportForm) -> ImportBatch | None:
    """The batch that stands now; None where the form says why there is none."""
    values = form.cleaned_data
    source = values.get("folder") or ""
    try:
        if values.get("source"):
            source = lay_aside(values["source"])
        wanted = actions.NewImport(
            source=source,
            remit=values["remit"],
            kind=values["kind"],
            path_glob=values["path_glob"],
            attestation=values["attestation"].strip(),
            in_background=True,
        )
        return actions.start_import(actor=request.user, new=wanted)
    except Invalid as error:
        add_errors(form, _at_its_field(error, values))
    except Denied as error:
        form.add_error("attestation" if values["attestation"].strip() else "remit", error.message)
    throw_away(source)
    return None


def _at_its_field(error: Invalid, values: dict[str, Any]) -> Invalid:
    """What is wrong with the source stands at the field by which it was chosen."""
    if values.get("folder") and "source" in error.fields:
        fields = dict(error.fields)
        return Invalid({"folder": fields.pop("source"), **fields})
    return error


@login_required
@require_http_methods(["GET", "POST"])
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """One import: how far it is, what it brought, what it could not read, and who decides on it."""
    page = _page(request.user, number)
    if request.method == "POST":
        return _act(request, page)
    answer = render(
        request,
        "knowledge/_import.html" if _asks_for_part(request) else "knowledge/import_detail.html",
        _context(request.user, page),
    )
    patch_vary_headers(answer, ["HX-Request"])
    return answer


def _act(request: HttpRequest, page: selectors.ImportPage) -> HttpResponse:
    step, batch = request.POST.get("step", ""), page.batch
    try:
        if step == "continue":
            batch = actions.continue_import(actor=request.user, batch=batch)
            run_import_soon(batch.pk)
            messages.success(request, f"The import {batch.number} goes on.")
        elif step == "ask":
            asked = actions.ask_again(actor=request.user, batch=batch)
            messages.success(request, f"{batch.number} waits for its approval again, as {asked.number}.")
        else:
            messages.error(request, "Choose what to do.")
    except NotAllowed as error:
        messages.error(request, error.message)
    return redirect(batch.get_absolute_url())


def _asks_for_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False)) and not getattr(request.htmx, "boosted", False)  # type: ignore[attr-defined]


def _page(actor: Any, number: str) -> selectors.ImportPage:
    try:
        return selectors.import_page(actor, number)
    except ImportBatch.DoesNotExist:
        raise Http404 from None


def _context(actor: Any, page: selectors.ImportPage) -> dict[str, Any]:
    batch = page.batch
    state, word = STATES[ImportBatch.State(batch.state)]
    total = max(batch.documents_total, 1)
    return {
        "page_title": f"Import {batch.number} of {batch.name}",
        "page": page,
        "batch": batch,
        "state": state,
        "state_word": word,
        "is_running": batch.state == ImportBatch.State.RUNNING,
        "percent": round(100 * min(batch.documents_done, total) / total),
        "asked": _asked(actor, page.request),
    }


def _asked(actor: Any, asked: Request | None) -> Request | None:
    """The request about the batch, if its own page is open to the person."""
    if asked is None or not requests_visible_to(actor).filter(pk=asked.pk).exists():
        return None
    return asked
