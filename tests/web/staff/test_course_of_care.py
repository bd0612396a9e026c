"""Discharge, return and death on the client's page: each asked twice, nothing said to the family."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.consent.models import Consent
from portal.consent.rules import Scope, State
from portal.core.db import db
from portal.mail.models import OutboundMessage
from portal.people.models import Client, Episode, EpisodeStatus, Role, StaffMember
from portal.schedule.models import Track
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_episode,
    make_family_member,
    make_staff,
    make_user,
)
from tests.factories.schedule import make_enrolment
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

TODAY = NOW.date()


@pytest.fixture
def dana(client: FlaskClient) -> StaffMember:
    member: StaffMember = make_staff(Role.THERAPIST)
    sign_in(client, member.user, "staff")
    return member


@pytest.fixture
def consent(dana: StaffMember) -> Consent:
    """Of a client of hers in a running program, for somebody with an account."""
    person = make_client(user=make_user())
    make_care_team_member(person, dana)
    make_enrolment(episode=make_episode(client=person))
    return make_signed_consent(client=person, family_member=make_family_member(user=make_user()))


def family_reads(client: FlaskClient, consent: Consent) -> str:
    browser = client.application.test_client()
    sign_in(browser, consent.family_member.user, "family")
    return browser.get("/permissions").get_data(as_text=True)


@pytest.mark.parametrize(
    ("way", "words"), [("finished", "finished the program on"), ("left", "The program ended on")]
)
def test_a_discharge_is_read_by_who_may_see_it(
    client: FlaskClient, consent: Consent, way: str, words: str
) -> None:
    address = f"/staff/clients/{consent.client_id}/discharge"
    check_page(client.get(address), budget=STAFF_BYTES, status=200)
    assert words not in family_reads(client, consent)
    post(client, address, {"ended_on": TODAY.isoformat(), "way": way})
    assert words in family_reads(client, consent)
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_a_discharge_stays_unseen_without_its_box(client: FlaskClient, consent: Consent) -> None:
    narrow = make_signed_consent(
        client=consent.client, family_member=consent.family_member, scopes={Scope.SESSIONS}
    )
    data = {"ended_on": TODAY.isoformat(), "way": "finished"}
    post(client, f"/staff/clients/{consent.client_id}/discharge", data)
    html = family_reads(client, narrow)
    assert "finished the program" not in html
    assert "program ended" not in html


def test_a_wrong_day_keeps_what_was_chosen(client: FlaskClient, consent: Consent) -> None:
    data = {"ended_on": (TODAY + timedelta(days=1)).isoformat(), "way": "left"}
    page = post(client, f"/staff/clients/{consent.client_id}/discharge", data)
    check_page(page, budget=STAFF_BYTES, status=409)
    assert "This day lies ahead." in page.get_data(as_text=True)
    assert db.session.scalars(select(Episode.status)).one() is EpisodeStatus.ACTIVE


def test_a_return_asks_the_client_again(client: FlaskClient, consent: Consent) -> None:
    data = {"ended_on": (TODAY - timedelta(days=1)).isoformat(), "way": "finished"}
    post(client, f"/staff/clients/{consent.client_id}/discharge", data)
    address = f"/staff/clients/{consent.client_id}/return"
    check_page(client.get(address), budget=STAFF_BYTES, status=200)
    track = db.session.scalars(select(Track.id)).one()
    post(client, address, {"track": str(track), "start_on": TODAY.isoformat()})
    assert "Marcus" not in family_reads(client, consent)
    assert "New episode" in client.get("/staff/consents?list=on_hold").get_data(as_text=True)
    marcus = client.application.test_client()
    sign_in(marcus, db.session.get_one(Client, consent.client_id).user, "client")
    home = marcus.get("/my/home")
    check_page(home, names=("Elena", "Marcus"), status=200)
    assert "You began a new episode" in home.get_data(as_text=True)
    check_page(marcus.get(f"/my/people/{consent.relationship_id}"), names=("Elena",), status=200)
    post(marcus, f"/my/permissions/{consent.id}/resume")
    assert "Marcus" in family_reads(client, consent)


def test_a_death_needs_the_tick_and_stops_everything(client: FlaskClient, consent: Consent) -> None:
    address = f"/staff/clients/{consent.client_id}/death"
    check_page(client.get(address), budget=STAFF_BYTES, status=200)
    post(client, address, {"died_on": TODAY.isoformat()})
    assert "Marcus" in family_reads(client, consent)
    post(client, address, {"died_on": TODAY.isoformat(), "sure": "y"})
    assert "Marcus" not in family_reads(client, consent)
    check_page(client.get(f"/staff/clients/{consent.client_id}"), budget=STAFF_BYTES, status=200)
    assert "Elena" not in client.get("/staff/consents?list=active").get_data(as_text=True)
    post(client, f"/staff/clients/{consent.client_id}/death/undo")
    assert "Marcus" in family_reads(client, consent)


@pytest.mark.parametrize("page", ["discharge", "return", "death"])
def test_other_peoples_clients_are_not_there(client: FlaskClient, dana: StaffMember, page: str) -> None:
    other = make_signed_consent()
    assert client.get(f"/staff/clients/{other.client_id}/{page}").status_code == 404
    assert post(client, f"/staff/clients/{other.client_id}/{page}").status_code == 404
    assert other.state is State.ACTIVE
