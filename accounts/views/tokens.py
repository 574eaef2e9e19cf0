"""Your tokens: made, shown once, revoked."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.actions import tokens as actions
from accounts.forms.tokens import TokenForm
from accounts.models import ApiToken
from accounts.selectors.tokens import token_of, tokens_of
from governance.errors import Invalid, NotAllowed
from governance.forms.filling import add_errors

MOST_SHOWN = 200


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def token_list(request: HttpRequest) -> HttpResponse:
    """The person's tokens, and the form for another. The answer that makes one shows its secret, and none after it:
    so it is no redirect, and nothing of it is kept by a browser."""
    user: Any = request.user
    form = TokenForm(request.POST if request.method == "POST" else None)
    made = None
    if form.is_bound and form.is_valid():
        try:
            made = actions.create_token(actor=user, user=user, **form.cleaned_data)
        except Invalid as refusal:
            add_errors(form, refusal)
        except NotAllowed as refusal:
            form.add_error(None, refusal.message)
        else:
            form = TokenForm()
    rows = list(tokens_of(user)[:MOST_SHOWN])
    context = {
        "page_title": "Your tokens",
        "form": form,
        "made": made,
        "active": [row for row in rows if row.state == "active"],
        "ended": [row for row in rows if row.state != "active"],
    }
    return render(request, "accounts/token_list.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def token_revoke(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The token opens nothing any more; the list is shown again."""
    user: Any = request.user
    try:
        token = token_of(user, public_id)
    except ApiToken.DoesNotExist:
        raise Http404 from None
    actions.revoke_token(actor=user, token=token)
    messages.success(request, f"“{token.name}” is revoked. Whatever used it is refused from now on.")
    return HttpResponseRedirect("/me/tokens/")
