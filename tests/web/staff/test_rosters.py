"""The roster on the day: check-in with a way back, paper, a file in which no cell can act."""

import csv
import io
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.db import db
from portal.people.models import Role, StaffMember
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpState
from portal.web import spreadsheet
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_family_member, make_location, make_staff
from tests.factories.sessions import make_session, make_sign_up
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


def group() -> tuple[FamilySession, SignUp]:
    """A multi-family group with one person, whose consent is usable."""
    consent = make_signed_consent(family_member=make_family_member(given_name="Rosa"))
    session = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=consent.client.location,
        starts_at=NOW + timedelta(hours=2),
    )
    return session, make_sign_up(session=session, relationship=consent.relationship)


def coordinator(client: FlaskClient, session: FamilySession) -> StaffMember:
    staff = make_staff(Role.COORDINATOR, location=session.location)
    sign_in(client, staff.user, "staff")
    return staff


def test_a_tick_at_the_door_is_written_and_can_be_taken_back(client: FlaskClient) -> None:
    session, mine = group()
    coordinator(client, session)
    url = f"/staff/sessions/{session.id}/people/{mine.id}/tick"
    assert post(client, url, {"mark": "arrived"}).status_code == 302
    assert db.session.get_one(SignUp, mine.id).attendance == "arrived"
    page = check_page(client.get(f"/staff/sessions/{session.id}/check-in"), budget=STAFF_BYTES)
    assert "1 of 1 arrived" in page.one("main").text
    assert "Undo" in page.one("main").text
    post(client, url, {"mark": ""})
    assert db.session.get_one(SignUp, mine.id).attendance is None
    assert list(db.session.scalars(select(AuditEntry.kind))).count("session.attendance_recorded") == 2


def test_a_mark_that_nobody_knows_changes_nothing(client: FlaskClient) -> None:
    session, mine = group()
    coordinator(client, session)
    url = f"/staff/sessions/{session.id}/people/{mine.id}/tick"
    assert post(client, url, {"mark": "asleep"}).status_code == 404
    assert db.session.get_one(SignUp, mine.id).attendance is None


def test_paper_has_names_or_initials(client: FlaskClient) -> None:
    session, _mine = group()
    coordinator(client, session)
    assert "Rosa Dole" in check_page(client.get(f"/staff/sessions/{session.id}/sheet")).one("main").text
    initials = client.get(f"/staff/sessions/{session.id}/sheet?initials=1").text
    assert "R. D." in initials
    assert "Rosa" not in initials


def test_the_file_lists_the_people_and_no_cell_can_act(client: FlaskClient) -> None:
    session, _mine = group()
    bad = make_family_member(given_name="=cmd()", family_name="Dole")
    make_sign_up(session=session, family_member=bad, state=SignUpState.WAITLISTED, queue_number=2)
    coordinator(client, session)
    answer = client.get(f"/staff/sessions/{session.id}/roster.csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="roster-2026-03-04.csv"'
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert [row[0] for row in rows] == ["Person", "Rosa Dole", "'=cmd() Dole"]
    assert [row[2] for row in rows[1:]] == ["Has a place", "Waiting"]


def test_every_beginning_that_a_spreadsheet_works_out_is_held(client: FlaskClient) -> None:
    for begins in ("=1", "+1", "-1", "@x", "\tx", "\rx", "  =1"):
        assert spreadsheet.cell(begins) == f"'{begins}"
    assert spreadsheet.cell("Ana-Maria = 1") == "Ana-Maria = 1"
    assert spreadsheet.cell(None) == ""


def test_the_day_leads_to_check_in_and_says_what_is_to_be_seen_to(client: FlaskClient) -> None:
    session, _mine = group()
    coordinator(client, session)
    page = check_page(client.get("/staff/today"), budget=STAFF_BYTES).one("main").text
    assert "1 of 8 places taken" in page
    assert f"/staff/sessions/{session.id}/check-in" in client.get("/staff/today").text


def test_another_locations_roster_is_not_there(client: FlaskClient) -> None:
    session, mine = group()
    staff = make_staff(Role.COORDINATOR, location=make_location())
    sign_in(client, staff.user, "staff")
    for path in ("check-in", "sheet", "roster.csv"):
        assert client.get(f"/staff/sessions/{session.id}/{path}").status_code == 404
    assert post(client, f"/staff/sessions/{session.id}/people/{mine.id}/tick").status_code == 404
    assert "Talking when" not in client.get("/staff/today").text
