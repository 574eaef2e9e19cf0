"""The tiny organisation, a mail server of our own on this machine, and nobody who sends by themselves."""

import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core.cache import cache

from accounts.actions import outbox
from governance import ledger
from governance.actions.undoing import HOLD
from governance.ledger import dispatch
from governance.permissions import policy
from governance.selectors import organisation
from tests.knowledge.cast import Cast, make_cast


@pytest.fixture(autouse=True)
def _nobody_sweeps_unasked() -> Iterator[None]:
    kept = (dispatch._dispatcher, outbox._dispatcher)
    ledger.set_dispatcher(None)
    outbox.set_dispatcher(None)
    cache.clear()
    yield
    ledger.set_dispatcher(kept[0])
    outbox.set_dispatcher(kept[1])


@pytest.fixture
def cast(db: None) -> Cast:
    # What is kept per permission epoch outlives a rolled-back test, whose epoch the next test uses again.
    policy.forget()
    organisation._worlds.clear()
    made = make_cast()
    forget_so_far()
    return made


def forget_so_far() -> None:
    """Whatever was told until now is told, read and gone: the test begins with empty inboxes."""
    from accounts.models import Notification, OutgoingMail

    tell_all()
    OutgoingMail.objects.all().delete()
    Notification.objects.all().delete()


def tell_all() -> None:
    """Everybody is told of everything, of decisions that could still be taken back too."""
    ledger.deliver_due(now=ledger.database_now() + HOLD)


class Sink:
    """A mail server that keeps what it is given; ``refuse`` is what it answers instead, ``""`` for taking it."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.refuse = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as aiosmtpd calls it
        if self.refuse:
            return self.refuse
        self.received.append(message_from_bytes(envelope.content, policy=default))  # type: ignore[arg-type]
        return "250 Taken"


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handler = Sink()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", port, False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    yield handler
    controller.stop()
