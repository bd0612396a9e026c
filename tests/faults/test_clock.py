"""F8. The clock jumps, a day forward and a day back, around a worker that dies or is busy."""

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
from tests.faults.killing import die_at
from tests.sink import sink

pytestmark = pytest.mark.smtp
JUMPS = (24, -24, 1, -1, 72)


def work(app: Flask) -> None:
    with writing():
        records.recover(now=clock.now())
    dispatch(post_of(app, [plain_kind()]))


def die(app: Flask, point: str) -> None:
    """A worker of its own process dies there."""
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        dispatch(post_of(app, [plain_kind()]), trace=die_at(point, 1))
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


@pytest.mark.parametrize("point", ["after_claim", "after_data"])
def test_a_dead_workers_lease_is_not_freed_by_a_jump_back(
    app: Flask, held_clock: HeldClock, point: str
) -> None:
    message_id = make_message().id
    with sink() as server, server.running(app):
        die(app, point)
        before = server.taken
        held_clock.advance(hours=-24)
        work(app)
        assert server.taken == before
        held_clock.advance(hours=24, minutes=10)
        work(app)
        states = assert_kept(server.taken, [message_id])
    assert states[message_id] is (MessageState.SENT if point == "after_claim" else MessageState.UNCONFIRMED)


@pytest.mark.parametrize("hours", JUMPS)
@pytest.mark.parametrize("point", ["after_claim", "sending", "after_data", "before_record"])
def test_a_jump_while_another_worker_does_its_round(
    app: Flask, held_clock: HeldClock, hours: int, point: str
) -> None:
    made = [make_message().id for _ in range(3)]
    jumped: list[int] = []

    def jump(here: str) -> None:
        if here == point and not jumped:
            jumped.append(held_clock.advance(hours=hours).hour)
            with writing():
                records.recover(now=clock.now())

    with sink() as server, server.running(app):
        dispatch(post_of(app, [plain_kind()]), trace=jump)
        held_clock.advance(hours=abs(hours) + 1)
        work(app)
        states = assert_kept(server.taken, made)
    assert set(states.values()) == {MessageState.SENT}
