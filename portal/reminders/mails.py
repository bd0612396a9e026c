"""What a reminder says: a day, a time, how people meet. Never what, with whom or for whom.

Whatever has changed since it was prepared is found out here, at the claim: nothing has to
be cancelled.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.center import settings
from portal.consent.rules import Scope
from portal.core.db import db
from portal.core.errors import NotFound
from portal.disclosure import gate
from portal.disclosure import service as ledger
from portal.disclosure.gate import Permit
from portal.disclosure.models import Channel
from portal.mail import letters
from portal.mail import queries as mail
from portal.mail import service as outbox
from portal.mail.kinds import Kind, Letter
from portal.mail.models import OutboundMessage, OutboxItem, ReaderKind
from portal.people.models import FamilyMember, Relationship
from portal.reminders import queries
from portal.reminders.rules import Event
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import Meeting, SessionState, SignUpState

MOST_LINES = 3
"""More than these do not fit into 80 words; the portal has them all."""


def session_still_wanted(message: OutboundMessage, now: datetime) -> str | None:
    """Drop what no longer stands; the message goes while something is left to tell."""
    sessions = {item.id: _session_of(item, now) for item in _told(message)}
    return _left(message, {key: session.timezone for key, session in sessions.items() if session}, now)


def session_letter(message: OutboundMessage, now: datetime) -> Letter:
    """The next appointments with day, time, zone and how people meet."""
    sessions = {}
    for item in _told(message):
        session = _session_of(item, now)
        if session is not None:
            sessions[session.id] = session
            _enter(message, item, session, now)
    ordered = sorted(sessions.values(), key=lambda session: (session.starts_at, session.id))
    if not ordered:
        raise NotFound
    return _letter(message, {"sessions": ordered[:MOST_LINES], "first": ordered[0]})


def program_still_wanted(message: OutboundMessage, now: datetime) -> str | None:
    """The same for program times: what the timetable and the permission say now."""
    for permit in gate.permits(family_member_id=message.reader_id, at=now, scope=Scope.PROGRAM_TIMES):
        _lock(permit.client_id, message.reader_id, Scope.PROGRAM_TIMES, now)
    zones = {(each.subject, each.time_revision): each.zone for each in _program_events(message, now)}
    keys = {item.id: (item.subject, item.time_revision) for item in _told(message)}
    return _left(message, {id_: zones[key] for id_, key in keys.items() if key in zones}, now)


def program_letter(message: OutboundMessage, now: datetime) -> Letter:
    """That something stands in the calendar, and when; signing in shows what."""
    told = {item.subject for item in _told(message)}
    events = [event for event in _program_events(message, now) if event.subject in told]
    if not events:
        raise NotFound
    noted = [
        (permit, event.subject, Channel.MAIL)
        for permit in gate.permits(family_member_id=message.reader_id, at=now, scope=Scope.PROGRAM_TIMES)
        for event in events[:1]
    ]
    ledger.record(noted, occasion=f"mail:{message.id}", now=now)
    return _letter(message, {"starts_at": events[0].starts_at, "zone": events[0].zone})


def _told(message: OutboundMessage) -> list[OutboxItem]:
    return [item for item in message.items if item.dropped_at is None]


def _left(message: OutboundMessage, standing: dict[int, str], now: datetime) -> str | None:
    """Drop the items that stand no more; `standing` holds the zones of the others by id."""
    gone = [item for item in _told(message) if item.id not in standing]
    outbox.drop_items(gone, reason="no_longer_due", now=now)
    if not standing:
        return "no_longer_due"
    reader = db.session.get_one(FamilyMember, message.reader_id)
    if queries.is_quiet(reader, next(iter(standing.values())), now):
        return "quiet_hours"  # derived anew when they are over
    return None


def _session_id(item: OutboxItem) -> int:
    return int(item.subject.partition(":")[2])


def _session_of(item: OutboxItem, now: datetime) -> FamilySession | None:
    """The session of an item that still stands: place held, not moved, permission given.

    Locks in the order of the house: consent, session, sign-up.
    """
    place = SignUp.session_id == _session_id(item), SignUp.family_member_id == item.reader_id
    held = select(SignUp).where(*place, SignUp.state == SignUpState.PLACED)
    sign_up = db.session.scalars(held.execution_options(populate_existing=True)).one_or_none()
    if sign_up is None or not _may_tell(sign_up, now):
        return None
    session = db.session.scalars(
        select(FamilySession)
        .where(
            FamilySession.id == sign_up.session_id,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.time_revision == item.time_revision,
            FamilySession.starts_at > now,
        )
        .with_for_update(read=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    still_held = db.session.scalars(held.with_for_update(read=True)).one_or_none()
    return session if still_held is not None else None


def _may_tell(sign_up: SignUp, now: datetime) -> bool:
    if sign_up.relationship_id is None:
        return True  # an open session needs no permission
    return _permit_of(sign_up, now) is not None


def _permit_of(sign_up: SignUp, now: datetime) -> Permit | None:
    relationship = db.session.get_one(Relationship, sign_up.relationship_id)
    return _lock(relationship.client_id, sign_up.family_member_id, Scope.SESSIONS, now)


def _lock(client_id: int, family_member_id: int, scope: Scope, now: datetime) -> Permit | None:
    answer = gate.may_disclose(
        client_id=client_id, family_member_id=family_member_id, scope=scope, at=now, lock=True
    )
    return answer if isinstance(answer, Permit) else None


def _enter(message: OutboundMessage, item: OutboxItem, session: FamilySession, now: datetime) -> None:
    """The ledger: telling of an appointment that rests on a permission is a disclosure."""
    sign_up = db.session.scalars(
        select(SignUp).where(
            SignUp.session_id == session.id,
            SignUp.family_member_id == item.reader_id,
            SignUp.state == SignUpState.PLACED,
        )
    ).one()
    permit = _permit_of(sign_up, now) if sign_up.relationship_id is not None else None
    if permit is not None:
        noted = [(permit, f"session:{session.id}", Channel.MAIL)]
        ledger.record(noted, occasion=f"mail:{message.id}", now=now)


def _program_events(message: OutboundMessage, now: datetime) -> list[Event]:
    return queries.program_events(message.reader_id, now)


def _letter(message: OutboundMessage, values: dict[str, object]) -> Letter:
    reader = db.session.get_one(FamilyMember, message.reader_id)
    row = mail.address_of(ReaderKind.FAMILY, message.reader_id)
    if row is None or row.confirmed_at is None:
        raise NotFound
    return Letter(address=row.address, language=row.language, name=reader.given_name, values=dict(values))


@dataclass(frozen=True)
class Sample:
    """An appointment that nobody has, to show what a reminder says."""

    starts_at: datetime
    timezone: str = "America/New_York"
    meeting: Meeting = Meeting.IN_PERSON


def example(*, language: str, name: str, base_url: str, now: datetime) -> letters.Words:
    """Exactly what a reminder says, for somebody who decides whether to get one."""
    center = settings.current()
    sample = Sample((now + timedelta(days=1)).replace(hour=23, minute=0))
    values = {"sessions": [sample], "first": sample}
    office = letters.Office(center.discreet_name, center.phone, base_url)
    return letters.write(KINDS[0], Letter("", language, name, values), office, "…")


KINDS = [
    Kind(
        name=queries.SESSIONS,
        is_client_linked=True,
        is_optional=True,
        render=session_letter,
        still_wanted=session_still_wanted,
        preference=queries.OPT_IN[queries.SESSIONS],
    ),
    Kind(
        name=queries.PROGRAM_TIMES,
        is_client_linked=True,
        is_optional=True,
        render=program_letter,
        still_wanted=program_still_wanted,
        preference=queries.OPT_IN[queries.PROGRAM_TIMES],
    ),
]
