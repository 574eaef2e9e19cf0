"""Telling people: a notice in the inbox, and with it a mail on its way out, in one transaction and only once."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from accounts.actions.outbox import send_after_commit
from accounts.models import Notification, OutgoingMail, User
from governance import ledger
from governance.actions.checks import BIDI_CONTROLS

LONGEST_TITLE: Final = 300
LONGEST_REASON: Final = 500
LONGEST_BODY: Final = 2_000
_BATCH: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is told to everybody alike. ``key`` names it: whoever was told under that key is not told again.

    ``because`` ends the mail's last sentence, "You get this mail because …"; ``mail_subject`` is empty for a notice
    that stays in the inbox. ``url`` is an address of ours, beginning with a slash, or empty.
    """

    event: str
    key: str
    title: str
    body: str
    url: str
    subject_kind: str = ""
    subject_id: UUID | None = None
    needs_action: bool = False
    happened_at: datetime | None = None
    mail_subject: str = ""
    because: str = ""


def tell(people: Iterable[User], message: Message) -> int:
    """Each active person has one notice under the message's key, and where it is mailed one mail that waits.

    Call it in a transaction. Returns how many people there are; telling them again changes nothing.
    """
    message = replace(message, body=several_lines(message.body, longest=LONGEST_BODY))
    recipients = [user for user in people if user.is_active]
    moment = message.happened_at or ledger.database_now()
    Notification.objects.bulk_create(
        (_notification(user, message, moment) for user in recipients), batch_size=_BATCH, ignore_conflicts=True
    )
    if message.mail_subject and recipients:
        _put_into_outbox(recipients, message)
    return len(recipients)


def end_waiting(*, events: Iterable[str], subject_kind: str, subject_id: UUID, but_for: Iterable[int] = ()) -> int:
    """Notices of these events about that thing wait for nobody any more, but for the accounts ``but_for``."""
    rows = Notification.objects.filter(
        needs_action=True, event__in=list(events), subject_kind=subject_kind, subject_id=subject_id
    )
    return rows.exclude(user_id__in=list(but_for)).update(needs_action=False)


def mark_read(*, actor: Any, public_id: UUID) -> int:
    """The person's notice counts as read; one that was read before, or is not theirs, is left as it is."""
    return _mark(Notification.objects.filter(user=actor, public_id=public_id))


def mark_all_read(*, actor: Any, until: datetime) -> int:
    """Everything in the person's inbox up to ``until`` counts as read: what came while they looked does not."""
    return _mark(Notification.objects.filter(user=actor, created_at__lte=until))


def one_line(text: str, *, longest: int = LONGEST_TITLE) -> str:
    """Return ``text`` as a single line without control and text-direction characters, shortened where too long."""
    plain = "".join(
        " " if sign.isspace() else sign
        for sign in text
        if sign.isspace() or (unicodedata.category(sign) != "Cc" and sign not in BIDI_CONTROLS)
    )
    words = " ".join(plain.split())
    return words if len(words) <= longest else f"{words[: longest - 1].rstrip()}…"


def several_lines(text: str, *, longest: int) -> str:
    """Return ``text`` with its line breaks kept and everything else as ``one_line`` has it."""
    lines = "\n".join(one_line(line, longest=longest) for line in text.splitlines()).strip()
    return lines if len(lines) <= longest else f"{lines[: longest - 1].rstrip()}…"


def message_id(user: User, key: str) -> str:
    """Return the identity of the mail that tells ``user`` of ``key``: the same however often it is sent."""
    digest = sha256(f"{user.public_id}\n{key}".encode()).hexdigest()[:40]
    return f"<{digest}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}>"


def _notification(user: User, message: Message, moment: datetime) -> Notification:
    return Notification(
        user=user,
        event=message.event,
        key=message.key,
        title=one_line(message.title),
        body=message.body,
        url=message.url,
        subject_kind=message.subject_kind,
        subject_id=message.subject_id,
        needs_action=message.needs_action,
        created_at=moment,
    )


def _put_into_outbox(recipients: list[User], message: Message) -> None:
    """Whoever has the notice without its mail gets the mail: also where an earlier try made only the notice."""
    users = {user.pk: user for user in recipients}
    told = Notification.objects.filter(key=message.key, user__in=list(users), mail__isnull=True)
    now = ledger.database_now()
    made = OutgoingMail.objects.bulk_create(
        (
            OutgoingMail(
                user_id=notice.user_id,
                notification=notice,
                key=message.key,
                message_id=message_id(users[notice.user_id], message.key),
                subject=one_line(message.mail_subject),
                body=_mail_body(message),
                not_before=now,
            )
            for notice in told
        ),
        batch_size=_BATCH,
        ignore_conflicts=True,
    )
    if made:
        send_after_commit()


def _mail_body(message: Message) -> str:
    parts = [one_line(message.title), message.body]
    if message.url:
        parts.append(f"{settings.SITE_URL}{message.url}")
    parts.append(f"You get this mail because {message.because}.")
    return "\n\n".join(part for part in parts if part)


def _mark(rows: Any) -> int:
    return int(rows.filter(read_at__isnull=True).update(read_at=ledger.database_now()))
