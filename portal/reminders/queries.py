"""From sign-ups, timetables, permissions and opt-ins to the events that people are reminded of.

The page of upcoming reminders and the worker call the very same functions.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, or_, select

from portal.center import settings
from portal.consent.rules import Scope
from portal.core.clock import local_date
from portal.core.db import db
from portal.disclosure import gate
from portal.mail.models import MailAddress, MailPreference, OutboxItem, ReaderKind
from portal.people.models import FamilyMember, Relationship
from portal.reminders.rules import Event, Quiet, Reminder, upcoming
from portal.schedule import queries as schedule
from portal.schedule.rules import Occurrence
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import SessionState, SignUpState

SESSIONS = "session_reminder"
PROGRAM_TIMES = "program_time_reminder"
OPT_IN = {SESSIONS: "session_reminders", PROGRAM_TIMES: "program_times"}
"""Kind of mail → the person's own yes."""
DAY_BEFORE = (24,)
HORIZON = timedelta(days=9)
"""How far ahead is looked: more than the longest lead, quiet hours and merging together."""


@dataclass(frozen=True)
class Reader:
    """A person who wants one kind of reminder, at a confirmed address."""

    id: int
    zone: str | None
    lead_hours: tuple[int, ...]


def reader_ids(kind: str, *, now: datetime) -> Sequence[int]:
    """The readers of a kind, in the order of their ids; of sessions, who has one ahead."""
    query = _readers(kind).with_only_columns(FamilyMember.id).order_by(FamilyMember.id)
    if kind == SESSIONS:
        query = query.where(FamilyMember.id.in_(_placed_soon(now)))
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
    found = {reader.id: reader for reader in _wanting(kind, ids)}
    events = _session_events(found, now) if kind == SESSIONS else _program_events(found, now)
    told = _told(kind, events)
    center = settings.current()
    return {
        reader.id: upcoming(
            events[reader.id],
            lead_hours=reader.lead_hours,
            told=told.get(reader.id, set()),
            quiet=Quiet(center.quiet_from, center.quiet_until, reader.zone or events[reader.id][0].zone),
            now=now,
        )
        for reader in found.values()
        if events.get(reader.id)
    }


def upcoming_for(*, family_member_id: int, now: datetime) -> list[tuple[str, Reminder]]:
    """Every reminder that one person still gets, with its kind, in order of sending."""
    every = [
        (kind, reminder)
        for kind in OPT_IN
        for reminder in reminders(kind, [family_member_id], now=now).get(family_member_id, [])
    ]
    return sorted(every, key=lambda pair: pair[1].send_at)


def is_quiet(zone: str, now: datetime) -> bool:
    """Whether these are the quiet hours in `zone`."""
    center = settings.current()
    return Quiet(center.quiet_from, center.quiet_until, zone).holds(now)


def program_event(occurrence: Occurrence) -> Event:
    """A program time as an event; its subject is RFC 5545's RECURRENCE-ID."""
    return Event(
        subject=f"block:{occurrence.block_id}:{occurrence.original_start:%Y-%m-%dT%H:%M}",
        time_revision=occurrence.time_revision,
        starts_at=occurrence.start_at,
        zone=occurrence.zone,
    )


def _readers(kind: str) -> Select[Any]:
    return (
        select(FamilyMember.id, FamilyMember.timezone, MailPreference.lead_hours)
        .join(
            MailPreference,
            and_(
                MailPreference.reader_kind == ReaderKind.FAMILY,
                MailPreference.reader_id == FamilyMember.id,
                MailPreference.kind == OPT_IN[kind],
            ),
        )
        .join(
            MailAddress,
            and_(
                MailAddress.reader_kind == ReaderKind.FAMILY,
                MailAddress.reader_id == FamilyMember.id,
                MailAddress.confirmed_at.is_not(None),
            ),
        )
    )


def _wanting(kind: str, ids: Collection[int]) -> Iterable[Reader]:
    usual = settings.current().lead_hours if kind == SESSIONS else DAY_BEFORE
    for reader_id, zone, lead_hours in db.session.execute(_readers(kind).where(FamilyMember.id.in_(ids))):
        own = tuple(lead_hours) if lead_hours is not None and kind == SESSIONS else tuple(usual)
        yield Reader(reader_id, zone, own)


def _session_events(ids: Collection[int], now: datetime) -> dict[int, list[Event]]:
    """Places held in published sessions, as far as the gate allows at this instant."""
    query = (
        select(
            SignUp.family_member_id,
            SignUp.made_at,
            # Who is told of the move needs no reminder on its heels; who is not, does.
            case((_gets("places"), FamilySession.moved_at)),
            FamilySession.id,
            FamilySession.time_revision,
            FamilySession.starts_at,
            FamilySession.timezone,
        )
        .join(SignUp.session)
        .outerjoin(Relationship, Relationship.id == SignUp.relationship_id)
        .where(
            SignUp.family_member_id.in_(ids),
            SignUp.state == SignUpState.PLACED,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at > now,
            FamilySession.starts_at < now + HORIZON,
            or_(
                SignUp.relationship_id.is_(None),
                gate.permitted(Relationship.client_id, SignUp.family_member_id, Scope.SESSIONS, now),
            ),
        )
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    events: dict[int, list[Event]] = {}
    for reader_id, made_at, moved_at, session_id, revision, starts_at, zone in db.session.execute(query):
        said_at = max(made_at, moved_at or made_at)
        event = Event(f"session:{session_id}", revision, starts_at, zone, said_at)
        events.setdefault(reader_id, []).append(event)
    return events


def _gets(kind: str) -> ColumnElement[bool]:
    return exists().where(
        MailPreference.reader_kind == ReaderKind.FAMILY,
        MailPreference.reader_id == SignUp.family_member_id,
        MailPreference.kind == kind,
    )


def _program_events(ids: Collection[int], now: datetime) -> dict[int, list[Event]]:
    """The program times of every client who lets this person see them."""
    return {reader_id: events for reader_id in ids if (events := program_events(reader_id, now))}


def program_events(family_member_id: int, now: datetime) -> list[Event]:
    """One person's program times within the next days."""
    found = {
        program_event(occurrence)
        for permit in gate.permits(family_member_id=family_member_id, at=now, scope=Scope.PROGRAM_TIMES)
        for occurrence in schedule.program_times(
            permit=permit,
            from_on=local_date(now, "UTC") - timedelta(days=1),
            to_on=local_date(now + HORIZON, "UTC"),
        )
        if occurrence.start_at > now
    }
    return sorted(found, key=lambda event: (event.starts_at, event.subject))


def _told(kind: str, events: dict[int, list[Event]]) -> dict[int, set[tuple[str, int, int]]]:
    subjects = {event.subject for each in events.values() for event in each}
    if not subjects:
        return {}
    rows = db.session.execute(
        select(
            OutboxItem.reader_id, OutboxItem.subject, OutboxItem.time_revision, OutboxItem.lead_hours
        ).where(
            OutboxItem.kind == kind,
            OutboxItem.reader_kind == ReaderKind.FAMILY,
            OutboxItem.reader_id.in_(events),
            OutboxItem.subject.in_(subjects),
            OutboxItem.dropped_at.is_(None),
        )
    )
    told: dict[int, set[tuple[str, int, int]]] = {}
    for reader_id, subject, revision, lead in rows:
        told.setdefault(reader_id, set()).add((subject, revision, lead))
    return told
