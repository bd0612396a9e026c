""" "Is it still right who sees what?": in week 2 and after a step down, once each."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.consent.models import CheckIn
from portal.core.db import db
from portal.people.models import Client, LevelOfCare
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_client, make_episode, make_user
from tests.factories.schedule import make_enrolment, make_track
from tests.page import check_page
from tests.signin import post, sign_in

TODAY = NOW.date()
QUESTION = "Is it still right who sees what?"


def signed_in(client: FlaskClient, **values: Any) -> Client:
    person: Client = make_client(user=make_user(), **values)
    sign_in(client, person.user, Audience.CLIENT)
    return person


def in_week(person: Client, week: int, **values: Any):
    started = TODAY - timedelta(days=TODAY.weekday(), weeks=week - 1)
    return make_enrolment(episode=make_episode(client=person, started_on=started), from_on=started, **values)


@pytest.mark.parametrize(("week", "asks"), [(1, False), (2, True), (3, True), (4, False)])
def test_week_two_asks_and_its_neighbors_do_not(client: FlaskClient, week: int, asks: bool) -> None:
    person = signed_in(client)
    make_signed_consent(client=person)
    in_week(person, week)
    page = client.get("/my/home")
    check_page(page, names=("Elena",), status=200)
    assert (QUESTION in page.text) is asks


def test_yes_leave_it_is_remembered_and_changes_nothing(client: FlaskClient) -> None:
    person = signed_in(client)
    consent = make_signed_consent(client=person)
    episode_id = in_week(person, 2).episode_id
    for _ in range(2):
        post(client, "/my/check-in/leave", {"occasion": f"week2:{episode_id}"})
    assert QUESTION not in client.get("/my/home").text
    assert len(db.session.scalars(select(CheckIn)).all()) == 1
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "check_in.answered")).all()
    assert [(entry.client_id, entry.actor_kind) for entry in entries] == [(person.id, "client")]
    assert consent.state == "active"


def test_a_step_down_asks_again_and_a_step_up_does_not(client: FlaskClient) -> None:
    person = signed_in(client)
    make_signed_consent(client=person)
    first = in_week(person, 8, to_on=TODAY - timedelta(days=3))
    track = make_track(program=first.track.program, name="Aftercare", level_of_care=LevelOfCare.OUTPATIENT)
    second = make_enrolment(episode=first.episode, track=track, from_on=TODAY - timedelta(days=2))
    assert f"step:{second.id}" in client.get("/my/home").text
    up = make_track(program=first.track.program, name="Days", level_of_care=LevelOfCare.PHP)
    make_enrolment(episode=first.episode, track=up, from_on=TODAY)
    assert QUESTION not in client.get("/my/home").text


def test_nobody_is_asked_who_shares_nothing_or_wants_no_family_contact(client: FlaskClient) -> None:
    in_week(signed_in(client), 2)
    assert QUESTION not in client.get("/my/home").text
    person = signed_in(client, no_family_contact=True)
    make_signed_consent(client=person)
    in_week(person, 2)
    assert QUESTION not in client.get("/my/home").text


def test_an_occasion_that_does_not_wait_is_not_there(client: FlaskClient) -> None:
    person = signed_in(client)
    make_signed_consent(client=person)
    other = make_client()
    episode_id = in_week(other, 2).episode_id
    for occasion in ("", "week2:1", f"week2:{episode_id}"):
        assert post(client, "/my/check-in/leave", {"occasion": occasion}).status_code == 404
    assert db.session.scalars(select(CheckIn)).all() == []
    assert date(2026, 3, 4) == TODAY
