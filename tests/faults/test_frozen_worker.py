"""F10. A worker is frozen past its lease, another takes over, then the first thaws."""

import os
import signal

import pytest
from flask import Flask

from portal.core import clock
from portal.core.db import db, writing
from portal.mail import records
from portal.mail.dispatch import dispatch
from portal.mail.models import MessageState
from tests.conftest import HeldClock
from tests.factories.mail import make_message, plain_kind, post_of
from tests.faults.invariants import assert_kept
from tests.sink import sink

pytestmark = pytest.mark.smtp


def freeze(app: Flask, point: str) -> int:
    """A worker that stops itself at `point`; its process id."""
    db.session.remove()
    db.engine.dispose()

    def trace(here: str) -> None:
        if here == point:
            os.kill(os.getpid(), signal.SIGSTOP)

    child = os.fork()
    if child == 0:
        try:
            dispatch(post_of(app, [plain_kind()]), trace=trace)
        finally:
            os._exit(0)
    os.waitpid(child, os.WUNTRACED)
    return child


@pytest.mark.parametrize("point", ["before_claim", "after_claim", "sending", "before_record"])
def test_a_worker_that_thaws_sends_nothing_again(app: Flask, held_clock: HeldClock, point: str) -> None:
    """Between the last question and the conversation nothing can fence it: there, nobody else sends."""
    message_id = make_message().id
    with sink() as server, server.running(app):
        child = freeze(app, point)
        held_clock.advance(minutes=10)
        with writing():
            records.recover(now=clock.now())
        dispatch(post_of(app, [plain_kind()]))
        os.kill(child, signal.SIGCONT)
        os.waitpid(child, 0)
        states = assert_kept(server.taken, [message_id])
    assert states[message_id] is MessageState.SENT
