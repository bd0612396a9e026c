"""The database is busy or away while mail is sent: later, but nothing lost and nothing twice."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal.core import db as core_db
from portal.core.db import db, writing
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState
from portal.mail.records import recover
from portal.mail.rules import LEASE
from tests.conftest import HeldClock
from tests.factories.mail import make_message, plain_kind, post_of
from tests.smtp import mail_server

pytestmark = [pytest.mark.smtp, pytest.mark.parametrize("engine", ["sqlite"])]


@pytest.fixture
def impatient(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Connections that do not wait for a lock."""
    db.session.remove()
    db.engine.dispose()
    monkeypatch.setattr(core_db, "BUSY_TIMEOUT_S", 0)
    yield
    db.session.remove()
    db.engine.dispose()


@contextmanager
def locked() -> Iterator[None]:
    """Another process holds the write lock."""
    other = sqlite3.connect(str(db.engine.url.database), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_delays_the_round(app: Flask) -> None:
    message = make_message()
    with mail_server(app) as box:
        with locked():
            dispatch(post_of(app, [plain_kind()]))
        assert box.mails == []
        dispatch(post_of(app, [plain_kind()]))
    db.session.refresh(message)
    assert (message.state, len(box.mails)) == (MessageState.SENT, 1)


@pytest.mark.usefixtures("impatient")
def test_a_lock_just_before_the_record_leaves_it_unconfirmed(app: Flask, held_clock: HeldClock) -> None:
    message = make_message()
    with mail_server(app) as box:
        lock = locked()

        def at(point: str) -> None:
            if point == "before_record":
                lock.__enter__()

        dispatch(post_of(app, [plain_kind()]), trace=at)
        lock.__exit__(None, None, None)
        with writing():
            recover(now=held_clock.advance(seconds=LEASE.total_seconds()))
        dispatch(post_of(app, [plain_kind()]))
    db.session.refresh(message)
    assert (message.state, len(box.mails)) == (MessageState.UNCONFIRMED, 1)


def test_the_lock_in_these_tests_is_a_real_one(app: Flask, impatient: None) -> None:
    with locked(), pytest.raises(OperationalError), writing():
        pass
