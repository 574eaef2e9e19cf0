"""The same list as guardian's own shortcut answers it: rights held on remits, and rights held on every document."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from guardian.shortcuts import get_objects_for_user

from benchmarks.rows import PAGE, page
from governance.models import Remit
from knowledge.models import Document


@login_required
@require_GET
def per_remit(request: HttpRequest) -> HttpResponse:
    """Rights on remits: ``get_objects_for_user`` on remits, documents in them."""
    remits = get_objects_for_user(
        request.user, "governance.read", klass=Remit, use_groups=True, with_superuser=False, accept_global_perms=False
    )
    return _page(request, Document.objects.filter(remit__in=remits))


@login_required
@require_GET
def per_document(request: HttpRequest) -> HttpResponse:
    """Rights on each document, in guardian's own tables."""
    documents = get_objects_for_user(
        request.user,
        "knowledge.view_document",
        klass=Document,
        use_groups=True,
        with_superuser=False,
        accept_global_perms=False,
    )
    return _page(request, documents)


def _page(request: HttpRequest, documents: Any) -> HttpResponse:
    total = documents.count()
    rows = (
        documents.order_by("-updated_at", "-pk")
        .annotate(unit=F("remit__unit__name"), review=F("next_review_on"), updated=F("updated_at"))
        .annotate(status=F("version_number"))
        .values("number", "title", "status", "unit", "review", "updated")[:PAGE]
    )
    return page(request, list(rows), str(total))


PER_DOCUMENT = """
INSERT INTO guardian_groupobjectpermission (object_pk, content_type_id, group_id, permission_id)
SELECT CAST(d.id AS varchar(255)), v.content_type_id, p.group_id, v.id
FROM knowledge_document d
JOIN governance_remitgrouppermission p ON p.content_object_id = d.remit_id
JOIN auth_permission a ON a.id = p.permission_id AND a.codename = 'read'
JOIN auth_permission v ON v.codename = 'view_document'
WHERE d.first_published_at IS NOT NULL
"""
"""Makes the rows that rights on each document need."""
