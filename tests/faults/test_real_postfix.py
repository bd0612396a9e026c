"""Real mail through Debian's Postfix: delivered into a mailbox, and a real bounce come back."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import jobs
from portal.core.db import db
from portal.mail import suppression
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState, OutboundMessage
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind
from tests.conftest import NOW
from tests.factories.mail import make_mail_reader, make_message, plain_kind, post_of
from tests.factories.sessions import make_session, make_sign_up
from tests.postfix import POSTFIX, Postfix, postfix

pytestmark = [
    pytest.mark.smtp,
    pytest.mark.parametrize("engine", ["sqlite"]),
    pytest.mark.skipif(
        os.getuid() != 0,
        reason="Postfix's master process refuses to start for anybody but root; CI runs as root, and a "
        "developer without it has the same faults against smtp-sink in test_fault_table.py",
    ),
]


@pytest.fixture
def server(app: Flask) -> Iterator[Postfix]:
    if not os.path.exists(POSTFIX):
        pytest.fail(f"{POSTFIX} is missing: `make test` installs it, or apt-get install postfix")
    before = {name: app.config[name] for name in ("MAIL_SERVER", "MAIL_PORT")}
    with postfix("office@harbor.example", "pat@mail.example") as running:
        app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=running.port)
        yield running
    app.config.update(before)


def test_a_reminder_arrives_and_reads_the_same_in_both_forms(app: Flask, server: Postfix) -> None:
    reader = make_mail_reader(email="pat@mail.example")
    make_sign_up(session=make_session(starts_at=NOW + timedelta(hours=23)), family_member=reader)
    jobs.worker_of(app).round()
    _raw, mail = server.delivered("pat@mail.example")
    assert (mail["To"], mail["Return-Path"]) == ("pat@mail.example", "<office@harbor.example>")
    assert str(mail["Subject"]).startswith("Reminder: appointment")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    said = " ".join(text.get_content().split())
    assert reader.given_name in said
    assert reader.given_name in html.get_content()
    [message] = db.session.scalars(select(OutboundMessage)).all()
    assert message.state is MessageState.SENT
    assert mail["Message-ID"] == f"<{message.id}@harbor.example>"


def test_a_real_bounce_suspends_the_address(app: Flask, server: Postfix) -> None:
    reader = make_mail_reader(email="nobody@mail.example")
    message = make_message(reader)
    dispatch(post_of(app, [plain_kind()]))
    raw, bounce = server.delivered("office@harbor.example")
    assert bounce.get_content_type() == "multipart/report"
    assert app.test_cli_runner().invoke(args=["mail", "bounce"], input=raw).exit_code == 0
    db.session.rollback()
    db.session.refresh(message)
    assert (message.state, message.reason) == (MessageState.FAILED, "bounced")
    assert suppression.is_suppressed("nobody@mail.example", post_of(app).address_key)
    assert db.session.scalars(select(Task.kind)).all() == [TaskKind.BOUNCE]
    assert server.boxes() == {"office@harbor.example"}


def test_a_real_mail_is_no_bounce(app: Flask, server: Postfix) -> None:
    message = make_message(make_mail_reader(email="pat@mail.example"))
    dispatch(post_of(app, [plain_kind()]))
    raw, _mail = server.delivered("pat@mail.example")
    app.test_cli_runner().invoke(args=["mail", "bounce"], input=raw)
    db.session.rollback()
    db.session.refresh(message)
    assert message.state is MessageState.SENT
