"""A private session: staff tick who is invited, and nobody else can be."""

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent.models import Consent
from portal.core.db import db
from portal.mail.models import OutboundMessage
from portal.people.models import Role
from portal.sessions.models import FamilySession, SessionKind
from portal.sessions.models_company import SessionInvitation
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_family_member, make_location, make_staff
from tests.factories.sessions import make_session
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


def private(client: FlaskClient, **values) -> tuple[FamilySession, Consent]:
    consent = make_signed_consent(family_member=make_family_member(given_name="Rosa"))
    session = make_session(
        kind=SessionKind.MULTI_FAMILY, location=consent.client.location, **{"is_private": True, **values}
    )
    sign_in(client, make_staff(Role.COORDINATOR, location=session.location).user, "staff")
    return session, consent


def invited() -> list[int]:
    return list(db.session.scalars(select(SessionInvitation.family_member_id)))


def test_somebody_is_invited_and_taken_off_again_without_a_mail(client: FlaskClient) -> None:
    session, consent = private(client)
    url = f"/staff/sessions/{session.id}/guests"
    assert "Rosa Dole" in check_page(client.get(url), budget=STAFF_BYTES).one("main").text
    assert post(client, url, {"people": [consent.family_member_id]}).status_code == 302
    assert invited() == [consent.family_member_id]
    post(client, url, {"people": []})
    assert invited() == []
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_nobody_without_a_usable_consent_is_invited(client: FlaskClient) -> None:
    session, _consent = private(client)
    stranger = make_family_member(given_name="Nadia")
    answer = post(client, f"/staff/sessions/{session.id}/guests", {"people": [stranger.id]})
    assert answer.status_code == 200
    assert invited() == []


def test_an_open_session_and_another_locations_have_no_such_page(client: FlaskClient) -> None:
    session, _consent = private(client, is_private=False)
    assert client.get(f"/staff/sessions/{session.id}/guests").status_code == 404
    hidden, _consent = private(client)
    sign_in(client, make_staff(Role.COORDINATOR, location=make_location()).user, "staff")
    assert client.get(f"/staff/sessions/{hidden.id}/guests").status_code == 404
