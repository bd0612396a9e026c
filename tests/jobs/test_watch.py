"""Somebody is told when the worker, the mail server or the disk has not worked for five minutes."""

import logging
from collections import Counter

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import jobs
from portal.core.db import reading
from portal.operation import watch
from portal.operation.watch import Trouble
from portal.people.models import Role
from tests.conftest import HeldClock
from tests.factories.mail import make_message
from tests.factories.people import make_staff
from tests.signin import sign_in
from tests.smtp import Mailbox, mail_server

pytestmark = pytest.mark.smtp


@pytest.fixture(autouse=True)
def somebody(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "PORTAL_ALERT_ADDRESS", "it@harbor.example")
    jobs.worker_of(app).__dict__.pop("alarm", None)


def found(app: Flask, held_clock: HeldClock) -> list[Trouble]:
    with reading():
        return watch.troubles(now=held_clock.at, database_url=app.config["SQLALCHEMY_DATABASE_URI"])


def alerts(box: Mailbox) -> list[str]:
    return [mail["Subject"] for mail in box.mails if mail["To"] == "it@harbor.example"]


def test_a_worker_at_work_is_well(app: Flask, client: FlaskClient) -> None:
    jobs.worker_of(app).round()
    said = client.get("/healthz").get_json()
    assert said == {"status": "ok", "worker_seconds": 0, "in_trouble": []}


def test_a_worker_that_stopped_is_seen_after_five_minutes(
    app: Flask, client: FlaskClient, held_clock: HeldClock
) -> None:
    jobs.worker_of(app).round()
    held_clock.advance(seconds=299)
    assert found(app, held_clock) == []
    held_clock.advance(seconds=1)
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.get_json() == {"status": "look", "worker_seconds": 300, "in_trouble": ["worker"]}


def test_the_command_writes_to_a_person_and_ends_with_one(app: Flask, held_clock: HeldClock) -> None:
    jobs.worker_of(app).round()
    runner = app.test_cli_runner()
    assert runner.invoke(args=["mail", "watch"]).exit_code == 0
    held_clock.advance(minutes=5)
    with mail_server(app) as box:
        result = runner.invoke(args=["mail", "watch"])
    assert (result.exit_code, len(alerts(box))) == (1, 1)
    assert "Start `flask worker`" in result.output


def test_a_new_portal_has_no_worker_until_mail_waits(app: Flask, held_clock: HeldClock) -> None:
    held_clock.advance(days=1)
    assert found(app, held_clock) == []
    make_message(now=held_clock.at)
    held_clock.advance(minutes=5)
    assert found(app, held_clock) == [Trouble.WORKER]


def test_a_server_away_for_five_minutes_rings_once_an_hour(
    app: Flask, held_clock: HeldClock, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["MAIL_PORT"] = 1
    worker = jobs.worker_of(app)
    with caplog.at_level(logging.CRITICAL, "portal.alarm"):
        for _ in range(5):
            make_message(kind="confirm_address", context={"address_id": 1}, now=held_clock.at)
            _away(app)
            worker.round()
            held_clock.advance(minutes=2)
    assert [record.message for record in caplog.records if record.name == "portal.alarm"] == [
        "in trouble: mail server"
    ]
    _back(app)
    assert found(app, held_clock) == []


def _away(app: Flask) -> None:
    with app.app_context():
        jobs.note_server(Counter(server_away=1))


def _back(app: Flask) -> None:
    with app.app_context():
        jobs.note_server(Counter(sent=1))


def test_a_full_disk_is_told(app: Flask, held_clock: HeldClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_is_disk_full", lambda _url: True)
    with mail_server(app) as box:
        jobs.worker_of(app).round()
        jobs.worker_of(app).round()
    assert len(alerts(box)) == 1


def test_the_staff_see_it_on_their_pages(app: Flask, client: FlaskClient, held_clock: HeldClock) -> None:
    jobs.worker_of(app).round()
    held_clock.advance(minutes=5)
    sign_in(client, make_staff(Role.ADMIN).user, "staff", now=held_clock.at)
    page = client.get("/admin/outbox").get_data(as_text=True)
    assert "the worker has not been at work for five minutes" in page
