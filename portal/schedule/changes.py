"""Changing a timetable that clients follow already: a track's name, a group's time, its end.

What has taken place stays as it was: a group that meets at another time from a day on is a
new group, and the old one ends the day before.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import Refused
from portal.people.models import LevelOfCare
from portal.schedule import recurrence, service
from portal.schedule.models import Block, Track
from portal.schedule.occurrences import locked_block


@dataclass(frozen=True)
class Group:
    """What staff enter about a group. Times are local; `rrule` is RFC 5545's."""

    name: str
    start_time: time
    minutes: int
    rrule: str
    is_family_hour: bool = False


def change_track(
    *, track: Track, name: str, weeks: int, level_of_care: LevelOfCare, actor: Actor, now: datetime
) -> None:
    """Change what a track is called, how long it lasts and its level of care.

    Refused `track_named_so` (field name) where the program has another track of that name.
    """
    check_name(program_id=track.program_id, name=name, track_id=track.id)
    wanted = {"name": name, "weeks": weeks, "level_of_care": level_of_care}
    names = [key for key, value in wanted.items() if getattr(track, key) != value]
    for key in names:
        setattr(track, key, wanted[key])
    if names:
        audit.record("schedule.track_changed", actor=actor, now=now, track_id=track.id, names=",".join(names))


def check_name(*, program_id: int, name: str, track_id: int | None = None) -> None:
    """Refused `track_named_so` (field name) where another track of the program is called so."""
    same = select(Track.id).where(Track.program_id == program_id, Track.name == name, Track.id != track_id)
    if db.session.scalars(same).first() is not None:
        raise Refused("track_named_so", field="name")


def change_block(*, block_id: int, group: Group, from_on: date, actor: Actor, now: datetime) -> Block:
    """Let a group be another from a local day on; returns the one that meets then.

    A name, or the mark of the hour for families, changes at once and everywhere. A day, a
    time or a length changes from `from_on`: before it nothing differs. Refused as
    `service.add_block` is, and `group_has_ended` (field from_on).
    """
    block = locked_block(block_id)
    if block.ends_on is not None and block.ends_on < from_on:
        raise Refused("group_has_ended", field="from_on")
    rule = _checked(group.rrule)
    if (block.start_time, block.minutes, block.rrule) == (group.start_time, group.minutes, rule):
        _rename(block, group, actor=actor, now=now)
        return block
    return _replace(block, group, from_on, actor=actor, now=now)


def end_block(*, block_id: int, ends_on: date | None, actor: Actor, now: datetime) -> Block:
    """Let a group meet for the last time on a local day at the latest; None: it goes on."""
    block = locked_block(block_id)
    if block.ends_on != ends_on:
        block.ends_on = ends_on
        audit.record(
            "schedule.block_ended",
            actor=actor,
            now=now,
            block_id=block.id,
            ends_on=ends_on.isoformat() if ends_on else None,
        )
    return block


def _checked(rrule: str) -> str:
    try:
        return recurrence.checked(rrule)
    except recurrence.BadRule as error:
        raise Refused("rule_not_understood", field="rrule") from error


def _rename(block: Block, group: Group, *, actor: Actor, now: datetime) -> None:
    names = [name for name in ("name", "is_family_hour") if getattr(block, name) != getattr(group, name)]
    for name in names:
        setattr(block, name, getattr(group, name))
    if names:
        audit.record("schedule.block_changed", actor=actor, now=now, block_id=block.id, names=",".join(names))


def _replace(block: Block, group: Group, from_on: date, *, actor: Actor, now: datetime) -> Block:
    old_end = block.ends_on
    end_block(block_id=block.id, ends_on=from_on - timedelta(days=1), actor=actor, now=now)
    new = service.add_block(track=block.track, starts_on=from_on, actor=actor, now=now, **asdict(group))
    return end_block(block_id=new.id, ends_on=old_end, actor=actor, now=now) if old_end else new
