"""Uploaded files between their preview and their applying.

A short file is applied at once, whole or not at all. A long one is looked at whole, then
written by the worker in parts, each whole; a part that cannot be written stops the rest and
says why. Rows that are there already are passed over, so going on later doubles nothing.
"""

from collections.abc import Collection
from datetime import datetime
from functools import partial

from sqlalchemy import select

from portal.audit import service as audit
from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused, TooLate
from portal.imports import importer
from portal.imports.importer import Importer
from portal.imports.models import NAMES_CLIENTS, ImportFile, ImportKind
from portal.imports.registry import EVERYWHERE, IMPORTERS
from portal.imports.report import Report
from portal.imports.tables import MAX_BYTES
from portal.people import queries as people
from portal.people.models import StaffMember

PART = 500
"""Rows written in one transaction; a file of no more is applied at once."""


def keep(*, kind: ImportKind, name: str, content: bytes, staff_id: int, now: datetime) -> ImportFile:
    """Keep a file until it is applied or set aside. Nothing else is written.

    Refused `file_missing`, `file_too_large` and, so that what is no table is not even
    kept, the file's own problem.
    """
    if not content:
        raise Refused("file_missing" if not name else "file_empty", field="file")
    if len(content) > MAX_BYTES:
        raise Refused("file_too_large", field="file", megabytes=MAX_BYTES // (1024 * 1024))
    file = ImportFile(kind=kind, name=name[:120], content=content, uploaded_at=now, uploaded_by_id=staff_id)
    report = importer.preview(_importer(file, now), content)
    if report.problem:
        raise report.problem
    file.total = report.total
    db.session.add(file)
    db.session.flush()
    return file


def file_for(*, file_id: int, kinds: Collection[ImportKind], staff_id: int) -> ImportFile:
    """An uploaded file of one of these kinds, or NotFound. What names clients is its bringer's own."""
    return _own(db.session.get(ImportFile, file_id), kinds, staff_id)


def latest(kinds: Collection[ImportKind], staff_id: int, limit: int = 20) -> list[ImportFile]:
    """The last files that this person may look at, newest first."""
    query = (
        select(ImportFile)
        .where(
            ImportFile.kind.in_(kinds),
            ImportFile.kind.not_in(NAMES_CLIENTS) | (ImportFile.uploaded_by_id == staff_id),
        )
        .order_by(ImportFile.uploaded_at.desc(), ImportFile.id)
    )
    return list(db.session.scalars(query.limit(limit)))


def preview(file: ImportFile, now: datetime) -> Report | None:
    """What the file would do now; None once it was applied, set aside or handed to the worker."""
    if file.content is None or file.asked_at is not None:
        return None
    return importer.preview(_importer(file, now), file.content)


def apply(
    *, file_id: int, kinds: Collection[ImportKind], staff_id: int, actor: Actor, now: datetime
) -> ImportFile:
    """Apply a file, once; a long one is handed to the worker. A second press changes nothing.

    Refused as `importer.checked` is; TooLate when it was set aside meanwhile.
    """
    file = _own(_locked(file_id), kinds, staff_id)
    if file.applied_at is not None or (file.asked_at is not None and file.stopped_by is None):
        return file
    if file.content is None:
        raise TooLate
    if file.total > PART:
        importer.checked(_importer(file, now), file.content)
        file.asked_at, file.done, file.stopped_by = now, 0, None
        return file
    make = partial(_importer, file, now)
    report = importer.apply(make, file.content, kind=file.kind, actor=actor, now=now)
    file.applied_at, file.content, file.added = now, None, report.to_write
    return file


def set_aside(*, file_id: int, kinds: Collection[ImportKind], staff_id: int) -> None:
    """Forget a file's content without applying it. TooLate while the worker writes it."""
    file = _own(_locked(file_id), kinds, staff_id)
    if file.asked_at is not None and file.stopped_by is None and file.applied_at is None:
        raise TooLate
    file.content = None


def waiting() -> list[int]:
    """The long files that the worker has yet to write, the oldest first."""
    query = select(ImportFile.id).where(
        ImportFile.asked_at.is_not(None), ImportFile.applied_at.is_(None), ImportFile.stopped_by.is_(None)
    )
    return list(db.session.scalars(query.order_by(ImportFile.asked_at, ImportFile.id)))


def write_part(*, file_id: int, now: datetime) -> bool:
    """Write the next rows of a long file; whether there are more.

    Raises Refused at a row that can no longer be written; the caller then says `stop`.
    """
    importer.take_turns()
    file = _locked(file_id)
    if file.content is None or file.applied_at is not None or file.stopped_by is not None:
        return False
    actor = Actor("staff", file.uploaded_by_id)
    seen, written = importer.write(
        _importer(file, now), file.content, actor=actor, now=now, first=file.done, most=PART
    )
    file.done, file.added = file.done + seen, file.added + written
    if seen == PART:
        return True
    file.applied_at, file.content = now, None
    audit.record(f"{file.kind}.imported", actor=actor, now=now, rows=file.done, added=file.added)
    return False


def stop(*, file_id: int, code: str) -> None:
    """The worker stops at a row; what is written stays, and the file can be applied again."""
    _locked(file_id).stopped_by = code[:60]


def _importer(file: ImportFile, now: datetime) -> Importer:
    where = None if file.kind in EVERYWHERE else _locations(file.uploaded_by_id)
    return IMPORTERS[ImportKind(file.kind)](location_ids=where, now=now)


def _locations(staff_id: int) -> frozenset[int]:
    return frozenset(people.locations_of(db.session.get_one(StaffMember, staff_id)))


def _own(file: ImportFile | None, kinds: Collection[ImportKind], staff_id: int) -> ImportFile:
    if file is None or file.kind not in kinds:
        raise NotFound
    if file.kind in NAMES_CLIENTS and file.uploaded_by_id != staff_id:
        raise NotFound
    return file


def _locked(file_id: int) -> ImportFile:
    query = select(ImportFile).where(ImportFile.id == file_id).with_for_update()
    file = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if file is None:
        raise NotFound
    return file
