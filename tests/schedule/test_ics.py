import io
from datetime import UTC, datetime, timedelta

from dateutil import tz
from icalendar import Calendar

from portal.schedule import ics

START = datetime(2026, 3, 9, 21, 30, tzinfo=UTC)  # 5:30 pm in New York, the day after the clock change


def entry(**changed: object) -> ics.Entry:
    values = {
        "subject": "block:7:20260309T1730",
        "start_at": START,
        "end_at": START + timedelta(hours=3),
        "zone": "America/New_York",
        "time_revision": 2,
        "summary": "Calendar entry",
    }
    return ics.Entry(**{**values, **changed})  # type: ignore[arg-type]


def test_an_event_is_discreet_and_has_a_stable_name():
    text = ics.file([entry()], now=START).decode()
    for line in (
        "UID:block-7-20260309T1730@calendar.invalid",
        "SEQUENCE:2",
        "CLASS:PRIVATE",
        "SUMMARY:Calendar entry",
        "DTSTART;TZID=America/New_York:20260309T173000",
        "DTEND;TZID=America/New_York:20260309T203000",
    ):
        assert f"{line}\r\n" in text
    for name in ("DESCRIPTION", "LOCATION", "ORGANIZER", "ATTENDEE", "URL"):
        assert name not in text


def test_the_time_zone_is_described_rightly():
    """Read by python-dateutil, which did not write it, at both sides of the clock change."""
    text = ics.file([entry()], now=START).decode()
    zone = tz.tzical(io.StringIO(text.replace("\r\n", "\n"))).get("America/New_York")
    assert zone is not None
    for day, hours in ((7, -5), (9, -4)):
        at = datetime(2026, 3, day, 17, 30, tzinfo=zone)
        assert at.utcoffset() == timedelta(hours=hours)


def test_two_zones_are_both_described():
    text = ics.file([entry(), entry(subject="session:1", zone="America/Los_Angeles")], now=START).decode()
    assert text.count("BEGIN:VTIMEZONE") == 2


def test_an_empty_feed_is_a_calendar_all_the_same():
    calendar = Calendar.from_ical(ics.file([], now=START, is_feed=True))
    assert calendar["VERSION"] == "2.0"
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT4H" in ics.file([], now=START, is_feed=True).decode()
