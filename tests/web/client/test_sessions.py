"""The client's own pages of a session that is planned with them."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.disclosure.models import DisclosureEntry
from portal.people.models import Client
from portal.sessions import client_part
from portal.sessions.models import FamilySession, Meeting, SessionKind
from portal.sessions.models_company import ClientPart
from tests.conftest import NOW, HeldClock
from tests.factories.people import make_client, make_user
from tests.factories.sessions import make_session
from tests.page import check_page
from tests.signin import post, sign_in

STAFF = Actor("staff", None)


def enter(client: FlaskClient) -> Client:
    marcus = make_client(user=make_user())
    sign_in(client, marcus.user, "client")
    return marcus


def asked(marcus: Client, **values: object) -> FamilySession:
    """A session of the client's family to which they are asked."""
    session = make_session(
        kind=SessionKind.SINGLE_FAMILY, location=marcus.location, client_id=marcus.id, **values
    )
    with writing():
        row = db.session.get_one(FamilySession, session.id)
        client_part.ask(session=row, client_id=marcus.id, actor=STAFF, now=NOW)
    return session


def answers() -> list[str]:
    return [each.value for each in db.session.scalars(select(ClientPart.answer))]


def test_the_first_page_asks_and_the_session_is_agreed_in_two_taps(client: FlaskClient) -> None:
    session = asked(enter(client))
    page = client.get("/my/home")
    assert "A session is planned with you" in page.text
    one = client.get(f"/my/sessions/{session.id}")
    check_page(one)
    assert "You do not need a reason." in one.text
    assert "<textarea" not in one.text
    post(client, f"/my/sessions/{session.id}/agree")
    post(client, f"/my/sessions/{session.id}/agree")
    assert answers() == ["agreed"]
    home = client.get("/my/home").text
    assert "Your next session" in home
    assert "A session is planned with you" not in home
    assert db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all() == []


def test_a_no_is_kept_from_the_family_and_can_be_taken_back(client: FlaskClient) -> None:
    session = asked(enter(client))
    answer = post(client, f"/my/sessions/{session.id}/decline")
    assert "your family is not told" in client.get(answer.location).text
    assert answers() == ["declined"]
    post(client, f"/my/sessions/{session.id}/agree")
    assert answers() == ["agreed"]


def test_the_calendar_shows_it_once_with_the_answer(client: FlaskClient) -> None:
    asked(enter(client), starts_at=NOW + timedelta(days=1))
    page = client.get("/my/calendar").text
    assert page.count("Talking when it is hard") == 1
    assert "Waits for your answer" in page


def test_the_link_is_there_near_the_start_and_only_after_a_yes(
    client: FlaskClient, held_clock: HeldClock
) -> None:
    marcus = enter(client)
    session = asked(marcus, meeting=Meeting.VIDEO, video_url="https://video.example/room")
    post(client, f"/my/sessions/{session.id}/agree")
    assert "video.example" not in client.get(f"/my/sessions/{session.id}").text
    held_clock.advance(days=7, minutes=-10)
    sign_in(client, marcus.user, "client")
    assert "video.example" in client.get(f"/my/sessions/{session.id}").text


def test_after_the_start_nothing_is_answered_any_more(client: FlaskClient, held_clock: HeldClock) -> None:
    marcus = enter(client)
    session = asked(marcus)
    held_clock.advance(days=7)
    sign_in(client, marcus.user, "client")
    assert "This session has begun." in client.get(f"/my/sessions/{session.id}").text
    post(client, f"/my/sessions/{session.id}/agree")
    assert answers() == ["asked"]


@pytest.mark.parametrize("verb", ["agree", "decline"])
def test_anothers_session_a_get_and_no_token_change_nothing(client: FlaskClient, verb: str) -> None:
    enter(client)
    other = asked(make_client())
    assert client.get(f"/my/sessions/{other.id}").status_code == 404
    assert post(client, f"/my/sessions/{other.id}/{verb}").status_code == 404
    assert client.get(f"/my/sessions/{other.id}/{verb}").status_code == 405
    assert client.post(f"/my/sessions/{other.id}/{verb}").status_code == 400
    assert answers() == ["asked"]
