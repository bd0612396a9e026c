"""Private sessions: who is invited. For everybody else the session does not exist."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.people.models import FamilyMember
from portal.sessions.models import FamilySession
from portal.sessions.models_company import SessionInvitation


def invite(*, session_id: int, family_member_ids: Collection[int], actor: Actor, now: datetime) -> int:
    """Invite these people; returns how many are new. An invitation alone gives no permission."""
    new = sorted(set(family_member_ids) - {each.id for each in people(session_id)})
    staff_id = actor.id if actor.kind == "staff" else None
    for family_member_id in new:
        db.session.add(
            SessionInvitation(
                session_id=session_id, family_member_id=family_member_id, invited_by_id=staff_id, at=now
            )
        )
        audit.record(
            "session.person_invited",
            actor=actor,
            now=now,
            session_id=session_id,
            family_member_id=family_member_id,
        )
    db.session.flush()
    return len(new)


def uninvite(*, session_id: int, family_member_id: int, actor: Actor, now: datetime) -> None:
    """Take an invitation back; a place that the person has stays until it is given up."""
    done = db.session.execute(
        delete(SessionInvitation).where(
            SessionInvitation.session_id == session_id,
            SessionInvitation.family_member_id == family_member_id,
        )
    )
    if done.rowcount:  # type: ignore[attr-defined]
        audit.record(
            "session.person_uninvited",
            actor=actor,
            now=now,
            session_id=session_id,
            family_member_id=family_member_id,
        )


def people(session_id: int) -> list[FamilyMember]:
    """Everybody invited, by name; one statement."""
    query = (
        select(FamilyMember)
        .join(SessionInvitation, SessionInvitation.family_member_id == FamilyMember.id)
        .where(SessionInvitation.session_id == session_id)
        .order_by(FamilyMember.family_name, FamilyMember.given_name, FamilyMember.id)
    )
    return list(db.session.scalars(query))


def is_invited(family_member_id: ColumnElement[int] | int) -> ColumnElement[bool]:
    """SQL: whether the person is invited to the row of `FamilySession`."""
    return exists().where(
        SessionInvitation.session_id == FamilySession.id,
        SessionInvitation.family_member_id == family_member_id,
    )
