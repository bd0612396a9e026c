"""Series of evenings: made ahead from one rule, changed as "this one" or "this and later"."""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.clock import local_date
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.schedule import queries as schedule
from portal.schedule import recurrence
from portal.schedule.rules import instant, is_closed
from portal.sessions import planning, standing_line
from portal.sessions.models import FamilySession, SessionState
from portal.sessions.models_series import SessionSeries
from portal.sessions.planning import Plan

AHEAD = timedelta(days=366)
MOST = 120
"""More evenings than these in one go are a typing error."""


@dataclass(frozen=True)
class Evening:
    """One date of a rule before it is saved."""

    local: datetime
    """On the wall of the location, without a zone."""
    starts_at: datetime
    is_left_out: bool
    """On a closed day, or a day that is skipped on purpose."""


@dataclass(frozen=True)
class Rhythm:
    """When the evenings of a series are: an RRULE (RFC 5545) from a local day and time on."""

    starts_on: date
    start_time: time
    minutes: int
    rrule: str
    skip_on: frozenset[date] = frozenset()


def dates(*, location_id: int, timezone: str, rhythm: Rhythm) -> list[Evening]:
    """What the rule gives within a year, closures marked: for the page before anything is saved.

    Raises Refused rule_not_understood, rule_without_a_day, series_too_long.
    """
    try:
        rule = recurrence.checked(rhythm.rrule)
    except recurrence.BadRule as error:
        raise Refused("rule_not_understood", field="rrule") from error
    first = datetime.combine(rhythm.starts_on, rhythm.start_time)
    found = recurrence.starts(rule, first, first, first + AHEAD)
    if not found:
        raise Refused("rule_without_a_day", field="starts_on")
    if len(found) > MOST:
        raise Refused("series_too_long", field="rrule", most=MOST)
    closed = [
        (each.from_on, each.to_on)
        for each in schedule.closures(location_ids=[location_id], from_on=rhythm.starts_on)
    ]
    return [
        Evening(
            local=local,
            starts_at=instant(local, timezone),
            is_left_out=local.date() in rhythm.skip_on or is_closed(local.date(), closed),
        )
        for local in found
    ]


def create(
    *,
    location_id: int,
    timezone: str,
    plan: Plan,
    rhythm: Rhythm,
    actor: Actor,
    now: datetime,
    standing_places: int = 0,
) -> tuple[SessionSeries, list[FamilySession]]:
    """Plan a series: one draft for each evening to come. Raises what `dates` and
    `planning.create` raise, and Refused nothing_ahead.
    """
    ahead = [
        each
        for each in dates(location_id=location_id, timezone=timezone, rhythm=rhythm)
        if not each.is_left_out and each.starts_at > now
    ]
    if not ahead:
        raise Refused("nothing_ahead", field="starts_on")
    series = SessionSeries(
        location_id=location_id,
        timezone=timezone,
        starts_on=rhythm.starts_on,
        start_time=rhythm.start_time,
        minutes=rhythm.minutes,
        rrule=recurrence.checked(rhythm.rrule),
        standing_places=standing_places,
        created_at=now,
    )
    db.session.add(series)
    db.session.flush()
    made = [
        planning.create(
            location_id=location_id,
            timezone=timezone,
            plan=plan,
            starts_at=each.starts_at,
            ends_at=each.starts_at + timedelta(minutes=rhythm.minutes),
            series_id=series.id,
            actor=actor,
            now=now,
        )
        for each in ahead
    ]
    audit.record("series.created", actor=actor, now=now, series_id=series.id, count=len(made))
    return series, made


def publish(*, series_id: int, actor: Actor, now: datetime) -> int:
    """Show every draft of the series that lies ahead; returns how many. Raises as `planning.publish`."""
    query = (
        select(FamilySession.id)
        .where(
            FamilySession.series_id == series_id,
            FamilySession.state == SessionState.DRAFT,
            FamilySession.starts_at > now,
        )
        .order_by(FamilySession.id)
    )
    ids = db.session.scalars(query).all()
    for session_id in ids:
        planning.publish(session_id=session_id, actor=actor, now=now)
    return len(ids)


def change_this_and_later(*, session_id: int, plan: Plan, actor: Actor, now: datetime) -> list[FamilySession]:
    """Change this evening and the later ones by what differs in this one.

    An evening that was changed by itself keeps what it has. Raises as `planning.change`.
    """
    this = _of_series(session_id)
    new, old = asdict(plan), asdict(planning.plan_of(this))
    differing = {name: value for name, value in new.items() if value != old[name]}
    changed = [
        planning.change(
            session_id=each.id,
            plan=replace(planning.plan_of(each), **differing),
            of_series=True,
            actor=actor,
            now=now,
        )
        for each in this_and_later(this)
    ]
    audit.record("series.changed", actor=actor, now=now, series_id=this.series_id, count=len(changed))
    return changed


def moves(*, session_id: int, starts_at: datetime, ends_at: datetime) -> list[tuple[int, datetime, datetime]]:
    """What "this and later" moves: session, new start and end (UTC), in the order of locking.

    The same number of days and the same time on the wall for each, whatever the clocks do.
    """
    this = _of_series(session_id)
    by = _wall(starts_at, this.timezone) - _wall(this.starts_at, this.timezone)
    length = ends_at - starts_at
    found = []
    for each in this_and_later(this):
        start = instant(_wall(each.starts_at, each.timezone) + by, each.timezone)
        found.append((each.id, start, start + length))
    return found


def this_and_later(this: FamilySession) -> list[FamilySession]:
    """This evening and those after it that nobody changed by themselves, by id; not the cancelled."""
    return [each for each in every_later(this) if each.id == this.id or not each.is_changed]


def every_later(this: FamilySession) -> list[FamilySession]:
    """This evening and all after it, by id; not the cancelled."""
    query = (
        select(FamilySession)
        .where(
            FamilySession.series_id == this.series_id,
            FamilySession.starts_at >= this.starts_at,
            FamilySession.state != SessionState.CANCELLED,
        )
        .order_by(FamilySession.id)
    )
    return list(db.session.scalars(query))


def evenings_of(series_id: int, *, from_at: datetime) -> list[FamilySession]:
    """The evenings of a series that are not over at `from_at`, by date."""
    query = (
        select(FamilySession)
        .where(FamilySession.series_id == series_id, FamilySession.ends_at > from_at)
        .order_by(FamilySession.starts_at, FamilySession.id)
    )
    return list(db.session.scalars(query))


def set_standing_places(*, series_id: int, standing_places: int, actor: Actor, now: datetime) -> None:
    """How many may stand in the series; whoever waits is offered what becomes free."""
    series = standing_line.locked(series_id)
    if series.standing_places != standing_places:
        series.standing_places = standing_places
        audit.record("series.changed", actor=actor, now=now, series_id=series.id, count=standing_places)
        db.session.flush()
    standing_line.settle(series, actor=actor, now=now)


def last_day(series_id: int) -> date | None:
    """The local day of the last evening planned."""
    query = (
        select(FamilySession)
        .where(FamilySession.series_id == series_id)
        .order_by(FamilySession.starts_at.desc())
        .limit(1)
    )
    last = db.session.scalar(query)
    return local_date(last.starts_at, last.timezone) if last else None


def _of_series(session_id: int) -> FamilySession:
    session = db.session.get(FamilySession, session_id)
    if session is None or session.series_id is None:
        raise NotFound
    return session


def _wall(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
