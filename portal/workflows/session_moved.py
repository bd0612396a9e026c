"""A session is moved: places are kept, everybody concerned is told and asked again."""

from datetime import datetime

from portal.core.actor import Actor
from portal.sessions import notices, planning
from portal.sessions.models import SignUp


def move(
    *, session_id: int, starts_at: datetime, ends_at: datetime, actor: Actor, now: datetime
) -> list[SignUp]:
    """Move it and queue "Your appointment has changed" for each live sign-up.

    Raises NotFound, Refused session_is_cancelled, starts_in_past, ends_before_start.
    """
    affected = planning.move(
        session_id=session_id, starts_at=starts_at, ends_at=ends_at, actor=actor, now=now
    )
    for sign_up in affected:
        notices.changed(sign_up, now=now)
    return affected
