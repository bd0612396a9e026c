"""Following for staff: how far each person of a caseload is. Numbers of statements stay fixed.

Standing and shared notes only: never an answer, never a note that is not shared.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import contains_eager

from portal.consent.rules import Scope
from portal.core.db import db
from portal.disclosure import gate
from portal.education import private, queries
from portal.education.models import Assignment, Progress, Reflection
from portal.education.queries import Followed
from portal.people import queries as people
from portal.people.models import Client, FamilyMember, Relationship, StaffMember


@dataclass(frozen=True)
class Person:
    """One family member of one client, with the lessons picked and the notes shared."""

    relationship: Relationship
    may_have_lessons: bool
    """Whether the gate lets lessons through now."""
    followed: list[Followed] = field(default_factory=list)
    shared: list[Reflection] = field(default_factory=list)

    @property
    def has_signed_in(self) -> bool:
        """An account is made by the first signing in."""
        return self.relationship.family_member.user_id is not None

    @property
    def is_stuck(self) -> bool:
        """Whether one of the lessons has been open for long without a step."""
        return any(one.is_stuck for one in self.followed)


def of_caseload(*, staff: StaffMember, now: datetime, language: str = "en") -> list[Person]:
    """Everybody linked to the clients of this staff member, by client and name."""
    rows = db.session.execute(
        select(
            Relationship,
            gate.permitted(Relationship.client_id, Relationship.family_member_id, Scope.LESSONS, now),
        )
        .join(Relationship.client)
        .join(Relationship.family_member)
        .where(people.caseload(staff, now), Relationship.ended_at.is_(None))
        .options(contains_eager(Relationship.client), contains_eager(Relationship.family_member))
        .order_by(Client.given_name, Client.family_name, Client.id, FamilyMember.given_name, Relationship.id)
    ).all()
    ids = [relationship.id for relationship, _permitted in rows]
    followed, shared = _followed(ids, now, language), _shared(ids)
    return [
        Person(relationship, bool(permitted), followed[relationship.id], shared[relationship.id])
        for relationship, permitted in rows
    ]


def read_count(*, module_id: int, family_member_ids: Collection[int], now: datetime) -> int:
    """How many of these people have read this lesson to its end: a number, never who.

    "4 people have read this week's lesson" on a session's brief; one statement.
    """
    finished = select(func.count(Progress.id)).where(
        Progress.module_id == module_id,
        Progress.family_member_id.in_(family_member_ids),
        Progress.finished_at <= now,
    )
    return db.session.scalar(finished) or 0


def _followed(ids: Sequence[int], now: datetime, language: str) -> dict[int, list[Followed]]:
    rows = db.session.execute(
        select(Assignment, Progress)
        .join(Assignment.relationship)
        .outerjoin(
            Progress,
            and_(
                Progress.module_id == Assignment.module_id,
                Progress.family_member_id == Relationship.family_member_id,
            ),
        )
        .where(Assignment.relationship_id.in_(ids), Assignment.closed_at.is_(None))
        .order_by(Assignment.created_at, Assignment.id)
    ).all()
    titles = queries.titles({assignment.module_id for assignment, _progress in rows}, language)
    found: dict[int, list[Followed]] = defaultdict(list)
    for assignment, progress in rows:
        found[assignment.relationship_id].append(queries.as_followed(assignment, progress, titles, now))
    return found


def _shared(ids: Iterable[int]) -> dict[int, list[Reflection]]:
    found: dict[int, list[Reflection]] = defaultdict(list)
    for note in private.shared_notes(relationship_ids=list(ids)):
        found[note.shared_with_id or 0].append(note)
    return found
