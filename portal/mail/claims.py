"""Claims: which messages are ours for the next minutes, and under which lease number.

Many are claimed in one transaction, and nobody is asked: a claim promises nothing. Whether
a mail may go is asked when it is begun.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from portal.core import clock, tokens
from portal.core.db import UtcDateTime, connection, db, reading, writing
from portal.mail import rules
from portal.mail.kinds import Kind
from portal.mail.models import MessageState, OutboundMessage, OutboxItem, ReaderKind, StopLink

AT_ONCE = 25
DUE = (MessageState.QUEUED, MessageState.DEFERRED)
WORKER_STOPPED = "worker_stopped"


@dataclass(frozen=True)
class Claimed:
    """A message that is ours under this lease number; a `kinds.Message`."""

    id: int
    kind: str
    reader_kind: ReaderKind
    reader_id: int
    context: Mapping[str, Any]
    useful_until: datetime | None
    lease: int
    stop_token: str | None
    """Minted here and nowhere else in clear; None for a kind that nobody can stop."""


_NOW: Any = bindparam("now", type_=UtcDateTime())
_FREE = (
    select(
        OutboundMessage.id,
        OutboundMessage.kind,
        OutboundMessage.reader_kind,
        OutboundMessage.reader_id,
        OutboundMessage.context,
        OutboundMessage.useful_until,
        OutboundMessage.lease,
    )
    .where(
        OutboundMessage.id.in_(bindparam("ids", expanding=True)),
        OutboundMessage.state.in_(DUE),
        OutboundMessage.not_before <= _NOW,
    )
    .order_by(OutboundMessage.id)
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(OutboundMessage)
    .where(OutboundMessage.id.in_(bindparam("ids", expanding=True)), OutboundMessage.state.in_(DUE))
    .values(
        state=MessageState.CLAIMED,
        lease=OutboundMessage.lease + 1,
        leased_until=bindparam("until"),
        attempts=OutboundMessage.attempts + 1,
        state_changed_at=_NOW,
    )
)
_OURS = OutboundMessage.id == bindparam("our_id"), OutboundMessage.lease == bindparam("our_lease")
_BEGIN = (
    update(OutboundMessage)
    .where(*_OURS, OutboundMessage.state == MessageState.CLAIMED, OutboundMessage.leased_until > _NOW)
    .values(state=MessageState.SENDING, leased_until=bindparam("until"), state_changed_at=_NOW)
)
_DROP = (
    update(OutboundMessage)
    .where(*_OURS, OutboundMessage.state.in_([MessageState.CLAIMED, MessageState.SENDING]))
    .values(state=MessageState.DROPPED, reason=bindparam("why"), leased_until=None, state_changed_at=_NOW)
)
_GIVE_BACK = (
    update(OutboundMessage)
    .where(*_OURS, OutboundMessage.state == MessageState.CLAIMED)
    .values(
        state=MessageState.QUEUED,
        attempts=OutboundMessage.attempts - 1,
        leased_until=None,
        state_changed_at=_NOW,
    )
)
_PUT_OFF = (
    update(OutboundMessage)
    .where(*_OURS, OutboundMessage.state.in_([MessageState.CLAIMED, MessageState.SENDING]))
    .values(
        state=MessageState.QUEUED,
        not_before=bindparam("later", type_=UtcDateTime()),
        attempts=OutboundMessage.attempts - 1,
        leased_until=None,
        state_changed_at=_NOW,
    )
)


def batches(limit: int) -> list[list[int]]:
    """The messages whose time has come, the longest waiting first, as they are claimed together.

    One under which a worker has stopped is claimed alone, so that what killed it takes no
    neighbors along.
    """
    query = (
        select(OutboundMessage.id, OutboundMessage.reason)
        .where(OutboundMessage.state.in_(DUE), OutboundMessage.not_before <= clock.now())
        .order_by(OutboundMessage.not_before, OutboundMessage.id)
        .limit(limit)
    )
    with reading():
        rows = db.session.execute(query).all()
    alone = [[id_] for id_, reason in rows if reason == WORKER_STOPPED]
    others = [id_ for id_, reason in rows if reason != WORKER_STOPPED]
    return [others[start : start + AT_ONCE] for start in range(0, len(others), AT_ONCE)] + alone


def claim(ids: Sequence[int], kinds: Mapping[str, Kind]) -> list[Claimed]:
    """Claim those that are still due, by id; whom another worker is just claiming are its own."""
    with writing():
        now = clock.now()
        rows = connection().execute(_FREE, {"ids": ids, "now": now}).all()
        if not rows:
            return []
        taken = {"ids": [row.id for row in rows], "now": now, "until": now + rules.LEASE}
        assert connection().execute(_TAKE, taken).rowcount == len(rows)  # they are locked
        claimed = [_claimed(row, kinds) for row in rows]
        _note_stop_links(claimed, kinds, now)
    return claimed


def _claimed(row: Row[Any], kinds: Mapping[str, Kind]) -> Claimed:
    kind = kinds.get(row.kind)
    token = tokens.new_token() if kind is not None and kind.is_optional else None
    values = row._asdict()
    return Claimed(**{**values, "lease": row.lease + 1, "stop_token": token})


def _note_stop_links(claimed: Iterable[Claimed], kinds: Mapping[str, Kind], now: datetime) -> None:
    links = [
        {
            "reader_kind": each.reader_kind,
            "reader_id": each.reader_id,
            "kind": kinds[each.kind].opt_in,
            "token_digest": tokens.digest(each.stop_token),
            "created_at": now,
        }
        for each in claimed
        if each.stop_token
    ]
    if links:
        connection().execute(insert(StopLink), links)


def begin(claimed: Claimed, now: datetime) -> bool:
    """Set `sending`; False when the lease has run out or the message was dropped meanwhile."""
    values = {"our_id": claimed.id, "our_lease": claimed.lease, "now": now, "until": now + rules.LEASE}
    return connection().execute(_BEGIN, values).rowcount == 1


def drop(claimed: Claimed, *, reason: str, now: datetime) -> None:
    """Drop a message of ours with its items, which may be told anew."""
    values = {"our_id": claimed.id, "our_lease": claimed.lease, "why": reason, "now": now}
    if connection().execute(_DROP, values).rowcount:
        db.session.execute(
            update(OutboxItem)
            .where(OutboxItem.message_id == claimed.id, OutboxItem.dropped_at.is_(None))
            .values(dropped_at=now, dropped_reason=reason)
        )


def put_off(claimed: Claimed, later: datetime, now: datetime) -> None:
    """Not before `later`: its domain has had its share. In the transaction that would have begun it."""
    values = {"our_id": claimed.id, "our_lease": claimed.lease, "later": later, "now": now}
    connection().execute(_PUT_OFF, values)


def give_back(left: Collection[Claimed]) -> None:
    """What was claimed and never begun waits again, as if it had not been touched."""
    if not left:
        return
    with writing():
        now = clock.now()
        values = [{"our_id": each.id, "our_lease": each.lease, "now": now} for each in left]
        connection().execute(_GIVE_BACK, values)
