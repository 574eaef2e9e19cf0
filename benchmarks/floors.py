"""The least that an answer costs here: a constant page, with and without somebody signed in, in the product's shell."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from benchmarks.rows import constant_rows, page

_ROWS = constant_rows()


@require_GET
def nothing(request: HttpRequest) -> HttpResponse:
    """A word, to anybody."""
    return HttpResponse("ok")


@login_required
@require_GET
def signed_in(request: HttpRequest) -> HttpResponse:
    """A word, to whoever is signed in: session and account are read."""
    return HttpResponse(str(request.user.pk))


@login_required
@require_GET
def floor(request: HttpRequest) -> HttpResponse:
    """F1: 25 constant rows of the list's data types in the product's shell."""
    return page(request, _ROWS, "10,000")
