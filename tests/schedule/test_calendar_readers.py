"""What we export, read by libraries that did not write it, across the change of the clocks.

60 rules in `make test`, 10 of them also as a feed; 500 of each with PORTAL_LONG.

Where an event runs on while the clocks change, only its start is compared: its end is exact
by RFC 5545 (3.8.5.3), and recurring-ical-events adds hours on the wall.
"""

import os
import random
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from ical.calendar_stream import IcsCalendarStream

from portal.imports import calendars
from portal.schedule import ics, recurrence, rules, timetable_file
from portal.schedule.rules import Change, Recurring
from tests.conftest import NOW

IS_LONG = bool(os.environ.get("PORTAL_LONG"))
RULES = 500 if IS_LONG else 60
FEEDS = range(0, RULES, 1 if IS_LONG else 6)
ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Europe/Berlin",
    "America/Santiago",
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "Africa/Casablanca",  # daylight saving stops for Ramadan
)
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
TIMES = (time(0, 30), time(1, 30), time(2, 30), time(9), time(17, 30), time(22, 15))
SHAPES = (
    "FREQ=WEEKLY;BYDAY={days}",
    "FREQ=WEEKLY;INTERVAL={every};BYDAY={days}",
    "FREQ=WEEKLY;BYDAY={days};UNTIL={until}",
    "FREQ=WEEKLY;INTERVAL={every};BYDAY={days};COUNT={count}",
    "FREQ=DAILY;INTERVAL={every}",
    "FREQ=DAILY;COUNT={count}",
    "FREQ=MONTHLY;BYDAY={week}{day}",
    "FREQ=MONTHLY;BYMONTHDAY={month_day}",
    "FREQ=MONTHLY;INTERVAL={every};BYMONTHDAY=-1;UNTIL={until}",
)
Shown = list[tuple[datetime, datetime]]


def rule(chance: random.Random) -> str:
    days = ",".join(chance.sample(recurrence.WEEKDAYS, chance.randint(1, 4)))
    text = chance.choice(SHAPES).format(
        days=days,
        day=days[:2],
        every=chance.randint(2, 4),
        count=chance.randint(1, 60),
        until=f"{FIRST + timedelta(days=chance.randint(130, 360)):%Y%m%d}",
        week=chance.choice((1, 2, 3, 4, -1)),
        month_day=chance.choice((1, 8, 15, 28, -1)),
    )
    return recurrence.checked(text)


def block(number: int) -> Recurring:
    """One random group, with an end, cancelled, moved and extra times, by its number."""
    chance = random.Random(number)
    text, at = rule(chance), chance.choice(TIMES)
    starts_on = recurrence.first_on(text, FIRST + timedelta(days=chance.randint(0, 60)), at)
    assert starts_on is not None
    made = Recurring(
        block_id=number,
        name="Group",
        starts_on=starts_on,
        start_time=at,
        minutes=chance.choice((30, 60, 180)),
        rrule=text,
        zone=ZONES[number % len(ZONES)],
        ends_on=starts_on + timedelta(days=chance.randint(20, 200)) if chance.random() < 0.3 else None,
    )
    starts = [each.original_start for each in rules.expand(made, [], FIRST, LAST)]
    changed = chance.sample(starts, min(len(starts), 4))
    changes = [change(chance, start) for start in changed]
    extra = datetime.combine(FIRST + timedelta(days=chance.randint(70, 300)), time(13, 7))
    if made.ends_on is None or extra.date() <= made.ends_on:
        changes.append(Change(extra, new_minutes=chance.choice((None, 45))))
    return Recurring(**{**vars(made), "changes": tuple(changes)})


def change(chance: random.Random, start: datetime) -> Change:
    if chance.random() < 0.4:
        return Change(start, is_cancelled=True)
    moved = start + timedelta(hours=chance.randint(-30, 30), minutes=5)
    if not FIRST < moved.date() < LAST:
        return Change(start, new_minutes=20)
    return Change(start, new_start=moved, new_minutes=chance.choice((None, 20)), time_revision=2)


def closures(number: int) -> list[tuple[date, date]]:
    chance = random.Random(-number)
    first = FIRST + timedelta(days=chance.randint(1, 350))
    return [(first, first + timedelta(days=chance.randint(0, 5)))]


def ours(number: int) -> Shown:
    found = rules.expand(block(number), closures(number), FIRST, LAST)
    return sorted(plain(each.start_at, each.end_at, each.zone) for each in found)


def plain(start: datetime, end: datetime, zone: str) -> tuple[datetime, datetime]:
    """Start and end; the start twice where the clocks change during it or within an hour of it."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    margin = timedelta(hours=1)
    offsets = {
        at.astimezone(ZoneInfo(zone)).utcoffset()
        for at in (start - margin, start, end - margin, end + margin)
    }
    return (start, end) if len(offsets) == 1 else (start, start)


def theirs(data: bytes, zone: str) -> Shown:
    """The occurrences as recurring-ical-events sees them, whose local day lies in the window."""
    calendar = icalendar.Calendar.from_ical(data)
    found = recurring_ical_events.of(calendar).between(FIRST - timedelta(days=1), LAST + timedelta(days=2))
    spans = [plain(each.start, each.end, zone) for each in found]
    from_at, to_at = (
        rules.instant(datetime.combine(day, time.min), zone) for day in (FIRST, LAST + timedelta(1))
    )
    return sorted(span for span in spans if from_at <= span[0] < to_at)


def exported(number: int) -> bytes:
    return timetable_file.file(
        [block(number)], name="Evenings", location="Water Street", closed=closures(number), now=NOW
    )


def feed(number: int) -> bytes:
    entries = [
        ics.Entry(each.subject, each.start_at, each.end_at, each.zone, each.time_revision, "Entry")
        for each in rules.expand(block(number), closures(number), FIRST, LAST)
    ]
    return ics.file(entries, now=NOW, is_feed=True)


def test_a_timetable_is_read_with_the_same_times_as_we_show():
    wrong = [each for each in range(RULES) if theirs(exported(each), block(each).zone) != ours(each)]
    assert wrong == []


def test_a_feed_is_read_with_the_same_times_as_we_show():
    wrong = [each for each in FEEDS if theirs(feed(each), block(each).zone) != ours(each)]
    assert wrong == []


@pytest.mark.parametrize("make", [exported, feed])
def test_a_file_is_accepted_by_a_library_that_writes_its_own(make):
    for number in range(0, RULES, 20):
        calendar = IcsCalendarStream.calendar_from_ics(make(number).decode())
        assert len(calendar.events) >= bool(ours(number))
        assert {event.classification for event in calendar.events} <= {"PRIVATE"}


def test_an_end_in_the_hour_that_comes_twice_is_said_in_utc():
    start = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)  # midnight in New York; the clocks go back at 2 am
    entry = ics.Entry("session:1", start, start + timedelta(minutes=150), "America/New_York", 1, "Entry")
    text = ics.file([entry], now=NOW).decode()
    assert "DTSTART;TZID=America/New_York:20261101T000000" in text
    assert "DTEND:20261101T063000Z" in text


def test_each_event_has_a_name_of_its_own_and_a_sequence():
    (main, *others) = icalendar.Calendar.from_ical(exported(4)).walk("VEVENT")
    assert main["UID"] == "block-4@calendar.invalid"
    assert {each["UID"] for each in others} <= {main["UID"]}
    assert all("RECURRENCE-ID" in each and "SEQUENCE" in each for each in others)


def _zone(zone: str, _location: str) -> str:
    return zone


def test_what_is_exported_comes_back_the_same():
    """The import reads the rule, what is cancelled, moved and extra, as it was."""
    for number in range(0, RULES, 10):
        made = block(number)
        (row,) = calendars.timetable_rows(
            timetable_file.file([made], name="Evenings", location="Water Street", now=NOW),
            partial(_zone, made.zone),
        )
        assert "problem" not in row.cells, row
        found = calendars.exceptions(row)
        again = Recurring(
            **{
                **vars(made),
                "rrule": recurrence.checked(row.cells["rrule"]),
                "ends_on": None,
                "changes": (
                    *(Change(start, is_cancelled=True) for start in found.cancelled),
                    *(Change(start, new_start=new, new_minutes=length) for start, new, length in found.moved),
                    *(Change(start) for start in set(found.extra) - {each[0] for each in found.moved}),
                ),
            }
        )
        before, after = (
            sorted((each.start_at, each.end_at) for each in rules.expand(one, [], FIRST, LAST))
            for one in (made, again)
        )
        assert before == after, number
