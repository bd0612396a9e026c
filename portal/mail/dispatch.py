"""Sending, so that nothing goes out twice and nothing after a "no".

1. Find what is due, without a lock.
2. Claim a few of them in one short transaction, by a guarded update that raises the lease
   number (`claims`).
3. For each, in a transaction of its own: lock the consent and ask whether it is wanted, put
   it into words, set `sending` where the lease is still ours.
4. Talk to the server with no transaction open.
5. Record the answer, only where the lease is still ours. A plain "sent" shares the next
   message's transaction (3); if that comes to nothing it is recorded alone, at once.

A worker that dies in 2 or 3 leaves `claimed`, which goes back to the queue; one that dies in
4 or 5 leaves `sending`, which becomes `unconfirmed` and is never sent again by itself.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.exc import OperationalError

from portal.center import settings
from portal.core import clock
from portal.core.db import connection, db, once, writing
from portal.mail import claims, letters, rules, service, suppression
from portal.mail.claims import Claimed
from portal.mail.kinds import Kind, Letter
from portal.mail.models import MailAddress, MailPreference, MessageState, OutboundMessage
from portal.mail.post import Envelope, Line, Post
from portal.mail.records import Handed, record

logger = logging.getLogger("portal.mail")
Trace = Callable[[str], None]
SERVER_AWAY = "server_away"


def silent(_point: str) -> None:
    """The trace of everyday: nothing."""


def dispatch(post: Post, *, trace: Trace = silent, limit: int = 500) -> Counter[str]:
    """Send what is due, at most `limit` messages; returns how many ended in which way.

    `trace` is called for each message at before_claim, after_claim, sending, after_data and
    before_record.
    """
    line = post.open_line()
    sending = Round(post, line, trace)
    try:
        for batch in claims.batches(limit):
            sending.send(batch)
            if sending.is_server_away:
                break
    except OperationalError as error:  # busy or away: all of it is still there at the next round
        logger.warning("the round ended early: %s", type(error.orig).__name__)
    finally:
        line.close()
    return sending.ended


class Round:
    """One round over one line to the server."""

    def __init__(self, post: Post, line: Line, trace: Trace) -> None:
        self.post, self.line, self.trace = post, line, trace
        self.ended: Counter[str] = Counter()
        self.carried: Handed | None = None
        """Sent, and not yet recorded."""
        self.is_server_away = False
        """Nobody could be reached: the rest waits untouched for the next round."""

    def send(self, ids: Sequence[int]) -> None:
        """Claim these messages together and send them one by one."""
        for _ in ids:
            self.trace("before_claim")
        claimed = self._claim(ids)
        for _ in claimed:
            self.trace("after_claim")
        self.ended["passed_over"] += len(ids) - len(claimed)
        left = list(claimed)
        give_back_at = clock.now() + rules.LEASE / 2  # a slow server must not use up their tries
        try:
            while left and not self.is_server_away and clock.now() < give_back_at:
                self.ended[self._send_one(left.pop(0))] += 1
        finally:
            try:
                self._settle()
            finally:
                claims.give_back(left)

    def _claim(self, ids: Sequence[int]) -> list[Claimed]:
        """A row that cannot even be read fails alone; its neighbors are claimed without it."""
        try:
            return claims.claim(ids, self.post.kinds)
        except OperationalError:
            raise
        except Exception as error:
            if len(ids) > 1:
                return [claimed for one in ids for claimed in self._claim([one])]
            _spoil(ids[0], error)
            return []

    def _send_one(self, claimed: Claimed) -> str:
        try:
            envelope = self._begin(claimed)
        except OperationalError:
            raise
        except Exception as error:
            self._settle()
            _spoil(claimed.id, error)
            return MessageState.FAILED
        if envelope is None:
            return "passed_over"
        self.trace("sending")
        answer = self.line.send(envelope, self.trace)
        self.trace("before_record")
        self.carried = Handed(claimed, envelope.address, answer)
        if answer.state is not MessageState.SENT:
            self._settle()
        if answer.is_server_away:
            self.is_server_away = True
            self.ended[SERVER_AWAY] += 1
            return "passed_over"
        return answer.state

    def _begin(self, claimed: Claimed) -> Envelope | None:
        with writing():
            envelope = self._asked_and_written(claimed, clock.now())
        self.carried = None  # recorded by this very commit
        return envelope

    def _asked_and_written(self, claimed: Claimed, now: datetime) -> Envelope | None:
        """Lock order: the consent, then the outbox, by id (a batch is claimed in that order)."""
        kind = self.post.kinds[claimed.kind]
        reason = _unwanted(kind, claimed, now)
        if self.carried is not None:
            record(self.carried, now)
        if reason is None and not claims.begin(claimed, now):
            return None
        if reason is None:
            letter = kind.render(claimed, now)
            reason = _unreachable(kind, claimed, letter, self.post)
        if reason is None and (later := self.post.pace.not_before(letter.address, now)):
            claims.put_off(claimed, later, now)
            return None
        if reason is not None:
            claims.drop(claimed, reason=reason, now=now)
            return None
        return _envelope(self.post, kind, claimed, letter)

    def _settle(self) -> None:
        """Record what is not recorded yet, in a transaction of its own."""
        handed, self.carried = self.carried, None
        if handed is None:
            return
        with writing():
            now = clock.now()
            record(handed, now)
            if handed.answer.is_address_dead:
                suppression.suppress(handed.address, key=self.post.address_key, reason="refused", now=now)
                self.post.on_dead_address(handed.claimed.reader_kind, handed.claimed.reader_id, now)


def _unwanted(kind: Kind, claimed: Claimed, now: datetime) -> str | None:
    """Why the message must not go out now; None when it may. Takes the consent's lock."""
    reason = kind.still_wanted(claimed, now) if kind.still_wanted else None
    if reason is None and claimed.useful_until and now >= claimed.useful_until:
        reason = "too_late"
    if reason is None and kind.is_optional:
        is_chosen, address = _choice(kind, claimed)
        if not is_chosen:
            reason = "opted_out"
        elif address is None:
            reason = "address_not_confirmed"
    return reason


def _unreachable(kind: Kind, claimed: Claimed, letter: Letter, post: Post) -> str | None:
    if not letter.address:
        return "no_address"
    if suppression.is_suppressed(letter.address, post.address_key):
        return "address_suspended"
    if kind.is_optional and _choice(kind, claimed)[1] != rules.plain_address(letter.address):
        return "address_changed"
    return None


_CHOICE = select(
    exists().where(
        MailPreference.reader_kind == bindparam("reader_kind"),
        MailPreference.reader_id == bindparam("reader_id"),
        MailPreference.kind == bindparam("opt_in"),
    ),
    select(MailAddress.address)
    .where(
        MailAddress.reader_kind == bindparam("reader_kind"),
        MailAddress.reader_id == bindparam("reader_id"),
        MailAddress.confirmed_at.is_not(None),
    )
    .scalar_subquery(),
)


def _choice(kind: Kind, claimed: Claimed) -> tuple[bool, str | None]:
    """Whether the reader wants this kind, and the confirmed address; read once a transaction."""

    def read() -> tuple[bool, str | None]:
        reader = {"reader_kind": claimed.reader_kind, "reader_id": claimed.reader_id}
        is_chosen, address = connection().execute(_CHOICE, {**reader, "opt_in": kind.opt_in}).one()
        return bool(is_chosen), address

    return once(("choice", claimed.id), read)


def _envelope(post: Post, kind: Kind, claimed: Claimed, letter: Letter) -> Envelope:
    center = settings.current()
    office = letters.Office(center.discreet_name, center.phone, post.base_url)
    stop_token = claimed.stop_token
    return Envelope(
        message_id=f"<{claimed.id}@{post.sender.rpartition('@')[2]}>",
        sender_name=letters.one_line(center.discreet_name),
        address=letter.address,
        words=letters.write(kind, letter, office, stop_token),
        stop_url=f"{post.base_url}/mail/{stop_token}" if stop_token else None,
    )


def _spoil(message_id: int, error: Exception) -> None:
    """A message that cannot be written fails alone; its neighbors go on."""
    # The text of the error could quote what the letter says.
    logger.error("message %s cannot be sent: %s", message_id, type(error).__name__)
    with writing():
        db.session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.id == message_id, OutboundMessage.state.in_(service.NOT_BEGUN))
            .values(state=MessageState.FAILED, reason="not_writable", state_changed_at=clock.now())
            .execution_options(synchronize_session=False)
        )
