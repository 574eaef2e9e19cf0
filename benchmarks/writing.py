"""What writing costs: drafts submitted and approved through the product's own actions."""

from statistics import median
from time import perf_counter
from typing import Any

from django.db import connection

from accounts.models import User
from benchmarks.organisation import Document, Organisation
from governance.actions.requests import decide
from knowledge.actions.drafts import submit_draft
from knowledge.models import Document as StoredDocument


def write(made: Organisation, documents: list[Document], *, times: int) -> dict[str, Any]:
    """Return milliseconds and statements of submitting and of deciding."""
    drafts = [each for each in documents if each.drafting and not each.restricted and not each.retired][: times + 1]
    leads = {post.unit: post.person for post in reversed(made.posts) if post.role == "lead"}
    authors = {post.unit: post.person for post in reversed(made.posts) if post.role == "author"}
    submitting, deciding = [], []
    submit_statements = decide_statements = 0
    for each in drafts:
        author = User.objects.get(pk=authors[each.unit])
        lead = User.objects.get(pk=leads[each.unit])
        document = StoredDocument.objects.get(pk=each.id)
        assert document.draft is not None
        base = document.draft.public_id
        request, seconds, submit_statements = _timed(
            lambda author=author, document=document, base=base: submit_draft(actor=author, document=document, base=base)
        )
        submitting.append(seconds)
        _, seconds, decide_statements = _timed(
            lambda lead=lead, request=request: decide(
                actor=lead, request=request, verdict="approve", seen_hash=request.subject_hash
            )
        )
        deciding.append(seconds)
    return {
        "submit_ms": round(median(submitting[1:]) * 1000, 2),
        "decide_ms": round(median(deciding[1:]) * 1000, 2),
        "submit_statements": submit_statements,
        "decide_statements": decide_statements,
        "times": len(drafts) - 1,
    }


def _timed(work: Any) -> tuple[Any, float, int]:
    from benchmarks.serving import _BOOKKEEPING
    from governance.permissions import policy

    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not _BOOKKEEPING.match(sql):
            seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note), policy.one_request():
        begun = perf_counter()
        result = work()
        return result, perf_counter() - begun, len(seen)
