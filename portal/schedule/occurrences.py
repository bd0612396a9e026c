"""One occurrence of a group that differs from its rule: moved, cancelled, extra, or as it was.

All times are local, without a zone. The time revision rises only when a start changes, so a
change of length reminds nobody twice, and what was told of the old time is never told again.
"""

from datetime import date, datetime

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused
from portal.schedule import queries, rules
from portal.schedule.models import Block, BlockException, Closure, ExceptionKind
from portal.schedule.service import check_minutes


def move_occurrence(
    *,
    block_id: int,
    original_start: datetime,
    new_start: datetime,
    new_minutes: int | None = None,
    actor: Actor,
    now: datetime,
) -> BlockException:
    """Give one occurrence another time. All times are local, without a zone.

    The time revision rises only when the start changes, so a change of length reminds
    nobody twice. A cancelled occurrence takes place again. Refused `day_closed`.
    """
    block = locked_block(block_id)
    check_occurrence(block, original_start)
    check_minutes(block.minutes if new_minutes is None else new_minutes)
    check_open(block.track.program.location_id, new_start.date())
    row = _exception(block, original_start)
    row.time_revision = rules.next_revision(row.time_revision, row.new_start or original_start, new_start)
    row.new_start, row.new_minutes = new_start, new_minutes
    row.kind = ExceptionKind.EXTRA if row.kind is ExceptionKind.EXTRA else ExceptionKind.MOVED
    _audit_occurrence("schedule.occurrence_moved", row, actor=actor, now=now)
    return row


def cancel_occurrence(
    *, block_id: int, original_start: datetime, actor: Actor, now: datetime
) -> BlockException:
    """Let one occurrence not take place. Doing it twice changes nothing more."""
    block = locked_block(block_id)
    check_occurrence(block, original_start)
    row = _exception(block, original_start)
    if row.kind is not ExceptionKind.CANCELLED or row.id is None:
        row.kind = ExceptionKind.CANCELLED
        _audit_occurrence("schedule.occurrence_cancelled", row, actor=actor, now=now)
    return row


def add_occurrence(
    *, block_id: int, start: datetime, minutes: int | None = None, actor: Actor, now: datetime
) -> BlockException:
    """An extra occurrence at a local time. Refused `occurs_already` and `day_closed`."""
    block = locked_block(block_id)
    if rules.is_start(queries.recurring(block, block.track.timezone), start):
        raise Refused("occurs_already", field="start")
    check_minutes(block.minutes if minutes is None else minutes)
    check_open(block.track.program.location_id, start.date())
    row = BlockException(
        block=block, kind=ExceptionKind.EXTRA, original_start=start, new_minutes=minutes, time_revision=1
    )
    _audit_occurrence("schedule.occurrence_added", row, actor=actor, now=now)
    return row


def restore_occurrence(
    *, block_id: int, original_start: datetime, actor: Actor, now: datetime
) -> BlockException:
    """Let an occurrence take place again as the rule says; the way back from a move or a cancellation."""
    block = locked_block(block_id)
    check_occurrence(block, original_start)
    check_open(block.track.program.location_id, original_start.date())
    row = _exception(block, original_start)
    row.time_revision = rules.next_revision(
        row.time_revision, row.new_start or original_start, original_start
    )
    row.kind, row.new_start, row.new_minutes = ExceptionKind.MOVED, None, None
    _audit_occurrence("schedule.occurrence_restored", row, actor=actor, now=now)
    return row


def locked_block(block_id: int) -> Block:
    """The group, locked, its exceptions read anew. Raises NotFound."""
    block = db.session.scalars(select(Block).where(Block.id == block_id).with_for_update()).one_or_none()
    if block is None:
        raise NotFound
    db.session.expire(block, ["exceptions"])
    return block


def check_occurrence(block: Block, original_start: datetime) -> None:
    """NotFound unless the group has an occurrence of that name."""
    if not rules.is_start(queries.recurring(block, block.track.timezone), original_start):
        raise NotFound


def check_open(location_id: int, on: date) -> None:
    """Refused `day_closed` (field start) for a day on which the location is closed."""
    query = select(Closure.id).where(
        Closure.location_id == location_id, Closure.from_on <= on, Closure.to_on >= on
    )
    if db.session.scalars(query).first() is not None:
        raise Refused("day_closed", field="start")


def _exception(block: Block, original_start: datetime) -> BlockException:
    for row in block.exceptions:
        if row.original_start == original_start:
            return row
    return BlockException(
        block=block, kind=ExceptionKind.MOVED, original_start=original_start, time_revision=1
    )


def _audit_occurrence(kind: str, row: BlockException, *, actor: Actor, now: datetime) -> None:
    db.session.add(row)
    db.session.flush()
    audit.record(
        kind,
        actor=actor,
        now=now,
        block_id=row.block_id,
        original_start=f"{row.original_start:%Y%m%dT%H%M}",
        time_revision=row.time_revision,
    )
