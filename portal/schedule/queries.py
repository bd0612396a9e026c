"""Reads of the timetable. What a family member may see of it asks for a permit."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from portal.center.models import Location, Program
from portal.consent.rules import Scope
from portal.core.db import db, rows
from portal.core.errors import NotFound
from portal.disclosure.gate import Permit
from portal.people.models import Client, Episode, EpisodeStatus, Relationship
from portal.schedule import appointment_times, closed_days, rules
from portal.schedule.models import Block, BlockException, Closure, Enrolment, ExceptionKind, Track
from portal.schedule.rules import Change, Occurrence, Recurring


@dataclass(frozen=True)
class Stay:
    """One enrolment as far as it counts: an episode that ended cuts it."""

    track_id: int
    from_on: date
    to_on: date | None


_BLOCKS = (
    select(
        Track.id,
        Track.timezone,
        Program.location_id,
        Block.id,
        Block.name,
        Block.starts_on,
        Block.start_time,
        Block.minutes,
        Block.rrule,
        Block.is_family_hour,
        Block.ends_on,
        BlockException.original_start,
        BlockException.new_start,
        BlockException.new_minutes,
        BlockException.kind,
        BlockException.time_revision,
    )
    .join(Program, Program.id == Track.program_id)
    .join(Block, Block.track_id == Track.id)
    .outerjoin(BlockException, BlockException.block_id == Block.id)
    .where(Track.id.in_(bindparam("track_ids", expanding=True)))
    .order_by(Block.id, BlockException.id)
)
_ENROLLED = (
    select(Episode.client_id, Enrolment.track_id, Enrolment.from_on, Enrolment.to_on, Episode.ended_on)
    .join(Episode, Enrolment.episode_id == Episode.id)
    .where(
        Episode.client_id.in_(bindparam("client_ids", expanding=True)),
        Enrolment.from_on <= bindparam("to_on"),
        or_(Enrolment.to_on.is_(None), Enrolment.to_on >= bindparam("from_on")),
        or_(Episode.ended_on.is_(None), Episode.ended_on >= bindparam("from_on")),
    )
)


def occurrences(*, track_id: int, from_on: date, to_on: date) -> list[Occurrence]:
    """What takes place on a track on the local days `from_on` to `to_on`, in order."""
    return of_tracks([track_id], from_on, to_on).get(track_id, [])


def of_tracks(track_ids: Collection[int], from_on: date, to_on: date) -> dict[int, list[Occurrence]]:
    """The same for many tracks, in two statements whatever their number."""
    found = rows(_BLOCKS, {"track_ids": list(track_ids)})
    closed = closed_days.of_locations({row.location_id for row in found}, from_on, to_on)
    by_track: dict[int, list[Occurrence]] = {}
    for (track_id, location_id), of_track in groupby(sorted(found, key=_place), _place):
        taking_place = _expanded(_recurring(of_track), closed.get(location_id, []), from_on, to_on)
        by_track[track_id] = taking_place
    return by_track


def program_times(
    *, permit: Permit, from_on: date, to_on: date, names: Permit | None = None
) -> list[Occurrence]:
    """The program times of the permit's client, in order.

    Demands a PROGRAM_TIMES permit. Group names are blank unless `names`, a GROUP_NAMES
    permit of the same pair, is given too. Raises ValueError for any other permit.
    """
    permits = [permit, names] if names else [permit]
    return program_times_under(permits, from_on=from_on, to_on=to_on)[permit.client_id]


def program_times_under(
    permits: Collection[Permit], *, from_on: date, to_on: date
) -> dict[int, list[Occurrence]]:
    """Client id → program times in order, for each PROGRAM_TIMES permit; four statements.

    Group names are blank for a client without a GROUP_NAMES permit of the same consent.
    Raises ValueError for a permit of any other scope, or for names alone.
    """
    times = {each.consent_id: each.client_id for each in permits if each.scope is Scope.PROGRAM_TIMES}
    named = {each.consent_id for each in permits if each.scope is Scope.GROUP_NAMES}
    if {each.consent_id for each in permits} - set(times) or len(times) + len(named) < len(permits):
        raise ValueError("program times ask for a PROGRAM_TIMES permit, names for GROUP_NAMES of the same")
    found = clients_times(set(times.values()), from_on, to_on)
    return {
        client_id: found[client_id] if consent_id in named else rules.without_names(found[client_id])
        for consent_id, client_id in times.items()
    }


def client_times(*, client_id: int, from_on: date, to_on: date) -> list[Occurrence]:
    """A client's own program times, in order: for the client and staff, nobody else."""
    return clients_times({client_id}, from_on, to_on)[client_id]


def clients_times(client_ids: Collection[int], from_on: date, to_on: date) -> dict[int, list[Occurrence]]:
    """The same for many clients, in four statements: for staff, and for what holds a permit."""
    stays = _stays(client_ids, from_on, to_on)
    track_ids = {stay.track_id for of_client in stays.values() for stay in of_client}
    by_track = of_tracks(track_ids, from_on, to_on)
    one_off = appointment_times.of_clients(client_ids, from_on, to_on)
    return {
        client_id: _during(stays.get(client_id, []), by_track, one_off.get(client_id, []))
        for client_id in client_ids
    }


def _during(
    stays: Sequence[Stay], by_track: Mapping[int, list[Occurrence]], one_off: Sequence[Occurrence]
) -> list[Occurrence]:
    """What takes place on each track as long as the client is on it; what is on two, once."""
    found = {
        (each.block_id, each.original_start): each
        for stay in stays
        for each in by_track.get(stay.track_id, [])
        if stay.from_on <= each.on and (stay.to_on is None or each.on <= stay.to_on)
    }
    return sorted([*found.values(), *one_off], key=lambda each: each.start_at)


@dataclass(frozen=True)
class ProgramEnd:
    """How the last course of care ended."""

    on: date
    finished: bool


def program_ends(permits: Collection[Permit]) -> dict[int, ProgramEnd]:
    """Client id → how the last course of care ended, for each client in whose program none runs.

    Demands FINISHED_OR_LEFT permits; raises ValueError for any other. One statement.
    """
    if any(permit.scope is not Scope.FINISHED_OR_LEFT for permit in permits):
        raise ValueError("the end of the program asks for a FINISHED_OR_LEFT permit")
    episodes = db.session.execute(
        select(Episode.client_id, Episode.ended_on, Episode.status)
        .where(Episode.client_id.in_({permit.client_id for permit in permits}))
        .order_by(Episode.started_on, Episode.id)
    )
    last = {client_id: (ended_on, status) for client_id, ended_on, status in episodes}
    return {
        client_id: ProgramEnd(ended_on, status is EpisodeStatus.FINISHED)
        for client_id, (ended_on, status) in last.items()
        if ended_on is not None
    }


def given_names(permits: Sequence[Permit]) -> dict[int, str]:
    """Client id → given name, for telling several relatives apart; the permits are the proof."""
    found = db.session.execute(
        select(Client.id, Client.given_name).where(Client.id.in_({permit.client_id for permit in permits}))
    )
    return {row[0]: row[1] for row in found}


def zone_of(family_member_id: int) -> str | None:
    """The zone of the location that a person's first relative belongs to; None: there is none."""
    return db.session.scalars(
        select(Location.timezone)
        .join(Client, Client.location_id == Location.id)
        .join(Relationship, Relationship.client_id == Client.id)
        .where(Relationship.family_member_id == family_member_id)
        .order_by(Relationship.created_at, Relationship.id)
        .limit(1)
    ).first()


def program_week(episode: Episode, on: date) -> int:
    """In which week of the episode the local day `on` lies, from 1."""
    return rules.program_week(episode.started_on, on)


def enrolments(*, client_id: int) -> list[Enrolment]:
    """Every enrolment of a client, the newest first, with track and episode."""
    return list(
        db.session.scalars(
            select(Enrolment)
            .join(Enrolment.episode)
            .where(Episode.client_id == client_id)
            .options(joinedload(Enrolment.track), joinedload(Enrolment.episode))
            .order_by(Enrolment.from_on.desc(), Enrolment.id)
        )
    )


def track_for(*, track_id: int) -> Track:
    """A track with its blocks and exceptions, or NotFound."""
    track = db.session.scalars(
        select(Track)
        .where(Track.id == track_id)
        .options(
            joinedload(Track.program),
            selectinload(Track.blocks).selectinload(Block.exceptions),
        )
    ).one_or_none()
    if track is None:
        raise NotFound
    return track


def tracks() -> list[Track]:
    """Every track with its program and location, by location and name."""
    return list(
        db.session.scalars(
            select(Track)
            .join(Track.program)
            .join(Program.location)
            .options(contains_eager(Track.program).contains_eager(Program.location))
            .order_by(Location.name, Program.name, Track.name)
        )
    )


def closures(*, location_ids: Collection[int], from_on: date) -> list[Closure]:
    """The closures of these locations that are not over on a day, the next one first."""
    return list(
        db.session.scalars(
            select(Closure)
            .where(Closure.location_id.in_(location_ids), Closure.to_on >= from_on)
            .options(joinedload(Closure.location))
            .order_by(Closure.from_on, Closure.id)
        )
    )


def closure_for(*, closure_id: int, location_ids: Collection[int]) -> Closure:
    """A closure of one of these locations, or NotFound."""
    closure = db.session.get(Closure, closure_id)
    if closure is None or closure.location_id not in location_ids:
        raise NotFound
    return closure


def locations(location_ids: Collection[int]) -> list[Location]:
    """These locations by name."""
    query = select(Location).where(Location.id.in_(location_ids)).order_by(Location.name)
    return list(db.session.scalars(query))


def enrolled_on(*, on: date) -> dict[int, int]:
    """Track id → how many episodes follow it on a day. Numbers only, no names."""
    found = db.session.execute(
        select(Enrolment.track_id, func.count())
        .where(Enrolment.from_on <= on, or_(Enrolment.to_on.is_(None), Enrolment.to_on >= on))
        .group_by(Enrolment.track_id)
    )
    return {row[0]: row[1] for row in found}


def recurring(block: Block, zone: str) -> Recurring:
    """A block and its exceptions as the rules need them."""
    return Recurring(
        block_id=block.id,
        name=block.name,
        starts_on=block.starts_on,
        start_time=block.start_time,
        minutes=block.minutes,
        rrule=block.rrule,
        zone=zone,
        is_family_hour=block.is_family_hour,
        ends_on=block.ends_on,
        changes=tuple(map(_change, block.exceptions)),
    )


def _place(row: Any) -> tuple[int, int]:
    """Track and location of a row of `_BLOCKS`."""
    return row[0], row[2]


def _recurring(found: Iterable[Any]) -> list[Recurring]:
    """The blocks of one track out of its rows of `_BLOCKS`, a row for each exception."""
    blocks: dict[int, Recurring] = {}
    changes: dict[int, list[Change]] = {}
    for row in found:
        _id, zone, _location, block_id, name, starts_on, start_time, minutes, rrule, is_hour = row[:10]
        blocks[block_id] = Recurring(
            block_id, name, starts_on, start_time, minutes, rrule, zone, is_hour, ends_on=row.ends_on
        )
        if row.original_start is not None:
            changes.setdefault(block_id, []).append(_change(row))
    return [replace(block, changes=tuple(changes.get(block_id, ()))) for block_id, block in blocks.items()]


def _change(row: Any) -> Change:
    """From an exception, or a row that holds its columns."""
    return Change(
        original_start=row.original_start,
        new_start=row.new_start,
        new_minutes=row.new_minutes,
        is_cancelled=row.kind is ExceptionKind.CANCELLED,
        time_revision=row.time_revision,
    )


def _expanded(
    blocks: list[Recurring], closed: list[tuple[date, date]], from_on: date, to_on: date
) -> list[Occurrence]:
    found = [occurrence for block in blocks for occurrence in rules.expand(block, closed, from_on, to_on)]
    return sorted(found, key=lambda each: (each.start_at, each.block_id))


def _stays(client_ids: Collection[int], from_on: date, to_on: date) -> dict[int, list[Stay]]:
    """Client id → their stays that touch the window."""
    found = rows(_ENROLLED, {"client_ids": list(client_ids), "from_on": from_on, "to_on": to_on})
    stays: dict[int, list[Stay]] = {}
    for client_id, track_id, first, last, ended_on in found:
        until = min((day for day in (last, ended_on) if day), default=None)
        stays.setdefault(client_id, []).append(Stay(track_id, first, until))
    return stays
