"""The rules of reading. Pure: no clock, no database."""

from datetime import datetime, timedelta
from enum import StrEnum

STUCK_AFTER = timedelta(days=7)
"""Begun, and no step for so long: staff may ask; the family is never told."""


class Standing(StrEnum):
    """How far a person is with a lesson. Nothing is ever overdue."""

    NOT_STARTED = "not_started"
    READING = "reading"
    DONE = "done"


def standing(*, is_started: bool, is_finished: bool) -> Standing:
    """Where a reader stands. Once done, a lesson stays done."""
    if is_finished:
        return Standing.DONE
    return Standing.READING if is_started else Standing.NOT_STARTED


def furthest(before: int, part: int, parts: int) -> int:
    """The furthest part read, after `part` of `parts` was read: it never goes back."""
    return max(before, min(part, parts))


def resume_at(furthest_part: int, parts: int) -> int | None:
    """The part to go on with, from 1; None when all are read and the check is next."""
    return furthest_part + 1 if furthest_part < parts else None


def next_question(answered: set[int], questions: int) -> int | None:
    """The first question, from 1, that has no answer yet; None when each has one."""
    return next((number for number in range(1, questions + 1) if number not in answered), None)


def is_stuck(*, last_step_at: datetime | None, finished_at: datetime | None, now: datetime) -> bool:
    """Whether a lesson was begun, is not finished, and has had no step for a week."""
    return last_step_at is not None and finished_at is None and now - last_step_at >= STUCK_AFTER
