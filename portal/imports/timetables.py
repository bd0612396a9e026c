"""A center's own timetable from a CSV file: compare, then apply as a whole or not at all.

One row is one group on one or several days of the week. Columns: track, group, weekday,
start, end, from, weeks (how long a client usually stays on the track), until (the last day
the group meets; empty: it goes on), location, family hour (yes or no).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from portal.audit import service as audit
from portal.center.models import Location, Program
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.imports import cells, tables
from portal.imports.tables import TableRow
from portal.schedule import recurrence, service
from portal.schedule.models import Block, Track

REQUIRED = frozenset({"track", "group", "weekday", "start", "end", "from", "location"})
OPTIONAL = frozenset({"weeks", "until", "family hour", "program"})
DEFAULT_WEEKS = 10
MAX_WEEKS = 52
MAX_NAME = 120

Read = TypeVar("Read")


class RowState(StrEnum):
    """What a row would do."""

    NEW = "new"
    THERE = "there"
    PROBLEM = "problem"


@dataclass(frozen=True)
class Wanted:
    """One row that could be read: a group of a track."""

    program: Program
    track: str
    weeks: int
    group: str
    starts_on: date
    start_time: time
    minutes: int
    rrule: str
    is_family_hour: bool

    @property
    def group_key(self) -> tuple[object, ...]:
        """Rows and groups that might be the same one share it."""
        return self.program.id, self.track.lower(), self.group.lower(), self.start_time


@dataclass(frozen=True)
class ReportRow:
    """What becomes of one row; a problem has the refusal that says it in words."""

    number: int
    text: str
    state: RowState
    wanted: Wanted | None = None
    problem: Refused | None = None


@dataclass
class Report:
    """What a file would do, row by row. `problem` is one with the whole file."""

    rows: list[ReportRow] = field(default_factory=list)
    problem: Refused | None = None

    def count(self, state: str) -> int:
        """How many rows are in a state."""
        return sum(row.state == state for row in self.rows)

    @property
    def may_apply(self) -> bool:
        """Nothing is in the way, and something would change."""
        return self.problem is None and not self.count(RowState.PROBLEM) and self.count(RowState.NEW) > 0


def preview(data: bytes) -> Report:
    """Compare the file with what is there. Writes nothing, raises nothing."""
    try:
        rows = tables.read(data, required=REQUIRED, optional=OPTIONAL)
        if not rows:
            raise Refused("file_empty", field="file")
    except Refused as refused:
        return Report(problem=refused)
    reader = _Reader()
    return Report([reader.report(row) for row in rows])


def apply(data: bytes, *, actor: Actor, now: datetime) -> Report:
    """Write what the preview calls new, all of it or nothing; applying twice changes nothing.

    Refused with the file's own problem, or `import_has_problems` while a row has one.
    """
    # Two people who apply at once take turns, so the second finds everything there.
    db.session.execute(select(Program.id).order_by(Program.id).with_for_update())
    report = preview(data)
    if report.problem:
        raise report.problem
    if report.count(RowState.PROBLEM):
        raise Refused("import_has_problems", field="file", rows=report.count(RowState.PROBLEM))
    new = [row.wanted for row in report.rows if row.state is RowState.NEW and row.wanted]
    tracks: dict[tuple[int, str], Track] = {}
    for wanted in new:
        _add(wanted, tracks, actor=actor, now=now)
    if new:
        audit.record("timetable.imported", actor=actor, now=now, rows=len(report.rows), added=len(new))
    return report


class _Reader:
    """Reads rows against what is there: locations, programs, tracks, and the rows before."""

    def __init__(self) -> None:
        self.locations: dict[str, list[Program]] = {}
        for location in db.session.scalars(select(Location)):
            self.locations.setdefault(location.name.strip().lower(), [])
        for program in db.session.scalars(select(Program).options(joinedload(Program.location))):
            self.locations[program.location.name.strip().lower()].append(program)
        self.tracks = {
            (track.program_id, track.name.lower()): track
            for track in db.session.scalars(select(Track).options(selectinload(Track.blocks)))
        }
        self.groups: dict[tuple[object, ...], list[Block]] = {}
        for (program_id, name), track in self.tracks.items():
            for block in track.blocks:
                key = (program_id, name, block.name.lower(), block.start_time)
                self.groups.setdefault(key, []).append(block)
        self.seen: dict[tuple[object, ...], list[tuple[int, Wanted]]] = {}
        self.weeks: dict[tuple[int, str], int] = {}

    def report(self, row: TableRow) -> ReportRow:
        """What becomes of a row; a problem of one does not hide those of the others."""
        text = ", ".join(row.cells.get(name, "") for name in ("track", "group", "weekday", "start"))
        try:
            wanted = self._wanted(row)
            state = self._state(row.number, wanted)
        except Refused as refused:
            return ReportRow(row.number, text, RowState.PROBLEM, problem=refused)
        return ReportRow(row.number, text, state, wanted)

    def _wanted(self, row: TableRow) -> Wanted:
        start = _read(row, "start", cells.clock_time, "time_not_understood")
        end = _read(row, "end", cells.clock_time, "time_not_understood")
        starts_on = _read(row, "from", cells.day, "date_not_understood")
        until = _read(row, "until", cells.day, "date_not_understood") if row.cells.get("until") else None
        days = _read(row, "weekday", cells.weekdays, "weekday_not_understood")
        rrule = recurrence.weekly(days, until)
        first_on = recurrence.first_on(rrule, starts_on, start)
        if first_on is None:
            raise Refused("rule_without_a_day")
        return Wanted(
            program=self._program(row),
            track=_name(row, "track"),
            weeks=_read(row, "weeks", _weeks, "weeks_not_understood"),
            group=_name(row, "group"),
            starts_on=first_on,
            start_time=start,
            minutes=_minutes(start, end),
            rrule=rrule,
            is_family_hour=_read(row, "family hour", cells.yes_or_no, "yes_no_not_understood"),
        )

    def _program(self, row: TableRow) -> Program:
        programs = self.locations.get(row.cells["location"].lower())
        if programs is None:
            raise Refused("location_unknown", name=row.cells["location"])
        name = row.cells.get("program", "").lower()
        fitting = [program for program in programs if not name or program.name.lower() == name]
        if len(fitting) != 1:
            raise Refused("program_unknown", name=row.cells["location"])
        return fitting[0]

    def _state(self, number: int, wanted: Wanted) -> RowState:
        for row, other in self.seen.setdefault(wanted.group_key, []):
            if _meet(wanted, other.rrule, other.starts_on):
                raise Refused("row_twice", row=row)
        self.seen[wanted.group_key].append((number, wanted))
        key = (wanted.program.id, wanted.track.lower())
        track = self.tracks.get(key)
        if self.weeks.setdefault(key, track.weeks if track else wanted.weeks) != wanted.weeks:
            raise Refused("weeks_differ", weeks=self.weeks[key])
        known = self.groups.get(wanted.group_key, [])
        if any(_same(block, wanted) for block in known):
            return RowState.THERE
        if any(_meet(wanted, block.rrule, block.starts_on) for block in known):
            raise Refused("group_differs")
        return RowState.NEW


def _meet(wanted: Wanted, rrule: str, starts_on: date) -> bool:
    """Whether two rules of the same group share a day of the week within their dates."""
    last, other_last = recurrence.until_of(wanted.rrule), recurrence.until_of(rrule)
    apart = (last is not None and last < starts_on) or (
        other_last is not None and other_last < wanted.starts_on
    )
    return not apart and bool(recurrence.days_of(wanted.rrule) & recurrence.days_of(rrule))


def _same(block: Block, wanted: Wanted) -> bool:
    return (block.starts_on, block.minutes, block.rrule, block.is_family_hour) == (
        wanted.starts_on,
        wanted.minutes,
        wanted.rrule,
        wanted.is_family_hour,
    )


def _read(row: TableRow, column: str, reader: Callable[[str], Read], code: str) -> Read:
    text = row.cells.get(column, "")
    try:
        return reader(text)
    except ValueError as error:
        raise Refused(code, column=column, text=text[:40]) from error


def _name(row: TableRow, column: str) -> str:
    name = " ".join(row.cells[column].split())
    if not 1 <= len(name) <= MAX_NAME:
        raise Refused("name_not_possible", column=column, most=MAX_NAME)
    return name


def _weeks(text: str) -> int:
    weeks = int(text) if text else DEFAULT_WEEKS
    if not 1 <= weeks <= MAX_WEEKS:
        raise ValueError(text)
    return weeks


def _minutes(start: time, end: time) -> int:
    """A group ends on the day it starts."""
    minutes = (end.hour - start.hour) * 60 + end.minute - start.minute
    if not 1 <= minutes <= service.MAX_MINUTES:
        raise Refused("length_not_possible")
    return minutes


def _add(wanted: Wanted, tracks: dict[tuple[int, str], Track], *, actor: Actor, now: datetime) -> None:
    key = (wanted.program.id, wanted.track.lower())
    if key not in tracks:
        tracks[key] = _track(wanted) or service.add_track(
            program=wanted.program, name=wanted.track, weeks=wanted.weeks, actor=actor, now=now
        )
    service.add_block(
        track=tracks[key],
        name=wanted.group,
        starts_on=wanted.starts_on,
        start_time=wanted.start_time,
        minutes=wanted.minutes,
        rrule=wanted.rrule,
        is_family_hour=wanted.is_family_hour,
        actor=actor,
        now=now,
    )


def _track(wanted: Wanted) -> Track | None:
    known = db.session.scalars(select(Track).where(Track.program_id == wanted.program.id))
    return next((track for track in known if track.name.lower() == wanted.track.lower()), None)
