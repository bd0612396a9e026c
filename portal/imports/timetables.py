"""A center's own timetable from a CSV file or a calendar file (ICS): groups of tracks.

One row is one group on one or several days of the week. Columns: track, group, weekday,
start, end, from, weeks (how long a client usually stays on the track), until (the last day
the group meets; empty: it goes on), location, family hour (yes or no). A calendar file says
the same in its own words (`imports.calendars`), with single times that differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import ClassVar

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from portal.center.models import Location, Program
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.imports import calendars, cells, importer
from portal.imports.importer import Importer, name_cell, read_cell
from portal.imports.report import Report, RowState
from portal.imports.tables import TableRow
from portal.schedule import occurrences, recurrence, service
from portal.schedule.models import Block, Track

DEFAULT_WEEKS = 10
MAX_WEEKS = 52
MAX_EXCEPTIONS = 200


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
    exceptions: calendars.Exceptions = calendars.NONE

    @property
    def group_key(self) -> tuple[object, ...]:
        """Rows and groups that might be the same one share it."""
        return self.program.id, self.track.lower(), self.group.lower(), self.start_time


def preview(data: bytes, *, now: datetime) -> Report:
    """Compare the file with what is there. Writes nothing, raises nothing."""
    return importer.preview(TimetableImporter(now=now), data)


def apply(data: bytes, *, actor: Actor, now: datetime) -> Report:
    """Write what the preview calls new, all of it or nothing; applying twice changes nothing.

    Refused with the file's own problem, or `import_has_problems` while a row has one.
    """
    return importer.apply(lambda: TimetableImporter(now=now), data, kind="timetable", actor=actor, now=now)


class TimetableImporter(Importer):
    """Reads rows against what is there: locations, programs, tracks, and the rows before."""

    required: ClassVar[frozenset[str]] = frozenset(
        {"track", "group", "weekday", "start", "end", "from", "location"}
    )
    optional: ClassVar[frozenset[str]] = frozenset({"weeks", "until", "family hour", "program"})
    shown: ClassVar[tuple[str, ...]] = ("track", "group", "weekday", "start")

    def __init__(self, *, location_ids: frozenset[int] | None = None, now: datetime) -> None:
        super().__init__(location_ids=location_ids, now=now)
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
        self.added: dict[tuple[int, str], Track] = {}

    def rows(self, data: bytes) -> Iterable[TableRow]:
        """The rows of a table, or the recurring events of a calendar."""
        if calendars.is_calendar(data):
            return calendars.timetable_rows(data, self._zone)
        return super().rows(data)

    def _zone(self, location: str) -> str | None:
        programs = self.locations.get(location.lower(), [])
        return programs[0].location.timezone if programs else None

    def compared(self, row: TableRow) -> tuple[RowState, object, tuple[str, ...]]:
        """New, or there already. Raises Refused."""
        wanted = self._wanted(row)
        return self._state(row.number, wanted), wanted, ()

    def write(self, wanted: object, *, actor: Actor, now: datetime) -> None:
        """Add the group, its track where that is new, and the single times that differ."""
        assert isinstance(wanted, Wanted)
        block = _add(wanted, self.added, actor=actor, now=now)
        for start in wanted.exceptions.cancelled:
            occurrences.cancel_occurrence(block_id=block.id, original_start=start, actor=actor, now=now)
        for start, new_start, minutes in wanted.exceptions.moved:
            occurrences.move_occurrence(
                block_id=block.id,
                original_start=start,
                new_start=new_start,
                new_minutes=minutes,
                actor=actor,
                now=now,
            )
        for start in wanted.exceptions.extra:
            occurrences.add_occurrence(block_id=block.id, start=start, actor=actor, now=now)

    def _wanted(self, row: TableRow) -> Wanted:
        start = read_cell(row, "start", cells.clock_time, "time_not_understood")
        end = read_cell(row, "end", cells.clock_time, "time_not_understood")
        starts_on = read_cell(row, "from", cells.day, "date_not_understood")
        until = read_cell(row, "until", cells.day, "date_not_understood") if row.cells.get("until") else None
        rrule = _rule(row, until)
        first_on = recurrence.first_on(rrule, starts_on, start)
        if first_on is None:
            raise Refused("rule_without_a_day")
        return Wanted(
            program=self._program(row),
            track=name_cell(row, "track"),
            weeks=read_cell(row, "weeks", _weeks, "weeks_not_understood"),
            group=name_cell(row, "group"),
            starts_on=first_on,
            start_time=start,
            minutes=_minutes(start, end),
            rrule=rrule,
            is_family_hour=read_cell(row, "family hour", cells.yes_or_no, "yes_no_not_understood"),
            exceptions=calendars.exceptions(row),
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


def _rule(row: TableRow, until: date | None) -> str:
    """The days of the week of a table, or the rule of a calendar."""
    if "rrule" in row.cells:
        return read_cell(row, "rrule", recurrence.checked, "calendar_rule_not_understood")
    return recurrence.weekly(read_cell(row, "weekday", cells.weekdays, "weekday_not_understood"), until)


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


def _add(wanted: Wanted, tracks: dict[tuple[int, str], Track], *, actor: Actor, now: datetime) -> Block:
    key = (wanted.program.id, wanted.track.lower())
    if key not in tracks:
        tracks[key] = _track(wanted) or service.add_track(
            program=wanted.program, name=wanted.track, weeks=wanted.weeks, actor=actor, now=now
        )
    return service.add_block(
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
