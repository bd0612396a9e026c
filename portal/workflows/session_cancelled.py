"""A session is cancelled: places end, the waitlist is cleared, everybody is told once."""

from datetime import datetime

from portal.core.actor import Actor
from portal.sessions import calls, notices, places, planning, telling
from portal.sessions.models import SignUp
from portal.sessions.models_telling import ClosedDay
from portal.sessions.reach import ChangeKind


def cancel(
    *, session_id: int, reason: str, actor: Actor, now: datetime, closed_day: ClosedDay | None = None
) -> list[SignUp]:
    """Cancel it and queue "Your appointment is cancelled" for each sign-up that ended.

    Who is not reached by that stands on the call list. Raises NotFound, Refused
    choose_a_reason. Twice tells nobody twice.
    """
    session = places.locked(session_id)
    held = {each.id: each.state for each in planning.live_sign_ups(session_id)}
    affected = planning.cancel(session_id=session_id, reason=reason, actor=actor, now=now)
    change = telling.begin(
        session=session,
        kind=ChangeKind.CANCELLED,
        starts_at=session.starts_at,
        mails={sign_up: notices.cancelled(sign_up, now=now) for sign_up in affected},
        held=held,
        closed_day=closed_day,
        actor=actor,
        now=now,
    )
    if change and calls.is_somebody_left(change, now):
        telling.ask_to_call(change, actor=actor, now=now)
    return affected
