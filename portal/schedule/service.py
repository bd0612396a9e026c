"""The timetable: one function per verb. The feed's verbs stand in `schedule.feeds`."""

from datetime import date, datetime, time, timedelta

from sqlalchemy import or_, select

from portal.audit import service as audit
from portal.center.models import Location, Program
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.people.models import Episode, LevelOfCare
from portal.schedule import recurrence
from portal.schedule.models import Block, Closure, Enrolment, Track

CLOSURE_REASONS = ("holiday", "weather", "building", "other")
MAX_MINUTES = 12 * 60


def add_track(
    *,
    program: Program,
    name: str,
    weeks: int,
    level_of_care: LevelOfCare = LevelOfCare.IOP,
    actor: Actor,
    now: datetime,
) -> Track:
    """A timetable without groups yet, in the zone of its program's location."""
    track = Track(
        program=program,
        name=name,
        weeks=weeks,
        level_of_care=level_of_care,
        timezone=program.location.timezone,
    )
    db.session.add(track)
    db.session.flush()
    audit.record("schedule.track_added", actor=actor, now=now, track_id=track.id)
    return track


def add_block(
    *,
    track: Track,
    name: str,
    starts_on: date,
    start_time: time,
    minutes: int,
    rrule: str,
    is_family_hour: bool = False,
    actor: Actor,
    now: datetime,
) -> Block:
    """A recurring group. It begins on the first day on or after `starts_on` that the rule names.

    The same group at the same times once more is that group.

    Refused `rule_not_understood` (field rrule), `rule_without_a_day` (field starts_on),
    `length_not_possible` (field minutes).
    """
    try:
        rule = recurrence.checked(rrule)
    except recurrence.BadRule as error:
        raise Refused("rule_not_understood", field="rrule") from error
    first_on = recurrence.first_on(rule, starts_on, start_time)
    if first_on is None:
        raise Refused("rule_without_a_day", field="starts_on")
    check_minutes(minutes)
    same = select(Block).filter_by(
        track_id=track.id,
        name=name,
        starts_on=first_on,
        start_time=start_time,
        minutes=minutes,
        rrule=rule,
        ends_on=None,
    )
    known = db.session.scalars(same).first()
    if known is not None:
        return known
    block = Block(
        track=track,
        name=name,
        starts_on=first_on,
        start_time=start_time,
        minutes=minutes,
        rrule=rule,
        is_family_hour=is_family_hour,
    )
    db.session.add(block)
    db.session.flush()
    audit.record("schedule.block_added", actor=actor, now=now, track_id=track.id, block_id=block.id)
    return block


def enrol(
    *,
    episode: Episode,
    track: Track,
    from_on: date,
    to_on: date | None = None,
    actor: Actor,
    now: datetime,
) -> Enrolment:
    """Let an episode follow a track, both days included; by default for the track's weeks.

    Refused `track_of_other_location`, `last_day_before_first` (field to_on) and
    `already_on_a_track` (field from_on), when another enrolment of the episode shares a day.
    """
    last = to_on or from_on + timedelta(weeks=track.weeks, days=-1)
    if track.program.location_id != episode.program.location_id:
        raise Refused("track_of_other_location", field="track")
    if last < from_on:
        raise Refused("last_day_before_first", field="to_on")
    _lock(episode)
    if _has_enrolment(episode.id, from_on, last):
        raise Refused("already_on_a_track", field="from_on")
    enrolment = Enrolment(episode=episode, track=track, from_on=from_on, to_on=last)
    db.session.add(enrolment)
    db.session.flush()
    _audit_enrolment("schedule.enrolled", enrolment, actor=actor, now=now)
    return enrolment


def end_enrolment(*, enrolment: Enrolment, to_on: date, actor: Actor, now: datetime) -> Enrolment:
    """Let an enrolment end on another day, that day included."""
    if to_on < enrolment.from_on:
        raise Refused("last_day_before_first", field="to_on")
    enrolment.to_on = to_on
    _audit_enrolment("schedule.enrolment_ended", enrolment, actor=actor, now=now)
    return enrolment


def close(
    *, location: Location, from_on: date, to_on: date, reason: str, actor: Actor, now: datetime
) -> Closure:
    """Close a location, both days included; a closure of the same days is that closure.

    Refused `last_day_before_first` (field to_on), `too_long_closed` (field to_on).
    """
    if reason not in CLOSURE_REASONS:
        raise Refused("reason_not_known", field="reason")
    if to_on < from_on:
        raise Refused("last_day_before_first", field="to_on")
    if (to_on - from_on).days > 60:
        raise Refused("too_long_closed", field="to_on")
    known = select(Closure).filter_by(location_id=location.id, from_on=from_on, to_on=to_on)
    closure = db.session.scalars(known).first()
    if closure is None:
        closure = Closure(location=location, from_on=from_on, to_on=to_on, reason=reason)
        db.session.add(closure)
        db.session.flush()
        _audit_closure("schedule.closed", closure, actor=actor, now=now)
    return closure


def open_again(*, closure: Closure, actor: Actor, now: datetime) -> None:
    """Take a closure back."""
    _audit_closure("schedule.opened_again", closure, actor=actor, now=now)
    db.session.delete(closure)


def _lock(episode: Episode) -> None:
    """Two people who enrol the same episode at once take turns."""
    db.session.execute(select(Episode.id).where(Episode.id == episode.id).with_for_update())


def _has_enrolment(episode_id: int, from_on: date, to_on: date) -> bool:
    query = select(Enrolment.id).where(
        Enrolment.episode_id == episode_id,
        Enrolment.from_on <= to_on,
        or_(Enrolment.to_on.is_(None), Enrolment.to_on >= from_on),
    )
    return db.session.scalars(query).first() is not None


def check_minutes(minutes: int) -> None:
    """Refused `length_not_possible` (field minutes) for less than a minute or more than 12 hours."""
    if not 1 <= minutes <= MAX_MINUTES:
        raise Refused("length_not_possible", field="minutes")


def _audit_enrolment(kind: str, enrolment: Enrolment, *, actor: Actor, now: datetime) -> None:
    audit.record(
        kind,
        actor=actor,
        now=now,
        client_id=enrolment.episode.client_id,
        enrolment_id=enrolment.id,
        track_id=enrolment.track_id,
        to_on=enrolment.to_on.isoformat() if enrolment.to_on else None,
    )


def _audit_closure(kind: str, closure: Closure, *, actor: Actor, now: datetime) -> None:
    audit.record(kind, actor=actor, now=now, closure_id=closure.id, location_id=closure.location_id)
