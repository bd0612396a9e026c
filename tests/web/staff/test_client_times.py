"""Enrolment, appointments and level of care of one client on the staff's pages."""

from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent.rules import Scope
from portal.core.db import db
from portal.disclosure import gate
from portal.people.models import Client, Episode, Role
from portal.schedule import queries
from portal.schedule.models import Appointment, CareStep, Enrolment
from portal.workflows import check_in
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_care_team_member, make_client, make_episode, make_staff
from tests.factories.schedule import make_enrolment, make_track
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

SAVE = {"step": "save"}
VISIT = {"label": "Medication visit", "on": "2026-03-06", "start": "11:00", "end": "11:30"}
WEEK = {"from_on": date(2026, 3, 2), "to_on": date(2026, 3, 8)}


@pytest.fixture
def marcus(client: FlaskClient) -> Client:
    """A client in care, whose therapist is signed in."""
    episode: Episode = make_episode()
    dana = make_staff(Role.THERAPIST)
    make_care_team_member(episode.client, dana)
    sign_in(client, dana.user, "staff")
    return episode.client


def kinds() -> list[str]:
    return [entry.kind for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_a_client_follows_a_track_for_its_weeks_and_other_days_are_entered(client, marcus):
    track = make_track(program=marcus.episodes[0].program, weeks=2)
    url = f"/staff/clients/{marcus.id}/tracks/new"
    form = {"track": str(track.id), "from_on": "2026-03-09", "to_on": ""}
    assert "Nothing is saved yet." in post(client, url, form).text
    assert db.session.scalars(select(Enrolment)).all() == []
    assert post(client, url, {**form, **SAVE}).status_code == 302
    row = db.session.scalars(select(Enrolment)).one()
    assert (row.from_on, row.to_on) == (date(2026, 3, 9), date(2026, 3, 22))
    change = f"/staff/clients/{marcus.id}/tracks/{row.id}"
    days = {"from_on": "2026-03-10", "to_on": "2026-03-31"}
    assert post(client, change, {**days, **SAVE}).status_code == 302
    assert db.session.scalars(select(Enrolment)).one().to_on == date(2026, 3, 31)
    assert post(client, change + "/take-back", SAVE).status_code == 302
    assert db.session.scalars(select(Enrolment)).all() == []
    assert kinds().count("schedule.enrolment_taken_back") == 1


def test_two_tracks_at_once_are_refused(client, marcus):
    enrolment = make_enrolment(episode=marcus.episodes[0])
    form = {"track": str(enrolment.track_id), "from_on": "2026-03-09"}
    answer = post(client, f"/staff/clients/{marcus.id}/tracks/new", form)
    assert answer.status_code == 409
    assert "The client already follows a track on these days." in answer.text


def test_an_appointment_is_entered_moved_cancelled_and_put_back(client, marcus):
    url = f"/staff/clients/{marcus.id}/appointments/new"
    assert "Nothing is saved yet." in post(client, url, VISIT).text
    assert post(client, url, {**VISIT, **SAVE}).status_code == 302
    row = db.session.scalars(select(Appointment)).one()
    one = f"/staff/clients/{marcus.id}/appointments/{row.id}"
    assert post(client, one, {**VISIT, "label": "Visit", **SAVE}).status_code == 302
    assert post(client, one, {**VISIT, "start": "10:00", **SAVE}).status_code == 302
    row = db.session.scalars(select(Appointment)).one()
    assert (row.start, row.minutes, row.time_revision) == (datetime(2026, 3, 6, 10), 90, 2)
    assert row.first_start == datetime(2026, 3, 6, 11)
    assert post(client, one + "/cancel").status_code == 302
    assert queries.client_times(client_id=marcus.id, **WEEK) == []
    assert "Put it back" in client.get(f"/staff/clients/{marcus.id}/schedule").text
    assert post(client, one + "/restore").status_code == 302
    assert len(queries.client_times(client_id=marcus.id, **WEEK)) == 1


def test_a_family_sees_a_time_without_a_name_or_nothing(client, marcus):
    post(client, f"/staff/clients/{marcus.id}/appointments/new", {**VISIT, **SAVE})
    consent = make_signed_consent(client=marcus, scopes={Scope.PROGRAM_TIMES, Scope.GROUP_NAMES})
    person = consent.relationship.family_member_id
    times, names = (
        next(iter(gate.permits(family_member_id=person, at=NOW, scope=scope)))
        for scope in (Scope.PROGRAM_TIMES, Scope.GROUP_NAMES)
    )
    (shown,) = queries.program_times(permit=times, names=names, **WEEK)
    assert (shown.name, shown.start_at.isoformat()) == ("", "2026-03-06T16:00:00+00:00")
    other = make_signed_consent(client=marcus, scopes={Scope.SESSIONS})
    assert not list(
        gate.permits(family_member_id=other.relationship.family_member_id, at=NOW, scope=Scope.PROGRAM_TIMES)
    )


def test_an_appointment_after_the_course_of_care_is_no_program_time(client, marcus, write):
    post(client, f"/staff/clients/{marcus.id}/appointments/new", {**VISIT, **SAVE})
    with write():
        db.session.get_one(Episode, marcus.episodes[0].id).ended_on = date(2026, 3, 5)
    assert queries.client_times(client_id=marcus.id, **WEEK) == []


def test_levels_of_care_over_time_and_the_question_after_a_step_down(client, marcus):
    make_signed_consent(client=marcus)
    url = f"/staff/clients/{marcus.id}/care"
    for level, day in (("php", "2026-02-09"), ("iop", "2026-03-02")):
        assert post(client, url, {"level_of_care": level, "from_on": day}).status_code == 302
    steps = db.session.scalars(select(CareStep).order_by(CareStep.from_on)).all()
    assert [step.level_of_care.value for step in steps] == ["php", "iop"]
    marcus = db.session.get_one(Client, marcus.id)
    assert check_in.due(marcus, NOW) == f"care:{steps[1].id}"
    assert check_in.due(marcus, NOW + timedelta(days=14)) != f"care:{steps[1].id}"
    assert "Intensive outpatient" in client.get(f"/staff/clients/{marcus.id}/schedule").text
    assert post(client, f"{url}/{steps[1].id}/take-back").status_code == 302
    assert check_in.due(db.session.get_one(Client, marcus.id), NOW) is None
    assert kinds().count("care.level_taken_back") == 1


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"level_of_care": "iop", "from_on": "2026-02-08"}, "This day lies before the first day of care."),
        ({"level_of_care": "outpatient", "from_on": "2026-03-02"}, "Another level is entered for that day."),
    ],
)
def test_a_level_that_cannot_be_is_refused(client, marcus, form, sentence):
    url = f"/staff/clients/{marcus.id}/care"
    post(client, url, {"level_of_care": "php", "from_on": "2026-03-02"})
    answer = post(client, url, form)
    assert answer.status_code == 409
    assert sentence in answer.text
    assert len(db.session.scalars(select(CareStep)).all()) == 1


@pytest.mark.parametrize("page", ["tracks/new", "appointments/new", "care", "tracks/{e}", "appointments/{a}"])
def test_the_pages_are_well_formed_and_only_for_the_care_team(client, marcus, page):
    post(client, f"/staff/clients/{marcus.id}/appointments/new", {**VISIT, **SAVE})
    enrolment = make_enrolment(episode=marcus.episodes[0])
    own = page.format(e=enrolment.id, a=db.session.scalars(select(Appointment.id)).one())
    check_page(client.get(f"/staff/clients/{marcus.id}/{own}"), budget=STAFF_BYTES)
    assert client.post(f"/staff/clients/{marcus.id}/{own}").status_code == 400
    stranger = make_client()
    make_episode(client=stranger)
    assert client.get(f"/staff/clients/{stranger.id}/{own}").status_code == 404
    assert post(client, f"/staff/clients/{stranger.id}/{own}", {**VISIT, **SAVE}).status_code == 404


def test_another_clients_rows_are_not_there(client, marcus):
    other = make_client()
    enrolment = make_enrolment(episode=make_episode(client=other))
    for verb in (
        "tracks/{}/take-back",
        "appointments/{}/cancel",
        "appointments/{}/restore",
        "care/{}/take-back",
    ):
        assert post(client, f"/staff/clients/{marcus.id}/{verb.format(enrolment.id)}").status_code == 404
