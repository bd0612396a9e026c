"""What is due, as promises."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.reminders.rules import MIN_NOTICE, Event, Quiet, Reminder, due, upcoming

ZONE = "America/New_York"
QUIET = Quiet(time(21), time(8), ZONE)
START = datetime(2026, 3, 10, 22, 0, tzinfo=UTC)
"""Tuesday, 6 pm in New York, two days after the clocks changed."""
LONG_AGO = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def session(number: int = 1, starts_at: datetime = START, **values: object) -> Event:
    return Event(
        **{  # type: ignore[arg-type]
            "subject": f"session:{number}",
            "time_revision": 1,
            "starts_at": starts_at,
            "zone": ZONE,
            "booked_at": LONG_AGO,
            **values,
        }
    )


def planned(*events: Event, now: datetime, told: set[tuple[str, int, int]] | None = None) -> list[Reminder]:
    return upcoming(events, lead_hours=(72, 24), told=told or set(), quiet=QUIET, now=now)


def leads(reminders: list[Reminder]) -> list[list[int]]:
    return [[item.lead_hours for item in reminder.items] for reminder in reminders]


def hours_before(hours: float) -> datetime:
    return START - timedelta(hours=hours)


def test_a_session_is_reminded_three_days_and_one_day_before() -> None:
    found = planned(session(), now=hours_before(100))
    assert [reminder.send_at for reminder in found] == [hours_before(72), hours_before(24)]


@pytest.mark.parametrize(("seconds", "is_due"), [(-1, False), (0, True), (1, True)])
def test_it_is_due_from_its_instant_on(seconds: int, is_due: bool) -> None:
    now = hours_before(72) + timedelta(seconds=seconds)
    assert bool(due(planned(session(), now=now), now)) is is_due


def test_what_was_told_is_not_told_again() -> None:
    now = hours_before(24)
    assert due(planned(session(), now=now, told={("session:1", 1, 24)}), now) == []


def test_a_moved_session_is_reminded_of_its_new_start() -> None:
    now = hours_before(24)
    moved = session(time_revision=2)
    assert leads(due(planned(moved, now=now, told={("session:1", 1, 24)}), now)) == [[24]]


def test_after_downtime_only_the_last_lead_goes() -> None:
    now = hours_before(10)
    assert leads(planned(session(), now=now)) == [[24]]


@pytest.mark.parametrize(("minutes", "count"), [(61, 1), (60, 0), (59, 0)])
def test_nothing_goes_in_the_last_hour(minutes: int, count: int) -> None:
    now = START - timedelta(minutes=minutes)
    assert len(planned(session(), now=now)) == count


@pytest.mark.parametrize(("minutes", "expected"), [(119, [[24]]), (120, [[24]]), (121, [])])
def test_nothing_goes_within_two_hours_after_booking(minutes: int, expected: list[list[int]]) -> None:
    booked_at = hours_before(24) - timedelta(minutes=240 - minutes)
    found = planned(session(booked_at=booked_at), now=booked_at)
    assert leads(found) == expected


def test_a_night_reminder_moves_to_the_evening_before() -> None:
    early = datetime(2026, 3, 11, 11, 0, tzinfo=UTC)  # 7 am
    found = planned(session(starts_at=early), now=hours_before(200))
    assert [QUIET.holds(reminder.send_at) for reminder in found] == [False, False]
    assert found[1].send_at == datetime(2026, 3, 10, 0, 30, tzinfo=UTC)  # Monday, 8:30 pm


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"), [(20, 59, False), (21, 0, True), (7, 59, True), (8, 0, False)]
)
def test_quiet_hours_begin_and_end_on_the_minute(hour: int, minute: int, quiet: bool) -> None:
    assert QUIET.holds(datetime(2026, 3, 10, hour, minute, tzinfo=ZoneInfo(ZONE))) is quiet


def test_a_late_reminder_waits_for_the_morning() -> None:
    night = datetime(2026, 3, 10, 6, 0, tzinfo=UTC)  # 2 am
    [reminder] = planned(session(), now=night)
    assert reminder.send_at == datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # 8 am
    assert due([reminder], night) == []


def test_sessions_within_a_day_share_one_mail() -> None:
    events = session(1), session(2, START + timedelta(hours=16)), session(3, START + timedelta(hours=48))
    found = planned(*events, now=hours_before(100))
    subjects = [[item.event.subject for item in reminder.items] for reminder in found]
    assert subjects[0] == ["session:1", "session:2"]
    assert subjects[1] == ["session:1", "session:2", "session:3"]


def test_a_late_lead_takes_the_next_one_along() -> None:
    now = hours_before(30)
    assert leads(planned(session(), now=now)) == [[24, 72]]


def test_a_place_just_booked_does_not_ride_along() -> None:
    now = hours_before(24)
    fresh = session(2, START + timedelta(hours=1), booked_at=now - timedelta(minutes=90))
    assert [item.event.subject for item in due(planned(session(1), fresh, now=now), now)[0].items] == [
        "session:1"
    ]


@given(
    st.integers(0, 24 * 20),
    st.integers(0, 60 * 24 * 14),
    st.sampled_from(["America/New_York", "America/Phoenix", "Pacific/Honolulu", "America/Los_Angeles"]),
)
def test_no_reminder_is_quiet_late_or_behind(start: int, ahead: int, zone: str) -> None:
    quiet = Quiet(time(21), time(8), zone)
    starts_at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=start)
    now = starts_at - timedelta(minutes=ahead)
    events = [session(starts_at=starts_at, zone=zone)]
    for reminder in upcoming(events, lead_hours=(72, 24), told=set(), quiet=quiet, now=now):
        assert not quiet.holds(reminder.send_at)
        assert now <= reminder.send_at < starts_at - MIN_NOTICE
        for item in reminder.items:
            assert item.send_at <= starts_at - timedelta(hours=item.lead_hours)
