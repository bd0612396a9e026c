""" "This and later" of a series: moved or cancelled together, everybody concerned told of each evening."""

from datetime import datetime

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound
from portal.sessions import series
from portal.sessions.models import FamilySession, SignUp
from portal.workflows import session_cancelled, session_moved


def move_this_and_later(
    *, session_id: int, starts_at: datetime, ends_at: datetime, actor: Actor, now: datetime
) -> list[SignUp]:
    """Move this evening to `starts_at` and the later ones by as much on the wall clock.

    Returns the sign-ups that are told. Raises NotFound without a series, and as `session_moved`.
    """
    return [
        sign_up
        for each_id, start, end in series.moves(session_id=session_id, starts_at=starts_at, ends_at=ends_at)
        for sign_up in session_moved.move(
            session_id=each_id,
            starts_at=start,
            ends_at=end,
            of_series=each_id != session_id,
            actor=actor,
            now=now,
        )
    ]


def cancel_this_and_later(*, session_id: int, reason: str, actor: Actor, now: datetime) -> list[SignUp]:
    """Cancel this evening and all later ones, those changed by themselves too; returns who is told.

    Raises NotFound without a series, Refused choose_a_reason.
    """
    this = db.session.get(FamilySession, session_id)
    if this is None or this.series_id is None:
        raise NotFound
    return [
        sign_up
        for each in series.every_later(this)
        for sign_up in session_cancelled.cancel(session_id=each.id, reason=reason, actor=actor, now=now)
    ]
