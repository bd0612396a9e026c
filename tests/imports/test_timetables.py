from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import select

import config
from portal.audit.models import AuditEntry
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.imports import timetables
from portal.schedule import queries
from portal.schedule.models import Block, Track
from tests.conftest import NOW
from tests.factories.people import make_location, make_program

EXAMPLE = (config.ROOT / "docs" / "examples" / "timetable.csv").read_bytes()
WHO: dict[str, Any] = {"actor": Actor("staff", 1), "now": NOW}
HEADER = "track,group,weekday,start,end,from,weeks,until,location,family hour"
GOOD = "Evenings,Group,Tue,17:30,20:30,2026-01-05,10,,Water Street,no"


@pytest.fixture(autouse=True)
def _place(app):
    make_program()


def file(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def row(**changed: str) -> str:
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True))
    return ",".join({**cells, **{name.replace("_", " "): text for name, text in changed.items()}}.values())


def codes(data: bytes) -> list[str]:
    report = timetables.preview(data, now=NOW)
    if report.problem:
        return [report.problem.code]
    return [each.problem.code if each.problem else each.state.value for each in report.rows]


def nothing_written() -> bool:
    db.session.rollback()
    return (
        not db.session.scalars(select(Track)).all()
        and not db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    )


def test_the_example_is_the_two_tracks(write):
    assert set(codes(EXAMPLE)) == {"new"}
    with write():
        timetables.apply(EXAMPLE, **WHO)
    tracks = {track.name: track for track in db.session.scalars(select(Track))}
    assert {name: track.weeks for name, track in tracks.items()} == {"IOP mornings": 10, "IOP evenings": 10}
    week = {"from_on": date(2026, 3, 2), "to_on": date(2026, 3, 8)}
    evenings = queries.occurrences(track_id=tracks["IOP evenings"].id, **week)
    assert len(evenings) == 8
    assert [f"{each.start_at:%d %H:%M}" for each in evenings if each.is_family_hour] == ["04 00:30"]


def test_a_preview_writes_nothing():
    timetables.preview(EXAMPLE, now=NOW)
    assert nothing_written()


def test_applying_twice_changes_nothing(write):
    for _ in range(2):
        with write():
            timetables.apply(EXAMPLE, **WHO)
    assert len(db.session.scalars(select(Block)).all()) == 5
    assert set(codes(EXAMPLE)) == {"there"}
    kinds = [entry.kind for entry in db.session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert kinds.count("timetable.imported") == 1
    assert not timetables.preview(EXAMPLE, now=NOW).may_apply


def test_a_group_begins_on_its_first_day(write):
    with write():
        timetables.apply(file(GOOD), **WHO)
    block = db.session.scalars(select(Block)).one()
    assert (block.starts_on, block.start_time, block.minutes) == (date(2026, 1, 6), time(17, 30), 180)


def test_a_spreadsheet_from_abroad_is_read_too():
    semicolons = file(GOOD).decode().replace(",", ";")
    assert codes(b"\xef\xbb\xbf" + semicolons.encode()) == ["new"]
    assert codes(file(GOOD).replace(b"\n", b"\r\n")) == ["new"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"weekday": "Tuesdag"}, "weekday_not_understood"),
        ({"start": "half past five"}, "time_not_understood"),
        ({"end": "17:00"}, "length_not_possible"),
        ({"end": "17:30"}, "length_not_possible"),
        ({"from": "05.01.2026"}, "date_not_understood"),
        ({"until": "soon"}, "date_not_understood"),
        ({"until": "2026-01-01"}, "rule_without_a_day"),
        ({"weeks": "0"}, "weeks_not_understood"),
        ({"weeks": "ten"}, "weeks_not_understood"),
        ({"location": "Fire Street"}, "location_unknown"),
        ({"family_hour": "perhaps"}, "yes_no_not_understood"),
        ({"track": ""}, "name_not_possible"),
        ({"group": "x" * 121}, "name_not_possible"),
    ],
)
def test_a_row_that_cannot_be_read_stops_the_whole_file(write, changed: dict[str, str], code: str):
    data = file(row(group="Another", start="9:00"), row(**changed))
    assert codes(data) == ["new", code]
    with pytest.raises(Refused, match="import_has_problems"), write():
        timetables.apply(data, **WHO)
    assert nothing_written()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"  \n \n", "file_empty"),
        (HEADER.encode(), "file_empty"),
        (b"\xff\xfet\x00r\x00", "file_not_utf8"),
        ("caf\xe9".encode("latin-1"), "file_not_utf8"),
        (b"track,group\n", "columns_missing"),
        (file(header=HEADER + ",color"), "columns_unknown"),
        (file(header=HEADER + ",track"), "columns_twice"),
        (file('Evenings,"Group,Tue'), "file_broken"),
        (file(GOOD + ",one,more"), "row_too_long"),
        (b"x" * (2 * 1024 * 1024 + 1), "file_too_large"),
    ],
)
def test_a_file_that_is_no_timetable_is_refused_as_a_whole(write, data: bytes, code: str):
    assert codes(data) == [code]
    with pytest.raises(Refused, match=code), write():
        timetables.apply(data, **WHO)
    assert nothing_written()


def test_ten_thousand_rows_and_no_more():
    assert codes(file(*[GOOD] * 10_001)) == ["too_many_rows"]


def test_the_same_group_twice_names_the_first_row():
    report = timetables.preview(file(row(weekday="Mon-Thu"), row(weekday="Tue")), now=NOW)
    problem = report.rows[1].problem
    assert problem is not None
    assert (problem.code, problem.detail) == ("row_twice", {"row": 2})


def test_the_same_group_in_another_season_is_another_group():
    assert codes(file(row(until="2026-05-31"), row(**{"from": "2026-06-01"}))) == ["new", "new"]


def test_a_group_that_is_there_with_another_end_is_a_problem(write):
    with write():
        timetables.apply(file(GOOD), **WHO)
    assert codes(file(row(end="19:30"))) == ["group_differs"]
    assert codes(file(row(weekday="Tue-Wed"))) == ["group_differs"]
    assert codes(file(row(weekday="Wed"))) == ["new"]


def test_a_track_has_one_length():
    assert codes(file(GOOD, row(group="Other", weeks="12"))) == ["new", "weeks_differ"]


def test_a_location_with_two_programs_asks_which():
    location = make_location(name="Hill Street")
    for name in ("IOP", "Day program"):
        make_program(location=location, name=name)
    assert codes(file(row(location="Hill Street"))) == ["program_unknown"]
    named = file(row(location="Hill Street") + ",day program", header=HEADER + ",program")
    assert codes(named) == ["new"]


def test_rows_are_numbered_as_a_spreadsheet_does():
    report = timetables.preview(file("", GOOD, "", row(weekday="no day")), now=NOW)
    assert [each.number for each in report.rows] == [3, 5]
