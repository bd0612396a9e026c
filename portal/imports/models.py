"""Files that were brought in and wait to be looked at and applied."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.db import Base, PublicId


class ImportKind(StrEnum):
    """What a file holds."""

    TIMETABLE = "timetable"


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
    """How many rows were new when it was applied."""
