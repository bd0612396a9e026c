"""What of a reminder still stands at the moment it is sent, read under the locks of the house.

Whatever has changed since the reminder was prepared is found out here. The statements are
made once: this runs for every reminder.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, cast, func, select, update

from portal.consent.rules import Scope
from portal.core.db import BigInt, UtcDateTime, connection, db, once
from portal.core.errors import NotFound
from portal.disclosure import held
from portal.disclosure.gate import Permit
from portal.mail.kinds import Letter, Message
from portal.mail.models import MailAddress, OutboxItem, ReaderKind
from portal.people.models import FamilyMember, Relationship
from portal.reminders import events as source
from portal.reminders.rules import Event
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import Meeting, SessionState, SignUpState, closes_at

_NOW: Any = bindparam("now", type_=UtcDateTime())
_PREFIX = "session:"
_TOLD = OutboxItem.message_id == bindparam("message_id"), OutboxItem.dropped_at.is_(None)

_ITEMS = select(OutboxItem.id, OutboxItem.subject, OutboxItem.time_revision).where(*_TOLD)
_HOW_MANY = select(func.count()).select_from(OutboxItem).where(*_TOLD).correlate(None).scalar_subquery()
_PLACES = (
    select(
        OutboxItem.id.label("item_id"),
        FamilySession.id.label("session_id"),
        FamilySession.starts_at,
        FamilySession.timezone,
        FamilySession.meeting,
        SignUp.relationship_id,
        Relationship.client_id,
        SignUp.id.label("sign_up_id"),
        FamilySession.time_revision,
        FamilySession.cutoff_minutes,
        _HOW_MANY.label("told"),
    )
    .select_from(OutboxItem)
    .join(
        FamilySession,
        FamilySession.id == cast(func.substr(OutboxItem.subject, len(_PREFIX) + 1), BigInt),
    )
    .join(SignUp, SignUp.session_id == FamilySession.id)
    .outerjoin(Relationship, Relationship.id == SignUp.relationship_id)
    .where(
        *_TOLD,
        SignUp.family_member_id == OutboxItem.reader_id,
        SignUp.state == SignUpState.PLACED,
        FamilySession.state == SessionState.PUBLISHED,
        FamilySession.time_revision == OutboxItem.time_revision,
        FamilySession.starts_at > _NOW,
    )
    .order_by(FamilySession.id)
    .with_for_update(read=True, of=[FamilySession, SignUp])
)
_READER = (
    select(FamilyMember.given_name, FamilyMember.timezone, MailAddress.address, MailAddress.language)
    .outerjoin(
        MailAddress,
        (MailAddress.reader_kind == ReaderKind.FAMILY)
        & (MailAddress.reader_id == FamilyMember.id)
        & MailAddress.confirmed_at.is_not(None),
    )
    .where(FamilyMember.id == bindparam("reader_id"))
)


@dataclass(frozen=True)
class Place:
    """A place held in a session that takes place at the time that was to be told."""

    item_id: int
    session_id: int
    starts_at: datetime
    timezone: str
    meeting: Meeting
    permit: Permit | None
    """What it rests on; None for an open session, which needs no permission."""
    sign_up_id: int
    time_revision: int
    closes_at: datetime
    """From then on people no longer change their own place."""
    answer_path: str = ""
    """Where the person says, without signing in, that they cannot come; empty: too late for it."""


def places(message: Message, now: datetime) -> list[Place]:
    """The places of a session reminder that still stand and may be told of, by date.

    While there are any, the other items of the message are dropped: not told after all.
    Locks in the order of the house: consents, sessions, sign-ups.
    """
    permits = held.permits(family_member_id=message.reader_id, scope=Scope.SESSIONS, at=now)
    of_client = {permit.client_id: permit for permit in permits}
    rows = connection().execute(_PLACES, {"message_id": message.id, "now": now}).all()
    found = [
        _place(row, of_client.get(row.client_id))
        for row in rows
        if row.relationship_id is None or row.client_id in of_client
    ]
    if found and len(found) < rows[0].told:
        drop_others(message, [place.item_id for place in found], now)
    return sorted(found, key=lambda place: (place.starts_at, place.session_id))


def _place(row: Any, permit: Permit | None) -> Place:
    return Place(
        item_id=row.item_id,
        session_id=row.session_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        meeting=row.meeting,
        permit=permit,
        sign_up_id=row.sign_up_id,
        time_revision=row.time_revision,
        closes_at=closes_at(row.starts_at, row.cutoff_minutes),
    )


def program_events(message: Message, now: datetime) -> dict[int, Event]:
    """The program times of a reminder that the timetable and the permissions still give, by item."""
    held.permits(family_member_id=message.reader_id, scope=Scope.PROGRAM_TIMES, at=now)
    given = {
        (event.subject, event.time_revision): event for event in source.program_events(message.reader_id, now)
    }
    told = connection().execute(_ITEMS, {"message_id": message.id}).all()
    found = {id_: given[subject, revision] for id_, subject, revision in told if (subject, revision) in given}
    if found and len(found) < len(told):
        drop_others(message, found, now)
    return found


def reader(message: Message) -> Row[str, str | None, str, str]:
    """Name, zone, and the confirmed address with its language, or None in both; read once."""
    own = {"reader_id": message.reader_id}
    return once(("reader", message.reader_id), lambda: connection().execute(_READER, own).one())


def letter(message: Message, values: dict[str, object]) -> Letter:
    """A letter to the reader. Raises NotFound without a confirmed address."""
    to = reader(message)
    if to.address is None:
        raise NotFound
    return Letter(address=to.address, language=to.language, name=to.given_name, values=values)


def drop_others(message: Message, standing: Collection[int], now: datetime) -> None:
    """Say that the other items are not told after all; they may be told anew."""
    db.session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.message_id == message.id,
            OutboxItem.dropped_at.is_(None),
            OutboxItem.id.not_in(standing),
        )
        .values(dropped_at=now, dropped_reason="no_longer_due")
    )
