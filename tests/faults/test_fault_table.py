"""Faults of the mail server, against Postfix's smtp-sink: F2 to F5, F13.

F1 is in `test_worker_killed`, F6 and F7 in `test_outbox_database` and `test_disk_full`, F8 in
`test_clock`, F9 in `tests/reminders`, F10 in `test_many_workers` and `test_frozen_worker`,
F11 in `test_stopped_for_days`, F12 in `test_withdrawn_while_sending` and
`test_withdraw_against_claim`, F14 in `test_connection_cut`.
"""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from portal.core.db import db
from portal.mail.dispatch import SERVER_AWAY, dispatch
from portal.mail.kinds import Letter, Message
from portal.mail.models import MessageState, OutboundMessage
from portal.mail.pacing import Pace
from portal.mail.rules import LEASE, MAX_TRIES
from tests.conftest import NOW, HeldClock
from tests.factories.mail import make_message, plain_kind, plain_letter, post_of
from tests.faults.invariants import assert_kept
from tests.sink import Sink, sink

pytestmark = pytest.mark.smtp
SENT, DEFERRED, FAILED, UNCONFIRMED = (
    MessageState.SENT,
    MessageState.DEFERRED,
    MessageState.FAILED,
    MessageState.UNCONFIRMED,
)
FAULTS = [
    ("f2 slow to say go ahead", ["-w", "3"], DEFERRED),
    ("f2 slow to take the mail", ["-W", ".:3"], UNCONFIRMED),
    ("f2 slow to a recipient", ["-W", "RCPT:3"], DEFERRED),
    ("f3 450 to the sender", ["-r", "MAIL"], DEFERRED),
    ("f3 450 to the recipient", ["-r", "RCPT"], DEFERRED),
    ("f3 450 to data", ["-r", "DATA"], DEFERRED),
    ("f3 450 after data", ["-r", "."], DEFERRED),
    ("f3 421 to the recipient", ["-Q", "RCPT"], DEFERRED),
    ("f3 421 after data", ["-Q", "."], DEFERRED),
    ("f4 500 to the recipient", ["-f", "RCPT"], FAILED),
    ("f4 500 to data", ["-f", "DATA"], FAILED),
    ("f4 500 after data", ["-f", "."], FAILED),
    ("f4 500 to the sender", ["-f", "MAIL"], DEFERRED),
    ("f5 dropped at the recipient", ["-q", "RCPT"], DEFERRED),
    ("f5 dropped after data", ["-q", "."], UNCONFIRMED),
    ("no fault", [], SENT),
]


@pytest.fixture
def server() -> Iterator[Sink]:
    with sink() as made:
        yield made


def state_of(message: OutboundMessage) -> MessageState:
    db.session.rollback()
    db.session.refresh(message)
    return message.state


@pytest.mark.parametrize(("faults", "ends"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_of_the_server(
    app: Flask, held_clock: HeldClock, server: Sink, faults: list[str], ends: MessageState
) -> None:
    message, post = make_message(), post_of(app, [plain_kind()])
    with server.running(app, *faults, timeout_s=0.5):
        dispatch(post)
    assert state_of(message) is ends
    held_clock.advance(seconds=LEASE.total_seconds())
    with server.running(app):
        dispatch(post)
    states = assert_kept(server.taken, [message.id])
    assert states[message.id] is (SENT if ends is DEFERRED else ends)


def test_f2_nobody_answers_and_the_rest_waits_untouched(app: Flask, held_clock: HeldClock) -> None:
    waiting = [make_message() for _ in range(30)]
    with socket.create_server(("127.0.0.1", 0)) as silent, sink() as server:
        app.config.update(MAIL_PORT=silent.getsockname()[1], MAIL_TIMEOUT_S=0.3)
        ended = dispatch(post_of(app, [plain_kind()]))
        assert ended[SERVER_AWAY] == 1  # asked once, not thirty times
        held_clock.advance(minutes=2)
        with server.running(app):
            dispatch(post_of(app, [plain_kind()]))
        states = assert_kept(server.taken, [message.id for message in waiting])
    assert set(states.values()) == {SENT}


def test_f2_a_server_that_is_away_for_days_uses_up_no_tries(app: Flask, held_clock: HeldClock) -> None:
    message = make_message()
    app.config["MAIL_PORT"] = 1
    for _ in range(3 * MAX_TRIES):
        dispatch(post_of(app, [plain_kind()]))
        held_clock.advance(hours=3)
    assert state_of(message) is DEFERRED
    assert message.attempts == 0


def test_f3_tries_are_further_apart_each_time_and_end(
    app: Flask, held_clock: HeldClock, server: Sink
) -> None:
    message, waits = make_message(), []
    with server.running(app, "-r", "RCPT"):
        for _ in range(MAX_TRIES):
            dispatch(post_of(app, [plain_kind()]))
            if state_of(message) is DEFERRED:
                waits.append(message.not_before - held_clock.at)
                held_clock.at = message.not_before
    assert (message.state, message.reason) == (FAILED, "gave_up")
    assert waits == sorted(waits)
    assert len(waits) == MAX_TRIES - 1


def test_f13_one_in_a_hundred_is_poison_and_the_others_go(app: Flask, server: Sink) -> None:
    def render(message: Message, now: object) -> Letter:
        letter = plain_letter(message, NOW)
        return replace(letter, address="a\r\nBcc: b@mail.example") if message.id == bad else letter

    made = [make_message().id for _ in range(100)]
    bad = made[50]
    with server.running(app):
        dispatch(post_of(app, [plain_kind(render=render)]))
    states = assert_kept(server.taken, made)
    assert [key for key, state in states.items() if state is not SENT] == [bad]
    assert states[bad] is FAILED


def test_the_pace_of_a_domain_is_kept_and_the_others_go_on(
    app: Flask, held_clock: HeldClock, server: Sink
) -> None:
    many = [make_message(context={"address": f"r{n}@big.example"}).id for n in range(5)]
    other = make_message(context={"address": "pat@small.example"}).id
    post = replace(post_of(app, [plain_kind()]), pace=Pace(2))
    with server.running(app):
        dispatch(post)
        assert len(server.taken) == 3
        held_clock.advance(seconds=61)
        dispatch(post)
        assert len(server.taken) == 5
        held_clock.advance(seconds=61)
        dispatch(post)
    assert set(assert_kept(server.taken, [*many, other]).values()) == {SENT}
