"""The pages of the day take as many statements for many sign-ups as for few."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from portal.core.db import db
from portal.people.models import Role
from portal.sessions.models import FamilySession, SessionKind, SignUpState
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_family_member, make_location, make_staff
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import sign_in


def reads(client: FlaskClient, path: str) -> int:
    """How many times one request asks the database."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return len([each for each in seen if each.startswith(("SELECT", "WITH"))])


def grow(session: FamilySession, number: int) -> None:
    """Another family in the session, and another session with somebody who waits."""
    consent = make_signed_consent(
        client=make_client(location=session.location), family_member=make_family_member()
    )
    make_sign_up(session=session, relationship=consent.relationship, queue_number=number)
    other = make_session(
        location=session.location,
        kind=SessionKind.MULTI_FAMILY,
        facilitator_id=make_staff().id,
        starts_at=NOW + timedelta(days=number % 6, hours=1),
    )
    make_sign_up(session=other, relationship=consent.relationship, state=SignUpState.WAITLISTED)


@pytest.mark.parametrize("path", ["/staff/today", "/staff/sessions", "/staff/sessions/{id}/roster"])
def test_statements_do_not_grow_with_sessions_and_sign_ups(client: FlaskClient, path: str) -> None:
    location = make_location()
    staff = make_staff(Role.COORDINATOR, location=location)
    session = make_session(
        location=location, kind=SessionKind.MULTI_FAMILY, starts_at=NOW + timedelta(hours=2)
    )
    grow(session, 1)
    sign_in(client, staff.user, "staff")
    few = reads(client, path.format(id=session.id))
    for number in range(2, 8):
        grow(session, number)
    assert reads(client, path.format(id=session.id)) == few
