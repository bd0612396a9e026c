"""Clients, relatives, sessions and the census from files: compared, applied, applied again."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select

import config
from portal.audit.models import AuditEntry
from portal.consent.models import Consent
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.imports import importer
from portal.imports.models import ImportKind, RecordNumber
from portal.imports.registry import IMPORTERS
from portal.imports.report import Report
from portal.imports.timetables import Wanted
from portal.mail.models import OutboxItem
from portal.oversight.models import Task
from portal.people.models import Client, Episode, FamilyMember, Relationship
from portal.schedule import queries
from portal.schedule.models import Block, Enrolment, Track
from portal.sessions.models import FamilySession, SessionState
from tests.conftest import NOW
from tests.factories.people import make_episode, make_location, make_program
from tests.factories.schedule import make_track

WHO: dict[str, Any] = {"actor": Actor("staff", 1), "now": NOW}
CLIENTS, CENSUS = ImportKind.CLIENTS, ImportKind.CENSUS
RELATIVES, SESSIONS = ImportKind.RELATIVES, ImportKind.SESSIONS
HEADER = "record number,given name,family name,birth date,location"
MARCUS = "A-1044,Marcus,Dole,1990-05-17,Water Street"


@pytest.fixture(autouse=True)
def _place(app):
    program = make_program()
    for name in ("IOP mornings", "IOP evenings"):
        make_track(program=program, name=name)


def example(name: str) -> bytes:
    return (config.ROOT / "docs" / "examples" / name).read_bytes()


def file(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def look(kind: ImportKind, data: bytes) -> Report:
    db.session.rollback()
    return importer.preview(IMPORTERS[kind](now=NOW), data)


def codes(kind: ImportKind, data: bytes) -> list[str]:
    report = look(kind, data)
    if report.problem:
        return [report.problem.code]
    return [each.problem.code if each.problem else each.state.value for each in report.rows]


@pytest.fixture
def bring(write):
    def apply(kind: ImportKind, data: bytes) -> Report:
        with write():
            return importer.apply(lambda: IMPORTERS[kind](now=NOW), data, kind=kind.value, **WHO)

    return apply


def how_many(model: Any) -> int:
    return len(db.session.scalars(select(model)).all())


def everything() -> list[int]:
    return [
        how_many(each) for each in (Client, FamilyMember, Relationship, Episode, FamilySession, AuditEntry)
    ]


@pytest.mark.parametrize(("kind", "name"), [(CLIENTS, "clients.csv"), (SESSIONS, "sessions.csv")])
def test_an_example_is_new_then_there_and_applying_twice_changes_nothing(bring, kind, name):
    before = everything()
    assert set(codes(kind, example(name))) == {"new"}
    assert everything() == before
    bring(kind, example(name))
    once = everything()
    assert once > before
    assert set(codes(kind, example(name))) == {"there"}
    bring(kind, example(name))
    assert everything() == once


def test_a_new_client_follows_the_track_and_has_no_consent_account_or_mail(bring):
    bring(CLIENTS, example("clients.csv"))
    clients = {each.given_name: each for each in db.session.scalars(select(Client))}
    assert (clients["Ana"].birth_on, clients["Ana"].language) == (date(1988, 5, 2), "es")
    assert {each.track.name for each in db.session.scalars(select(Enrolment))} == {
        "IOP evenings",
        "IOP mornings",
    }
    assert not any(each.user_id for each in clients.values())
    assert (how_many(Consent), how_many(OutboxItem), how_many(RecordNumber)) == (0, 0, 3)


def test_relatives_are_linked_and_nothing_more(bring):
    bring(CLIENTS, example("clients.csv"))
    assert codes(RELATIVES, example("relatives.csv")) == ["new", "new", "new"]
    bring(RELATIVES, example("relatives.csv"))
    assert (how_many(Relationship), how_many(Consent), how_many(OutboxItem)) == (3, 0, 0)
    assert codes(RELATIVES, example("relatives.csv")) == ["there", "there", "there"]
    bring(RELATIVES, example("relatives.csv"))
    assert how_many(FamilyMember) == 3


def test_a_session_comes_as_a_draft(bring):
    bring(SESSIONS, example("sessions.csv"))
    sessions = db.session.scalars(select(FamilySession).order_by(FamilySession.starts_at)).all()
    assert {each.state for each in sessions} == {SessionState.DRAFT}
    assert f"{sessions[0].starts_at:%Y-%m-%d %H:%M}" == "2026-09-15 22:00"


def test_a_census_names_who_is_new_changed_and_gone(bring):
    bring(CLIENTS, file(MARCUS, "A-1045,Ana,Rivas,1988-05-02,Water Street"))
    lost = make_episode(client=db.session.scalars(select(Client).where(Client.given_name == "Ana")).one())
    census = file(MARCUS.replace("Marcus", "Mark"), "A-1047,Robert,Lin,1979-11-30,Water Street")
    report = look(CENSUS, census)
    assert [(row.state.value, row.names) for row in report.rows] == [
        ("changed", ("given name",)),
        ("new", ()),
        ("gone", ()),
    ]
    bring(CENSUS, census)
    assert {each.given_name for each in db.session.scalars(select(Client))} == {"Mark", "Ana", "Robert"}
    (task,) = db.session.scalars(select(Task)).all()
    assert (task.kind.value, task.client_id) == ("census", lost.client_id)
    assert db.session.get_one(Episode, lost.id).ended_on is None
    once = everything()
    assert codes(CENSUS, census) == ["there", "there", "there"]
    bring(CENSUS, census)
    assert (how_many(Task), everything()) == (1, once)


def test_a_census_ends_a_program_whose_last_day_it_says(bring):
    header = HEADER + ",track,start,last day,ended"
    bring(CLIENTS, file(MARCUS + ",IOP evenings,2026-02-02,,", header=header))
    ended = file(MARCUS + ",IOP evenings,2026-02-02,2026-03-02,finished", header=header)
    assert [row.names for row in look(CENSUS, ended).rows] == [("last day",)]
    bring(CENSUS, ended)
    episode = db.session.scalars(select(Episode)).one()
    assert (episode.ended_on, episode.status.value) == (date(2026, 3, 2), "finished")
    assert db.session.scalars(select(Enrolment)).one().to_on == date(2026, 3, 2)
    assert codes(CENSUS, ended) == ["there"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"birth date": "17.05.1990"}, "date_not_understood"),
        ({"location": "Fire Street"}, "location_unknown"),
        ({"given name": ""}, "name_not_possible"),
        ({"email": "marcus at mail"}, "cell_not_an_address"),
        ({"language": "klingon"}, "language_not_understood"),
        ({"track": "Nights"}, "track_unknown"),
        ({"track": "IOP evenings"}, "date_not_understood"),
        ({"therapist": "nobody@center.example"}, "therapist_unknown"),
        ({"last day": "2026-03-01"}, "ending_not_understood"),
        ({"last day": "2026-04-01", "ended": "left"}, "day_ahead"),
    ],
)
def test_a_client_that_cannot_be_read_stops_the_whole_file(bring, changed, code):
    cells = dict(zip(HEADER.split(","), MARCUS.split(","), strict=True)) | changed
    data = file(",".join(cells.values()), header=",".join(cells))
    assert codes(CLIENTS, data) == [code]
    before = everything()
    with pytest.raises(Refused, match="import_has_problems"):
        bring(CLIENTS, data)
    assert everything() == before


def test_the_same_client_twice_names_the_first_row():
    report = look(CLIENTS, file(MARCUS, MARCUS.replace("A-1044", "A-9")))
    assert report.rows[1].problem
    assert (report.rows[1].problem.code, report.rows[1].problem.detail) == ("person_twice", {"row": 2})


def test_a_client_with_another_number_is_not_taken_for_the_same(bring):
    bring(CLIENTS, file(MARCUS))
    assert codes(CLIENTS, file(MARCUS.replace("A-1044", "A-9"))) == ["record_number_differs"]


def test_a_coordinator_reaches_only_their_own_locations(bring):
    hill = make_location(name="Hill Street")
    bring(CLIENTS, file(MARCUS))
    own = frozenset({hill.id})
    report = importer.preview(IMPORTERS[CLIENTS](now=NOW, location_ids=own), file(MARCUS))
    assert report.rows[0].problem
    assert report.rows[0].problem.code == "location_unknown"
    report = importer.preview(IMPORTERS[RELATIVES](now=NOW, location_ids=own), example("relatives.csv"))
    assert {row.problem.code for row in report.rows if row.problem} == {"client_unknown"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A-9,Elena,Dole,mother", "client_unknown"),
        ("A-1044,Elena,Dole,stepmother", "relationship_not_understood"),
        ("A-1044,,Dole,mother", "name_not_possible"),
    ],
)
def test_a_relative_that_cannot_be_read_is_named(bring, row, code):
    bring(CLIENTS, file(MARCUS))
    assert codes(RELATIVES, file(row, header="client number,given name,family name,relationship")) == [code]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kind": "single family"}, "session_kind_not_understood"),
        ({"places": "many"}, "places_not_understood"),
        ({"date": "2026-02-01"}, "starts_in_past"),
        ({"end": "5:00 PM"}, "ends_before_start"),
        ({"title en": "", "title es": ""}, "title_missing"),
        ({"meeting": "by letter"}, "meeting_not_understood"),
    ],
)
def test_a_session_that_cannot_be_read_is_named(changed, code):
    header, row = example("sessions.csv").decode().splitlines()[:2]
    cells = dict(zip(header.split(","), row.split(","), strict=True)) | changed
    assert codes(SESSIONS, file(",".join(cells.values()), header=header)) == [code]


def test_sessions_of_a_calendar_are_each_evening_of_its_rule(bring):
    assert codes(SESSIONS, example("sessions.ics")) == ["new"] * 4
    bring(SESSIONS, example("sessions.ics"))
    starts = sorted(each.starts_at for each in db.session.scalars(select(FamilySession)))
    assert [f"{each:%m-%d %H:%M}" for each in starts] == [
        "09-01 22:00",
        "09-15 22:00",
        "09-29 22:00",
        "10-13 22:00",
    ]
    assert codes(SESSIONS, example("sessions.ics")) == ["there"] * 4


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("FREQ=WEEKLY;INTERVAL=2", "rule_never_ends"),
        ("FREQ=DAILY;COUNT=1000", "too_many_times"),
        ("FREQ=SECONDLY;COUNT=5", "calendar_rule_not_understood"),
        ("FREQ=DAILY;COUNT=99999999999", "calendar_rule_not_understood"),
    ],
)
def test_a_rule_that_never_ends_or_explodes_is_named(rule, code):
    data = example("sessions.ics").replace(b"FREQ=WEEKLY;INTERVAL=2;COUNT=4", rule.encode())
    assert codes(SESSIONS, data) == [code]


def test_a_group_in_another_zone_is_named_and_a_single_time_is_converted():
    data = example("timetable.ics").replace(b"America/New_York", b"America/Phoenix")
    assert set(codes(ImportKind.TIMETABLE, data)) == {"event_in_other_zone"}
    event = (
        b"BEGIN:VCALENDAR\r\nX-WR-CALNAME:Once\r\nBEGIN:VEVENT\r\nSUMMARY:Picnic\r\nLOCATION:Water Street\r\n"
    )
    times = b"DTSTART:20260704T160000Z\r\nDTEND:20260704T180000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    (row,) = look(ImportKind.TIMETABLE, event + times).rows
    assert isinstance(row.wanted, Wanted)
    assert (row.state, row.wanted.start_time.isoformat()) == ("new", "12:00:00")


@pytest.mark.parametrize("kind", [SESSIONS, ImportKind.TIMETABLE])
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:", "calendar_broken"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "file_empty"),
        (b"BEGIN:VCALENDAR\r\n" + b"x" * (10 * 1024 * 1024), "file_too_large"),
    ],
)
def test_a_calendar_that_cannot_be_read_is_refused_as_a_whole(kind, data, code):
    assert codes(kind, data) == [code]


def test_a_timetable_of_a_calendar_keeps_its_single_times(bring):
    data = example("timetable.ics")
    assert codes(ImportKind.TIMETABLE, data) == ["new", "new"]
    bring(ImportKind.TIMETABLE, data)
    assert codes(ImportKind.TIMETABLE, data) == ["there", "there"]
    track = db.session.scalars(select(Track).where(Track.name == "IOP evenings")).one()
    found = queries.occurrences(track_id=track.id, from_on=date(2026, 6, 29), to_on=date(2026, 7, 3))
    starts = [f"{each.start_at:%m-%d %H:%M}" for each in found if each.name == "Coping skills"]
    assert starts == ["06-29 21:30", "06-30 21:30", "07-01 18:30", "07-01 21:30"]
    block = db.session.scalars(select(Block).where(Block.name == "Coping skills")).one()
    assert "UNTIL=20261217T235959" in block.rrule
    assert _on(track.id, date(2026, 5, 25)) == []


def _on(track_id: int, day: date) -> list[datetime]:
    return [each.start_at for each in queries.occurrences(track_id=track_id, from_on=day, to_on=day)]
