"""How long somebody stays signed in: told without being made longer, and made longer by asking."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal.accounts.models import Audience, User
from tests.conftest import NOW, HeldClock
from tests.factories.people import make_client, make_family_member, make_user
from tests.signin import post, sign_in


@pytest.fixture
def elena(client: FlaskClient) -> User:
    member = make_family_member(user=make_user())
    assert member.user
    sign_in(client, member.user, Audience.FAMILY)
    return member.user


def seconds(client: FlaskClient) -> int:
    return int(client.get("/sign-in/state").get_json()["seconds"])


def test_asking_does_not_make_it_longer(client: FlaskClient, elena: User, held_clock: HeldClock) -> None:
    for minutes in (0, 10, 29):
        held_clock.at = NOW + timedelta(minutes=minutes)
        assert seconds(client) == (30 - minutes) * 60
    held_clock.at = NOW + timedelta(minutes=30)
    assert seconds(client) == 0
    assert client.get("/home").location.startswith("/sign-in")


def test_somebody_who_is_still_here_stays(client: FlaskClient, elena: User, held_clock: HeldClock) -> None:
    held_clock.at = NOW + timedelta(minutes=29)
    assert post(client, "/sign-in/stay").get_json()["seconds"] == 30 * 60
    held_clock.at = NOW + timedelta(minutes=58)
    assert client.get("/home").status_code == 200


def test_the_absolute_limit_is_not_moved(client: FlaskClient, held_clock: HeldClock) -> None:
    person = make_client(user=make_user())
    sign_in(client, person.user, Audience.CLIENT)
    for minutes in range(25, 24 * 60, 25):
        held_clock.at = NOW + timedelta(minutes=minutes)
        left = post(client, "/sign-in/stay").get_json()["seconds"]
    assert left == 24 * 3600 - minutes * 60
    held_clock.at = NOW + timedelta(hours=24)
    assert post(client, "/sign-in/stay").get_json()["seconds"] == 0


def test_nobody_signed_in_has_no_seconds_and_stays_nowhere(client: FlaskClient) -> None:
    assert seconds(client) == 0
    assert post(client, "/sign-in/stay").get_json()["seconds"] == 0
    assert client.post("/sign-in/stay").status_code == 400, "the button of another site"


def test_the_page_tells_its_script(client: FlaskClient, elena: User) -> None:
    assert 'data-seconds="1800"' in client.get("/home").text
    post(client, "/sign-out")
    assert "data-seconds" not in client.get("/sign-in").text
