"""The task list: who sees what, taking, giving and ending."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.accounts.models import Audience
from portal.audit.models import AuditEntry
from portal.core.actor import job
from portal.core.db import db
from portal.oversight import messages, tasks
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind, TaskState
from portal.people.models import Client, Role, StaffMember
from tests.conftest import NOW
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_family_member,
    make_location,
    make_relationship,
    make_staff,
    make_user,
)
from tests.signin import post, sign_in

WORKER = job("test")


@pytest.fixture
def marcus(app: Flask) -> Client:
    return make_client(location=make_location())


@pytest.fixture
def dana(marcus: Client) -> StaffMember:
    """His therapist."""
    staff = make_staff(Role.THERAPIST, user=make_user())
    make_care_team_member(marcus, staff)
    return staff


@pytest.fixture
def task(marcus: Client, write: Callable[[], Any]) -> Task:
    with write():
        return tasks.open_task(
            TaskKind.INTERPRETER,
            subject="session:123/45",
            location_id=marcus.location_id,
            client_id=marcus.id,
            due_on=date(2026, 3, 3),
            actor=WORKER,
            now=NOW,
        )


def enter(client: FlaskClient, staff: StaffMember) -> FlaskClient:
    sign_in(client, staff.user, Audience.STAFF)
    return client


def test_an_empty_list_says_so(client: FlaskClient, dana: StaffMember) -> None:
    assert "You have nothing to do here now." in enter(client, dana).get("/staff/tasks").text


def test_a_task_of_the_caseload_is_seen_taken_and_done(
    client: FlaskClient, dana: StaffMember, task: Task
) -> None:
    page = enter(client, dana).get("/staff/tasks").text
    assert "Find an interpreter" in page
    assert "Overdue" in page
    post(client, f"/staff/tasks/{task.id}/take")
    assert "Yours" in client.get("/staff/tasks").text
    assert "You have one task" in client.get("/staff").text
    assert post(client, f"/staff/tasks/{task.id}/done").location == "/staff/tasks"
    db.session.expire_all()
    row = db.session.get_one(Task, task.id)
    assert (row.state, row.ended_by_id) == (TaskState.DONE, dana.id)
    kinds = db.session.scalars(select(AuditEntry.kind).where(AuditEntry.kind.like("task.%"))).all()
    assert sorted(kinds) == ["task.ended", "task.given", "task.opened"]


def test_a_task_goes_to_a_colleague_who_sees_it_then(
    app: Flask, client: FlaskClient, dana: StaffMember, task: Task
) -> None:
    ivy = make_staff(Role.THERAPIST, user=make_user())
    enter(client, dana)
    post(client, f"/staff/tasks/{task.id}", {"owner": str(ivy.id)})
    page = enter(app.test_client(), ivy).get("/staff/tasks").text
    assert "Find an interpreter" in page


def test_what_has_ended_is_not_given_again(
    client: FlaskClient, dana: StaffMember, task: Task, write: Callable[[], Any]
) -> None:
    with write():
        tasks.finish(db.session.get_one(Task, task.id), actor=WORKER, now=NOW)
    enter(client, dana)
    assert "It is done" not in client.get(f"/staff/tasks/{task.id}").text
    assert post(client, f"/staff/tasks/{task.id}", {"owner": str(dana.id)}).status_code == 409
    post(client, f"/staff/tasks/{task.id}/take")
    assert db.session.get_one(Task, task.id).owner_id is None


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.COORDINATOR, Role.PRIVACY_OFFICER])
def test_who_has_nothing_to_do_with_the_client_finds_no_task(
    client: FlaskClient, task: Task, role: Role
) -> None:
    enter(client, make_staff(role, location=make_location(), user=make_user()))
    assert "Find an interpreter" not in client.get("/staff/tasks").text
    assert client.get(f"/staff/tasks/{task.id}").status_code == 404
    for verb in ("take", "done"):
        assert post(client, f"/staff/tasks/{task.id}/{verb}").status_code == 404


def test_an_administrator_has_no_task_list(client: FlaskClient, task: Task) -> None:
    enter(client, make_staff(Role.ADMIN, user=make_user()))
    assert client.get("/staff/tasks").status_code == 404
    assert client.get(f"/staff/tasks/{task.id}").status_code == 404


def test_what_belongs_to_no_location_is_the_privacy_offices(
    client: FlaskClient, write: Callable[[], Any]
) -> None:
    with write():
        tasks.open_task(TaskKind.INCIDENT, subject="audit:1", actor=WORKER, now=NOW)
    enter(client, make_staff(Role.PRIVACY_OFFICER, user=make_user()))
    assert "Look into a possible incident" in client.get("/staff/tasks").text


def test_a_message_to_the_team_is_read_by_its_owner(
    client: FlaskClient, dana: StaffMember, marcus: Client, write: Callable[[], Any]
) -> None:
    elena = make_family_member()
    make_relationship(client=marcus, family_member=elena)
    with write():
        messages.tell(
            family_member=elena,
            body="He will be late on Tuesday.\n<b>Thank you</b>",
            call_back="(555) 010-0199",
            actor=WORKER,
            now=NOW,
        )
    row = db.session.scalars(select(Task)).one()
    assert row.owner_id == dana.id
    page = enter(client, dana).get(f"/staff/tasks/{row.id}").text
    assert "He will be late on Tuesday." in page
    assert "&lt;b&gt;Thank you" in page
    assert "(555) 010-0199" in page
