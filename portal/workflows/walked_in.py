"""Somebody without a place stands at the door, and may come in: entered and ticked in one step."""

from datetime import datetime

from portal.core.actor import Actor
from portal.sessions import beyond, planning, service
from portal.sessions.models import SignUp
from portal.sessions.rules import Attendance, SignUpState

WAY = "walk_in"


def walk_in(
    *, session_id: int, family_member_id: int, reason: str, staff_id: int, actor: Actor, now: datetime
) -> SignUp:
    """Give a place and tick "arrived". Without a free place, `reason` gives one beyond the number.

    Raises NotFound where no usable consent covers it, Refused just_filled (full, and no
    reason), sign_up_closed, kept_apart, choose_a_reason.
    """
    mine = service.sign_up(
        session_id=session_id,
        family_member_id=family_member_id,
        staff_id=staff_id,
        way_of_contact=WAY,
        or_wait=bool(reason),
        actor=actor,
        now=now,
    )
    if mine.state is SignUpState.WAITLISTED and reason:
        mine = beyond.give(sign_up_id=mine.id, reason=reason, actor=actor, now=now)
    if mine.state is SignUpState.PLACED:
        planning.record_attendance(
            session_id=session_id, marks={mine.id: Attendance.ARRIVED}, actor=actor, now=now
        )
    return mine
