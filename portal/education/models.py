"""Lessons: modules in versions, what was assigned, and how far each person has read."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm import relationship as related

from portal.core.db import Base, PublicId, RowId
from portal.people.models import FamilyMember, Relationship


class Module(Base):
    """One lesson. `code` (`m03`) is for staff and files; addresses carry the id."""

    __tablename__ = "module"

    id: Mapped[PublicId]
    code: Mapped[str] = mapped_column(String(20), unique=True)
    position: Mapped[int]
    is_library: Mapped[bool] = mapped_column(default=True)
    """In the general library, open to every account."""

    versions: Mapped[list["ModuleVersion"]] = related(back_populates="module")


class ModuleVersion(Base):
    """One published text in every language. Readers keep the version they began."""

    __tablename__ = "module_version"

    id: Mapped[PublicId]
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"), index=True)
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[dict[str, Any]]
    """By language: title, objectives, cards, practice, checks, prompts, sources, review."""
    published_at: Mapped[datetime]

    module: Mapped[Module] = related(back_populates="versions")

    __table_args__ = (UniqueConstraint("module_id", "number"),)


class Assignment(Base):
    """A lesson that the care team picked because of a client: client-linked (`LESSONS`)."""

    __tablename__ = "assignment"

    id: Mapped[PublicId]
    relationship_id: Mapped[int] = mapped_column(ForeignKey("relationship.id"), index=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"))
    assigned_by_id: Mapped[int] = mapped_column(ForeignKey("staff_member.id"))
    suggested_by_on: Mapped[date | None]
    note_code: Mapped[str | None] = mapped_column(String(40))
    """From a fixed list in both languages; there is no free text to families."""
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_reason: Mapped[str | None] = mapped_column(String(40))
    """`withdrawn` or `access_ended`."""

    relationship: Mapped[Relationship] = related()
    module: Mapped[Module] = related()

    __table_args__ = (
        Index(
            "uq_assignment_open",
            "relationship_id",
            "module_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )


class Progress(Base):
    """How far one person has read one module. Theirs alone: no client in it."""

    __tablename__ = "progress"

    id: Mapped[PublicId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), index=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("module_version.id"))
    furthest_part: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]

    family_member: Mapped[FamilyMember] = related()
    module: Mapped[Module] = related()
    version: Mapped[ModuleVersion] = related()

    __table_args__ = (UniqueConstraint("family_member_id", "module_id"),)


class CheckAnswer(Base):
    """One answer to one check question; unlimited tries, each kept."""

    __tablename__ = "check_answer"

    id: Mapped[RowId]
    progress_id: Mapped[int] = mapped_column(ForeignKey("progress.id"), index=True)
    question: Mapped[int]
    option: Mapped[int]
    is_right: Mapped[bool]
    at: Mapped[datetime]


class TeamNotice(Base):
    """The person has read what their team sees ("which lessons you finish …")."""

    __tablename__ = "team_notice"

    id: Mapped[RowId]
    family_member_id: Mapped[int] = mapped_column(ForeignKey("family_member.id"), unique=True)
    read_at: Mapped[datetime]
