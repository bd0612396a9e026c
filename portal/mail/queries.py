"""Reads of the outbox and of what each reader has said yes to."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from portal.core import tokens
from portal.core.db import db
from portal.core.errors import NotFound
from portal.mail.models import (
    Heartbeat,
    MailAddress,
    MailPreference,
    MessageState,
    OutboundMessage,
    ReaderKind,
    StopLink,
)

SERVER_AWAY = "smtp_away"
"""The row of `heartbeat` that stands since the mail server was last not reached."""


def address_of(reader_kind: ReaderKind, reader_id: int) -> MailAddress | None:
    """The reader's address, confirmed or not."""
    return db.session.scalars(
        select(MailAddress).where(MailAddress.reader_kind == reader_kind, MailAddress.reader_id == reader_id)
    ).one_or_none()


def confirmed_address(reader_kind: ReaderKind, reader_id: int) -> str | None:
    """The address that optional mail may go to."""
    row = address_of(reader_kind, reader_id)
    return row.address if row and row.confirmed_at else None


def address_to_confirm(token: str) -> MailAddress:
    """The address that a confirming link belongs to. Raises NotFound."""
    row = db.session.scalars(
        select(MailAddress).where(MailAddress.token_digest == tokens.digest(token))
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def stop_link(token: str) -> StopLink | None:
    """What a stop link stops; None for a token that is not ours."""
    return db.session.scalars(
        select(StopLink).where(StopLink.token_digest == tokens.digest(token))
    ).one_or_none()


def preferences(reader_kind: ReaderKind, reader_id: int) -> dict[str, MailPreference]:
    """What the reader has switched on, by kind."""
    rows = db.session.scalars(
        select(MailPreference).where(
            MailPreference.reader_kind == reader_kind, MailPreference.reader_id == reader_id
        )
    )
    return {row.kind: row for row in rows}


def outbox(
    *, state: MessageState | None = None, kind: str | None = None, limit: int = 200
) -> Sequence[OutboundMessage]:
    """The newest messages, for the admin's list. Never their words."""
    query = select(OutboundMessage).order_by(OutboundMessage.created_at.desc(), OutboundMessage.id)
    if state is not None:
        query = query.where(OutboundMessage.state == state)
    if kind is not None:
        query = query.where(OutboundMessage.kind == kind)
    return db.session.scalars(query.limit(limit)).all()


def message(message_id: int) -> OutboundMessage:
    """One message. Raises NotFound."""
    row = db.session.get(OutboundMessage, message_id)
    if row is None:
        raise NotFound
    return row


def counts() -> dict[MessageState, int]:
    """How many messages stand in each state; every state is named."""
    query = select(OutboundMessage.state, func.count()).group_by(OutboundMessage.state)
    found = dict(db.session.execute(query).all())
    return {state: found.get(state, 0) for state in MessageState}


def last_beat(name: str = "worker") -> datetime | None:
    """When the worker last did its round; None: never."""
    row = db.session.get(Heartbeat, name, populate_existing=True)
    return row.at if row else None


def server_away_since() -> datetime | None:
    """Since when no mail server has been reached; None: the last time it answered."""
    return last_beat(SERVER_AWAY)


def waiting_since(now: datetime) -> datetime | None:
    """Since when the longest waiting mail could have gone; None where nothing waits."""
    due = OutboundMessage.state.in_([MessageState.QUEUED, MessageState.DEFERRED])
    return db.session.scalar(
        select(func.min(OutboundMessage.not_before)).where(due, OutboundMessage.not_before <= now)
    )
