"""What writing costs: drafts submitted and approved through the product's own actions, beside the same rows by SQL."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any, TypeVar

from django.db import connection

from accounts.models import User
from benchmarks.organisation import CENTRE, Document, Organisation
from benchmarks.writing_by_hand import Hand, written_since
from governance.actions.requests import decide
from governance.models import LedgerEntry
from governance.permissions import policy
from knowledge.actions.drafts import submit_draft
from knowledge.models import Document as StoredDocument

Result = TypeVar("Result")


def write(made: Organisation, documents: list[Document], *, times: int) -> dict[str, Any]:
    """Return milliseconds and statements of submitting a next version and of the decision that publishes it.

    The product and the hand take turns, each with drafts of its own; the first of each warms up and is not counted.
    """
    # Next versions of published documents; the centre's own go another route.
    ready = [each for each in documents if each.drafting and each.published and each.unit != CENTRE]
    ready = [each for each in ready if not each.restricted and not each.retired][: 2 * (times + 1)]
    leads = {post.unit: post.person for post in reversed(made.posts) if post.role == "lead"}
    authors = {post.unit: post.person for post in reversed(made.posts) if post.role == "author"}
    hand: Hand | None = None
    seconds: dict[str, list[float]] = {name: [] for name in ("submit", "decide", "submit by hand", "decide by hand")}
    statements: dict[str, int] = {}

    def note(name: str, work: Callable[[], Result]) -> Result:
        result, taken, seen = timed(work)
        seconds[name].append(taken)
        statements[name] = seen
        return result

    for first, second in zip(ready[::2], ready[1::2], strict=False):
        before = LedgerEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        submitted = _submit(first, authors[first.unit], note)
        between = LedgerEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        _decide(submitted, leads[first.unit], note)
        if hand is None:
            hand = Hand(first, submitted.pk, written_since(before, until=between), written_since(between))
        by_hand = hand
        row = note("submit by hand", lambda h=by_hand, it=second: h.submit(it, authors[it.unit]))  # type: ignore[misc]
        note("decide by hand", lambda h=by_hand, it=second, pk=row: h.approve(it, pk, leads[it.unit]))  # type: ignore[misc]
        hand.compare(first, second, since=before)
    found: dict[str, Any] = {"times": len(seconds["submit"]) - 1}
    for name, taken in seconds.items():
        key = name.replace(" ", "_")
        found[f"{key}_ms"] = round(median(taken[1:]) * 1000, 2)
        found[f"{key}_first_ms"] = round(taken[0] * 1000, 2)
        found[f"{key}_statements"] = statements[name]
    product = found["submit_ms"] + found["decide_ms"]
    found["of_the_rate_by_hand"] = round((found["submit_by_hand_ms"] + found["decide_by_hand_ms"]) / product, 2)
    return found


def _submit(it: Document, author: int, note: Callable[..., Any]) -> Any:
    actor = User.objects.get(pk=author)
    document = StoredDocument.objects.select_related("draft", "remit__unit").get(pk=it.id)
    assert document.draft is not None
    base = document.draft.public_id
    return note("submit", lambda: submit_draft(actor=actor, document=document, base=base))


def _decide(request: Any, lead: int, note: Callable[..., Any]) -> None:
    actor = User.objects.get(pk=lead)
    note("decide", lambda: decide(actor=actor, request=request, verdict="approve", seen_hash=request.subject_hash))


def timed(work: Callable[[], Result]) -> tuple[Result, float, int]:
    """Return what the work returns, its seconds, and its statements but for the bookkeeping of transactions."""
    from benchmarks.serving import BOOKKEEPING

    seen = 0

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        if not BOOKKEEPING.match(sql):
            seen += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count), policy.one_request():
        begun = perf_counter()
        result = work()
        return result, perf_counter() - begun, seen
