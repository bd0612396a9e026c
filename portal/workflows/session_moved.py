"""A session is moved: places are kept, everybody concerned is told and asked again."""

from datetime import datetime

from portal.core.actor import Actor
from portal.sessions import calls, notices, places, planning, telling
from portal.sessions.models import SignUp
from portal.sessions.models_telling import ClosedDay
from portal.sessions.reach import ChangeKind


def move(
    *,
    session_id: int,
    starts_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
    closed_day: ClosedDay | None = None,
    of_series: bool = False,
) -> list[SignUp]:
    """Move it and queue "Your appointment has changed" for each live sign-up.

    Who is not reached by that stands on the call list. Raises NotFound, Refused
    session_is_cancelled, starts_in_past, ends_before_start.
    """
    before = places.locked(session_id).starts_at
    affected = planning.move(
        session_id=session_id,
        starts_at=starts_at,
        ends_at=ends_at,
        of_series=of_series,
        actor=actor,
        now=now,
    )
    change = telling.begin(
        session=places.locked(session_id),
        kind=ChangeKind.MOVED,
        starts_at=min(before, starts_at),
        mails={sign_up: notices.changed(sign_up, now=now) for sign_up in affected},
        asks_again=before != starts_at,
        closed_day=closed_day,
        actor=actor,
        now=now,
    )
    if change and calls.is_somebody_left(change, now):
        telling.ask_to_call(change, actor=actor, now=now)
    return affected
