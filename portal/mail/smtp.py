"""The SMTP conversation, through Flask-Mail. The only module of this room that knows Flask.

TLS is verified and never falls back to plain: from the first byte on port 465, else by
STARTTLS. Sign-in is by password, by XOAUTH2, or none (a relay on this machine).
"""

import secrets
import smtplib
import ssl
from collections.abc import Callable, Mapping
from email.mime.base import MIMEBase
from email.policy import Compat32
from email.utils import formataddr
from pathlib import Path
from typing import Any

import flask_mail
from flask import Flask, current_app

from portal.mail.models import MessageState
from portal.mail.post import Answer, Envelope

mail = flask_mail.Mail()
SERVICE_CLOSES = 421
PERMANENT = 500
GO_AHEAD = 354
TLS_FROM_THE_FIRST_BYTE = 465


def init_app(app: Flask) -> None:
    """Wire Flask-Mail."""
    mail.init_app(app)


class Server(smtplib.SMTP):
    """An SMTP server that remembers whether it said "go ahead" and the mail itself was begun.

    From then on a lost connection tells nothing: the server may have the mail or not.
    """

    data_began = False

    def getreply(self) -> tuple[int, bytes]:
        """The server's next answer."""
        code, text = super().getreply()
        self.data_began = self.data_began or code == GO_AHEAD
        return code, text


class EncryptedServer(Server):
    """TLS before the first word (RFC 8314), the certificate verified."""

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def xoauth2(user: str, token: str) -> Callable[..., str]:
    """The answers of the XOAUTH2 mechanism; a second question means no, and gets an empty answer."""

    def answer(challenge: bytes | None = None) -> str:
        return "" if challenge else f"user={user}\x01auth=Bearer {token}\x01\x01"

    return answer


class Connection(flask_mail.Connection):
    """Flask-Mail's connection with a time-out and a verified certificate."""

    host: Server | None

    def configure_host(self) -> Server:
        """Connect, encrypt, sign in."""
        config = current_app.config
        with_tls = config["MAIL_USE_TLS"]
        at_once = with_tls and config["MAIL_PORT"] == TLS_FROM_THE_FIRST_BYTE
        server = EncryptedServer if at_once else Server
        host = server(config["MAIL_SERVER"], config["MAIL_PORT"], timeout=config["MAIL_TIMEOUT_S"])
        try:
            if with_tls and not at_once:
                host.starttls(context=ssl.create_default_context())
            _sign_in(host, config)
        except BaseException:
            host.close()
            raise
        return host


def _sign_in(host: Server, config: Mapping[str, Any]) -> None:
    user, token_file = config["MAIL_USERNAME"], config["MAIL_TOKEN_FILE"]
    if user and token_file:  # read each time: such tokens live for an hour
        host.ehlo_or_helo_if_needed()
        token = Path(token_file).read_text().strip()
        host.auth("XOAUTH2", xoauth2(user, token))
    elif user:
        host.login(user, config["MAIL_PASSWORD"])


class AsWritten(Compat32):
    """Headers go out as they were encoded; `policy.SMTP` would parse and fold each one anew."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """One header as bytes. Raises BadHeaderError for one that would start another."""
        lines = str(value).splitlines()
        if not all(line.startswith((" ", "\t")) for line in lines[1:]):
            raise flask_mail.BadHeaderError
        return (f"{name}: " + "\r\n".join(lines) + "\r\n").encode("ascii")


AS_WRITTEN = AsWritten(linesep="\r\n")


class Mail(flask_mail.Message):
    """Flask-Mail's message, turned into bytes at a third of the cost."""

    def _message(self) -> MIMEBase:
        made = super()._message()
        made.policy = AS_WRITTEN
        made.replace_header("From", str(self.sender))  # encoded once is enough
        for part in made.walk():
            if part.is_multipart():  # the generator would search both texts for its own choice
                part.set_boundary(f"=_{secrets.token_hex(16)}")
        return made


class KeptLine:
    """One connection for a whole batch, opened with the first mail and again after a loss."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def send(self, envelope: Envelope, trace: Callable[[str], None]) -> Answer:
        """Hand over one mail and say what became of it."""
        try:
            host = self._open()
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            return Answer(MessageState.DEFERRED, _code("connect", error), is_server_away=True)
        host.data_began = False
        answer = self._hand_over(envelope, host)
        if answer.state is MessageState.SENT:
            trace("after_data")
        return answer

    def _open(self) -> Server:
        if self._connection is None or self._connection.host is None:
            self._connection = Connection(mail)
            self._connection.host = self._connection.configure_host()
        host = self._connection.host
        assert isinstance(host, Server)
        return host

    def _hand_over(self, envelope: Envelope, host: Server) -> Answer:
        assert self._connection is not None
        try:
            self._connection.send(_message(envelope))
        except smtplib.SMTPRecipientsRefused as error:
            return self._refused("rcpt", next(iter(error.recipients.values()))[0])
        except smtplib.SMTPSenderRefused as error:
            # Our own address is not liked: no fault of the reader's.
            return self._refused("mail", min(error.smtp_code, PERMANENT - 1))
        except smtplib.SMTPResponseException as error:
            return self._refused("data", error.smtp_code)
        except (flask_mail.BadHeaderError, UnicodeError):
            return Answer(MessageState.FAILED, "not_sendable")  # before a word was said
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            began = host.data_began
            state = MessageState.UNCONFIRMED if began else MessageState.DEFERRED
            return Answer(state, _code("data" if began else "lost", error))
        return Answer(MessageState.SENT)

    def _refused(self, step: str, code: int) -> Answer:
        """The server said no in so many words, so it does not have the mail."""
        if code == SERVICE_CLOSES:
            self.close()
        is_final = code >= PERMANENT
        return Answer(
            MessageState.FAILED if is_final else MessageState.DEFERRED,
            f"smtp_{step}_{code}",
            is_address_dead=is_final and step == "rcpt",
        )

    def close(self) -> None:
        """End the connection, politely where it still stands."""
        connection, self._connection = self._connection, None
        if connection is None or connection.host is None:
            return
        try:
            connection.host.quit()
        except (OSError, smtplib.SMTPException):
            connection.host.close()


def _message(envelope: Envelope) -> Mail:
    sender = current_app.config["MAIL_DEFAULT_SENDER"]
    headers = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if envelope.stop_url:  # RFC 8058
        headers["List-Unsubscribe"] = f"<{envelope.stop_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made = Mail(
        subject=envelope.words.subject,
        recipients=[envelope.address],
        body=envelope.words.text,
        html=envelope.words.html,
        sender=formataddr((envelope.sender_name, sender)),
        extra_headers=headers,
    )
    made.msgId = envelope.message_id
    return made


def _code(step: str, error: Exception) -> str:
    """A reason without any text of the server's, which may quote addresses."""
    return f"{step}_{type(error).__name__}"[:60].lower()


def try_out() -> str:
    """Connect, encrypt and sign in once; says how. Raises OSError and SMTPException."""
    host = Connection(mail).configure_host()
    with host:
        sock = host.sock
        how = "not encrypted"
        if isinstance(sock, ssl.SSLSocket):
            how = f"encrypted ({sock.version()}), certificate verified"
        signed_in = "signed in" if current_app.config["MAIL_USERNAME"] else "without signing in"
        return f"connected, {how}, {signed_in}."
