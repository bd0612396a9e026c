from datetime import date, time

import pytest

from portal.imports import cells


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("Tue", [1]),
        ("Mon-Thu", [0, 1, 2, 3]),
        ("mon – thu", [0, 1, 2, 3]),
        ("Thursday, Monday", [0, 3]),
        ("Mon/Wed/Thurs", [0, 2, 3]),
        ("Sun", [6]),
    ],
)
def test_days_as_people_write_them(text: str, days: list[int]):
    assert cells.weekdays(text) == days


@pytest.mark.parametrize("text", ["", "Mo", "Thu-Mon", "Mon-", "17", "every day"])
def test_what_is_no_day(text: str):
    with pytest.raises(cells.Unreadable):
        cells.weekdays(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("17:30", time(17, 30)),
        ("5:30 PM", time(17, 30)),
        ("9:00 am", time(9)),
        ("12:15 a.m.", time(0, 15)),
        ("12:00 pm", time(12)),
        ("09:00:00", time(9)),
    ],
)
def test_times_as_people_write_them(text: str, at: time):
    assert cells.clock_time(text) == at


@pytest.mark.parametrize("text", ["", "25:00", "9:60", "13:00 PM", "0:30 am", "noon", "9", "-1:00"])
def test_what_is_no_time(text: str):
    with pytest.raises(cells.Unreadable):
        cells.clock_time(text)


@pytest.mark.parametrize("text", ["2026-01-05", "1/5/2026", "01/05/2026"])
def test_dates_as_people_write_them(text: str):
    assert cells.day(text) == date(2026, 1, 5)


@pytest.mark.parametrize("text", ["", "2026-02-30", "13/1/2026", "5 Jan", "1999-01-01", "2100-01-01"])
def test_what_is_no_date(text: str):
    with pytest.raises(cells.Unreadable):
        cells.day(text)


def test_an_empty_cell_is_no():
    assert [cells.yes_or_no(text) for text in ("", "No", "yes", "X")] == [False, False, True, True]
    with pytest.raises(cells.Unreadable):
        cells.yes_or_no("maybe")
