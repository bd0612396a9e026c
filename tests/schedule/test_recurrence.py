from datetime import date, time

import pytest

from portal.schedule import recurrence
from portal.schedule.recurrence import BadRule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "FREQ=SECONDLY",
        "FREQ=HOURLY;INTERVAL=5",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=53",
        "FREQ=WEEKLY;COUNT=0",
        "FREQ=WEEKLY;COUNT=1001",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=3MO",
        "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=MONTHLY;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=WEEKLY;UNTIL=20260514T235959Z",
        "FREQ=WEEKLY;UNTIL=22260514",
        "FREQ=WEEKLY;UNTIL=20260514;COUNT=3",
        "FREQ=WEEKLY;FREQ=DAILY",
        "FREQ=WEEKLY\nEXDATE:20260101",
        "DTSTART:20260101\nRRULE:FREQ=DAILY",
    ],
)
def test_a_rule_that_explodes_or_never_matches_is_refused(text: str):
    with pytest.raises(BadRule):
        recurrence.checked(text)


def test_a_rule_is_kept_in_its_plain_form():
    assert recurrence.checked(" freq=weekly;byday=tu;until=20260514 ") == (
        "FREQ=WEEKLY;BYDAY=TU;UNTIL=20260514T235959"
    )


def test_the_last_day_counts():
    rule = recurrence.weekly([1, 0], until=date(2026, 1, 13))
    assert rule == "FREQ=WEEKLY;BYDAY=MO,TU;UNTIL=20260113T235959"
    assert recurrence.checked(rule) == rule


def test_the_first_day_of_a_rule_may_be_later_than_its_start():
    assert recurrence.first_on("FREQ=WEEKLY;BYDAY=TU", date(2026, 1, 1), time(9)) == date(2026, 1, 6)


def test_a_rule_that_ends_before_it_begins_has_no_day():
    ended = "FREQ=WEEKLY;BYDAY=TU;UNTIL=20251231T235959"
    assert recurrence.first_on(ended, date(2026, 1, 1), time(9)) is None
