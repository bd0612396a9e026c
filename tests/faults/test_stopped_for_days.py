"""F11 and the queue: three days stopped, an emptied queue, a doubled tick, a killed consumer."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal import jobs
from portal.core.db import db, writing
from portal.mail.models import MailAddress, MessageState, OutboundMessage
from tests.conftest import NOW, HeldClock
from tests.factories.mail import make_mail_reader, make_message
from tests.faults.invariants import assert_kept
from tests.sink import sink

pytestmark = pytest.mark.smtp


@pytest.fixture
def worker(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> jobs.Worker:
    queue = jobs.queue_at(f"sqlite:///{tmp_path}/queue.db")
    monkeypatch.setattr(jobs, "queue_at", lambda _url: queue)
    return jobs.Worker(app, jobs.worker_of(app).kinds)


def confirming(**values: object) -> int:
    """A mail of a real kind that is wanted: an address to confirm."""
    reader = make_mail_reader()
    row = db.session.scalars(select(MailAddress).where(MailAddress.reader_id == reader.id)).one()
    row_id = row.id
    with writing():
        db.session.get_one(MailAddress, row_id).confirmed_at = None
    return make_message(reader, kind="confirm_address", context={"address_id": row_id}, **values).id


def test_f11_after_three_days_only_what_is_still_of_use_goes(
    app: Flask, held_clock: HeldClock, worker: jobs.Worker
) -> None:
    stale = confirming(useful_until=NOW + timedelta(days=2))
    useful = confirming(useful_until=NOW + timedelta(days=4))
    always = confirming()
    held_clock.advance(days=3)
    with sink() as server, server.running(app):
        worker.round()
        states = assert_kept(server.taken, [stale, useful, always])
    assert states[stale] is MessageState.DROPPED
    assert (states[useful], states[always]) == (MessageState.SENT, MessageState.SENT)
    assert db.session.get_one(OutboundMessage, stale).reason == "too_late"


def test_an_emptied_queue_loses_nothing(app: Flask, worker: jobs.Worker) -> None:
    made = [confirming() for _ in range(2)]
    worker.wake()
    worker.queue.flush()
    with sink() as server, server.running(app):
        worker.round()
        states = assert_kept(server.taken, made)
    assert set(states.values()) == {MessageState.SENT}


def test_a_doubled_tick_doubles_nothing(app: Flask, worker: jobs.Worker) -> None:
    made = [confirming() for _ in range(2)]
    for _ in range(3):
        worker.wake()
    with sink() as server, server.running(app):
        while task := worker.queue.dequeue():
            worker.queue.execute(task)
        worker.round()
        worker.round()
        states = assert_kept(server.taken, made)
    assert set(states.values()) == {MessageState.SENT}


def test_a_consumer_killed_with_its_task_loses_nothing(app: Flask, worker: jobs.Worker) -> None:
    made = [confirming() for _ in range(2)]
    worker.wake()
    db.session.remove()
    db.engine.dispose()
    child = os.fork()
    if child == 0:  # the task is gone from the queue, and so is who took it
        worker.queue.dequeue()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    with sink() as server, server.running(app):
        worker.round()
        states = assert_kept(server.taken, made)
    assert set(states.values()) == {MessageState.SENT}
