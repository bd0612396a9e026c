"""Tasks: open, take, hand over, end."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind, TaskState


def open_task(
    kind: TaskKind,
    *,
    subject: str,
    actor: Actor,
    now: datetime,
    location_id: int | None = None,
    owner_id: int | None = None,
    client_id: int | None = None,
    due_on: date | None = None,
) -> Task:
    """Open a task, or give the one that is open for this subject already."""
    known = _open(kind, [subject])
    if known:
        return known[0]
    task = Task(
        kind=kind,
        subject=subject,
        owner_id=owner_id,
        location_id=location_id,
        client_id=client_id,
        due_on=due_on,
        opened_at=now,
    )
    db.session.add(task)
    db.session.flush()
    audit.record("task.opened", actor=actor, now=now, client_id=client_id, task_id=task.id, task_kind=kind)
    return task


def give(task: Task, *, owner_id: int | None, actor: Actor, now: datetime) -> None:
    """Give a task to somebody, or back to everybody; raises Refused("task_ended")."""
    if task.state is not TaskState.OPEN:
        raise Refused("task_ended")
    task.owner_id = owner_id
    audit.record(
        "task.given", actor=actor, now=now, client_id=task.client_id, task_id=task.id, owner_id=owner_id
    )


def finish(task: Task, *, actor: Actor, now: datetime) -> None:
    """It is done. Saying so twice changes nothing."""
    _end(task, TaskState.DONE, actor=actor, now=now)


def finish_about(kind: TaskKind, *, subject: str, actor: Actor, now: datetime) -> None:
    """What this subject asked for is done; nothing where no task is open."""
    for task in _open(kind, [subject]):
        finish(task, actor=actor, now=now)


def drop(kind: TaskKind, *, subjects: Collection[str], actor: Actor, now: datetime) -> int:
    """What these tasks are about is over; returns how many ended."""
    tasks = _open(kind, subjects)
    for task in tasks:
        _end(task, TaskState.DROPPED, actor=actor, now=now)
    return len(tasks)


def _open(kind: TaskKind, subjects: Collection[str]) -> list[Task]:
    wanted = select(Task).where(Task.kind == kind, Task.state == TaskState.OPEN, Task.subject.in_(subjects))
    return list(db.session.scalars(wanted))


def _end(task: Task, state: TaskState, *, actor: Actor, now: datetime) -> None:
    if task.state is not TaskState.OPEN:
        return
    task.state, task.ended_at = state, now
    task.ended_by_id = actor.id if actor.kind == "staff" else None
    audit.record(
        "task.ended", actor=actor, now=now, client_id=task.client_id, task_id=task.id, to_state=state
    )
