"""Sessions for staff: planning, moving, cancelling, the roster, and whom they may see on it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.center.models import Location
from portal.consent.models import Consent
from portal.core.db import db
from portal.mail.models import OutboundMessage
from portal.people.models import Role, StaffMember
from portal.sessions.models import FamilySession, SessionKind, SessionState, SignUp, SignUpState
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_family_member,
    make_location,
    make_staff,
)
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import post, sign_in


def coordinator(client: FlaskClient, location: Location) -> StaffMember:
    staff = make_staff(Role.COORDINATOR, location=location)
    sign_in(client, staff.user, "staff")
    return staff


def entry(location: Location, **values: Any) -> dict[str, Any]:
    return {
        "kind": "multi_family",
        "client_id": 0,
        "title_en": "Talking when it is hard",
        "title_es": "Hablar cuando es difícil",
        "on": "2026-03-10",
        "at": "18:00",
        "minutes": 90,
        "location_id": location.id,
        "held_in": "en",
        "facilitator_id": 0,
        "meeting": "in_person",
        "room": "Room 2",
        "capacity": 8,
        "cutoff_minutes": 120,
        "then": "publish",
        **values,
    }


def group(consent: Consent, **values: Any) -> FamilySession:
    return make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location, **values)


def only_session() -> FamilySession:
    return db.session.scalars(select(FamilySession)).one()


def test_a_session_is_planned_in_the_locations_own_time_and_published(client: FlaskClient) -> None:
    location = make_location()
    coordinator(client, location)
    assert client.get("/staff/sessions/new").status_code == 200
    assert post(client, "/staff/sessions/new", entry(location)).status_code == 302
    made = only_session()
    assert made.starts_at == datetime(2026, 3, 10, 22, 0, tzinfo=UTC)  # after the clocks changed
    assert (made.state, made.timezone) == (SessionState.PUBLISHED, "America/New_York")
    kinds = set(db.session.scalars(select(AuditEntry.kind)))
    assert {"session.created", "session.published"} <= kinds


def test_a_draft_stays_a_draft_until_it_is_published(client: FlaskClient) -> None:
    location = make_location()
    coordinator(client, location)
    post(client, "/staff/sessions/new", entry(location, title_es="", then="draft"))
    made = only_session()
    assert made.state is SessionState.DRAFT
    answer = post(client, f"/staff/sessions/{made.id}/publish")
    assert "The title is missing in one language" in client.get(answer.headers["Location"]).text
    post(client, f"/staff/sessions/{made.id}/edit", entry(location))
    assert only_session().state is SessionState.PUBLISHED


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"title_es": ""}, "The title is missing in one language"),
        ({"on": "2026-03-08", "at": "02:30"}, "The clocks skip this time on that day"),
        ({"on": "2026-03-03"}, "This time has passed"),
        ({"kind": "single_family"}, "An evening for a single family needs its client"),
        ({"capacity": ""}, "This is empty"),
        ({"on": "soon"}, "Not a valid date"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_written(
    client: FlaskClient, values: dict[str, Any], sentence: str
) -> None:
    location = make_location()
    coordinator(client, location)
    answer = post(client, "/staff/sessions/new", entry(location, **values))
    assert sentence in answer.text
    assert "Talking when it is hard" in answer.text
    assert not db.session.scalars(select(FamilySession)).all()


def test_moving_says_first_how_many_it_touches_then_tells_them(client: FlaskClient) -> None:
    session = make_session()
    make_sign_up(session=session)
    make_sign_up(session=session, state=SignUpState.WAITLISTED, queue_number=2)
    coordinator(client, session.location)
    assert "This touches 2 people." in client.get(f"/staff/sessions/{session.id}/move").text
    moved = {"on": "2026-03-12", "at": "18:30", "minutes": 60}
    assert post(client, f"/staff/sessions/{session.id}/move", moved).status_code == 302
    assert only_session().time_revision == 2
    assert list(db.session.scalars(select(OutboundMessage.kind))) == ["session_changed"] * 2


def test_the_same_start_with_another_length_asks_nobody_again(client: FlaskClient) -> None:
    session = make_session()
    coordinator(client, session.location)
    post(client, f"/staff/sessions/{session.id}/move", {"on": "2026-03-11", "at": "11:00", "minutes": 45})
    assert only_session().time_revision == 1
    assert only_session().ends_at == session.starts_at + timedelta(minutes=45)


def test_cancelling_shows_who_is_told_and_asks_for_a_reason(client: FlaskClient) -> None:
    session = make_session()
    mine = make_sign_up(session=session, family_member=make_family_member(given_name="Rosa"))
    coordinator(client, session.location)
    url = f"/staff/sessions/{session.id}/cancel"
    assert "Rosa D." in client.get(url).text
    assert post(client, url).status_code == 200
    assert post(client, url, {"reason": "weather"}).status_code == 302
    assert (only_session().state, only_session().cancelled_reason) == ("cancelled", "weather")
    assert db.session.get_one(SignUp, mine.id).state is SignUpState.SESSION_CANCELLED
    assert list(db.session.scalars(select(OutboundMessage.kind))) == ["session_cancelled"]


def test_attendance_is_ticked_for_all_rows_with_one_save(client: FlaskClient) -> None:
    consent = make_signed_consent()
    session = group(consent)
    mine = make_sign_up(session=session, relationship=consent.relationship)
    coordinator(client, session.location)
    page = client.get(f"/staff/sessions/{session.id}/roster").text
    assert "Elena D." in page
    assert "Marcus D." in page
    assert "Usable" in page
    post(client, f"/staff/sessions/{session.id}/roster", {f"attendance-{mine.id}": "arrived"})
    assert db.session.get_one(SignUp, mine.id).attendance == "arrived"


def test_the_roster_says_when_a_consent_is_not_usable_now(client: FlaskClient) -> None:
    consent = make_signed_consent(expires_on=(NOW - timedelta(days=1)).date(), now=NOW - timedelta(days=9))
    session = group(consent)
    make_sign_up(session=session, relationship=consent.relationship)
    coordinator(client, session.location)
    assert "Not usable now" in client.get(f"/staff/sessions/{session.id}/roster").text


def test_somebody_without_an_account_is_entered_with_the_way_of_contact(client: FlaskClient) -> None:
    consent = make_signed_consent()
    session, staff = group(consent), coordinator(client, consent.client.location)
    url = f"/staff/sessions/{session.id}/enter"
    assert "Elena Dole" in client.get(url).text
    post(client, url, {"family_member_id": consent.family_member_id, "way_of_contact": "phone"})
    made = db.session.scalars(select(SignUp)).one()
    assert (made.made_by_staff_id, made.way_of_contact, made.state) == (staff.id, "phone", "placed")
    assert made.relationship_id == consent.relationship_id


def test_nobody_without_a_usable_consent_can_be_entered(client: FlaskClient) -> None:
    consent = make_signed_consent()
    stranger = make_family_member(given_name="Nadia")
    session = group(consent)
    coordinator(client, consent.client.location)
    url = f"/staff/sessions/{session.id}/enter"
    assert "Nadia" not in client.get(url).text
    answer = post(client, url, {"family_member_id": stranger.id, "way_of_contact": "phone"})
    assert answer.status_code == 200
    assert not db.session.scalars(select(SignUp)).all()


def test_a_place_is_freed_and_given_from_the_roster(client: FlaskClient) -> None:
    session = make_session(capacity=1, cutoff_minutes=20000)  # too late to be offered by itself
    holder = make_sign_up(session=session)
    waiting = make_sign_up(session=session, state=SignUpState.WAITLISTED, queue_number=2)
    coordinator(client, session.location)
    at = f"/staff/sessions/{session.id}/people"
    answer = post(client, f"{at}/{waiting.id}/place", {"reason": "travels_far"})
    assert "No place is free" in client.get(answer.headers["Location"]).text
    post(client, f"{at}/{holder.id}/remove")
    post(client, f"{at}/{waiting.id}/place", {"reason": "travels_far"})
    assert db.session.get_one(SignUp, holder.id).state is SignUpState.GIVEN_UP
    assert db.session.get_one(SignUp, waiting.id).state is SignUpState.PLACED


def test_fewer_places_than_people_is_shown_and_nobody_dropped(client: FlaskClient) -> None:
    session = make_session(capacity=1)
    for number in (1, 2):
        make_sign_up(session=session, queue_number=number)
    coordinator(client, session.location)
    page = client.get(f"/staff/sessions/{session.id}").text
    assert "2 people have a place, and there are 1 places." in page


def test_a_therapist_sees_only_their_own_clients_families(client: FlaskClient) -> None:
    ours, theirs = make_client(), None
    mine = make_signed_consent(client=ours, family_member=make_family_member(given_name="Rosa"))
    theirs = make_signed_consent(
        client=make_client(location=ours.location), family_member=make_family_member(given_name="Nadia")
    )
    session = group(mine)
    for number, consent in enumerate((mine, theirs), 1):
        make_sign_up(session=session, relationship=consent.relationship, queue_number=number)
    staff = make_staff(Role.THERAPIST)
    make_care_team_member(ours, staff)
    sign_in(client, staff.user, "staff")
    page = client.get(f"/staff/sessions/{session.id}/roster").text
    assert "Rosa D." in page
    assert "Nadia" not in page
    assert "1 person of another team is not shown." in page


def addresses(session_id: int, sign_up_id: int) -> list[tuple[str, str]]:
    at = f"/staff/sessions/{session_id}"
    reads = ["", "/edit", "/move", "/cancel", "/roster", "/enter"]
    writes = ["/publish", f"/people/{sign_up_id}/remove", f"/people/{sign_up_id}/place"]
    both = [("POST", at + path) for path in reads[1:]]
    return [("GET", at + path) for path in reads] + both + [("POST", at + path) for path in writes]


def answers(client: FlaskClient, session_id: int, sign_up_id: int) -> set[int]:
    return {
        (client.get(url) if method == "GET" else post(client, url)).status_code
        for method, url in addresses(session_id, sign_up_id)
    }


def test_another_locations_session_is_not_there(client: FlaskClient) -> None:
    coordinator(client, make_location())
    mine = make_sign_up()
    assert answers(client, mine.session_id, mine.id) == {404}
    assert answers(client, 1, 1) == {404}
    assert "Talking when" not in client.get("/staff/sessions").text


@pytest.mark.parametrize("role", [Role.ADMIN, Role.PRIVACY_OFFICER])
def test_other_roles_have_no_session_pages(client: FlaskClient, role: Role) -> None:
    mine = make_sign_up()
    staff = make_staff(role)
    sign_in(client, staff.user, "staff")
    assert answers(client, mine.session_id, mine.id) == {404}
    assert client.get("/staff/sessions").status_code == 404
    assert client.get("/staff/sessions/new").status_code == 404


def test_signed_out_and_family_get_nowhere(client: FlaskClient) -> None:
    mine = make_sign_up()
    assert answers(client, mine.session_id, mine.id) == {302}
    member = make_family_member(user=make_staff().user)
    sign_in(client, member.user, "family")
    assert answers(client, mine.session_id, mine.id) == {404}


def test_a_button_without_its_token_does_nothing(client: FlaskClient) -> None:
    session = make_session(state="draft")
    coordinator(client, session.location)
    assert client.post(f"/staff/sessions/{session.id}/publish").status_code == 400
    assert client.get(f"/staff/sessions/{session.id}/publish").status_code == 405
    assert only_session().state is SessionState.DRAFT
