"""Handing a caseload over, and covering for a colleague: clients, tasks and sessions move."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.core.actor import job
from portal.core.db import db
from portal.oversight import tasks
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind
from portal.people.models import CareTeamMember, Client, Role, StaffMember
from portal.sessions.models import FamilySession, SessionKind
from tests.conftest import NOW, HeldClock
from tests.factories.people import make_care_team_member, make_client, make_location, make_staff, make_user
from tests.factories.sessions import make_session
from tests.signin import post, sign_in


@pytest.fixture
def marcus(app: Flask) -> Client:
    return make_client(location=make_location())


@pytest.fixture
def dana(marcus: Client) -> StaffMember:
    staff = make_staff(Role.THERAPIST, user=make_user(), family_name="Leaving")
    make_care_team_member(marcus, staff)
    return staff


@pytest.fixture
def ivy(app: Flask) -> StaffMember:
    return make_staff(Role.THERAPIST, user=make_user(), family_name="Taking")


@pytest.fixture
def office(client: FlaskClient, marcus: Client) -> FlaskClient:
    grace = make_staff(Role.COORDINATOR, location=marcus.location, user=make_user())
    sign_in(client, grace.user, Audience.STAFF)
    return client


def data(ivy: StaffMember, *clients: Client, **more: str) -> dict[str, Any]:
    return {"taking": str(ivy.id), "clients": [str(each.id) for each in clients], "way": "for_good", **more}


def has(app: Flask, staff: StaffMember, marcus: Client) -> bool:
    browser = app.test_client()
    sign_in(browser, staff.user, Audience.STAFF)
    return browser.get(f"/staff/clients/{marcus.id}").status_code == 200


def test_nothing_moves_before_the_second_button(
    app: Flask, office: FlaskClient, dana: StaffMember, ivy: StaffMember, marcus: Client
) -> None:
    assert "Leaving" in office.get("/staff/handover").text
    page = post(office, f"/staff/handover/{dana.id}", data(ivy, marcus))
    assert "This moves" in page.text
    assert has(app, dana, marcus)
    assert not has(app, ivy, marcus)


def test_for_good_moves_clients_tasks_and_sessions_and_can_be_handed_back(
    app: Flask,
    office: FlaskClient,
    dana: StaffMember,
    ivy: StaffMember,
    marcus: Client,
    write: Callable[[], Any],
    held_clock: HeldClock,
) -> None:
    session = make_session(
        location=marcus.location, facilitator=dana, client_id=marcus.id, kind=SessionKind.SINGLE_FAMILY
    )
    with write():
        task = tasks.open_task(
            TaskKind.OTHER, subject="x:1", owner_id=dana.id, client_id=marcus.id, actor=job("test"), now=NOW
        )
    assert post(office, f"/staff/handover/{dana.id}", data(ivy, marcus, confirm="1")).status_code == 303
    db.session.expire_all()
    assert db.session.get_one(Task, task.id).owner_id == ivy.id
    assert db.session.get_one(FamilySession, session.id).facilitator_id == ivy.id
    assert (has(app, dana, marcus), has(app, ivy, marcus)) == (False, True)
    kinds = set(db.session.scalars(select(AuditEntry.kind)))
    assert {"care_team.left", "care_team.joined", "task.given", "session.changed"} <= kinds
    held_clock.advance(seconds=1)
    post(office, f"/staff/handover/{ivy.id}", data(dana, marcus, confirm="1"))
    assert (has(app, dana, marcus), has(app, ivy, marcus)) == (True, False)


def test_cover_begins_and_ends_by_itself(
    app: Flask,
    office: FlaskClient,
    dana: StaffMember,
    ivy: StaffMember,
    marcus: Client,
    held_clock: HeldClock,
) -> None:
    cover = data(ivy, marcus, confirm="1", way="for_days", from_on="2026-03-06", until_on="2026-03-07")
    for _press in range(2):
        assert post(office, f"/staff/handover/{dana.id}", cover).status_code == 303
    rows = db.session.scalars(select(CareTeamMember.id).where(CareTeamMember.staff_id == ivy.id)).all()
    assert len(rows) == 1
    seen = []
    for days in (0, 2, 3, 4):
        held_clock.at = NOW + timedelta(days=days)
        seen.append(has(app, ivy, marcus))
        assert has(app, dana, marcus)
    assert seen == [False, True, True, False]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"clients": []}, "No client is ticked."),
        ({"way": ""}, "Choose for how long."),
        ({"way": "for_days"}, "Enter the first and the last day."),
        ({"way": "for_days", "from_on": "2026-03-09", "until_on": "2026-03-06"}, "before the first"),
        ({"way": "for_days", "from_on": "2026-02-09", "until_on": "2026-03-03"}, "has passed"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_moves(
    app: Flask,
    office: FlaskClient,
    dana: StaffMember,
    ivy: StaffMember,
    marcus: Client,
    changed: dict[str, Any],
    sentence: str,
) -> None:
    answer = post(office, f"/staff/handover/{dana.id}", data(ivy, marcus, confirm="1") | changed)
    assert sentence in answer.text
    assert not has(app, ivy, marcus)


def test_another_locations_clients_are_not_on_the_list(
    office: FlaskClient, dana: StaffMember, ivy: StaffMember, app: Flask
) -> None:
    stranger = make_client(location=make_location())
    make_care_team_member(stranger, dana)
    assert str(stranger.id) not in office.get(f"/staff/handover/{dana.id}").text
    answer = post(office, f"/staff/handover/{dana.id}", data(ivy, stranger, confirm="1"))
    assert answer.status_code in (200, 409)
    assert not has(app, ivy, stranger)


def test_who_is_no_therapist_has_nothing_to_hand_over(office: FlaskClient, app: Flask) -> None:
    admin = make_staff(Role.ADMIN, user=make_user())
    assert office.get(f"/staff/handover/{admin.id}").status_code == 404
    assert office.get("/staff/handover/100000000000001").status_code == 404
