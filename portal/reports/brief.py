"""The therapist's brief for one session (row 110): who comes, what they need, what to look out for.

Only one's own clients' families stand in it. Of lessons it says how far somebody is who has
one picked under a permission of now, and how many have read the topic: never an answer,
never a note that is not shared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import and_, select

from portal.consent.rules import Scope
from portal.core.db import db
from portal.disclosure import gate
from portal.education import following, private, queries
from portal.education.models import Assignment, Module, Progress, Reflection
from portal.education.queries import Listed
from portal.education.rules import Standing, standing
from portal.people.models import Relationship, StaffMember
from portal.sessions import apart, client_part, conflicts, desk
from portal.sessions.conflicts import Conflict
from portal.sessions.models import FamilySession
from portal.sessions.models_company import ClientPart, KeepApart
from portal.sessions.queries import RosterRow


@dataclass(frozen=True)
class Guest:
    """One person who comes."""

    row: RosterRow
    standing: Standing | None
    """How far they are with the topic's lesson; None: not picked for them, or no permission."""
    notes: list[Reflection] = field(default_factory=list)
    """What they chose to share with the team, about the topic."""


@dataclass(frozen=True)
class Brief:
    """Everything on one page."""

    session: FamilySession
    guests: list[Guest]
    hidden: int
    flags: list[KeepApart]
    """Two people who both come and are to be kept apart."""
    parts: list[ClientPart]
    topic: Listed | None
    read: int
    """How many of the people on this page have read the topic's lesson."""
    conflicts: list[Conflict]


def of_session(*, staff: StaffMember, session_id: int, now: datetime, language: str = "en") -> Brief:
    """The brief as this staff member may read it. Raises NotFound."""
    session = desk.session_for(staff=staff, session_id=session_id, now=now)
    roster = desk.roster_for(staff=staff, session=session, now=now)
    sight = desk.Sight.of(staff, now)
    topic = _topic(session.module_code, language)
    own = [row.sign_up.relationship_id for row in roster.placed if row.sign_up.relationship_id]
    permitted = _permitted(own, now)
    standings = _standings(permitted, topic.module_id) if topic else {}
    notes = _notes(own, topic.module_id) if topic else {}
    guests = [
        Guest(
            row=row,
            standing=standings.get(row.sign_up.relationship_id or 0),
            notes=notes.get(row.sign_up.relationship_id or 0, []),
        )
        for row in roster.placed
    ]
    seen = {row.sign_up.family_member_id for row in roster.placed + roster.offered}
    return Brief(
        session=session,
        guests=guests,
        hidden=roster.hidden,
        flags=[each for each in apart.together(session.id) if _concerns(each, seen)],
        parts=[each for each in client_part.parts_in(session.id) if each.client_id in sight.client_ids],
        topic=topic,
        read=_read(topic, roster.placed, permitted, now),
        conflicts=[
            each
            for each in conflicts.of_session(session)
            if each.client is None or each.client.id in sight.client_ids
        ],
    )


def _topic(code: str | None, language: str) -> Listed | None:
    """The lesson that is the session's topic; one statement, and one more for its title."""
    if not code:
        return None
    module_id = db.session.scalars(select(Module.id).where(Module.code == code)).one_or_none()
    return queries.titles([module_id], language).get(module_id) if module_id else None


def _permitted(relationship_ids: Sequence[int], now: datetime) -> frozenset[int]:
    """The relationships under which lessons are shared at `now`; one statement."""
    query = select(Relationship.id).where(
        Relationship.id.in_(relationship_ids),
        gate.permitted(Relationship.client_id, Relationship.family_member_id, Scope.LESSONS, now),
    )
    return frozenset(db.session.scalars(query))


def _standings(relationship_ids: frozenset[int], module_id: int) -> dict[int, Standing]:
    """Relationship → how far the person is, where the lesson is picked for them; one statement."""
    rows = db.session.execute(
        select(Assignment.relationship_id, Progress.id, Progress.finished_at)
        .join(Assignment.relationship)
        .outerjoin(
            Progress,
            and_(
                Progress.module_id == Assignment.module_id,
                Progress.family_member_id == Relationship.family_member_id,
            ),
        )
        .where(
            Assignment.relationship_id.in_(relationship_ids),
            Assignment.module_id == module_id,
            Assignment.closed_at.is_(None),
        )
    )
    return {
        relationship_id: standing(is_started=progress_id is not None, is_finished=finished_at is not None)
        for relationship_id, progress_id, finished_at in rows
    }


def _notes(relationship_ids: Sequence[int], module_id: int) -> dict[int, list[Reflection]]:
    found: dict[int, list[Reflection]] = {}
    for note in private.shared_notes(relationship_ids=relationship_ids):
        if note.module_id == module_id:
            found.setdefault(note.shared_with_id or 0, []).append(note)
    return found


def _read(topic: Listed | None, rows: Sequence[RosterRow], permitted: frozenset[int], now: datetime) -> int:
    """Only people whose permission of now includes lessons are counted."""
    if topic is None:
        return 0
    readers = [row.sign_up.family_member_id for row in rows if row.sign_up.relationship_id in permitted]
    return following.read_count(module_id=topic.module_id, family_member_ids=readers, now=now)


def _concerns(flag: KeepApart, seen: set[int]) -> bool:
    return flag.family_member_id in seen or flag.other_family_member_id in seen
