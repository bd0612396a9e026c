"""The family home page: useful with and without a permission, in a fixed number of statements."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from portal.consent import ending
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry
from portal.people.models import FamilyMember
from portal.sessions.models import SessionKind, SignUpState
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_family_member, make_user
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import post, sign_in

NEUTRAL = "There is nothing to show here right now."


def signed_in(client: FlaskClient) -> FamilyMember:
    member = make_family_member(user=make_user(), timezone="America/New_York")
    sign_in(client, member.user, "family")
    return member


@pytest.mark.parametrize(
    ("hour", "greeting"),
    [(9, "Good evening"), (10, "Good morning"), (17, "Good afternoon"), (22, "Good evening")],
)
def test_the_greeting_follows_the_persons_own_clock(
    client: FlaskClient, held_clock: HeldClock, hour: int, greeting: str
) -> None:
    held_clock.at = datetime(2026, 3, 4, hour, 30, tzinfo=UTC)  # five hours less in New York
    signed_in(client)
    assert f"{greeting}, Elena" in client.get("/home").text


def test_the_next_session_stands_first_with_its_two_buttons(client: FlaskClient) -> None:
    member = signed_in(client)
    session = make_session(starts_at=NOW + timedelta(days=1))
    make_sign_up(session=session, family_member=member)
    page = client.get("/home").text
    assert "Your next session" in page
    assert "One thing is planned for you this week." in page
    assert f'href="/sessions/{session.id}"' in page
    assert f'href="/sessions/{session.id}/cancel"' in page
    assert "You have a place" in page


def test_without_a_permission_the_page_stays_useful_and_says_no_reason(client: FlaskClient) -> None:
    signed_in(client)
    make_session(title_en="Open evening")
    page = client.get("/home").text
    assert NEUTRAL in page
    assert "Open evening" in page
    assert "Nothing is planned this week." in page


def test_never_signed_stopped_and_on_hold_look_alike(client: FlaskClient) -> None:
    member = signed_in(client)
    before = client.get("/home").text
    consent = make_signed_consent(family_member=member)
    assert "gave you permission" in client.get("/home").text
    with writing():
        ending.revoke(consent=db.session.merge(consent), actor=Actor("staff", 1), now=NOW)
    assert tokenless(client.get("/home").text) == tokenless(before)


def tokenless(page: str) -> list[str]:
    return [line for line in page.splitlines() if "token" not in line]


def test_what_may_be_seen_is_listed_and_entered_in_the_ledger(client: FlaskClient) -> None:
    member = signed_in(client)
    consent = make_signed_consent(family_member=member, scopes={Scope.SESSIONS})
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location)
    make_sign_up(session=session, relationship=consent.relationship)
    page = client.get("/home").text
    assert "Marcus gave you permission to see:" in page
    assert "Family sessions you may join" in page
    assert "Program times" not in page
    subjects = set(db.session.scalars(select(DisclosureEntry.subject)))
    assert subjects == {"permission", f"session:{session.id}"}


def statements(app: Flask, client: FlaskClient) -> int:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SET")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    client.get("/home")
    event.remove(db.engine, "before_cursor_execute", note)
    return len(seen)


def test_the_number_of_statements_does_not_grow(client: FlaskClient, app: Flask) -> None:
    member = signed_in(client)
    consent = make_signed_consent(family_member=member)
    client.get("/home")
    few = statements(app, client)
    for number in range(12):
        session = make_session(
            kind=SessionKind.MULTI_FAMILY,
            location=consent.client.location,
            starts_at=NOW + timedelta(days=1 + number % 5),
        )
        make_sign_up(session=session, relationship=consent.relationship)
        make_sign_up(session=session, state=SignUpState.WAITLISTED, queue_number=2)
    client.get("/home")
    assert statements(app, client) == few
    assert few <= 24


def test_before_first_use_and_after_a_change_home_leads_to_what_can_be_seen(
    client: FlaskClient, held_clock: HeldClock
) -> None:
    member = signed_in(client)
    assert "Read this first" not in client.get("/home").text
    consent = make_signed_consent(family_member=member)
    page = client.get("/home").text
    assert "Read this first" in page
    post(client, "/permissions/read")
    assert "Read this first" not in client.get("/home").text
    held_clock.advance(minutes=1)
    with writing():
        ending.narrow(
            consent=db.session.merge(consent),
            scopes={Scope.LESSONS},
            typed_name="Marcus Dole",
            actor=Actor("client", consent.client_id),
            now=held_clock.at,
        )
    assert "Read this first" in client.get("/home").text
