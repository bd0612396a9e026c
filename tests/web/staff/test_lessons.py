"""Staff pick lessons and follow them; never an answer, never somebody else's client."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.consent import ending
from portal.consent.models import Consent
from portal.consent.rules import Scope
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.education.lesson import Fact
from portal.education.models import Assignment
from portal.people.models import Client, Role, StaffMember
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module, make_progress
from tests.factories.people import make_care_team_member, make_client, make_family_member, make_staff
from tests.signin import post, sign_in


@pytest.fixture
def therapist(app: Flask, client: FlaskClient) -> StaffMember:
    """A therapist, signed in."""
    staff = make_staff(Role.THERAPIST)
    sign_in(client, staff.user, "staff")
    return staff


@pytest.fixture
def dole(therapist: StaffMember) -> Client:
    """A client of this therapist."""
    client = make_client()
    make_care_team_member(client, therapist)
    return client


def sharing(client: Client, name: str = "Elena", **values: Any) -> Consent:
    return make_signed_consent(client=client, family_member=make_family_member(given_name=name), **values)


def form(consent: Consent, *modules: int, **values: str) -> dict[str, Any]:
    return {
        "relationships": [str(consent.relationship_id)],
        "modules": [str(module) for module in modules],
        "suggested_by_on": "",
        "note_code": "",
        **values,
    }


def assignments() -> int:
    return db.session.scalar(select(func.count(Assignment.id))) or 0


def test_a_lesson_is_looked_at_once_more_then_assigned(client: FlaskClient, dole: Client) -> None:
    consent, module = sharing(dole), make_module()
    at = f"/staff/clients/{dole.id}/lessons/new"
    sent = form(consent, module.id, suggested_by_on="2026-03-20", note_code="own_pace")
    page = post(client, at, {**sent, "review": "Review"}).text
    assert "Elena D.: A small lesson" in page
    assert "Suggested by March 20, 2026." in page
    assert assignments() == 0
    assert post(client, at, {**sent, "assign": "Assign"}).location == f"/staff/clients/{dole.id}/lessons"
    made = db.session.scalars(select(Assignment)).one()
    assert (made.module_id, made.note_code, str(made.suggested_by_on)) == (
        module.id,
        "own_pace",
        "2026-03-20",
    )
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.kind == "lesson.assigned")).one()
    assert (entry.client_id, entry.fields["assignment_id"]) == (dole.id, made.id)


def test_change_keeps_what_was_chosen(client: FlaskClient, dole: Client) -> None:
    consent, module = sharing(dole), make_module()
    sent = form(consent, module.id, suggested_by_on="2026-03-20", change="Change")
    page = post(client, f"/staff/clients/{dole.id}/lessons/new", sent).text
    assert "Assign lessons" in page
    assert page.count("checked") == 2
    assert "2026-03-20" in page


def test_a_lesson_picked_already_is_marked_and_not_repeated(client: FlaskClient, dole: Client) -> None:
    consent, module = sharing(dole), make_module()
    make_assignment(relationship=consent.relationship, module=module)
    at = f"/staff/clients/{dole.id}/lessons/new"
    assert "Already picked for: Elena D." in client.get(at).text
    page = post(client, at, form(consent, module.id, review="Review")).text
    assert "Already picked, stays as it is" in page
    post(client, at, form(consent, module.id, assign="Assign"))
    assert assignments() == 1


def test_a_double_press_assigns_once(client: FlaskClient, dole: Client) -> None:
    consent, module = sharing(dole), make_module()
    for _press in range(2):
        post(client, f"/staff/clients/{dole.id}/lessons/new", form(consent, module.id, assign="Assign"))
    assert assignments() == 1


def test_a_consent_that_ended_meanwhile_is_told_and_nothing_is_assigned(
    client: FlaskClient, dole: Client
) -> None:
    kept, ended, module = sharing(dole), sharing(dole, "Ray"), make_module()
    with writing():
        ending.revoke(consent=db.session.get_one(Consent, ended.id), actor=Actor("client", dole.id), now=NOW)
    sent = form(kept, module.id, assign="Assign")
    sent["relationships"].append(str(ended.relationship_id))
    response = post(client, f"/staff/clients/{dole.id}/lessons/new", sent)
    assert response.status_code == 409
    assert "Consent for Ray D. is no longer active. Nothing was sent to anyone." in response.text
    assert assignments() == 0


def test_who_cannot_get_lessons_is_greyed_with_the_reason(client: FlaskClient, dole: Client) -> None:
    sharing(dole, scopes={Scope.SESSIONS})
    page = client.get(f"/staff/clients/{dole.id}/lessons/new").text
    assert "Consent does not include lessons." in page
    assert "disabled" in page


@pytest.mark.parametrize(("day", "status"), [("2026-03-03", 409), ("2026-03-04", 302), ("2026-03-05", 302)])
def test_the_suggested_day_is_today_or_later(
    client: FlaskClient, dole: Client, day: str, status: int
) -> None:
    consent, module = sharing(dole), make_module()
    sent = form(consent, module.id, suggested_by_on=day, assign="Assign")
    response = post(client, f"/staff/clients/{dole.id}/lessons/new", sent)
    assert response.status_code == status
    assert ("This day has passed." in response.text) is (status == 409)
    assert assignments() == (status == 302)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"relationships": []}, "Nobody is chosen."),
        ({"modules": []}, "No lesson is chosen."),
        ({"suggested_by_on": "soon"}, "Write the day like 2026-06-20"),
    ],
)
def test_what_is_missing_is_said(
    client: FlaskClient, dole: Client, change: dict[str, Any], sentence: str
) -> None:
    consent, module = sharing(dole), make_module()
    sent = {**form(consent, module.id, review="Review"), **change}
    assert sentence in post(client, f"/staff/clients/{dole.id}/lessons/new", sent).text
    assert assignments() == 0


def test_a_relationship_of_another_client_is_no_choice(client: FlaskClient, dole: Client) -> None:
    other, module = sharing(make_client()), make_module()
    post(client, f"/staff/clients/{dole.id}/lessons/new", form(other, module.id, assign="Assign"))
    assert assignments() == 0


def test_following_shows_how_far_and_never_the_answers(client: FlaskClient, dole: Client) -> None:
    consent = sharing(dole)
    for values in ({}, {"furthest_part": 1}, {"furthest_part": 3, "finished_at": NOW}):
        module = make_module()
        make_assignment(relationship=consent.relationship, module=module)
        if values:
            make_progress(family_member=consent.family_member, module=module, **values)
    page = client.get(f"/staff/clients/{dole.id}/lessons").text
    for word in ("Not started", "Reading", "Done"):
        assert word in page
    assert "Question" not in page
    assert "%" not in page.split("<main")[1]


def test_withdrawing_keeps_progress_and_is_audited_once(client: FlaskClient, dole: Client) -> None:
    consent = sharing(dole)
    made = make_assignment(relationship=consent.relationship)
    for _press in range(2):
        post(client, f"/staff/clients/{dole.id}/lessons/{made.id}/withdraw")
    assert db.session.get_one(Assignment, made.id).closed_reason == "withdrawn"
    closed = select(func.count(AuditEntry.id)).where(AuditEntry.kind == "lesson.closed")
    assert db.session.scalar(closed) == 1


def test_an_assignment_of_another_client_is_not_withdrawn(client: FlaskClient, dole: Client) -> None:
    made = make_assignment(relationship=sharing(make_client()).relationship)
    response = post(client, f"/staff/clients/{dole.id}/lessons/{made.id}/withdraw")
    assert response.status_code == 404
    assert db.session.get_one(Assignment, made.id).closed_at is None


def test_staff_read_a_lesson_with_what_is_to_verify(client: FlaskClient, therapist: StaffMember) -> None:
    module = make_module(lesson_values={"to_verify": (Fact("A fact to look up.", "A source"),)})
    assert "Awaiting clinical review" in client.get("/staff/lessons").text
    page = client.get(f"/staff/lessons/{module.id}").text
    assert "A fact to look up." in page
    assert client.get("/staff/lessons/99").status_code == 404


PATHS = ("/staff/clients/{}/lessons", "/staff/clients/{}/lessons/new")


def test_somebody_elses_client_is_not_found(client: FlaskClient, therapist: StaffMember) -> None:
    stranger = make_client()
    for path in PATHS:
        assert client.get(path.format(stranger.id)).status_code == 404
        assert client.get(path.format(99)).status_code == 404
    assert post(client, f"/staff/clients/{stranger.id}/lessons/1/withdraw").status_code == 404


def test_a_coordinator_looks_and_does_not_assign(app: Flask, client: FlaskClient) -> None:
    somebody = make_client()
    coordinator = make_staff(Role.COORDINATOR, location=somebody.location)
    sign_in(client, coordinator.user, "staff")
    assert client.get(PATHS[0].format(somebody.id)).status_code == 200
    assert client.get(PATHS[1].format(somebody.id)).status_code == 404


def test_signed_out_leads_to_sign_in(app: Flask, client: FlaskClient) -> None:
    somebody = make_client()
    for path in PATHS:
        assert "/sign-in" in client.get(path.format(somebody.id)).location


def test_buttons_need_a_token(client: FlaskClient, dole: Client) -> None:
    made = make_assignment(relationship=sharing(dole).relationship)
    assert client.post(f"/staff/clients/{dole.id}/lessons/new").status_code == 400
    assert client.post(f"/staff/clients/{dole.id}/lessons/{made.id}/withdraw").status_code == 400
