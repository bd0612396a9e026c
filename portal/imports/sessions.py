"""Family sessions from a table or a calendar file (ICS). They come as drafts; staff publish them.

Columns: location, kind (multi-family, education evening or open house), date, start, end,
places; title en and title es, at least one; and, where they are known: language, room,
meeting (in person, video, both). A single family's session is planned by hand, since it
names a client. In a calendar, the first category is the kind and the summary the title.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from icalendar import Event
from sqlalchemy import select

from portal.center.models import Location
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.imports import calendars, cells
from portal.imports.clients import language
from portal.imports.importer import Importer, read_cell
from portal.imports.report import RowState
from portal.imports.tables import TableRow
from portal.schedule import recurrence, rules
from portal.sessions import planning
from portal.sessions.models import FamilySession, Meeting, SessionKind, SessionState
from portal.sessions.planning import Plan

KINDS = {
    "multi family": SessionKind.MULTI_FAMILY,
    "education evening": SessionKind.EDUCATION_EVENING,
    "open house": SessionKind.OPEN_HOUSE,
}
MEETINGS = {
    "": Meeting.IN_PERSON,
    "in person": Meeting.IN_PERSON,
    "video": Meeting.VIDEO,
    "both": Meeting.BOTH,
}
AHEAD = timedelta(days=400)
USUAL_PLACES = 12
"""Where a calendar does not say it (X-PLACES)."""
MAX_TIMES = 200
"""How many evenings one rule of a calendar may make."""


@dataclass(frozen=True)
class Wanted:
    """One session that could be read."""

    location_id: int
    zone: str
    plan: Plan
    starts_at: datetime
    ends_at: datetime

    @property
    def key(self) -> tuple[object, ...]:
        """One evening of this title at one time and place."""
        title = (self.plan.title_en or self.plan.title_es).lower()
        return self.location_id, self.starts_at, title


class SessionImporter(Importer):
    """Sessions that are not planned yet."""

    required: ClassVar[frozenset[str]] = frozenset({"location", "kind", "date", "start", "end", "places"})
    optional: ClassVar[frozenset[str]] = frozenset({"title en", "title es", "language", "room", "meeting"})
    shown: ClassVar[tuple[str, ...]] = ("date", "start", "title en", "title es", "location")

    def __init__(self, *, location_ids: frozenset[int] | None = None, now: datetime) -> None:
        super().__init__(location_ids=location_ids, now=now)
        self.locations = {
            each.name.strip().lower(): each
            for each in db.session.scalars(select(Location))
            if location_ids is None or each.id in location_ids
        }
        self.there = _planned(now)
        self.seen: dict[tuple[object, ...], int] = {}

    def rows(self, data: bytes) -> Iterable[TableRow]:
        """The rows of a table, or each evening of a calendar."""
        if calendars.is_calendar(data):
            return _calendar_rows(data, self.now, self.locations)
        return super().rows(data)

    def compared(self, row: TableRow) -> tuple[RowState, object, tuple[str, ...]]:
        """New, or there already. Raises Refused."""
        wanted = self._wanted(row)
        if wanted.key in self.seen:
            raise Refused("session_twice", row=self.seen[wanted.key])
        self.seen[wanted.key] = row.number
        if wanted.key in self.there:
            return RowState.THERE, wanted, ()
        if wanted.starts_at <= self.now:
            raise Refused("starts_in_past")
        return RowState.NEW, wanted, ()

    def write(self, wanted: object, *, actor: Actor, now: datetime) -> None:
        """Plan it as a draft."""
        assert isinstance(wanted, Wanted)
        planning.create(
            location_id=wanted.location_id,
            timezone=wanted.zone,
            plan=wanted.plan,
            starts_at=wanted.starts_at,
            ends_at=wanted.ends_at,
            actor=actor,
            now=now,
        )

    def _wanted(self, row: TableRow) -> Wanted:
        location = self.locations.get(row.cells["location"].lower())
        if location is None:
            raise Refused("location_unknown", name=row.cells["location"][:60])
        on = read_cell(row, "date", cells.day, "date_not_understood")
        start = read_cell(row, "start", cells.clock_time, "time_not_understood")
        end = read_cell(row, "end", cells.clock_time, "time_not_understood")
        local, until = datetime.combine(on, start), datetime.combine(on, end)
        if until <= local:
            raise Refused("ends_before_start")
        starts_at = rules.instant(local, location.timezone)
        return Wanted(
            location_id=location.id,
            zone=location.timezone,
            plan=_plan(row),
            starts_at=starts_at,
            ends_at=starts_at + (until - local),
        )


def _plan(row: TableRow) -> Plan:
    title_en, title_es = row.cells.get("title en", "")[:120], row.cells.get("title es", "")[:120]
    if not title_en and not title_es:
        raise Refused("title_missing")
    return Plan(
        kind=read_cell(row, "kind", _kind, "session_kind_not_understood"),
        title_en=title_en,
        title_es=title_es,
        capacity=read_cell(row, "places", _places, "places_not_understood"),
        meeting=read_cell(row, "meeting", _meeting, "meeting_not_understood"),
        room=row.cells.get("room", "")[:120],
        held_in=read_cell(row, "language", language, "language_not_understood") or "en",
    )


def _kind(text: str) -> SessionKind:
    plain = " ".join(text.lower().replace("-", " ").replace("_", " ").split())
    if plain not in KINDS:
        raise ValueError(text)
    return KINDS[plain]


def _meeting(text: str) -> Meeting:
    plain = " ".join(text.lower().replace("_", " ").split())
    if plain not in MEETINGS:
        raise ValueError(text)
    return MEETINGS[plain]


def _places(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text[:6]) <= 500:
        raise ValueError(text)
    return int(text)


def _planned(now: datetime) -> set[tuple[object, ...]]:
    rows = db.session.execute(
        select(
            FamilySession.location_id, FamilySession.starts_at, FamilySession.title_en, FamilySession.title_es
        ).where(FamilySession.state != SessionState.CANCELLED)
    )
    return {(place, starts_at, (en or es).lower()) for place, starts_at, en, es in rows}


def _calendar_rows(data: bytes, now: datetime, locations: dict[str, Location]) -> Iterator[TableRow]:
    """Each evening of each event. Where there is one location alone, an event need not say it."""
    only = next(iter(locations.values())).name if len(locations) == 1 else ""
    for number, event in enumerate(calendars.events(data), start=1):
        place = str(event.get("LOCATION", "")) or only
        found = locations.get(place.lower())
        cells_of_all = {
            "location": place,
            "title en": str(event.get("SUMMARY", "")),
            "kind": calendars.category(event),
            "places": str(event.get("X-PLACES", USUAL_PLACES)),
        }
        for when in _times(event, found.timezone if found else None, now):
            yield TableRow(number, {**cells_of_all, **when})


def _times(event: Event, zone: str | None, now: datetime) -> Iterator[dict[str, str]]:
    """The date, start and end of each evening of an event; or the problem with its rule."""
    try:
        start, end = calendars.span(event, zone)
        starts = _starts(event, start, zone, now)
    except Refused as refused:
        yield {"problem": refused.code}
        return
    except (ValueError, AttributeError, TypeError):
        yield {"problem": "calendar_rule_not_understood"}
        return
    for each in starts:
        until = each + (end - start)
        yield {"date": f"{each:%Y-%m-%d}", "start": f"{each:%H:%M}", "end": f"{until:%H:%M}"}


def _starts(event: Event, first: datetime, zone: str | None, now: datetime) -> list[datetime]:
    if "RRULE" not in event:
        return [first]
    rule = recurrence.checked(calendars.rule(event, zone))
    if "UNTIL" not in rule and "COUNT" not in rule:
        raise Refused("rule_never_ends")
    today = now.astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None)
    skipped = set(calendars.walls(event, "EXDATE", zone))
    found = recurrence.starts(rule, first, max(first, today), today + AHEAD)
    if len(found) > MAX_TIMES:
        raise Refused("too_many_times")
    return [each for each in found if each not in skipped]
