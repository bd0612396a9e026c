"""How many statements a family page sends: so many, however much there is to show."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from portal.consent.rules import Scope
from portal.core.db import db
from portal.people.models import FamilyMember
from portal.sessions.models import SessionKind
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module
from tests.factories.people import make_episode, make_family_member, make_user
from tests.factories.schedule import make_block, make_enrolment
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import sign_in

STATEMENTS = {"/home": 12, "/sessions": 6, "/calendar": 9, "/learn": 6, "/permissions": 7}
"""The same for one relative and for several: who asks, what is allowed, what there is, the ledger."""


def add_relative(member: FamilyMember, sessions: int) -> None:
    """A client with a timetable and a picked lesson, and so many sessions with a place for `member`."""
    consent = make_signed_consent(family_member=member, scopes=set(Scope))
    block = make_block()
    make_enrolment(episode=make_episode(client=consent.client), track=block.track)
    make_assignment(relationship=consent.relationship)
    make_module()
    for number in range(sessions):
        at = {"location": consent.client.location, "starts_at": NOW + timedelta(hours=30 + number)}
        place = make_session(kind=SessionKind.MULTI_FAMILY, **at)
        make_sign_up(session=place, relationship=consent.relationship)
        make_session(kind=SessionKind.EDUCATION_EVENING, **at)


def statements(client: FlaskClient, path: str) -> list[str]:
    """What a second look sends: the first one is written to the ledger."""
    assert client.get(path).status_code == 200
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SET")):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    client.get(path)
    event.remove(db.engine, "before_cursor_execute", note)
    return seen


@pytest.mark.parametrize("path", STATEMENTS)
def test_a_page_sends_as_many_statements_for_much_as_for_little(client: FlaskClient, path: str) -> None:
    member = make_family_member(user=make_user(), timezone="America/New_York")
    sign_in(client, member.user, "family")
    add_relative(member, sessions=1)
    few = statements(client, path)
    assert len(few) == STATEMENTS[path], "\n".join(few)
    add_relative(member, sessions=5)
    add_relative(member, sessions=9)
    many = statements(client, path)
    assert len(many) <= STATEMENTS[path] + (path == "/calendar"), "\n".join(many)
