"""The outbox and what each reader has said yes to. Knows no concept above it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.core.db import Base, PublicId, RowId


class ReaderKind(StrEnum):
    """Who a mail is for; with `reader_id` it names a row of a room above."""

    FAMILY = "family"
    CLIENT = "client"
    STAFF = "staff"
    USER = "user"


class MessageState(StrEnum):
    """The eight states of a message. `unconfirmed` is never sent again by itself."""

    QUEUED = "queued"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    DROPPED = "dropped"


FINAL_STATES: frozenset[MessageState] = frozenset(
    {MessageState.SENT, MessageState.FAILED, MessageState.UNCONFIRMED, MessageState.DROPPED}
)


class OutboundMessage(Base):
    """One mail to one reader (FHIR Communication). Rendered at its claim, never stored whole."""

    __tablename__ = "outbound_message"

    id: Mapped[PublicId]
    kind: Mapped[str] = mapped_column(String(40), index=True)
    reader_kind: Mapped[ReaderKind]
    reader_id: Mapped[int]
    context: Mapped[dict[str, Any]]
    """Ids only, such as an invitation's: what `render` needs to look things up."""
    state: Mapped[MessageState] = mapped_column(default=MessageState.QUEUED)
    not_before: Mapped[datetime]
    useful_until: Mapped[datetime | None]
    """After this instant it is dropped as no longer useful."""
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[int] = mapped_column(default=0)
    """Rises with each claim: a frozen worker's late update finds another number."""
    leased_until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(60))
    """Why it was dropped, deferred or failed; a code, never text of the mail."""
    created_at: Mapped[datetime]
    state_changed_at: Mapped[datetime]
    purged_at: Mapped[datetime | None]
    """When what it pointed to was forgotten; kind, state and dates stay."""

    items: Mapped[list["OutboxItem"]] = related(back_populates="message", order_by="OutboxItem.id")

    __table_args__ = (
        Index("ix_outbound_message_due", "state", "not_before"),
        Index("ix_outbound_message_purge", "purged_at", "state_changed_at"),
        Index("ix_outbound_message_reader", "reader_kind", "reader_id", "created_at"),
    )


class OutboxItem(Base):
    """One thing that a message tells. Unique while not dropped: told once, ever."""

    __tablename__ = "outbox_item"

    id: Mapped[RowId]
    message_id: Mapped[int] = mapped_column(ForeignKey("outbound_message.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    reader_kind: Mapped[ReaderKind]
    reader_id: Mapped[int]
    subject: Mapped[str] = mapped_column(String(120))
    """`session:<id>` or `block:<id>:<original local start>`."""
    time_revision: Mapped[int] = mapped_column(default=1)
    lead_hours: Mapped[int] = mapped_column(default=0)
    dropped_at: Mapped[datetime | None]
    dropped_reason: Mapped[str | None] = mapped_column(String(60))

    message: Mapped[OutboundMessage] = related(back_populates="items")

    __table_args__ = (
        Index(
            "uq_outbox_item_told_once",
            "kind",
            "reader_kind",
            "reader_id",
            "subject",
            "time_revision",
            "lead_hours",
            unique=True,
            sqlite_where=text("dropped_at IS NULL"),
            postgresql_where=text("dropped_at IS NULL"),
        ),
    )


class MailAddress(Base):
    """A reader's address. Optional mail goes only to a confirmed one."""

    __tablename__ = "mail_address"

    id: Mapped[PublicId]
    reader_kind: Mapped[ReaderKind]
    reader_id: Mapped[int]
    address: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(8), default="en")
    """In which the confirming mail is written, before anything else is known to be read."""
    confirmed_at: Mapped[datetime | None]
    token_digest: Mapped[str | None] = mapped_column(String(64), unique=True)
    is_shared: Mapped[bool] = mapped_column(default=False)
    """Somebody else reads this mailbox: no codes, no reset, only what the person picks."""

    __table_args__ = (UniqueConstraint("reader_kind", "reader_id"),)


class MailPreference(Base):
    """One kind of mail that the reader has switched on, after the risk sentence."""

    __tablename__ = "mail_preference"

    id: Mapped[RowId]
    reader_kind: Mapped[ReaderKind]
    reader_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    opted_in_at: Mapped[datetime]
    lead_hours: Mapped[list[Any] | None]
    """How long before, in hours; None: as the center sets it."""

    __table_args__ = (UniqueConstraint("reader_kind", "reader_id", "kind"),)


class StopLink(Base):
    """The link in a mail that stops one kind; a digest, single-purpose."""

    __tablename__ = "stop_link"

    id: Mapped[RowId]
    reader_kind: Mapped[ReaderKind]
    reader_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]


class Suppression(Base):
    """An address that must get nothing, as a keyed hash: it outlives the person's row."""

    __tablename__ = "suppression"

    id: Mapped[RowId]
    address_hash: Mapped[str] = mapped_column(String(64), unique=True)
    reason: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


class Heartbeat(Base):
    """When a worker last did its round: its age shows that it stands still."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime]
