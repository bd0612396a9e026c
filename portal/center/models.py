"""The center itself: its places, its programs, and what staff may set."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.core.db import Base, PublicId, RowId


class Location(Base):
    """A place of care. Its `timezone` (IANA) rules every local time and end date there."""

    __tablename__ = "location"

    id: Mapped[PublicId]
    name: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    timezone: Mapped[str] = mapped_column(String(64))
    minor_rule: Mapped[str | None] = mapped_column(String(40))
    """How a client under 18 signs under this state's law (2.14); None: not yet entered, refused."""
    minor_basis: Mapped[str] = mapped_column(String(400), default="")
    """The law that the rule rests on, in words: which state, which section, who looked it up."""


class Program(Base):
    """A program that a location offers, such as its intensive outpatient program."""

    __tablename__ = "program"

    id: Mapped[PublicId]
    location_id: Mapped[int] = mapped_column(ForeignKey("location.id"))
    name: Mapped[str] = mapped_column(String(120))

    location: Mapped[Location] = related()


class SettingsVersion(Base):
    """All settings as they stood after one change. The newest row is in force."""

    __tablename__ = "settings_version"

    id: Mapped[RowId]
    values: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    changed_by_id: Mapped[int | None]
    """The staff member; None for the installation itself."""


class NoticeVersion(Base):
    """One wording of a notice in both languages (`patient`: 42 CFR 2.22). Once published it is frozen."""

    __tablename__ = "notice_version"

    id: Mapped[PublicId]
    kind: Mapped[str] = mapped_column(String(20))
    number: Mapped[int]
    body_en: Mapped[str]
    body_es: Mapped[str]
    contact_en: Mapped[str] = mapped_column(String(300))
    contact_es: Mapped[str] = mapped_column(String(300))
    """Name or title, telephone and e-mail of whom to ask."""
    effective_on: Mapped[date]
    groups: Mapped[list[Any]]
    """The content groups that its writer found in the text and ticked."""
    written_by_id: Mapped[int | None]
    """The staff member; None for the installation itself."""
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("kind", "number"),)
