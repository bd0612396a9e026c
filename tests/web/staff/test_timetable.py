"""Entering and changing a timetable on the staff's pages, with whom it touches shown first."""

from datetime import date, datetime, time

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.consent.rules import Scope
from portal.core.db import db
from portal.imports import importer
from portal.imports.timetables import TimetableImporter
from portal.people.models import Client, Role
from portal.schedule import queries
from portal.schedule.models import Block, BlockException, Closure, ExceptionKind, Track
from tests.conftest import NOW
from tests.factories.consent import make_signed_consent
from tests.factories.people import make_location, make_program, make_staff
from tests.factories.schedule import make_block, make_enrolment, make_track
from tests.factories.sessions import make_session
from tests.page import STAFF_BYTES, check_page
from tests.signin import post, sign_in

GROUP = {
    "name": "Process group",
    "from_on": "2026-03-05",
    "start": "09:00",
    "end": "10:30",
    "repeats": "weekly",
    "days": ["1", "3"],
}
SAVE = {"step": "save"}
ON = "20260309T1730"


@pytest.fixture
def block(client: FlaskClient) -> Block:
    """A group, Monday to Thursday at 5:30 pm, that one client follows; its coordinator is signed in."""
    enrolment = make_enrolment()
    made: Block = make_block(track=enrolment.track)
    enter(client, made.track.program.location)
    return made


def enter(client: FlaskClient, location: object) -> None:
    staff = make_staff(Role.COORDINATOR, location=location)  # type: ignore[arg-type]
    sign_in(client, staff.user, "staff")


def kinds() -> set[str]:
    return {entry.kind for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))}


def starts(track_id: int, first: date, last: date) -> list[str]:
    found = queries.occurrences(track_id=track_id, from_on=first, to_on=last)
    return [f"{each.start_at:%m-%d %H:%M}" for each in found]


def test_a_track_and_its_group_are_entered(client):
    program = make_program()
    enter(client, program.location)
    form = {"program": str(program.id), "name": "Mornings", "weeks": "8", "level_of_care": "php"}
    assert post(client, "/staff/schedule/tracks/new", form).status_code == 302
    track = db.session.scalars(select(Track)).one()
    assert (track.name, track.weeks, track.level_of_care.value) == ("Mornings", 8, "php")
    url = f"/staff/schedule/tracks/{track.id}/groups/new"
    assert "Nothing is saved yet." in post(client, url, GROUP).text
    assert db.session.scalars(select(Block)).all() == []
    for _ in range(2):  # a second press changes nothing
        assert post(client, url, {**GROUP, **SAVE}).status_code == 302
    block = db.session.scalars(select(Block)).one()
    assert (block.rrule, block.starts_on) == ("FREQ=WEEKLY;BYDAY=TU,TH", date(2026, 3, 5))
    assert {"schedule.track_added", "schedule.block_added"} <= kinds()


def test_two_tracks_of_a_program_are_not_called_the_same(client, block):
    form = {"program": str(block.track.program_id), "name": block.track.name, "weeks": "8"}
    answer = post(client, "/staff/schedule/tracks/new", {**form, "level_of_care": "iop"})
    assert answer.status_code == 409
    assert "The program has a track of this name." in answer.text


def test_going_back_keeps_what_was_typed(client, block):
    url = f"/staff/schedule/tracks/{block.track_id}/groups/new"
    look = post(client, url, GROUP).text
    for name, value in (("name", "Process group"), ("start", "09:00"), ("days", "3")):
        assert f'<input type="hidden" name="{name}" value="{value}">' in look
    again = post(client, url, {**GROUP, "step": "again"}).text
    assert 'value="Process group"' in again
    assert 'value="09:00"' in again
    assert again.count("checked") == 2


def test_a_change_shows_clients_family_and_sessions_before_it_is_saved(client, block):
    marcus = db.session.scalars(select(Client)).one()
    make_signed_consent(client=marcus, scopes={Scope.PROGRAM_TIMES})
    make_session(
        location=block.track.program.location,
        starts_at=datetime.fromisoformat("2026-03-09T22:00+00:00"),
        ends_at=datetime.fromisoformat("2026-03-09T23:00+00:00"),
    )
    url = f"/staff/schedule/groups/{block.id}/on/{ON}/cancel"
    text = " ".join(post(client, url).text.split())
    for line in ("<b>1</b> Clients", "<b>1</b> Family members", "<b>1</b> Family sessions"):
        assert line in text
    assert "1 program time changes in the calendars." in text
    assert db.session.scalars(select(BlockException)).all() == []


def test_an_occurrence_is_cancelled_and_comes_back(client, block):
    url = f"/staff/schedule/groups/{block.id}/on/{ON}"
    day = date(2026, 3, 9)
    assert post(client, url + "/cancel", SAVE).status_code == 302
    assert starts(block.track_id, day, day) == []
    assert "Cancelled times" in client.get(f"/staff/schedule/groups/{block.id}").text
    assert post(client, url + "/restore", SAVE).status_code == 302
    assert starts(block.track_id, day, day) == ["03-09 21:30"]
    assert {"schedule.occurrence_cancelled", "schedule.occurrence_restored"} <= kinds()


def test_an_occurrence_is_moved_and_moved_back_under_a_new_revision_each_time(client, block):
    url = f"/staff/schedule/groups/{block.id}/on/{ON}"
    form = {"on": "2026-03-13", "start": "10:00", "end": "11:00"}
    assert post(client, url, {**form, **SAVE}).status_code == 302
    row = db.session.scalars(select(BlockException)).one()
    assert (row.new_start, row.new_minutes, row.time_revision) == (datetime(2026, 3, 13, 10), 60, 2)
    assert post(client, url + "/restore", SAVE).status_code == 302
    row = db.session.scalars(select(BlockException)).one()
    assert (row.kind, row.new_start, row.time_revision) == (ExceptionKind.MOVED, None, 3)


def test_an_extra_time_is_added(client, block):
    url = f"/staff/schedule/groups/{block.id}/extra"
    form = {"on": "2026-03-13", "start": "10:00", "end": "11:00"}
    assert post(client, url, {**form, **SAVE}).status_code == 302
    assert starts(block.track_id, date(2026, 3, 13), date(2026, 3, 13)) == ["03-13 14:00"]
    answer = post(client, url, {**form, **SAVE})
    assert answer.status_code == 409
    assert "This group already meets at that time." in answer.text


def test_a_new_time_counts_from_its_first_day_and_not_before(client, block):
    url = f"/staff/schedule/groups/{block.id}/edit"
    form = {**GROUP, "name": block.name, "from_on": "2026-03-11", "days": ["0", "2"]}
    assert post(client, url, {**form, **SAVE}).status_code == 302
    assert starts(block.track_id, date(2026, 3, 9), date(2026, 3, 18)) == [
        "03-09 21:30",
        "03-10 21:30",
        "03-11 13:00",
        "03-16 13:00",
        "03-18 13:00",
    ]


def test_a_new_name_keeps_the_group(client, block):
    text = client.get(f"/staff/schedule/groups/{block.id}/edit").text
    assert 'value="17:30"' in text
    form = {**GROUP, "start": "17:30", "end": "20:30", "days": ["0", "1", "2", "3"]}
    assert post(client, f"/staff/schedule/groups/{block.id}/edit", {**form, **SAVE}).status_code == 302
    assert db.session.scalars(select(Block)).one().name == "Process group"


def test_a_group_ends_and_goes_on(client, block):
    url = f"/staff/schedule/groups/{block.id}"
    assert post(client, url + "/end", {"ends_on": "2026-03-09", **SAVE}).status_code == 302
    assert starts(block.track_id, date(2026, 3, 9), date(2026, 3, 11)) == ["03-09 21:30"]
    assert "This group ends on" in client.get(url).text
    assert post(client, url + "/go-on", SAVE).status_code == 302
    assert len(starts(block.track_id, date(2026, 3, 9), date(2026, 3, 11))) == 3


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"days": []}, "No day of the week is chosen."),
        ({"end": "08:00"}, "A group lasts between 1 minute and 12 hours."),
        ({"until": "2026-03-05", "days": ["0"]}, "No day falls between the start and the end."),
        ({"name": ""}, "This is empty. Fill it in."),
    ],
)
def test_a_group_that_cannot_be_is_refused_at_the_first_look(client, block, changed, sentence):
    answer = post(client, f"/staff/schedule/tracks/{block.track_id}/groups/new", {**GROUP, **changed})
    assert sentence in answer.text
    assert "Nothing is saved yet." not in answer.text


def test_a_closed_day_is_refused_for_a_moved_time(client, block, write):
    closed = Closure(
        location=block.track.program.location,
        from_on=date(2026, 3, 13),
        to_on=date(2026, 3, 13),
        reason="holiday",
    )
    with write():
        db.session.merge(closed)
    form = {"on": "2026-03-13", "start": "10:00", "end": "11:00"}
    answer = post(client, f"/staff/schedule/groups/{block.id}/on/{ON}", form)
    assert answer.status_code == 409
    assert "The location is closed on that day." in answer.text


@pytest.mark.parametrize(
    ("repeats", "rrule"),
    [
        ("second", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH"),
        ("monthly", "FREQ=MONTHLY;BYDAY=1TH"),
        ("once", "FREQ=DAILY;COUNT=1"),
    ],
)
def test_how_often_a_group_meets(client, repeats, rrule):
    track = make_track()
    enter(client, track.program.location)
    url = f"/staff/schedule/tracks/{track.id}/groups/new"
    assert post(client, url, {**GROUP, "repeats": repeats, **SAVE}).status_code == 302
    assert db.session.scalars(select(Block)).one().rrule == rrule


def test_a_rule_of_another_shape_can_stay_as_it_is(client):
    block = make_block(rrule="FREQ=DAILY;INTERVAL=3", start_time=time(9))
    enter(client, block.track.program.location)
    url = f"/staff/schedule/groups/{block.id}/edit"
    assert "As it is now" in client.get(url).text
    form = {**GROUP, "repeats": "as_it_is", "end": "11:00"}
    assert post(client, url, {**form, **SAVE}).status_code == 302
    rules = {each.rrule for each in db.session.scalars(select(Block))}
    assert rules == {"FREQ=DAILY;INTERVAL=3"}


@pytest.mark.parametrize(
    "url",
    [
        "/staff/schedule/tracks/{track}/edit",
        "/staff/schedule/tracks/{track}/groups/new",
        "/staff/schedule/groups/{block}",
        "/staff/schedule/groups/{block}/edit",
        "/staff/schedule/groups/{block}/end",
        "/staff/schedule/groups/{block}/extra",
        "/staff/schedule/groups/{block}/on/" + ON,
    ],
)
def test_the_pages_are_well_formed_and_only_for_the_locations_coordinator(client, url):
    block = make_block()
    address = url.format(track=block.track_id, block=block.id)
    assert client.get(address).location.startswith("/sign-in")
    enter(client, block.track.program.location)
    check_page(client.get(address), budget=STAFF_BYTES)
    assert client.post(address).status_code in (400, 405)  # no token, or no form
    enter(client, make_location(name="Hill Street"))
    assert client.get(address).status_code == 404
    assert post(client, address, {**GROUP, **SAVE}).status_code in (404, 405)


def test_a_timetable_goes_out_as_a_calendar_file_without_a_client(client, block):
    answer = client.get(f"/staff/schedule/tracks/{block.track_id}/timetable.ics")
    assert answer.mimetype == "text/calendar"
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH" in answer.text
    assert "Dole" not in answer.text
    report = importer.preview(TimetableImporter(now=NOW), answer.data)
    assert [row.state for row in report.rows] == ["there"]


@pytest.mark.parametrize("name", ["20260308T1730", "yesterday"])  # a Sunday
def test_a_time_that_the_group_does_not_have_is_not_there(client, block, name):
    assert client.get(f"/staff/schedule/groups/{block.id}/on/{name}").status_code == 404
    assert post(client, f"/staff/schedule/groups/{block.id}/on/{name}/cancel", SAVE).status_code == 404
