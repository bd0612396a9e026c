"""The verbs of mail: queue, drop, and what a reader says yes to."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import insert, select, true, update
from sqlalchemy.orm import selectinload

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import after_commit, db
from portal.core.errors import Refused, TooLate
from portal.mail import bell, queries, rules
from portal.mail.models import (
    Heartbeat,
    MailAddress,
    MailPreference,
    MessageState,
    OutboundMessage,
    OutboxItem,
    ReaderKind,
)

NOT_BEGUN = (MessageState.QUEUED, MessageState.DEFERRED, MessageState.CLAIMED)
"""From these a message may still be dropped: nothing was handed to a server."""


def queue(
    *,
    kind: str,
    reader_kind: ReaderKind,
    reader_id: int,
    now: datetime,
    context: Mapping[str, Any] | None = None,
    items: Iterable[OutboxItem] = (),
    not_before: datetime | None = None,
    useful_until: datetime | None = None,
) -> OutboundMessage:
    """Put one mail into the outbox, in the transaction of what it tells of.

    `context` holds ids only. The worker is woken once the transaction has committed.
    """
    message = OutboundMessage(
        kind=kind,
        reader_kind=reader_kind,
        reader_id=reader_id,
        context=dict(context or {}),
        state=MessageState.QUEUED,
        not_before=not_before or now,
        useful_until=useful_until,
        created_at=now,
        state_changed_at=now,
        items=list(items),
    )
    db.session.add(message)
    db.session.flush()
    after_commit(bell.ring)
    return message


def queue_all(messages: Sequence[Mapping[str, Any]]) -> None:
    """Put many rows of `queued` into the outbox at once; who tells of something adds the items."""
    db.session.connection().execute(insert(OutboundMessage), list(messages))
    after_commit(bell.ring)


def queued(*, now: datetime, **values: Any) -> dict[str, Any]:
    """A row of the outbox that may go at once, for `queue_all`."""
    return {
        "context": {},
        "state": MessageState.QUEUED,
        "not_before": now,
        "created_at": now,
        "state_changed_at": now,
        **values,
    }


def drop_for(
    *,
    reader_kind: ReaderKind,
    reader_id: int,
    reason: str,
    now: datetime,
    subject_prefix: str | None = None,
    kinds: Collection[str] | None = None,
) -> int:
    """Drop what is on its way to a reader and not yet begun; returns how many messages.

    With `subject_prefix` only the items about it: a message that still has something to
    tell stays. With `kinds` only messages of these kinds.
    """
    query = (
        select(OutboundMessage)
        .where(
            OutboundMessage.reader_kind == reader_kind,
            OutboundMessage.reader_id == reader_id,
            OutboundMessage.state.in_(NOT_BEGUN),
        )
        .options(selectinload(OutboundMessage.items))
        .order_by(OutboundMessage.id)
        .with_for_update(of=OutboundMessage)
    )
    if kinds is not None:
        query = query.where(OutboundMessage.kind.in_(kinds))
    return sum(
        _drop_about(message, subject_prefix, reason, now)
        for message in db.session.scalars(query.execution_options(populate_existing=True)).all()
    )


def _drop_about(message: OutboundMessage, prefix: str | None, reason: str, now: datetime) -> bool:
    if prefix is not None:
        about = [item for item in message.items if item.subject.startswith(prefix)]
        drop_items(about, reason=reason, now=now)
        if not about or any(item.dropped_at is None for item in message.items):
            return False
    return drop(message, reason=reason, now=now)


def drop(message: OutboundMessage, *, reason: str, now: datetime) -> bool:
    """Drop one message with its items; False when it had begun meanwhile."""
    changed = db.session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message.id, OutboundMessage.state.in_(NOT_BEGUN))
        .values(state=MessageState.DROPPED, reason=reason, state_changed_at=now, leased_until=None)
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        return False
    drop_items(message.items, reason=reason, now=now)
    db.session.flush()
    db.session.refresh(message)
    return True


def drop_items(items: Iterable[OutboxItem], *, reason: str, now: datetime) -> None:
    """Say that these things are not told after all; they may be told anew."""
    for item in items:
        if item.dropped_at is None:
            item.dropped_at, item.dropped_reason = now, reason


def set_address(
    *,
    reader_kind: ReaderKind,
    reader_id: int,
    address: str,
    language: str,
    now: datetime,
    actor: Actor,
    is_shared: bool = False,
    is_proven: bool = False,
) -> MailAddress:
    """Say where a reader's mail goes. A new address gets nothing until it is confirmed.

    `is_proven`: the reader came by a link that travelled to this very address. Raises
    Refused address_not_understood.
    """
    plain = _checked(address)
    row = queries.address_of(reader_kind, reader_id)
    if row is None:
        row = MailAddress(reader_kind=reader_kind, reader_id=reader_id, address="")
        db.session.add(row)
    row.language, row.is_shared = language, is_shared
    is_new = plain != row.address
    if is_new:
        row.address, row.confirmed_at, row.token_digest = plain, None, None
        audit.record("mail.address_set", actor=actor, now=now, reader_kind=reader_kind, reader_id=reader_id)
    db.session.flush()
    if is_proven and row.confirmed_at is None:
        _confirm(row, actor=actor, now=now)
    elif is_new:
        ask_to_confirm(row, now=now)
    return row


def ask_to_confirm(row: MailAddress, *, now: datetime) -> None:
    """Queue the mail with the confirming link, in place of an older one not yet sent."""
    drop_for(
        reader_kind=row.reader_kind,
        reader_id=row.reader_id,
        reason="asked_again",
        now=now,
        kinds=("confirm_address",),
    )
    queue(
        kind="confirm_address",
        reader_kind=row.reader_kind,
        reader_id=row.reader_id,
        context={"address_id": row.id},
        now=now,
    )


def confirm_address(*, token: str, actor: Actor, now: datetime) -> MailAddress:
    """The reader pressed the button behind the link. Raises NotFound."""
    row = queries.address_to_confirm(token)
    _confirm(row, actor=actor, now=now)
    return row


def _confirm(row: MailAddress, *, actor: Actor, now: datetime) -> None:
    row.confirmed_at, row.token_digest = now, None
    audit.record(
        "mail.address_confirmed",
        actor=actor,
        now=now,
        reader_kind=row.reader_kind,
        reader_id=row.reader_id,
    )


def _checked(address: str) -> str:
    try:
        validate_email(rules.plain_address(address), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Refused("address_not_understood", field="address") from error
    return rules.plain_address(address)


def choose(
    *,
    reader_kind: ReaderKind,
    reader_id: int,
    address: str,
    language: str,
    is_shared: bool,
    kinds: Collection[str],
    lead_hours: Sequence[int] | None,
    actor: Actor,
    now: datetime,
) -> MailAddress | None:
    """Everything that a reader says about mail, at once; returns the address, if there is one.

    Raises Refused address_not_understood, also for kinds without any address.
    """
    row = queries.address_of(reader_kind, reader_id)
    if address.strip() or kinds:
        row = set_address(
            reader_kind=reader_kind,
            reader_id=reader_id,
            address=address,
            language=language,
            is_shared=is_shared,
            actor=actor,
            now=now,
        )
    set_preferences(
        reader_kind=reader_kind,
        reader_id=reader_id,
        kinds=kinds,
        lead_hours=lead_hours,
        actor=actor,
        now=now,
    )
    return row


def set_preferences(
    *,
    reader_kind: ReaderKind,
    reader_id: int,
    kinds: Collection[str],
    actor: Actor,
    now: datetime,
    lead_hours: Sequence[int] | None = None,
    way: str = "page",
) -> None:
    """Exactly these kinds are on from now; the rest is off, and what was on its way is dropped.

    `lead_hours` belongs to `session_reminders`.
    """
    before = queries.preferences(reader_kind, reader_id)
    for kind in set(before) - set(kinds):
        db.session.delete(before[kind])
    for kind in kinds:
        row = before.get(kind)
        if row is None:
            row = MailPreference(reader_kind=reader_kind, reader_id=reader_id, kind=kind, opted_in_at=now)
            db.session.add(row)
        if kind == "session_reminders":
            row.lead_hours = list(lead_hours) if lead_hours is not None else row.lead_hours
    db.session.flush()
    audit.record(
        "mail.preferences_changed",
        actor=actor,
        now=now,
        reader_kind=reader_kind,
        reader_id=reader_id,
        kinds=sorted(kinds),
        way=way,
    )


def stop(*, token: str, actor: Actor, now: datetime) -> None:
    """Stop the one kind that a link in a mail belongs to. A token that is not ours: nothing."""
    link = queries.stop_link(token)
    if link is None:
        return
    left = set(queries.preferences(link.reader_kind, link.reader_id)) - {link.kind}
    set_preferences(
        reader_kind=link.reader_kind,
        reader_id=link.reader_id,
        kinds=left,
        actor=actor,
        now=now,
        way="link",
    )


def send_again(message: OutboundMessage, *, actor: Actor, now: datetime) -> None:
    """Staff decide that an unconfirmed, failed or dropped message is to be tried once more."""
    _decide(message, MessageState.QUEUED, actor=actor, now=now)
    after_commit(bell.ring)


def give_up(message: OutboundMessage, *, actor: Actor, now: datetime) -> None:
    """Staff decide that a message is not to be sent."""
    _decide(message, MessageState.DROPPED, actor=actor, now=now)


DECIDABLE = {
    MessageState.QUEUED: (MessageState.UNCONFIRMED, MessageState.FAILED, MessageState.DEFERRED),
    MessageState.DROPPED: (MessageState.UNCONFIRMED, MessageState.QUEUED, MessageState.DEFERRED),
}
"""What staff may decide, and from which states."""


def _decide(message: OutboundMessage, to: MessageState, *, actor: Actor, now: datetime) -> None:
    before = message.state
    changed = db.session.execute(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == message.id,
            OutboundMessage.state == before,
            OutboundMessage.state.in_(DECIDABLE[to]),
            OutboundMessage.purged_at.is_(None) if to is MessageState.QUEUED else true(),
        )
        .values(
            state=to,
            reason="decided_by_staff",
            not_before=now,
            state_changed_at=now,
            attempts=0,
            leased_until=None,
        )
    )
    if changed.rowcount != 1:  # type: ignore[attr-defined]
        raise TooLate
    audit.record("mail.decided", actor=actor, now=now, message_id=message.id, from_state=before, to_state=to)


def beat(*, now: datetime, name: str = "worker") -> None:
    """Note that the worker did its round."""
    db.session.merge(Heartbeat(name=name, at=now))


def note_server(*, is_away: bool, now: datetime) -> None:
    """Keep the instant since which no mail server has been reached, or forget it."""
    row = db.session.get(Heartbeat, queries.SERVER_AWAY, populate_existing=True)
    if is_away and row is None:
        db.session.add(Heartbeat(name=queries.SERVER_AWAY, at=now))
    elif not is_away and row is not None:
        db.session.delete(row)
