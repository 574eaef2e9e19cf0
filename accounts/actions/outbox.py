"""Mail on its way out: claimed with a lease, checked once more, sent, marked.

Mail cannot leave exactly once. Here none is lost, and one that is sent again, because the process died between the
mail server's answer and the mark, carries the same Message-ID, by which mail programs know it for the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string

from accounts.models import OutgoingMail
from accounts.routes import BY_EVENT
from accounts.selectors.seeing import still_seen, still_waiting
from governance.failpoints import declare, failpoint
from governance.ledger import database_now

CLAIMED = declare("mail.claimed")
SENT = declare("mail.sent_before_mark")
MARKED = declare("mail.marked_before_commit")

LEASE: Final = timedelta(seconds=settings.LEASE_SECONDS)
"""Longer than the slowest mail server: its time-out holds for each of a dozen exchanges."""
MOST_ATTEMPTS: Final = 8
_FIRST_WAIT: Final = timedelta(minutes=1)
_LONGEST_WAIT: Final = timedelta(hours=4)
_LONGEST_ERROR: Final = 500

log = structlog.get_logger(__name__)
_dispatcher: Callable[[], None] | None = None


@dataclass(slots=True)
class Posted:
    """What one sweep did: mails sent, dropped, failed (to be tried again) and given up."""

    sent: int = 0
    dropped: int = 0
    failed: int = 0
    dead: int = 0

    @property
    def tried(self) -> int:
        """How many mails were looked at."""
        return self.sent + self.dropped + self.failed + self.dead

    def __str__(self) -> str:
        return f"{self.sent} sent, {self.dropped} dropped, {self.failed} to be tried again, {self.dead} given up"


def set_dispatcher(dispatcher: Callable[[], None] | None) -> None:
    """After each commit that left mail to send this is called; ``None`` leaves all to the beat job."""
    global _dispatcher  # noqa: PLW0603 - one per process, set once at start-up
    _dispatcher = dispatcher


def send_after_commit() -> None:
    """When the open transaction commits, somebody looks into the outbox; a fault in asking for that harms nothing."""
    transaction.on_commit(_dispatch, robust=True)


# A plain function: on_commit(robust=True) reads __qualname__ when it logs a fault, which a partial has not.
def _dispatch() -> None:
    if _dispatcher is not None:
        _dispatcher()


def send_due_mail(*, now: datetime | None = None, limit: int | None = None) -> Posted:
    """Every mail that is due has been sent or dropped; returns what was done.

    Dropped are mails to people who are no longer active, may no longer see what it is about, or are no longer waited
    for. What fails is tried again after longer and longer waits, and given up after ``MOST_ATTEMPTS`` with its last
    error kept. Safe to run any number of times at once. ``now`` is the database's time unless given.
    """
    posted = Posted()
    with _Post() as post:
        while limit is None or posted.tried < limit:
            mail = _claim(now, posted)
            if mail is None:
                break
            failpoint(CLAIMED)
            _send(mail, post, posted)
    return posted


class _Post:
    """One connection to the mail server for a whole sweep, opened when it is needed and again after a fault."""

    def __init__(self) -> None:
        self._connection: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.hang_up()

    def hang_up(self) -> None:
        """The connection is closed, however it stood."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except OSError:
            log.info("mail connection was gone already")

    def send(self, mail: OutgoingMail) -> None:
        """The mail server has taken the mail over; raises what the backend raises where it has not."""
        if self._connection is None:
            self._connection = get_connection()
            self._connection.open()
        message = EmailMultiAlternatives(
            subject=mail.subject,
            body=mail.body,
            to=[mail.user.email],
            headers={"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"},
            connection=self._connection,
        )
        message.attach_alternative(_html(mail), "text/html")
        message.send()


def _html(mail: OutgoingMail) -> str:
    """The same words as HTML. Only our own address becomes a link, never one that somebody typed into a reason."""
    address = f"{settings.SITE_URL}/"
    paragraphs = [
        {"text": part, "url": part if part.startswith(address) and "\n" not in part and " " not in part else ""}
        for part in mail.body.split("\n\n")
    ]
    return render_to_string("accounts/mail_notice.html", {"subject": mail.subject, "paragraphs": paragraphs})


def _claim(now: datetime | None, posted: Posted) -> OutgoingMail | None:
    """The next mail that is due, leased to this sweep by the database's clock with one attempt more, or None."""
    while True:
        with transaction.atomic(durable=True):
            clock = database_now()
            mail = (
                OutgoingMail.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("user", "notification")
                .filter(state=OutgoingMail.State.WAITING, not_before__lte=now or clock)
                .filter(Q(lease_until=None) | Q(lease_until__lte=clock))
                .order_by("not_before", "pk")
                .first()
            )
            if mail is None:
                return None
            if mail.attempts < MOST_ATTEMPTS:
                mail.attempts += 1
                mail.lease_until = clock + LEASE
                mail.save(update_fields=["attempts", "lease_until"])
                return mail
            # Its sender died every time, so nobody was left to write down an error.
            _give_up(mail, mail.last_error or "The process died each time this was tried.")
            posted.dead += 1


def _send(mail: OutgoingMail, post: _Post, posted: Posted) -> None:
    try:
        refusal = _why_not(mail)
        if not refusal:
            post.send(mail)
    except Exception as error:  # noqa: BLE001 - whatever the mail server or its library raises is one mail's failure
        post.hang_up()
        _write_failure(mail, error, posted)
        return
    if refusal:
        _mark(mail, state=OutgoingMail.State.DROPPED, last_error=refusal)
        posted.dropped += 1
        return
    failpoint(SENT)
    _mark(mail, state=OutgoingMail.State.SENT, last_error="", sent_at=database_now())
    posted.sent += 1


def _why_not(mail: OutgoingMail) -> str:
    """Why the mail must not leave now, or nothing."""
    if not mail.user.is_active:
        return "The account is not active."
    notice = mail.notification
    if notice is None:
        return ""
    if notice.pk not in still_seen(mail.user, [notice]):
        return "The person may not see what it is about."
    route = BY_EVENT.get(notice.event)
    if route is not None and route.needs_action and not still_waiting([notice]):
        return "It no longer waits for this person."
    return ""


def _mine(mail: OutgoingMail) -> "QuerySet[OutgoingMail]":
    """The row while this sweep's attempt is still the one that counts."""
    return OutgoingMail.objects.filter(pk=mail.pk, state=OutgoingMail.State.WAITING, attempts=mail.attempts)


def _mark(mail: OutgoingMail, **columns: Any) -> None:
    with transaction.atomic(durable=True):
        _mine(mail).update(lease_until=None, **columns)
        failpoint(MARKED)


def _write_failure(mail: OutgoingMail, error: Exception, posted: Posted) -> None:
    text = f"{type(error).__name__}: {error}".replace("\x00", "")[:_LONGEST_ERROR]
    log.warning("mail failed", mail=str(mail.public_id), attempt=mail.attempts, error=type(error).__name__)
    if mail.attempts >= MOST_ATTEMPTS:
        _give_up(mail, text)
        posted.dead += 1
        return
    wait = min(_FIRST_WAIT * 2 ** (mail.attempts - 1), _LONGEST_WAIT)
    _mark(mail, not_before=database_now() + wait, last_error=text)
    posted.failed += 1


def _give_up(mail: OutgoingMail, text: str) -> None:
    log.error("mail given up", mail=str(mail.public_id), attempts=mail.attempts)
    _mine(mail).update(state=OutgoingMail.State.DEAD, lease_until=None, last_error=text)
