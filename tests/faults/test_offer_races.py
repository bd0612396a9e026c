"""An offer is taken at the moment at which it runs out: taken or passed on, never both, never neither.

The person presses through the real web server; the worker's sweep runs in another process.
"""

import os
import random
import threading
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.core.db import db, writing
from portal.people.models import Client, Relationship
from portal.sessions import service
from portal.sessions.models import FamilySession, SessionKind, SessionState, SignUp, SignUpState
from tests.factories.people import make_client
from tests.factories.sessions import make_session, make_sign_up
from tests.faults.test_last_place import Browser, browsers, empty, server

RACES = 250 if os.environ.get("PORTAL_LONG") else 30
TAKEN = (SignUpState.PLACED, SignUpState.WAITLISTED)
PASSED_ON = (SignUpState.GIVEN_UP, SignUpState.OFFERED)


@pytest.mark.usefixtures("engine")
def test_an_offer_that_runs_out_while_it_is_taken_goes_to_exactly_one(app: Flask) -> None:
    now = datetime.now(UTC)
    client = make_client()
    with server(app) as port:
        first, second = browsers(app, client, port, now, people=2)
        first.fetch_token("/more")
        ended = [race(app, client, first, second) for _ in range(RACES)]
    assert set(ended) <= {TAKEN, PASSED_ON}
    assert RACES < 100 or set(ended) == {TAKEN, PASSED_ON}, "the races all ended alike"
    empty()


def race(app: Flask, client: Client, first: Browser, second: Browser) -> tuple[SignUpState, SignUpState]:
    """Press and sweep at once, around the end of the offer; returns how both stand afterwards."""
    ends_at = datetime.now(UTC) + timedelta(milliseconds=random.randint(15, 60))
    session_id = offered(client, first, second, ends_at)
    pressed = threading.Thread(target=first.press, args=(f"/sessions/{session_id}/offer/take",))
    swept = threading.Thread(target=sweep, args=(app, ends_at + timedelta(milliseconds=1)))
    order = [pressed, swept] if random.random() < 0.5 else [swept, pressed]
    for each in order:
        each.start()
    for each in order:
        each.join()
    assert first.answers[-1][0] in (302, 404)
    sweep(app, ends_at + timedelta(milliseconds=1))
    db.session.rollback()
    states = select(SignUp.state).where(SignUp.session_id == session_id).order_by(SignUp.queue_number)
    one, other = db.session.scalars(states).all()
    with writing():  # out of the way of the next race's sweep
        db.session.get_one(FamilySession, session_id).state = SessionState.CANCELLED
    return one, other


def offered(client: Client, first: Browser, second: Browser, ends_at: datetime) -> int:
    """One place, offered to the first; the second waits."""
    session = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=db.session.merge(client).location,
        starts_at=datetime.now(UTC) + timedelta(days=7),
        capacity=1,
    )
    for number, person in enumerate((first, second), start=1):
        query = select(Relationship).where(Relationship.family_member_id == person.family_member_id)
        make_sign_up(
            session=session,
            relationship=db.session.scalars(query).one(),
            queue_number=number,
            state=SignUpState.OFFERED if number == 1 else SignUpState.WAITLISTED,
            offer_ends_at=ends_at if number == 1 else None,
        )
    return session.id


def sweep(app: Flask, at: datetime) -> None:
    """The worker's step, once the instant has come."""
    while datetime.now(UTC) < at:
        threading.Event().wait(0.001)
    with app.app_context(), writing():
        service.expire_offers(datetime.now(UTC))
