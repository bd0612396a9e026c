from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.db import db
from portal.people.models import Role, StaffMember
from portal.schedule.models import Closure
from tests.factories.people import make_care_team_member, make_client, make_episode, make_location, make_staff
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

CLOSURE = {"from_on": "2026-03-03", "to_on": "2026-03-04", "reason": "weather"}


def enter(client: FlaskClient, staff: StaffMember) -> StaffMember:
    assert staff.user
    sign_in(client, staff.user, "staff")
    return staff


def words(text: str) -> str:
    return " ".join(text.replace("\u202f", " ").split())


def test_the_tracks_show_how_many_follow_them(client):
    enrolment = make_enrolment()
    enter(client, make_staff(Role.ADMIN))
    text = words(client.get("/staff/schedule").text)
    assert enrolment.track.name in text
    assert '<td data-l="Clients today">1</td>' in text
    assert enrolment.episode.client.family_name not in text


def test_without_a_track_the_page_says_what_to_do(client):
    enter(client, make_staff(Role.ADMIN))
    assert "No track is entered yet." in client.get("/staff/schedule").text


def test_a_tracks_week_shows_its_groups(client):
    block = make_block(is_family_hour=True)
    enter(client, make_staff(Role.THERAPIST))
    text = words(client.get(f"/staff/schedule/tracks/{block.track_id}?week=2026-W11").text)
    assert text.count("Coping skills, 5:30 to 8:30 pm") == 4
    assert "Hour for families" in text


def test_an_unknown_track_is_not_there(client):
    enter(client, make_staff(Role.THERAPIST))
    assert client.get("/staff/schedule/tracks/1").status_code == 404


def test_a_clients_schedule_is_for_the_care_team_and_in_the_audit(client):
    marcus = make_client()
    episode = make_episode(client=marcus)
    track = make_track(program=episode.program)
    make_block(track=track)
    make_enrolment(episode=episode, track=track, to_on=date(2026, 4, 19))
    url = f"/staff/clients/{marcus.id}/schedule"
    dana = enter(client, make_staff(Role.THERAPIST))
    assert client.get(url).status_code == 404
    make_care_team_member(marcus, dana)
    text = words(client.get(url).text)
    assert "Week 4 of 10" in text
    assert text.count("Coping skills, 5:30 to 8:30 pm") == 4
    viewed = select(AuditEntry).where(AuditEntry.kind == "client.viewed")
    assert [entry.client_id for entry in db.session.scalars(viewed)] == [marcus.id]


def test_a_closure_is_entered_and_taken_back(client):
    location = make_location()
    enter(client, make_staff(Role.COORDINATOR, location=location))
    form = {**CLOSURE, "location": str(location.id)}
    assert "Nothing is saved yet." in post(client, "/staff/schedule/closures", form).text
    assert db.session.scalars(select(Closure)).all() == []
    answer = post(client, "/staff/schedule/closures", {**form, "step": "save"})
    assert answer.status_code == 302
    closure = db.session.scalars(select(Closure)).one()
    assert "March 3, 2026 to March 4, 2026" in words(client.get("/staff/schedule/closures").text)
    assert "Nothing is saved yet." in post(client, f"/staff/schedule/closures/{closure.id}/open").text
    assert len(db.session.scalars(select(Closure)).all()) == 1
    post(client, f"/staff/schedule/closures/{closure.id}/open", {"step": "save"})
    assert db.session.scalars(select(Closure)).all() == []


@pytest.mark.parametrize(
    "changed", [{"to_on": "2026-03-02"}, {"to_on": ""}, {"reason": "beach"}, {"location": "1"}]
)
def test_a_closure_that_cannot_be_is_refused(client, changed: dict[str, str]):
    location = make_location()
    enter(client, make_staff(Role.COORDINATOR, location=location))
    form = {**CLOSURE, "location": str(location.id), **changed}
    answer = post(client, "/staff/schedule/closures", form)
    assert "There is a problem" in answer.text
    assert db.session.scalars(select(Closure)).all() == []


def test_the_closure_of_another_location_is_not_there(client, write):
    location, elsewhere = make_location(), make_location()
    closure = Closure(location=elsewhere, from_on=date(2026, 3, 3), to_on=date(2026, 3, 3), reason="other")
    with write():
        db.session.add(closure)
    enter(client, make_staff(Role.COORDINATOR, location=location))
    assert post(client, f"/staff/schedule/closures/{closure.id}/open").status_code == 404
    assert len(db.session.scalars(select(Closure)).all()) == 1


@pytest.mark.parametrize(
    "url",
    ["/staff/schedule", "/staff/schedule/closures", "/staff/imports", "/staff/imports/new"],
)
def test_pages_are_well_formed(client, url: str):
    block = make_block()
    enter(client, make_staff(Role.COORDINATOR, location=block.track.program.location))
    check_page(client.get(url), budget=STAFF_BYTES)


@pytest.mark.parametrize(
    ("url", "role"),
    [
        ("/staff/schedule", Role.PRIVACY_OFFICER),
        ("/staff/schedule/closures", Role.THERAPIST),
        ("/staff/imports", Role.THERAPIST),
        ("/staff/imports/new", Role.PRIVACY_OFFICER),
    ],
)
def test_other_roles_find_nothing(client, url: str, role: Role):
    enter(client, make_staff(role))
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("url", ["/staff/schedule", "/staff/schedule/closures", "/staff/imports/new"])
def test_signed_out_people_are_sent_to_sign_in(client, url: str):
    assert client.get(url).location.startswith("/sign-in")
