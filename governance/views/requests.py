"""Requests: the lists, the page where one is read and decided, and the two forms that ask for something."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from governance import subjects
from governance.actions import requests as actions
from governance.actions import undoing
from governance.errors import Conflict, Denied, Invalid, NotAllowed
from governance.figures import RouteStep
from governance.forms.filling import add_errors
from governance.forms.requests import AskChangeForm, AskExceptionForm, DecideForm
from governance.models import Request
from governance.permissions import policy
from governance.rights import Right
from governance.selectors import requests as selectors
from governance.selectors.organisation import units_of
from governance.templatetags.asking import STATES
from governance.workflow.route import StageKind
from governance.workflow.waiting import Progress, StageView

PER_PAGE = 25
LISTS = (
    ("waiting", "Waiting for me"),
    ("asked", "I asked"),
    ("unit", "My unit"),
    ("all", "All"),
)
DONE_WORDS = {
    "approve": "You approved {number}.",
    "request_changes": "You sent {number} back.",
    "reject": "You rejected {number}.",
}


@login_required
@require_GET
def request_list(request: HttpRequest) -> HttpResponse:
    """The person's requests, by what they are to them; filters live in the address."""
    chosen = request.GET.get("list", "")
    lists = {key for key, _ in LISTS}
    if chosen not in lists:
        chosen = "waiting"
    kind = request.GET.get("kind", "")
    found: dict[str, Callable[[Any], QuerySet[Request]]] = {
        "waiting": selectors.waiting_for,
        "asked": selectors.asked_by,
        "unit": selectors.asked_by_units_of,
        "all": lambda actor: selectors.requests_visible_to(actor).order_by("-opened_at"),
    }
    rows = found[chosen](request.user)
    if kind in set(Request.Kind):
        rows = rows.filter(kind=kind)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "governance/request_list.html",
        {
            "page_title": "Requests",
            "lists": [{"key": key, "label": label, "current": key == chosen} for key, label in LISTS],
            "chosen": chosen,
            "kind": kind,
            "kinds": Request.Kind.choices,
            "page": page,
            "rows": selectors.rows_for(request.user, list(page.object_list)),
        },
    )


@login_required
@require_http_methods(["GET", "POST"])
def request_detail(request: HttpRequest, number: str) -> HttpResponse:
    """One request: what is asked, whom it touches, by which rule who decides, and the decision itself."""
    page = _page(request.user, number)
    form = DecideForm(request.POST or None, initial={"seen_hash": page.request.subject_hash})
    if request.method == "POST" and form.is_valid():
        answered = _act(request, page, form)
        if answered is not None:
            return answered
    status = 422 if form.errors else 200
    return render(request, "governance/request_detail.html", _context(request, page, form), status=status)


def _act(request: HttpRequest, page: selectors.RequestPage, form: DecideForm) -> HttpResponse | None:
    try:
        step = request.POST.get("step", "")
        told = _do(request.user, page, step, form.cleaned_data)
    except Invalid as error:
        add_errors(form, error)
        return None
    except (Conflict, NotAllowed, Denied) as error:
        return _refused(request, page.request, form, error)
    if not told:
        form.add_error(None, "Choose what to do: approve, send back, reject or withdraw.")
        return None
    row = Request.objects.get(pk=page.request.pk)
    can_undo = step in actions.VERDICTS and undoing.can_be_undone(row.kind, row.status)
    messages.success(request, told, extra_tags=f"undo:{row.number}" if can_undo else "")
    return redirect(_next(request.user, row))


def _do(actor: Any, page: selectors.RequestPage, step: str, said: dict[str, Any]) -> str:
    """Do it and return what to tell the person; empty where there is no such step."""
    row, comment, lent = page.request, said["comment"], page.stands_in_for
    if step in actions.VERDICTS:
        moved = actions.decide(
            actor=actor, request=row, verdict=step, comment=comment, seen_hash=said["seen_hash"], on_behalf_of=lent
        )
        return _told(moved, step)
    if step == "withdraw":
        actions.withdraw(actor=actor, request=row, comment=comment)
        return f"You withdrew {row.number}."
    if step == "object":
        actions.object_to(actor=actor, request=row, comment=comment, on_behalf_of=lent)
        return f"Your objection to {row.number} is on record."
    if step.startswith("clear-") and step[6:].isdecimal() and len(step) < 12:
        actions.clear_objection(actor=actor, request=row, number=int(step[6:]))
        return f"You cleared your objection to {row.number}."
    if step.startswith("review-") and step[7:] in actions.REVIEWS:
        actions.record_review(actor=actor, request=row, outcome=step[7:], comment=comment, on_behalf_of=lent)
        return f"Your review of {row.number} is on record."
    return ""


@login_required
@require_POST
def request_undo(request: HttpRequest, number: str) -> HttpResponse:
    """The person's last decision on the request is taken back, if it still can be; the page shows the request again."""
    try:
        row = selectors.request_by_number(request.user, number)
    except Request.DoesNotExist:
        raise Http404 from None
    undoing.undo_decision(actor=request.user, request=row)
    messages.success(request, f"You took back your decision on {row.number}. Nobody was told of it.")
    return redirect(row.get_absolute_url())


def _refused(
    request: HttpRequest, row: Request, form: DecideForm, error: Conflict | NotAllowed | Denied
) -> HttpResponse:
    """The page as it is now, with the refusal, and with what was typed. Whoever sees it no longer gets the bare
    refusal, which keeps it too."""
    try:
        page = selectors.request_page(request.user, row.number)
    except Request.DoesNotExist:
        if isinstance(error, Conflict) or not form.cleaned_data["comment"]:
            raise error from None
        raise Conflict(error.message, yours=form.cleaned_data["comment"]) from None
    form.add_error(None, error.message)
    form.data = {**request.POST.dict(), "seen_hash": page.request.subject_hash}  # what the page shows now
    status = 403 if isinstance(error, Denied) else 409
    return render(request, "governance/request_detail.html", _context(request, page, form), status=status)


def _told(row: Request, step: str) -> str:
    told = DONE_WORDS[step].format(number=row.number)
    if row.status == "approved" and row.kind == "publication":
        return f"{told} {row.subject_title} is approved and published."
    return f"{told} It goes on to the next step." if row.status == "open" else told


def _next(actor: Any, row: Request) -> str:
    """The next request that waits for the person, else this one if it is still open to them, else the list."""
    following = selectors.waiting_for(actor).exclude(pk=row.pk).first()
    if following is not None:
        return following.get_absolute_url()
    still = selectors.requests_visible_to(actor).filter(pk=row.pk).exists()
    return row.get_absolute_url() if still else "/requests/"


def _page(actor: Any, number: str) -> selectors.RequestPage:
    try:
        return selectors.request_page(actor, number)
    except Request.DoesNotExist:
        raise Http404 from None


def _context(request: HttpRequest, page: selectors.RequestPage, form: DecideForm) -> dict[str, Any]:
    row = page.request
    kind = subjects.subject_kind(row.subject_kind)
    waiting = list(selectors.waiting_for(request.user)) if page.waits_for_me else []
    place = next((index for index, other in enumerate(waiting, 1) if other.pk == row.pk), 0)
    following = waiting[place % len(waiting)] if len(waiting) > 1 else None
    return {
        "page_title": _title(row),
        "page": page,
        "row": row,
        "form": form,
        "state": STATES[row.status],
        "steps": _steps(page, row),
        "shown": kind.presentation(request.user, row),
        "approve": page.option("approve"),
        "send_back": page.option("request_changes"),
        "reject": page.option("reject"),
        "withdraw": page.option("withdraw"),
        "object": page.option("object"),
        "review": page.option("record_review"),
        "clearing": [option for option in page.options if option.objection is not None and option.allowed],
        "approve_words": _approve_words(page, row),
        "place": place,
        "place_words": f"{place} of {len(waiting)} waiting for you",
        "waiting_count": len(waiting),
        "following": following,
        "holders": [page.names.get(user, "") for user in sorted(page_waits(page))],
    }


def page_waits(page: selectors.RequestPage) -> frozenset[int]:
    """Return the people the request waits for at its current stage."""
    return frozenset(user for stage in page.stages for user in stage.waits_for)


def _title(row: Request) -> str:
    if row.kind == "exception":
        return f"Exception from {row.subject_title}"
    if row.kind == "change":
        return f"Change to {row.subject_title}"
    verb = {"publication": "Approve", "retirement": "Retire", "import": "Approve the import of"}[row.kind]
    return f"{verb} {row.subject_title}{'?' if row.status == 'open' else ''}"


def _approve_words(page: selectors.RequestPage, row: Request) -> str:
    if row.kind == "exception":
        return "Grant the exception" if page.publishes else "Approve and pass on"
    if row.kind == "change":
        return "Accept the request"
    if not page.publishes:
        return "Approve and pass on"
    if row.kind == "retirement":
        return "Approve and retire"
    if row.kind == "import":
        return "Approve and take into force"
    return f"Approve and publish on {row.effective_on:%-d %b}" if row.effective_on else "Approve and publish"


def _steps(page: selectors.RequestPage, row: Request) -> list[RouteStep]:
    asked = RouteStep(
        "Submitted" if row.kind not in ("change", "exception") else "Asked",
        f"{row.submitted_by.name}, {row.opened_at:%-d %b %H:%M}",
        "done",
    )
    return [asked, *(_step(page, stage) for stage in page.stages if stage.progress is not Progress.SKIPPED)]


def _step(page: selectors.RequestPage, stage: StageView) -> RouteStep:
    said = [f"{vote.name} {_SAID[vote.decision.value]}" for vote in stage.votes]
    if stage.review is not None:
        said.append(f"{stage.review.name}: {stage.review.meaning}")
    people = [page.names.get(user, "") for user in sorted(stage.waits_for)]
    if not said and not people:
        people = sorted({page.names.get(user, "") for seat in stage.seats for user in seat.holders} - {""})
    shown = ", ".join(people[:3]) + (f" and {len(people) - 3} more" if len(people) > 3 else "")
    detail = "; ".join(said) + (f"; waits for {shown}" if said and stage.waits_for else "") if said else shown
    status = {"done": "done", "now": "now"}.get(stage.progress.value, "next")
    centre = stage.kind in (StageKind.CENTRE, StageKind.REVIEW)
    return RouteStep(stage.title, detail or stage.fallback, status, of_centre=centre)  # type: ignore[arg-type]


_SAID = {"approve": "approved", "request_changes": "asked for changes", "reject": "rejected"}


@login_required
@require_http_methods(["GET", "POST"])
def request_new(request: HttpRequest) -> HttpResponse:
    """Ask for a change to a document or for an exception from it: one short form, checked, then sent."""
    kind = request.GET.get("kind", request.POST.get("kind", "change"))
    if kind not in ("change", "exception"):
        raise Http404
    subject = _asked_about(request)
    right = Right.REQUEST_CHANGE if kind == "change" else Right.REQUEST_EXCEPTION
    policy.require(request.user, right, subject)
    about = subjects.subject_kind("document")
    units = units_of(request.user)
    form_class = AskChangeForm if kind == "change" else AskExceptionForm
    form = form_class(
        request.POST or None,
        units=units,
        clauses=about.clauses(request.user, subject),
        initial={"clause": request.GET.get("clause", "")},
    )
    if request.method == "POST" and form.is_valid() and "change_answers" not in request.POST:
        if "send" in request.POST:
            sent = _send(request, kind, subject, form)
            if sent is not None:
                return sent
        else:
            return render(request, "governance/request_check.html", _asking(request, kind, subject, form))
    status = 422 if form.errors and "change_answers" not in request.POST else 200
    return render(request, "governance/request_new.html", _asking(request, kind, subject, form), status=status)


def _asked_about(request: HttpRequest) -> Any:
    reference = request.GET.get("ref", request.POST.get("ref", ""))
    found = subjects.subject_kind("document").find(request.user, reference)
    if found is None:
        raise Http404
    return found


def _asking(request: HttpRequest, kind: str, subject: Any, form: Any) -> dict[str, Any]:
    about = subjects.subject_kind("document")
    return {
        "page_title": f"{'Suggest a change to' if kind == 'change' else 'Ask for an exception from'} {subject.number}",
        "kind": kind,
        "subject": subject,
        "subject_title": about.title(subject),
        "subject_url": about.url(subject),
        "form": form,
    }


def _send(request: HttpRequest, kind: str, subject: Any, form: Any) -> HttpResponse | None:
    values = form.cleaned_data
    clause, label = subjects.subject_kind("document").clause_of(subject, values["clause"])
    common = {
        "actor": request.user,
        "subject": subject,
        "unit": values["unit"],
        "reason": values["reason"],
        "clause": clause,
        "clause_label": label,
        "submission_key": values["submission_key"],
    }
    try:
        if kind == "change":
            made = actions.ask_change(**common, proposal=values["proposal"])
        else:
            made = actions.ask_exception(
                **common,
                until=values["until"],
                compensating_control=values["compensating_control"],
                risk=values["risk"],
            )
    except Invalid as error:
        add_errors(form, error)
        return None
    except (Conflict, NotAllowed) as error:
        form.add_error(None, error.message)
        form.with_new_key()
        return render(request, "governance/request_new.html", _asking(request, kind, subject, form), status=409)
    messages.success(request, f"You sent {made.number}. This page shows where it stands.")
    return redirect(made.get_absolute_url())
