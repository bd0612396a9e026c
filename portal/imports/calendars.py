"""Calendar files (RFC 5545) of other systems: events in, numbered rows out.

icalendar reads the file; what a rule may be is decided by `schedule.recurrence`. A row says
what a table's row says, with the rule in place of the days of the week and the single times
that differ: EXDATE, RDATE and events with a RECURRENCE-ID.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Calendar, Component, Event, vRecur

from portal.core.errors import Refused
from portal.imports.tables import MAX_BYTES, TableRow

MAX_EVENTS = 10_000
MAX_EXCEPTIONS = 500
LOCAL = "%Y%m%dT%H%M"
HALF_A_YEAR = timedelta(days=182)

ZoneOf = Callable[[str], str | None]
"""The zone of the location of this name; None: there is none."""


@dataclass(frozen=True)
class Exceptions:
    """Single times that differ from the rule; local, without a zone."""

    cancelled: tuple[datetime, ...] = ()
    moved: tuple[tuple[datetime, datetime, int], ...] = ()
    extra: tuple[datetime, ...] = ()


NONE = Exceptions()


def is_calendar(data: bytes) -> bool:
    """Whether a file is a calendar and no table."""
    return data.lstrip(b"\xef\xbb\xbf \r\n\t")[:15].upper().startswith(b"BEGIN:VCALENDAR")


def events(data: bytes) -> list[Event]:
    """The events of the file. Refused `file_too_large`, `calendar_broken`, `too_many_rows`."""
    if len(data) > MAX_BYTES:
        raise Refused("file_too_large", field="file", megabytes=MAX_BYTES // (1024 * 1024))
    try:
        walked: list[Component] = Calendar.from_ical(data).walk("VEVENT")
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise Refused("calendar_broken", field="file") from error
    if len(walked) > MAX_EVENTS:
        raise Refused("too_many_rows", field="file", most=MAX_EVENTS)
    return [each for each in walked if isinstance(each, Event)]


def timetable_rows(data: bytes, zone_of: ZoneOf) -> Iterator[TableRow]:
    """One row for each recurring event; the track is its first category, or the calendar's name."""
    found = events(data)
    name = _calendar_name(data)
    differing: dict[str, list[Event]] = {}
    for event in found:
        if "RECURRENCE-ID" in event:
            differing.setdefault(str(event.get("UID", "")), []).append(event)
    for number, event in enumerate(found, start=1):
        if "RECURRENCE-ID" not in event:
            yield _timetable_row(number, event, differing.get(str(event.get("UID", "")), []), name, zone_of)


def exceptions(row: TableRow) -> Exceptions:
    """The single times of a calendar's row; a table's has none."""
    return Exceptions(
        cancelled=tuple(_at(text) for text in row.cells.get("cancelled", "").split()),
        moved=tuple(_moved(text) for text in row.cells.get("moved", "").split()),
        extra=tuple(_at(text) for text in row.cells.get("extra", "").split()),
    )


def span(event: Event, zone: str | None) -> tuple[datetime, datetime]:
    """Start and end of an event on the wall of `zone`, without a zone.

    Refused `event_without_times`; `event_in_other_zone` where it repeats in a zone whose
    clocks differ, since its times would then wander.
    """
    try:
        start, end = event.decoded("DTSTART"), _end(event)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise Refused("event_without_times") from error
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        raise Refused("event_without_times")
    if "RRULE" in event and zone and start.tzinfo and not _same_clocks(start, zone):
        raise Refused("event_in_other_zone")
    return local(start, zone), local(end, zone)


def local(at: date, zone: str | None) -> datetime:
    """A time as the wall of `zone` says it; one without a zone stays as it is."""
    if not isinstance(at, datetime):
        return datetime.combine(at, time.min)
    return (at.astimezone(ZoneInfo(zone)) if zone and at.tzinfo else at).replace(tzinfo=None)


def _same_clocks(start: datetime, zone: str) -> bool:
    moments = (start, start + HALF_A_YEAR)
    return all(at.utcoffset() == at.replace(tzinfo=ZoneInfo(zone)).utcoffset() for at in moments)


def _timetable_row(number: int, event: Event, differing: list[Event], name: str, zone_of: ZoneOf) -> TableRow:
    cells = {"track": category(event) or name, "group": str(event.get("SUMMARY", ""))}
    cells["location"] = str(event.get("LOCATION", ""))
    zone = zone_of(cells["location"])
    try:
        start, end = span(event, zone)
        return TableRow(number, cells | _times(event, start, end, differing, zone))
    except Refused as refused:
        return TableRow(number, cells | {"problem": refused.code})
    except (ValueError, AttributeError, TypeError):
        return TableRow(number, cells | {"problem": "event_without_times"})


def _times(
    event: Event, start: datetime, end: datetime, differing: list[Event], zone: str | None
) -> dict[str, str]:
    cancelled = [f"{each:{LOCAL}}" for each in walls(event, "EXDATE", zone)]
    moved = [_difference(each, zone) for each in differing]
    extra = [f"{each:{LOCAL}}" for each in walls(event, "RDATE", zone)]
    if len(cancelled) + len(moved) + len(extra) > MAX_EXCEPTIONS:
        raise Refused("too_many_times")
    return {
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}",
        "from": f"{start:%Y-%m-%d}",
        "rrule": rule(event, zone),
        "weeks": "",
        "family hour": "yes" if str(event.get("X-FAMILY-HOUR", "")).upper() == "TRUE" else "",
        "cancelled": " ".join(cancelled),
        "moved": " ".join(moved),
        "extra": " ".join(extra),
    }


def rule(event: Event, zone: str | None) -> str:
    """The rule with a local UNTIL; an event without one takes place once."""
    found = event.get("RRULE")
    if found is None:
        return "FREQ=DAILY;COUNT=1"
    if not isinstance(found, vRecur):
        return "more than one rule, or none that can be read"
    text: str = found.to_ical().decode()  # type: ignore[no-untyped-call]
    until = found.get("UNTIL")
    if until and isinstance(until[0], datetime) and until[0].tzinfo:
        text = text.replace(f"{until[0]:%Y%m%dT%H%M%SZ}", f"{local(until[0], zone):%Y%m%dT%H%M%S}")
    return text


def _difference(event: Event, zone: str | None) -> str:
    original = local(event.decoded("RECURRENCE-ID"), zone)
    start, end = span(event, zone)
    minutes = int((end - start) / timedelta(minutes=1))
    return f"{original:{LOCAL}}>{start:{LOCAL}}+{minutes}"


def _moved(text: str) -> tuple[datetime, datetime, int]:
    original, _, rest = text.partition(">")
    start, _, minutes = rest.partition("+")
    return _at(original), _at(start), int(minutes)


def _end(event: Event) -> Any:
    if "DTEND" in event:
        return event.decoded("DTEND")
    return event.decoded("DTSTART") + event.decoded("DURATION")


def _dates(event: Event, name: str) -> list[date]:
    found = event.get(name)
    lists = found if isinstance(found, list) else [found] if found is not None else []
    return [each.dt for one in lists for each in one.dts]


def category(event: Event) -> str:
    """The first category of an event, or an empty text."""
    found = event.get("CATEGORIES")
    one = found[0] if isinstance(found, list) and found else found
    names = [str(each) for each in one.cats] if one is not None else []
    return names[0] if names else ""


def walls(event: Event, name: str, zone: str | None) -> list[datetime]:
    """The days and times of a property such as EXDATE, on the wall of `zone`."""
    return [local(each, zone) for each in _dates(event, name)]


def _calendar_name(data: bytes) -> str:
    return str(Calendar.from_ical(data).get("X-WR-CALNAME", ""))


def _at(text: str) -> datetime:
    return datetime.strptime(text, LOCAL)  # noqa: DTZ007
