"""What a coordinator may change: the tracks, groups and programs of their own locations."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from portal.center.models import Location, Program
from portal.core.db import db
from portal.core.errors import NotFound
from portal.schedule import queries, rules
from portal.schedule.models import Block, Track
from portal.schedule.rules import Change


def track_at(*, track_id: int, location_ids: Collection[int]) -> Track:
    """A track of one of these locations, or NotFound."""
    track = queries.track_for(track_id=track_id)
    if track.program.location_id not in location_ids:
        raise NotFound
    return track


def block_at(*, block_id: int, location_ids: Collection[int]) -> Block:
    """A group of such a track with its exceptions, or NotFound."""
    block = db.session.get(Block, block_id)
    if block is None:
        raise NotFound
    track_at(track_id=block.track_id, location_ids=location_ids)
    return block


def programs(location_ids: Collection[int]) -> list[Program]:
    """The programs of these locations, by name."""
    return list(
        db.session.scalars(
            select(Program)
            .join(Program.location)
            .where(Program.location_id.in_(location_ids))
            .options(contains_eager(Program.location))
            .order_by(Location.name, Program.name)
        )
    )


def change_of(block: Block, original_start: datetime) -> Change:
    """How an occurrence differs from the rule, if it does; NotFound where there is none."""
    plain = queries.recurring(block, block.track.timezone)
    if not rules.is_start(plain, original_start):
        raise NotFound
    known = (change for change in plain.changes if change.original_start == original_start)
    return next(known, Change(original_start))


def cancelled(block: Block, from_on: date) -> list[Change]:
    """The occurrences that were cancelled from a local day on, in order."""
    changes = queries.recurring(block, block.track.timezone).changes
    found = [each for each in changes if each.is_cancelled and each.original_start.date() >= from_on]
    return sorted(found, key=lambda each: each.original_start)
