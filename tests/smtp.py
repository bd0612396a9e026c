"""A real SMTP server on loopback that counts what it has accepted, and can misbehave."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from flask import Flask

from tests.postgres import free_port

OK = "250 OK"


@dataclass
class Mailbox:
    """What the server has accepted, and how it answers."""

    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    to_mail: str = OK
    to_rcpt: str = OK
    to_data: str = OK
    hangs_up_after_data: bool = False
    """It takes the mail, then drops the connection without a word."""
    dead: frozenset[str] = frozenset()
    """Addresses that it refuses for good."""

    async def handle_MAIL(
        self, _server: Any, session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        envelope.mail_from = address
        return self.to_mail

    async def handle_RCPT(
        self, _server: Any, session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if address in self.dead:
            return "550 no such mailbox"
        if self.to_rcpt == OK:
            envelope.rcpt_tos.append(address)
        return self.to_rcpt

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        if self.to_data != OK:
            return self.to_data
        parsed = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        self.mails.append(parsed)
        self.recipients.extend(envelope.rcpt_tos)
        if self.hangs_up_after_data:
            server.transport.abort()
        return OK

    @property
    def doubled(self) -> list[str]:
        """The Message-IDs accepted more than once."""
        counted = Counter(str(mail["Message-ID"]) for mail in self.mails)
        return [message_id for message_id, times in counted.items() if times > 1]


@contextmanager
def mail_server(app: Flask) -> Iterator[Mailbox]:
    """Run the server and point the application at it."""
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    before = {name: app.config[name] for name in ("MAIL_SERVER", "MAIL_PORT", "MAIL_TIMEOUT_S")}
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port, MAIL_TIMEOUT_S=5)
    try:
        yield box
    finally:
        controller.stop()
        app.config.update(before)
