"""A mail server that can keep a mail waiting, so that whoever sends it can be killed just then."""

import asyncio
from collections import Counter
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from threading import Event
from typing import Any

from aiosmtpd.controller import Controller

from tests.production.installation import PATIENCE, free_port


class PostOffice:
    """Takes every mail. While ``slow`` is ``before`` or ``after``, it answers only when that is over: having taken the
    mail in already (``after``), or not yet (``before``)."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.slow = ""
        self.somebody_waits = Event()
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def open(self) -> None:
        self._controller.start()

    def close(self) -> None:
        self.slow = ""
        self._controller.stop()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as aiosmtpd calls it
        mail = message_from_bytes(envelope.content, policy=default)
        held = self.slow
        if held == "after":
            self.received.append(mail)
        if held:
            self.somebody_waits.set()
            for _ in range(int(PATIENCE * 20)):
                # Whoever was killed has hung up: what was not taken in is lost to this try.
                if not self.slow or server.transport is None or server.transport.is_closing():
                    break
                await asyncio.sleep(0.05)
            if held == "before" and (server.transport is None or server.transport.is_closing()):
                return "451 You hung up"
        if held != "after":
            self.received.append(mail)
        return "250 Taken"

    def taken(self) -> Counter[str]:
        """How often each mail came, by its Message-ID."""
        return Counter(str(mail["Message-ID"]) for mail in list(self.received))

    def came_to(self, address: str, *words: str) -> bool:
        """Whether a mail with these words came to this address."""
        return any(
            address in str(mail["To"])
            and all(word in f"{mail['Subject']} {mail.get_body(('plain',))}" for word in words)
            for mail in list(self.received)
        )
