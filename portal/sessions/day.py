"""The day at the center: what takes place at each location today and in the week from today.

A location's day is its own local day. The number of statements does not grow with sessions
or people.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.center.models import Location
from portal.core import clock
from portal.core.db import db
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind, TaskState
from portal.people.models import StaffMember
from portal.sessions import desk
from portal.sessions.desk import Listed
from portal.sessions.models import SessionState

WEEK = timedelta(days=7)
MARGIN = timedelta(days=1)
"""No two zones lie further apart."""


@dataclass(frozen=True)
class Line:
    """One session of the day."""

    listed: Listed
    needs: int
    """Interpreter and other access requests that nobody has seen to yet."""
    on: date
    """The session's own local day."""


@dataclass(frozen=True)
class Place:
    """One location: its day, what takes place today, and what follows this week."""

    location: Location
    today_on: date
    today: list[Line] = field(default_factory=list)
    later: list[Line] = field(default_factory=list)


def at_the_center(staff: StaffMember, now: datetime) -> list[Place]:
    """Each location of this staff member, by name, with today and the six days after it.

    Drafts are left out; a cancelled session stays, so that nobody waits for it.
    """
    lines = desk.sessions_between(staff, now - MARGIN, now + WEEK + MARGIN, now)
    known = {each.id: each for each in desk.locations_for(staff, now)}
    known.update((line.session.location_id, line.session.location) for line in lines)
    places = {
        each.id: Place(each, clock.local_date(now, each.timezone))
        for each in sorted(known.values(), key=lambda each: (each.name, each.id))
    }
    needs = open_needs({line.session.id for line in lines})
    for listed in lines:
        _put(places[listed.session.location_id], listed, needs[listed.session.id])
    return list(places.values())


def open_needs(session_ids: Collection[int]) -> Counter[int]:
    """Session id → how many interpreter and access tasks are open; one statement."""
    query = select(Task.subject).where(
        Task.kind == TaskKind.INTERPRETER, Task.state == TaskState.OPEN, Task.subject.like("session:%")
    )
    found = (int(subject.partition(":")[2].partition("/")[0]) for subject in db.session.scalars(query))
    return Counter(each for each in found if each in session_ids)


def _put(place: Place, listed: Listed, needs: int) -> None:
    session = listed.session
    on = clock.local_date(session.starts_at, session.timezone)
    if session.state is SessionState.DRAFT or not place.today_on <= on < place.today_on + WEEK:
        return
    (place.today if on == place.today_on else place.later).append(Line(listed, needs, on))
