"""The worker's round and its commands. The outbox is the truth, the queue only a bell."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from huey import Huey, SqliteHuey
from sqlalchemy import select

import config
from portal import jobs
from portal.audit.models import AuditEntry
from portal.core.db import db
from portal.mail import queries
from portal.mail.models import MessageState, OutboundMessage
from tests.conftest import NOW
from tests.factories.mail import make_mail_reader, make_message
from tests.factories.sessions import make_session, make_sign_up
from tests.smtp import mail_server

pytestmark = pytest.mark.smtp


def test_one_round_prepares_sends_seals_and_beats(app: Flask) -> None:
    reader = make_mail_reader()
    make_sign_up(session=make_session(starts_at=NOW + timedelta(hours=23)), family_member=reader)
    with mail_server(app) as box:
        jobs.worker_of(app).round()
        jobs.worker_of(app).round()
    db.session.rollback()
    assert [mail["To"] for mail in box.mails] == [reader.email]
    assert queries.last_beat() == NOW
    assert db.session.scalars(select(AuditEntry.id).where(AuditEntry.batch_id.is_(None))).all() == []


def test_a_step_that_breaks_does_not_stop_the_others(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError

    monkeypatch.setattr(jobs, "STEPS", (broken, *jobs.STEPS))
    jobs.worker_of(app).round()
    db.session.rollback()
    assert queries.last_beat() == NOW


def test_a_queue_that_is_away_does_not_break_the_request(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_url: str) -> Huey:
        raise OSError

    monkeypatch.setattr(jobs, "queue_at", away)
    jobs.Worker(app, jobs.worker_of(app).kinds).wake()


def test_the_queue_is_a_file_of_its_own(tmp_path: Path) -> None:
    queue = jobs.queue_at(f"sqlite:///{tmp_path}/deep/queue.db")
    assert isinstance(queue, SqliteHuey)
    assert (tmp_path / "deep" / "queue.db").exists()


@pytest.mark.parametrize("engine", ["postgresql"])
def test_the_same_tasks_run_from_a_queue_in_postgresql(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    url = db.engine.url.render_as_string(hide_password=False)
    queue = jobs.queue_at(url)
    monkeypatch.setattr(jobs, "queue_at", lambda _url: queue)
    worker = jobs.Worker(app, jobs.worker_of(app).kinds)
    make_message(kind="confirm_address", context={"address_id": 1})
    worker.wake()
    queue.execute(queue.dequeue())
    queue.storage.close()
    db.session.rollback()
    assert db.session.scalars(select(OutboundMessage.state)).all() == [MessageState.DROPPED]


def test_the_status_names_every_state_and_the_last_round(app: Flask) -> None:
    make_message()
    runner = app.test_cli_runner()
    said = runner.invoke(args=["mail", "status"]).output
    assert [line.split()[0] for line in said.splitlines()[:8]] == [state.value for state in MessageState]
    assert "has not done a round yet" in said
    jobs.worker_of(app).round()
    assert "last round was 0 seconds ago" in runner.invoke(args=["mail", "status"]).output


def environment(app: Flask, tmp_path: Path, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "PORTAL_MODE": "demo",
        "DATABASE_URL": db.engine.url.render_as_string(hide_password=False),
        "QUEUE_URL": f"sqlite:///{tmp_path}/queue.db",
        "PORTAL_MAIL_PORT": str(port),
    }


def test_a_real_worker_sends_and_drains_on_sigterm(app: Flask, tmp_path: Path) -> None:
    now = int(time.time())
    with mail_server(app) as box:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker", "--threads", "1"]
        worker = subprocess.Popen(
            command, cwd=config.ROOT, env=environment(app, tmp_path, app.config["MAIL_PORT"])
        )
        make_message(kind="confirm_address", context={"address_id": 1})
        try:
            wait_for_state(MessageState.DROPPED)
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(timeout=20) == 0
    assert box.mails == []
    assert time.time() - now < 60


def wait_for_state(state: MessageState) -> None:
    for _ in range(300):
        db.session.rollback()
        if state in db.session.scalars(select(OutboundMessage.state)).all():
            return
        time.sleep(0.1)
    raise AssertionError("the worker did not come to it")


def test_production_does_not_start_a_worker_with_a_weak_secret(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=config.ROOT,
        env={**os.environ, "PORTAL_MODE": "production", "PORTAL_SECRET_KEY": "secret"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "PORTAL_SECRET_KEY" in done.stderr + done.stdout
