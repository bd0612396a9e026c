"""Staff decide on a request: a place, or the next number in line, or no."""

from datetime import datetime

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused, TooLate
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.sessions import apart, entering, notices, places
from portal.sessions.basis import permit_for
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import Event, SignUpState

DECLINE_REASONS = ("other_session_fits", "talk_first", "group_is_set", "asked_by_team")
"""For staff alone; the person reads that the office will help."""


def approve(*, sign_up_id: int, actor: Actor, now: datetime) -> SignUp:
    """Give the place, or a turn in line where all are taken. Twice is the same as once.

    Raises NotFound when the permission has ended, Refused kept_apart, TooLate.
    """
    asked = places.again(sign_up_id)
    if not asked.session.is_open_kind and not permit_for(
        asked.session, family_member_id=asked.family_member_id, at=now, lock=True
    ):
        raise NotFound
    session = places.locked(asked.session_id)
    mine = places.again(sign_up_id)
    if mine.state in (SignUpState.PLACED, SignUpState.WAITLISTED):
        return mine
    if mine.state is not SignUpState.REQUESTED:
        raise TooLate
    apart.refuse(session.id, mine.family_member_id, actor)
    places.pass_on(session, actor=actor, now=now)  # whoever waits has their turn first
    event = Event.APPROVE if places.free(session, now) else Event.LINE_UP
    places.change(mine, event, actor=actor, now=now)
    if event is Event.APPROVE:
        places.note_passed_over(session, actor=actor, now=now)
    mine.confirmed_for_revision = session.time_revision
    _decided(mine, actor, now)
    if event is Event.APPROVE:
        notices.placed(mine, now=now)
    return mine


def decline(*, sign_up_id: int, reason: str, actor: Actor, now: datetime) -> SignUp:
    """Say no, with a reason for staff alone. Twice is the same as once."""
    if reason not in DECLINE_REASONS:
        raise Refused("choose_a_reason", field="reason")
    places.locked(places.again(sign_up_id).session_id)
    mine = places.again(sign_up_id)
    if mine.state is SignUpState.DECLINED:
        return mine
    if mine.state is not SignUpState.REQUESTED:
        raise TooLate
    places.change(mine, Event.DECLINE, actor=actor, now=now, reason=reason)
    _decided(mine, actor, now)
    return mine


def was_declined(session: FamilySession, family_member_id: int) -> bool:
    """Whether staff said no to this person's request, and nothing has come after it."""
    if not session.needs_approval:
        return False
    query = (
        select(SignUp.state)
        .where(SignUp.session_id == session.id, SignUp.family_member_id == family_member_id)
        .order_by(SignUp.queue_number.desc())
        .limit(1)
    )
    return db.session.scalar(query) is SignUpState.DECLINED


def _decided(mine: SignUp, actor: Actor, now: datetime) -> None:
    tasks.drop(TaskKind.APPROVAL, subjects=[entering.subject(mine)], actor=actor, now=now)
