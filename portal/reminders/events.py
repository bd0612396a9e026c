"""From sign-ups, timetables, permissions and opt-ins to the events that people are reminded of."""

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
from portal.reminders.rules import Event, Quiet
from portal.schedule import queries as schedule
from portal.schedule.rules import Occurrence
from portal.sessions.models import FamilySession, SignUp
from portal.sessions.rules import SessionState, SignUpState

SESSIONS = "session_reminder"
PROGRAM_TIMES = "program_time_reminder"
DIGEST = "weekly_digest"
NUDGE = "lesson_nudge"
OPT_IN = {
    SESSIONS: "session_reminders",
    PROGRAM_TIMES: "program_times",
    DIGEST: "weekly_digest",
    NUDGE: "lesson_nudges",
}
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
    """As the person has chosen; empty: as the event has it."""


def program_event(occurrence: Occurrence) -> Event:
    """A program time as an event; its subject is RFC 5545's RECURRENCE-ID."""
    return Event(
        subject=f"block:{occurrence.block_id}:{occurrence.original_start:%Y-%m-%dT%H:%M}",
        time_revision=occurrence.time_revision,
        starts_at=occurrence.start_at,
        zone=occurrence.zone,
        lead_hours=DAY_BEFORE,
    )


def quiet_hours(zone: str) -> Quiet:
    """The quiet hours on the wall in `zone`."""
    center = settings.current()
    return Quiet(center.quiet_from, center.quiet_until, zone)


def of_kind(kind: str, ids: Collection[int], now: datetime) -> dict[int, list[Event]]:
    """The events that one kind of reminder tells each of these people of."""
    return session_events(ids, now) if kind == SESSIONS else _program_events(ids, now)


def readers(kind: str) -> Select[Any]:
    """Everybody who said yes to this kind and has a confirmed address: id, zone, own leads."""
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


def leads_of(kind: str, reader_id: int) -> tuple[int, ...]:
    """How long before, in hours, one reader has chosen; empty: as the event has it."""
    own = db.session.scalar(
        select(MailPreference.lead_hours).where(
            MailPreference.reader_kind == ReaderKind.FAMILY,
            MailPreference.reader_id == reader_id,
            MailPreference.kind == OPT_IN[kind],
        )
    )
    return _leads(kind, own)


def _leads(kind: str, own: Sequence[int] | None) -> tuple[int, ...]:
    return tuple(own or ()) if kind == SESSIONS else ()


def wanting(kind: str, ids: Collection[int]) -> Iterable[Reader]:
    """Those of these people who said yes to this kind and have a confirmed address."""
    for reader_id, zone, lead_hours in db.session.execute(readers(kind).where(FamilyMember.id.in_(ids))):
        yield Reader(reader_id, zone, _leads(kind, lead_hours))


def session_events(
    ids: Collection[int], now: datetime, horizon: timedelta = HORIZON, client_id: int | None = None
) -> dict[int, list[Event]]:
    """Places held in published sessions, as far as the gate allows at this instant.

    With `client_id` only those that rest on this client's permission, or on none.
    """
    center = settings.current()
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
            FamilySession.kind,
        )
        .join(SignUp.session)
        .outerjoin(Relationship, Relationship.id == SignUp.relationship_id)
        .where(
            _of(ids),
            SignUp.state == SignUpState.PLACED,
            FamilySession.state == SessionState.PUBLISHED,
            FamilySession.starts_at > now,
            FamilySession.starts_at < now + horizon,
            or_(
                SignUp.relationship_id.is_(None),
                gate.permitted(Relationship.client_id, SignUp.family_member_id, Scope.SESSIONS, now),
            ),
        )
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    if client_id is not None:
        query = query.where(or_(SignUp.relationship_id.is_(None), Relationship.client_id == client_id))
    events: dict[int, list[Event]] = {}
    for reader_id, made_at, moved_at, session_id, revision, starts_at, zone, kind in db.session.execute(
        query
    ):
        said_at = max(made_at, moved_at or made_at)
        leads = tuple(center.lead_hours_by_kind.get(kind, center.lead_hours))
        event = Event(f"session:{session_id}", revision, starts_at, zone, said_at, leads)
        events.setdefault(reader_id, []).append(event)
    return events


def _of(ids: Collection[int]) -> ColumnElement[bool]:
    """The sign-ups of these people. For many at once the search must begin at the sessions soon to come:
    by the person's index it would walk through all that each of them ever had.
    """
    person = SignUp.family_member_id if len(ids) == 1 else SignUp.family_member_id + 0
    return person.in_(ids)


def _gets(kind: str) -> ColumnElement[bool]:
    return exists().where(
        MailPreference.reader_kind == ReaderKind.FAMILY,
        MailPreference.reader_id == SignUp.family_member_id,
        MailPreference.kind == kind,
    )


def _program_events(ids: Collection[int], now: datetime) -> dict[int, list[Event]]:
    """The program times of every client who lets this person see them."""
    return {reader_id: events for reader_id in ids if (events := program_events(reader_id, now))}


def program_events(
    family_member_id: int, now: datetime, horizon: timedelta = HORIZON, client_id: int | None = None
) -> list[Event]:
    """One person's program times within the next days; with `client_id` only this client's."""
    found = {
        program_event(occurrence)
        for permit in gate.permits(family_member_id=family_member_id, at=now, scope=Scope.PROGRAM_TIMES)
        for occurrence in schedule.program_times(
            permit=permit,
            from_on=local_date(now, "UTC") - timedelta(days=1),
            to_on=local_date(now + horizon, "UTC"),
        )
        if occurrence.start_at > now and client_id in (None, permit.client_id)
    }
    return sorted(found, key=lambda event: (event.starts_at, event.subject))


def told(kind: str, events: dict[int, list[Event]]) -> dict[int, set[tuple[str, int, int]]]:
    """What was told of these events, or is on its way: subject, time revision, lead."""
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
    keys: dict[int, set[tuple[str, int, int]]] = {}
    for reader_id, subject, revision, lead in rows:
        keys.setdefault(reader_id, set()).add((subject, revision, lead))
    return keys
