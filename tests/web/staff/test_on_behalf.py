"""Deciding on requests, places beyond the number, interpreter wishes, the logistics note."""

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.db import db
from portal.oversight.models import Task
from portal.people.models import Role, StaffMember
from portal.sessions.models import FamilySession, SessionKind, SignUp, SignUpEvent, SignUpState
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_family_member, make_location, make_staff
from tests.factories.sessions import make_session, make_sign_up
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in


def group(state: SignUpState, **values) -> tuple[FamilySession, SignUp]:
    consent = make_signed_consent(family_member=make_family_member(given_name="Rosa"))
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location, **values)
    return session, make_sign_up(session=session, relationship=consent.relationship, state=state)


def coordinator(client: FlaskClient, session: FamilySession) -> StaffMember:
    staff = make_staff(Role.COORDINATOR, location=session.location)
    sign_in(client, staff.user, "staff")
    return staff


def state_of(mine: SignUp) -> SignUpState:
    return db.session.get_one(SignUp, mine.id).state


def test_a_request_is_approved_on_the_roster(client: FlaskClient) -> None:
    session, mine = group(SignUpState.REQUESTED, needs_approval=True)
    coordinator(client, session)
    page = check_page(client.get(f"/staff/sessions/{session.id}/roster"), budget=STAFF_BYTES)
    assert "Requests to decide on" in page.one("main").text
    assert post(client, f"/staff/sessions/{session.id}/people/{mine.id}/approve").status_code == 302
    assert state_of(mine) is SignUpState.PLACED


def test_a_request_is_declined_with_a_reason_from_the_list(client: FlaskClient) -> None:
    session, mine = group(SignUpState.REQUESTED, needs_approval=True)
    coordinator(client, session)
    url = f"/staff/sessions/{session.id}/people/{mine.id}/decline"
    post(client, url, {"reason": "because"})
    assert state_of(mine) is SignUpState.REQUESTED
    post(client, url, {"reason": "talk_first"})
    assert state_of(mine) is SignUpState.DECLINED


def test_a_place_beyond_the_number_needs_a_reason_that_is_kept(client: FlaskClient) -> None:
    session, mine = group(SignUpState.WAITLISTED, capacity=0)
    coordinator(client, session)
    assert "Give a place beyond the number" in client.get(f"/staff/sessions/{session.id}/roster").text
    url = f"/staff/sessions/{session.id}/people/{mine.id}/beyond"
    post(client, url, {"reason": "because"})
    assert state_of(mine) is SignUpState.WAITLISTED
    post(client, url, {"reason": "room_is_larger"})
    assert state_of(mine) is SignUpState.PLACED
    assert "room_is_larger" in set(db.session.scalars(select(SignUpEvent.reason)))
    assert "session.place_beyond" in set(db.session.scalars(select(AuditEntry.kind)))


def test_an_interpreter_asked_for_by_telephone_becomes_a_task(client: FlaskClient) -> None:
    consent = make_signed_consent()
    session = make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location)
    coordinator(client, session)
    form = {"family_member_id": consent.family_member_id, "way_of_contact": "phone", "interpreter": "es"}
    assert post(client, f"/staff/sessions/{session.id}/enter", form).status_code == 302
    assert db.session.scalars(select(Task.kind)).all() == ["interpreter"]
    assert "Interpreter: Spanish" in client.get(f"/staff/sessions/{session.id}/roster").text


def test_a_note_of_five_hundred_characters_is_kept_and_one_more_is_not(client: FlaskClient) -> None:
    session = make_session()
    coordinator(client, session)
    url = f"/staff/sessions/{session.id}/note"
    assert "Seen by auditors" in check_page(client.get(url), budget=STAFF_BYTES).one("main").text
    assert "longer than 500 characters" in post(client, url, {"text": "x" * 501}).text
    assert db.session.get_one(FamilySession, session.id).logistics_note == ""
    assert post(client, url, {"text": "x" * 500}).status_code == 302
    assert len(db.session.get_one(FamilySession, session.id).logistics_note) == 500


def test_nobody_of_another_location_decides(client: FlaskClient) -> None:
    session, mine = group(SignUpState.REQUESTED)
    sign_in(client, make_staff(Role.COORDINATOR, location=make_location()).user, "staff")
    for verb in ("approve", "decline", "beyond"):
        url = f"/staff/sessions/{session.id}/people/{mine.id}/{verb}"
        assert post(client, url, {"reason": "talk_first"}).status_code == 404
    assert client.get(f"/staff/sessions/{session.id}/note").status_code == 404
    assert state_of(mine) is SignUpState.REQUESTED
