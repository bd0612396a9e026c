"""What can wait: once a week, one optional mail a day, never at night."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from portal.reminders.rules import Quiet
from portal.reminders.waiting_rules import Waits, digest, nudge, week_of_digest

QUIET = Quiet(time(21), time(8), "America/New_York")
SATURDAY = datetime(2026, 3, 14, 16, 0, tzinfo=UTC)
SUNDAY_AT_TEN = datetime(2026, 3, 15, 14, 0, tzinfo=UTC)
MONDAY = date(2026, 3, 16)


def planned(now: datetime, *taken: date, told: set[str] | None = None) -> datetime | None:
    found = digest(told=told or set(), taken=taken, quiet=QUIET, now=now)
    return found.send_at if found else None


def test_the_digest_comes_on_sunday_morning() -> None:
    assert planned(SATURDAY) == SUNDAY_AT_TEN


def test_it_gives_way_to_a_reminder_of_the_same_day() -> None:
    assert planned(SATURDAY, date(2026, 3, 15)) == SUNDAY_AT_TEN + timedelta(days=1)


def test_when_each_of_its_mornings_is_taken_there_is_none() -> None:
    assert planned(SATURDAY, *(date(2026, 3, day) for day in (15, 16, 17))) is None


def test_a_week_is_told_once() -> None:
    assert planned(SUNDAY_AT_TEN, told={f"week:{MONDAY}"}) is None


def test_after_a_stop_it_still_comes_the_same_day_but_not_at_night() -> None:
    assert planned(SUNDAY_AT_TEN + timedelta(hours=5)) == SUNDAY_AT_TEN + timedelta(hours=5)
    late = planned(SUNDAY_AT_TEN + timedelta(hours=12))
    assert late == SUNDAY_AT_TEN + timedelta(days=1)


@pytest.mark.parametrize(
    ("today", "monday"),
    [(date(2026, 3, 14), MONDAY), (date(2026, 3, 15), MONDAY), (date(2026, 3, 17), MONDAY),
     (date(2026, 3, 18), date(2026, 3, 23))],
)  # fmt: skip
def test_a_digest_tells_of_one_week_from_sunday_to_tuesday(today: date, monday: date) -> None:
    assert week_of_digest(today) == monday


def test_a_lesson_is_mentioned_the_next_morning_and_not_again_for_a_week() -> None:
    first = nudge(ripe_at=SATURDAY, last_at=None, taken=(), quiet=QUIET, now=SATURDAY)
    assert first is not None
    assert first.send_at == SATURDAY
    again = nudge(ripe_at=SATURDAY, last_at=SATURDAY, taken=(), quiet=QUIET, now=SATURDAY)
    assert again is not None
    assert again.send_at >= SATURDAY + timedelta(days=7)


def test_a_lesson_gives_way_day_by_day() -> None:
    taken = [date(2026, 3, day) for day in (14, 15)]
    found = nudge(ripe_at=SATURDAY, last_at=None, taken=taken, quiet=QUIET, now=SATURDAY)
    assert found is not None
    assert found.send_at == SUNDAY_AT_TEN + timedelta(days=1)


def test_what_is_read_is_never_mentioned_and_what_is_begun_waits_longer() -> None:
    two_weeks = timedelta(days=14)
    assert Waits(SATURDAY, SATURDAY, SATURDAY, SATURDAY).ripe_at(two_weeks) is None
    assert Waits(SATURDAY).ripe_at(two_weeks) == SATURDAY + timedelta(days=3)
    assert Waits(SATURDAY, SATURDAY).ripe_at(two_weeks) == SATURDAY + two_weeks
