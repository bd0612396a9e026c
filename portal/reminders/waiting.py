"""Who gets a weekly digest or a word about a lesson, and when: what can wait gives way."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, exists, false, func, select

from portal.center.models import Location
from portal.consent.rules import Scope
from portal.core.clock import local_date
from portal.core.db import db
from portal.disclosure import gate
from portal.education.models import Assignment, Progress
from portal.education.rules import STUCK_AFTER
from portal.mail.models import MailPreference, MessageState, OutboundMessage, OutboxItem, ReaderKind
from portal.people.models import Client, FamilyMember, Relationship
from portal.reminders import events as source
from portal.reminders.events import DIGEST, NUDGE, OPT_IN, PROGRAM_TIMES, Reader
from portal.reminders.rules import Reminder
from portal.reminders.waiting_rules import Waits, digest, digest_subject, nudge, week_bounds, week_of_digest

KINDS = (DIGEST, NUDGE)
FORTNIGHT = timedelta(days=16)
"""As far ahead as the week of the next digest can end."""
NO_DIGEST_DAYS = (3, 4)
"""Thursday and Friday by UTC: nowhere on earth is it Sunday morning to Tuesday."""
GONE = (MessageState.DROPPED, MessageState.FAILED)


@dataclass(frozen=True)
class Week:
    """What one person's week holds."""

    monday: date
    sessions: int
    entries: int
    """Program times, where the person wants to be told of them."""


def narrowed(kind: str, query: Select[int], now: datetime) -> Select[int]:
    """Only readers whom this kind can concern at the instant `now`."""
    if kind == NUDGE:
        return query.where(FamilyMember.id.in_(_with_lessons()))
    if now.weekday() in NO_DIGEST_DAYS:
        return query.where(false())
    subject = digest_subject(week_of_digest(local_date(now, "UTC")))
    return query.where(~exists().where(_tells(DIGEST, FamilyMember.id), OutboxItem.subject == subject))


def digests(
    readers: Mapping[int, Reader], planned: Mapping[int, Sequence[Reminder]], now: datetime
) -> dict[int, list[Reminder]]:
    """The next digest of each reader whose week holds something."""
    zones = _zones(readers.values())
    full = {id_ for id_ in readers if _has_content(week(id_, zones[id_], now))}
    told, busy = _told_weeks(full), _busy(full, now)
    found = {
        id_: digest(
            told=told.get(id_, set()),
            taken=_days(planned.get(id_, ()), busy.get(id_, ()), zones[id_]),
            quiet=source.quiet_hours(zones[id_]),
            now=now,
        )
        for id_ in full
    }
    return {id_: [one] for id_, one in found.items() if one}


def week(family_member_id: int, zone: str, now: datetime) -> Week:
    """What the week of the running or the next digest holds, as far as the gate allows now."""
    monday = week_of_digest(now.astimezone(ZoneInfo(zone)).date())
    starts, ends = week_bounds(monday, zone)
    sessions = source.session_events([family_member_id], now, FORTNIGHT).get(family_member_id, [])
    entries = (
        source.program_events(family_member_id, now, FORTNIGHT) if _wants_entries(family_member_id) else []
    )
    return Week(
        monday,
        sum(starts <= event.starts_at < ends for event in sessions),
        sum(starts <= event.starts_at < ends for event in entries),
    )


def nudges(
    readers: Mapping[int, Reader], planned: Mapping[int, Sequence[Reminder]], now: datetime
) -> dict[int, list[Reminder]]:
    """The next word about a lesson to each reader for whom one lies unread."""
    ripe = lessons_ripe_at(readers, now)
    zones, last, busy = _zones(readers[id_] for id_ in ripe), _last_nudges(ripe), _busy(ripe, now)
    found = {
        id_: nudge(
            ripe_at=ripe_at,
            last_at=last.get(id_),
            taken=_days(planned.get(id_, ()), busy.get(id_, ()), zones[id_]),
            quiet=source.quiet_hours(zones[id_]),
            now=now,
        )
        for id_, ripe_at in ripe.items()
    }
    return {id_: [one] for id_, one in found.items() if one}


def lessons_ripe_at(ids: Collection[int], now: datetime) -> dict[int, datetime]:
    """From when on each reader may be told that a picked lesson lies unread; the gate asked."""
    query = (
        select(
            Relationship.family_member_id,
            Assignment.created_at,
            Progress.started_at,
            Progress.last_step_at,
            Progress.finished_at,
        )
        .join(Assignment.relationship)
        .outerjoin(
            Progress,
            and_(
                Progress.family_member_id == Relationship.family_member_id,
                Progress.module_id == Assignment.module_id,
            ),
        )
        .where(
            Relationship.family_member_id.in_(ids),
            Relationship.ended_at.is_(None),
            Assignment.closed_at.is_(None),
            gate.permitted(Relationship.client_id, Relationship.family_member_id, Scope.LESSONS, now),
        )
    )
    ripe: dict[int, datetime] = {}
    for id_, picked_at, started_at, last_step_at, finished_at in db.session.execute(query):
        at = Waits(picked_at, started_at, last_step_at, finished_at).ripe_at(STUCK_AFTER)
        if at is not None:
            ripe[id_] = min(at, ripe.get(id_, at))
    return ripe


def had_mail_today(family_member_id: int, zone: str, now: datetime) -> bool:
    """Whether an optional mail about a time, a week or a lesson has gone today already."""
    today = local_date(now, zone)
    return any(
        local_date(at, zone) == today
        for at in _busy([family_member_id], now, sent=True).get(family_member_id, ())
    )


def zone_of(family_member_id: int, zone: str | None) -> str:
    """The reader's own zone, or that of a place where somebody of theirs is in care."""
    return _zones([Reader(family_member_id, zone, ())])[family_member_id]


def _has_content(week: Week) -> bool:
    return bool(week.sessions or week.entries)


def _days(planned: Iterable[Reminder], busy: Iterable[datetime], zone: str) -> set[date]:
    """The reader's days that have their mail."""
    return {local_date(at, zone) for at in (*busy, *(reminder.send_at for reminder in planned))}


def _busy(ids: Collection[int], now: datetime, *, sent: bool = False) -> dict[int, list[datetime]]:
    """When optional mail went lately; what is on its way counts as now, unless only `sent` counts."""
    states = OutboundMessage.state.in_([MessageState.SENT, MessageState.SENDING, MessageState.UNCONFIRMED])
    rows = db.session.execute(
        select(OutboundMessage.reader_id, OutboundMessage.state, OutboundMessage.state_changed_at).where(
            OutboundMessage.reader_kind == ReaderKind.FAMILY,
            OutboundMessage.reader_id.in_(ids),
            OutboundMessage.created_at > now - timedelta(days=3),
            OutboundMessage.kind.in_(OPT_IN),
            states if sent else OutboundMessage.state.not_in(GONE),
        )
    )
    found: dict[int, list[datetime]] = {}
    for id_, state, changed_at in rows:
        found.setdefault(id_, []).append(changed_at if state is MessageState.SENT else now)
    return found


def _told_weeks(ids: Collection[int]) -> dict[int, set[str]]:
    rows = db.session.execute(
        select(OutboxItem.reader_id, OutboxItem.subject).where(
            _tells(DIGEST, OutboxItem.reader_id), OutboxItem.reader_id.in_(ids)
        )
    )
    told: dict[int, set[str]] = {}
    for id_, subject in rows:
        told.setdefault(id_, set()).add(subject)
    return told


def _last_nudges(ids: Collection[int]) -> dict[int, datetime]:
    query = (
        select(OutboxItem.reader_id, func.max(OutboundMessage.created_at))
        .join(OutboxItem.message)
        .where(_tells(NUDGE, OutboxItem.reader_id), OutboxItem.reader_id.in_(ids))
        .group_by(OutboxItem.reader_id)
    )
    return dict(db.session.execute(query).all())


def _tells(kind: str, reader_id: Any) -> Any:
    return and_(
        OutboxItem.kind == kind,
        OutboxItem.reader_kind == ReaderKind.FAMILY,
        OutboxItem.reader_id == reader_id,
        OutboxItem.dropped_at.is_(None),
    )


def _with_lessons() -> Select[int]:
    return (
        select(Relationship.family_member_id)
        .join(Assignment, Assignment.relationship_id == Relationship.id)
        .where(Assignment.closed_at.is_(None))
    )


def _wants_entries(family_member_id: int) -> bool:
    wants = exists().where(
        MailPreference.reader_kind == ReaderKind.FAMILY,
        MailPreference.reader_id == family_member_id,
        MailPreference.kind == OPT_IN[PROGRAM_TIMES],
    )
    return bool(db.session.scalar(select(wants)))


def _zones(readers: Iterable[Reader]) -> dict[int, str]:
    zones = {reader.id: reader.zone for reader in readers}
    unknown = [id_ for id_, zone in zones.items() if zone is None]
    if not unknown:
        return {id_: zone for id_, zone in zones.items() if zone}
    places = db.session.execute(
        select(Relationship.family_member_id, Location.timezone)
        .join(Client, Client.id == Relationship.client_id)
        .join(Location, Location.id == Client.location_id)
        .where(Relationship.family_member_id.in_(unknown))
        .order_by(Relationship.id)
    )
    usual = db.session.scalar(select(Location.timezone).order_by(Location.id).limit(1)) or "UTC"
    known = dict(places.all())
    return {id_: zone or known.get(id_, usual) for id_, zone in zones.items()}
