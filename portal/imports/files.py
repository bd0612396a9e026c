"""Uploaded files between their preview and their applying."""

from datetime import datetime

from sqlalchemy import select

from portal.core.actor import Actor
from portal.core.db import db
from portal.core.errors import NotFound, Refused, TooLate
from portal.imports import timetables
from portal.imports.models import ImportFile, ImportKind
from portal.imports.tables import MAX_BYTES
from portal.imports.timetables import Report, RowState


def keep(*, kind: ImportKind, name: str, content: bytes, staff_id: int, now: datetime) -> ImportFile:
    """Keep a file until it is applied or set aside. Nothing else is written.

    Refused `file_missing`, `file_too_large` and, so that what is no table is not even
    kept, the file's own problem.
    """
    if not content:
        raise Refused("file_missing" if not name else "file_empty", field="file")
    if len(content) > MAX_BYTES:
        raise Refused("file_too_large", field="file", megabytes=MAX_BYTES // (1024 * 1024))
    problem = timetables.preview(content).problem
    if problem:
        raise problem
    file = ImportFile(kind=kind, name=name[:120], content=content, uploaded_at=now, uploaded_by_id=staff_id)
    db.session.add(file)
    db.session.flush()
    return file


def file_for(*, file_id: int) -> ImportFile:
    """An uploaded file, or NotFound."""
    file = db.session.get(ImportFile, file_id)
    if file is None:
        raise NotFound
    return file


def latest(limit: int = 20) -> list[ImportFile]:
    """The last files, newest first."""
    query = select(ImportFile).order_by(ImportFile.uploaded_at.desc(), ImportFile.id).limit(limit)
    return list(db.session.scalars(query))


def preview(file: ImportFile) -> Report | None:
    """What the file would do now; None once it was applied or set aside."""
    return timetables.preview(file.content) if file.content is not None else None


def apply(*, file_id: int, actor: Actor, now: datetime) -> ImportFile:
    """Apply a file, once. A second press finds it applied and changes nothing.

    Refused as `timetables.apply` is; TooLate when it was set aside meanwhile.
    """
    file = _locked(file_id)
    if file.applied_at is not None:
        return file
    if file.content is None:
        raise TooLate
    report = timetables.apply(file.content, actor=actor, now=now)
    file.applied_at, file.content, file.added = now, None, report.count(RowState.NEW)
    return file


def set_aside(*, file_id: int) -> None:
    """Forget a file's content without applying it."""
    _locked(file_id).content = None


def _locked(file_id: int) -> ImportFile:
    query = select(ImportFile).where(ImportFile.id == file_id).with_for_update()
    file = db.session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if file is None:
        raise NotFound
    return file
