"""What a consent leaves for people to do: a scan, a word to somebody, a review, an incident."""

import re
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal.audit import service as audit
from portal.audit.models import AuditEntry
from portal.audit.sealing import seal
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.jobs import check_the_seals
from portal.mail.models import OutboundMessage
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind, TaskState
from portal.people.models import StaffMember
from portal.workflows import client_died
from tests.conftest import NOW
from tests.factories.consent import make_pending_consent, make_signed_consent
from tests.factories.people import make_care_team_member, make_client, make_staff, make_user
from tests.signin import post, sign_in


def tasks() -> list[Task]:
    db.session.expire_all()
    return list(db.session.scalars(select(Task).order_by(Task.opened_at, Task.id)))


@pytest.fixture
def dana(client: FlaskClient) -> StaffMember:
    member: StaffMember = make_staff()
    sign_in(client, member.user, "staff")
    return member


def test_paper_without_a_scan_is_a_task_that_the_filing_ends(client: FlaskClient, dana: StaffMember) -> None:
    consent = make_pending_consent()
    make_care_team_member(consent.client, dana)
    address = f"/staff/consents/{consent.id}/paper"
    found = re.search(r'name="read_digest"[^>]*value="([0-9a-f]{64})"', client.get(address).text)
    assert found
    data = {"read_digest": found[1], "paper_signed_on": "2026-03-03", "attested": "y"}
    post(client, address, data)
    [task] = tasks()
    assert (task.kind, task.owner_id, task.client_id) == (TaskKind.SCAN, dana.id, consent.client_id)
    assert (task.due_on, task.state) == (date(2026, 3, 9), TaskState.OPEN)
    post(client, f"/staff/consents/{consent.id}/scan")
    [task] = tasks()
    assert (task.state, task.ended_by_id) == (TaskState.DONE, dana.id)


@pytest.mark.parametrize("asked", [True, False])
def test_only_who_asks_for_it_has_the_office_tell(
    app: Flask, client: FlaskClient, dana: StaffMember, asked: bool
) -> None:
    marcus = make_client(user=make_user())
    make_care_team_member(marcus, dana)
    consent = make_signed_consent(client=marcus)
    browser = app.test_client()
    sign_in(browser, marcus.user, "client")
    post(browser, f"/my/permissions/{consent.id}/stop", {"office_may_tell": "y"} if asked else {})
    found = [(task.kind, task.owner_id, task.due_on) for task in tasks()]
    assert found == ([(TaskKind.TELL, dana.id, date(2026, 3, 5))] if asked else [])
    assert db.session.scalars(select(OutboundMessage)).all() == []


def test_a_death_is_reviewed_and_one_taken_back_is_not(app: Flask) -> None:
    consent, actor = make_signed_consent(), Actor("staff", make_staff().id)
    with writing():
        client_died.record(client=consent.client, died_on=NOW.date(), actor=actor, now=NOW)
    [task] = tasks()
    assert (task.kind, task.client_id, task.location_id) == (TaskKind.REVIEW, consent.client_id, None)
    with writing():
        client_died.take_back(client=db.session.get_one(Consent, consent.id).client, actor=actor, now=NOW)
    assert [task.state for task in tasks()] == [TaskState.DROPPED]


def test_p2_15_a_break_in_the_chain_opens_one_incident(app: Flask) -> None:
    with writing():
        audit.record("client.created", actor=Actor("staff", 1), now=NOW, client_id=1)
    with writing():
        seal(NOW)
    check_the_seals()
    assert tasks() == []
    with writing():
        db.session.execute(update(AuditEntry).values(actor_id=2))
    check_the_seals()
    check_the_seals()
    answer = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert answer.exit_code == 1
    assert "an entry in it was changed. An incident is open." in answer.output
    [task] = tasks()
    assert (task.kind, task.location_id, task.state) == (TaskKind.INCIDENT, None, TaskState.OPEN)
