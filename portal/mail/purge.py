"""Forgetting: what a message pointed to goes after the retention, its metadata stays."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from portal.core.db import db
from portal.mail import rules
from portal.mail.models import FINAL_STATES, OutboundMessage, StopLink

AT_ONCE = 500


def purge(*, now: datetime) -> int:
    """Empty the context of messages that were over long ago, some at a time; returns how many.

    No words of a mail are ever stored. In the caller's transaction; repeatable.
    """
    ids = db.session.scalars(
        select(OutboundMessage.id)
        .where(
            OutboundMessage.purged_at.is_(None),
            OutboundMessage.state_changed_at < now - rules.KEEP_CONTEXT,
            OutboundMessage.state.in_(FINAL_STATES),
        )
        .order_by(OutboundMessage.state_changed_at)
        .limit(AT_ONCE)
    ).all()
    if ids:
        db.session.execute(
            update(OutboundMessage)
            .where(OutboundMessage.id.in_(ids))
            .values(context={}, purged_at=now)
            .execution_options(synchronize_session=False)
        )
    return len(ids)


def purge_stop_links(*, now: datetime) -> int:
    """Delete the links that stop mail once they are older than a year; returns how many."""
    result: Any = db.session.execute(
        delete(StopLink).where(StopLink.created_at < now - rules.KEEP_STOP_LINKS)
    )
    return int(result.rowcount)
