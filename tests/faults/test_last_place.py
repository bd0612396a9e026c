"""200 people press at once for 1, 5 and 20 places, through the real web server, on each database.

In some rounds staff change the number of places meanwhile.

The rows and the signed cookies are written directly; each person fetches their CSRF token
from the page as a browser would. Half press "Save my place", half "Join the waitlist".
"""

import http.client
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, inspect, select

import config
from portal.accounts import service as accounts
from portal.accounts.models import Audience, User
from portal.consent.models import Consent, ConsentScope
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import Base, db, random_id, writing
from portal.people.models import Client, Relationship
from portal.sessions import planning
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpState
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_family_member, make_relationship, make_user
from tests.factories.sessions import make_session
from tests.postgres import free_port

PEOPLE = 200
ROUNDS = 10 if os.environ.get("PORTAL_LONG") else 2
"""Of each sort."""
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass
class Browser:
    """One signed-in person with one kept connection."""

    port: int
    cookie: str
    token: str = ""
    family_member_id: int = 0
    answers: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, method: str, path: str, body: str = "") -> tuple[http.client.HTTPResponse, str]:
        headers = {"Cookie": f"portal={self.cookie}"}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            self.connection.request(method, path, body or None, headers)
            response = self.connection.getresponse()
        except (http.client.HTTPException, ConnectionError):  # a kept connection was closed before use
            self.connection.close()
            self.connection.request(method, path, body or None, headers)
            response = self.connection.getresponse()
        return response, response.read().decode()

    def fetch_token(self, path: str) -> None:
        """What a browser does before it can press: get the page, keep its cookie."""
        response, page = self.ask("GET", path)
        assert response.status == 200, response.status
        found = TOKEN.search(page)
        assert found
        self.token = found.group(1)
        self.keep_cookie(response)

    def keep_cookie(self, response: http.client.HTTPResponse) -> None:
        for line in response.headers.get_all("Set-Cookie") or []:
            if line.startswith("portal="):
                self.cookie = line.split(";")[0].removeprefix("portal=")

    def press(self, path: str) -> None:
        response, _body = self.ask("POST", path, f"csrf_token={self.token}")
        self.answers.append((response.status, response.headers.get("Set-Cookie", "")))


@contextmanager
def server(app: Flask) -> Iterator[int]:
    """gunicorn with two workers of eight threads on the test's own database."""
    port = free_port()
    environment = {
        **os.environ,
        "PORTAL_MODE": "test",
        "PORTAL_SECRET_KEY": app.config["SECRET_KEY"],
        "DATABASE_URL": app.config["SQLALCHEMY_DATABASE_URI"],
        "QUEUE_URL": app.extensions["settings"].queue_url,
        "PORTAL_SECURE_COOKIES": "0",
    }
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "2", "--threads", "8", "--keep-alive", "75", "--log-level", "error"]
    process = subprocess.Popen(command, cwd=config.ROOT, env=environment)
    try:
        wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(port: int) -> None:
    for _try in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/sign-in")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not start")


def browsers(app: Flask, client: Client, port: int, now: datetime, people: int = PEOPLE) -> list[Browser]:
    """People with a signed permission and a signed-in browser each."""
    cookies = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    made = []
    with writing():
        signed = make_signed_consent(client=client, scopes={Scope.SESSIONS}, now=now)
        for _number in range(people):
            user: User = make_user()
            member = make_family_member(user=user)
            permit_too(signed, make_relationship(client=client, family_member=member))
            _row, secret = accounts.open_browser_session(user=user, audience=Audience.FAMILY, now=now)
            cookie = cookies.dumps({"_user_id": secret, "_fresh": True})
            made.append(Browser(port, cookie, family_member_id=member.id))
    return made


def permit_too(signed: Consent, relationship: Relationship) -> None:
    """The same signed consent for one more person: 200 real signings would take a minute."""
    values = {column.key: getattr(signed, column.key) for column in inspect(Consent).column_attrs}
    values |= {"id": random_id(), "relationship_id": relationship.id}
    values |= {"family_member_id": relationship.family_member_id}
    db.session.execute(insert(Consent).values(values))
    db.session.execute(insert(ConsentScope).values(consent_id=values["id"], scope=Scope.SESSIONS))


def at_once(people: list[Browser], do: Any) -> None:
    """Let everybody do it at the same moment."""
    barrier = threading.Barrier(len(people))

    def run(number: int, person: Browser) -> None:
        barrier.wait()
        do(number, person)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.usefixtures("engine")
def test_of_200_who_press_at_once_as_many_get_a_place_as_there_are(app: Flask) -> None:
    now = datetime.now(UTC)
    client = make_client()
    with server(app) as port:
        people = browsers(app, client, port, now)
        first_id = places_for(client, now, 1)
        at_once(people, lambda _number, person: person.fetch_token("/more"))
        for capacity in (1, 5, 20) * ROUNDS:
            check_round(places_for(client, now, capacity), people, capacity)
        for before, after in ((1, 20), (20, 5)) * ROUNDS:
            check_change(app, places_for(client, now, before), people, before, after)
        assert is_told(people, first_id)
    empty()


def empty() -> None:
    """What the server wrote, the fixture cannot know of."""
    db.session.rollback()
    with db.engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())


def places_for(client: Client, now: datetime, capacity: int) -> int:
    """A group of this client's location with so many places."""
    session: FamilySession = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=db.session.merge(client).location,
        starts_at=now + timedelta(days=7),
        capacity=capacity,
    )
    return session.id


def check_round(session_id: int, people: list[Browser], capacity: int) -> None:
    at_once(people, lambda number, person: person.press(f"/sessions/{session_id}/{wish(number)}"))
    assert {person.answers[-1][0] for person in people} == {302}
    winners, states = outcome(session_id)
    waited = {person.family_member_id for number, person in enumerate(people) if wish(number) == "waitlist"}
    assert len(winners) == capacity
    assert states == {SignUpState.PLACED: capacity, SignUpState.WAITLISTED: len(waited - winners)}
    in_order(session_id)


def check_change(app: Flask, session_id: int, people: list[Browser], before: int, after: int) -> None:
    """Staff change the number while people press; who has a place keeps it, new ones are offered."""

    def press_or_change(number: int, person: Browser) -> None:
        if number:
            person.press(f"/sessions/{session_id}/{wish(number)}")
        else:
            change_capacity(app, session_id, after)

    at_once(people, press_or_change)
    assert {person.answers[-1][0] for person in people[1:]} == {302}
    _winners, states = outcome(session_id)
    taken = states.get(SignUpState.PLACED, 0) + states.get(SignUpState.OFFERED, 0)
    assert after <= taken <= max(before, after)
    in_order(session_id)


def change_capacity(app: Flask, session_id: int, capacity: int) -> None:
    """Staff's own request, from a process that is not the server's."""
    with app.app_context(), writing():
        plan = planning.plan_of(db.session.get_one(FamilySession, session_id)).with_capacity(capacity)
        planning.change(session_id=session_id, plan=plan, actor=Actor("staff"), now=datetime.now(UTC))


def outcome(session_id: int) -> tuple[set[int], dict[SignUpState, int]]:
    """Who has a place, and how many sign-ups are in which state."""
    db.session.rollback()
    counted = select(SignUp.state, func.count()).where(SignUp.session_id == session_id).group_by(SignUp.state)
    states = dict(iter(db.session.execute(counted)))
    winners = select(SignUp.family_member_id).where(
        SignUp.session_id == session_id, SignUp.state == SignUpState.PLACED
    )
    return set(db.session.scalars(winners)), states


def in_order(session_id: int) -> None:
    """No number twice or left out."""
    numbers = list(db.session.scalars(select(SignUp.queue_number).where(SignUp.session_id == session_id)))
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    db.session.rollback()


def wish(number: int) -> str:
    return "place" if number % 2 else "waitlist"


def is_told(people: list[Browser], session_id: int) -> bool:
    """Somebody who only wanted a place reads why they have none."""
    loser = people[1]
    people[0].press(f"/sessions/{session_id}/place")
    response, _body = loser.ask("POST", f"/sessions/{session_id}/place", f"csrf_token={loser.token}")
    loser.keep_cookie(response)
    _response, page = loser.ask("GET", f"/sessions/{session_id}")
    return "Someone took the last place a moment ago. You can join the waitlist." in page
