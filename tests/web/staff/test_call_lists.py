"""The call list on screen: who is affected first, then whom to call, ticked off with a way back."""

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.core.db import db
from portal.people.models import Role, StaffMember
from portal.sessions.models import FamilySession, SessionKind, SignUp
from portal.sessions.models_telling import SessionChange, Telling
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_family_member, make_location, make_staff
from tests.factories.sessions import make_session, make_sign_up
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


def group() -> FamilySession:
    consent = make_signed_consent(family_member=make_family_member(given_name="Rosa", phone="(555) 010-0199"))
    session = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=consent.client.location,
        starts_at=NOW + timedelta(days=1),
    )
    make_sign_up(session=session, relationship=consent.relationship)
    return session


def coordinator(client: FlaskClient, session: FamilySession) -> StaffMember:
    staff = make_staff(Role.COORDINATOR, location=session.location)
    sign_in(client, staff.user, "staff")
    return staff


def moved(client: FlaskClient, session: FamilySession) -> str:
    """Move it by a day; returns the address of its call list."""
    form = {"on": "2026-03-06", "at": "10:00", "minutes": 90}
    assert post(client, f"/staff/sessions/{session.id}/move", form).status_code == 302
    return f"/staff/call-lists/{db.session.scalars(select(SessionChange.id)).one()}"


def test_the_page_of_a_move_names_whom_it_touches(client: FlaskClient) -> None:
    session = group()
    coordinator(client, session)
    page = check_page(client.get(f"/staff/sessions/{session.id}/move"), budget=STAFF_BYTES)
    assert "Rosa D., with Marcus D." in page.one("main").text


def test_a_call_list_names_number_and_reason_and_takes_the_answer(client: FlaskClient) -> None:
    session = group()
    staff = coordinator(client, session)
    url = moved(client, session)
    page = check_page(client.get(url), budget=STAFF_BYTES).one("main").text
    assert "Rosa Dole" in page
    assert "(555) 010-0199" in page
    assert "No confirmed e-mail address" in page
    line = db.session.scalars(select(Telling)).one()
    post(client, f"{url}/{line.id}/called", {"answer": "comes"})
    assert db.session.scalars(select(SignUp.confirmed_for_revision)).one() == 2
    assert staff.full_name in check_page(client.get(url), budget=STAFF_BYTES).one("main").text
    post(client, f"{url}/{line.id}/not-called")
    assert "1 person still to call" in client.get(url).text


def test_the_list_of_lists_and_the_session_lead_to_it(client: FlaskClient) -> None:
    session = group()
    coordinator(client, session)
    url = moved(client, session)
    assert url in check_page_text(client, "/staff/call-lists")
    assert url in check_page_text(client, f"/staff/sessions/{session.id}")


def check_page_text(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    check_page(answer, budget=STAFF_BYTES, names=("Marcus",))
    return answer.text


def test_an_answer_that_nobody_asked_for_changes_nothing(client: FlaskClient) -> None:
    session = group()
    coordinator(client, session)
    url = moved(client, session)
    line = db.session.scalars(select(Telling)).one()
    assert post(client, f"{url}/{line.id}/called", {"answer": "perhaps"}).status_code == 404
    assert db.session.scalars(select(Telling.called_at)).one() is None


def test_another_locations_call_list_is_not_there(client: FlaskClient) -> None:
    session = group()
    coordinator(client, session)
    url = moved(client, session)
    line = db.session.scalars(select(Telling)).one()
    sign_in(client, make_staff(Role.COORDINATOR, location=make_location()).user, "staff")
    assert client.get(url).status_code == 404
    assert post(client, f"{url}/{line.id}/called", {"answer": "told"}).status_code == 404
    assert post(client, f"{url}/{line.id}/not-called").status_code == 404
    assert url not in client.get("/staff/call-lists").text
