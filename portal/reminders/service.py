"""Preparing reminders: what is due now becomes a row of the outbox, once."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Executable, delete
from sqlalchemy.dialects import postgresql, sqlite

from portal.core import clock
from portal.core.db import db, random_id, reading, writing
from portal.mail import service as mail
from portal.mail.models import OutboundMessage, OutboxItem, ReaderKind
from portal.reminders import queries
from portal.reminders.events import OPT_IN
from portal.reminders.rules import Reminder, due

BATCH = 250


def prepare_all() -> int:
    """Prepare every kind for everybody, some readers a transaction; returns how many mails."""
    return sum(_prepare_kind(kind) for kind in OPT_IN)


def _prepare_kind(kind: str) -> int:
    with reading():
        ids = queries.reader_ids(kind, now=clock.now())
    made = 0
    for start in range(0, len(ids), BATCH):
        with writing():
            made += prepare(kind, ids[start : start + BATCH], now=clock.now())
    return made


def prepare(kind: str, ids: Sequence[int], *, now: datetime) -> int:
    """Queue what is due for these readers at the instant `now`; returns how many mails.

    Runs in the caller's transaction. Run twice, or by two workers, it queues nothing twice:
    an item is unique while it is not dropped.
    """
    found = {
        random_id(): (reader_id, reminder)
        for reader_id, reminders in queries.reminders(kind, ids, now=now).items()
        for reminder in due(reminders, now)
    }
    if not found:
        return 0
    mail.queue_all([_message(id_, kind, *each, now) for id_, each in found.items()])
    rows = [row for id_, each in found.items() for row in _items(id_, kind, *each)]
    added = set(db.session.execute(_new_items(db.engine.dialect.name), rows).scalars())
    if len(added) < len(found):  # another worker was faster
        idle = [id_ for id_ in found if id_ not in added]
        db.session.execute(delete(OutboundMessage).where(OutboundMessage.id.in_(idle)))
    return len(added)


def _message(id_: int, kind: str, reader_id: int, reminder: Reminder, now: datetime) -> dict[str, object]:
    return mail.queued(
        id=id_,
        kind=kind,
        reader_kind=ReaderKind.FAMILY,
        reader_id=reader_id,
        now=now,
        useful_until=reminder.useful_until,
    )


def _items(id_: int, kind: str, reader_id: int, reminder: Reminder) -> list[dict[str, object]]:
    return [
        {
            "message_id": id_,
            "kind": kind,
            "reader_kind": ReaderKind.FAMILY,
            "reader_id": reader_id,
            "subject": item.event.subject,
            "time_revision": item.event.time_revision,
            "lead_hours": item.lead_hours,
        }
        for item in reminder.items
    ]


@cache
def _new_items(dialect: str) -> Executable:
    """The items that nobody has told yet; gives their messages."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(OutboxItem).on_conflict_do_nothing().returning(OutboxItem.message_id)
