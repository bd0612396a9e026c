"""Finding what is due: CPU with 2,000 past sign-ups and with 200,000, of the same people."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from bench.dispatch import noon
from bench.fill import FIRST_ID, Progress, Row, fill_sessions
from portal.core import clock
from portal.core.db import db, reading
from portal.people.models import FamilyMember
from portal.reminders import queries
from portal.reminders.events import SESSIONS
from portal.reminders.rules import due
from portal.reminders.service import BATCH
from portal.sessions.models import SignUpState

ROUNDS = 15
A_SESSION = 10


@dataclass(frozen=True)
class DueCost:
    """Medians of CPU milliseconds for one batch of readers."""

    few: int
    many: int
    """How many past sign-ups there are."""
    few_ms: float
    many_ms: float

    @property
    def ratio(self) -> float:
        """With many to with few; 1.0 is the same."""
        return self.many_ms / self.few_ms


def measure(app: Flask, few: int, many: int) -> DueCost:
    """Measure with the `few` sign-ups that are there, add past ones up to `many`, measure again.

    Leaves them there: give it a database that is thrown away.
    """
    with app.app_context(), clock.stopped_at(noon()):
        few_ms = _median_ms()
        _add_past(many - few)
        many_ms = _median_ms()
        db.session.remove()
    return DueCost(few, many, few_ms, many_ms)


def _median_ms() -> float:
    progress, spent = Progress("finding what is due", ROUNDS), []
    for _ in range(ROUNDS):
        spent.append(_once_ms())
        progress.add(1)
    return statistics.median(spent)


def _once_ms() -> float:
    now, start = clock.now(), time.process_time()
    with reading():
        ids = queries.reader_ids(SESSIONS, now=now)[:BATCH]
        for reminders in queries.reminders(SESSIONS, ids, now=now).values():
            due(reminders, now)
    return (time.process_time() - start) * 1000


def _add_past(count: int) -> None:
    """Sessions of the past two years in which the people who are there had their places."""
    with reading():
        members = list(db.session.scalars(select(FamilyMember.id).order_by(FamilyMember.id)))
    first, now = FIRST_ID * 2, clock.now()
    starts = [now - timedelta(days=2 + number % 700) for number in range(count // A_SESSION)]
    fill_sessions(first, starts, _places(first, count, members, now - timedelta(days=720)), count)


def _places(first: int, count: int, members: list[int], made_at: datetime) -> Iterator[Row]:
    for number in range(count):
        session, seat = divmod(number, A_SESSION)
        member = members[(session * A_SESSION + seat) % len(members)]
        yield {
            "id": first + number,
            "session_id": first + session,
            "family_member_id": member,
            "relationship_id": member,
            "state": SignUpState.PLACED,
            "queue_number": seat + 1,
            "made_at": made_at,
            "confirmed_for_revision": 1,
        }
