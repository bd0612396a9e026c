"""What each reader still gets, of each kind: the page, the preview, staff's "why not" and the worker
all ask here.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, select

from portal.core.db import db
from portal.people.models import FamilyMember
from portal.reminders import events as source
from portal.reminders import waiting
from portal.reminders.events import DIGEST, HORIZON, OPT_IN, PROGRAM_TIMES, SESSIONS, Reader
from portal.reminders.rules import Reminder, upcoming
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import SignUpState

BOUND = (SESSIONS, PROGRAM_TIMES)
"""Kinds that belong to a fixed time: they merge, and never give way."""


def reader_ids(kind: str, *, now: datetime) -> Sequence[int]:
    """The readers of a kind, in the order of their ids; of sessions, who has one ahead;
    of what can wait, whom it can concern now."""
    query = source.readers(kind).with_only_columns(FamilyMember.id).order_by(FamilyMember.id)
    if kind == SESSIONS:
        query = query.where(FamilyMember.id.in_(_placed_soon(now)))
    elif kind in waiting.KINDS:
        query = waiting.narrowed(kind, query, now)
    return db.session.scalars(query).all()


def _placed_soon(now: datetime) -> Select[int]:
    return (
        select(SignUp.family_member_id)
        .join(SignUp.session)
        .where(
            SignUp.state == SignUpState.PLACED,
            FamilySession.starts_at > now,
            FamilySession.starts_at < now + HORIZON,
        )
    )


def reminders(kind: str, ids: Collection[int], *, now: datetime) -> dict[int, list[Reminder]]:
    """What each of these people still gets, of one kind; only people who want it."""
    found = {reader.id: reader for reader in source.wanting(kind, ids)}
    if kind in BOUND:
        return _bound(kind, found, now)
    others = BOUND if kind == DIGEST else (*BOUND, DIGEST)
    make = waiting.digests if kind == DIGEST else waiting.nudges
    return make(found, _all(others, found, now), now)


def _bound(kind: str, found: dict[int, Reader], now: datetime) -> dict[int, list[Reminder]]:
    events = source.of_kind(kind, found, now)
    told = source.told(kind, events)
    return {
        reader.id: upcoming(
            events[reader.id],
            lead_hours=reader.lead_hours,
            told=told.get(reader.id, set()),
            quiet=source.quiet_hours(reader.zone or events[reader.id][0].zone),
            now=now,
        )
        for reader in found.values()
        if events.get(reader.id)
    }


def _all(kinds: Collection[str], ids: Collection[int], now: datetime) -> dict[int, list[Reminder]]:
    every: dict[int, list[Reminder]] = {}
    for kind in kinds:
        for reader_id, mails in reminders(kind, ids, now=now).items():
            every.setdefault(reader_id, []).extend(mails)
    return every


def upcoming_for(*, family_member_id: int, now: datetime) -> list[tuple[str, Reminder]]:
    """Every reminder that one person still gets, with its kind, in order of sending."""
    every = [
        (kind, reminder)
        for kind in OPT_IN
        for reminder in reminders(kind, [family_member_id], now=now).get(family_member_id, [])
    ]
    return sorted(every, key=lambda pair: pair[1].send_at)
