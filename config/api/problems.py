"""What the API's problems mean, as pages that their ``type`` leads to; and the problem of an address that is none."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.request import Request

from governance.api.problems import PROBLEMS
from governance.api.views import ApiView


@require_safe
def problem_list(request: HttpRequest) -> HttpResponse:
    """Every kind of problem; says nothing of the organisation, so whoever asks may read it."""
    context = {"page_title": "Problems of the API", "problems": list(PROBLEMS.values())}
    return render(request, "api/problem_list.html", context)


@require_safe
def problem_detail(request: HttpRequest, code: str) -> HttpResponse:
    """One kind of problem: when it comes and what to do about it."""
    problem = PROBLEMS.get(code)
    if problem is None:
        raise Http404
    advice = [(place % 2 == 1, words) for place, words in enumerate(problem.advice.split("`"))]
    context = {"page_title": problem.title, "problem": problem, "advice": advice}
    return render(request, "api/problem_detail.html", context)


class NoSuchAddress(ApiView):
    """Whatever else is asked for below ``/api/``: nothing is there, whoever asks and however."""

    open_to_all = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whoever shows a wrong token is told so; everybody else that there is nothing here."""
        self.perform_authentication(request)
        self.count(request)
        raise Http404
