"""Closing today and opening again, on screen."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.core.db import db
from portal.people.models import Role, StaffMember
from portal.sessions.models import FamilySession, SessionKind, SessionState
from portal.sessions.models_telling import ClosedDay
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_family_member, make_location, make_staff
from tests.factories.sessions import make_session, make_sign_up
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


def group() -> FamilySession:
    consent = make_signed_consent(family_member=make_family_member(given_name="Rosa"))
    session = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=consent.client.location,
        starts_at=NOW + timedelta(hours=8),
    )
    make_sign_up(session=session, relationship=consent.relationship)
    return session


def coordinator(client: FlaskClient, session: FamilySession) -> StaffMember:
    staff = make_staff(Role.COORDINATOR, location=session.location)
    sign_in(client, staff.user, "staff")
    return staff


def closed(client: FlaskClient, session: FamilySession) -> str:
    url = f"/staff/locations/{session.location_id}/close"
    answer = post(client, url, {"reason": "weather", f"way_{session.id}": "cancel"})
    assert answer.status_code == 302
    return str(answer.headers["Location"])


def test_closing_names_everybody_first_and_leaves_the_call_lists(client: FlaskClient) -> None:
    session = group()
    coordinator(client, session)
    assert f"/staff/locations/{session.location_id}/close" in client.get("/staff/today").text
    page = check_page(client.get(f"/staff/locations/{session.location_id}/close"), budget=STAFF_BYTES)
    assert "Rosa D." in page.one("main").text
    url = closed(client, session)
    assert db.session.get_one(FamilySession, session.id).state is SessionState.CANCELLED
    assert "Rosa Dole" in check_page(client.get(url), budget=STAFF_BYTES).one("main").text
    assert "The center is closed today." in client.get("/staff/today").text


def test_a_move_needs_its_day(client: FlaskClient) -> None:
    session = group()
    coordinator(client, session)
    url = f"/staff/locations/{session.location_id}/close"
    answer = post(client, url, {"reason": "weather", f"way_{session.id}": "move"})
    assert "The new day or time is missing" in check_page(answer, budget=STAFF_BYTES).one("main").text
    form = {f"way_{session.id}": "move", f"on_{session.id}": "2026-03-05", f"at_{session.id}": "18:00"}
    assert post(client, url, {"reason": "weather", **form}).status_code == 302
    assert db.session.get_one(FamilySession, session.id).time_revision == 2


def test_opening_again_holds_what_was_ticked(client: FlaskClient) -> None:
    session = group()
    coordinator(client, session)
    url = closed(client, session)
    check_page(client.get(f"{url}/open"), budget=STAFF_BYTES)
    assert post(client, f"{url}/open", {"sessions": [session.id]}).status_code == 302
    states = db.session.scalars(select(FamilySession.state)).all()
    assert sorted(states) == ["cancelled", "published"]
    assert db.session.scalars(select(ClosedDay.opened_at)).one() is not None
    assert "Opened again" in client.get(url).text


def test_another_locations_day_is_not_there_and_therapists_do_not_close(client: FlaskClient) -> None:
    session = group()
    coordinator(client, session)
    url = closed(client, session)
    for staff in (
        make_staff(Role.COORDINATOR, location=make_location()),
        make_staff(Role.THERAPIST, location=session.location),
    ):
        sign_in(client, staff.user, "staff")
        assert client.get(url).status_code == 404
        assert post(client, f"{url}/open").status_code == 404
        assert client.get(f"/staff/locations/{session.location_id}/close").status_code == 404
