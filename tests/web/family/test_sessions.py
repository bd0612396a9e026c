"""The pages of family sessions: what a family member sees and does, and the hostile set."""

from datetime import timedelta
from typing import Any

import icalendar
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent import ending
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry
from portal.people.models import FamilyMember
from portal.sessions.models import FamilySession, Meeting, SessionKind, SignUp, SignUpState
from portal.workflows import session_moved
from tests.conftest import NOW, HeldClock
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_family_member, make_staff, make_user
from tests.factories.sessions import make_session, make_sign_up
from tests.signin import post, sign_in

STAFF = Actor("staff", None)


def signed_in(client: FlaskClient, **values: Any) -> FamilyMember:
    member = make_family_member(user=make_user(), timezone="America/New_York", **values)
    sign_in(client, member.user, "family")
    return member


def group(consent: Consent, **values: Any) -> FamilySession:
    return make_session(kind=SessionKind.MULTI_FAMILY, location=consent.client.location, **values)


def press(client: FlaskClient, url: str) -> str:
    """The page on which a button leads."""
    return client.get(post(client, url).headers["Location"]).text


def sign_up_of(member: FamilyMember) -> SignUp:
    return db.session.scalars(select(SignUp).where(SignUp.family_member_id == member.id)).one()


def test_the_list_shows_mine_first_and_what_is_open_to_me(client: FlaskClient) -> None:
    member = signed_in(client)
    consent = make_signed_consent(family_member=member)
    mine = group(consent, title_en="Evening with others", capacity=1)
    make_sign_up(session=mine, relationship=consent.relationship)
    make_session(title_en="Open evening")
    group(make_signed_consent(), title_en="Elsewhere")
    page = client.get("/sessions").text
    assert page.index("Evening with others") < page.index("Open to you") < page.index("Open evening")
    assert "8 places left" in page
    assert "Elsewhere" not in page


def test_a_draft_and_a_session_that_is_over_are_not_there(client: FlaskClient) -> None:
    signed_in(client)
    make_session(state="draft", title_en="Not yet")
    make_session(starts_at=NOW - timedelta(hours=2), title_en="Over")
    page = client.get("/sessions").text
    assert "No sessions are open to you yet." in page
    assert "Not yet" not in page
    assert "Over" not in page


def test_the_filter_finds_what_is_online_and_in_spanish(client: FlaskClient) -> None:
    signed_in(client)
    make_session(title_en="In a room")
    make_session(title_en="On a screen", meeting=Meeting.VIDEO, held_in="es")
    make_session(title_en="Next month", starts_at=NOW + timedelta(days=40), held_in="es")
    page = client.get("/sessions?online=yes&spanish=yes&month=yes").text
    assert "On a screen" in page
    assert "In a room" not in page
    assert "Next month" not in page


def test_the_list_shows_twelve_open_sessions_at_a_time(client: FlaskClient) -> None:
    member = signed_in(client)
    make_sign_up(session=make_session(title_en="Mine"), family_member=member)
    for number in range(14):
        make_session(
            title_en=f"Evening {number:02}", starts_at=NOW + timedelta(days=1 + number), held_in="es"
        )
    first = client.get("/sessions?spanish=yes").text
    assert first.count("Evening ") == 12
    assert '<a class="btn two" href="/sessions?page=2&amp;spanish=yes">Show more</a>' in first
    second = client.get("/sessions?page=2&spanish=yes").text
    assert [f"Evening {number}" in second for number in (11, 12, 13)] == [False, True, True]
    assert "Mine" not in second
    assert "Show earlier ones" in second
    assert "Show more" not in second
    assert client.get("/sessions?page=99999999999999999999").status_code == 200


def test_sessions_whose_sign_up_is_over_and_an_offer_that_ended(client: FlaskClient) -> None:
    member = signed_in(client)
    make_session(title_en="Too late", starts_at=NOW + timedelta(minutes=60), cutoff_minutes=60)
    make_session(title_en="Just in time", starts_at=NOW + timedelta(minutes=61), cutoff_minutes=60)
    ended = {"state": SignUpState.OFFERED, "offer_ends_at": NOW}
    make_sign_up(session=make_session(title_en="Went on"), family_member=member, **ended)
    page = client.get("/sessions").text
    assert "Too late" not in page
    assert "Just in time" in page
    assert page.index("Open to you") < page.index("Went on")
    assert "Yours" not in page


def test_a_place_is_saved_in_two_presses_and_the_second_press_is_harmless(client: FlaskClient) -> None:
    member, session = signed_in(client), make_session()
    for _press in range(2):
        answer = press(client, f"/sessions/{session.id}/place")
        assert "Your place is saved." in answer
    assert sign_up_of(member).state is SignUpState.PLACED
    assert "You have a place" in client.get(f"/sessions/{session.id}").text


def test_the_last_place_gone_a_moment_ago_is_told_with_the_waitlist_beside_it(client: FlaskClient) -> None:
    member, session = signed_in(client), make_session(capacity=1)
    make_sign_up(session=session)
    answer = press(client, f"/sessions/{session.id}/place")
    assert "Someone took the last place a moment ago. You can join the waitlist." in answer
    assert "Join the waitlist" in answer
    post(client, f"/sessions/{session.id}/waitlist")
    assert sign_up_of(member).state is SignUpState.WAITLISTED


def test_giving_up_asks_first_and_then_frees_the_place(client: FlaskClient) -> None:
    member, session = signed_in(client), make_session(capacity=1)
    make_sign_up(session=session, family_member=member)
    waiting = make_sign_up(session=session, state=SignUpState.WAITLISTED, queue_number=2)
    assert "Give up your place?" in client.get(f"/sessions/{session.id}/cancel").text
    assert sign_up_of(member).state is SignUpState.PLACED
    assert post(client, f"/sessions/{session.id}/cancel").status_code == 302
    assert sign_up_of(member).state is SignUpState.GIVEN_UP
    assert db.session.get_one(SignUp, waiting.id).state is SignUpState.OFFERED


def test_an_offer_is_taken_or_let_go_on_the_page(client: FlaskClient) -> None:
    member, session = signed_in(client), make_session(capacity=1)
    offer = {"state": SignUpState.OFFERED, "offer_ends_at": NOW + timedelta(hours=5)}
    make_sign_up(session=session, family_member=member, **offer)
    page = client.get(f"/sessions/{session.id}").text
    assert "A place is yours until Wednesday, March 4, 3:00 pm." in page
    post(client, f"/sessions/{session.id}/offer/take")
    assert sign_up_of(member).state is SignUpState.PLACED


def test_an_offer_that_ended_is_told_plainly(client: FlaskClient, held_clock: HeldClock) -> None:
    member, session = signed_in(client), make_session(capacity=1)
    offer = {"state": SignUpState.OFFERED, "offer_ends_at": NOW + timedelta(hours=5)}
    make_sign_up(session=session, family_member=member, **offer)
    sign_in(client, member.user, "family", now=held_clock.advance(hours=5))
    answer = press(client, f"/sessions/{session.id}/offer/take")
    assert "This offer has ended" in answer


def test_a_moved_session_asks_again_and_keeps_the_place(client: FlaskClient) -> None:
    member, session = signed_in(client), make_session()
    make_sign_up(session=session, family_member=member)
    later = session.starts_at + timedelta(days=1)
    with writing():
        session_moved.move(
            session_id=session.id,
            starts_at=later,
            ends_at=later + timedelta(hours=1),
            actor=STAFF,
            now=NOW,
        )
    assert "Can you still come?" in client.get(f"/sessions/{session.id}").text
    post(client, f"/sessions/{session.id}/still-coming")
    assert "Can you still come?" not in client.get(f"/sessions/{session.id}").text
    assert sign_up_of(member).confirmed_for_revision == 2


@pytest.mark.parametrize(("minutes", "there"), [(-16, False), (-15, True), (60, True), (90, False)])
def test_the_link_is_there_near_the_start_for_who_has_a_place(
    client: FlaskClient, held_clock: HeldClock, minutes: int, there: bool
) -> None:
    member = signed_in(client)
    session = make_session(meeting=Meeting.VIDEO, video_url="https://video.example/abc", dial_in="555-0199")
    make_sign_up(session=session, family_member=member)
    held_clock.at = session.starts_at + timedelta(minutes=minutes)
    sign_in(client, member.user, "family")
    page = client.get(f"/sessions/{session.id}").text
    assert ("video.example" in page) is there
    assert ("555-0199" in page) is there


def test_the_event_for_my_own_calendar_says_nothing(client: FlaskClient) -> None:
    member, session = signed_in(client), make_session(time_revision=3)
    make_sign_up(session=session, family_member=member)
    answer = client.get(f"/sessions/{session.id}/calendar.ics")
    event: Any = icalendar.Calendar.from_ical(answer.data).walk("VEVENT")[0]
    assert (event["SUMMARY"], event["CLASS"], event["SEQUENCE"]) == ("Appointment", "PRIVATE", 3)
    assert event["DTSTART"].dt == session.starts_at
    assert "Talking" not in answer.text


def test_what_a_permission_shows_is_entered_in_the_ledger_once(client: FlaskClient) -> None:
    consent = make_signed_consent(family_member=signed_in(client))
    session = group(consent)
    client.get(f"/sessions/{session.id}")
    client.get(f"/sessions/{session.id}")
    entry = db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).one()
    assert (entry.subject, entry.client_id) == (f"session:{session.id}", consent.client_id)


def test_participants_never_see_one_another(client: FlaskClient) -> None:
    member, session = signed_in(client), make_session()
    make_sign_up(session=session, family_member=make_family_member(given_name="Zebedee"))
    make_sign_up(session=session, family_member=member, queue_number=2)
    for url in ("/home", "/sessions", f"/sessions/{session.id}", f"/sessions/{session.id}/cancel"):
        assert "Zebedee" not in client.get(url).text


def addresses(session_id: int) -> list[tuple[str, str]]:
    at = f"/sessions/{session_id}"
    return [
        ("GET", at),
        ("GET", f"{at}/cancel"),
        ("GET", f"{at}/calendar.ics"),
        ("POST", f"{at}/place"),
        ("POST", f"{at}/waitlist"),
        ("POST", f"{at}/cancel"),
        ("POST", f"{at}/offer/take"),
        ("POST", f"{at}/offer/let-go"),
        ("POST", f"{at}/still-coming"),
    ]


def answers(client: FlaskClient, session_id: int) -> set[int]:
    return {
        (client.get(url) if method == "GET" else post(client, url)).status_code
        for method, url in addresses(session_id)
    }


def test_a_group_of_others_answers_like_one_that_does_not_exist(client: FlaskClient) -> None:
    signed_in(client)
    session = group(make_signed_consent())
    assert answers(client, session.id) == answers(client, 1) == {404}
    there, not_there = client.get(f"/sessions/{session.id}").text, client.get("/sessions/1").text
    assert tokenless(there.replace(str(session.id), "1")) == tokenless(not_there)


def tokenless(page: str) -> list[str]:
    """The lines that no form token makes different from one second to the next."""
    return [line for line in page.splitlines() if "token" not in line]


def test_the_moment_sharing_stops_the_session_is_gone(client: FlaskClient) -> None:
    consent = make_signed_consent(family_member=signed_in(client))
    session = group(consent)
    make_sign_up(session=session, relationship=consent.relationship)
    with writing():
        ending.revoke(consent=db.session.merge(consent), actor=STAFF, now=NOW)
    assert answers(client, session.id) == {404}
    assert "Talking when" not in client.get("/sessions").text


def test_signed_out_the_wrong_audience_and_no_token_get_nowhere(client: FlaskClient) -> None:
    session = make_session()
    assert {client.get(url).status_code for method, url in addresses(session.id) if method == "GET"} == {302}
    assert post(client, f"/sessions/{session.id}/place").status_code == 302
    staff = make_staff()
    sign_in(client, staff.user, "staff")
    assert answers(client, session.id) == {404}
    member = signed_in(client)
    assert client.post(f"/sessions/{session.id}/place").status_code == 400
    assert client.get(f"/sessions/{session.id}/place").status_code == 405
    assert not db.session.scalars(select(SignUp).where(SignUp.family_member_id == member.id)).all()
