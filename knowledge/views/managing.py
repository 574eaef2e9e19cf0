"""What stands beside a document's text: owner, classification, reviews, tags and references; and its retirement."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from governance.errors import Conflict, Invalid, NotAllowed
from governance.forms.filling import KeepsTyped, add_errors
from governance.models import Membership, Request
from governance.permissions import policy
from governance.rights import Right
from knowledge.actions import documents as actions
from knowledge.actions.retirement import propose_retirement
from knowledge.forms.drafts import split_tags
from knowledge.forms.managing import AliasForm, ClassificationForm, IntervalForm, OwnerForm, RetireForm, TagsForm
from knowledge.models import Document
from knowledge.selectors.affected import affected_by
from knowledge.selectors.owners import owners_of
from knowledge.selectors.presenting import found_document
from knowledge.views.documents import owner_words
from knowledge.views.finding import document_or_404

MOST_NAMES = 12


@login_required
@require_http_methods(["GET", "POST"])
def about(request: HttpRequest, ref: str) -> HttpResponse:
    """Everything about a document beside its text; who may change it finds a form for each part."""
    document = document_or_404(request.user, ref)
    decision = policy.can(request.user, actions.right_to_manage(document), document)
    step = request.POST.get("step", "")
    if request.method == "POST":
        policy.require(request.user, actions.right_to_manage(document), document)
    forms = _forms(document, request.POST if request.method == "POST" else None, step)
    status = 200
    if request.method == "POST":
        form = forms.get(step)
        if form is not None and form.is_valid() and _change(request, document, step, form):
            return redirect(f"{document.get_absolute_url()}about/")
        status = 422
    owners = list(owners_of(document)[: MOST_NAMES + 1])
    context = {
        "page_title": f"About {document.number}",
        "document": document,
        "forms": forms,
        "step": step,
        "may_manage": decision.allowed and not document.is_retired,
        "why_not": "" if decision.allowed else decision.sentence,
        "owner_words": owner_words(document),
        "owner_names": [owner.get_full_name() for owner in owners[:MOST_NAMES]],
        "more_owners": len(owners) > MOST_NAMES,
        "affected": affected_by(document),
        "aliases": list(document.aliases.values_list("value", flat=True)),
        "extra": [(key, value) for key, value in document.extra.items() if value not in (None, "", [], {})],
    }
    return render(request, "knowledge/document_about.html", context, status=status)


@login_required
@require_http_methods(["GET", "POST"])
def retire(request: HttpRequest, ref: str) -> HttpResponse:
    """Propose to retire a document: why, what follows it, when, and whom that touches."""
    document = document_or_404(request.user, ref)
    policy.require(request.user, Right.RETIRE, document)
    waiting = Request.objects.filter(
        subject_id=document.public_id, kind=Request.Kind.RETIREMENT, status__in=["open", "undecidable"]
    ).first()
    form = RetireForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = _propose(request, document, form)
        if made is not None:
            messages.success(
                request, f"You proposed to retire {document.number}. {made.number} shows whom it waits for."
            )
            return redirect(made.get_absolute_url())
    context = {
        "page_title": f"Retire {document.number}",
        "document": document,
        "form": form,
        "waiting": waiting,
        "affected": affected_by(document),
    }
    return render(request, "knowledge/document_retire.html", context, status=422 if form.errors else 200)


def _propose(request: HttpRequest, document: Document, form: RetireForm) -> Request | None:
    values = form.cleaned_data
    successor = None
    if values["successor"].strip():
        successor = found_document(request.user, values["successor"])
        if successor is None:
            form.add_error("successor", "You see no document of this number. Check it, or leave the field empty.")
            return None
    try:
        return propose_retirement(
            actor=request.user,
            document=document,
            reason=values["reason"],
            successor=successor,
            effective_on=values["effective_on"],
            submission_key=values["submission_key"],
        )
    except Invalid as error:
        add_errors(form, error)
    except (Conflict, NotAllowed) as error:
        form.add_error(None, error.message)
    return None


def _forms(document: Document, data: Any, step: str) -> dict[str, KeepsTyped]:
    """A form for each part; only the one that was sent holds what was typed."""

    def sent(name: str) -> Any:
        return data if step == name else None

    people = _possible_owners(document)
    owner = {
        "role": document.owner_role,
        "person": document.owner_person.public_id if document.owner_person else None,
        "deputy": document.owner_deputy.public_id if document.owner_deputy else None,
    }
    return {
        "owner": OwnerForm(sent("owner"), people=people, initial=owner, prefix=None, auto_id="owner_%s"),
        "classification": ClassificationForm(
            sent("classification"), initial={"classification": document.classification}, auto_id="class_%s"
        ),
        "interval": IntervalForm(
            sent("interval"), initial={"review_months": document.review_months}, auto_id="interval_%s"
        ),
        "tags": TagsForm(sent("tags"), initial={"tags": ", ".join(document.tags)}, auto_id="tags_%s"),
        "alias": AliasForm(sent("alias"), auto_id="alias_%s"),
    }


def _possible_owners(document: Document) -> Any:
    """The people of the owning unit and of the centre that governs it, and those who are named now."""
    units = [each for each in (document.remit.unit_id, document.remit.centre_id) if each is not None]
    members = Membership.objects.valid_at().filter(unit__in=units, guest=False).values("user_id")
    named = [each for each in (document.owner_person_id, document.owner_deputy_id) if each is not None]
    users = get_user_model().objects.filter(Q(pk__in=members, is_active=True) | Q(pk__in=named))
    return users.order_by("name", "pk")


def _change(request: HttpRequest, document: Document, step: str, form: KeepsTyped) -> bool:
    """The part that was sent is changed; False where the form says what is wrong."""
    values = form.cleaned_data
    common: dict[str, Any] = {"actor": request.user, "document": document}
    changes: dict[str, tuple[Callable[[], Any], str]] = {
        "owner": (
            lambda: actions.change_owner(
                **common,
                role=values["role"],
                person=values["person"],
                deputy=values["deputy"],
                reason=values["reason"],
            ),
            "The owner is changed.",
        ),
        "classification": (
            lambda: actions.change_classification(
                **common, classification=values["classification"], reason=values["reason"]
            ),
            "Who may read it is changed.",
        ),
        "interval": (
            lambda: actions.change_review_interval(**common, months=values["review_months"], reason=values["reason"]),
            "The review interval is changed.",
        ),
        "tags": (lambda: actions.change_tags(**common, tags=split_tags(values["tags"])), "The tags are changed."),
        "alias": (lambda: actions.add_alias(**common, value=values["alias"]), "It is found under that reference, too."),
    }
    act, told = changes[step]
    try:
        act()
    except Invalid as error:
        renamed = {"owner_person": "person", "owner_deputy": "deputy", "owner_role": "role"}
        add_errors(form, Invalid({renamed.get(field, field): words for field, words in error.fields.items()}))
        return False
    except NotAllowed as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, told)
    return True
