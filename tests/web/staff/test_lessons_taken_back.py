"""A pack is taken back at once, with a way back; the week of the program; what reads best after what."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from portal.audit.models import AuditEntry
from portal.consent import ending
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db, writing
from portal.education import curriculum, order
from portal.education.models import Assignment
from portal.people.models import Role, StaffMember
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.education import make_assignment, make_module
from tests.factories.people import (
    make_care_team_member,
    make_client,
    make_episode,
    make_family_member,
    make_staff,
)
from tests.page import check_page
from tests.signin import post, sign_in


@pytest.fixture
def therapist(app: Flask, client: FlaskClient) -> StaffMember:
    staff = make_staff(Role.THERAPIST)
    sign_in(client, staff.user, "staff")
    return staff


@pytest.fixture
def consent(therapist: StaffMember) -> Consent:
    """Elena's consent, from a client of this therapist."""
    dole = make_client()
    make_care_team_member(dole, therapist)
    return make_signed_consent(client=dole, family_member=make_family_member(given_name="Elena"))


def picked(consent: Consent, *packs: str | None, **values: Any) -> list[int]:
    return [make_assignment(relationship=consent.relationship, pack_code=pack, **values).id for pack in packs]


def still_open() -> list[Assignment]:
    query = select(Assignment).where(Assignment.closed_at.is_(None)).order_by(Assignment.pack_code)
    return list(db.session.scalars(query))


def take_back(client: FlaskClient, consent: Consent, pack: str = "starter") -> str:
    data = {"relationship": consent.relationship_id, "pack": pack}
    location: str = post(client, f"/staff/clients/{consent.client_id}/lessons/packs/withdraw", data).location
    return location


def test_a_pack_is_taken_back_at_once_and_other_lessons_stay(client: FlaskClient, consent: Consent) -> None:
    picked(consent, "starter", "starter", "children", None)
    assert "Withdraw the whole pack" in client.get(f"/staff/clients/{consent.client_id}/lessons").text
    for _tap in range(2):
        take_back(client, consent)
    assert [one.pack_code for one in still_open()] in ([None, "children"], ["children", None])
    closed = select(func.count(AuditEntry.id)).where(AuditEntry.kind == "lesson.closed")
    assert db.session.scalar(closed) == 2


def test_the_way_back_picks_the_same_again_once(client: FlaskClient, consent: Consent) -> None:
    picked(consent, "starter", suggested_by_on=date(2026, 3, 20), note_code="own_pace")
    picked(consent, "starter", suggested_by_on=date(2026, 3, 1))
    response = client.get(take_back(client, consent))
    check_page(response)
    assert "2 lessons are no longer picked." in response.text
    ids = [one.id for one in db.session.scalars(select(Assignment))]
    at = f"/staff/clients/{consent.client_id}/lessons/put-back"
    for _tap in range(2):
        post(client, at, {"assignment": ids})
    again = still_open()
    assert {(one.suggested_by_on, one.note_code, one.pack_code) for one in again} == {
        (date(2026, 3, 20), "own_pace", "starter"),
        (None, None, "starter"),
    }
    assert len(again) == 2


def test_a_single_lesson_has_the_way_back_too(client: FlaskClient, consent: Consent) -> None:
    (mine,) = picked(consent, None)
    at = f"/staff/clients/{consent.client_id}/lessons"
    page = client.get(post(client, f"{at}/{mine}/withdraw").location).text
    assert "The lesson is no longer picked." in page
    post(client, f"{at}/put-back", {"assignment": mine})
    assert len(still_open()) == 1


def test_after_the_consent_has_ended_nothing_is_picked_again(client: FlaskClient, consent: Consent) -> None:
    (mine,) = picked(consent, "starter")
    take_back(client, consent)
    with writing():
        ended = db.session.get_one(Consent, consent.id)
        ending.revoke(consent=ended, actor=Actor("client", consent.client_id), now=NOW)
    post(client, f"/staff/clients/{consent.client_id}/lessons/put-back", {"assignment": mine})
    assert still_open() == []


def test_what_is_not_withdrawn_or_anothers_is_not_put_back(client: FlaskClient, consent: Consent) -> None:
    (mine,) = picked(consent, None)
    other = make_assignment(closed_at=NOW, closed_reason="withdrawn").id
    at = f"/staff/clients/{consent.client_id}/lessons/put-back"
    for ids in ([mine], [other], [mine, other], []):
        assert post(client, at, {"assignment": ids}).status_code == 404
    assert client.post(at).status_code == 400


def test_another_clients_family_keeps_its_pack(client: FlaskClient, consent: Consent) -> None:
    other = make_assignment(pack_code="starter")
    data = {"relationship": other.relationship_id, "pack": "starter"}
    at = f"/staff/clients/{consent.client_id}/lessons/packs/withdraw"
    assert post(client, at, data).status_code == 404
    assert db.session.get_one(Assignment, other.id).closed_at is None


def form(consent: Consent, module_id: int, **values: str) -> dict[str, Any]:
    return {"relationships": consent.relationship_id, "modules": module_id, "note_code": "", **values}


def test_a_single_lesson_is_suggested_by_a_week_of_the_program(client: FlaskClient, consent: Consent) -> None:
    make_episode(client=consent.client, started_on=date(2026, 2, 23))
    module, at = make_module(), f"/staff/clients/{consent.client_id}/lessons/new"
    sent = form(consent, module.id, suggested_week="3")
    assert "Suggested by March 15, 2026." in post(client, at, {**sent, "review": "Review"}).text
    post(client, at, {**sent, "assign": "Assign"})
    assert still_open()[0].suggested_by_on == date(2026, 3, 15)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"suggested_week": "1"}, "This week lies behind."),
        ({"suggested_week": "53"}, "Write the week as a number from 1 to 52"),
        ({"suggested_week": "three"}, "Write the week as a number from 1 to 52"),
        ({"suggested_week": "3", "suggested_by_on": "2026-03-20"}, "There is a day and a week."),
    ],
)
def test_a_week_that_does_not_fit_is_told(
    client: FlaskClient, consent: Consent, change: dict[str, str], sentence: str
) -> None:
    make_episode(client=consent.client, started_on=date(2026, 2, 23))
    sent = {**form(consent, make_module().id, **change), "review": "Review"}
    assert sentence in post(client, f"/staff/clients/{consent.client_id}/lessons/new", sent).text


def test_without_a_course_of_care_there_is_no_week(client: FlaskClient, consent: Consent) -> None:
    sent = form(consent, make_module().id, suggested_week="2", assign="Assign")
    page = post(client, f"/staff/clients/{consent.client_id}/lessons/new", sent)
    assert "No course of care runs for this client." in page.text
    assert still_open() == []


def test_what_reads_best_before_is_told_where_it_is_assigned(client: FlaskClient, consent: Consent) -> None:
    first = make_module(code="m03", lesson_values={"title": "On triggers"})
    second = make_module(code="m04", lesson_values={"title": "On cravings"})
    at = f"/staff/clients/{consent.client_id}/lessons/new"
    assert "Reads best after: On triggers." in client.get(at).text
    sent = {**form(consent, second.id), "review": "Review"}
    hint = "Reads best after “On triggers”, which is not picked for this person."
    assert hint in post(client, at, sent).text
    make_assignment(relationship=consent.relationship, module=first)
    assert hint not in post(client, at, sent).text
    assert "Reads best after:" in client.get(f"/staff/lessons/{second.id}").text


def test_the_order_names_lessons_of_the_curriculum_and_has_no_circle() -> None:
    codes = set(curriculum.read())
    for code, before in order.READ_BEFORE.items():
        assert {code, *before} <= codes
        assert all(one < code for one in before)
    assert "m12" not in order.READ_BEFORE
