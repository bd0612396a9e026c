from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from dateutil import tz
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.schedule import recurrence, rules
from portal.schedule.rules import Change, Recurring

EVENINGS = Recurring(
    block_id=1,
    name="Group",
    starts_on=date(2026, 1, 5),
    start_time=time(17, 30),
    minutes=180,
    rrule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
    zone="America/New_York",
)
ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "America/Phoenix",
    "Europe/Madrid",
    "America/Santiago",
    "Australia/Lord_Howe",
)


def local(day: int, hour: int = 17, minute: int = 30, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute)


def starts(block: Recurring, first: date, last: date, closed=()) -> list[str]:
    return [f"{each.start_at:%m-%d %H:%M}" for each in rules.expand(block, closed, first, last)]


def test_five_thirty_stays_five_thirty_when_the_clocks_go_forward():
    found = starts(EVENINGS, date(2026, 3, 5), date(2026, 3, 9))
    assert found == ["03-05 22:30", "03-09 21:30"]


def test_five_thirty_stays_five_thirty_when_the_clocks_go_back():
    found = starts(EVENINGS, date(2026, 10, 29), date(2026, 11, 2))
    assert found == ["10-29 21:30", "11-02 22:30"]


def test_another_zone_changes_its_clocks_on_another_day():
    madrid = replace(EVENINGS, zone="Europe/Madrid", rrule="FREQ=DAILY")
    assert starts(madrid, date(2026, 3, 28), date(2026, 3, 29)) == ["03-28 16:30", "03-29 15:30"]


def test_a_time_that_the_clocks_skip_is_read_with_the_offset_before():
    assert rules.instant(local(8, 2, 30), "America/New_York") == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_a_time_that_occurs_twice_means_the_first():
    twice = rules.instant(local(1, 1, 30, month=11), "America/New_York")
    assert twice == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_a_block_over_the_clock_change_keeps_its_real_length():
    night = replace(EVENINGS, start_time=time(1), minutes=180, rrule="FREQ=DAILY")
    (one,) = rules.expand(night, (), date(2026, 3, 8), date(2026, 3, 8))
    assert one.end_at - one.start_at == timedelta(hours=3)


def test_a_cancelled_occurrence_is_gone():
    block = replace(EVENINGS, changes=(Change(local(3), is_cancelled=True),))
    assert starts(block, date(2026, 3, 2), date(2026, 3, 4)) == ["03-02 22:30", "03-04 22:30"]


def test_a_moved_occurrence_keeps_its_name_and_carries_its_revision():
    block = replace(EVENINGS, changes=(Change(local(3), local(6, 9, 0), 60, time_revision=2),))
    (moved,) = rules.expand(block, (), date(2026, 3, 6), date(2026, 3, 6))
    assert moved.original_start == local(3)
    assert moved.subject == "block:1:20260303T1730"
    assert moved.time_revision == 2
    assert moved.end_at == datetime(2026, 3, 6, 15, tzinfo=UTC)


def test_an_occurrence_moved_out_of_the_window_leaves_it():
    block = replace(EVENINGS, changes=(Change(local(3), local(20)),))
    assert starts(block, date(2026, 3, 3), date(2026, 3, 3)) == []


def test_an_extra_occurrence_is_added():
    block = replace(EVENINGS, changes=(Change(local(6, 10, 0)),))
    assert starts(block, date(2026, 3, 5), date(2026, 3, 6)) == ["03-05 22:30", "03-06 15:00"]


def test_a_closed_day_is_empty_both_ends_included():
    closed = [(date(2026, 3, 2), date(2026, 3, 3))]
    assert starts(EVENINGS, date(2026, 3, 1), date(2026, 3, 4), closed) == ["03-04 22:30"]


def test_a_closure_also_holds_what_was_moved_there():
    block = replace(EVENINGS, changes=(Change(local(3), local(6)),))
    assert starts(block, date(2026, 3, 6), date(2026, 3, 6), [(date(2026, 3, 6), date(2026, 3, 6))]) == []


def test_a_rule_without_an_end_is_bounded_by_its_window():
    with pytest.raises(ValueError, match="window"):
        rules.expand(EVENINGS, (), date(2026, 1, 1), date(2027, 2, 6))
    assert len(rules.expand(EVENINGS, (), date(2026, 1, 1), date(2027, 2, 5))) == 228


def test_groups_that_touch_become_one_span():
    first = replace(EVENINGS, rrule="FREQ=WEEKLY;BYDAY=TU", minutes=120)
    second = replace(first, block_id=2, start_time=time(19, 30), minutes=60)
    day = date(2026, 3, 3)
    found = [*rules.expand(second, (), day, day), *rules.expand(first, (), day, day)]
    (span,) = rules.spans(found)
    assert span.end_at - span.start_at == timedelta(hours=3)
    assert [part.block_id for part in span.parts] == [1, 2]


def test_groups_with_a_gap_stay_two_spans():
    morning = replace(EVENINGS, start_time=time(9), minutes=60)
    day = date(2026, 3, 3)
    found = [*rules.expand(morning, (), day, day), *rules.expand(EVENINGS, (), day, day)]
    assert len(rules.spans(found)) == 2


def test_touching_is_no_overlap():
    found = rules.expand(EVENINGS, (), date(2026, 3, 3), date(2026, 3, 3))
    end_at = found[0].end_at
    assert rules.overlaps(end_at, end_at + timedelta(hours=1), found) == []
    assert rules.overlaps(end_at - timedelta(minutes=1), end_at + timedelta(hours=1), found) == found


@pytest.mark.parametrize(("day", "week"), [(1, 1), (9, 1), (15, 1), (16, 2), (23, 3)])
def test_the_program_week_begins_at_one(day: int, week: int):
    assert rules.program_week(date(2026, 2, 9), date(2026, 2, day)) == week


def test_the_revision_rises_only_when_the_start_changes():
    assert rules.next_revision(1, local(3), local(4)) == 2
    assert rules.next_revision(2, local(4), local(3)) == 3
    assert rules.next_revision(2, local(4), local(4)) == 2


FREQUENCIES = st.one_of(
    st.just("FREQ=DAILY"),
    st.integers(1, 9).map(lambda every: f"FREQ=DAILY;INTERVAL={every}"),
    st.lists(st.sampled_from(recurrence.WEEKDAYS), min_size=1, max_size=4, unique=True).map(
        lambda days: "FREQ=WEEKLY;BYDAY=" + ",".join(days)
    ),
    st.sampled_from(
        ["FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO", "FREQ=MONTHLY;BYDAY=-1SU", "FREQ=MONTHLY;BYMONTHDAY=8"]
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    rule=FREQUENCIES,
    zone=st.sampled_from(ZONES),
    first=st.dates(date(2025, 9, 1), date(2026, 9, 1)),
    at=st.times().map(lambda t: t.replace(second=0, microsecond=0, fold=0)),
)
def test_expansion_agrees_with_a_zone_aware_one(rule: str, zone: str, first: date, at: time):
    """python-dateutil with its own time zones, over six months, the clock changes included."""
    block = replace(EVENINGS, rrule=rule, zone=zone, starts_on=first, start_time=at)
    last = first + timedelta(days=180)
    aware = datetime.combine(first, at, tz.gettz(zone))
    end = datetime.combine(last, time(23, 59, 59), tz.gettz(zone))
    expected = [
        tz.resolve_imaginary(each).astimezone(UTC)
        for each in rrulestr(rule, dtstart=aware).between(aware, end, inc=True)
    ]
    assert [each.start_at for each in rules.expand(block, (), first, last)] == expected
