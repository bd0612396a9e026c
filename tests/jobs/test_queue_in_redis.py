"""The same tasks with their queue in Redis, by QUEUE_URL alone: a real server, several consumers."""

import subprocess
from collections.abc import Iterator

import pytest
from flask import Flask
from huey import RedisHuey
from sqlalchemy import select

from portal import jobs
from portal.core.db import db
from portal.mail.models import MessageState, OutboundMessage
from tests.factories.mail import make_message
from tests.postgres import free_port
from tests.sink import wait_for

pytestmark = [pytest.mark.smtp, pytest.mark.parametrize("engine", ["postgresql"])]


@pytest.fixture
def redis_url() -> Iterator[str]:
    port = free_port()
    command = ["/usr/bin/redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.kill()
        server.wait()


def worker_on(app: Flask, url: str, monkeypatch: pytest.MonkeyPatch) -> jobs.Worker:
    queue = jobs.queue_at(url)
    assert isinstance(queue, RedisHuey)
    worker = jobs.Worker(app, jobs.worker_of(app).kinds)
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "queue_at", lambda _url: queue)
        assert worker.queue is queue
    return worker


def test_one_wakes_and_another_sweeps(app: Flask, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    web = worker_on(app, redis_url, monkeypatch)
    other = worker_on(app, redis_url, monkeypatch)
    make_message(kind="confirm_address", context={"address_id": 1})
    web.wake()
    task = other.queue.dequeue()
    other.queue.execute(task)
    assert web.queue.dequeue() is None  # given to one of them alone
    db.session.rollback()
    assert db.session.scalars(select(OutboundMessage.state)).all() == [MessageState.DROPPED]


def test_an_emptied_redis_loses_nothing(app: Flask, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = worker_on(app, redis_url, monkeypatch)
    make_message(kind="confirm_address", context={"address_id": 1})
    worker.wake()
    worker.queue.flush()
    assert worker.queue.dequeue() is None
    worker.round()
    db.session.rollback()
    assert db.session.scalars(select(OutboundMessage.state)).all() == [MessageState.DROPPED]
