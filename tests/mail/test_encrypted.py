"""TLS is verified and never falls back to plain; sign-in by XOAUTH2."""

import base64
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask

from portal.core.db import db
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState
from tests.factories.mail import make_message, plain_kind, post_of
from tests.postgres import free_port
from tests.smtp import Mailbox

pytestmark = [pytest.mark.smtp, pytest.mark.parametrize("engine", ["sqlite"])]


def certificate(folder: Path, name: str) -> Path:
    """A certificate for `name` that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / f"{name}.pem"
    file.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, *plain))
    return file


class TokenBox(Mailbox):
    """Lets in whoever brings the token."""

    async def auth_XOAUTH2(self, _server: Any, words: list[str]) -> AuthResult:
        said = base64.b64decode(words[1]).decode()
        return AuthResult(success=said == "user=office\x01auth=Bearer t0ken\x01\x01", handled=False)


@contextmanager
def encrypted(app: Flask, pem: Path | None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box, port, context = TokenBox(), free_port(), None
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
    controller = Controller(box, hostname="127.0.0.1", port=port, tls_context=context)
    controller.start()
    for name, value in {"MAIL_SERVER": "localhost", "MAIL_PORT": port, "MAIL_USE_TLS": True}.items():
        monkeypatch.setitem(app.config, name, value)
    try:
        yield box
    finally:
        controller.stop()


def sent_over(app: Flask, pem: Path | None, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str | None, int]:
    message = make_message()
    with encrypted(app, pem, monkeypatch) as box:
        dispatch(post_of(app, [plain_kind()]))
    db.session.rollback()
    db.session.refresh(message)
    return message.state.value, message.reason, len(box.mails)


def test_a_trusted_certificate_of_the_right_name_is_taken(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    assert sent_over(app, pem, monkeypatch) == (MessageState.SENT.value, None, 1)


@pytest.mark.parametrize("case", ["self-signed", "wrong name", "no TLS"])
def test_nothing_goes_out_in_the_clear_or_to_a_stranger(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    pem = certificate(tmp_path, "localhost" if case == "self-signed" else "elsewhere.example")
    if case == "wrong name":
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    state, reason, arrived = sent_over(app, None if case == "no TLS" else pem, monkeypatch)
    assert (state, arrived) == (MessageState.DEFERRED.value, 0)
    assert str(reason).startswith("connect_")


@pytest.mark.parametrize(("token", "arrived"), [("t0ken\n", 1), ("stale", 0)])
def test_it_signs_in_with_a_token_from_a_file(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str, arrived: int
) -> None:
    pem = certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    (tmp_path / "token").write_text(token)
    monkeypatch.setitem(app.config, "MAIL_USERNAME", "office")
    monkeypatch.setitem(app.config, "MAIL_TOKEN_FILE", str(tmp_path / "token"))
    state, _reason, taken = sent_over(app, pem, monkeypatch)
    assert (state, taken) == ("sent" if arrived else "deferred", arrived)
