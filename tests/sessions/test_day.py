"""Today and this week at the center, each location in its own time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from portal.center.models import Location
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people.models import Role, StaffMember
from portal.sessions import day
from portal.sessions.models import SessionState
from tests.conftest import NOW
from tests.factories.consent import FACTORY
from tests.factories.people import make_location, make_staff
from tests.factories.sessions import make_session


def coordinator(location: Location) -> StaffMember:
    return make_staff(Role.COORDINATOR, location=location)


def test_a_session_of_this_evening_is_today_and_tomorrows_is_later(app: Flask) -> None:
    location = make_location()
    tonight = make_session(location=location, starts_at=NOW + timedelta(hours=8))
    tomorrow = make_session(location=location, starts_at=NOW + timedelta(days=1))
    make_session(location=location, starts_at=NOW + timedelta(days=7))
    (place,) = day.at_the_center(coordinator(location), NOW)
    assert [line.listed.session.id for line in place.today] == [tonight.id]
    assert [line.listed.session.id for line in place.later] == [tomorrow.id]


def test_the_day_is_the_locations_own(app: Flask) -> None:
    """9 pm in Honolulu is the next morning in UTC, and still today there."""
    location = make_location(timezone="Pacific/Honolulu")
    late = make_session(location=location, starts_at=datetime(2026, 3, 5, 7, 0, tzinfo=UTC))
    (place,) = day.at_the_center(coordinator(location), NOW)
    assert [line.listed.session.id for line in place.today] == [late.id]


def test_a_draft_is_left_out_and_a_cancelled_session_stays(app: Flask) -> None:
    location = make_location()
    for state in (SessionState.DRAFT, SessionState.CANCELLED):
        make_session(location=location, starts_at=NOW + timedelta(hours=2), state=state)
    (place,) = day.at_the_center(coordinator(location), NOW)
    assert [line.listed.session.state for line in place.today] == [SessionState.CANCELLED]


def test_open_requests_for_an_interpreter_are_counted(app: Flask, write: Callable[[], Any]) -> None:
    location = make_location()
    tonight = make_session(location=location, starts_at=NOW + timedelta(hours=2))
    with write():
        for number in (1, 2):
            tasks.open_task(
                TaskKind.INTERPRETER, subject=f"session:{tonight.id}/{number}", actor=FACTORY, now=NOW
            )
        tasks.open_task(TaskKind.INTERPRETER, subject=f"session:{tonight.id}1/1", actor=FACTORY, now=NOW)
    (place,) = day.at_the_center(coordinator(location), NOW)
    assert place.today[0].needs == 2
