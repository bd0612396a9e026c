"""Reads of tasks."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import joinedload

from portal.core.db import db
from portal.core.errors import NotFound
from portal.oversight.models import Task, TeamMessage
from portal.oversight.rules import TaskState
from portal.people import queries as people
from portal.people.models import Client, Role, StaffMember


def open_tasks(*, staff: StaffMember, now: datetime) -> Sequence[Task]:
    """What this staff member has to do, and what nobody of their rooms has taken yet.

    First what has a day, the nearest first; then the oldest.
    """
    query = _seen_by(staff, now).where(Task.state == TaskState.OPEN)
    return db.session.scalars(query.order_by(Task.due_on.nulls_last(), Task.opened_at, Task.id)).all()


def task_for(*, staff: StaffMember, task_id: int, now: datetime) -> Task:
    """A task that this staff member may see, ended ones too; NotFound otherwise."""
    task = db.session.scalars(_seen_by(staff, now).where(Task.id == task_id)).one_or_none()
    if task is None:
        raise NotFound
    return task


def open_count(*, staff: StaffMember, now: datetime) -> int:
    """How many open tasks are this staff member's own."""
    mine = select(func.count()).where(Task.state == TaskState.OPEN, Task.owner_id == staff.id)
    return db.session.scalar(mine) or 0


def message_of(task: Task) -> TeamMessage | None:
    """What was told, where the task is about that."""
    kind, _, number = task.subject.partition(":")
    if kind != "message" or not number.isdecimal():
        return None
    return db.session.get(TeamMessage, int(number))


def _seen_by(staff: StaffMember, now: datetime) -> Select[Task]:
    query = (
        select(Task)
        .outerjoin(Task.client)
        .options(joinedload(Task.client), joinedload(Task.owner), joinedload(Task.location))
    )
    return query.where(or_(Task.owner_id == staff.id, _of_their_rooms(staff, now)))


def _of_their_rooms(staff: StaffMember, now: datetime) -> ColumnElement[bool]:
    """Of their caseload or location; the privacy office has what belongs to no location."""
    roles = {role.role for role in staff.roles}
    conditions: list[ColumnElement[bool]] = [and_(Client.id.is_not(None), people.caseload(staff, now))]
    if Role.COORDINATOR in roles:
        conditions.append(Task.location_id.in_(people.locations_of(staff)))
    if Role.PRIVACY_OFFICER in roles:
        conditions.append(Task.location_id.is_(None))
    return or_(false(), *conditions)
