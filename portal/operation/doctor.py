"""A check of the installation: each finding with one sentence that says what to mend. Changes nothing."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from portal.audit.models import AuditEntry
from portal.center import settings as center
from portal.center.models import Location
from portal.core.db import db
from portal.education.models import ModuleVersion
from portal.mail import queries as mail
from portal.mail.models import MessageState
from portal.people.models import Role, StaffMember, StaffRole

BEAT_LATE = timedelta(minutes=3)
SEAL_LATE = timedelta(days=1)
CRISIS_LINES_OLD = timedelta(days=180)
BACKUP_LATE = timedelta(hours=30)
ROOM_NEEDED = 1 << 30


class Health(StrEnum):
    """How a thing stands."""

    GOOD = "good"
    LOOK = "look"
    """Works, but somebody should look."""
    BROKEN = "broken"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `what_to_do` is empty where all is well."""

    subject: str
    health: Health
    what_to_do: str = ""


def findings(
    *, now: datetime, database_url: str, migrations: Path, backups: Path | None
) -> Iterator[Finding]:
    """Everything that can be told from the database and the disk, the gravest first of its kind."""
    schema = _schema(migrations)
    yield schema
    if schema.health is Health.BROKEN:
        return
    yield _room(database_url)
    yield from (_worker(now), *_outbox(), _seals(now), _backup(now, backups))
    yield from (_admin(), _locations(), _lessons(), _crisis_lines(now))


def _found(subject: str, is_well: bool, what_to_do: str, otherwise: Health = Health.BROKEN) -> Finding:
    return Finding(subject, Health.GOOD) if is_well else Finding(subject, otherwise, what_to_do)


def _schema(migrations: Path) -> Finding:
    head = ScriptDirectory(str(migrations)).get_current_head()
    there = MigrationContext.configure(db.session.connection()).get_current_revision()
    return _found("database", there == head, "It is not of this version: run `flask db upgrade`.")


def _room(database_url: str) -> Finding:
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return Finding("disk", Health.GOOD)
    free = shutil.disk_usage(Path(url.database).parent).free
    return _found("disk", free >= ROOM_NEEDED, f"Only {free >> 20} MB are free: make room, at least 1 GB.")


def _worker(now: datetime) -> Finding:
    beat = mail.last_beat()
    is_well = beat is not None and now - beat <= BEAT_LATE
    return _found("worker", is_well, "It is not at work, so no mail goes out: start `flask worker`.")


def _outbox() -> Iterator[Finding]:
    counts = mail.counts()
    for state, text in (
        (MessageState.UNCONFIRMED, "wait for a decision: look at the outbox in the portal."),
        (MessageState.FAILED, "could not be sent: look at the outbox in the portal."),
    ):
        count = counts.get(state, 0)
        yield _found(f"mail {state.value}", not count, f"{count} messages {text}", Health.LOOK)


def _seals(now: datetime) -> Finding:
    oldest = db.session.scalar(select(func.min(AuditEntry.at)).where(AuditEntry.batch_id.is_(None)))
    is_well = oldest is None or now - oldest <= SEAL_LATE
    return _found("audit", is_well, "Entries wait for their seal: is the worker at work?")


def _backup(now: datetime, folder: Path | None) -> Finding:
    if folder is None:
        return Finding(
            "backup", Health.LOOK, "Set PORTAL_BACKUP_DIR and make one each night: `flask backup create`."
        )
    newest = max((path.stat().st_mtime for path in folder.glob("*.age")), default=0.0)
    is_well = now.timestamp() - newest <= BACKUP_LATE.total_seconds()
    return _found("backup", is_well, "The newest is older than 30 hours: does the nightly one still run?")


def _admin() -> Finding:
    has_one = db.session.scalar(
        select(StaffRole.id)
        .join(StaffMember, StaffMember.id == StaffRole.staff_id)
        .where(StaffRole.role == Role.ADMIN, StaffMember.user_id.is_not(None))
        .limit(1)
    )
    return _found("administrator", has_one is not None, "Nobody administers yet: run `flask staff add`.")


def _locations() -> Finding:
    is_there = db.session.scalar(select(Location.id).limit(1)) is not None
    return _found("location", is_there, "There is none yet: an administrator adds it under Locations.")


def _lessons() -> Finding:
    is_there = db.session.scalar(select(ModuleVersion.id).limit(1)) is not None
    return _found("lessons", is_there, "None are loaded: run `flask lessons load`.")


def _crisis_lines(now: datetime) -> Finding:
    reviewed = center.current().crisis_reviewed_on
    is_well = reviewed is not None and now.date() - reviewed <= CRISIS_LINES_OLD
    return _found(
        "crisis lines", is_well, "Dial them, then note the day under Settings.", otherwise=Health.LOOK
    )
