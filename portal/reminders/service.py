"""Preparing reminders: what is due now becomes a row of the outbox, once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite

from portal.core import clock
from portal.core.db import db, reading, writing
from portal.mail import service as mail
from portal.mail.models import OutboundMessage, OutboxItem, ReaderKind
from portal.reminders import queries
from portal.reminders.rules import Item, Reminder, due

BATCH = 100


def prepare_all() -> int:
    """Prepare every kind for everybody, a hundred readers a transaction; returns how many mails."""
    return sum(_prepare_kind(kind) for kind in queries.OPT_IN)


def _prepare_kind(kind: str) -> int:
    made, last_id = 0, 0
    while True:
        with reading():
            ids = queries.reader_ids(kind, after_id=last_id, limit=BATCH)
        if not ids:
            return made
        last_id = ids[-1]
        with writing():
            made += prepare(kind, ids, now=clock.now())


def prepare(kind: str, ids: Sequence[int], *, now: datetime) -> int:
    """Queue what is due for these readers at the instant `now`; returns how many mails.

    Runs in the caller's transaction. Run twice, or by two workers, it queues nothing twice:
    an item is unique while it is not dropped.
    """
    return sum(
        _queue(kind, reader_id, reminder, now)
        for reader_id, reminders in queries.reminders(kind, ids, now=now).items()
        for reminder in due(reminders, now)
    )


def _queue(kind: str, reader_id: int, reminder: Reminder, now: datetime) -> bool:
    message = mail.queue(
        kind=kind,
        reader_kind=ReaderKind.FAMILY,
        reader_id=reader_id,
        now=now,
        useful_until=reminder.useful_until,
    )
    added = [_add(message, kind, item) for item in reminder.items]
    if any(added):
        return True
    db.session.execute(delete(OutboundMessage).where(OutboundMessage.id == message.id))
    return False


def _add(message: OutboundMessage, kind: str, item: Item) -> bool:
    """Add one item; False when another worker was faster."""
    dialect = sqlite if db.session.get_bind().dialect.name == "sqlite" else postgresql
    values = {
        "message_id": message.id,
        "kind": kind,
        "reader_kind": message.reader_kind,
        "reader_id": message.reader_id,
        "subject": item.event.subject,
        "time_revision": item.event.time_revision,
        "lead_hours": item.lead_hours,
    }
    insert = dialect.insert(OutboxItem).values(values).on_conflict_do_nothing().returning(OutboxItem.id)
    return db.session.scalar(insert) is not None
