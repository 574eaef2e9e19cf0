"""Mail leaves once, over SMTP, to those who may still read it; killed anywhere, it leaves again as the same mail."""

import os
import traceback
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connections
from django.utils import timezone

from accounts.actions import outbox
from accounts.actions.notices import Message, message_id, one_line, tell
from accounts.actions.outbox import send_due_mail
from accounts.models import Notification, OutgoingMail, User
from governance import failpoints, ledger
from governance.actions.memberships import end_membership
from governance.models import Membership
from knowledge.actions.reviews import remind_due_reviews
from tests.accounts.conftest import Sink, forget_so_far
from tests.knowledge.cast import Cast, approved, drafted, published, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> User:
    return User.objects.create_user("rita@example.org", name="Rita Reader")


def write(user: User, key: str = "k", **more: str) -> OutgoingMail:
    words = {"title": "Your rights changed", "body": "By Ada.", "url": "/me/", "because": "they are yours", **more}
    tell([user], Message(event="membership.granted", key=key, mail_subject=words["title"], **words))
    return OutgoingMail.objects.get(user=user, key=key)


def state(mail: OutgoingMail) -> tuple[str, int]:
    mail.refresh_from_db()
    return mail.state, mail.attempts


def test_a_call_to_decide_arrives_once_and_says_what_why_and_where(cast: Cast, sink: Sink, settings):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    for _ in range(2):
        ledger.deliver_due()
        send_due_mail()
    (mail,) = sink.received
    assert mail["Subject"] == f"Decide: {request.subject_title} ({request.number})"
    assert mail["To"] == cast.unit_lead.email
    assert mail["From"] == settings.DEFAULT_FROM_EMAIL
    assert mail["Message-ID"] == OutgoingMail.objects.get().message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    plain = mail.get_body(("plain",)).get_content()
    address = f"{settings.SITE_URL}/requests/{request.number}/"
    assert address in plain.splitlines()
    assert "You get this mail because" in plain
    html = mail.get_body(("html",)).get_content()
    assert f'<a href="{address}">' in html
    assert "<script" not in html


def test_nothing_typed_becomes_a_header_a_link_or_markup(reader: User, sink: Sink, settings):
    nasty = "Canary\r\nBcc: eve@example.org\x00\u202e <b>bold</b>"
    write(reader, title=nasty, body=f"“{nasty} https://evil.example/ {settings.SITE_URL}/me/ x”")
    send_due_mail()
    (mail,) = sink.received
    assert mail["Subject"] == "Canary Bcc: eve@example.org <b>bold</b>"
    assert mail["Bcc"] is None
    html = mail.get_body(("html",)).get_content()
    assert "<b>" not in html
    assert html.count("<a ") == 1
    assert "\u202e" not in html
    assert "\x00" not in html


def test_one_line_is_one_line_and_not_too_long():
    assert one_line(" a\tb\n\nc\x07 ") == "a b c"
    assert one_line("x" * 400) == "x" * 299 + "…"


def test_killed_between_the_servers_answer_and_the_mark_the_same_mail_comes_again(reader: User, sink: Sink):
    mail = write(reader)
    with pytest.raises(failpoints.FailpointReached), failpoints.armed(outbox.SENT):
        send_due_mail()
    assert state(mail) == ("waiting", 1)
    assert send_due_mail().tried == 0, "it is leased"
    OutgoingMail.objects.update(lease_until=ledger.database_now())
    assert send_due_mail().sent == 1
    assert send_due_mail().tried == 0
    assert [each["Message-ID"] for each in sink.received] == [mail.message_id] * 2
    assert mail.message_id == message_id(reader, "k")


def in_child(work: Callable[[], object]) -> int:
    """Run the work in a process of its own; returns its exit code."""
    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


PLACES = [name for name in failpoints.names() if name.startswith("mail.")]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("place", PLACES)
def test_a_process_killed_anywhere_loses_no_mail(place: str, reader: User, sink: Sink):
    mail = write(reader)

    def work() -> None:
        failpoints._armed[place] = "exit"
        send_due_mail()

    assert in_child(work) == failpoints.EXIT_CODE
    OutgoingMail.objects.update(lease_until=None)
    send_due_mail()
    send_due_mail()
    assert state(mail)[0] == "sent"
    assert len(sink.received) == (1 if place == outbox.CLAIMED else 2)
    assert {each["Message-ID"] for each in sink.received} == {mail.message_id}


def test_what_the_server_refuses_is_tried_later_and_given_up_in_the_end(reader: User, sink: Sink):
    mail = write(reader)
    sink.refuse = "451 Come back later"
    assert send_due_mail().failed == 1
    assert state(mail) == ("waiting", 1)
    assert "451" in mail.last_error
    assert mail.not_before > timezone.now()
    assert send_due_mail().tried == 0
    waits = []
    for _ in range(outbox.MOST_ATTEMPTS - 1):
        waits.append(mail.not_before - timezone.now())
        OutgoingMail.objects.update(not_before=ledger.database_now())
        send_due_mail()
        mail.refresh_from_db()
    assert waits == sorted(waits)
    assert state(mail) == ("dead", outbox.MOST_ATTEMPTS)
    sink.refuse = ""
    assert send_due_mail().tried == 0


def test_one_mail_that_fails_holds_up_no_other(reader: User, sink: Sink):
    broken = User.objects.create_user("b@example.org", name="Broken")
    first = write(broken)
    User.objects.filter(pk=broken.pk).update(email="broken\n@example.org")
    second = write(reader)
    posted = send_due_mail()
    assert (posted.failed, posted.sent) == (1, 1)
    assert state(first)[0] == "waiting"
    assert state(second)[0] == "sent"


def test_no_mail_server_at_all_loses_nothing(reader: User, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    mail = write(reader)
    assert send_due_mail().failed == 1
    assert state(mail) == ("waiting", 1)


def test_whose_sender_died_every_time_is_buried(reader: User, sink: Sink):
    mail = write(reader)
    OutgoingMail.objects.update(attempts=outbox.MOST_ATTEMPTS)
    assert send_due_mail().dead == 1
    assert state(mail)[0] == "dead"
    assert sink.received == []


def test_a_mail_is_held_back_until_its_time(reader: User, sink: Sink):
    write(reader)
    later = ledger.database_now() + timedelta(minutes=2)
    OutgoingMail.objects.update(not_before=later)
    assert send_due_mail().tried == 0
    assert send_due_mail(now=later).sent == 1


def test_who_became_inactive_gets_none(reader: User, sink: Sink):
    mail = write(reader)
    User.objects.update(is_active=False)
    assert send_due_mail().dropped == 1
    assert state(mail)[0] == "dropped"
    assert sink.received == []


def test_who_lost_the_document_gets_none(cast: Cast, sink: Sink):
    document = published(cast)
    forget_so_far()
    remind_due_reviews(timezone.now() + timedelta(days=360))
    ledger.deliver_due()
    end_membership(actor=cast.admin, membership=Membership.objects.get(user=cast.other_centre_lead))
    send_due_mail()
    assert OutgoingMail.objects.get(user=cast.other_centre_lead).state == "dropped"
    assert [mail["To"] for mail in sink.received] == [cast.centre_lead.email]
    assert document.title in sink.received[0]["Subject"]


def test_what_was_decided_meanwhile_is_not_asked_for(cast: Cast, sink: Sink):
    request = submitted(cast.unit_author, drafted(cast.unit_author, cast.unit_remit))
    ledger.deliver_due()
    approved(request, cast.unit_lead)
    send_due_mail()
    assert sink.received == []
    assert OutgoingMail.objects.get(user=cast.unit_lead).last_error == "It no longer waits for this person."


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_sweeps_at_once_send_each_mail_once(reader: User, sink: Sink):
    for number in range(12):
        write(reader, key=f"k{number}")
    faults: list[BaseException] = []
    start = Barrier(4)

    def sweep() -> None:
        try:
            start.wait()
            send_due_mail()
        except BaseException as fault:
            faults.append(fault)
        finally:
            connections.close_all()

    threads = [Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send_due_mail()
    assert faults == []
    identities = [each["Message-ID"] for each in sink.received]
    assert len(identities) == len(set(identities)) == 12
    assert not OutgoingMail.objects.exclude(state="sent", attempts=1).exists()


def test_a_sweep_can_be_bounded(reader: User, sink: Sink):
    for number in range(3):
        write(reader, key=f"k{number}")
    assert send_due_mail(limit=2).sent == 2
    assert send_due_mail().sent == 1
    assert Notification.objects.count() == 3
