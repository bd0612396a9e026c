"""A center that closes for the rest of a day: which sessions that touches, and reads of it."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.center.models import Location
from portal.core import clock
from portal.core.db import db
from portal.core.errors import NotFound
from portal.sessions.models import FamilySession, SessionState
from portal.sessions.models_telling import ClosedDay, SessionChange, Telling
from portal.sessions.reach import ChangeKind

DAY = timedelta(days=1)


def touched(location: Location, on: date, now: datetime) -> list[FamilySession]:
    """The published sessions of this local day that are not over, in the order of locking."""
    query = select(FamilySession).where(
        FamilySession.location_id == location.id,
        FamilySession.state == SessionState.PUBLISHED,
        FamilySession.ends_at > now,
        FamilySession.starts_at < now + 2 * DAY,
    )
    found = db.session.scalars(query.order_by(FamilySession.id)).all()
    return [each for each in found if clock.local_date(each.starts_at, each.timezone) == on]


def live(location_ids: Collection[int], now: datetime) -> dict[int, ClosedDay]:
    """Location id → the closing of today that stands; one statement."""
    query = (
        select(ClosedDay)
        .where(
            ClosedDay.location_id.in_(location_ids),
            ClosedDay.opened_at.is_(None),
            ClosedDay.closed_at > now - 2 * DAY,
        )
        .options(joinedload(ClosedDay.location))
    )
    return {
        each.location_id: each
        for each in db.session.scalars(query)
        if each.on == clock.local_date(now, each.location.timezone)
    }


def one(closed_day_id: int, location_ids: Collection[int]) -> ClosedDay:
    """A closing of one of these locations. Raises NotFound."""
    found = db.session.get(ClosedDay, closed_day_id)
    if found is None or found.location_id not in location_ids:
        raise NotFound
    return found


def cancelled_by(closed_day: ClosedDay) -> list[FamilySession]:
    """The sessions that the closing cancelled, those without people included, by their start."""
    query = (
        select(FamilySession)
        .join(SessionChange, SessionChange.session_id == FamilySession.id)
        .where(SessionChange.closed_day_id == closed_day.id, SessionChange.kind == ChangeKind.CANCELLED)
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    return list(db.session.scalars(query))


def tellings_of(session_id: int, closed_day: ClosedDay) -> Sequence[Telling]:
    """Whom the cancellation of one session concerned, in the order of the line."""
    query = (
        select(Telling)
        .join(Telling.change)
        .where(
            SessionChange.session_id == session_id,
            SessionChange.closed_day_id == closed_day.id,
            SessionChange.kind == ChangeKind.CANCELLED,
        )
        .options(joinedload(Telling.sign_up))
        .order_by(Telling.sign_up_id)
    )
    return sorted(db.session.scalars(query), key=lambda each: each.sign_up.queue_number)
