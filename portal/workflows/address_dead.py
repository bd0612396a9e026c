"""An address takes no more mail: whoever knows the reader asks for another one."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from portal.core.actor import job
from portal.core.db import db
from portal.mail import bounces
from portal.mail.models import ReaderKind
from portal.oversight import tasks
from portal.oversight.rules import TaskKind
from portal.people.models import Client, Relationship

ACTOR = job("mail")


def ask_for_another(reader_kind: ReaderKind, reader_id: int, now: datetime) -> None:
    """Open a task for each client's team that knows the reader; the privacy office's for others."""
    about = f"{reader_kind.value}:{reader_id}"
    known_to: Sequence[Client | None] = _clients(reader_kind, reader_id) or [None]
    for client in known_to:
        tasks.open_task(
            TaskKind.BOUNCE,
            subject=f"client:{client.id}/{about}" if client else about,
            actor=ACTOR,
            now=now,
            location_id=client.location_id if client else None,
            client_id=client.id if client else None,
        )


def _clients(reader_kind: ReaderKind, reader_id: int) -> Sequence[Client]:
    related = select(Relationship.client_id).where(Relationship.family_member_id == reader_id)
    if reader_kind is ReaderKind.CLIENT:
        query = select(Client).where(Client.id == reader_id)
    elif reader_kind is ReaderKind.FAMILY:
        query = select(Client).where(Client.id.in_(related)).order_by(Client.id)
    else:
        return []
    return db.session.scalars(query).all()


def take_bounce(raw: bytes, *, sender: str, key: str, now: datetime) -> None:
    """A bounce came in: suspend the address, ask for another. Raises bounces.Ignored."""
    message = bounces.take(raw, sender=sender, key=key, actor=ACTOR, now=now)
    ask_for_another(message.reader_kind, message.reader_id, now)
