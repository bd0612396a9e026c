"""Appending to the audit. Sealing is a job of its own, so nobody waits on a chain."""

from datetime import datetime

from portal.audit.kinds import KINDS
from portal.audit.models import AuditEntry
from portal.core.actor import Actor
from portal.core.db import db


def record(kind: str, *, actor: Actor, now: datetime, client_id: int | None = None, **fields: object) -> None:
    """Append one entry in the transaction of what it tells of.

    Raises ValueError for a kind that is not declared or fields that are not exactly its own.
    """
    if kind not in KINDS:
        raise ValueError(f"audit kind {kind!r} is not declared in audit/kinds.py")
    if set(fields) != KINDS[kind]:
        raise ValueError(f"{kind} takes exactly {sorted(KINDS[kind])}, not {sorted(fields)}")
    db.session.add(
        AuditEntry(
            at=now,
            kind=kind,
            actor_kind=actor.kind,
            actor_id=actor.id,
            actor_name=actor.name,
            client_id=client_id,
            fields=fields,
        )
    )
