"""What a session overlaps: found anew each time, and a task while there is something to settle.

The rule itself is `overlap.conflicts`. A closure concerns every session; the program and
other sessions concern those in which the client takes part.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from portal.audit.models import AuditEntry
from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people.models import Client
from portal.schedule import appointment_times
from portal.schedule import queries as schedule
from portal.sessions import overlap, places
from portal.sessions.models import FamilySession, SessionState
from portal.sessions.models_company import ClientPart
from portal.sessions.overlap import Busy, What
from portal.sessions.rules import ClientAnswer

AHEAD = timedelta(days=120)
JUST_NOW = timedelta(minutes=3)
"""The worker looks every minute; what it missed while it stood still, the hour brings."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Conflict:
    """One overlap, for staff. `client` is None for a closure."""

    busy: Busy
    client: Client | None


def of_session(session: FamilySession) -> list[Conflict]:
    """Everything that the session overlaps as things stand now, for the staff's page."""
    if session.state is SessionState.CANCELLED:
        return []
    span = session.starts_at, session.ends_at
    found = [Conflict(each, None) for each in overlap.conflicts(*span, _closures(session))]
    for client in _clients(session.id):
        busy = _program(session, client.id) + _other_sessions(session, client.id)
        found += [Conflict(each, client) for each in overlap.conflicts(*span, busy)]
    return found


def flag(session: FamilySession, *, actor: Actor, now: datetime) -> list[Conflict]:
    """Open the task for what the session overlaps, or drop it when nothing is left."""
    if session.ends_at <= now:
        return []
    found = of_session(session)
    if not found:
        drop(session, actor=actor, now=now)
        return []
    tasks.open_task(
        TaskKind.CONFLICT,
        subject=f"session:{session.id}",
        actor=actor,
        now=now,
        location_id=session.location_id,
        owner_id=session.facilitator_id,
        client_id=session.client_id,
        due_on=local_date(session.starts_at, session.timezone),
    )
    return found


def drop(session: FamilySession, *, actor: Actor, now: datetime) -> None:
    """Nothing overlaps any more."""
    tasks.drop(TaskKind.CONFLICT, subjects=[f"session:{session.id}"], actor=actor, now=now)


def recheck(
    *,
    actor: Actor,
    now: datetime,
    location_id: int | None = None,
    client_ids: Collection[int] | None = None,
) -> int:
    """After a change of the schedule: look again at the sessions to come that it may touch.

    Returns how many overlap something now.
    """
    return sum(bool(flag(each, actor=actor, now=now)) for each in _to_come(now, location_id, client_ids))


def due(now: datetime) -> Sequence[int]:
    """The sessions to look at again: after a change of the schedule, and once an hour all of them."""
    changed = select(AuditEntry.id).where(
        AuditEntry.at > now - JUST_NOW,
        or_(AuditEntry.kind.startswith("schedule."), AuditEntry.kind == "timetable.imported"),
    )
    is_hour = now.minute < JUST_NOW.total_seconds() // 60
    if not is_hour and db.session.scalars(changed.limit(1)).first() is None:
        return ()
    return [each.id for each in _to_come(now, None, None)]


def look_again(session_id: int, *, actor: Actor, now: datetime) -> None:
    """Flag one session anew, its row locked."""
    flag(places.locked(session_id), actor=actor, now=now)


def _to_come(
    now: datetime, location_id: int | None, client_ids: Collection[int] | None
) -> Sequence[FamilySession]:
    query = (
        select(FamilySession)
        .where(
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at > now,
            FamilySession.starts_at < now + AHEAD,
        )
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    wanted = []
    if location_id is not None:
        wanted.append(FamilySession.location_id == location_id)
    if client_ids is not None:
        theirs = select(ClientPart.session_id).where(ClientPart.client_id.in_(client_ids))
        wanted.append(FamilySession.id.in_(theirs))
    return db.session.scalars(query.where(or_(*wanted)) if wanted else query).all()


def _clients(session_id: int) -> Sequence[Client]:
    query = (
        select(Client)
        .join(ClientPart, ClientPart.client_id == Client.id)
        .where(ClientPart.session_id == session_id, ClientPart.answer != ClientAnswer.DECLINED)
        .order_by(Client.id)
    )
    return db.session.scalars(query).all()


def _closures(session: FamilySession) -> list[Busy]:
    on = local_date(session.starts_at, session.timezone)
    return [
        Busy(What.CLOSURE, session.starts_at, session.ends_at, each.reason)
        for each in schedule.closures(location_ids=[session.location_id], from_on=on)
        if each.from_on <= on
    ]


def _program(session: FamilySession, client_id: int) -> list[Busy]:
    """The client's groups and one-off appointments around the session."""
    first = local_date(session.starts_at - DAY, session.timezone)
    last = local_date(session.ends_at, session.timezone)
    one_off = set(appointment_times.of_clients([client_id], first, last).get(client_id, []))
    return [
        Busy(
            What.APPOINTMENT if each in one_off else What.PROGRAM,
            each.start_at,
            each.end_at,
            each.name,
            is_family_hour=each.is_family_hour,
        )
        for each in schedule.client_times(client_id=client_id, from_on=first, to_on=last)
    ]


def _other_sessions(session: FamilySession, client_id: int) -> list[Busy]:
    query = (
        select(FamilySession)
        .join(ClientPart, ClientPart.session_id == FamilySession.id)
        .where(
            ClientPart.client_id == client_id,
            ClientPart.answer != ClientAnswer.DECLINED,
            FamilySession.id != session.id,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at < session.ends_at,
            FamilySession.ends_at > session.starts_at,
        )
        .order_by(FamilySession.starts_at)
    )
    return [
        Busy(What.SESSION, each.starts_at, each.ends_at, each.title("en"))
        for each in db.session.scalars(query)
    ]
