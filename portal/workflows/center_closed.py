"""The center closes for today: closure, cancellations and moves in one transaction, and the way back.

Opening again never tells anybody by itself: mails that have not begun are dropped, and
whoever heard of the cancellation stands on a call list.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from portal.audit import service as audit
from portal.center.models import Location
from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.core.errors import Refused, TooLate
from portal.mail import service as mail
from portal.mail.models import MessageState, OutboundMessage, ReaderKind
from portal.schedule import queries as timetable
from portal.schedule import service as schedule
from portal.schedule.models import Closure
from portal.sessions import again, calls, closed_days, conflicts, notices, places, telling
from portal.sessions.models import FamilySession
from portal.sessions.models_telling import ClosedDay, Telling
from portal.sessions.reach import ChangeKind
from portal.workflows import session_cancelled, session_moved

CANCEL_REASON = {"weather": "weather", "building": "building"}
"""The closure's reason → the session's; the others are a change of planning."""

HEARD = (MessageState.SENT, MessageState.SENDING, MessageState.UNCONFIRMED)


@dataclass(frozen=True)
class Fate:
    """What becomes of one session of the day: cancelled, moved to `starts_at`, or kept."""

    session_id: int
    starts_at: datetime | None = None
    is_kept: bool = False
    """It takes place all the same, such as by video."""


def close(
    *, location: Location, reason: str, fates: Sequence[Fate], actor: Actor, now: datetime
) -> ClosedDay:
    """Close `location` for the rest of its own day. Everything or nothing.

    Raises Refused center_closed_already, TooLate when a session came or went since the page
    was shown, and what moving and cancelling raise.
    """
    on = local_date(now, location.timezone)
    if closed_days.live([location.id], now):
        raise Refused("center_closed_already")
    if {each.id for each in closed_days.touched(location, on, now)} != {each.session_id for each in fates}:
        raise TooLate
    day = ClosedDay(
        location=location,
        on=on,
        reason=reason,
        closure_id=_closure(location, on, reason, actor, now),
        closed_at=now,
        closed_by_id=actor.id,
    )
    db.session.add(day)
    db.session.flush()
    in_order = sorted(fates, key=lambda each: each.session_id)
    for fate in in_order:
        places.locked(fate.session_id)  # all sessions before any outbox row
    for fate in in_order:
        _settle(fate, day, actor, now)
    audit.record(
        "center.closed_today",
        actor=actor,
        now=now,
        closed_day_id=day.id,
        location_id=location.id,
        sessions=len(fates),
    )
    return day


def open_again(
    *, day: ClosedDay, session_ids: Collection[int], tell: bool, actor: Actor, now: datetime
) -> list[FamilySession]:
    """Take the closing back and hold these of its cancelled sessions after all.

    With `tell`, whoever heard of the cancellation is written to as well. Twice is the same
    as once. Raises Refused starts_in_past, TooLate for a session that is not the day's.
    """
    if day.opened_at is not None:
        return []
    day.opened_at, day.opened_by_id = now, actor.id
    closure = db.session.get(Closure, day.closure_id) if day.closure_id else None
    if closure is not None:
        schedule.open_again(closure=closure, actor=actor, now=now)
    cancelled = {each.id: each for each in closed_days.cancelled_by(day)}
    if not set(session_ids) <= set(cancelled):
        raise TooLate
    held = [_hold_again(cancelled[each], day, tell, actor, now) for each in sorted(session_ids)]
    audit.record(
        "center.opened_again",
        actor=actor,
        now=now,
        closed_day_id=day.id,
        location_id=day.location_id,
        sessions=len(held),
    )
    return held


def _closure(location: Location, on: date, reason: str, actor: Actor, now: datetime) -> int | None:
    """The closure of the timetable; None where one stands already, which opening again must leave."""
    standing = timetable.closures(location_ids=[location.id], from_on=on)
    if any(each.from_on <= on for each in standing):
        return None
    return schedule.close(location=location, from_on=on, to_on=on, reason=reason, actor=actor, now=now).id


def _settle(fate: Fate, day: ClosedDay, actor: Actor, now: datetime) -> None:
    session = places.locked(fate.session_id)
    if fate.is_kept:
        conflicts.flag(session, actor=actor, now=now)
    elif fate.starts_at is not None:
        session_moved.move(
            session_id=session.id,
            starts_at=fate.starts_at,
            ends_at=fate.starts_at + (session.ends_at - session.starts_at),
            closed_day=day,
            actor=actor,
            now=now,
        )
    else:
        session_cancelled.cancel(
            session_id=session.id,
            reason=CANCEL_REASON.get(day.reason, "planning"),
            closed_day=day,
            actor=actor,
            now=now,
        )


def _hold_again(
    session: FamilySession, day: ClosedDay, tell: bool, actor: Actor, now: datetime
) -> FamilySession:
    tellings = closed_days.tellings_of(session.id, day)
    heard = {each.id for each in tellings if _has_heard(each, now)}
    telling.take_back(tellings, actor=actor, now=now)
    made, back = again.hold(session, tellings, actor=actor, now=now)
    change = telling.begin(
        session=made,
        kind=ChangeKind.HELD_AGAIN,
        starts_at=made.starts_at,
        asks_again=True,
        mails={
            sign_up: notices.changed(sign_up, now=now) if tell and each.id in heard else None
            for each, sign_up in back.items()
        },
        unneeded=frozenset(sign_up.id for each, sign_up in back.items() if each.id not in heard),
        closed_day=day,
        actor=actor,
        now=now,
    )
    if change and calls.is_somebody_left(change, now):
        telling.ask_to_call(change, actor=actor, now=now)
    return made


def _has_heard(line: Telling, now: datetime) -> bool:
    """Whether somebody may know of the cancellation; a mail that has not begun is stopped."""
    mail.drop_for(
        reader_kind=ReaderKind.FAMILY,
        reader_id=line.sign_up.family_member_id,
        subject_prefix=f"{notices.subject(line.sign_up)}:",
        kinds=("session_cancelled",),
        reason="opened_again",
        now=now,
    )
    if line.called_at is not None:
        return True
    message = db.session.get(OutboundMessage, line.message_id) if line.message_id else None
    return message is not None and message.state in HEARD
