"""Tasks: one open task per subject, given and ended, never reopened."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditEntry
from portal.core.actor import Actor, job
from portal.core.db import db
from portal.core.errors import Refused
from portal.oversight import tasks
from portal.oversight.models import Task
from portal.oversight.rules import TaskKind, TaskState
from portal.people.models import Role
from tests.conftest import NOW
from tests.factories.people import make_staff

WORKER = job("test")


def opened(subject: str = "session:1/2") -> Task:
    return tasks.open_task(TaskKind.INTERPRETER, subject=subject, actor=WORKER, now=NOW)


def test_a_subject_has_one_open_task(app: Flask, write: Callable[[], Any]) -> None:
    with write():
        first, again = opened(), opened()
    assert first.id == again.id
    assert db.session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all() == ["task.opened"]


def test_a_task_that_ended_stays_ended_and_the_next_is_a_new_one(
    app: Flask, write: Callable[[], Any]
) -> None:
    staff = make_staff(Role.COORDINATOR)
    with write():
        first = opened()
        tasks.finish(first, actor=Actor("staff", staff.id), now=NOW)
        tasks.finish(first, actor=WORKER, now=NOW)
        second = opened()
    assert (first.state, first.ended_by_id) == (TaskState.DONE, staff.id)
    assert second.id != first.id
    with write(), pytest.raises(Refused, match="task_ended"):
        tasks.give(first, owner_id=staff.id, actor=WORKER, now=NOW)


def test_what_is_over_drops_its_tasks_and_no_other(app: Flask, write: Callable[[], Any]) -> None:
    with write():
        mine, other = opened(), opened("session:1/3")
        dropped = tasks.drop(TaskKind.INTERPRETER, subjects=["session:1/2"], actor=WORKER, now=NOW)
    assert dropped == 1
    assert (mine.state, other.state) == (TaskState.DROPPED, TaskState.OPEN)
