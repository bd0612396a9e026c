"""A therapist leaves or is away: clients, tasks and sessions find somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select

from portal.audit import service as audit
from portal.core import clock
from portal.core.actor import Actor
from portal.core.db import db
from portal.oversight import tasks
from portal.oversight.models import Task
from portal.oversight.rules import TaskState
from portal.people import care_teams
from portal.people.models import Client, StaffMember
from portal.sessions.models import FamilySession, SessionState


@dataclass(frozen=True)
class Handover:
    """What is handed over, to whom, and for which days; no days: for good, from now on."""

    leaving: StaffMember
    taking: StaffMember
    clients: Sequence[Client]
    from_on: date | None = None
    until_on: date | None = None
    is_everybody: bool = False
    """All clients of the therapist here: then what names no client goes along, too."""


def sessions_of(change: Handover, *, now: datetime) -> Sequence[FamilySession]:
    """The sessions to come that the other one will lead."""
    query = select(FamilySession).where(
        FamilySession.facilitator_id == change.leaving.id,
        FamilySession.state != SessionState.CANCELLED,
        FamilySession.starts_at > now,
    )
    ids = [client.id for client in change.clients]
    mine = FamilySession.client_id.in_(ids)
    query = query.where(or_(mine, FamilySession.client_id.is_(None)) if change.is_everybody else mine)
    found = db.session.scalars(query.order_by(FamilySession.starts_at, FamilySession.id)).all()
    return [
        session for session in found if _within(change, clock.local_date(session.starts_at, session.timezone))
    ]


def tasks_of(change: Handover) -> Sequence[Task]:
    """The open tasks that go along. While somebody is away, their colleague sees them anyway."""
    if change.from_on is not None:
        return []
    ids = [client.id for client in change.clients]
    mine = Task.client_id.in_(ids)
    query = select(Task).where(Task.owner_id == change.leaving.id, Task.state == TaskState.OPEN)
    query = query.where(or_(mine, Task.client_id.is_(None)) if change.is_everybody else mine)
    return db.session.scalars(query.order_by(Task.id)).all()


def hand_over(change: Handover, *, actor: Actor, now: datetime) -> None:
    """Do it, all or nothing; raises Refused as `people.care_teams` does."""
    sessions, open_tasks = sessions_of(change, now=now), tasks_of(change)
    if change.from_on is not None and change.until_on is not None:
        care_teams.cover(
            change.clients,
            away=change.leaving,
            covering=change.taking,
            from_on=change.from_on,
            until_on=change.until_on,
            actor=actor,
            now=now,
        )
    else:
        care_teams.hand_over(
            change.clients, leaving=change.leaving, taking=change.taking, actor=actor, now=now
        )
    for task in open_tasks:
        tasks.give(task, owner_id=change.taking.id, actor=actor, now=now)
    for session in sessions:
        session.facilitator_id = change.taking.id
        audit.record("session.changed", actor=actor, now=now, session_id=session.id, names=["facilitator_id"])


def _within(change: Handover, day: date) -> bool:
    first, last = change.from_on or date.min, change.until_on or date.max
    return first <= day <= last
