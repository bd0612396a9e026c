"""Whom a change of the schedule touches, before it is saved.

The change is made inside a savepoint, the schedule before and after it is compared, and the
savepoint is rolled back. So the numbers are those of the real change, whatever it is, and a
change that would be refused is refused here too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from portal.center.models import Program
from portal.consent.rules import Scope
from portal.core import clock
from portal.core.db import db
from portal.disclosure import gate
from portal.people.models import Client, Episode, Relationship
from portal.schedule import closed_days, queries, rules
from portal.schedule.models import Appointment, Enrolment, Track
from portal.schedule.rules import Occurrence
from portal.sessions.models import LIVE_SIGN_UP, FamilySession, SessionState, SignUp

WINDOW = timedelta(days=365)
"""How far ahead is compared, from today."""

Slot = tuple[datetime, datetime]


@dataclass(frozen=True)
class Touched:
    """What a change would do. Numbers, and the sessions that share time with it."""

    clients: int
    family_members: int
    times: int
    """Program times that fall away, begin, or move, each client's counted once."""
    sessions: tuple[FamilySession, ...]


@dataclass(frozen=True)
class _Schedule:
    by_client: dict[int, frozenset[Occurrence]]
    slots: frozenset[Slot]
    closed: frozenset[date]


@dataclass(frozen=True)
class _Place:
    locations: list[int]
    zone: str
    is_one_client: bool


def touched(
    change: Callable[[], object], *, location_ids: set[int], client_id: int | None = None, now: datetime
) -> Touched:
    """What `change` would do to these locations, or to one client there alone. Writes nothing.

    Raises what `change` raises.
    """
    locations = sorted(location_ids)
    zone = _zone(locations)
    from_on = clock.local_date(now, zone)
    clients = {client_id} if client_id else _clients_of(locations)
    before = _schedule(locations, clients, from_on)
    savepoint = db.session.begin_nested()
    try:
        change()
        db.session.flush()
        db.session.expire_all()
        after = _schedule(locations, clients, from_on)
    finally:
        savepoint.rollback()
        db.session.expire_all()
    return _compared(before, after, _Place(locations, zone, client_id is not None), now)


def _compared(before: _Schedule, after: _Schedule, place: _Place, now: datetime) -> Touched:
    changed = {
        client_id: times ^ after.by_client.get(client_id, frozenset())
        for client_id, times in before.by_client.items()
    }
    clients = {client_id for client_id, times in changed.items() if times}
    own = {(each.start_at, each.end_at) for times in changed.values() for each in times}
    slots = own if place.is_one_client else own | (before.slots ^ after.slots)
    sessions = _sessions(place, slots, before.closed ^ after.closed, now)
    if place.is_one_client:
        sessions = [each for each in sessions if each.client_id in clients]
    return Touched(
        clients=len(clients),
        family_members=len(_readers(clients, now) | _signed_up(sessions)),
        times=sum(len({each.subject for each in times}) for times in changed.values()),
        sessions=tuple(sessions),
    )


def _schedule(locations: list[int], clients: set[int], from_on: date) -> _Schedule:
    to_on = from_on + WINDOW
    tracks = db.session.scalars(
        select(Track.id).join(Track.program).where(Program.location_id.in_(locations))
    ).all()
    slots = {
        (each.start_at, each.end_at)
        for found in queries.of_tracks(tracks, from_on, to_on).values()
        for each in found
    }
    closures = [
        each for found in closed_days.of_locations(locations, from_on, to_on).values() for each in found
    ]
    days = (from_on + timedelta(days=number) for number in range(WINDOW.days + 1))
    times = queries.clients_times(clients, from_on, to_on)
    return _Schedule(
        by_client={client_id: frozenset(found) for client_id, found in times.items()},
        slots=frozenset(slots),
        closed=frozenset(day for day in days if rules.is_closed(day, closures)),
    )


def _zone(locations: list[int]) -> str:
    return queries.locations(locations)[0].timezone if locations else "UTC"


def _clients_of(locations: list[int]) -> set[int]:
    """Who has a schedule there: on a track, or with an appointment."""
    enrolled = select(Episode.client_id).join(Enrolment, Enrolment.episode_id == Episode.id)
    booked = select(Appointment.client_id)
    query = select(Client.id).where(
        Client.location_id.in_(locations), Client.id.in_(enrolled) | Client.id.in_(booked)
    )
    return set(db.session.scalars(query))


def _sessions(place: _Place, slots: set[Slot], days: frozenset[date], now: datetime) -> list[FamilySession]:
    ahead = db.session.scalars(
        select(FamilySession)
        .where(
            FamilySession.location_id.in_(place.locations),
            FamilySession.state != SessionState.CANCELLED,
            FamilySession.starts_at > now,
            FamilySession.starts_at < now + WINDOW,
        )
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    return [
        each
        for each in ahead
        if clock.local_date(each.starts_at, place.zone) in days
        or any(start < each.ends_at and each.starts_at < end for start, end in slots)
    ]


def _readers(clients: set[int], now: datetime) -> set[int]:
    """Everybody whom the gate lets see these clients' program times now."""
    permitted = gate.permitted(
        Relationship.client_id, Relationship.family_member_id, Scope.PROGRAM_TIMES, now
    )
    query = select(Relationship.family_member_id).where(Relationship.client_id.in_(clients), permitted)
    return set(db.session.scalars(query))


def _signed_up(sessions: list[FamilySession]) -> set[int]:
    query = select(SignUp.family_member_id).where(
        SignUp.session_id.in_([each.id for each in sessions]), SignUp.state.in_(LIVE_SIGN_UP)
    )
    return set(db.session.scalars(query))
