"""A session is cancelled: places end, the waitlist is cleared, everybody is told once."""

from datetime import datetime

from portal.core.actor import Actor
from portal.sessions import notices, planning
from portal.sessions.models import SignUp


def cancel(*, session_id: int, reason: str, actor: Actor, now: datetime) -> list[SignUp]:
    """Cancel it and queue "Your appointment is cancelled" for each sign-up that ended.

    Raises NotFound, Refused choose_a_reason. Twice tells nobody twice.
    """
    affected = planning.cancel(session_id=session_id, reason=reason, actor=actor, now=now)
    for sign_up in affected:
        notices.cancelled(sign_up, now=now)
    return affected
