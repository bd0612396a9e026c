"""The audit: appended without waiting, sealed later in hash-linked batches."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, RowId


class AuditBatch(Base):
    """A sealed run of entries. `digest` covers the entries and `previous_digest`."""

    __tablename__ = "audit_batch"

    id: Mapped[RowId]
    first_entry_id: Mapped[int]
    last_entry_id: Mapped[int]
    entry_count: Mapped[int]
    previous_digest: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    sealed_at: Mapped[datetime]


class AuditEntry(Base):
    """Who did what to what, when (UTC). Never changed, never deleted."""

    __tablename__ = "audit_entry"

    id: Mapped[RowId]
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(60), index=True)
    actor_kind: Mapped[str] = mapped_column(String(20))
    """`staff`, `client`, `family`, `desk`, `visitor` or `job`."""
    actor_id: Mapped[int | None]
    actor_name: Mapped[str | None] = mapped_column(String(60))
    """The named job, where the actor is one."""
    client_id: Mapped[int | None] = mapped_column(index=True)
    fields: Mapped[dict[str, Any]]
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("audit_batch.id"))

    __table_args__ = (Index("ix_audit_entry_unsealed", "batch_id", "id"),)
