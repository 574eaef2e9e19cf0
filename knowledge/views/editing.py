"""Writing: a new document, the draft of the next version with its preview, and what becomes of the draft."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_http_methods, require_POST

from governance.errors import Conflict, Denied, Invalid, NotAllowed
from governance.forms.filling import add_errors
from governance.models import Membership, Request
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions.attachments import attach_file, detach_file
from knowledge.actions.documents import NewDocument, create_document
from knowledge.actions.drafts import discard_draft, save_draft, start_revision, submit_draft
from knowledge.actions.revisions import rendered_for
from knowledge.forms.drafts import DraftForm, NewDocumentForm
from knowledge.models import Document, Revision
from knowledge.selectors.drafts import readiness
from knowledge.selectors.remits import remits_where
from knowledge.text.characters import MAX_BODY, MAX_TITLE
from knowledge.text.diff import compare
from knowledge.text.markdown import render as render_text
from knowledge.views.finding import document_or_404

BEGINNING = "In short: \n\n## Scope\n\n\n\n## Requirements\n\n- "
"""What stands in the text of a new document, to be written over."""


@login_required
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """A new document: title, owner, kind and text on one page; saved as a draft, or saved and submitted."""
    remits = remits_where(request.user, Right.DRAFT)
    if not remits.exists():
        raise Denied(
            "You cannot write documents, because you are an author or lead of no unit whose model lets it draft. "
            "Open a document and suggest a change instead."
        )
    form = NewDocumentForm(
        request.POST or None,
        remits=remits,
        preview_url="/library/new/preview/",
        initial={"remit": _usual_remit(request, remits), "body": BEGINNING},
    )
    step = request.POST.get("step", "save")
    if request.method == "POST" and step != "preview" and form.is_valid():
        made = _create(request, form)
        if made is not None:
            return _submitted(request, made, made.draft, form.cleaned_data["submission_key"], step)
    typed = form["body"].value() or ""
    context = {
        "page_title": "New document",
        "form": form,
        "preview": preview_of(str(form["title"].value() or ""), typed),
    }
    status = 422 if step != "preview" and form.errors else 200
    return render(request, "knowledge/document_new.html", context, status=status)


@login_required
@require_POST
def new_preview(request: HttpRequest) -> HttpResponse:
    """How the typed text will read; nothing is kept."""
    return HttpResponse(preview_of(request.POST.get("title", ""), request.POST.get("body", "")))


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """The draft of the next version: write, preview, attach, save, submit. Nothing typed is ever lost."""
    document = document_or_404(request.user, ref)
    policy.require(request.user, Right.DRAFT, document)
    draft = document.draft
    if draft is None:
        return _nothing_to_edit(request, document)
    url = f"{document.get_absolute_url()}edit/"
    form = DraftForm(
        request.POST or None,
        request.FILES or None,
        preview_url=f"{url}preview/",
        initial={
            "title": draft.title,
            "body": draft.body,
            "reason": draft.reason,
            "effective_on": draft.effective_on,
            "base": draft.public_id,
        },
    )
    if request.method == "POST" and request.POST.get("step") != "preview" and form.is_valid():
        answered = _take(request, document, form)
        if answered is not None:
            return answered
    status = 422 if request.method == "POST" and request.POST.get("step") != "preview" else 200
    return _editor(request, document, form, status=status)


@login_required
@require_POST
def edit_preview(request: HttpRequest, ref: str) -> HttpResponse:
    """How the typed text will read with the draft's own files; nothing is kept."""
    document = document_or_404(request.user, ref)
    policy.require(request.user, Right.DRAFT, document)
    body, title = request.POST.get("body", ""), request.POST.get("title", "")
    return HttpResponse(preview_of(title, body, document=document))


@login_required
@require_POST
def start(request: HttpRequest, ref: str) -> HttpResponse:
    """The draft of the next version is begun; where one stands already, that one is opened."""
    document = document_or_404(request.user, ref)
    try:
        start_revision(actor=request.user, document=document, reason=request.POST.get("reason", ""))
    except Conflict as error:
        messages.info(request, error.message)
    return redirect(f"{document.get_absolute_url()}edit/")


@login_required
@require_POST
def discard(request: HttpRequest, ref: str) -> HttpResponse:
    """There is no draft any more; what was saved stays in the history."""
    document = document_or_404(request.user, ref)
    discard_draft(
        actor=request.user,
        document=document,
        base=request.POST.get("base", ""),
        reason=request.POST.get("reason", ""),
    )
    messages.success(request, f"You discarded the draft of {document.number}. The history keeps what was saved.")
    return redirect(f"{document.get_absolute_url()}history/")


def preview_of(title: str, body: str, *, document: Document | None = None) -> SafeString:
    """The typed text as the reading page will show it; safe HTML. Of a text too long to be kept, the beginning."""
    title, body = title[:MAX_TITLE], body[:MAX_BODY]
    if document is None:
        return mark_safe(render_text(body, title=title).html)  # noqa: S308 - sanitised by the renderer
    manifest = document.draft.manifest if document.draft is not None else []
    shown = rendered_for(
        document.number, Revision(public_id=_draft_id(document), title=title, body=body, manifest=manifest)
    )
    return mark_safe(shown.html)  # noqa: S308 - sanitised by the renderer


def _draft_id(document: Document) -> Any:
    return document.draft.public_id if document.draft is not None else None


def _usual_remit(request: HttpRequest, remits: Any) -> Any:
    """The remit that a new document most likely belongs to: the one asked for, else knowledge in an own unit."""
    asked = request.GET.get("remit", "")
    rows = list(remits)
    mine = set(Membership.objects.valid_at().filter(user=request.user.pk).values_list("unit_id", flat=True))
    best = sorted(
        rows, key=lambda row: (str(row.public_id) != asked, row.unit_id not in mine, row.capability != "knowledge")
    )
    return best[0].public_id if best else None


def _create(request: HttpRequest, form: NewDocumentForm) -> Document | None:
    values = form.cleaned_data
    try:
        return create_document(
            actor=request.user,
            new=NewDocument(
                remit=values["remit"],
                kind=values["kind"],
                title=values["title"],
                body=values["body"],
                reason=values["reason"],
                effective_on=values["effective_on"],
                classification=values["classification"],
                review_months=values["review_months"],
                tags=form.tag_list(),
                submission_key=values["submission_key"],
            ),
        )
    except Invalid as error:
        add_errors(form, error)
    except Denied as error:
        form.add_error("remit", error.message)
    return None


def _submitted(
    request: HttpRequest, document: Document, draft: Revision | None, key: UUID | None, step: str
) -> HttpResponse:
    """After a new document was made: submitted if that was asked for and can be, else open in the editor."""
    edit_url = f"{document.get_absolute_url()}edit/"
    if step != "submit" or draft is None:
        messages.success(request, f"Your draft is saved as {document.number}.")
        return redirect(edit_url)
    try:
        made = submit_draft(actor=request.user, document=document, base=draft.public_id, submission_key=key)
    except (Invalid, NotAllowed, Conflict) as error:
        messages.warning(request, f"Your draft is saved as {document.number}, and not submitted. {error.message}")
        return redirect(edit_url)
    messages.success(request, _told(document, made))
    return redirect(made.get_absolute_url())


def _told(document: Document, made: Request) -> str:
    return f"You submitted {document.number}. {made.number} shows whom it waits for."


def _take(request: HttpRequest, document: Document, form: DraftForm) -> HttpResponse | None:
    """Save what was typed, then do what was asked; None where the form must be shown again with what is wrong."""
    values = form.cleaned_data
    step = request.POST.get("step", "save")
    try:
        saved = save_draft(
            actor=request.user,
            document=document,
            base=values["base"],
            title=values["title"],
            body=values["body"],
            reason=values["reason"],
            effective_on=values["effective_on"],
        )
    except Conflict as error:
        return _conflict(request, document, form, error)
    except Invalid as error:
        add_errors(form, error)
        return None
    except NotAllowed as error:
        form.add_error(None, error.message)
        return None
    form.with_base(saved.public_id)
    try:
        return _after_saving(request, document, form, saved, step)
    except Invalid as error:
        add_errors(form, error)
    except (NotAllowed, Conflict) as error:
        form.add_error(None, error.message)
    messages.info(request, f"Your draft is saved, at {timezone.localtime():%H:%M}.")
    return None


def _after_saving(
    request: HttpRequest, document: Document, form: DraftForm, saved: Revision, step: str
) -> HttpResponse:
    url = f"{document.get_absolute_url()}edit/"
    if step == "submit":
        made = submit_draft(
            actor=request.user,
            document=document,
            base=saved.public_id,
            submission_key=form.cleaned_data["submission_key"],
        )
        messages.success(request, _told(document, made))
        return redirect(made.get_absolute_url())
    if step == "attach":
        file = form.cleaned_data["file"]
        if file is None:
            raise Invalid({"file": "Choose a file to attach."})
        attach_file(actor=request.user, document=document, base=saved.public_id, name=file.name, file=file)
        messages.success(request, "The file is attached to the draft.")
        return redirect(f"{url}#files")
    if step.startswith("detach:"):
        detach_file(actor=request.user, document=document, base=saved.public_id, name=step.removeprefix("detach:"))
        messages.success(request, "The file is no longer part of the draft.")
        return redirect(f"{url}#files")
    messages.success(request, f"Draft saved, at {timezone.localtime():%H:%M}.")
    return redirect(url)


def _conflict(request: HttpRequest, document: Document, form: DraftForm, error: Conflict) -> HttpResponse:
    """Somebody saved meanwhile: both texts, and the form with what was typed, which the next save puts over theirs."""
    fresh = document_or_404(request.user, document.number)
    if fresh.draft is not None:
        form.with_base(fresh.draft.public_id)
    conflict = {
        "message": error.message,
        "theirs": error.theirs,
        "comparison": compare(error.theirs, str(form["body"].value() or "")),
    }
    return _editor(request, fresh, form, status=409, conflict=conflict)


def _editor(
    request: HttpRequest, document: Document, form: DraftForm, *, status: int = 200, conflict: Any = None
) -> HttpResponse:
    fresh = document if request.method == "GET" else document_or_404(request.user, document.number)
    draft = fresh.draft
    waiting = Request.objects.filter(
        subject_id=fresh.public_id, kind=Request.Kind.PUBLICATION, status__in=["open", "undecidable"]
    ).values_list("number", flat=True)
    context = {
        "page_title": f"Edit {fresh.number}",
        "document": fresh,
        "draft": draft,
        "form": form,
        "preview": preview_of(str(form["title"].value() or ""), str(form["body"].value() or ""), document=fresh),
        "checks": readiness(fresh, draft, reason=str(form["reason"].value() or "")) if draft is not None else [],
        "waiting": waiting.first() if draft is not None else None,
        "conflict": conflict,
    }
    return render(request, "knowledge/document_edit.html", context, status=status)


def _nothing_to_edit(request: HttpRequest, document: Document) -> HttpResponse:
    """No draft stands: what was typed, if anything was, is shown to be kept, and a revision can be begun."""
    context = {
        "page_title": f"Start a revision of {document.number}",
        "document": document,
        "typed": request.POST.get("body", ""),
    }
    status = 409 if request.method == "POST" else 200
    return render(request, "knowledge/document_start.html", context, status=status)
