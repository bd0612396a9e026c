"""F7. The disk is full at one write after another; nothing goes out that could not be noted first."""

import os
import resource
import signal

import pytest
from flask import Flask
from sqlalchemy import text

from portal.core import clock
from portal.core.db import db, writing
from portal.mail import records
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState
from tests.conftest import HeldClock
from tests.factories.mail import make_message, plain_kind, post_of
from tests.faults.invariants import assert_kept
from tests.sink import sink

pytestmark = [pytest.mark.smtp, pytest.mark.parametrize("engine", ["sqlite"])]
PAGE = 4096


def work_with_room_for(app: Flask, room: int) -> None:
    """One round in a process whose files may grow to `room` bytes: the write-ahead log meets that."""
    db.session.remove()
    with db.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        try:
            dispatch(post_of(app, [plain_kind()]))
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_f7_a_full_disk_loses_nothing_and_doubles_nothing(app: Flask, held_clock: HeldClock) -> None:
    made, rounds_that_sent = [], 0
    with sink() as server, server.running(app):
        for pages in range(0, 48, 2):
            made += [make_message(now=clock.now()).id for _ in range(2)]
            before = len(server.taken)
            work_with_room_for(app, pages * PAGE)
            rounds_that_sent += len(server.taken) > before
            held_clock.advance(minutes=10)
            with writing():
                records.recover(now=clock.now())
        assert 0 < rounds_that_sent < 24  # the limit was met, and not always
        dispatch(post_of(app, [plain_kind()]))
        states = assert_kept(server.taken, made)
    assert set(states.values()) <= {MessageState.SENT, MessageState.UNCONFIRMED}
    with db.engine.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
