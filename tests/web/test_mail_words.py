"""Every kind, state and reason of outgoing mail has words."""

import re
from pathlib import Path

import pytest
from flask import Flask

import config
from portal.app import mail_kinds
from portal.mail.models import MessageState, ReaderKind
from portal.web import mail_words


def test_every_registered_kind_has_words() -> None:
    assert set(mail_kinds()) <= set(mail_words.KINDS)


def test_every_state_and_reader_has_words() -> None:
    assert (set(mail_words.STATES), set(mail_words.READERS)) == (set(MessageState), set(ReaderKind))


def test_every_reason_that_a_kind_can_give_has_words() -> None:
    files = [*Path(config.ROOT, "portal").rglob("*mails.py"), Path(config.ROOT, "portal/mail/dispatch.py")]
    codes = {code for file in files for code in re.findall(r'return "([a-z_]+)"', file.read_text())}
    assert len(codes) > 10
    assert codes - {"passed_over"} <= set(mail_words.REASONS)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (None, ""),
        ("smtp_rcpt_550", "The mail server refused the reader's address (550)."),
        ("data_smtpserverdisconnected", "The connection was lost after the text was handed over."),
        ("connect_connectionrefusederror", "The mail server could not be reached."),
        ("something_new", "The mail server did not take it."),
    ],
)
def test_what_a_server_answers_has_words(app: Flask, code: str | None, sentence: str) -> None:
    with app.test_request_context():
        assert mail_words.reason(code) == sentence
