"""Reviews: the list of what is due, and the page where an owner says that a document is still right."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from governance.errors import Conflict, Invalid, NotAllowed
from governance.forms.filling import add_errors
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions.reviews import confirm_review
from knowledge.days import add_months, today
from knowledge.forms.managing import ReviewForm
from knowledge.selectors.reviews import confirmations_of, reviews_due
from knowledge.views.documents import owner_words
from knowledge.views.finding import document_or_404

PER_PAGE = 50
SPANS = {"30": "30 days", "60": "60 days", "90": "90 days", "365": "A year"}
_SHOWN = 10


@login_required
@require_GET
def review_list(request: HttpRequest) -> HttpResponse:
    """What is overdue or due soon among what the person may read, or only what they may confirm."""
    span = request.GET.get("within", "90")
    if span not in SPANS:
        span = "90"
    mine = request.GET.get("list") == "mine"
    rows = reviews_due(request.user, within_days=int(span), mine=mine)
    context = {
        "page_title": "Reviews",
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "overdue": sum(row.is_overdue for row in rows),
        "mine": mine,
        "span": span,
        "spans": SPANS.items(),
    }
    context["rows"] = [(row, owner_words(row.document)) for row in context["page"].object_list]  # type: ignore[attr-defined]
    return render(request, "knowledge/review_list.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, ref: str) -> HttpResponse:
    """Confirm that the version in force is still right, or go on to a revision or a retirement."""
    document = document_or_404(request.user, ref)
    policy.require(request.user, Right.CONFIRM_REVIEW, document)
    seen = document.in_force.public_id if document.in_force is not None else ""
    latest = add_months(today(), document.review_months)
    form = ReviewForm(request.POST or None, initial={"seen": seen})
    form.fields["next_review_on"].help_text = f"Leave empty for {latest.day} {latest:%b %Y}; it can be earlier."
    status = 422 if request.method == "POST" else 200
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            done = confirm_review(
                actor=request.user,
                document=document,
                seen=values["seen"],
                comment=values["comment"],
                next_review_on=values["next_review_on"],
            )
        except Invalid as error:
            add_errors(form, error)
        except (Conflict, NotAllowed) as error:
            form.add_error(None, error.message)
            status = 409
        else:
            day = done.next_review_on
            messages.success(request, f"You confirmed {document.number}. Its next review is on {day.day} {day:%b %Y}.")
            return redirect(document.get_absolute_url())
    context = {
        "page_title": f"Review {document.number}",
        "document": document,
        "form": form,
        "owner_words": owner_words(document),
        "may_draft": policy.can(request.user, Right.DRAFT, document),
        "may_retire": policy.can(request.user, Right.RETIRE, document),
        "confirmations": confirmations_of(document)[:_SHOWN],
    }
    return render(request, "knowledge/document_review.html", context, status=status)
