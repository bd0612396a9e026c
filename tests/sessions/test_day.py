"""Today and this week at the center, each location in its own time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from portal.center.models import Location
from portal.core.db import db
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people.models import Role, StaffMember
from portal.sessions import day, desk
from portal.sessions.models import SessionState, SignUpState
from tests.conftest import NOW
from tests.factories.consent import FACTORY
from tests.factories.people import make_location, make_staff
from tests.factories.sessions import make_session, make_sign_up


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


def counted(read: Callable[[], object]) -> int:
    """How many statements a read takes."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    db.session.rollback()
    event.listen(db.engine, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
        db.session.rollback()
    return len([each for each in seen if each.startswith(("SELECT", "WITH"))])


@pytest.mark.parametrize("page", ["week", "list", "roster"])
def test_statements_do_not_grow_with_sessions_and_sign_ups(app: Flask, page: str) -> None:
    location = make_location()
    staff_id = coordinator(location).id
    sessions = [make_session(location=location, starts_at=NOW + timedelta(hours=2))]
    make_sign_up(session=sessions[0])

    def read() -> None:
        staff = db.session.get_one(StaffMember, staff_id)
        if page == "week":
            day.at_the_center(staff, NOW)
        elif page == "list":
            desk.sessions_for(staff, NOW)
        else:
            session = desk.session_for(staff=staff, session_id=sessions[0].id, now=NOW)
            desk.roster_for(staff=staff, session=session, now=NOW)

    few = counted(read)
    for number in range(2, 8):
        sessions.append(make_session(location=location, starts_at=NOW + timedelta(days=number % 6)))
        make_sign_up(session=sessions[0], queue_number=number)
        make_sign_up(session=sessions[-1], state=SignUpState.WAITLISTED)
    assert counted(read) == few
