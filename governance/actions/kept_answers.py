"""A write that is sent twice under one key happens once, and is answered twice alike."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction

from governance.errors import RemitError
from governance.ledger.clock import database_now
from governance.models import KeptAnswer, LedgerEntry

KEPT_FOR: Final = timedelta(hours=24)
LONGEST_WRITE: Final = timedelta(minutes=5)
"""After this, a write that was never answered is taken to have died."""
LONGEST_KEY: Final = 255
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: status, the headers that belong to it, and the body as it was sent."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)


class KeyAtWork(RemitError):
    """Another request holds the key and has not ended."""


class KeyUsed(RemitError):
    """The key belongs to another request."""


class AnswerLost(RemitError):
    """The first request was carried out, and what it was answered is not known any more."""


def claim(*, user: Any, key: str, request_hash: str, request_id: str) -> Answer | None:
    """The key is this attempt's, and None is returned; or the first answer, where the same request was answered.

    Raises ``KeyUsed`` for another request under the key, ``KeyAtWork`` while the first is at work, and ``AnswerLost``
    where the first died after it was carried out (its ledger entries tell). One that died before is begun anew.
    """
    # The savepoint lets the transaction live on where the key is taken.
    for _ in range(2):
        with transaction.atomic():
            now = database_now()
            try:
                with transaction.atomic():
                    KeptAnswer.objects.create(
                        user_id=user.pk, key=key, request_hash=request_hash, request_id=request_id, claimed_at=now
                    )
                return None
            except IntegrityError:
                row = KeptAnswer.objects.select_for_update().filter(user_id=user.pk, key=key).first()
            if row is None:  # its first request failed and gave it back between the two statements
                continue
            return _again(row, user, request_hash, request_id, now)
    raise KeyAtWork("Another request with this Idempotency-Key is at work. Repeat this one in a moment.")


def _again(row: KeptAnswer, user: Any, request_hash: str, request_id: str, now: Any) -> Answer | None:
    if row.claimed_at <= now - KEPT_FOR:
        _begin_anew(row, request_hash, request_id, now)
        return None
    if row.request_hash != request_hash:
        raise KeyUsed("This Idempotency-Key was used for another request. Make a new key for each new write.")
    if row.status is not None:
        return Answer(row.status, row.body, dict(row.headers))
    if row.claimed_at > now - LONGEST_WRITE:
        raise KeyAtWork("The first request with this Idempotency-Key has not ended yet. Repeat this one in a moment.")
    if was_carried_out(user, row.request_id):
        raise AnswerLost(
            "The first request with this Idempotency-Key was carried out, and its answer was lost. Read the thing to "
            "see how it stands."
        )
    _begin_anew(row, request_hash, request_id, now)
    return None


def _begin_anew(row: KeptAnswer, request_hash: str, request_id: str, now: Any) -> None:
    row.request_hash, row.request_id, row.claimed_at = request_hash, request_id, now
    row.status, row.headers, row.body = None, {}, ""
    row.save(update_fields=["request_hash", "request_id", "claimed_at", "status", "headers", "body"])


def keep(*, user: Any, key: str, request_id: str, answer: Answer) -> None:
    """Whoever repeats the request gets this answer, unless another attempt has taken the key over."""
    held = KeptAnswer.objects.filter(user_id=user.pk, key=key, request_id=request_id, status__isnull=True)
    held.update(status=answer.status, body=answer.body, headers=answer.headers)


def give_back(*, user: Any, key: str, request_id: str) -> None:
    """The key is free again: the attempt failed. Kept where the ledger says that it was carried out all the same."""
    if not was_carried_out(user, request_id):
        KeptAnswer.objects.filter(user_id=user.pk, key=key, request_id=request_id, status__isnull=True).delete()


def was_carried_out(user: Any, request_id: str) -> bool:
    """Return whether the attempt left entries in the ledger, and so was committed."""
    return LedgerEntry.objects.filter(actor=str(user.public_id), request_id=request_id).exists()


def forget_old_answers() -> int:
    """No answer older than a day is kept; returns how many went. Deletes in portions, safe to run twice."""
    gone = 0
    while True:
        old = KeptAnswer.objects.filter(claimed_at__lte=database_now() - KEPT_FOR).values("pk")[:_AT_ONCE]
        deleted, _ = KeptAnswer.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
        gone += deleted
        if deleted < _AT_ONCE:
            return gone
