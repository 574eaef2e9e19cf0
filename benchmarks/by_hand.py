"""The same list and document as somebody would write them who gives up everything for speed: SQL by hand, in Django.

What the person sees is resolved once per request, from the same rows of grants. Classification is kept, for it is
cheap; special grants, waiting requests, facets, filters and where drafts stand are left out.
"""

from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from benchmarks.ledger_by_hand import among, listed
from benchmarks.rows import PAGE, Row, page

MOST_COUNTED = 1_000
MOST_REMITS = 4_000
"""Whoever holds more grants than these is not given an array of remits."""
_COLUMNS = "d.number, d.title, d.version_number, u.name, d.next_review_on, d.updated_at"
_FROM = """
FROM knowledge_document d JOIN governance_remit r ON r.id = d.remit_id
JOIN governance_businessunit u ON u.id = r.unit_id
"""


@login_required
@require_GET
def library(request: HttpRequest) -> HttpResponse:
    """The newest 25 documents that the person may see, and how many there are, up to a thousand."""
    person: Any = request.user
    with connection.cursor() as cursor:
        where, params = _seen(cursor, person.pk)
        cursor.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM knowledge_document d WHERE {where} LIMIT {MOST_COUNTED + 1}) AS few",
            params,
        )
        total = cursor.fetchone()[0]
        cursor.execute(
            f"SELECT {_COLUMNS} {_FROM} WHERE {where} ORDER BY d.updated_at DESC, d.id DESC LIMIT {PAGE}", params
        )
        rows = [
            Row(number, title, f"In force, version {version}" if version else "Draft", unit, review, updated)
            for number, title, version, unit, review, updated in cursor.fetchall()
        ]
    return page(request, rows, f"{MOST_COUNTED:,}+" if total > MOST_COUNTED else str(total))


@login_required
@require_GET
def document(request: HttpRequest, number: str) -> HttpResponse:
    """The text in force of one document."""
    person: Any = request.user
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT {_COLUMNS}, v.title, v.html, v.contents {_FROM} JOIN knowledge_revision v ON v.id = d.in_force_id
            WHERE d.number = %s AND (d.classification <> 'restricted' OR %s) AND EXISTS (
              SELECT 1 FROM governance_remitgrouppermission p JOIN accounts_user_groups g ON g.group_id = p.group_id
              JOIN auth_permission a ON a.id = p.permission_id
              WHERE p.content_object_id = d.remit_id AND g.user_id = %s AND a.codename = 'read')""",
            [number, _is_auditor(cursor, person.pk), person.pk],
        )
        row = cursor.fetchone()
    if row is None:
        raise Http404
    return render(request, "benchmarks/document.html", {"page_title": row[1], "row": Row(*row[:6]), "html": row[7]})


def _is_auditor(cursor: Any, person: int) -> bool:
    return "auditors" in _parties(cursor, person).values()


def _parties(cursor: Any, person: int) -> dict[int, str]:
    cursor.execute(
        "SELECT g.group_id, p.kind FROM accounts_user_groups g JOIN governance_party p ON p.group_id = g.group_id"
        " WHERE g.user_id = %s",
        [person],
    )
    return dict(cursor.fetchall())


@cache
def _rights() -> dict[str, int]:
    """The ids of the two rights, which never change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT codename, id FROM auth_permission WHERE codename IN ('read', 'read_draft')")
        return dict(cursor.fetchall())


def _seen(cursor: Any, person: int) -> tuple[str, list[Any]]:
    """The condition on documents, by how much the person sees."""
    parties = _parties(cursor, person)
    if "auditors" in parties.values():
        return "true", []
    read, read_draft = _rights()["read"], _rights()["read_draft"]
    groups = listed(parties)
    cursor.execute(
        "SELECT content_object_id, permission_id FROM governance_remitgrouppermission"
        f" WHERE {among('group_id')} AND permission_id IN (%s, %s) LIMIT {MOST_REMITS + 1}",
        [groups, read, read_draft],
    )
    found = cursor.fetchall()
    if len(found) > MOST_REMITS:
        granted = (
            "(SELECT true FROM governance_remitgrouppermission p WHERE p.content_object_id = d.remit_id"
            f" AND p.permission_id = %s AND {among('p.group_id')} LIMIT 1)"
        )
        return (
            f"d.classification <> 'restricted' AND (d.first_published_at IS NOT NULL AND {granted} OR"
            f" d.first_published_at IS NULL AND {granted})",
            [read, groups, read_draft, groups],
        )
    published = {remit for remit, _ in found}
    drafts = {remit for remit, permission in found if permission == read_draft}
    return (
        f"d.classification <> 'restricted' AND {among('d.remit_id')}"
        f" AND (d.first_published_at IS NOT NULL OR {among('d.remit_id')})",
        [listed(published), listed(drafts)],
    )
