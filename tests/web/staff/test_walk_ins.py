"""At the door: found, added and ticked in one step, or words that confirm nothing."""

import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent.models import Consent
from portal.core.db import db
from portal.people.models import Role, StaffMember
from portal.sessions.models import FamilySession, SessionKind, SignUp
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_client, make_family_member, make_location, make_staff
from tests.factories.sessions import make_session, make_sign_up
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

STANDARD = "I cannot say who is a client here."


def evening(capacity: int = 8) -> tuple[FamilySession, Consent]:
    """A group that begins in ten minutes, and the consent of somebody who has no place in it."""
    consent = make_signed_consent(family_member=make_family_member(given_name="Inés", family_name="Núñez"))
    session = make_session(
        kind=SessionKind.MULTI_FAMILY,
        location=consent.client.location,
        starts_at=NOW + timedelta(minutes=10),
        capacity=capacity,
    )
    return session, consent


def coordinator(client: FlaskClient, session: FamilySession) -> StaffMember:
    staff = make_staff(Role.COORDINATOR, location=session.location)
    sign_in(client, staff.user, "staff")
    return staff


def test_somebody_with_a_usable_consent_is_added_and_has_arrived(client: FlaskClient) -> None:
    session, consent = evening()
    staff = coordinator(client, session)
    url = f"/staff/sessions/{session.id}/walk-in"
    page = check_page(post(client, url, {"name": "ines nun"}), budget=STAFF_BYTES).one("main").text
    assert "Inés Núñez" in page
    assert post(client, f"{url}/{consent.family_member_id}").status_code == 302
    made = db.session.scalars(select(SignUp)).one()
    assert (made.state, made.attendance, made.way_of_contact) == ("placed", "arrived", "walk_in")
    assert made.made_by_staff_id == staff.id


def said(client: FlaskClient, url: str, name: str) -> str:
    """What the page says for a name, without the name itself and the tokens."""
    page = post(client, url, {"name": name})
    assert STANDARD in page.text
    return re.sub(r'value="[^"]*"', "", page.text).replace(name, "")


def test_no_consent_and_unknown_look_exactly_alike(client: FlaskClient) -> None:
    session, consent = evening()
    known = make_family_member(given_name="Nadia", family_name="Reyes")
    make_pending_consent(client=consent.client, family_member=known)
    other_team = make_family_member(given_name="Yusuf", family_name="Amin")
    make_signed_consent(client=make_client(location=make_location()), family_member=other_team)
    coordinator(client, session)
    url = f"/staff/sessions/{session.id}/walk-in"
    assert said(client, url, "Nadia Reyes") == said(client, url, "Nobody Atall")
    assert said(client, url, "Yusuf Amin") == said(client, url, "Nobody Atall")
    assert post(client, f"{url}/{known.id}").status_code == 404
    assert post(client, f"{url}/{other_team.id}").status_code == 404
    assert db.session.scalars(select(SignUp)).all() == []


def test_a_full_session_takes_one_more_only_with_a_reason(client: FlaskClient) -> None:
    session, consent = evening(capacity=0)
    coordinator(client, session)
    url = f"/staff/sessions/{session.id}/walk-in"
    assert "Why one more?" in post(client, url, {"name": "Inés"}).text
    post(client, f"{url}/{consent.family_member_id}")
    assert db.session.scalars(select(SignUp)).all() == []
    post(client, f"{url}/{consent.family_member_id}", {"reason": "is_at_the_door"})
    assert db.session.scalars(select(SignUp.attendance)).all() == ["arrived"]


def test_somebody_with_a_place_is_only_ticked(client: FlaskClient) -> None:
    session, consent = evening()
    mine = make_sign_up(session=session, relationship=consent.relationship)
    coordinator(client, session)
    page = post(client, f"/staff/sessions/{session.id}/walk-in", {"name": "Inés"}).text
    assert f"/people/{mine.id}/tick" in page


def test_a_single_letter_finds_nobody(client: FlaskClient) -> None:
    session, _consent = evening()
    coordinator(client, session)
    answer = post(client, f"/staff/sessions/{session.id}/walk-in", {"name": "I"})
    assert "Núñez" not in answer.text


def test_another_locations_door_is_not_there(client: FlaskClient) -> None:
    session, consent = evening()
    sign_in(client, make_staff(Role.COORDINATOR, location=make_location()).user, "staff")
    url = f"/staff/sessions/{session.id}/walk-in"
    assert client.get(url).status_code == 404
    assert post(client, f"{url}/{consent.family_member_id}").status_code == 404
