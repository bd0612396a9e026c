"""Dates and times as people here say them, in both languages."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.web import dates

ZONE = "America/New_York"
EVENING = datetime(2026, 6, 11, 22, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 11, 23, 30, tzinfo=UTC)
MORNING = datetime(2026, 6, 11, 15, 0, tzinfo=UTC)


@pytest.fixture
def engine() -> str:
    return "sqlite"


def test_times_in_english(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert dates.clock_time(EVENING, ZONE) == "6:00 pm"
        assert dates.hours(EVENING, LATER, ZONE) == "6:00 to 7:30 pm"
        assert dates.hours(MORNING, EVENING, ZONE) == "11:00 am to 6:00 pm"


def test_times_in_spanish(app: Flask) -> None:
    with app.test_request_context(), force_locale("es"):
        assert dates.clock_time(EVENING, ZONE) == "6:00 p.m."


def test_days_carry_the_weekday(app: Flask) -> None:
    with app.test_request_context():
        with force_locale("en"):
            assert dates.long_day(EVENING, ZONE) == "Thursday, June 11"
            assert dates.short_day(EVENING, ZONE) == "Thu, Jun 11"
            assert dates.weekday(date(2026, 6, 11)) == "Thu"
        with force_locale("es"):
            assert dates.long_day(EVENING, ZONE) == "Jueves, 11 de junio"


def test_a_day_is_the_local_day(app: Flask) -> None:
    with app.test_request_context(), force_locale("en"):
        assert dates.short_day(datetime(2026, 6, 12, 2, 0, tzinfo=UTC), ZONE) == "Thu, Jun 11"
