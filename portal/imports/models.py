"""Files that were brought in and wait to be looked at and applied."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, PublicId, RowId


class ImportKind(StrEnum):
    """What a file holds."""

    TIMETABLE = "timetable"
    CLIENTS = "clients"
    CENSUS = "census"
    RELATIVES = "relatives"
    SESSIONS = "sessions"


NAMES_CLIENTS = frozenset({ImportKind.CLIENTS, ImportKind.CENSUS, ImportKind.RELATIVES})
"""Files that name clients: a coordinator's, for the coordinator's own locations."""


class ImportFile(Base):
    """One uploaded file. Its content goes as soon as it was applied or set aside."""

    __tablename__ = "import_file"

    id: Mapped[PublicId]
    kind: Mapped[ImportKind]
    name: Mapped[str] = mapped_column(String(120))
    """The file's own name, for the list alone."""
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    uploaded_at: Mapped[datetime]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    applied_at: Mapped[datetime | None]
    added: Mapped[int] = mapped_column(default=0)
    """How many rows were written."""
    asked_at: Mapped[datetime | None]
    """When somebody asked to apply a long file; the worker does it in parts."""
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    """How many rows of a long file are done."""
    stopped_by: Mapped[str | None] = mapped_column(String(60))
    """The code of the problem at which the worker stopped."""


class RecordNumber(Base):
    """A client's number in the center's record system, by which a census recognizes them."""

    __tablename__ = "record_number"

    id: Mapped[RowId]
    client_id: Mapped[int] = mapped_column(ForeignKey("client.id"), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
