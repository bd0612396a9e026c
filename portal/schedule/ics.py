"""Calendar files (RFC 5545) that say nothing: no client, no group, no program.

One event per occurrence, not a rule: what a reader may see is decided anew at each fetch,
and a rule once exported would go on for ever in somebody's phone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from portal.disclosure.notice import NOTICE_VERSION

DOMAIN = "calendar.invalid"
"""The right side of each UID: it must be stable, and it must not name the center."""
REFRESH = timedelta(hours=4)


@dataclass(frozen=True)
class Entry:
    """One event. `subject` (`session:<id>`, `block:<id>:<start>`) makes the UID stable."""

    subject: str
    start_at: datetime
    end_at: datetime
    zone: str
    time_revision: int
    summary: str
    """Discreet, such as "Appointment"."""


def file(entries: Iterable[Entry], *, now: datetime, is_feed: bool = False) -> bytes:
    """The file with these events in their own zones, VTIMEZONE included. `now` is its stamp."""
    calendar = Calendar()
    calendar.add("prodid", "-//Calendar//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    # The statement of 42 CFR 2.32 itself would tell what this is: its version stands for it,
    # and its words stand where the file and the address are handed out.
    calendar.add("x-notice-version", str(NOTICE_VERSION))
    if is_feed:
        calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", "PT4H")
    for entry in entries:
        calendar.add_component(_event(entry, now))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _event(entry: Entry, now: datetime) -> Event:
    zone = ZoneInfo(entry.zone)
    event = Event()
    event.add("uid", f"{entry.subject.replace(':', '-')}@{DOMAIN}")
    event.add("sequence", entry.time_revision)
    event.add("dtstamp", now)
    event.add("dtstart", entry.start_at.astimezone(zone))
    event.add("dtend", end_in(zone, entry.end_at))
    event.add("summary", entry.summary)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event


def end_in(zone: ZoneInfo, end_at: datetime) -> datetime:
    """An end on the wall of a zone; in UTC within the hour that comes twice, where a wall says two."""
    local = end_at.astimezone(zone)
    return end_at.astimezone(UTC) if local.fold else local
