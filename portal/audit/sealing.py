"""Sealing the audit: hash-linked batches, made by a job so that no request waits.

Each batch's digest covers its entries and the digest of the batch before, so a change,
a deletion or a swap anywhere breaks the chain from there on. The newest digest belongs
outside the database (`flask audit seal` prints it): that is what shows a cut-off tail.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from portal.audit.models import AuditBatch, AuditEntry
from portal.core.db import db

BATCH_SIZE = 1000
GENESIS = "0" * 64


def digest_of(entries: Iterable[AuditEntry], previous: str) -> str:
    """The digest of a run of entries linked to the `previous` one."""
    running = hashlib.sha256(previous.encode())
    for entry in entries:
        running.update(
            json.dumps(
                [
                    entry.id,
                    entry.at.isoformat(),
                    entry.kind,
                    entry.actor_kind,
                    entry.actor_id,
                    entry.actor_name,
                    entry.client_id,
                    entry.fields,
                ],
                sort_keys=True,
                separators=(",", ":"),
            ).encode()
        )
        running.update(b"\n")
    return running.hexdigest()


def seal(now: datetime) -> int:
    """Seal what is not sealed yet, one batch of at most BATCH_SIZE; returns how many entries.

    Runs in the caller's transaction. The newest batch is locked first, so two workers
    cannot grow two chains. Repeatable: with nothing new it does nothing.
    """
    newest = db.session.scalars(
        select(AuditBatch).order_by(AuditBatch.id.desc()).limit(1).with_for_update()
    ).one_or_none()
    entries = db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.batch_id.is_(None))
        .order_by(AuditEntry.id)
        .limit(BATCH_SIZE)
        .with_for_update()
    ).all()
    if not entries:
        return 0
    previous = newest.digest if newest else GENESIS
    batch = AuditBatch(
        first_entry_id=entries[0].id,
        last_entry_id=entries[-1].id,
        entry_count=len(entries),
        previous_digest=previous,
        digest=digest_of(entries, previous),
        sealed_at=now,
    )
    db.session.add(batch)
    db.session.flush()
    db.session.execute(
        update(AuditEntry)
        .where(AuditEntry.id.in_([entry.id for entry in entries]))
        .values(batch_id=batch.id)
        .execution_options(synchronize_session=False)
    )
    return len(entries)


@dataclass(frozen=True)
class Finding:
    """The first damaged batch and what is wrong with it."""

    batch_id: int | None
    problem: str


def verify(anchor: str | None = None) -> Finding | None:
    """Walk the whole chain; None when every seal holds, else the first damaged batch.

    `anchor` is a digest that was kept outside the database: a chain that no longer
    contains it had its tail cut off, which no chain can show by itself.
    """
    previous, anchored = GENESIS, anchor is None
    for batch in db.session.scalars(select(AuditBatch).order_by(AuditBatch.id)):
        problem = _problem(batch, previous)
        if problem:
            return Finding(batch.id, problem)
        previous = batch.digest
        anchored = anchored or batch.digest == anchor
    return _stray() or (None if anchored else Finding(None, "the batch with the digest you kept is gone"))


def _problem(batch: AuditBatch, previous: str) -> str | None:
    entries = _entries(batch)
    if batch.previous_digest != previous:
        return "it does not follow the batch before it"
    if len(entries) != batch.entry_count:
        return f"it was sealed with {batch.entry_count} entries and has {len(entries)}"
    if digest_of(entries, previous) != batch.digest:
        return "an entry in it was changed"
    return None


def _entries(batch: AuditBatch) -> Sequence[AuditEntry]:
    return db.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.batch_id == batch.id)
        .order_by(AuditEntry.id)
        .execution_options(populate_existing=True)
    ).all()


def _stray() -> Finding | None:
    """Entries that name a batch which is gone: the tail of the chain was cut off."""
    stray = db.session.scalar(
        select(func.min(AuditEntry.batch_id)).where(
            AuditEntry.batch_id.is_not(None), AuditEntry.batch_id.not_in(select(AuditBatch.id))
        )
    )
    return Finding(stray, "the batch itself is gone") if stray else None


def newest_digest() -> str:
    """The digest of the newest batch; kept elsewhere, it is the anchor for `verify`."""
    return db.session.scalar(select(AuditBatch.digest).order_by(AuditBatch.id.desc()).limit(1)) or GENESIS
