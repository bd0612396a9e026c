from datetime import UTC, datetime

from flask.testing import FlaskClient
from sqlalchemy import select

from portal.core.db import db
from portal.disclosure.models import DisclosureEntry
from portal.people.models import Client
from portal.sessions.models import SessionKind
from tests.factories.people import make_client, make_episode, make_family_member, make_user
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session
from tests.page import check_page
from tests.signin import sign_in


def enter(client: FlaskClient) -> Client:
    marcus = make_client(user=make_user())
    assert marcus.user
    sign_in(client, marcus.user, "client")
    return marcus


def page(client: FlaskClient, url: str = "/my/calendar") -> str:
    response = client.get(url)
    check_page(response)
    return " ".join(response.text.replace("\u202f", " ").split())


def test_clients_see_their_own_groups_by_name(client):
    episode = make_episode(client=enter(client))
    track = make_track(program=episode.program)
    make_block(track=track)
    make_enrolment(episode=episode, track=track)
    assert page(client).count("Coping skills, 5:30 to 8:30 pm") == 4
    assert db.session.scalars(select(DisclosureEntry).order_by(DisclosureEntry.id)).all() == []


def test_clients_see_the_sessions_for_their_own_family(client):
    marcus = enter(client)
    at = datetime(2026, 3, 5, 23, 0, tzinfo=UTC)
    kind = {"kind": SessionKind.SINGLE_FAMILY, "starts_at": at, "location": marcus.location}
    make_session(client_id=marcus.id, **kind)
    make_session(client_id=make_client().id, title_en="Another family", **kind)
    text = page(client)
    assert "Talking when it is hard, 6:00 to 7:30 pm" in text
    assert "Another family" not in text


def test_an_empty_week_says_so(client):
    enter(client)
    assert "Nothing this week." in page(client, "/my/calendar?week=2026-W20")


def test_it_is_for_clients_alone(client):
    assert client.get("/my/calendar").location.startswith("/sign-in")
    elena = make_family_member(user=make_user())
    assert elena.user
    sign_in(client, elena.user, "family")
    assert client.get("/my/calendar").status_code == 404
