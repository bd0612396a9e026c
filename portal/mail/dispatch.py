"""Sending, so that nothing goes out twice and nothing after a "no".

1. Find what is due, without a lock.
2. In one short transaction: lock the consent and ask again whether it is wanted; claim the
   row by a guarded update that raises its lease number; put it into words.
3. Just before the conversation, in a transaction of its own: ask once more, set `sending`.
4. Talk to the server with no transaction open.
5. Record the answer in a transaction of its own, only where the lease is still ours.

A worker that dies in 2 leaves `claimed`, which goes back to the queue; one that dies in 3
to 5 leaves `sending`, which becomes `unconfirmed` and is never sent again by itself.
"""

import logging
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Update, select, update
from sqlalchemy.exc import OperationalError

from portal.center import settings
from portal.core import clock, tokens
from portal.core.db import db, reading, writing
from portal.mail import letters, queries, rules, service, suppression
from portal.mail.kinds import Kind, Letter
from portal.mail.models import MessageState, OutboundMessage, StopLink
from portal.mail.post import Answer, Envelope, Line, Post

logger = logging.getLogger("portal.mail")
Trace = Callable[[str], None]
DUE = (MessageState.QUEUED, MessageState.DEFERRED)


@dataclass(frozen=True)
class Claimed:
    """A message that is ours under this lease number, finished but for the sending."""

    id: int
    kind: Kind
    lease: int
    envelope: Envelope


def silent(_point: str) -> None:
    """The trace of everyday: nothing."""


def dispatch(post: Post, *, trace: Trace = silent, limit: int = 500) -> Counter[str]:
    """Send what is due, at most `limit` messages; returns how many ended in which way.

    `trace` is called at before_claim, after_claim, sending, after_data and before_record.
    """
    ended: Counter[str] = Counter()
    line = post.open_line()
    try:
        for message_id in due(limit):
            ended[_send_one(post, message_id, line, trace)] += 1
    except OperationalError as error:  # busy or away: all of it is still there at the next round
        logger.warning("the round ended early: %s", type(error.orig).__name__)
    finally:
        line.close()
    return ended


def due(limit: int) -> list[int]:
    """The messages whose time has come, the longest waiting first."""
    with reading():
        query = (
            select(OutboundMessage.id)
            .where(OutboundMessage.state.in_(DUE), OutboundMessage.not_before <= clock.now())
            .order_by(OutboundMessage.not_before, OutboundMessage.id)
            .limit(limit)
        )
        return list(db.session.scalars(query))


def _send_one(post: Post, message_id: int, line: Line, trace: Trace) -> str:
    trace("before_claim")
    try:
        claimed = _claim(post, message_id)
        trace("after_claim")
        if claimed is None or not _begin(claimed):
            return "passed_over"
    except OperationalError:
        raise
    except Exception as error:  # its text could quote what the letter says
        logger.error("message %s cannot be sent: %s", message_id, type(error).__name__)
        _spoil(message_id)
        return MessageState.FAILED
    trace("sending")
    answer = line.send(claimed.envelope, trace)
    trace("before_record")
    _record(post, claimed, answer)
    return answer.state


def _claim(post: Post, message_id: int) -> Claimed | None:
    with writing():
        now = clock.now()
        message = _still_due(message_id, now)
        if message is None:
            return None
        kind = post.kinds[message.kind]
        reason = _unwanted(kind, message, now)
        if reason is not None:
            service.drop(message, reason=reason, now=now)
            return None
        lease = message.lease + 1
        if not _changed(_taken(message, lease, now)):
            return None
        letter = kind.render(message, now)
        reason = _unreachable(kind, message, letter, post)
        if reason is not None:
            service.drop(message, reason=reason, now=now)
            return None
        return Claimed(message.id, kind, lease, _envelope(post, kind, message, letter, now))


def _still_due(message_id: int, now: datetime) -> OutboundMessage | None:
    return db.session.scalars(
        select(OutboundMessage)
        .where(
            OutboundMessage.id == message_id,
            OutboundMessage.state.in_(DUE),
            OutboundMessage.not_before <= now,
        )
        .execution_options(populate_existing=True)
    ).one_or_none()


def _unwanted(kind: Kind, message: OutboundMessage, now: datetime) -> str | None:
    """Why the message must not go out now; None when it may. Takes the consent's lock."""
    reason = kind.still_wanted(message, now) if kind.still_wanted else None
    if reason is None and message.useful_until and now >= message.useful_until:
        reason = "too_late"
    if reason is None and kind.is_optional:
        reason = _not_chosen(kind, message)
    return reason


def _not_chosen(kind: Kind, message: OutboundMessage) -> str | None:
    if kind.opt_in not in queries.preferences(message.reader_kind, message.reader_id):
        return "opted_out"
    if queries.confirmed_address(message.reader_kind, message.reader_id) is None:
        return "address_not_confirmed"
    return None


def _unreachable(kind: Kind, message: OutboundMessage, letter: Letter, post: Post) -> str | None:
    if not letter.address:
        return "no_address"
    if suppression.is_suppressed(letter.address, post.address_key):
        return "address_suspended"
    if kind.is_optional and not _is_confirmed(message, letter.address):
        return "address_not_confirmed"
    return None


def _is_confirmed(message: OutboundMessage, address: str) -> bool:
    confirmed = queries.confirmed_address(message.reader_kind, message.reader_id)
    return confirmed == rules.plain_address(address)


def _taken(message: OutboundMessage, lease: int, now: datetime) -> Update:
    return (
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message.id,
            OutboundMessage.state.in_(DUE),
            OutboundMessage.lease == message.lease,
        )
        .values(
            state=MessageState.CLAIMED,
            lease=lease,
            leased_until=now + rules.LEASE,
            attempts=OutboundMessage.attempts + 1,
            state_changed_at=now,
        )
    )


def _changed(statement: Update) -> bool:
    """Whether exactly one row changed: if not, somebody was faster."""
    result: Any = db.session.execute(statement.execution_options(synchronize_session=False))
    return bool(result.rowcount == 1)


def _envelope(post: Post, kind: Kind, message: OutboundMessage, letter: Letter, now: datetime) -> Envelope:
    center = settings.current()
    office = letters.Office(center.discreet_name, center.phone, post.base_url)
    stop_token = _stop_token(kind, message, now) if kind.is_optional else None
    return Envelope(
        message_id=f"<{message.id}@{post.sender.rpartition('@')[2]}>",
        sender_name=letters.one_line(center.discreet_name),
        address=letter.address,
        words=letters.write(kind, letter, office, stop_token),
        stop_url=f"{post.base_url}/mail/{stop_token}" if stop_token else None,
    )


def _stop_token(kind: Kind, message: OutboundMessage, now: datetime) -> str:
    token = tokens.new_token()
    db.session.add(
        StopLink(
            reader_kind=message.reader_kind,
            reader_id=message.reader_id,
            kind=kind.opt_in,
            token_digest=tokens.digest(token),
            created_at=now,
        )
    )
    return token


def _spoil(message_id: int) -> None:
    """A message that cannot be written fails alone; its neighbors go on."""
    with writing():
        _changed(
            update(OutboundMessage)
            .where(OutboundMessage.id == message_id, OutboundMessage.state.in_(service.NOT_BEGUN))
            .values(state=MessageState.FAILED, reason="not_writable", state_changed_at=clock.now())
        )


def _begin(claimed: Claimed) -> bool:
    with writing():
        now = clock.now()
        message = db.session.get(OutboundMessage, claimed.id, populate_existing=True)
        if message is None:
            return False
        reason = _unwanted(claimed.kind, message, now) or _moved(claimed, message)
        if reason is not None:
            service.drop(message, reason=reason, now=now)
            return False
        return _changed(
            update(OutboundMessage)
            .where(
                OutboundMessage.id == claimed.id,
                OutboundMessage.state == MessageState.CLAIMED,
                OutboundMessage.lease == claimed.lease,
                OutboundMessage.leased_until > now,
            )
            .values(state=MessageState.SENDING, leased_until=now + rules.LEASE, state_changed_at=now)
        )


def _moved(claimed: Claimed, message: OutboundMessage) -> str | None:
    """Whether the reader changed the address since the claim."""
    if not claimed.kind.is_optional or _is_confirmed(message, claimed.envelope.address):
        return None
    return "address_changed"


def _record(post: Post, claimed: Claimed, answer: Answer) -> None:
    with writing():
        now = clock.now()
        # A late "sent" also settles what was written off as unconfirmed; nothing else does.
        may_settle = [MessageState.SENDING]
        if answer.state is MessageState.SENT:
            may_settle.append(MessageState.UNCONFIRMED)
        _changed(
            update(OutboundMessage)
            .where(
                OutboundMessage.id == claimed.id,
                OutboundMessage.state.in_(may_settle),
                OutboundMessage.lease == claimed.lease,
            )
            .values(leased_until=None, state_changed_at=now, **_result(claimed, answer, now))
        )
        if answer.is_address_dead:
            suppression.suppress(claimed.envelope.address, key=post.address_key, reason="refused", now=now)


def _result(claimed: Claimed, answer: Answer, now: datetime) -> dict[str, Any]:
    if answer.state is not MessageState.DEFERRED:
        return {"state": answer.state, "reason": answer.reason}
    attempts = db.session.scalars(
        select(OutboundMessage.attempts).where(OutboundMessage.id == claimed.id)
    ).one()
    again_at = rules.next_try(attempts, now, secrets.randbelow(1000) / 1000)
    if again_at is None:
        return {"state": MessageState.FAILED, "reason": "gave_up"}
    return {"state": MessageState.DEFERRED, "reason": answer.reason, "not_before": again_at}


def recover(*, now: datetime) -> Counter[str]:
    """Settle what a dead worker left behind; in a transaction of the caller's.

    What was only claimed goes back to the queue; what was being sent is unconfirmed.
    """
    expired = OutboundMessage.leased_until <= now
    steps = (
        (MessageState.CLAIMED, OutboundMessage.attempts >= rules.MAX_TRIES, MessageState.FAILED),
        (MessageState.CLAIMED, OutboundMessage.attempts < rules.MAX_TRIES, MessageState.QUEUED),
        (MessageState.SENDING, OutboundMessage.id > 0, MessageState.UNCONFIRMED),
    )
    settled: Counter[str] = Counter()
    for state, which, to in steps:
        result: Any = db.session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.state == state, expired, which)
            .values(state=to, reason="worker_stopped", leased_until=None, state_changed_at=now)
        )
        settled[to] += result.rowcount
    return settled
