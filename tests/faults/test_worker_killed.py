"""F1. Workers are killed with SIGKILL while a real server counts what arrives.

Exactly once cannot be promised: between the server's "250" and our record lies an instant
that nobody can see into. Promised is: never twice by itself, and every mail accounted for,
as sent or as `unconfirmed`, which staff see. One worker on SQLite, three on PostgreSQL.
"""

import os

import pytest
from flask import Flask

from portal.mail import claims
from portal.mail.models import MessageState
from tests.conftest import HeldClock
from tests.faults.killing import MAILS_PER_LIFE, POINTS, Rig, assert_accounted_for, naive_round, our_round
from tests.smtp import mail_server

pytestmark = pytest.mark.smtp
KILLS = 1500 if os.environ.get("PORTAL_LONG") else 150
"""On each database at the named points, and as many again at any moment."""
AT_ONCE = {"sqlite": 1, "postgresql": 3}


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several workers get something each, and compete for it."""
    monkeypatch.setattr(claims, "AT_ONCE", MAILS_PER_LIFE)


@pytest.mark.usefixtures("small_batches")
def test_killed_at_every_point_it_sends_nothing_twice_and_loses_nothing(
    app: Flask, held_clock: HeldClock, engine: str
) -> None:
    with mail_server(app) as box:
        made = Rig(app, held_clock, our_round, at_once=AT_ONCE[engine]).kill(KILLS)
    ended = assert_accounted_for(box, made)
    if engine == "sqlite":
        # A kill at three of the five points leaves one unconfirmed: sending, after_data, before_record.
        assert ended[MessageState.UNCONFIRMED] == KILLS * 3 // len(POINTS)


@pytest.mark.usefixtures("small_batches")
def test_killed_at_any_moment_it_sends_nothing_twice_and_loses_nothing(
    app: Flask, held_clock: HeldClock, engine: str
) -> None:
    with mail_server(app) as box:
        made = Rig(app, held_clock, our_round, points=(), at_once=AT_ONCE[engine]).kill(KILLS)
    assert assert_accounted_for(box, made)[MessageState.UNCONFIRMED] <= KILLS + AT_ONCE[engine]


def test_control_the_naive_form_sends_twice_in_the_same_rig(app: Flask, held_clock: HeldClock) -> None:
    kills = 6
    with mail_server(app) as box:
        made = Rig(app, held_clock, naive_round, points=("after_data", "before_record")).kill(kills)
    assert box.doubled
    assert len(box.mails) - made == kills  # one too many for each kill
