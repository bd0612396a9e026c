""" "Why did this person get no reminder?": each rule with its answer, from the functions that decide.

For the staff of one client: only what rests on that client's permission, or on none.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.consent.rules import Scope
from portal.core.db import db
from portal.disclosure import gate
from portal.mail import queries as mail
from portal.mail import suppression
from portal.mail.models import MessageState, OutboundMessage, OutboxItem, ReaderKind
from portal.people.models import Relationship
from portal.reminders import events as source
from portal.reminders import queries, waiting
from portal.reminders.events import NUDGE, OPT_IN, PROGRAM_TIMES, SESSIONS
from portal.reminders.rules import Event, Item, Quiet, Reminder, Verdict, judged

SCOPES = {SESSIONS: Scope.SESSIONS, PROGRAM_TIMES: Scope.PROGRAM_TIMES, NUDGE: Scope.LESSONS}
STANDS_STILL = timedelta(minutes=5)
"""A worker without a round for so long does not work."""


@dataclass(frozen=True)
class Answer:
    """One rule, whether it lets the mail through, and a code for what stands in the way."""

    rule: str
    is_met: bool
    because: str = ""


@dataclass(frozen=True)
class Lead:
    """One reminder of one event: what becomes of it, and what became of its mail."""

    item: Item
    verdict: Verdict
    state: MessageState | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Reasons:
    """Everything about one kind of mail to one person."""

    kind: str
    answers: tuple[Answer, ...]
    leads: tuple[Lead, ...]
    coming: tuple[Reminder, ...] = field(default=())

    @property
    def is_let_through(self) -> bool:
        """Whether no rule stands in the way."""
        return all(answer.is_met for answer in self.answers)


def reasons(*, relationship: Relationship, address_key: str, now: datetime) -> list[Reasons]:
    """Each kind of mail that can be switched on and belongs to a time, a week or a lesson."""
    return [_of(kind, relationship, address_key, now) for kind in OPT_IN]


def _of(kind: str, relationship: Relationship, address_key: str, now: datetime) -> Reasons:
    reader_id = relationship.family_member_id
    every = queries.reminders(kind, [reader_id], now=now).get(reader_id, [])
    events = _events(kind, relationship, now)
    zone = waiting.zone_of(reader_id, relationship.family_member.timezone)
    quiet = source.quiet_hours(zone)
    answers = (
        *_permission(kind, relationship, now),
        *_own_yes(kind, reader_id, address_key),
        _content(kind, reader_id, events, every, now),
        Answer("not_quiet", not quiet.holds(now)),
        _worker(now),
    )
    coming = every if kind in waiting.KINDS else _only(every, {event.subject for event in events})
    return Reasons(kind, answers, tuple(_leads(kind, reader_id, events, quiet, now)), tuple(coming))


def _permission(kind: str, relationship: Relationship, now: datetime) -> list[Answer]:
    """The digest counts what the others may tell, so it has no scope of its own."""
    if kind not in SCOPES:
        return []
    found = gate.may_disclose(
        client_id=relationship.client_id,
        family_member_id=relationship.family_member_id,
        scope=SCOPES[kind],
        at=now,
    )
    return [Answer("permission", bool(found), "" if isinstance(found, gate.Permit) else found.reason)]


def _own_yes(kind: str, reader_id: int, address_key: str) -> list[Answer]:
    row = mail.address_of(ReaderKind.FAMILY, reader_id)
    suspended = row is not None and suppression.is_suppressed(row.address, address_key)
    return [
        Answer("opted_in", OPT_IN[kind] in mail.preferences(ReaderKind.FAMILY, reader_id)),
        Answer("address", row is not None),
        Answer("confirmed", row is not None and row.confirmed_at is not None),
        Answer("not_suspended", not suspended),
    ]


def _content(
    kind: str, reader_id: int, events: Sequence[Event], every: Sequence[Reminder], now: datetime
) -> Answer:
    if kind == NUDGE:
        return Answer("lesson", bool(waiting.lessons_ripe_at([reader_id], now)))
    return Answer({SESSIONS: "place", PROGRAM_TIMES: "entry"}.get(kind, "week"), bool(events or every))


def _worker(now: datetime) -> Answer:
    beat = mail.last_beat()
    return Answer("worker", beat is not None and now - beat < STANDS_STILL)


def _events(kind: str, relationship: Relationship, now: datetime) -> list[Event]:
    reader_id, client_id = relationship.family_member_id, relationship.client_id
    if kind == SESSIONS:
        return source.session_events([reader_id], now, client_id=client_id).get(reader_id, [])
    return source.program_events(reader_id, now, client_id=client_id) if kind == PROGRAM_TIMES else []


def _leads(kind: str, reader_id: int, events: Sequence[Event], quiet: Quiet, now: datetime) -> list[Lead]:
    told = _told(kind, reader_id, {event.subject for event in events})
    usual = source.leads_of(kind, reader_id)
    return [
        Lead(item, verdict, *told.get(item.key, (None, None)))
        for event in events
        for item, verdict in judged(event, lead_hours=usual, told=told, quiet=quiet, now=now)
    ]


def _told(
    kind: str, reader_id: int, subjects: Collection[str]
) -> dict[tuple[str, int, int], tuple[MessageState, str | None]]:
    """What became of the mail about each of these, by subject, time revision and lead."""
    rows = db.session.execute(
        select(
            OutboxItem.subject,
            OutboxItem.time_revision,
            OutboxItem.lead_hours,
            OutboundMessage.state,
            OutboundMessage.reason,
        )
        .join(OutboxItem.message)
        .where(
            OutboxItem.kind == kind,
            OutboxItem.reader_kind == ReaderKind.FAMILY,
            OutboxItem.reader_id == reader_id,
            OutboxItem.subject.in_(subjects),
            OutboxItem.dropped_at.is_(None),
        )
    )
    return {(subject, revision, lead): (state, reason) for subject, revision, lead, state, reason in rows}


def _only(every: Sequence[Reminder], subjects: Collection[str]) -> list[Reminder]:
    """The mails as they will go, without what they tell of others."""
    own = [
        Reminder(each.send_at, tuple(item for item in each.items if item.event.subject in subjects))
        for each in every
    ]
    return [reminder for reminder in own if reminder.items]
