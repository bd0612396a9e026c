"""F14. PostgreSQL cuts every connection, at each point of sending."""

import psycopg
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
from tests.faults.killing import POINTS
from tests.sink import sink

pytestmark = [pytest.mark.smtp, pytest.mark.parametrize("engine", ["postgresql"])]
CUT = """select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()"""


def cut() -> None:
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(CUT)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("hit", [1, 2])
def test_f14_a_cut_connection_loses_and_doubles_nothing(
    app: Flask, held_clock: HeldClock, point: str, hit: int
) -> None:
    made, seen = [make_message().id for _ in range(3)], []

    def at(here: str) -> None:
        if here == point:
            seen.append(here)
            if len(seen) == hit:
                cut()

    with sink() as server, server.running(app):
        dispatch(post_of(app, [plain_kind()]), trace=at)
        held_clock.advance(minutes=10)
        with writing():
            records.recover(now=clock.now())
        dispatch(post_of(app, [plain_kind()]))
        states = assert_kept(server.taken, made)
    assert len(seen) >= hit
    assert set(states.values()) <= {MessageState.SENT, MessageState.UNCONFIRMED}
