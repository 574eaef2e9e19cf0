"""The addresses of the API as a whole: its description, what its problems mean, and what is no address at all."""

from django.urls import path

from config.api import description, problems

urlpatterns = [
    path("api/", description.guide, name="api-guide"),
    path("api/v1/schema/", description.SchemaShow.as_view(), name="api-schema"),
    path("api/problems/", problems.problem_list, name="api-problem-list"),
    path("api/problems/<slug:code>/", problems.problem_detail, name="api-problem"),
    path("api/<path:address>", problems.NoSuchAddress.as_view(), name="api-unknown"),
]
