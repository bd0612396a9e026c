"""Bounces come in by a pipe: the address is suspended, somebody asks for another one."""

import logging

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import delete, select

from portal.audit.models import AuditEntry
from portal.core.db import db, writing
from portal.mail import queries, suppression
from portal.mail.dispatch import dispatch
from portal.mail.models import MailAddress, MessageState, OutboundMessage, ReaderKind, Suppression
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind
from tests.conftest import NOW
from tests.factories.bounces import report
from tests.factories.mail import make_mail_reader, make_message, plain_kind, post_of
from tests.factories.people import make_relationship
from tests.smtp import mail_server

KEY = "the tests' own secret, long enough to be let through"


def pipe(app: Flask, mail: bytes) -> Result:
    result = app.test_cli_runner().invoke(args=["mail", "bounce"], input=mail)
    db.session.rollback()
    return result


@pytest.fixture
def message(app: Flask) -> OutboundMessage:
    made = make_message(make_mail_reader())
    with writing():
        db.session.get_one(OutboundMessage, made.id).state = MessageState.SENT
    return made


def nothing_changed(message: OutboundMessage) -> bool:
    db.session.refresh(message)
    return (
        message.state is MessageState.SENT
        and not db.session.scalars(select(Suppression)).all()
        and not db.session.scalars(select(Task)).all()
    )


def test_a_bounce_suspends_the_address_and_asks_for_another(app: Flask, message: OutboundMessage) -> None:
    relationship = make_relationship()
    with writing():
        db.session.get_one(OutboundMessage, message.id).reader_id = relationship.family_member_id
    address = message.context["address"]
    assert pipe(app, report(address, message.id)).exit_code == 0
    db.session.refresh(message)
    assert (message.state, message.reason) == (MessageState.FAILED, "bounced")
    assert suppression.is_suppressed(address, KEY)
    [task] = db.session.scalars(select(Task)).all()
    assert (task.kind, task.client_id) == (TaskKind.BOUNCE, relationship.client_id)
    assert task.subject == f"client:{relationship.client_id}/family:{relationship.family_member_id}"
    kinds = db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert "mail.bounced" in kinds


def test_the_address_counts_as_unconfirmed_from_then_on(app: Flask, message: OutboundMessage) -> None:
    pipe(app, report(message.context["address"], message.id))
    assert queries.confirmed_address(message.reader_kind, message.reader_id) is None


def test_the_same_bounce_again_changes_nothing_more(app: Flask, message: OutboundMessage) -> None:
    for _ in range(2):
        assert pipe(app, report(message.context["address"], message.id)).exit_code == 0
    assert len(db.session.scalars(select(Task)).all()) == 1


@pytest.mark.parametrize(
    ("mail", "reason"),
    [
        (
            b"From: pat@mail.example\nSubject: Hello\n\nWill you be there on Tuesday?\n",
            "not_a_bounce_for_good",
        ),
        (b"", "not_readable"),
        (b"\xff\xfe\x00" * 400, "not_readable"),
        (report("pat@mail.example", 1, action="delayed", status="4.4.1"), "not_a_bounce_for_good"),
        (report("pat@mail.example", 1), "quotes_no_mail_of_ours"),
        (report("pat@mail.example", 1).replace(b"<1@harbor.example>", b""), "quotes_no_mail_of_ours"),
        (b"a" * ((1 << 20) + 1), "too_large"),
    ],
    ids=["a letter", "nothing", "no text", "only late", "forged", "quotes nothing", "too large"],
)
def test_what_is_no_bounce_of_ours_is_ignored_with_a_reason(
    app: Flask, message: OutboundMessage, caplog: pytest.LogCaptureFixture, mail: bytes, reason: str
) -> None:
    with caplog.at_level(logging.WARNING, "portal.mail"):
        assert pipe(app, mail).exit_code == 0
    assert f"a bounce was ignored: {reason}" in caplog.text
    assert "@" not in caplog.text
    assert nothing_changed(message)


def test_a_bounce_of_what_was_never_sent_is_ignored(app: Flask) -> None:
    waiting = make_message()
    pipe(app, report(waiting.context["address"], waiting.id))
    assert not db.session.scalars(select(Suppression)).all()


@pytest.mark.smtp
def test_the_suspension_outlives_the_person(app: Flask, message: OutboundMessage) -> None:
    address = message.context["address"]
    pipe(app, report(address, message.id))
    with writing():
        db.session.execute(delete(MailAddress))
    again = make_message(context={"address": address.upper()})
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
    db.session.refresh(again)
    assert (again.reason, box.mails) == ("address_suspended", [])
    assert address not in str(db.session.execute(select(Suppression.address_hash)).all())


@pytest.mark.smtp
def test_mail_goes_again_once_the_suspension_is_lifted(app: Flask, message: OutboundMessage) -> None:
    address = message.context["address"]
    pipe(app, report(address, message.id))
    said = app.test_cli_runner().invoke(args=["mail", "lift", address]).output
    assert said == "Mail may go there again.\n"
    make_message(context={"address": address})
    with mail_server(app) as box:
        dispatch(post_of(app, [plain_kind()]))
    assert len(box.mails) == 1


@pytest.mark.smtp
def test_a_refusal_for_good_asks_for_another_address(app: Flask) -> None:
    reader = make_mail_reader()
    make_message(reader, kind="confirm_address", context={"address_id": 1})
    with writing():
        row = db.session.scalars(select(MailAddress)).one()
        row.confirmed_at = None
        db.session.scalars(select(OutboundMessage)).one().context = {"address_id": row.id}
    with mail_server(app) as box:
        box.dead = frozenset({str(reader.email)})
        dispatch(post_of(app))
    [task] = db.session.scalars(select(Task)).all()
    assert (task.kind, task.subject) == (TaskKind.BOUNCE, f"{ReaderKind.FAMILY.value}:{reader.id}")
    assert task.opened_at == NOW
