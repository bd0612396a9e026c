"""How a conversation ended, written down; and what a dead worker left behind."""

import secrets
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Update, bindparam, or_, select, update

from portal.core.db import UtcDateTime, connection, db
from portal.mail import rules
from portal.mail.claims import WORKER_STOPPED, Claimed
from portal.mail.models import MessageState, OutboundMessage
from portal.mail.post import Answer


@dataclass(frozen=True)
class Handed:
    """A message that the server has answered to."""

    claimed: Claimed
    address: str
    answer: Answer


_IS_SENDING = OutboundMessage.state == MessageState.SENDING
_RECORD = (
    update(OutboundMessage)
    .where(OutboundMessage.id == bindparam("our_id"), OutboundMessage.lease == bindparam("our_lease"))
    .values(
        state=bindparam("ends_in"),
        reason=bindparam("why"),
        leased_until=None,
        state_changed_at=bindparam("now", type_=UtcDateTime()),
    )
)
# A late "sent" also settles what was written off as unconfirmed; nothing else does.
_RECORD_SENT = _RECORD.where(or_(_IS_SENDING, OutboundMessage.state == MessageState.UNCONFIRMED))
_RECORD_OTHER = _RECORD.where(_IS_SENDING)


def record(handed: Handed, now: datetime) -> None:
    """Write the answer down, where the lease is still ours."""
    ours = {"our_id": handed.claimed.id, "our_lease": handed.claimed.lease, "now": now}
    statement, result = _result(handed, now)
    connection().execute(statement, {**ours, **result})


def _result(handed: Handed, now: datetime) -> tuple[Update, dict[str, Any]]:
    if handed.answer.state is MessageState.SENT:
        return _RECORD_SENT, {"ends_in": MessageState.SENT, "why": None}
    if handed.answer.state is not MessageState.DEFERRED:
        return _RECORD_OTHER, {"ends_in": handed.answer.state, "why": handed.answer.reason}
    if handed.answer.is_server_away:  # no try at all: it counts for nothing
        later_at = now + rules.wait_for_the_server(secrets.randbelow(1000) / 1000)
        later = _RECORD_OTHER.values(not_before=later_at, attempts=OutboundMessage.attempts - 1)
        return later, {"ends_in": MessageState.DEFERRED, "why": handed.answer.reason}
    attempts = db.session.scalars(
        select(OutboundMessage.attempts).where(OutboundMessage.id == handed.claimed.id)
    ).one()
    again_at = rules.next_try(attempts, now, secrets.randbelow(1000) / 1000)
    if again_at is None:
        return _RECORD_OTHER, {"ends_in": MessageState.FAILED, "why": "gave_up"}
    later = _RECORD_OTHER.values(not_before=again_at)
    return later, {"ends_in": MessageState.DEFERRED, "why": handed.answer.reason}


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
            .values(state=to, reason=WORKER_STOPPED, leased_until=None, state_changed_at=now)
        )
        settled[to] += result.rowcount
    return settled
