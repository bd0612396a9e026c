"""Several workers on one outbox: each mail once, on both databases."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.db import db
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState, OutboundMessage
from portal.reminders.service import prepare_all
from tests.conftest import NOW
from tests.factories.mail import make_mail_reader, make_message, plain_kind, post_of
from tests.factories.sessions import make_session, make_sign_up
from tests.smtp import mail_server

pytestmark = pytest.mark.smtp
WORKERS = 4


def all_at_once(app: Flask, work: object) -> list[BaseException]:
    """Run `work` in several threads that start together; what went wrong in them."""
    barrier, trouble = threading.Barrier(WORKERS), []

    def run() -> None:
        with app.app_context():
            barrier.wait()
            try:
                work()  # type: ignore[operator]
            except BaseException as error:
                trouble.append(error)

    db.session.remove()
    threads = [threading.Thread(target=run) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return trouble


def test_four_workers_send_each_mail_once(app: Flask) -> None:
    for _ in range(25):
        make_message()
    post = post_of(app, [plain_kind()])
    with mail_server(app) as box:
        assert all_at_once(app, lambda: dispatch(post)) == []
    assert (len(box.mails), box.doubled) == (25, [])
    states = Counter(db.session.scalars(select(OutboundMessage.state)))
    assert states == {MessageState.SENT: 25}


def test_four_workers_prepare_each_reminder_once(app: Flask) -> None:
    session = make_session(starts_at=NOW + timedelta(hours=23))
    for _ in range(10):
        make_sign_up(session=session, family_member=make_mail_reader())
    assert all_at_once(app, prepare_all) == []
    assert len(db.session.scalars(select(OutboundMessage)).all()) == 10
