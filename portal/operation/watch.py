"""Whether the worker, the mail server, the disk and the database do their work.

One answer for `/healthz`, the banner on the staff's pages, `flask mail watch` and the
worker's own alarm.
"""

import shutil
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from portal.core.db import db
from portal.mail import queries
from portal.mail.models import Heartbeat

LATE = timedelta(minutes=5)
ROOM_NEEDED = 100 << 20
"""Below so many free bytes the disk counts as full: there is still room to say so."""


class Trouble(StrEnum):
    """What has not worked for five minutes."""

    WORKER = "worker"
    SERVER = "mail server"
    DISK = "disk"
    DATABASE = "database"


def troubles(*, now: datetime, database_url: str) -> list[Trouble]:
    """What is in trouble, the gravest first; reads two rows at most."""
    try:
        since = dict(db.session.execute(select(Heartbeat.name, Heartbeat.at)).all())
        found = {
            Trouble.WORKER: _is_worker_late(since.get("worker"), now),
            Trouble.SERVER: _is_long_ago(since.get(queries.SERVER_AWAY), now),
            Trouble.DISK: _is_disk_full(database_url),
        }
    except SQLAlchemyError:
        return [Trouble.DATABASE]
    return [trouble for trouble, is_so in found.items() if is_so]


def _is_worker_late(beat: datetime | None, now: datetime) -> bool:
    """A new portal has no worker yet; that counts once mail waits for it."""
    return _is_long_ago(beat if beat else queries.waiting_since(now), now)


def _is_long_ago(since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since >= LATE


def _is_disk_full(database_url: str) -> bool:
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return False
    return shutil.disk_usage(Path(url.database).parent).free < ROOM_NEEDED
